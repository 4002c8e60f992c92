//! `runner init`: a first experiment file to change, made of one that works. The templates are the experiments that this
//! program ships, and a small one with a remark on every section.

use std::fmt::Write as _;
use std::path::Path;

use crate::base::diagnostics::suggest;
use crate::base::error::{Error, Result};
use crate::base::files;
use crate::base::node::quote;
use crate::base::schema;
use crate::run::experiment;

use super::args::Init;
use super::{End, complain, say, tell};

/// The file that an editor's TOML server reads beside the experiment.
const SCHEMA: &str = "runner.schema.json";

/// An experiment to begin with.
struct Template {
    name: &'static str,
    text: &'static str,
}

macro_rules! templates {
    ($($name:literal),*) => {
        &[
            Template { name: "minimal", text: include_str!("templates/minimal.toml") },
            $(Template { name: $name, text: include_str!(concat!("../../experiments/", $name, ".toml")) },)*
        ]
    };
}

static TEMPLATES: &[Template] = templates![
    "lr_sweep",
    "seed_example",
    "xor",
    "symmetry",
    "schedules",
    "optimizers",
    "losses",
    "init",
    "train_size",
    "double_descent",
    "grok_parity",
    "grok_modadd",
    "arch_bench",
    "depth",
    "adding_lstm",
    "airline_lstm",
    "fashion_mlp",
    "lenet_mnist",
    "char_gpt"
];

pub(super) fn run(args: &Init) -> End {
    if args.list {
        say(&list());
        return End::Done;
    }
    let Some(template) = TEMPLATES.iter().find(|t| t.name == args.template) else {
        let hint = suggest(&args.template, TEMPLATES.iter().map(|t| t.name));
        tell(&format!("error: no template is called `{}`\nhint: {hint}", args.template));
        return End::Mistake;
    };
    match write(args, template) {
        Ok(()) => {
            let (file, name) = (args.file.display(), template.name);
            say(&format!("wrote {file}, from the template `{name}`\n\nrunner check {file}\nrunner {file}\n"));
            End::Done
        }
        Err(error) => {
            complain(&error);
            End::Mistake
        }
    }
}

/// The templates with the questions they ask.
fn list() -> String {
    let width = TEMPLATES.iter().map(|t| t.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for template in TEMPLATES {
        let question = template.text.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']);
        writeln!(out, "{:width$}  {question}", template.name).expect("a string takes all");
    }
    out
}

/// Writes the file under its own name, and the schema where it was asked for. Errors: a file that is there already, a
/// name that cannot be one, a folder that cannot be written to.
fn write(args: &Init, template: &Template) -> Result<()> {
    let file = &args.file;
    if file.exists() {
        let message = format!("`{}` is there already", file.display());
        return Err(Error::new(message).hint("name another file: `runner init FILE`"));
    }
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if !experiment::names_a_folder(stem) || file.extension().is_none_or(|extension| extension != "toml") {
        let message = format!("`{}` cannot be the file of an experiment", file.display());
        return Err(Error::new(message).hint("use letters, digits, `_`, `-` and `.`, and the ending `.toml`"));
    }
    let mut text = named(template.text, stem);
    if args.schema {
        let document = schema::document(&experiment::keys());
        let json = serde_json::to_string_pretty(&document).expect("a schema is plain data") + "\n";
        files::write(&file.parent().unwrap_or(Path::new("")).join(SCHEMA), json.as_bytes())?;
        text = format!("#:schema ./{SCHEMA}\n{text}");
    }
    files::write(file, text.as_bytes())
}

/// The text with its first `name` replaced.
fn named(text: &str, name: &str) -> String {
    let line = text.lines().find(|line| line.starts_with("name")).expect("every experiment has a name");
    text.replacen(line, &format!("name  = {}", quote(name)), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::diagnostics::Diagnostics;
    use crate::data::Folders;
    use crate::run::experiment::{Depth, Experiment, Names};

    #[test]
    fn every_template_is_right_under_another_name_and_with_a_schema() {
        let folder = tempfile::tempdir().unwrap();
        for template in TEMPLATES {
            let file = folder.path().join(format!("my-{}.toml", template.name));
            let args = Init { file: file.clone(), template: template.name.into(), schema: true, list: false };
            write(&args, template).unwrap();
            let mut diagnostics = Diagnostics::new();
            // without the data that some of them need, but for that like `check`
            let depth = Depth::Results(Names::default());
            let read = Experiment::read(&file, &[], &Folders::new(Vec::new()), depth, &mut diagnostics).unwrap();
            let experiment = read.unwrap_or_else(|| panic!("{}", diagnostics.render(false)));
            assert_eq!(experiment.name, format!("my-{}", template.name));
            assert!(!experiment.question.is_empty() && !experiment.question.contains("schema"));
            assert!(write(&args, template).is_err(), "a file that is there is not overwritten");
        }
        assert!(folder.path().join(SCHEMA).exists());
    }

    #[test]
    fn every_experiment_is_a_template() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().file_name().to_string_lossy().into_owned();
            let known = TEMPLATES.iter().any(|t| file == format!("{}.toml", t.name));
            assert!(known || !file.ends_with(".toml"), "experiments/{file} is no template");
        }
    }
}
