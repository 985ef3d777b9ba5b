//! Shares, and two classifiers on the same test images.

use super::input::{ends, get};
use eval::interval::wilson;
use eval::paired::Paired;
use serde_json::{Map, Value, json};

/// Margins of non-inferiority that cases may ask for.
const MARGINS: [f64; 8] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1];

pub(super) fn binomial_ci(input: &Value) -> Result<Value, String> {
    let (successes, trials) = (get(input, "successes")?, get(input, "trials")?);
    let mut out = Map::new();
    for (percent, level) in [("90", 0.9), ("95", 0.95), ("99", 0.99)] {
        out.insert(format!("wilson_{percent}"), ends(wilson(successes, trials, level)));
    }
    Ok(out.into())
}

pub(super) fn mcnemar(input: &Value) -> Result<Value, String> {
    let paired = Paired {
        both_right: get(input, "both_right")?,
        only_a: get(input, "only_a_right")?,
        only_b: get(input, "only_b_right")?,
        both_wrong: get(input, "both_wrong")?,
    };
    let mut out = json!({
        "n": paired.total(),
        "diff": paired.difference(),
        "p_exact": paired.mcnemar_exact_p(),
        "p_mid": paired.mcnemar_mid_p(),
        "tango95": ends(paired.tango(0.95)),
    });
    for margin in MARGINS {
        let test = paired.non_inferiority(margin);
        out[format!("noninferior_a_margin_{margin}")] = json!({"z": test.z, "p": test.p});
    }
    Ok(out)
}
