//! Points of a grid, rounds of successive halving, and the rule that chooses.

use super::input::get;
use eval::search::{grid, halving, rule};
use serde_json::{Value, json};

pub(super) fn grid_enumeration(input: &Value) -> Result<Value, String> {
    let points = grid::points(&get(input, "grid")?);
    Ok(json!({"n": points.len(), "points": points}))
}

pub(super) fn halving_schedule(input: &Value) -> Result<Value, String> {
    let rounds = halving::schedule(
        get(input, "n_candidates")?,
        get(input, "factor")?,
        get(input, "min_resources")?,
        get(input, "max_resources")?,
    );
    let rounds = rounds.map_err(|error| error.to_string())?;
    Ok(json!({
        "n_candidates": rounds.iter().map(|round| round.candidates).collect::<Vec<_>>(),
        "n_resources": rounds.iter().map(|round| round.resources).collect::<Vec<_>>(),
        "n_iterations": rounds.len(),
    }))
}

pub(super) fn one_standard_error(input: &Value) -> Result<Value, String> {
    let means: Vec<f64> = get(input, "mean")?;
    let errors: Vec<f64> = get(input, "se")?;
    let complexity: Vec<f64> = get(input, "complexity")?;
    if errors.len() != means.len() || complexity.len() != means.len() {
        return Err("`mean`, `se` and `complexity` differ in length".to_owned());
    }
    let chosen = rule::one_standard_error(&means, &errors, |index| complexity[index]);
    Ok(json!({"best": rule::best(&means), "one_se": chosen}))
}
