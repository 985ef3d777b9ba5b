//! Models of [`crate::Svm`] on disk, in a format of our own: data only, nothing to execute.
//!
//! The file is one of the `safetensors` format, which many programs read: a JSON head with the
//! place of each array, then the arrays as little-endian bytes. Its metadata has one entry,
//! `classic.svm`, a JSON object with the version, the kernel and the classes. The arrays:
//!
//! | name | type | shape |
//! |---|---|---|
//! | `vectors` | F32 | support vectors x features |
//! | `coefficients` | F64 | as [`SvmParts::coefficients`] |
//! | `rho` | F64 | boundaries |
//! | `fits` | F64 | boundaries x (objective, duality gap, violation, weight norm) |
//! | `iterations` | U64 | boundaries |
//! | `converged` | U8 | boundaries |
//!
//! The last three are there if the model was trained here. What is read is a model in which
//! nothing contradicts anything else, or an error.

use crate::kernel::Kernel;
use crate::svm_model::{PairFit, SvmModel};
use crate::svm_parts::{MultiClass, PartsError, SvmParts};
use ndarray::{Array, Dimension, Ix1, Ix2};
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use thiserror::Error;

const VERSION: u32 = 1;
/// Name of the metadata.
const HEAD: &str = "classic.svm";
/// Scores take so many numbers per row; a damaged file must not ask for all memory.
const MAX_CLASSES: usize = 1 << 16;

