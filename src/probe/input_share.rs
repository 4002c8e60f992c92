//! `input_share`: how much of the first layer's strongest units looks at the inputs that matter. A network that has found
//! a sparse parity, and not merely stored its rows, has put the weight of its strongest units on the relevant bits.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "input_share",
        aliases: &[],
        summary: "the share of the squared first-layer weights of the strongest units that lies on certain inputs",
        formula: "Σ_{u in top} Σ_{i in inputs} w_iu² / Σ_{u in top} Σ_i w_iu²; top: the units of largest Σ_i w_iu²",
        source: "Merrill, Tsilivis & Shukla 2023 (grokking of sparse parity)",
        keys: vec![
            Key::required(
                "inputs",
                Kind::List { of: &Kind::Whole { least: 0, most: 1 << 40 }, least: 1 },
                "the inputs that matter, counted from 0",
            ),
            Key::optional("top", Kind::COUNT, "so many units, the strongest; all when not given").or(&["units"]),
        ],
        example: "{ type = \"input_share\", inputs = [0, 1, 2], top = 10 }".into(),
    };
    let make = |values: &Values| {
        let inputs = values.list("inputs").iter().map(|item| match item.value {
            crate::base::values::Value::Whole(i) => i as usize,
            ref other => unreachable!("the key takes integers: {other:?}"),
        });
        let top = values.has("top").then(|| values.count("top"));
        Probe::State(String::new(), Box::new(InputShare { inputs: inputs.collect(), top }))
    };
    Entry { about, build: Build::state(make) }
}

struct InputShare {
    inputs: Vec<usize>,
    top: Option<usize>,
}

impl OfState for InputShare {
    fn misfit(&self, network: &Network) -> Option<String> {
        let Some(first) = first_weight(network) else {
            return Some("it looks at the weights of a dense first layer".into());
        };
        let (inputs, units) = (first.extents[0], first.extents[1]);
        let again = |(at, input): &(usize, &usize)| self.inputs[..*at].contains(input);
        match (self.inputs.iter().find(|i| **i >= inputs), self.top) {
            (Some(i), _) => Some(format!("the inputs are counted from 0 to {}, so there is no {i}", inputs - 1)),
            (None, Some(top)) if top > units => Some(format!("the first layer has {units} units, not {top}")),
            _ => self.inputs.iter().enumerate().find(again).map(|(_, i)| format!("input {i} is named twice")),
        }
    }

    fn columns(&self, _: &Network) -> Vec<String> {
        vec!["input_share".into()]
    }

    fn measure(&self, state: &State<'_>) -> Vec<f64> {
        let slot = first_weight(state.network).expect("checked when it was planned");
        let units = slot.extents[1];
        let mut squares = vec![(0.0, 0.0); units];
        for (i, row) in state.params[slot.range()].chunks(units).enumerate() {
            let relevant = self.inputs.contains(&i);
            for (square, w) in squares.iter_mut().zip(row) {
                let w = f64::from(*w) * f64::from(*w);
                square.0 += w;
                square.1 += if relevant { w } else { 0.0 };
            }
        }
        // the sort keeps the order of equals, so the answer is one
        squares.sort_by(|a, b| b.0.total_cmp(&a.0));
        squares.truncate(self.top.unwrap_or(units));
        let sum = |of: fn(&(f64, f64)) -> f64| squares.iter().map(of).sum::<f64>();
        vec![sum(|s| s.1) / sum(|s| s.0)]
    }
}
