//! Settings written out one by one. Together they are one dimension, so axes beside them are crossed with every setting.

use serde_json::json;

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::{Item, Value};

use super::grid::product;
use super::{Build, Strategy};
use crate::sweep::axes::{self, Dimension};

struct List {
    settings: Vec<Item>,
}

impl Strategy for List {
    fn own(&self, diagnostics: &mut Diagnostics) -> Option<Vec<Dimension>> {
        let settings = self.settings.iter().map(|item| match &item.value {
            Value::Map(entries) => (item.place, entries.as_slice()),
            other => unreachable!("a setting is a free table: {other:?}"),
        });
        let settings: Vec<_> = settings.collect();
        axes::listed(&settings, diagnostics).map(|dimension| vec![dimension])
    }

    fn count(&self, dimensions: &[Dimension]) -> Option<u64> {
        dimensions.iter().try_fold(1_u64, |n, dimension| n.checked_mul(dimension.rows() as u64))
    }

    fn settings(&self, dimensions: &mut [Dimension]) -> Vec<Vec<usize>> {
        product(dimensions)
    }
}

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "list",
        aliases: &["points"],
        summary: "settings written out one by one; axes beside them are crossed with every setting",
        formula: "",
        source: "",
        keys: vec![
            Key::required(
                "settings",
                Kind::List { of: &Kind::Map(&Kind::Raw), least: 1 },
                "the settings, each a table of key path = value; what a setting does not name is as in the file",
            )
            .ruled("settings", || json!({ "items": { "minProperties": 1 } })),
        ],
        example: "{ type = \"list\", settings = [{ \"optimizer.lr\" = 0.1 }, { \"optimizer.lr\" = 0.2 }] }".into(),
    };
    Entry { about, build: |chosen| Box::new(List { settings: chosen.values.list("settings").to_vec() }) }
}
