//! Shares, and classifiers on the same test images.

use super::input::{defined, ends, get, refused, table};
use eval::interval::{agresti_coull, clopper_pearson, jeffreys, wilson};
use eval::paired::Paired;
use eval::statistics::cochran::cochran_q;
use eval::statistics::outcome::ChiSquaredTest;
use serde_json::{Map, Value, json};

/// Levels that cases may ask for, in percent.
const LEVELS: [(&str, f64); 4] = [("80", 0.8), ("90", 0.9), ("95", 0.95), ("99", 0.99)];

/// Margins of non-inferiority that cases may ask for.
const MARGINS: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.1, 0.2];

pub(super) fn binomial_ci(input: &Value) -> Result<Value, String> {
    let (successes, trials): (u64, u64) = (get(input, "successes")?, get(input, "trials")?);
    if successes > trials {
        return Err(format!("{successes} successes in {trials} trials"));
    }
    let mut out = Map::new();
    for (percent, level) in LEVELS {
        let mut put = |name, interval| out.insert(format!("{name}_{percent}"), ends(interval));
        put("wilson", wilson(successes, trials, level));
        put("clopper_pearson", clopper_pearson(successes, trials, level));
        put("jeffreys", jeffreys(successes, trials, level));
        put("agresti_coull", agresti_coull(successes, trials, level));
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
    let (plain, edwards) = (paired.mcnemar_chi_squared(), paired.mcnemar_edwards());
    let mut out = json!({
        "n": paired.total(),
        "acc_a": paired.accuracy_a(),
        "acc_b": paired.accuracy_b(),
        "diff": paired.difference(),
        "p_exact": paired.mcnemar_exact_p(),
        "p_mid": paired.mcnemar_mid_p(),
        "chi2": plain.chi2,
        "p_chi2": plain.p,
        "chi2_cc": edwards.chi2,
        "p_chi2_cc": edwards.p,
    });
    for (percent, level) in LEVELS {
        out[format!("wald{percent}")] = defined(paired.wald(level).map(ends));
        out[format!("bonett_price{percent}")] = ends(paired.bonett_price(level));
        out[format!("tango{percent}")] = ends(paired.tango(level));
    }
    for margin in MARGINS {
        let test = paired.non_inferiority(margin);
        out[format!("noninferior_a_margin_{margin}")] = json!({"z": test.z, "p": test.p});
    }
    Ok(out)
}

pub(super) fn cochran(input: &Value) -> Result<Value, String> {
    let right = table::<u8>(input, "right")?.mapv(|right| right != 0);
    let df = right.ncols().saturating_sub(1);
    Ok(match cochran_q(right.view()) {
        Ok(ChiSquaredTest { chi2, df, p }) => json!({"q": chi2, "df": df, "p": p}),
        Err(error @ eval::statistics::Undefined::TooFew { .. }) => return Err(refused(error)),
        Err(_) => json!({"q": null, "df": df, "p": null}),
    })
}
