//! Metrics of predictions, scores and probabilities.

use super::input::{defined, get, refused, table};
use eval::metric::Average::{Macro, Weighted};
use eval::metric::{
    Binning, ClassMetrics, Confusion, Ranking, Reliability, Temperature, Weights, auc_one_vs_one,
    auc_one_vs_rest, auc_per_class, average_precision_per_class, brier, classwise_error, log_loss,
    softmax, top_k,
};
use serde_json::{Value, json};

/// Numbers of bins that cases may ask for.
const BINS: [usize; 5] = [5, 10, 15, 20, 30];

pub(super) fn classification(input: &Value) -> Result<Value, String> {
    let (truth, predicted): (Vec<usize>, Vec<usize>) =
        (get(input, "y_true")?, get(input, "y_pred")?);
    let classes: usize = get(input, "n_classes")?;
    if truth.len() != predicted.len() || truth.iter().chain(&predicted).any(|&id| id >= classes) {
        return Err(format!("not one class below {classes} predicted per truth"));
    }
    let confusion = Confusion::new(&truth, &predicted, classes);
    let per_class = confusion.per_class();
    let each = |value: fn(&ClassMetrics) -> f64| per_class.iter().map(value).collect::<Vec<_>>();
    Ok(json!({
        "confusion": confusion.counts(),
        "accuracy": confusion.accuracy(),
        "error_rate": 1.0 - confusion.accuracy(),
        "balanced_accuracy": confusion.balanced_accuracy(),
        "balanced_accuracy_adjusted": defined(confusion.balanced_accuracy_adjusted()),
        "precision": each(|class| class.precision),
        "recall": each(|class| class.recall),
        "f1": each(|class| class.f1),
        "support": per_class.iter().map(|class| class.support).collect::<Vec<_>>(),
        "macro_precision": confusion.precision(Macro),
        "macro_recall": confusion.recall(Macro),
        "macro_f1": confusion.f1(Macro),
        "weighted_precision": confusion.precision(Weighted),
        "weighted_recall": confusion.recall(Weighted),
        "weighted_f1": confusion.f1(Weighted),
        "micro_precision": confusion.accuracy(),
        "micro_recall": confusion.accuracy(),
        "micro_f1": confusion.accuracy(),
        "kappa": defined(confusion.kappa(Weights::None)),
        "kappa_linear": defined(confusion.kappa(Weights::Linear)),
        "kappa_quadratic": defined(confusion.kappa(Weights::Quadratic)),
        "mcc": confusion.mcc(),
    }))
}

pub(super) fn probabilistic(input: &Value) -> Result<Value, String> {
    let truth: Vec<usize> = get(input, "y_true")?;
    let probabilities = table::<f64>(input, "proba")?;
    let p = probabilities.view();
    let per_class =
        |values: Vec<Result<f64, _>>| values.into_iter().map(defined).collect::<Vec<_>>();
    let mut out = json!({
        "log_loss": log_loss(&truth, p).map_err(refused)?,
        "brier_sum": brier(&truth, p).map_err(refused)?,
        "auc_per_class": per_class(auc_per_class(&truth, p).map_err(refused)?),
        "auc_ovr_macro": defined(auc_one_vs_rest(&truth, p, Macro)),
        "auc_ovr_weighted": defined(auc_one_vs_rest(&truth, p, Weighted)),
        "auc_ovo_macro": defined(auc_one_vs_one(&truth, p, Macro)),
        "auc_ovo_weighted": defined(auc_one_vs_one(&truth, p, Weighted)),
        "ap_per_class": per_class(average_precision_per_class(&truth, p).map_err(refused)?),
    });
    for k in 1..=p.ncols() {
        out[format!("top{k}")] = json!(top_k(&truth, p, k).map_err(refused)?);
    }
    for count in BINS {
        let (width, mass) = (Binning::EqualWidth(count), Binning::EqualMass(count));
        let of = |binning| Reliability::of_predictions(&truth, p, binning).map_err(refused);
        let (width_of, mass_of) = (of(width)?, of(mass)?);
        let bins = width_of.bins.iter();
        let bins = bins.map(|b| json!({"n": b.count, "conf": b.confidence(), "acc": b.accuracy()}));
        out[format!("bins_{count}")] = bins.collect();
        out[format!("top_label_ece_{count}")] = json!(width_of.expected_error());
        out[format!("top_label_ece_equal_mass_{count}")] = json!(mass_of.expected_error());
        out[format!("mce_{count}")] = json!(width_of.maximum_error());
        let classwise = |binning| classwise_error(&truth, p, binning).map_err(refused);
        out[format!("classwise_ece_{count}")] = json!(classwise(width)?);
        out[format!("classwise_ece_equal_mass_{count}")] = json!(classwise(mass)?);
    }
    Ok(out)
}

pub(super) fn binary_ranking(input: &Value) -> Result<Value, String> {
    let positive: Vec<bool> = get::<Vec<u8>>(input, "y_true")?.iter().map(|&y| y != 0).collect();
    let ranking = Ranking::new(&positive, &get::<Vec<f64>>(input, "score")?).map_err(refused)?;
    let roc = ranking.roc().ok();
    Ok(json!({
        "auc": defined(ranking.auc()),
        "ap": defined(ranking.average_precision()),
        "roc": roc.map(|roc| json!({
            "fpr": roc.false_positive_rate,
            "tpr": roc.true_positive_rate,
        })),
    }))
}

pub(super) fn temperature_scaling(input: &Value) -> Result<Value, String> {
    let truth: Vec<usize> = get(input, "y_true")?;
    let logits = table::<f64>(input, "logits")?;
    let fitted = Temperature::fit(&truth, logits.view());
    let after =
        fitted.and_then(|fitted| log_loss(&truth, fitted.probabilities(logits.view()).view()));
    let before = log_loss(&truth, softmax(logits.view()).view()).map_err(refused)?;
    Ok(json!({
        "temperature": defined(fitted.map(Temperature::temperature)),
        "nll_before": before,
        "nll_after": defined(after),
    }))
}
