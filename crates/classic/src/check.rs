//! Checks that several recipes share.

use base::{FitError, Labels, Matrix, ParamError};

/// Refuses what none of the recipes can learn from: labels that do not fit, a single class, or
/// values that are not finite.
pub(crate) fn training_rows(x: &Matrix, y: &Labels) -> Result<(), FitError> {
    FitError::check_labels(x.nrows(), y)?;
    match x.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), &value)) => Err(FitError::NotFinite { row, column, value }),
        None => Ok(()),
    }
}

/// A setting that must be a positive number.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<f64, ParamError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(ParamError::new(name, value, "a positive number"))
    }
}

/// A setting that must be 0 or more.
pub(crate) fn not_negative(name: &'static str, value: f64) -> Result<f64, ParamError> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(ParamError::new(name, value, "a number of at least 0"))
    }
}

/// A setting that must be a number.
pub(crate) fn finite(name: &'static str, value: f64) -> Result<f64, ParamError> {
    if value.is_finite() { Ok(value) } else { Err(ParamError::new(name, value, "a finite number")) }
}

/// A setting that must be 1 or more.
pub(crate) fn at_least_one<T>(name: &'static str, value: T) -> Result<T, ParamError>
where
    T: From<u8> + PartialOrd + std::fmt::Display,
{
    if value < T::from(1) { Err(ParamError::new(name, value, "at least 1")) } else { Ok(value) }
}

/// The nearest value that 32 bits can hold in size; 0 for one that is not a number. Only rows far
/// outside of all that was trained on give a value that needs this.
pub(crate) fn bounded(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(f32::MIN.into(), f32::MAX.into()) }
}

/// What the tests of several recipes need.
#[cfg(test)]
pub(crate) mod samples {
    use base::{Labels, Matrix, Seed};

    /// Labels `0..classes` with names "0", "1" ...
    pub(crate) fn labels(ids: Vec<usize>, classes: usize) -> Labels {
        let names: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
        Labels::new(ids, &names).expect("ids are below the number of classes")
    }

    /// `per_class` rows of each of `classes` overlapping clouds, class after class, 4 features.
    pub(crate) fn clouds(classes: usize, per_class: usize) -> (Matrix, Labels) {
        let n = classes * per_class;
        let noise = Seed(11).permutation(n * 4);
        let x = Matrix::from_shape_fn((n, 4), |(row, column)| {
            let centre = if row / per_class % 4 == column { 1.0 } else { 0.0 };
            centre + (row / per_class / 4) as f32 + noise[row * 4 + column] as f32 / (n * 4) as f32
        });
        (x, labels((0..n).map(|row| row / per_class).collect(), classes))
    }

    /// Runs `work` in a pool of that many threads.
    pub(crate) fn in_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads can be started").install(work)
    }
}
