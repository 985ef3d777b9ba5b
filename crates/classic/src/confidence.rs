//! From the decision values of class pairs to one score per class.
//!
//! As scikit-learn's `_ovr_decision_function` (`sklearn/utils/multiclass.py`): a pair's winner gets
//! a vote; the sums of the decision values for and against a class, squeezed into (-1/3, 1/3),
//! break ties. So the highest score belongs to a class with the most votes, which is LIBSVM's
//! prediction unless votes are tied (LIBSVM then takes the first such class).

/// Scores of `classes` classes from `decisions` of the pairs (0, 1), (0, 2) ... (1, 2) ...; a
/// value of 0 or more votes for the first class of its pair. Written to `scores`.
///
/// Scores lie between -1/3 and `classes` - 2/3.
///
/// ```
/// let mut scores = [0.0; 3];
/// // 0 beats 1 and 2; 2 beats 1.
/// classic::one_vs_one_scores(&[1.0, 0.5, -2.0], &mut scores);
/// assert_eq!(scores, [2.0 + 1.5 / 7.5, 0.0 - 3.0 / 12.0, 1.0 + 1.5 / 7.5]);
/// ```
///
/// # Panics
/// If there is not exactly one decision per pair.
pub fn one_vs_one_scores(decisions: &[f64], scores: &mut [f64]) {
    let classes = scores.len();
    assert_eq!(decisions.len(), classes * classes.saturating_sub(1) / 2, "one value per pair");
    let mut confidence = vec![0.0; classes];
    scores.fill(0.0);
    let pairs = (0..classes).flat_map(|a| (a + 1..classes).map(move |b| (a, b)));
    for ((first, second), &decision) in pairs.zip(decisions) {
        confidence[first] += decision;
        confidence[second] -= decision;
        scores[if decision >= 0.0 { first } else { second }] += 1.0;
    }
    for (score, confidence) in scores.iter_mut().zip(confidence) {
        *score += confidence / (3.0 * (confidence.abs() + 1.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each beats one and loses to one; class 2 by the largest margin.
    #[test]
    fn confidence_breaks_a_circle_of_votes() {
        let mut scores = [0.0; 3];
        one_vs_one_scores(&[1.0, -3.0, 1.0], &mut scores);
        assert!(scores[2] > scores[1] && scores[1] > scores[0], "{scores:?}");
        assert!(scores.iter().all(|score| (score - 1.0).abs() < 1.0 / 3.0));
    }

    #[test]
    fn confidence_never_outweighs_a_vote() {
        let mut scores = [0.0; 3];
        one_vs_one_scores(&[1e-9, 1e-9, 1e300], &mut scores);
        assert!(scores[0] > scores[1], "two votes beat one: {scores:?}");
    }
}
