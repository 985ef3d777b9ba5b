//! Learned numbers as `safetensors` files, under the names PyTorch's `state_dict` gives them.
//!
//! A network of PyTorch is read if its modules have the names that the layers have here: in a
//! `Sequential`, their places; else, give the layers the names of the modules.
//!
//! ```text
//! torch.nn.Sequential(Conv2d(...), ReLU(), ...)        0.weight, 0.bias, ...
//! self.conv1 = Conv2d(...)                             { kind = "convolution", name = "conv1" }
//! ```
//!
//! Kernels, weights and normalisation lie in memory as PyTorch's do, so nothing is rearranged.
//! PyTorch's count of batches (`num_batches_tracked`) is passed over.

use super::Network;
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView, serialize};
use std::collections::{BTreeMap, HashMap};
use thiserror::Error;

/// Why a file does not hold the numbers of a network.
#[derive(Debug, Error)]
pub enum TensorsError {
    /// Not a whole `safetensors` file.
    #[error("this is not a whole safetensors file")]
    Container(#[from] SafeTensorError),
    /// An array that the network needs.
    #[error("there is no array `{name}`")]
    Missing {
        /// Its name.
        name: String,
    },
    /// An array that the network has no place for.
    #[error("the network has no place for the array `{name}`")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// An array of another type or shape.
    #[error("`{name}` is {found_type:?} of shape {found:?}, and should be F32 of shape {shape:?}")]
    Shape {
        /// Its name.
        name: String,
        /// Shape in the network.
        shape: Vec<usize>,
        /// Shape in the file.
        found: Vec<usize>,
        /// Type in the file.
        found_type: Dtype,
    },
    /// NaN or an infinity.
    #[error("`{name}` holds a number that is not finite")]
    NotFinite {
        /// Name of the array.
        name: String,
    },
}

impl Network<f32> {
    /// All learned numbers as a `safetensors` file. Equal numbers give equal bytes.
    pub fn to_safetensors(&self) -> Vec<u8> {
        let parameters = self.parameters();
        let arrays = parameters.iter().map(|p| (p.name.clone(), p.shape.clone(), &p.value[..]));
        write_arrays(arrays.collect(), None)
    }

    /// Replaces all learned numbers by those of a `safetensors` file: what
    /// [`Self::to_safetensors`] wrote, or a `state_dict` of PyTorch saved with
    /// `safetensors.torch.save_file`.
    ///
    /// # Errors
    /// If an array is missing, superfluous, of another shape, or not finite. Nothing is replaced
    /// then.
    pub fn load_safetensors(&mut self, bytes: &[u8]) -> Result<(), TensorsError> {
        let mut arrays = read_arrays(bytes)?;
        let mut values = Vec::new();
        for parameter in self.parameters() {
            values.push(take(&mut arrays, &parameter.name, &parameter.shape)?);
        }
        arrays.retain(|name, _| !name.ends_with("num_batches_tracked"));
        if let Some((name, _)) = arrays.pop_first() {
            return Err(TensorsError::Unknown { name });
        }
        self.restore(&values);
        Ok(())
    }
}

/// An array of a file: type, shape, bytes.
pub(crate) type Raw = (Dtype, Vec<usize>, Vec<u8>);

pub(crate) fn read_arrays(bytes: &[u8]) -> Result<BTreeMap<String, Raw>, TensorsError> {
    let file = SafeTensors::deserialize(bytes)?;
    let array = |(name, view): (String, TensorView<'_>)| {
        (name, (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
    };
    Ok(file.tensors().into_iter().map(array).collect())
}

/// Takes the array of that name, which must have that shape.
pub(crate) fn take(
    arrays: &mut BTreeMap<String, Raw>,
    name: &str,
    shape: &[usize],
) -> Result<Vec<f32>, TensorsError> {
    let missing = || TensorsError::Missing { name: name.to_owned() };
    let (found_type, found, bytes) = arrays.remove(name).ok_or_else(missing)?;
    if found_type != Dtype::F32 || found != shape {
        let (name, shape) = (name.to_owned(), shape.to_vec());
        return Err(TensorsError::Shape { name, shape, found, found_type });
    }
    let numbers = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let values: Vec<f32> = numbers.collect();
    if values.iter().any(|value| !value.is_finite()) {
        return Err(TensorsError::NotFinite { name: name.to_owned() });
    }
    Ok(values)
}

/// A `safetensors` file of arrays of 32-bit numbers, with up to one entry of metadata (of several,
/// the order in the file would be left to chance).
pub(crate) fn write_arrays(
    arrays: Vec<(String, Vec<usize>, &[f32])>,
    metadata: Option<(&str, String)>,
) -> Vec<u8> {
    let bytes = arrays.into_iter().map(|(name, shape, values)| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        (name, shape, bytes)
    });
    let bytes: Vec<_> = bytes.collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("as many as it says");
        (name.clone(), view)
    });
    let metadata = metadata.map(|(name, text)| HashMap::from([(name.to_owned(), text)]));
    serialize(views, metadata).expect("arrays in memory can be written")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Shape;
    use crate::network::NetworkSpec;
    use base::Seed;

