//! Models in LIBSVM's text format, which `svm-train` writes and `svm-predict` reads.
//!
//! Source: `svm_save_model` and `svm_load_model` of LIBSVM 3, and its README. `c_svc` and `nu_svc`
//! are read, which predict alike, and `c_svc` is written. Departures: support vectors are kept in
//! 32 bits, so a number with more digits is rounded.

use crate::kernel::Kernel;
use crate::sparse_text::{LineFault, Lines, SparseRows, TextError, number};
use crate::svm_model::SvmModel;
use crate::svm_parts::{MultiClass, SvmParts};
use crate::{Platt, couple};
use base::{Matrix, Scores};
use ndarray::Array2;
use std::io::{self, BufRead, Write};
use std::str::SplitAsciiWhitespace;
use thiserror::Error;

/// A model, and what its classes are called in LIBSVM's files.
///
/// ```
/// use base::Predict;
/// let text = "svm_type c_svc\nkernel_type linear\nnr_class 2\ntotal_sv 2\nrho 0\nlabel 1 -1\n\
///             nr_sv 1 1\nSV\n0.5 1:1\n-0.5 1:-1\n";
/// let read = classic::LibsvmModel::read(text.as_bytes(), None).unwrap();
/// assert_eq!(read.labels, [-1, 1]);
/// // The number 3 belongs to the class with the label 1.
/// assert_eq!(read.model.scores(&ndarray::array![[3.0]]).predicted(), [1]);
/// ```
#[derive(Debug, Clone)]
pub struct LibsvmModel {
    /// The model; its class ids are places in `labels`.
    pub model: SvmModel,
    /// The label of each class.
    pub labels: Vec<i32>,
    /// Of each of [`SvmModel::pairs`] the sigmoid that makes its decision values probabilities of
    /// its first class (`probA` and `probB`); empty if the model has none.
    pub sigmoids: Vec<Platt>,
}

/// Why a model cannot be written in LIBSVM's format.
#[derive(Debug, Error)]
pub enum LibsvmWriteError {
    /// LIBSVM has no such kernel or model.
    #[error("LIBSVM has no {what}")]
    Unsupported {
        /// What it lacks.
        what: &'static str,
    },
    /// Not one label per class.
    #[error("there are {labels} labels for {classes} classes")]
    Labels {
        /// Labels given.
        labels: usize,
        /// Classes of the model.
        classes: usize,
    },
    /// Not one sigmoid per pair of classes.
    #[error("there are {sigmoids} sigmoids for {pairs} pairs of classes")]
    Sigmoids {
        /// Sigmoids given.
        sigmoids: usize,
        /// Pairs of classes of the model.
        pairs: usize,
    },
    /// The target failed.
    #[error("cannot be written")]
    Write(#[from] io::Error),
}

impl LibsvmModel {
    /// With class ids as labels, and without sigmoids.
    pub fn new(model: SvmModel) -> Self {
        let labels = (0..).take(model.class_count()).collect();
        Self { model, labels, sigmoids: Vec::new() }
    }

    /// The probability of each class for each row of `x`, shape `(n, classes)`, as LIBSVM's
    /// `svm_predict_probability` works them out; none if the model has no sigmoids.
    ///
    /// The most probable class need not be the one that [`Self::model`] names.
    ///
    /// # Panics
    /// If the rows have another length than in training, or there is not one sigmoid per pair.
    pub fn probabilities(&self, x: &Matrix) -> Option<Scores> {
        if self.sigmoids.is_empty() {
            return None;
        }
        let decisions = self.model.decisions(x);
        assert_eq!(self.sigmoids.len(), decisions.ncols(), "a sigmoid per pair of classes");
        let classes = self.model.classes();
        let mut probabilities = Array2::zeros((x.nrows(), self.model.class_count()));
        let mut known = vec![0.0; classes.len()];
        for (decisions, mut out) in decisions.rows().into_iter().zip(probabilities.rows_mut()) {
            let of_pair = decisions.iter().zip(&self.sigmoids);
            let pairs: Vec<f64> = of_pair.map(|(&value, pair)| pair.probability(value)).collect();
            couple(&pairs, &mut known);
            for (&class, &probability) in classes.iter().zip(&known) {
                out[class] = probability as f32;
            }
        }
        Some(Scores::new(probabilities))
    }