/// Why a file is not a model.
#[derive(Debug, Error)]
pub enum SvmFileError {
    /// Not a whole `safetensors` file.
    #[error("this is not a whole safetensors file")]
    Container(#[from] SafeTensorError),
    /// A `safetensors` file of something else.
    #[error("there is no metadata `{HEAD}`: the file holds something else")]
    NoHead,
    /// Metadata that cannot be understood.
    #[error("the metadata `{HEAD}` cannot be understood")]
    Head(#[from] serde_json::Error),
    /// Written by a later version of this project, most likely.
    #[error("the file has version {found} of the format; versions up to {VERSION} are read")]
    Version {
        /// Version found.
        found: u32,
    },
    /// An array that is missing, or has another type or number of dimensions.
    #[error("there is no array `{name}` of type {dtype:?} with {dimensions} dimension(s)")]
    Array {
        /// Its name.
        name: &'static str,
        /// What it should hold.
        dtype: Dtype,
        /// How many dimensions it should have.
        dimensions: usize,
    },
    /// An absurd number of classes.
    #[error("the model has {found} classes; at most {MAX_CLASSES} are read")]
    TooManyClasses {
        /// Classes found.
        found: usize,
    },
    /// Numbers that do not make a model.
    #[error(transparent)]
    Parts(#[from] PartsError),
}

/// Tells the version, whatever else there is.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: u32,
    #[serde(with = "KernelText")]
    kernel: Kernel,
    multi_class: MultiClass,
    class_count: usize,
    classes: Vec<usize>,
    features: usize,
    vectors_per_class: Vec<usize>,
}

/// What [`Kernel`] looks like in a file.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Kernel", tag = "name", rename_all = "snake_case", deny_unknown_fields)]
enum KernelText {
    Linear,
    Polynomial { gamma: f32, coef0: f32, degree: u16 },
    Rbf { gamma: f32 },
    Sigmoid { gamma: f32, coef0: f32 },
    Precomputed,
    HistogramIntersection,
    ChiSquare { gamma: f32 },
}

impl SvmModel {
    /// The model as a file. Equal models give equal bytes.
    ///
    /// ```
    /// use base::{Labels, Seed};
    /// use classic::{Svm, SvmModel, SvmParams};
    /// let x = ndarray::array![[0.0], [0.1], [1.0], [1.1]];
    /// let y = Labels::new(vec![0, 0, 1, 1], &["low".to_owned(), "high".to_owned()]).unwrap();
    /// let model = Svm::new(&SvmParams::default()).unwrap().train(&x, &y).unwrap();
    /// let read = SvmModel::from_bytes(&model.to_bytes()).unwrap();
    /// assert_eq!(read.to_parts(), model.to_parts());
    /// assert_eq!(read.fits(), model.fits());
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let parts = self.to_parts();
        let head = Head {
            version: VERSION,
            kernel: parts.kernel,
            multi_class: parts.multi_class,
            class_count: parts.class_count,
            classes: parts.classes,
            features: parts.features,
            vectors_per_class: parts.vectors_per_class,
        };
        let mut arrays = Arrays::default();
        arrays.add("vectors", Dtype::F32, &parts.vectors, |value| value.to_le_bytes());
        arrays.add("coefficients", Dtype::F64, &parts.coefficients, |value| value.to_le_bytes());
        arrays.add("rho", Dtype::F64, &Array::from_vec(parts.rho), |value| value.to_le_bytes());
        arrays.add_fits(self.fits());
        arrays.into_bytes(&head)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// If it is damaged, from a later version, or not a model; see [`SvmFileError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SvmFileError> {
        let (_, metadata) = SafeTensors::read_metadata(bytes)?;
        let head = metadata.metadata().as_ref().and_then(|metadata| metadata.get(HEAD));
        let head = head.ok_or(SvmFileError::NoHead)?;
        let Version { version } = serde_json::from_str(head)?;
        if version != VERSION {
            return Err(SvmFileError::Version { found: version });
        }
        let head: Head = serde_json::from_str(head)?;
        if head.class_count > MAX_CLASSES {
            return Err(SvmFileError::TooManyClasses { found: head.class_count });
        }
        let arrays = SafeTensors::deserialize(bytes)?;
        let model = Self::from_parts(SvmParts {
            kernel: head.kernel,
            multi_class: head.multi_class,
            class_count: head.class_count,
            classes: head.classes,
            features: head.features,
            vectors_per_class: head.vectors_per_class,
            vectors: array::<_, Ix2, 4>(&arrays, "vectors", Dtype::F32, f32::from_le_bytes)?,
            coefficients: array::<_, Ix2, 8>(
                &arrays,
                "coefficients",
                Dtype::F64,
                f64::from_le_bytes,
            )?,
            rho: array::<_, Ix1, 8>(&arrays, "rho", Dtype::F64, f64::from_le_bytes)?.to_vec(),
        })?;
        if arrays.tensor("fits").is_err() {
            return Ok(model);
        }
        let fits = read_fits(&arrays, model.pairs().len())?;
        Ok(model.with_fits(fits))
    }
}

/// Arrays that are going to be written.
#[derive(Default)]
struct Arrays {
    arrays: Vec<(&'static str, Dtype, Vec<usize>, Vec<u8>)>,
}

impl Arrays {
    fn add<T: Copy, D: Dimension, const N: usize>(
        &mut self,
        name: &'static str,
        dtype: Dtype,
        array: &Array<T, D>,
        bytes: impl Fn(T) -> [u8; N],
    ) {
        // In the order of the indices, whatever the order in memory.
        let bytes = array.iter().flat_map(|&value| bytes(value)).collect();
        self.arrays.push((name, dtype, array.shape().to_vec(), bytes));
    }

    fn add_fits(&mut self, fits: &[PairFit]) {
        if fits.is_empty() {
            return;
        }
        let numbers =
            |fit: &PairFit| [fit.objective, fit.duality_gap, fit.violation, fit.weight_norm];
        let numbers: Vec<[f64; 4]> = fits.iter().map(numbers).collect();
        let iterations: Array<u64, Ix1> = fits.iter().map(|fit| fit.iterations).collect();
        let converged: Array<u8, Ix1> = fits.iter().map(|fit| fit.converged.into()).collect();
        self.add("fits", Dtype::F64, &ndarray::arr2(&numbers), |value| value.to_le_bytes());
        self.add("iterations", Dtype::U64, &iterations, |value| value.to_le_bytes());
        self.add("converged", Dtype::U8, &converged, |value| [value]);
    }

