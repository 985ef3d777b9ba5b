//! p values of several tests at once.
//!
//! Twenty tests of equal learners find a difference in one of them at the 5 % level. Adjusted
//! values may be read against the level as if each test stood alone: the first four keep the chance
//! of a single false finding below it, Benjamini and Hochberg's the share of false findings.
//!
//! Sources: S. Holm, Scandinavian Journal of Statistics 6:65-70, 1979; Y. Hochberg, Biometrika
//! 75:800-802, 1988; G. Hommel, Biometrika 75:383-386, 1988; Y. Benjamini, Y. Hochberg, JRSS B
//! 57:289-300, 1995; S. García, F. Herrera, JMLR 9:2677-2694, 2008. Reference:
//! `statsmodels.stats.multitest.multipletests`.

use super::outcome::Undefined;

/// How p values are adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustment {
    /// Times the number of tests; holds always, and finds least.
    Bonferroni,
    /// Step-down; holds always, and finds at least as much. The one to use.
    Holm,
    /// Step-up; holds for independent tests.
    Hochberg,
    /// Closed test of Simes; holds for independent tests, and finds more.
    Hommel,
    /// Step-up on the false discovery rate, for independent tests.
    BenjaminiHochberg,
}

/// The adjusted p values, each at most 1, in the order given.
///
/// ```
/// use eval::statistics::multiple::{Adjustment, adjust};
/// let adjusted = adjust(&[0.01, 0.04, 0.03, 0.005], Adjustment::Holm).unwrap();
/// for (got, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
///     assert!((got - expected).abs() < 1e-12);
/// }
/// ```
///
/// # Errors
/// If a value is not in [0, 1].
pub fn adjust(p_values: &[f64], adjustment: Adjustment) -> Result<Vec<f64>, Undefined> {
    if let Some(&value) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(Undefined::OutOfRange { name: "p", value, expected: "in [0, 1]" });
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let sorted: Vec<f64> = order.iter().map(|&index| p_values[index]).collect();
    let adjusted = match adjustment {
        Adjustment::Bonferroni => sorted.iter().map(|p| p * sorted.len() as f64).collect(),
        Adjustment::Holm => step_down(&sorted),
        Adjustment::Hochberg => step_up(&sorted, |rank, count| count - rank),
        Adjustment::Hommel => hommel(&sorted),
        Adjustment::BenjaminiHochberg => step_up(&sorted, |rank, count| count / (rank + 1.0)),
    };
    let mut out = vec![0.0; p_values.len()];
    for (&index, adjusted) in order.iter().zip(adjusted) {
        out[index] = adjusted.min(1.0);
    }
    Ok(out)
}

/// Largest so far of `(m - rank) p`, ranks from 0.
fn step_down(sorted: &[f64]) -> Vec<f64> {
    let mut largest = 0.0_f64;
    let adjusted = sorted.iter().enumerate().map(|(rank, p)| {
        largest = largest.max((sorted.len() - rank) as f64 * p);
        largest
    });
    adjusted.collect()
}

/// Smallest from the end of `factor(rank, m) p`, ranks from 0.
fn step_up(sorted: &[f64], factor: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut smallest = 1.0_f64;
    let mut adjusted: Vec<f64> = Vec::with_capacity(sorted.len());
    for (rank, p) in sorted.iter().enumerate().rev() {
        smallest = smallest.min(factor(rank as f64, sorted.len() as f64) * p);
        adjusted.push(smallest);
    }
    adjusted.reverse();
    adjusted
}

/// Hommel's values by the algorithm of S. P. Wright, Biometrics 48:1005-1013, 1992: for each size
/// `s` of an intersection of hypotheses, Simes's p of the worst one that holds a given hypothesis.
fn hommel(sorted: &[f64]) -> Vec<f64> {
    let count = sorted.len();
    let mut adjusted = sorted.to_vec();
    for size in 2..=count {
        // The size - 1 largest values are in the worst intersection; the last place is the own one.
        let (own, largest) = sorted.split_at(count - size + 1);
        let simes = |(place, p): (usize, &f64)| size as f64 * p / (place + 2) as f64;
        let rest = largest.iter().enumerate().map(simes).fold(f64::INFINITY, f64::min);
        let of = |p: f64| rest.min(size as f64 * p);
        let last_own = of(own[own.len() - 1]);
        for (rank, value) in adjusted.iter_mut().enumerate() {
            *value = value.max(if rank < own.len() { of(sorted[rank]) } else { last_own });
        }
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_test_and_no_chance() {
        assert_eq!(adjust(&[], Adjustment::Hommel), Ok(vec![]));
        assert!(adjust(&[0.1, f64::NAN], Adjustment::Holm).is_err());
        assert!(adjust(&[1.1], Adjustment::Holm).is_err());
    }

    /// Simes's test of every set of hypotheses, closed by trying all of them.
    fn hommel_by_closure(p_values: &[f64]) -> Vec<f64> {
        let simes = |set: u32| {
            let mut members: Vec<f64> =
                (0..p_values.len()).filter(|i| set >> i & 1 == 1).map(|i| p_values[i]).collect();
            members.sort_by(f64::total_cmp);
            let count = members.len() as f64;
            let terms = members.iter().enumerate().map(|(i, p)| count * p / (i + 1) as f64);
            terms.fold(1.0, f64::min)
        };
        let of = |index: usize| {
            let sets = (1..1_u32 << p_values.len()).filter(|set| set >> index & 1 == 1);
            sets.map(simes).fold(0.0, f64::max)
        };
        (0..p_values.len()).map(of).collect()
    }

    proptest! {
        #[test]
        fn hommel_is_the_closed_test(p_values in prop::collection::vec(0.0..1.0_f64, 1..8)) {
            let got = adjust(&p_values, Adjustment::Hommel).unwrap();
            for (got, expected) in got.iter().zip(hommel_by_closure(&p_values)) {
                prop_assert!((got - expected).abs() < 1e-12);
            }
        }

        #[test]
        fn each_finds_at_least_what_the_one_before_does(
            p_values in prop::collection::vec(0.0..1.0_f64, 1..12),
        ) {
            use Adjustment::{BenjaminiHochberg, Bonferroni, Hochberg, Holm, Hommel};
            let of = |adjustment| adjust(&p_values, adjustment).unwrap();
            let all = [Bonferroni, Holm, Hochberg, Hommel, BenjaminiHochberg].map(of);
            for pair in all.windows(2) {
                for (larger, smaller) in pair[0].iter().zip(&pair[1]) {
                    prop_assert!(larger + 1e-12 >= *smaller);
                }
            }
        }
    }
}