    /// Reads a model. Its classes are sorted by label. `features` are the numbers per row to
    /// predict: the file tells only the highest index that is in a support vector, which is taken
    /// without it; with a precomputed kernel it is the number of training rows.
    ///
    /// # Errors
    /// If a line is not as it should be (it is named), the model is not a classifier, the source
    /// cannot be read, or the support vectors would take more than 1 GiB.
    pub fn read(source: impl BufRead, features: Option<usize>) -> Result<Self, TextError> {
        let mut lines = Lines::new(source);
        let head = Head::read(&mut lines)?;
        let mut labels = head.labels.clone();
        labels.sort_unstable();
        let place = |label| labels.partition_point(|&other| other < label);
        let classes = head.labels.iter().map(|&label| place(label)).collect();
        let kernel = head.kernel()?;
        let sigmoids = head.sigmoids()?;
        let (vectors, coefficients) = read_vectors(&mut lines, &head, kernel, features)?;
        let model = SvmModel::from_parts(SvmParts {
            kernel,
            multi_class: MultiClass::OneVsOne,
            class_count: labels.len(),
            classes,
            features: match kernel {
                Kernel::Precomputed => features.unwrap_or(highest(&vectors) + 1),
                _ => vectors.ncols(),
            },
            vectors_per_class: head.vectors_per_class,
            vectors,
            coefficients,
            rho: head.rho,
        })?;
        Ok(Self { model, labels, sigmoids })
    }

    /// Writes the model. Numbers are written so that reading gives them back, bit for bit.
    ///
    /// # Errors
    /// If LIBSVM has no such kernel, the model is one against the rest, there is not one label per
    /// class or not one sigmoid per pair (or none at all), or the target fails.
    pub fn write(&self, mut target: impl Write) -> Result<(), LibsvmWriteError> {
        let parts = self.model.to_parts();
        let (kernel, numbers) = written_kernel(parts.kernel)?;
        if parts.multi_class == MultiClass::OneVsRest {
            return Err(LibsvmWriteError::Unsupported { what: "one-against-rest model" });
        }
        if self.labels.len() != parts.class_count {
            let (labels, classes) = (self.labels.len(), parts.class_count);
            return Err(LibsvmWriteError::Labels { labels, classes });
        }
        let (sigmoids, pairs) = (self.sigmoids.len(), parts.rho.len());
        if sigmoids > 0 && sigmoids != pairs {
            return Err(LibsvmWriteError::Sigmoids { sigmoids, pairs });
        }
        writeln!(target, "svm_type c_svc\nkernel_type {kernel}")?;
        for (name, value) in numbers {
            writeln!(target, "{name} {value}")?;
        }
        writeln!(target, "nr_class {}\ntotal_sv {}", parts.classes.len(), parts.vectors.nrows())?;
        write_list(&mut target, "rho", parts.rho.iter().map(|rho| format!("{rho:?}")))?;
        let labels = parts.classes.iter().map(|&class| self.labels[class].to_string());
        write_list(&mut target, "label", labels)?;
        if sigmoids > 0 {
            let numbers = |of: fn(&Platt) -> f64| {
                self.sigmoids.iter().map(move |sigmoid| format!("{:?}", of(sigmoid)))
            };
            write_list(&mut target, "probA", numbers(|sigmoid| sigmoid.a))?;
            write_list(&mut target, "probB", numbers(|sigmoid| sigmoid.b))?;
        }
        write_list(&mut target, "nr_sv", parts.vectors_per_class.iter().map(usize::to_string))?;
        writeln!(target, "SV")?;
        for (vector, coefficients) in
            parts.vectors.rows().into_iter().zip(parts.coefficients.columns())
        {
            for coefficient in coefficients {
                write!(target, "{coefficient:?} ")?;
            }
            if parts.kernel == Kernel::Precomputed {
                write!(target, "0:{} ", vector[0] + 1.0)?;
            } else {
                for (column, value) in vector.indexed_iter().filter(|&(_, &value)| value != 0.0) {
                    write!(target, "{}:{value:?} ", column + 1)?;
                }
            }
            writeln!(target)?;
        }
        Ok(target.flush()?)
    }
}

/// LIBSVM's name of a kernel, and the lines with its numbers.
type WrittenKernel = (&'static str, Vec<(&'static str, String)>);