    fn into_bytes(self, head: &Head) -> Vec<u8> {
        let head = serde_json::to_string(head).expect("plain data becomes JSON");
        let views = self.arrays.iter().map(|(name, dtype, shape, bytes)| {
            let view = TensorView::new(*dtype, shape.clone(), bytes);
            (*name, view.expect("as many bytes as the shape says"))
        });
        // One entry only: the order of several would be left to chance.
        let metadata = HashMap::from([(HEAD.to_owned(), head)]);
        safetensors::serialize(views, Some(metadata)).expect("the arrays are sound")
    }
}

/// An array of this name, type and number of dimensions; `N` bytes per number.
fn array<T, D: Dimension, const N: usize>(
    arrays: &SafeTensors<'_>,
    name: &'static str,
    dtype: Dtype,
    number: fn([u8; N]) -> T,
) -> Result<Array<T, D>, SvmFileError> {
    let dimensions = D::NDIM.unwrap_or_default();
    let wrong = || SvmFileError::Array { name, dtype, dimensions };
    let view = arrays.tensor(name).map_err(|_| wrong())?;
    if view.dtype() != dtype || view.shape().len() != dimensions {
        return Err(wrong());
    }
    let (pieces, _) = view.data().as_chunks::<N>();
    let values = pieces.iter().map(|&bytes| number(bytes)).collect();
    let array = Array::from_shape_vec(view.shape(), values).map_err(|_| wrong())?;
    array.into_dimensionality().map_err(|_| wrong())
}

fn read_fits(arrays: &SafeTensors<'_>, pairs: usize) -> Result<Vec<PairFit>, SvmFileError> {
    let numbers = array::<_, Ix2, 8>(arrays, "fits", Dtype::F64, f64::from_le_bytes)?;
    let iterations = array::<_, Ix1, 8>(arrays, "iterations", Dtype::U64, u64::from_le_bytes)?;
    let converged = array::<_, Ix1, 1>(arrays, "converged", Dtype::U8, u8::from_le_bytes)?;
    for (what, found, expected) in [
        ("rows of `fits`", numbers.nrows(), pairs),
        ("columns of `fits`", numbers.ncols(), 4),
        ("values of `iterations`", iterations.len(), pairs),
        ("values of `converged`", converged.len(), pairs),
    ] {
        if found != expected {
            return Err(PartsError::Size { what, found, expected }.into());
        }
    }
    let fits = numbers.rows().into_iter().zip(&iterations).zip(&converged);
    let fits = fits.map(|((numbers, &iterations), &converged)| PairFit {
        objective: numbers[0],
        duality_gap: numbers[1],
        violation: numbers[2],
        weight_norm: numbers[3],
        iterations,
        converged: converged == 1,
    });
    Ok(fits.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::clouds;
    use crate::{Gamma, KernelName, Svm, SvmParams};
    use proptest::prelude::*;

    fn model(kernel: KernelName) -> SvmModel {
        let (x, y) = clouds(3, 12);
        let params = SvmParams { kernel, gamma: Gamma::Value(0.5), ..Default::default() };
        let svm = Svm::new(&params).expect("valid");
        svm.train(&x, &y).expect("learns")
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        use KernelName::{ChiSquare, HistogramIntersection, Linear, Polynomial, Rbf, Sigmoid};
        for kernel in [Linear, Polynomial, Rbf, Sigmoid, HistogramIntersection, ChiSquare] {
            let trained = model(kernel);
            let made = SvmModel::from_parts(trained.to_parts()).expect("its own parts");
            for model in [trained, made] {
                let bytes = model.to_bytes();
                let read = SvmModel::from_bytes(&bytes).expect("a whole file");
                assert_eq!(read.to_parts(), model.to_parts(), "{kernel:?}");
                assert_eq!(read.fits(), model.fits(), "{kernel:?}");
                assert_eq!(read.to_bytes(), bytes, "{kernel:?}");
            }
        }
    }

    /// Pinned, not verified: files that were written once must stay readable.
    #[test]
    fn the_first_version_is_read() {
        let head = concat!(
            r#"{"__metadata__":{"classic.svm":"{\"version\":1,\"kernel\":{\"name\":\"rbf\","#,
            r#"\"gamma\":0.5},\"multi_class\":\"one_vs_one\",\"class_count\":3,"#,
            r#"\"classes\":[2,0],\"features\":1,\"vectors_per_class\":[1,1]}"},"#,
            r#""coefficients":{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]},"#,
            r#""rho":{"dtype":"F64","shape":[1],"data_offsets":[16,24]},"#,
            r#""vectors":{"dtype":"F32","shape":[2,1],"data_offsets":[24,32]}}"#,
        );
        let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
        bytes.extend(head.bytes());
        bytes.extend([1.5_f64, -1.5, 0.25].iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend([1.0_f32, -1.0].iter().flat_map(|value| value.to_le_bytes()));
        let parts = SvmModel::from_bytes(&bytes).unwrap().to_parts();
        assert_eq!(parts.kernel, Kernel::Rbf { gamma: 0.5 });
        assert_eq!((parts.classes, parts.class_count), (vec![2, 0], 3));
        assert_eq!(parts.vectors, ndarray::array![[1.0], [-1.0]]);
        assert_eq!(parts.coefficients, ndarray::array![[1.5, -1.5]]);
        assert_eq!(parts.rho, [0.25]);
    }

    /// The file with some text of its head replaced by other text of the same length.
    fn replaced(from: &str, to: &str) -> Vec<u8> {
        assert_eq!(from.len(), to.len(), "places of the arrays must not move");
        let bytes = model(KernelName::Rbf).to_bytes();
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes());
        let at = at.unwrap_or_else(|| panic!("`{from}` is not in the file"));
        [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
    }

    #[test]
    fn hostile_files_are_refused_with_a_reason() {
        let whole = model(KernelName::Rbf).to_bytes();
        let with_nan = {
            let mut bytes = whole.clone();
            let end = bytes.len();
            // The last array is `converged`, before it come numbers of 32 and more bits.
            bytes[end - 3 - 4..end - 3].copy_from_slice(&f32::NAN.to_le_bytes());
            bytes
        };
        for (bytes, words) in [
            (Vec::new(), "not a whole safetensors file"),
            (whole[..whole.len() - 1].to_vec(), "not a whole safetensors file"),
            (vec![0xff; 64], "not a whole safetensors file"),
            (replaced("classic.svm", "classic.abc"), "no metadata"),
            (replaced(r#"version\":1"#, r#"version\":2"#), "version 2 of the format"),
            (replaced(r#"one_vs_one"#, r#"one_vs_all"#), "cannot be understood"),
            (replaced(r#"class_count\":3"#, r#"class_count\":1"#), "is not below"),
            (replaced(r#"classes\":[0"#, r#"classes\":[9"#), "class 9"),
            (replaced(r#"classes\":[0,1"#, r#"classes\":[0,0"#), "class 0"),
            (replaced(r#"features\":4"#, r#"features\":5"#), "numbers per support vector"),
            (replaced(r#"gamma\":0.5"#, r#"gamma\":-10"#), "`gamma` holds -10"),
            (replaced(r#""rho""#, r#""roh""#), "no array `rho`"),
            (replaced(r#""F32""#, r#""I32""#), "no array `vectors`"),
            (with_nan, "`vectors` holds NaN"),
        ] {
            let error = SvmModel::from_bytes(&bytes).expect_err(words).to_string();
            assert!(error.contains(words), "{error}, not {words}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Whatever happens to some bytes: an error, or a model that predicts.
        #[test]
        fn damaged_files_never_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut bytes = model(KernelName::Polynomial).to_bytes();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Ok(model) = SvmModel::from_bytes(&bytes) {
                let x = ndarray::Array2::ones((2, model.features()));
                base::Predict::scores(&model, &x);
            }
        }
    }
}
