//! Files of Hugging Face's layout.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;

use super::ExportError;
use crate::pretrained::Tensor;

/// Writes a file of JSON that people read too.
pub(crate) fn json(path: &Path, value: &Value) -> Result<(), ExportError> {
    let text = format!("{value:#}\n");
    std::fs::write(path, text).map_err(ExportError::write(path))
}

/// Writes tensors as 32-bit floats.
pub(crate) fn safetensors(path: &Path, tensors: &BTreeMap<String, Tensor>) -> Result<(), ExportError> {
    let failed = |error: safetensors::SafeTensorError| {
        ExportError::write(path)(std::io::Error::other(error.to_string()))
    };
    let bytes: Vec<(&String, &Tensor, Vec<u8>)> =
        tensors.iter().map(|(name, tensor)| (name, tensor, little_endian(&tensor.values))).collect();
    let views = bytes
        .iter()
        .map(|(name, tensor, bytes)| {
            TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).map(|view| (name.as_str(), view))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    // Transformers asks for the name of the library that the shapes are of.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(failed)?;
    std::fs::write(path, bytes).map_err(ExportError::write(path))
}

/// Values as files hold them.
pub(crate) fn little_endian(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