fn written_kernel(kernel: Kernel) -> Result<WrittenKernel, LibsvmWriteError> {
    let unsupported = |what| Err(LibsvmWriteError::Unsupported { what });
    // With all digits of the 32 bits, so that LIBSVM works with the same number.
    let text = |name, value: f32| (name, format!("{:?}", f64::from(value)));
    Ok(match kernel {
        Kernel::Linear => ("linear", Vec::new()),
        Kernel::Polynomial { gamma, coef0, degree } => {
            let degree = ("degree", degree.to_string());
            ("polynomial", vec![degree, text("gamma", gamma), text("coef0", coef0)])
        }
        Kernel::Rbf { gamma } => ("rbf", vec![text("gamma", gamma)]),
        Kernel::Sigmoid { gamma, coef0 } => {
            ("sigmoid", vec![text("gamma", gamma), text("coef0", coef0)])
        }
        Kernel::Precomputed => ("precomputed", Vec::new()),
        Kernel::HistogramIntersection => return unsupported("histogram intersection kernel"),
        Kernel::ChiSquare { .. } => return unsupported("chi-square kernel"),
    })
}

fn write_list(
    target: &mut impl Write,
    name: &str,
    values: impl Iterator<Item = String>,
) -> io::Result<()> {
    write!(target, "{name}")?;
    for value in values {
        write!(target, " {value}")?;
    }
    writeln!(target)
}

/// The lines before the support vectors.
#[derive(Default)]
struct Head {
    kernel: Option<String>,
    gamma: Option<f32>,
    coef0: Option<f32>,
    degree: Option<u16>,
    classes: Option<usize>,
    total: Option<usize>,
    rho: Vec<f64>,
    labels: Vec<i32>,
    vectors_per_class: Vec<usize>,
    prob_a: Vec<f64>,
    prob_b: Vec<f64>,
}

impl Head {
    /// Reads up to the line `SV`, and checks what the support vectors are read by.
    fn read(lines: &mut Lines<impl BufRead>) -> Result<Self, TextError> {
        let mut head = Self::default();
        loop {
            let Some(line) = lines.next()? else { return Err(TextError::Missing { name: "SV" }) };
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("SV") => break,
                Some(name) => head.line(name, words).map_err(|fault| lines.fault(fault))?,
                None => {}
            }
        }
        let classes = head.classes.ok_or(TextError::Missing { name: "nr_class" })?;
        head.total.ok_or(TextError::Missing { name: "total_sv" })?;
        for (name, found) in
            [("labels", head.labels.len()), ("values of nr_sv", head.vectors_per_class.len())]
        {
            if found != classes {
                return Err(TextError::Count { what: name, found, expected: classes });
            }
        }
        Ok(head)
    }

    fn line(&mut self, name: &str, mut words: SplitAsciiWhitespace<'_>) -> Result<(), LineFault> {
        match name {
            "svm_type" => match words.next() {
                Some("c_svc" | "nu_svc") => {}
                other => return Err(LineFault::Unsupported(other.unwrap_or_default().to_owned())),
            },
            "kernel_type" => self.kernel = Some(one(words)?),
            "gamma" => self.gamma = Some(number(&one::<String>(words)?)?),
            "coef0" => self.coef0 = Some(number(&one::<String>(words)?)?),
            "degree" => self.degree = Some(one(words)?),
            "nr_class" => self.classes = Some(one(words)?),
            "total_sv" => self.total = Some(one(words)?),
            "rho" => self.rho = words.map(number).collect::<Result<_, _>>()?,
            "label" => self.labels = words.map(parsed).collect::<Result<_, _>>()?,
            "nr_sv" => self.vectors_per_class = words.map(parsed).collect::<Result<_, _>>()?,
            "probA" => self.prob_a = words.map(number).collect::<Result<_, _>>()?,
            "probB" => self.prob_b = words.map(number).collect::<Result<_, _>>()?,
            name => return Err(LineFault::Unexpected(name.to_owned())),
        }
        Ok(())
    }

    /// One for each pair of classes, or none at all.
    fn sigmoids(&self) -> Result<Vec<Platt>, TextError> {
        let expected = match (self.prob_a.is_empty(), self.prob_b.is_empty()) {
            (true, true) => 0,
            _ => self.rho.len(),
        };
        for (what, found) in
            [("values of probA", self.prob_a.len()), ("values of probB", self.prob_b.len())]
        {
            if found != expected {
                return Err(TextError::Count { what, found, expected });
            }
        }
        let pairs = self.prob_a.iter().zip(&self.prob_b);
        Ok(pairs.map(|(&a, &b)| Platt { a, b, converged: true }).collect())
    }

    fn kernel(&self) -> Result<Kernel, TextError> {
        let gamma = || self.gamma.ok_or(TextError::Missing { name: "gamma" });
        let coef0 = || self.coef0.ok_or(TextError::Missing { name: "coef0" });
        let degree = || self.degree.ok_or(TextError::Missing { name: "degree" });
        let name = self.kernel.as_deref().ok_or(TextError::Missing { name: "kernel_type" })?;
        Ok(match name {
            "linear" => Kernel::Linear,
            "polynomial" => {
                Kernel::Polynomial { gamma: gamma()?, coef0: coef0()?, degree: degree()? }
            }
            "rbf" => Kernel::Rbf { gamma: gamma()? },
            "sigmoid" => Kernel::Sigmoid { gamma: gamma()?, coef0: coef0()? },
            "precomputed" => Kernel::Precomputed,
            other => return Err(TextError::Kernel { name: other.to_owned() }),
        })
    }
}

