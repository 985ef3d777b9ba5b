//! Chances and quantiles of the usual distributions.
//!
//! The normal and the chi-squared distribution and logarithms of factorials come from `statrs`.
//! What rests on the incomplete beta function (Student's t, F, beta, binomial) is worked out here:
//! `statrs` 0.19 stops its continued fraction after 140 terms, which does not reach beta
//! distributions of a million images, and takes `1 - x` of its argument, which costs Student's t
//! half of the digits near 0. Source of the continued fraction: DLMF 8.17.22, evaluated by Lentz's
//! method (W. J. Lentz, Applied Optics 15:668-671, 1976). Reference: `scipy.stats`.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::factorial::ln_binomial;
use statrs::function::gamma::{gamma_lr, gamma_ur, ln_gamma};
use std::f64::consts::PI;

/// P(Z <= x) of a standard normal Z.
///
/// ```
/// use eval::statistics::distribution::normal_cdf;
/// assert!((normal_cdf(1.96) - 0.975).abs() < 1e-5);
/// // Far out, the chance is small and still right to its last digits.
/// assert!((normal_cdf(-8.0) / 6.220960574271786e-16 - 1.0).abs() < 1e-8);
/// ```
pub fn normal_cdf(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

/// P(Z > x) of a standard normal Z.
pub fn normal_sf(x: f64) -> f64 {
    normal_cdf(-x)
}

/// Density of the standard normal distribution.
pub fn normal_density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// The value that a standard normal Z stays below with chance `p`; infinite at 0 and 1.
///
/// # Panics
/// If `p` is not in [0, 1].
pub fn normal_quantile(p: f64) -> f64 {
    check_chance(p);
    if p == 0.0 || p == 0.5 || p == 1.0 {
        return if p == 0.5 { 0.0 } else { (p - 0.5) * f64::INFINITY };
    }
    let start = Normal::standard().inverse_cdf(p);
    // One step of Newton's method, on the side where the chance is small, for the last digits.
    let (side, chance) = if p < 0.5 { (1.0, p) } else { (-1.0, 1.0 - p) };
    start - side * (normal_cdf(side * start) - chance) / normal_density(start)
}

/// P(T > t) of Student's t with `df` degrees of freedom, which may be infinite.
///
/// # Panics
/// If `df` is not positive.
pub fn t_sf(t: f64, df: f64) -> f64 {
    assert!(df > 0.0, "{df} degrees of freedom");
    if df.is_infinite() || t.is_infinite() {
        return normal_sf(t);
    }
    let square = t * t;
    let tail = 0.5 * beta_cdf_of(0.5 * df, 0.5, df / (df + square), square / (df + square));
    if t > 0.0 { tail } else { 1.0 - tail }
}

/// P(T <= t) of Student's t with `df` degrees of freedom.
///
/// # Panics
/// If `df` is not positive.
pub fn t_cdf(t: f64, df: f64) -> f64 {
    t_sf(-t, df)
}

/// P(|T| >= |t|) of Student's t with `df` degrees of freedom.
///
/// # Panics
/// If `df` is not positive.
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    2.0 * t_sf(t.abs(), df)
}

/// The value that Student's t with `df` degrees of freedom stays below with chance `p`.
///
/// # Panics
/// If `p` is not in [0, 1] or `df` is not positive.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    check_chance(p);
    if df.is_infinite() || p == 0.0 || p == 0.5 || p == 1.0 {
        return normal_quantile(p);
    }
    if p > 0.5 {
        return -t_quantile(1.0 - p, df);
    }
    // The tail below -t, with t in 0..infinity. Doubled until it is passed, then halved.
    let mut high = 1.0;
    while t_sf(high, df) > p {
        high *= 2.0;
    }
    -falling_root(p, 0.0, high, |t| t_sf(t, df))
}

/// P(X > x) of the chi-squared distribution with `df` degrees of freedom.
///
/// # Panics
/// If `df` is not positive.
pub fn chi2_sf(x: f64, df: f64) -> f64 {
    assert!(df > 0.0, "{df} degrees of freedom");
    if x <= 0.0 { 1.0 } else { gamma_ur(0.5 * df, 0.5 * x) }
}

/// P(X <= x) of the chi-squared distribution with `df` degrees of freedom.
///
/// # Panics
/// If `df` is not positive.
pub fn chi2_cdf(x: f64, df: f64) -> f64 {
    assert!(df > 0.0, "{df} degrees of freedom");
    if x <= 0.0 { 0.0 } else { gamma_lr(0.5 * df, 0.5 * x) }
}

/// P(X > x) of the F distribution with `df1` and `df2` degrees of freedom.
///
/// # Panics
/// If either is not positive.
pub fn f_sf(x: f64, df1: f64, df2: f64) -> f64 {
    assert!(df1 > 0.0 && df2 > 0.0, "{df1} and {df2} degrees of freedom");
    if x <= 0.0 {
        return 1.0;
    }
    let whole = df2 + df1 * x;
    beta_cdf_of(0.5 * df2, 0.5 * df1, df2 / whole, df1 * x / whole)
}

/// P(X <= x) of the F distribution with `df1` and `df2` degrees of freedom.
///
/// # Panics
/// If either is not positive.
pub fn f_cdf(x: f64, df1: f64, df2: f64) -> f64 {
    // 1 / X has the F distribution with both exchanged.
    if x <= 0.0 { 0.0 } else { f_sf(1.0 / x, df2, df1) }
}

