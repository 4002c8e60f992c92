//! `runner query DIR`: which trials, in which columns, from a results folder.

use crate::base::diagnostics::Diagnostics;
use crate::report::query::{self, Asked, Format};
use crate::run;

use super::args::{Query, QueryFormat};
use super::results::stored;
use super::train::terminal_width;
use super::{End, colour, say, tell};

pub(super) fn run(args: &Query) -> End {
    let list = |all: &[String]| all.iter().map(|name| name.trim().to_owned()).collect();
    let asked = Asked {
        filter: args.filter.clone(),
        by: list(&args.by),
        show: list(&args.show),
        sort: args.sort.clone(),
        limit: args.limit,
    };
    let format = match args.format {
        QueryFormat::Table => Format::Table(terminal_width()),
        QueryFormat::Csv => Format::Csv,
        QueryFormat::Json => Format::Json,
        QueryFormat::Md => Format::Markdown,
        QueryFormat::Tex => Format::Latex,
    };
    let frame = stored(&args.folder, |stored| run::frame(&stored.experiment, &stored.planned, &args.folder));
    let mut diagnostics = Diagnostics::new();
    match frame.map(|frame| query::answer(&frame, &asked, &mut diagnostics)) {
        Ok(Some(answer)) => {
            say(&answer.write(format));
            End::Done
        }
        Ok(None) => {
            tell(diagnostics.render(colour(&std::io::stderr())).trim_end_matches('\n'));
            End::Mistake
        }
        Err(end) => end,
    }
}
