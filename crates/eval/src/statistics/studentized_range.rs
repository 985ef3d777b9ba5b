//! The studentised range: how far apart the extremes of `k` equal groups lie.
//!
//! With the spread known (infinite degrees of freedom), `phi` and `Phi` of the normal distribution:
//!
//! ```text
//! P(Q > q) = k Integral phi(z) (Phi(z)^(k-1) - (Phi(z) - Phi(z - q))^(k-1)) dz
//! ```
//!
//! which is the usual formula for P(Q < q) taken from 1, without cancellation far out. If the
//! spread is estimated, this is averaged over `q s`, where `s` is the root of a chi-squared number
//! over its degrees of freedom. Both integrals are sums over panels of Gauss-Legendre points.
//!
//! Sources: J. Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR
//! 7:1-30, 2006, table 5 (critical values of Nemenyi's test are these quantiles over the root of
//! two); H. O. Hartley, Biometrika 33:173-180, 1942. Reference: `scipy.stats.studentized_range`.
//! No well-kept crate has it.

use super::distribution::{normal_cdf, normal_density};
use statrs::function::gamma::ln_gamma;
use std::f64::consts::{LN_2, PI};

/// P(Q > q) of the range of `groups` equal groups with `df` degrees of freedom, which may be
/// infinite. Right to 1e-11, and chances above 1e-12 to a relative 1e-8.
///
/// ```
/// use eval::statistics::studentized_range::{quantile, sf};
/// // Of three equal groups, 5 % have a range beyond 3.314.
/// assert!((sf(3.314493, 3, f64::INFINITY) - 0.05).abs() < 1e-7);
/// assert!((quantile(0.95, 3, f64::INFINITY) / 2_f64.sqrt() - 2.343).abs() < 1e-3);
/// ```
///
/// # Panics
/// If there are fewer than 2 groups, or `df` is not positive.
pub fn sf(q: f64, groups: usize, df: f64) -> f64 {
    assert!(groups >= 2, "a range of {groups} group(s)");
    assert!(df > 0.0, "{df} degrees of freedom");
    let legendre = Legendre::new();
    if q <= 0.0 {
        1.0
    } else if df.is_infinite() {
        known_spread(&legendre, q, groups)
    } else {
        estimated_spread(&legendre, q, groups, df)
    }
}

/// The range that is not passed with chance `p`, between 0 and 1.
///
/// # Panics
/// If there are fewer than 2 groups, `df` is not positive, or `p` not strictly between 0 and 1.
pub fn quantile(p: f64, groups: usize, df: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "the chance is {p}, but must be between 0 and 1");
    let mut high = 4.0;
    while sf(high, groups, df) > 1.0 - p {
        high *= 2.0;
    }
    // False position on the logarithm of the chance, which bends little; with few degrees of
    // freedom each step is an integral of integrals, and bisection would take 50 of them.
    let excess = |q: f64| (sf(q, groups, df) / (1.0 - p)).ln();
    let (mut low, mut above) = (0.0, excess(0.0));
    let mut below = excess(high);
    loop {
        let q = low + (high - low) * above / (above - below);
        let value = excess(q);
        if value.abs() < 1e-14 || q <= low || q >= high || high - low < 1e-14 * high {
            return q;
        }
        // Illinois: an end that stays twice loses half of its weight.
        if value > 0.0 {
            (low, above) = (q, value);
            below /= 2.0;
        } else {
            (high, below) = (q, value);
            above /= 2.0;
        }
    }
}

fn known_spread(legendre: &Legendre, q: f64, groups: usize) -> f64 {
    let others = groups as f64 - 1.0;
    let integrand = |z: f64| {
        let below = normal_cdf(z);
        // Share of the numbers below z that are also within the range, from 1.
        let outside = (normal_cdf(z - q) / below).min(1.0);
        let lost = -(others * (-outside).ln_1p()).exp_m1();
        normal_density(z) * below.powf(others) * lost
    };
    // Beyond these ends the normal density is below 1e-18 of the whole, also where the mass has
    // moved to q / 2 for large q.
    let (low, high) = (-8.5, 8.5 + q / 2.0);
    (groups as f64 * legendre.integrate(low, high, 1.2, integrand)).min(1.0)
}

