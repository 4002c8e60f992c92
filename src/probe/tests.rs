//! Which way is up, and what the state of a trial is measured as.

use super::*;

#[test]
fn the_better_value_is_told_by_the_measure_that_a_name_ends_with() {
    for (name, meant) in [
        ("train_loss", Some(Better::Lower)),
        ("running_train_loss", Some(Better::Lower)),
        ("test_log_loss", Some(Better::Lower)),
        ("best_validation_error", Some(Better::Lower)),
        ("test_top_5_accuracy", Some(Better::Higher)),
        ("test_my_macro_f1", Some(Better::Higher)),
        ("r2", Some(Better::Higher)),
        ("weight_norm", None),
        ("gap_accuracy", None),
        ("goal_step", None),
        ("xloss", None),
    ] {
        assert_eq!(better(name), meant, "{name}");
    }
}
