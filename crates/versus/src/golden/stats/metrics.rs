//! Metrics of predictions.

use super::input::get;
use eval::metric::Confusion;
use serde_json::{Value, json};

pub(super) fn classification(input: &Value) -> Result<Value, String> {
    let (truth, predicted): (Vec<usize>, Vec<usize>) =
        (get(input, "y_true")?, get(input, "y_pred")?);
    let confusion = Confusion::new(&truth, &predicted, get(input, "n_classes")?);
    Ok(json!({
        "confusion": confusion.counts(),
        "accuracy": confusion.accuracy(),
        "balanced_accuracy": confusion.balanced_accuracy(),
        "macro_f1": confusion.macro_f1(),
    }))
}
