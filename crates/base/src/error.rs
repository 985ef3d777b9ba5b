//! What can be wrong with inputs and settings, in words that name the culprit and the cure.

use thiserror::Error;

/// A setting outside its range.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{name}` is {value}, but must be {expected}")]
pub struct ParamError {
    /// The setting as it is written in a plan file.
    pub name: &'static str,
    /// The value that was given.
    pub value: String,
    /// What would be accepted: "at least 1", "a positive number".
    pub expected: &'static str,
}

impl ParamError {
    /// `name` is the setting, `value` what was given, `expected` what would be accepted.
    pub fn new(name: &'static str, value: impl std::fmt::Display, expected: &'static str) -> Self {
        Self { name, value: value.to_string(), expected }
    }
}

/// Two inputs, or an input and a recipe, whose sizes do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// Images without a pixel, or none at all where the size must be known.
    #[error("images have {height}x{width} pixels; both sides must be at least 1")]
    Empty {
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
    },
    /// Neither grey nor RGB.
    #[error("images have {channels} channels; only 1 (grey) and 3 (RGB) are supported")]
    Channels {
        /// Channels found.
        channels: usize,
    },
    /// An image smaller than the smallest one a descriptor or network can take.
    #[error(
        "images are {height}x{width} pixels, but {what} needs at least {min_height}x{min_width}"
    )]
    TooSmall {
        /// The descriptor or network.
        what: &'static str,
        /// Rows of pixels found.
        height: usize,
        /// Columns of pixels found.
        width: usize,
        /// Rows of pixels needed.
        min_height: usize,
        /// Columns of pixels needed.
        min_width: usize,
    },
    /// Images that a layer of a network cannot take.
    #[error("images are {height}x{width} pixels; {reason}")]
    Network {
        /// Rows of pixels found.
        height: usize,
        /// Columns of pixels found.
        width: usize,
        /// Which layer, and why not.
        reason: String,
    },
    /// An image that a descriptor, told to leave no pixel out, would not cover.
    #[error(
        "images are {height}x{width} pixels, and {what} leaves out {rows_left} rows and \
         {columns_left} columns"
    )]
    Remainder {
        /// The descriptor.
        what: &'static str,
        /// Rows of pixels found.
        height: usize,
        /// Columns of pixels found.
        width: usize,
        /// Rows of pixels at the bottom that nothing covers.
        rows_left: usize,
        /// Columns of pixels at the right that nothing covers.
        columns_left: usize,
    },
}

/// Labels that contradict themselves.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LabelError {
    /// An id without a class name.
    #[error("row {row} has class {id}, but there are only {classes} classes")]
    UnknownClass {
        /// Row of the offending label.
        row: usize,
        /// Its class id.
        id: usize,
        /// Number of class names.
        classes: usize,
    },
    /// Two classes of the same name.
    #[error("the class name `{name}` is given twice")]
    DuplicateName {
        /// The repeated name.
        name: String,
    },
    /// A group list of another length than the labels.
    #[error("there are {groups} groups for {rows} rows; there must be one per row")]
    GroupCount {
        /// Groups given.
        groups: usize,
        /// Rows labelled.
        rows: usize,
    },
}

/// Why a recipe could not be trained.
#[derive(Debug, Error)]
pub enum FitError {
    /// Inputs and labels of different length.
    #[error("there are {rows} rows but {labels} labels")]
    RowCount {
        /// Rows of the input.
        rows: usize,
        /// Labels given.
        labels: usize,
    },
    /// Fewer than two classes among the rows.
    #[error("the training rows hold {found} class(es); a classifier needs at least two")]
    TooFewClasses {
        /// Classes that occur.
        found: usize,
    },
    /// A value that is not a finite number.
    #[error("the value in row {row}, column {column} is {value}; all inputs must be finite")]
    NotFinite {
        /// Row of the value.
        row: usize,
        /// Column of the value.
        column: usize,
        /// The value itself.
        value: f32,
    },
    /// More rows than the solver can take in reasonable time or memory.
    #[error("{what} takes at most {max} rows, but there are {rows}")]
    TooManyRows {
        /// The solver.
        what: &'static str,
        /// Rows given.
        rows: usize,
        /// Its limit.
        max: usize,
    },
    /// Images that do not suit the recipe.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The loss or a weight is no longer finite.
    #[error("training diverged in step {step}: the loss is {loss}; try a smaller learning rate")]
    Diverged {
        /// Step (batch) counted from 0 over all epochs.
        step: usize,
        /// The loss found there.
        loss: f32,
    },
    /// A gradient that is no longer finite, where the loss still is.
    #[error(
        "the gradients of step {step} are not finite; try a smaller learning rate, or `clip_norm`"
    )]
    ExplodingGradients {
        /// Step (batch) counted from 0 over all epochs.
        step: usize,
    },
    /// A rule that errs as often as guessing does.
    #[error(
        "the best {what} errs on {error:.3} of the weighted training rows, and guessing on \
         {guessing:.3}"
    )]
    NoBetterThanGuessing {
        /// The kind of rule.
        what: &'static str,
        /// Its error, 0 to 1.
        error: f64,
        /// Error of guessing, 1 - 1 / classes.
        guessing: f64,
    },
    /// An error of a library behind the recipe.
    #[error("{what}: {source}")]
    Library {
        /// The library.
        what: &'static str,
        /// Its own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl FitError {
    /// Refuses what no classifier can learn from: labels of another length than the input, or
    /// fewer than two classes.
    ///
    /// # Errors
    /// [`FitError::RowCount`] or [`FitError::TooFewClasses`].
    pub fn check_labels(rows: usize, labels: &crate::Labels) -> Result<(), Self> {
        if rows != labels.len() {
            return Err(Self::RowCount { rows, labels: labels.len() });
        }
        match labels.counts().iter().filter(|&&count| count > 0).count() {
            found @ (0 | 1) => Err(Self::TooFewClasses { found }),
            _ => Ok(()),
        }
    }
}
