//! Lines of text with sparse rows, `INDEX:VALUE INDEX:VALUE ...`, as LIBSVM's files have them.

use base::Matrix;
use std::io::BufRead;
use thiserror::Error;

/// Numbers that a dense matrix of what was read may have: 1 GiB. A single large index in a file
/// would ask for more memory than there is.
const MAX_VALUES: usize = 1 << 28;

/// Why a text file in a format of LIBSVM's could not be read.
#[derive(Debug, Error)]
pub enum TextError {
    /// The source failed.
    #[error("cannot be read")]
    Read(#[from] std::io::Error),
    /// A line that is not as it should be.
    #[error("line {line}: {fault}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// A line that should be there.
    #[error("there is no line `{name}`")]
    Missing {
        /// Its first word.
        name: &'static str,
    },
    /// A kernel that is not LIBSVM's.
    #[error("kernel `{name}` is not supported")]
    Kernel {
        /// Its name.
        name: String,
    },
    /// Rows that are announced or needed, and are not there; or more than those.
    #[error("there are {found} {what}, but should be {expected}")]
    Count {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// More numbers than are taken into memory.
    #[error("{rows} rows x {features} features are too many: at most {MAX_VALUES} numbers")]
    TooLarge {
        /// Rows read.
        rows: usize,
        /// The highest index.
        features: usize,
    },
    /// Names of classes that contradict each other.
    #[error(transparent)]
    Labels(#[from] base::LabelError),
    /// Numbers that do not make a model.
    #[error(transparent)]
    Parts(#[from] crate::PartsError),
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineFault {
    /// Bytes that are not UTF-8.
    #[error("is not text")]
    NotText,
    /// A word that is not `INDEX:VALUE`.
    #[error("`{0}` is not INDEX:VALUE")]
    Pair(String),
    /// An index that is not a whole number, or 0.
    #[error("index `{0}` is not a whole number from 1 to {max}", max = u32::MAX)]
    Index(String),
    /// An index that is not above the one before.
    #[error("index {index} follows {before}; they must ascend")]
    Order {
        /// The index.
        index: usize,
        /// The one before.
        before: usize,
    },
    /// An index above the number of features that was asked for.
    #[error("index {index} is above the number of features, {features}")]
    TooHigh {
        /// The index.
        index: usize,
        /// Features asked for.
        features: usize,
    },
    /// Not a number, or not a finite one.
    #[error("`{0}` is not a finite number")]
    Number(String),
    /// A label that is not among the classes asked for.
    #[error("class `{0}` is not known")]
    UnknownClass(String),
    /// A value that is missing.
    #[error("ends too early")]
    TooShort,
    /// A line of a model's head that is not known, or that appears twice.
    #[error("`{0}` is not expected here")]
    Unexpected(String),
    /// A model of another kind.
    #[error("`{0}` is not supported")]
    Unsupported(String),
}

/// Gives line after line with its number, from 1.
pub(crate) struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    line: usize,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), line: 0 }
    }

    /// The next line without its end; none at the end of the text.
    pub(crate) fn next(&mut self) -> Result<Option<&str>, TextError> {
        self.buffer.clear();
        if self.source.read_until(b'\n', &mut self.buffer)? == 0 {
            return Ok(None);
        }
        self.line += 1;
        match std::str::from_utf8(&self.buffer) {
            Ok(line) => Ok(Some(line.trim_end())),
            Err(_) => Err(self.fault(LineFault::NotText)),
        }
    }

    /// An error that names the line given last.
    pub(crate) fn fault(&self, fault: LineFault) -> TextError {
        TextError::Line { line: self.line, fault }
    }
}

/// Rows with few numbers, added one after the other.
#[derive(Default)]
pub(crate) struct SparseRows {
    /// Column, from 0, and value of each number, row after row.
    values: Vec<(u32, f32)>,
    /// Where each row ends.
    ends: Vec<usize>,
    /// One more than the highest column.
    features: usize,
}

impl SparseRows {
    /// Adds a row of `INDEX:VALUE`, indices from 1 and ascending.
    pub(crate) fn push<'a>(
        &mut self,
        words: impl Iterator<Item = &'a str>,
    ) -> Result<(), LineFault> {
        let mut before = 0;
        for word in words {
            let (index, value) =
                word.split_once(':').ok_or_else(|| LineFault::Pair(word.to_owned()))?;
            let parsed: Option<u32> = index.parse().ok().filter(|&index| index > 0);
            let index = parsed.ok_or_else(|| LineFault::Index(index.to_owned()))?;
            let value = number(value)?;
            if index <= before {
                let (index, before) = (index as usize, before as usize);
                return Err(LineFault::Order { index, before });
            }
            before = index;
            self.values.push((index - 1, value));
        }
        self.ends.push(self.values.len());
        self.features = self.features.max(before as usize);
        Ok(())
    }

    /// Adds a row of one number that the only word, `0:PLACE`, tells: the place of a training row,
    /// which the text counts from 1, and what is read from 0.
    pub(crate) fn push_place<'a>(
        &mut self,
        mut words: impl Iterator<Item = &'a str>,
    ) -> Result<(), LineFault> {
        let word = words.next().ok_or(LineFault::TooShort)?;
        if let Some(more) = words.next() {
            return Err(LineFault::Unexpected(more.to_owned()));
        }
        let place = word.strip_prefix("0:").ok_or_else(|| LineFault::Pair(word.to_owned()))?;
        let parsed: Option<u32> = place.parse().ok().filter(|&place| place > 0);
        let place = parsed.ok_or_else(|| LineFault::Index(place.to_owned()))?;
        self.values.push((0, (place - 1) as f32));
        self.ends.push(self.values.len());
        self.features = 1;
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The highest index of all rows; 0 if there is none.
    pub(crate) fn features(&self) -> usize {
        self.features
    }

    /// All numbers, those left out being 0; shape `(rows, features)`.
    pub(crate) fn dense(&self, features: usize) -> Result<Matrix, TextError> {
        let rows = self.len();
        if rows.checked_mul(features).is_none_or(|values| values > MAX_VALUES) {
            return Err(TextError::TooLarge { rows, features });
        }
        let mut dense = Matrix::zeros((rows, features));
        let mut start = 0;
        for (mut row, &end) in dense.rows_mut().into_iter().zip(&self.ends) {
            for &(column, value) in &self.values[start..end] {
                row[column as usize] = value;
            }
            start = end;
        }
        Ok(dense)
    }
}

/// A finite number.
pub(crate) fn number<T: std::str::FromStr + Into<f64> + Copy>(word: &str) -> Result<T, LineFault> {
    let parsed: Option<T> = word.parse().ok().filter(|&value: &T| value.into().is_finite());
    parsed.ok_or_else(|| LineFault::Number(word.to_owned()))
}