    fn network(seed: u64) -> Network<f32> {
        let text = r#"layers = [
            { kind = "convolution", maps = 2, size = 3, bias = false },
            { kind = "batch-norm" },
            { kind = "affine", name = "last" },
        ]"#;
        let input = Shape { channels: 1, height: 4, width: 4 };
        Network::new(&NetworkSpec::from_toml(text).unwrap(), input, 3, Seed(seed)).unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        let (first, mut second) = (network(1), network(2));
        assert_ne!(first.snapshot(), second.snapshot());
        second.load_safetensors(&first.to_safetensors()).unwrap();
        assert_eq!(first.snapshot(), second.snapshot());
        assert_eq!(first.to_safetensors(), second.to_safetensors());
    }

    #[test]
    fn what_does_not_fit_is_named_and_changes_nothing() {
        let mut network = network(1);
        let before = network.snapshot();
        type Arrays = Vec<(String, Vec<usize>, Vec<f32>)>;
        let with = |change: &dyn Fn(&mut Arrays)| {
            let of =
                |p: &&crate::Parameter<f32>| (p.name.clone(), p.shape.clone(), p.value.clone());
            let mut arrays = self::network(2).parameters().iter().map(of).collect();
            change(&mut arrays);
            let arrays =
                arrays.iter().map(|(name, shape, v)| (name.clone(), shape.clone(), &v[..]));
            write_arrays(arrays.collect(), None)
        };
        let mut refused = |bytes: &[u8]| network.load_safetensors(bytes).unwrap_err().to_string();
        assert_eq!(refused(b"nonsense"), "this is not a whole safetensors file");
        let missing = with(&|arrays| drop(arrays.remove(1)));
        assert_eq!(refused(&missing), "there is no array `1.weight`");
        let more = with(&|arrays| arrays.push(("4.bias".to_owned(), vec![1], vec![0.0])));
        assert_eq!(refused(&more), "the network has no place for the array `4.bias`");
        let other = with(&|arrays| arrays[0].1 = vec![2, 9]);
        assert_eq!(
            refused(&other),
            "`0.weight` is F32 of shape [2, 9], and should be F32 of shape [2, 1, 3, 3]"
        );
        let nan = with(&|arrays| arrays[2].2[1] = f32::NAN);
        assert_eq!(refused(&nan), "`1.bias` holds a number that is not finite");
        assert_eq!(network.snapshot(), before);
        // PyTorch counts batches, as a 64-bit integer without dimensions.
        let counted = with(&|a| a.push(("1.num_batches_tracked".to_owned(), vec![], vec![3.0])));
        network.load_safetensors(&counted).unwrap();
        assert_eq!(network.snapshot(), self::network(2).snapshot());
    }
}