/// The support vectors and their coefficients, in the shapes of [`SvmParts`].
fn read_vectors(
    lines: &mut Lines<impl BufRead>,
    head: &Head,
    kernel: Kernel,
    features: Option<usize>,
) -> Result<(Array2<f32>, Array2<f64>), TextError> {
    // The head has as many labels as classes, so this is no more than the file is long.
    let per_vector = head.labels.len().saturating_sub(1);
    let mut rows = SparseRows::default();
    let mut coefficients = Vec::new();
    while let Some(line) = lines.next()? {
        if line.is_empty() {
            continue;
        }
        let mut words = line.split_ascii_whitespace();
        let mut read = || {
            for _ in 0..per_vector {
                coefficients.push(number(words.next().ok_or(LineFault::TooShort)?)?);
            }
            match kernel {
                Kernel::Precomputed => rows.push_place(words.by_ref()),
                _ => rows.push(words.by_ref()),
            }?;
            match features.filter(|&features| rows.features() > features) {
                Some(features) if kernel != Kernel::Precomputed => {
                    Err(LineFault::TooHigh { index: rows.features(), features })
                }
                _ => Ok(()),
            }
        };
        let read: Result<(), LineFault> = read();
        read.map_err(|fault| lines.fault(fault))?;
    }
    if head.total != Some(rows.len()) {
        let (found, expected) = (rows.len(), head.total.unwrap_or_default());
        return Err(TextError::Count { what: "support vectors", found, expected });
    }
    let columns = match kernel {
        Kernel::Precomputed => 1,
        _ => features.unwrap_or(rows.features()),
    };
    let coefficients = Array2::from_shape_vec((rows.len(), per_vector), coefficients)
        .expect("each row has that many");
    Ok((rows.dense(columns)?, coefficients.reversed_axes()))
}

/// The highest place of a training row; 0 if there is none.
fn highest(vectors: &Array2<f32>) -> usize {
    vectors.iter().fold(0.0, |highest, &place| f32::max(highest, place)) as usize
}

/// The only word of a line.
fn one<T: std::str::FromStr>(mut words: SplitAsciiWhitespace<'_>) -> Result<T, LineFault> {
    parsed(words.next().ok_or(LineFault::TooShort)?)
}

fn parsed<T: std::str::FromStr>(word: &str) -> Result<T, LineFault> {
    word.parse().map_err(|_| LineFault::Number(word.to_owned()))
}
