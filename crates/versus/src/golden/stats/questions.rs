//! Learning curves, corruption, costs.

use super::input::{defined, get, refused};
use eval::latency::{Quantiles, nearest_rank};
use eval::pareto::{Offer, front};
use eval::power_law::PowerLaw;
use eval::robustness::Errors;
use eval::statistics::Undefined;
use serde_json::{Value, json};

pub(super) fn latency_quantiles(input: &Value) -> Result<Value, String> {
    let times: Vec<f64> = get(input, "us")?;
    let Quantiles { p50, p90, p95, p99, mad } = Quantiles::of(&times).map_err(refused)?;
    let rank = |p| nearest_rank(&times, p).map_err(refused);
    Ok(json!({
        "p50": p50, "p90": p90, "p95": p95, "p99": p99, "mad": mad,
        "nearest_rank_p50": rank(0.5)?, "nearest_rank_p90": rank(0.9)?,
        "nearest_rank_p95": rank(0.95)?, "nearest_rank_p99": rank(0.99)?,
    }))
}

pub(super) fn pareto_front(input: &Value) -> Result<Value, String> {
    let pairs: Vec<[f64; 2]> = get(input, "cost_quality")?;
    let offers: Vec<Offer> = pairs.iter().map(|&[cost, quality]| Offer { cost, quality }).collect();
    Ok(json!({"front": front(&offers)}))
}

pub(super) fn corruption_error(input: &Value) -> Result<Value, String> {
    let model = Errors::new(get(input, "clean_err")?, get(input, "err")?).map_err(refused)?;
    let (clean, errors) = (get(input, "clean_err_baseline")?, get(input, "err_baseline")?);
    let error = Errors::new(clean, errors).and_then(|baseline| model.beside(&baseline));
    let error = error.map_err(refused)?;
    let all = |values: Vec<Result<f64, Undefined>>| -> Vec<Value> {
        values.into_iter().map(defined).collect()
    };
    Ok(json!({
        "ce": all(error.ce),
        "mce": defined(error.mce),
        "relative_ce": all(error.relative_ce),
        "relative_mce": defined(error.relative_mce),
        "mean_corruption_accuracy": model.mean_corruption_accuracy(),
        "retention": defined(model.retention()),
    }))
}

pub(super) fn power_law(input: &Value) -> Result<Value, String> {
    if input.get("curve_a").is_some() {
        return crossing(input);
    }
    let (images, errors): (Vec<f64>, Vec<f64>) = (get(input, "n")?, get(input, "err")?);
    let law = PowerLaw::fit(&images, &errors);
    let of = |value: fn(&PowerLaw) -> f64| defined(law.as_ref().map(value).map_err(|e| *e));
    Ok(json!({
        "a": of(|law| law.a), "b": of(|law| law.b), "c": of(|law| law.c),
        "err_at_20000": of(|law| law.error(20_000.0)),
    }))
}

fn crossing(input: &Value) -> Result<Value, String> {
    let law = |key| get(input, key).map(|[a, b, c]: [f64; 3]| PowerLaw { a, b, c });
    let crossing = law("curve_a")?.crossing(&law("curve_b")?);
    Ok(json!({
        "n_star": crossing.map(|crossing| crossing.images),
        "a_better_below": crossing.map(|crossing| crossing.first_better_below),
        "err_at_n_star": crossing.map(|crossing| crossing.error),
    }))
}
