//! Distributions.

use super::input::get;
use eval::statistics::distribution as d;
use eval::statistics::studentized_range;
use serde_json::{Map, Value, json};

/// # Errors
/// If one of the parameters that the input has is not as its distribution needs it.
fn check(input: &Value) -> Result<(), String> {
    let positive: fn(f64) -> bool = |x| x > 0.0;
    let chance: fn(f64) -> bool = |x| (0.0..=1.0).contains(&x);
    let rules = [
        ("df", "above 0", positive),
        ("d1", "above 0", positive),
        ("d2", "above 0", positive),
        ("a", "above 0", positive),
        ("b", "above 0", positive),
        ("p", "in [0, 1]", chance),
        ("alpha", "between 0 and 1", |x| x > 0.0 && x < 1.0),
        ("k", "0 or more", |x| x >= 0.0),
    ];
    for (key, expected, holds) in rules {
        let numbers = match input.get(key) {
            None | Some(Value::Null) => continue,
            Some(Value::Array(_)) => get(input, key)?,
            Some(_) => vec![get(input, key)?],
        };
        if let Some(number) = numbers.iter().find(|&&number| !holds(number)) {
            return Err(format!("input `{key}`: {number} is not {expected}"));
        }
    }
    Ok(())
}

/// Chances, densities and quantiles of the distribution that the input's parameters belong to.
pub(super) fn distributions(input: &Value) -> Result<Value, String> {
    check(input)?;
    let has = |key: &str| input.get(key).is_some();
    if has("d1") {
        let (d1, d2) = (get(input, "d1")?, get(input, "d2")?);
        return each(
            input,
            "x",
            &[("cdf", &|x| d::f_cdf(x, d1, d2)), ("sf", &|x| d::f_sf(x, d1, d2))],
        );
    }
    if has("df") && has("x") {
        let df = get(input, "df")?;
        return each(
            input,
            "x",
            &[("cdf", &|x| d::chi2_cdf(x, df)), ("sf", &|x| d::chi2_sf(x, df))],
        );
    }
    if has("df") {
        // Without degrees of freedom there are infinitely many.
        let df = get::<Option<f64>>(input, "df")?.unwrap_or(f64::INFINITY);
        let mut out =
            each(input, "t", &[("cdf", &|t| d::t_cdf(t, df)), ("sf", &|t| d::t_sf(t, df))])?;
        merge(&mut out, each(input, "p", &[("ppf", &|p| d::t_quantile(p, df))])?);
        return Ok(out);
    }
    if has("n") {
        let (n, p): (u64, f64) = (get(input, "n")?, get(input, "p")?);
        let cdf = |k: f64| d::binomial_cdf(k as u64, n, p);
        let sf = |k: f64| d::binomial_sf(k as u64, n, p);
        let pmf = |k: f64| d::binomial_pmf(k as u64, n, p);
        return each(input, "k", &[("pmf", &pmf), ("cdf", &cdf), ("sf", &sf)]);
    }
    if has("a") {
        let (a, b) = (get(input, "a")?, get(input, "b")?);
        let mut out = each(input, "p", &[("ppf", &|p| d::beta_quantile(p, a, b))])?;
        merge(&mut out, each(input, "x", &[("cdf", &|x| d::beta_cdf(x, a, b))])?);
        return Ok(out);
    }
    let mut out = each(input, "x", &[("cdf", &d::normal_cdf), ("sf", &d::normal_sf)])?;
    merge(&mut out, each(input, "p", &[("ppf", &d::normal_quantile)])?);
    Ok(out)
}

/// Names and functions.
type Functions<'a> = [(&'a str, &'a dyn Fn(f64) -> f64)];

/// Each function at each number of `input[key]`; nothing if there is no such entry.
fn each(input: &Value, key: &str, functions: &Functions<'_>) -> Result<Value, String> {
    let mut out = Map::new();
    if input.get(key).is_some() {
        let numbers: Vec<f64> = get(input, key)?;
        for (name, function) in functions {
            let values: Vec<f64> = numbers.iter().map(|&x| function(x)).collect();
            out.insert((*name).to_owned(), json!(values));
        }
    }
    Ok(out.into())
}

fn merge(out: &mut Value, other: Value) {
    if let (Value::Object(out), Value::Object(other)) = (out, other) {
        out.extend(other);
    }
}

pub(super) fn studentized_range(input: &Value) -> Result<Value, String> {
    check(input)?;
    let groups: usize = get(input, "k")?;
    if groups < 2 {
        return Err(format!("a range of {groups} group(s)"));
    }
    let df = get::<Option<f64>>(input, "df")?.unwrap_or(f64::INFINITY);
    let quantile = |alpha: f64| studentized_range::quantile(1.0 - alpha, groups, df);
    let mut out = each(
        input,
        "alpha",
        &[("q_alpha", &quantile), ("q_alpha_nemenyi", &|alpha| quantile(alpha) / 2_f64.sqrt())],
    )?;
    let sf = |q: f64| studentized_range::sf(q, groups, df);
    merge(&mut out, each(input, "q", &[("sf", &sf), ("cdf", &|q| 1.0 - sf(q))])?);
    Ok(out)
}
