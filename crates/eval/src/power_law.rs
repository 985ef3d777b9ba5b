//! Error as a power law of the number of training images: `error(n) = a n^-b + c`.
//!
//! Learning curves often have this form over some range of `n`; `c` is the error that no number
//! of images takes away. A fitted law says what would happen *if it went on like this*; it is an
//! extrapolation and is called one wherever it is shown.
//!
//! Sources: C. Cortes et al., "Learning curves: asymptotic values and rate of convergence",
//! NIPS 6, 1993; T. Viering, M. Loog, "The shape of learning curves: a review", IEEE TPAMI 45(6),
//! 2022 (also on when the form fails).
//!
//! Fitted by variable projection (G. Golub, V. Pereyra, 1973): for a given `b` the best `a` and
//! `c >= 0` are a linear problem, so only `b` is searched, on a grid and then by golden section.

use crate::statistics::Undefined;
use crate::statistics::outcome::check;

/// Exponents between which `b` is searched.
const EXPONENTS: (f64, f64) = (0.01, 8.0);
/// Exponents on the grid, evenly spaced in their logarithm.
const GRID: usize = 200;
/// Numbers of images between which two laws are compared.
const IMAGES: (f64, f64) = (1.0, 1e7);

/// `error(n) = a n^-b + c`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    /// Error above `c` at one image, positive.
    pub a: f64,
    /// Exponent, positive.
    pub b: f64,
    /// Error that is left in the end, 0 or more.
    pub c: f64,
}

/// Where two laws cross.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crossing {
    /// Number of images.
    pub images: f64,
    /// The error of both there.
    pub error: f64,
    /// Whether the first law has the smaller error below that number.
    pub first_better_below: bool,
}

impl PowerLaw {
    /// The law with the least squared error at numbers of images and error rates.
    ///
    /// ```
    /// use eval::power_law::PowerLaw;
    /// let images = [100.0, 200.0, 400.0, 800.0];
    /// let errors = images.map(|n: f64| 1.2 * n.powf(-0.5) + 0.02);
    /// let law = PowerLaw::fit(&images, &errors).unwrap();
    /// assert!((law.b - 0.5).abs() < 1e-6 && (law.c - 0.02).abs() < 1e-6);
    /// ```
    ///
    /// # Errors
    /// With fewer than three different numbers of images, a number below 1 or not finite, errors
    /// that do not fall, or points that leave the exponent open.
    pub fn fit(images: &[f64], errors: &[f64]) -> Result<Self, Undefined> {
        check("number of images", images, 3)?;
        check("error rate", errors, 3)?;
        crate::statistics::outcome::check_length("error rates", errors.len(), images.len())?;
        if let Some(&value) = images.iter().find(|&&n| n < 1.0) {
            return Err(Undefined::OutOfRange { name: "images", value, expected: "at least 1" });
        }
        let mut different = images.to_vec();
        different.sort_by(f64::total_cmp);
        different.dedup();
        check("different number of images", &different, 3)?;

        // In units of the geometric mean, so that large exponents do not overflow.
        let middle = images.iter().map(|n| n.ln()).sum::<f64>() / images.len() as f64;
        let scaled: Vec<f64> = images.iter().map(|n| n.ln() - middle).collect();
        let squares = |b: f64| projected(&scaled, errors, b).2;
        let (low, high) = (EXPONENTS.0.ln(), EXPONENTS.1.ln());
        let step = (high - low) / GRID as f64;
        let at = |k: usize| (low + step * k as f64).exp();
        let best = (0..=GRID).min_by(|&i, &j| squares(at(i)).total_cmp(&squares(at(j))));
        let best = best.unwrap_or(0);
        if best == 0 || best == GRID {
            return Err(Undefined::Unbounded("the fitted exponent leaves its range or"));
        }
        let b = golden_section(at(best - 1), at(best + 1), squares);
        let (a, c, _) = projected(&scaled, errors, b);
        if a <= 1e-12 {
            let expected = "positive: errors must fall with more images";
            return Err(Undefined::OutOfRange { name: "a", value: a, expected });
        }
        Ok(Self { a: a * (b * middle).exp(), b, c })
    }

    /// The law's error rate at a number of images.
    pub fn error(&self, images: f64) -> f64 {
        self.a * images.powf(-self.b) + self.c
    }

    /// The largest number of images, up to 10 million, at which both laws have the same error;
    /// `None` if one is better throughout.
    pub fn crossing(&self, other: &Self) -> Option<Crossing> {
        let gap = |log: f64| self.error(log.exp()) - other.error(log.exp());
        let (first, last) = (IMAGES.0.ln(), IMAGES.1.ln());
        let steps = 2000;
        let at = |k: usize| first + (last - first) * k as f64 / steps as f64;
        let crosses = |&k: &usize| (gap(at(k)) < 0.0) != (gap(at(k + 1)) < 0.0);
        let k = (0..steps).rev().find(crosses)?;
        let (mut low, mut high) = (at(k), at(k + 1));
        let below = gap(low) < 0.0;
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if (gap(middle) < 0.0) == below { low = middle } else { high = middle }
        }
        let images = f64::midpoint(low, high).exp();
        Some(Crossing { images, error: self.error(images), first_better_below: below })
    }
}

