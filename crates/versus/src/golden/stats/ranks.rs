//! Signs, ranks and permutations; several tests at once.

use super::input::{defined, get, refused, table};
use eval::statistics::cliques::maximal_cliques;
use eval::statistics::friedman::Friedman;
use eval::statistics::multiple::{Adjustment, adjust};
use eval::statistics::pairwise::Pairwise;
use eval::statistics::wilcoxon::{SignedRanks, Zeros};
use eval::statistics::{effect, permutation};
use serde_json::{Map, Value, json};

pub(super) fn wilcoxon(input: &Value) -> Result<Value, String> {
    let differences: Vec<f64> = get(input, "diffs")?;
    let wilcox = SignedRanks::new(&differences, Zeros::Wilcox);
    let pratt = SignedRanks::new(&differences, Zeros::Pratt);
    let exact = |ranks: &Result<SignedRanks, _>| match ranks {
        Ok(ranks) => defined(ranks.exact_p()),
        Err(_) => Value::Null,
    };
    let w = |ranks: &Result<SignedRanks, _>| json!(ranks.as_ref().map(SignedRanks::w).ok());
    let approximate =
        |ranks: &Result<SignedRanks, _>| ranks.as_ref().map(SignedRanks::approximate).ok();
    let (by_wilcox, by_pratt) = (approximate(&wilcox), approximate(&pratt));
    Ok(json!({
        "w": w(&wilcox),
        "p_exact": exact(&wilcox),
        "w_wilcox": w(&wilcox),
        "z_wilcox": by_wilcox.map(|test| test.z),
        "p_approx_wilcox": by_wilcox.map(|test| test.p),
        "w_pratt": w(&pratt),
        "z_pratt": by_pratt.map(|test| test.z),
        "p_approx_pratt": by_pratt.map(|test| test.p),
    }))
}

pub(super) fn sign_flip(input: &Value) -> Result<Value, String> {
    let differences: Vec<f64> = get(input, "diffs")?;
    let p = permutation::sign_flip_exact(&differences).map_err(refused)?;
    Ok(json!({"p_two_sided": p, "n_permutations": 1_u64 << differences.len()}))
}

pub(super) fn permutation_score(input: &Value) -> Result<Value, String> {
    let permuted: Vec<f64> = get(input, "permuted")?;
    let p = permutation::permutation_score(get(input, "score")?, &permuted);
    Ok(json!({"p": p.map_err(refused)?}))
}

pub(super) fn effect_sizes(input: &Value) -> Result<Value, String> {
    let (a, b): (Vec<f64>, Vec<f64>) = (get(input, "a")?, get(input, "b")?);
    Ok(json!({
        "cliffs_delta": defined(effect::cliffs_delta(&a, &b)),
        "a12": defined(effect::a12(&a, &b)),
        "cohen_d": defined(effect::cohen_d(&a, &b)),
        "cohen_dz": defined(effect::cohen_dz(&a, &b)),
    }))
}

pub(super) fn multiple_testing(input: &Value) -> Result<Value, String> {
    let p_values: Vec<f64> = get(input, "p")?;
    let mut out = Map::new();
    for (name, adjustment) in [
        ("bonferroni", Adjustment::Bonferroni),
        ("holm", Adjustment::Holm),
        ("hochberg", Adjustment::Hochberg),
        ("hommel", Adjustment::Hommel),
        ("benjamini_hochberg", Adjustment::BenjaminiHochberg),
    ] {
        let adjusted = adjust(&p_values, adjustment).map_err(refused)?;
        out.insert(name.to_owned(), json!(adjusted));
    }
    Ok(out.into())
}

pub(super) fn friedman(input: &Value) -> Result<Value, String> {
    let scores = table(input, "scores")?;
    let friedman =
        Friedman::new(scores.view(), get(input, "higher_is_better")?).map_err(refused)?;
    let pairwise = Pairwise::wilcoxon(scores.view()).map_err(refused)?;
    let rows = |table: ndarray::ArrayView2<'_, f64>| {
        json!(table.rows().into_iter().map(|row| row.to_vec()).collect::<Vec<_>>())
    };
    let chi2 = friedman.chi_squared();
    let (f, untied) = (friedman.iman_davenport(), friedman.iman_davenport_untied());
    let mut out = json!({
        "ranks": rows(friedman.ranks()),
        "average_ranks": friedman.average_ranks(),
        "chi2": defined(chi2.map(|test| test.chi2)),
        "df": scores.ncols() - 1,
        "p": defined(chi2.map(|test| test.p)),
        "chi2_no_tie_correction": friedman.chi_squared_untied(),
        "iman_davenport_f": defined(f.map(|test| test.f)),
        "iman_davenport_p": defined(f.map(|test| test.p)),
        "iman_davenport_f_no_tie_correction": defined(untied.map(|test| test.f)),
        "kendall_w": defined(friedman.kendall_w()),
        "nemenyi_cd": {
            "0.01": friedman.critical_difference(0.01),
            "0.05": friedman.critical_difference(0.05),
            "0.1": friedman.critical_difference(0.1),
        },
        "nemenyi_p": rows(friedman.nemenyi().view()),
        "wilcoxon_pratt_raw_p": {"pairs": pairwise.pairs, "p": pairwise.raw},
        "wilcoxon_pratt_holm_p": pairwise.adjusted,
    });
    for (name, alpha) in [("0_01", 0.01), ("0_05", 0.05), ("0_1", 0.1)] {
        out[format!("nemenyi_cliques_{name}")] = json!(friedman.nemenyi_cliques(alpha));
        out[format!("wilcoxon_holm_cliques_{name}")] = json!(pairwise.cliques(alpha));
    }
    Ok(out)
}

pub(super) fn cliques(input: &Value) -> Result<Value, String> {
    let differ: Vec<[usize; 2]> = get(input, "significant_pairs")?;
    let cliques = maximal_cliques(get(input, "k")?, |a, b| {
        differ.contains(&[a, b]) || differ.contains(&[b, a])
    });
    Ok(json!({"maximal_cliques": cliques}))
}