/// P(X <= x) of the beta distribution.
///
/// # Panics
/// If `a` or `b` is not positive.
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    beta_cdf_of(a, b, x.clamp(0.0, 1.0), (1.0 - x).clamp(0.0, 1.0))
}

/// The value in [0, 1] that a beta distributed number stays below with chance `p`.
///
/// # Panics
/// If `p` is not in [0, 1], or `a` or `b` is not positive.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    check_chance(p);
    if p == 0.0 || p == 1.0 {
        return p;
    }
    // Bisection over the numbers from 1e-300 to 1/2 by their size, from the nearer end, so that
    // quantiles near 0 and near 1 keep their digits.
    if p <= beta_cdf(0.5, a, b) {
        let at = |logarithm: f64| {
            let x = logarithm.exp();
            -beta_cdf_of(a, b, x, 1.0 - x)
        };
        return falling_root(-p, -690.0, -std::f64::consts::LN_2, at).exp();
    }
    1.0 - beta_quantile(1.0 - p, b, a)
}

/// P(K = k) for `n` throws of a coin that falls heads with chance `p`.
///
/// # Panics
/// If `p` is not in [0, 1].
pub fn binomial_pmf(k: u64, n: u64, p: f64) -> f64 {
    check_chance(p);
    if k > n {
        return 0.0;
    }
    if p == 0.0 || p == 1.0 {
        let sure = if p == 0.0 { 0 } else { n };
        return if k == sure { 1.0 } else { 0.0 };
    }
    (ln_binomial(n, k) + k as f64 * p.ln() + (n - k) as f64 * (-p).ln_1p()).exp()
}

/// P(K <= k) for `n` throws of a coin that falls heads with chance `p`.
///
/// # Panics
/// If `p` is not in [0, 1].
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    check_chance(p);
    if k >= n { 1.0 } else { beta_cdf_of((n - k) as f64, k as f64 + 1.0, 1.0 - p, p) }
}

/// P(K > k) for `n` throws of a coin that falls heads with chance `p`.
///
/// # Panics
/// If `p` is not in [0, 1].
pub fn binomial_sf(k: u64, n: u64, p: f64) -> f64 {
    check_chance(p);
    if k >= n { 0.0 } else { beta_cdf_of(k as f64 + 1.0, (n - k) as f64, p, 1.0 - p) }
}

/// The regularised incomplete beta function at `x`, with `y = 1 - x` given apart, for it can be
/// known to more digits.
fn beta_cdf_of(a: f64, b: f64, x: f64, y: f64) -> f64 {
    assert!(a > 0.0 && b > 0.0, "beta distribution with {a} and {b}");
    if x <= 0.0 || y <= 0.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    // The fraction converges fast up to the mean, about; beyond it, the rest is worked out.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_cdf_of(b, a, y, x);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * y.ln()).exp();
    front / (a * beta_fraction(a, b, x))
}

/// `1 + d1 / (1 + d2 / (1 + ...))`, DLMF 8.17.22.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut value, mut c, mut d) = (1.0, 1.0, 0.0);
    // About the root of a + b terms are needed: 1e5 of them serve ten thousand million images.
    for term in 1_u32..100_000 {
        let m = f64::from(term / 2);
        let numerator = if term % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        d = 1.0 / away(1.0 + numerator * d);
        c = away(1.0 + numerator / c);
        value *= c * d;
        if (c * d - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

/// Where the falling function `f` passes `level` in `low..high`, to the last bit, by bisection.
pub(crate) fn falling_root(level: f64, mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return middle;
        }
        if f(middle) < level { high = middle } else { low = middle }
    }
}

fn check_chance(p: f64) {
    assert!((0.0..=1.0).contains(&p), "the chance is {p}, but must be in [0, 1]");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_are_exact() {
        assert_eq!(t_sf(f64::INFINITY, 3.0), 0.0);
        assert_eq!(t_quantile(0.5, 7.0), 0.0);
        assert_eq!(normal_quantile(0.5), 0.0);
        assert_eq!((beta_quantile(0.0, 1.0, 2.0), beta_quantile(1.0, 1.0, 2.0)), (0.0, 1.0));
        assert_eq!((chi2_sf(0.0, 2.0), f_sf(0.0, 2.0, 3.0)), (1.0, 1.0));
        assert_eq!((binomial_cdf(3, 3, 0.2), binomial_cdf(0, 5, 0.0)), (1.0, 1.0));
        assert_eq!((binomial_pmf(4, 3, 0.2), binomial_pmf(0, 3, 0.0)), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn quantiles_undo_chances(
            p in 1e-6..0.999_999_f64,
            a in 0.1..50.0_f64,
            b in 0.1..50.0_f64,
        ) {
            prop_assert!((t_cdf(t_quantile(p, a), a) / p - 1.0).abs() < 1e-9);
            prop_assert!((normal_cdf(normal_quantile(p)) / p - 1.0).abs() < 1e-11);
            let x = beta_quantile(p, a, b);
            prop_assume!(x > 1e-290 && x < 1.0 - 1e-3);
            prop_assert!((beta_cdf(x, a, b) / p - 1.0).abs() < 1e-9);
        }

        #[test]
        fn a_binomial_adds_up(n in 1_u64..300, p in 0.0..1.0_f64, part in 0.0..1.0_f64) {
            let k = (part * n as f64) as u64;
            let sum: f64 = (0..=k).map(|k| binomial_pmf(k, n, p)).sum();
            prop_assert!((sum - binomial_cdf(k, n, p)).abs() < 1e-11);
        }
    }
}