/// For exponent `b`: `a`, `c >= 0` and the sum of squares left. `logs` are logarithms of `n`.
fn projected(logs: &[f64], errors: &[f64], b: f64) -> (f64, f64, f64) {
    let powers: Vec<f64> = logs.iter().map(|log| (-b * log).exp()).collect();
    let n = logs.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let (mean_power, mean_error) = (mean(&powers), mean(errors));
    let (mut covariance, mut variance) = (0.0, 0.0);
    for (power, error) in powers.iter().zip(errors) {
        covariance += (power - mean_power) * (error - mean_error);
        variance += (power - mean_power).powi(2);
    }
    let mut a = if variance > 0.0 { covariance / variance } else { 0.0 };
    let mut c = mean_error - a * mean_power;
    if c < 0.0 {
        let products: f64 = powers.iter().zip(errors).map(|(power, error)| power * error).sum();
        (a, c) = (products / powers.iter().map(|power| power * power).sum::<f64>(), 0.0);
    }
    let rest = powers.iter().zip(errors).map(|(power, error)| (error - a * power - c).powi(2));
    (a, c, rest.sum())
}

/// Where a function with one minimum between `low` and `high` has it (J. Kiefer, 1953).
fn golden_section(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let ratio = (5_f64.sqrt() - 1.0) / 2.0;
    let (mut x, mut y) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut at_x, mut at_y) = (f(x), f(y));
    for _ in 0..100 {
        if at_x < at_y {
            (high, y, at_y) = (y, x, at_x);
            x = high - ratio * (high - low);
            at_x = f(x);
        } else {
            (low, x, at_x) = (x, y, at_y);
            y = low + ratio * (high - low);
            at_y = f(y);
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const IMAGES: [f64; 5] = [50.0, 100.0, 300.0, 1000.0, 4000.0];

    proptest! {
        #[test]
        fn exact_points_give_the_law_back(a in 0.3..5.0, b in 0.1..1.5, c in 0.0..0.2) {
            let law = PowerLaw { a, b, c };
            let errors = IMAGES.map(|n| law.error(n));
            let fitted = PowerLaw::fit(&IMAGES, &errors).unwrap();
            prop_assert!((fitted.a / a - 1.0).abs() < 1e-4, "{fitted:?}");
            prop_assert!((fitted.b / b - 1.0).abs() < 1e-4, "{fitted:?}");
            prop_assert!((fitted.c - c).abs() < 1e-5, "{fitted:?}");
        }

        /// No other exponent does better, whatever the noise.
        #[test]
        fn no_neighbour_has_smaller_squares(noise in prop::collection::vec(-0.02..0.02, 5)) {
            let law = PowerLaw { a: 1.0, b: 0.4, c: 0.05 };
            let errors: Vec<f64> =
                IMAGES.iter().zip(&noise).map(|(&n, noise)| law.error(n) + noise).collect();
            let Ok(fitted) = PowerLaw::fit(&IMAGES, &errors) else { return Ok(()) };
            let squares = |law: PowerLaw| -> f64 {
                IMAGES.iter().zip(&errors).map(|(&n, e)| (law.error(n) - e).powi(2)).sum()
            };
            let best = squares(fitted);
            for (da, db, dc) in [(1e-3, 0.0, 0.0), (0.0, 1e-3, 0.0), (0.0, 0.0, 1e-4)] {
                for sign in [-1.0, 1.0] {
                    let c = fitted.c + sign * dc;
                    let (a, b) = (fitted.a * (1.0 + sign * da), fitted.b * (1.0 + sign * db));
                    if c >= 0.0 {
                        let near = squares(PowerLaw { a, b, c });
                        prop_assert!(near >= best - 1e-15, "{near} below {best}");
                    }
                }
            }
        }
    }

    #[test]
    fn curves_without_a_law_are_refused() {
        let rising = [0.1, 0.15, 0.2, 0.25, 0.3];
        assert!(PowerLaw::fit(&IMAGES, &rising).is_err());
        assert!(PowerLaw::fit(&IMAGES, &[0.2; 5]).is_err());
        assert!(PowerLaw::fit(&[10.0, 10.0, 20.0], &[0.3, 0.3, 0.2]).is_err());
        assert!(PowerLaw::fit(&[0.0, 10.0, 20.0], &[0.4, 0.3, 0.2]).is_err());
        assert!(PowerLaw::fit(&[1.0, 10.0, 20.0], &[0.4, f64::NAN, 0.2]).is_err());
        assert!(PowerLaw::fit(&[1.0, 10.0, 20.0], &[0.4, 0.3]).is_err());
    }

    #[test]
    fn parallel_laws_do_not_cross() {
        let low = PowerLaw { a: 1.0, b: 0.5, c: 0.0 };
        let high = PowerLaw { a: 1.0, b: 0.5, c: 0.1 };
        assert_eq!(low.crossing(&high), None);
    }
}