fn estimated_spread(legendre: &Legendre, q: f64, groups: usize, df: f64) -> f64 {
    // In u = ln s the density is smooth and falls on both sides of its peak at 0.
    let half = 0.5 * df;
    let front = LN_2 + half * half.ln() - ln_gamma(half);
    let exponent = |u: f64| df * u - half * (2.0 * u).exp();
    // Ends where the density is e^-41 of the peak.
    let fallen = |u: f64| exponent(u) < exponent(0.0) - 41.0;
    let width = 1.0 / (2.0 * df).sqrt();
    let end = |side: f64| (1..).map(|k| side * f64::from(k) * width).find(|&u| fallen(u));
    let (low, high) = (end(-1.0).expect("falls"), end(1.0).expect("falls"));
    let integrand =
        |u: f64| (front + exponent(u)).exp() * known_spread(legendre, q * u.exp(), groups);
    legendre.integrate(low, high, (3.0 * width).min(0.5), integrand).min(1.0)
}

/// Points and weights of Gauss and Legendre on [-1, 1].
struct Legendre([(f64, f64); Self::POINTS]);

impl Legendre {
    const POINTS: usize = 16;

    /// Roots of the Legendre polynomial by Newton's method.
    fn new() -> Self {
        let n = Self::POINTS as f64;
        let point = |index: usize| {
            let mut x = (PI * (index as f64 + 0.75) / (n + 0.5)).cos();
            let mut slope = 0.0;
            // The start is good to three digits, which three steps bring to all.
            for _ in 0..5 {
                let (mut before, mut value) = (1.0, x);
                for degree in 2..=Self::POINTS {
                    let k = degree as f64;
                    (before, value) =
                        (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
                }
                slope = n * (x * value - before) / (x * x - 1.0);
                x -= value / slope;
            }
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        };
        Self(std::array::from_fn(point))
    }

    /// The integral over `low..high`, in panels not wider than `width`.
    fn integrate(&self, low: f64, high: f64, width: f64, f: impl Fn(f64) -> f64) -> f64 {
        let panels = ((high - low) / width).ceil().max(1.0);
        let half = (high - low) / panels / 2.0;
        let panel = |index: u32| {
            let middle = low + half * f64::from(2 * index + 1);
            self.0.iter().map(|&(x, weight)| weight * f(middle + half * x)).sum::<f64>()
        };
        half * (0..panels as u32).map(panel).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::distribution::{normal_sf, t_two_sided};

    /// Two groups: the range is the root of two times a two-sided normal or t.
    #[test]
    fn two_groups_are_a_t_test() {
        for q in [0.01, 0.5, 1.0, 3.0, 8.0, 30.0] {
            let expected = 2.0 * normal_sf(q / 2_f64.sqrt());
            assert!((sf(q, 2, f64::INFINITY) / expected - 1.0).abs() < 1e-9, "{q}");
            for df in [1.0, 2.5, 10.0, 400.0] {
                let expected = t_two_sided(q / 2_f64.sqrt(), df);
                let error = (sf(q, 2, df) - expected).abs();
                assert!(error < 1e-11 && (expected < 1e-12 || error < 1e-8 * expected), "{q} {df}");
            }
        }
    }

    #[test]
    fn quantiles_undo_chances() {
        for groups in [2, 3, 7, 40, 300] {
            for p in [0.01, 0.5, 0.95, 0.9999] {
                let q = quantile(p, groups, f64::INFINITY);
                assert!((sf(q, groups, f64::INFINITY) - (1.0 - p)).abs() < 1e-12);
            }
        }
        assert!((sf(quantile(0.95, 4, 2.0), 4, 2.0) - 0.05).abs() < 1e-12);
    }
}
