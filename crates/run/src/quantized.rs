//! Int8 weights in safetensors: the matrices of products as 8-bit integers, each with a tensor of scales, `NAME.scale`,
//! one for each output; other parameters as 32-bit floats.

use std::collections::BTreeMap;
use std::path::Path;

use any2any_architecture::Architecture;
use any2any_inference::Quantized;
use any2any_portable::ProductOutputs;
use safetensors::tensor::{Dtype, View};

use crate::atomic_file;
use crate::error::RunError;
use crate::parameters::Weights;
use crate::weights_file::serialize;

/// The suffix of the name of a tensor of scales.
pub(crate) const SCALE: &str = ".scale";

/// The output dimension of a parameter; `None` if it is in no product with activations.
pub fn product_outputs(name: &str, shape: &[usize]) -> Option<ProductOutputs> {
    match shape {
        [_, _] if name.ends_with(".weight") => Some(ProductOutputs::Columns),
        [_, _] if name.ends_with(".table") && !name.ends_with("positions.table") => {
            Some(ProductOutputs::Rows)
        }
        _ => None,
    }
}

/// A tensor to be written into a file.
struct Stored {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Stored {
    fn floats(shape: Vec<usize>, values: &[f32]) -> Self {
        Self {
            dtype: Dtype::F32,
            shape,
            bytes: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }
}

impl View for Stored {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        (&self.bytes).into()
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// Writes parameters as safetensors, with the matrices of products rounded to int8.
///
/// # Errors
///
/// When the file cannot be written.
pub fn write_rounded_weights(
    path: &Path,
    weights: &BTreeMap<String, Weights>,
    architecture: Option<&Architecture>,
) -> Result<(), RunError> {
    let mut tensors: Vec<(String, Stored)> = Vec::new();
    for (name, Weights { shape, values }) in weights {
        let rounded = match product_outputs(name, shape) {
            Some(ProductOutputs::Rows) => Quantized::rows(values, shape[1]),
            Some(ProductOutputs::Columns) => Quantized::columns(values, shape[1]),
            None => {
                tensors.push((name.clone(), Stored::floats(shape.clone(), values)));
                continue;
            }
        };
        let bytes = rounded.values.iter().map(|&value| value as u8).collect();
        tensors.push((name.clone(), Stored { dtype: Dtype::I8, shape: shape.clone(), bytes }));
        let scales = Stored::floats(vec![rounded.scales.len()], &rounded.scales);
        tensors.push((format!("{name}{SCALE}"), scales));
    }
    let bytes = serialize(tensors, architecture)
        .map_err(|error| RunError::run(path, format!("cannot write these weights: {error}")))?;
    atomic_file::write(path, &bytes)
}

/// A parameter dequantized from its integers and scales; `None` if their sizes do not fit.
pub(crate) fn restore(name: &str, shape: &[usize], bytes: &[u8], scales: &[f32]) -> Option<Weights> {
    let rounded =
        Quantized { values: bytes.iter().map(|&byte| byte as i8).collect(), scales: scales.to_vec() };
    let output = product_outputs(name, shape)?;
    let outputs = if output == ProductOutputs::Rows { shape[0] } else { shape[1] };
    if scales.len() != outputs || bytes.len() != shape[0] * shape[1] {
        return None;
    }
    let values = match output {
        ProductOutputs::Rows => rounded.to_rows(shape[1]),
        ProductOutputs::Columns => rounded.to_columns(),
    };
    Some(Weights { shape: shape.to_vec(), values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights_file::{count_weights, read_weights};

    #[test]
    fn rounded_weights_come_back_close_and_a_quarter_as_large() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("model.safetensors");
        let values = |count: usize| (0..count).map(|at| ((at * 37) % 101) as f32 / 50.0 - 1.0).collect();
        let parameter =
            |shape: &[usize]| Weights { shape: shape.to_vec(), values: values(shape.iter().product()) };
        let names: [(&str, &[usize]); 5] = [
            ("a.weight", &[64, 32]),
            ("a.bias", &[32]),
            ("heads.0.table", &[300, 16]),
            ("encoder.positions.table", &[5, 16]),
            ("task_vectors", &[2, 16]),
        ];
        let weights: BTreeMap<String, Weights> =
            names.iter().map(|(name, shape)| ((*name).to_owned(), parameter(shape))).collect();
        write_rounded_weights(&path, &weights, None).expect("written");
        let read = read_weights(&path).expect("readable");
        assert!(read.keys().eq(weights.keys()));
        for (name, found) in &read {
            let exact = product_outputs(name, &found.shape).is_none();
            assert_eq!(found.shape, weights[name].shape);
            for (found, given) in found.values.iter().zip(&weights[name].values) {
                let difference = (found - given).abs();
                assert!(difference <= if exact { 0.0 } else { 0.51 / 127.0 }, "{name}: {difference}");
            }
        }
        let floats: usize = weights.values().map(|weights| 4 * weights.values.len()).sum();
        assert_eq!(count_weights(&path).expect("readable") as usize, floats / 4, "scales are no parameters");
        let size = std::fs::metadata(&path).expect("written").len() as usize;
        assert!(size * 3 < floats, "{size} of {floats} bytes");

        // Reading a rounded file and writing it again gives the same bytes.
        let before = std::fs::read(&path).expect("written");
        write_rounded_weights(&path, &read, None).expect("written");
        let again = read_weights(&path).expect("readable");
        for (name, found) in &again {
            for (found, given) in found.values.iter().zip(&read[name].values) {
                assert!((found - given).abs() <= 1e-6 * given.abs(), "{name}");
            }
        }
        assert_eq!(std::fs::read(&path).expect("written").len(), before.len());
    }
}
