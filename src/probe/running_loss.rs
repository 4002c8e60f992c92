//! `running_loss`: what training itself met since the last evaluation. Each batch's loss is of the parameters before its
//! step and in training mode, so it lags behind the measured `train_loss` and holds what dropout does; it is for seeing
//! that difference, not for comparing trials. Before the first step there is none, and it is not a number.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "running_loss",
        aliases: &["loss_running"],
        summary: "`running_train_loss`: the mean of the batches' losses since the last evaluation, in training mode",
        formula: "mean over the steps since the last evaluation of L(batch; θ before the step)",
        source: "what Keras calls `loss` in its history",
        keys: NO_KEYS,
        example: "\"running_loss\"".into(),
    };
    let make = |_: &Values| Probe::State(String::new(), Box::new(RunningLoss));
    Entry { about, build: Build { better: Some(Better::Lower), make } }
}

struct RunningLoss;

impl OfState for RunningLoss {
    fn columns(&self, _: &Network) -> Vec<String> {
        vec!["running_train_loss".into()]
    }

    fn measure(&self, state: &State<'_>) -> Vec<f64> {
        vec![state.running_loss]
    }
}
