//! The settings of L-BFGS, which goes along a direction that the last few gradients and moves tell of the curvature, as far as
//! a line search says. It measures the loss several times a step and trusts that it is the same function each time, so
//! a batch must hold all rows.

use kernels::member::Bounds;

use crate::base::key::{Key, Kind};
use crate::base::registry::About;
use crate::base::values::Values;

const LINE: Kind = Kind::Word(&[
    ("none", "every move is lr times the direction, the first one lr min(1, 1/|g|_1) times"),
    ("strong_wolfe", "moves until the strong Wolfe conditions hold, with c1 = 1e-4 and c2 = 0.9, starting from those"),
]);

const COUNT: Kind = Kind::Whole { least: 1, most: 1 << 20 };

/// The description of the optimizer.
pub(super) fn about() -> About {
    let tolerance = Kind::Number(Bounds::AtLeast(0.0));
    About {
        name: "lbfgs",
        aliases: &["l_bfgs"],
        summary: "limited-memory BFGS on full batches, several directions a step",
        formula: "p = p + t d, d = -H g, H the inverse curvature told by the last moves and changes of g",
        source: "Liu & Nocedal 1989; torch.optim.LBFGS with its conditions and defaults",
        keys: vec![
            Key::preset("lr", Kind::Number(Bounds::Above(0.0)), "1.0", "t, or where its search begins")
                .or(&["learning_rate"]),
            Key::preset("max_iter", COUNT, "20", "directions a step, unless a tolerance ends it before"),
            Key::optional("max_eval", COUNT, "evaluations a step, instead of five for every four of `max_iter`"),
            Key::preset("tolerance_grad", tolerance, "1e-7", "a step ends when no component of g is larger"),
            Key::preset(
                "tolerance_change",
                tolerance,
                "1e-9",
                "a step ends when neither a parameter nor the loss changes by more",
            ),
            Key::preset("history_size", COUNT, "100", "moves that are remembered"),
            Key::preset("line_search", LINE, "\"none\"", "how far a move goes").or(&["line_search_fn"]),
            Key::preset("weight_decay", tolerance, "0.0", "adds weight_decay/2 |p|^2 to what is minimised"),
        ],
        example: "{ type = \"lbfgs\", line_search = \"strong_wolfe\" }".into(),
    }
}

/// How a step searches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lbfgs {
    /// Directions a step.
    pub max_iter: usize,
    /// Evaluations a step.
    pub max_eval: usize,
    /// The largest component of a gradient that is as good as none.
    pub tolerance_grad: f64,
    /// The largest change that is as good as none.
    pub tolerance_change: f64,
    /// Moves that are remembered.
    pub history_size: usize,
    /// Whether the length of a move is searched for.
    pub searches: bool,
    /// The factor of the decay.
    pub weight_decay: f64,
}

impl Lbfgs {
    /// What an optimizer's settings say.
    pub fn new(values: &Values) -> Self {
        let max_iter = values.count("max_iter");
        Self {
            max_iter,
            max_eval: if values.has("max_eval") { values.count("max_eval") } else { max_iter * 5 / 4 },
            tolerance_grad: values.number("tolerance_grad"),
            tolerance_change: values.number("tolerance_change"),
            history_size: values.count("history_size"),
            searches: values.text("line_search") == "strong_wolfe",
            weight_decay: values.number("weight_decay"),
        }
    }
}
