//! Cross-validations, trainings and bootstraps.

use super::input::{defined, ends, get, refused};
use eval::statistics::bootstrap::Bootstrap;
use eval::statistics::five_by_two::FiveByTwo;
use eval::statistics::resampled::Resampled;
use eval::statistics::spread::{Spread, mean};
use serde_json::{Value, json};

pub(super) fn five_by_two(input: &Value) -> Result<Value, String> {
    let test = FiveByTwo::new(get(input, "diffs")?).map_err(refused)?;
    let (t, f) = (test.t(), test.f());
    Ok(json!({
        "t": defined(t.map(|t| t.t)),
        "df": 5,
        "p_t": defined(t.map(|t| t.p)),
        "f": defined(f.map(|f| f.f)),
        "df1": 10,
        "df2": 5,
        "p_f": defined(f.map(|f| f.p)),
    }))
}

pub(super) fn corrected_t(input: &Value) -> Result<Value, String> {
    let differences: Vec<f64> = get(input, "diffs")?;
    let resampled = Resampled::new(&differences, get(input, "n_train")?, get(input, "n_test")?);
    let resampled = resampled.map_err(refused)?;
    let (corrected, naive) = (resampled.corrected(), resampled.naive());
    Ok(json!({
        "mean": resampled.mean(),
        "var": resampled.variance(),
        "naive_t": defined(naive.map(|test| test.t)),
        "naive_p": defined(naive.map(|test| test.p)),
        "t": defined(corrected.map(|test| test.t)),
        "df": differences.len() - 1,
        "p": defined(corrected.map(|test| test.p)),
        "ci95": ends(resampled.interval(0.95)),
    }))
}

pub(super) fn bayes_correlated_t(input: &Value) -> Result<Value, String> {
    let differences: Vec<f64> = get(input, "diffs")?;
    let resampled = Resampled::cross_validation(&differences, get(input, "folds")?);
    let posterior = resampled.map_err(refused)?.posterior();
    let rope = posterior.rope(get(input, "rope")?).map_err(refused)?;
    Ok(json!({
        "p_a_better": rope.first_better,
        "p_rope": rope.equivalent,
        "p_b_better": rope.second_better,
        "loc": posterior.location,
        "scale": posterior.scale,
        "df": posterior.df,
    }))
}

pub(super) fn mean_ci(input: &Value) -> Result<Value, String> {
    let spread = Spread::new(&get::<Vec<f64>>(input, "values")?).map_err(refused)?;
    Ok(json!({
        "mean": spread.mean(),
        "sd": defined(spread.sd()),
        "se": defined(spread.standard_error()),
        "ci95": defined(spread.interval(0.95).map(ends)),
        "median": spread.median(),
        "iqr": spread.interquartile_range(),
    }))
}

pub(super) fn bootstrap(input: &Value) -> Result<Value, String> {
    let values: Vec<f64> = get(input, "x")?;
    let draws: Vec<Vec<usize>> = get(input, "indices")?;
    let mean_of = |rows: &[usize]| mean(&rows.iter().map(|&row| values[row]).collect::<Vec<_>>());
    let bootstrap = Bootstrap::with_draws(values.len(), &draws, mean_of).map_err(refused)?;
    Ok(json!({
        "theta": bootstrap.estimate(),
        "percentile95": ends(bootstrap.percentile(0.95)),
        "percentile90": ends(bootstrap.percentile(0.9)),
        "bca95": defined(bootstrap.bca(0.95).map(ends)),
        "bca90": defined(bootstrap.bca(0.9).map(ends)),
        "z0": defined(bootstrap.bias()),
        "acceleration": defined(bootstrap.acceleration()),
    }))
}
