//! Files of weights: safetensors of 32-bit floats, or of int8 with scales.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::io::Read;
use std::path::Path;

use any2any_architecture::Architecture;
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorView, View};
use serde_json::Value;

use crate::atomic_file;
use crate::checksums::Checksums;
use crate::error::RunError;
use crate::lora::Lora;
use crate::parameters::{self, Weights};
use crate::quantized::{SCALE, restore};

/// The most bytes of a header, the limit of the safetensors library.
const HEAD: u64 = 100_000_000;

/// The key of the architecture in a file's metadata.
const ARCHITECTURE: &str = "architecture";

/// Serializes tensors as safetensors, with the architecture in the header: the same bytes for the same tensors.
pub(crate) fn serialize<S: AsRef<str> + Ord + Display, V: View>(
    tensors: Vec<(S, V)>,
    architecture: Option<&Architecture>,
) -> Result<Vec<u8>, SafeTensorError> {
    let mut metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    if let Some(architecture) = architecture {
        let json = serde_json::to_string(architecture).expect("an architecture is plain data");
        metadata.insert(ARCHITECTURE.to_owned(), json);
    }
    let mut bytes = safetensors::serialize(tensors, Some(metadata))?;
    sort_metadata(&mut bytes);
    Ok(bytes)
}

/// Sorts the metadata of a header by name. The library writes them in that of a hash map, which is another in every
/// process, and a training must give the same bytes each time.
fn sort_metadata(file: &mut [u8]) {
    let Some((length, rest)) = file.split_first_chunk_mut() else { return };
    let Some(head) = rest.get_mut(..u64::from_le_bytes(*length) as usize) else { return };
    let Ok(mut entries) = serde_json::from_slice::<serde_json::Map<_, _>>(head) else { return };
    if let Some(Value::Object(metadata)) = entries.get_mut("__metadata__") {
        metadata.sort_keys();
    }
    let sorted = Value::Object(entries).to_string();
    // The new header has the length of the old one, but for its padding of spaces.
    if let Some((text, spaces)) = head.split_at_mut_checked(sorted.len()) {
        text.copy_from_slice(sorted.as_bytes());
        spaces.fill(b' ');
    }
}

/// The architecture in a file of weights; `None` for files of early versions or other programs.
///
/// # Errors
///
/// If it is no safetensors file, or its metadata is no architecture.
pub fn read_architecture(path: &Path) -> Result<Option<Architecture>, RunError> {
    let head = read_head(path)?;
    let Some(json) = head.metadata().as_ref().and_then(|metadata| metadata.get(ARCHITECTURE)) else {
        return Ok(None);
    };
    let broken =
        |reason: String| RunError::run(path, format!("the architecture in its head is broken: {reason}"));
    let architecture: Architecture = serde_json::from_str(json).map_err(|error| broken(error.to_string()))?;
    architecture.check().map_err(|error| broken(error.to_string()))?;
    Ok(Some(architecture))
}

/// Writes parameters as safetensors, with the architecture in its head.
pub fn write_weights(
    path: &Path,
    weights: &BTreeMap<String, Weights>,
    architecture: Option<&Architecture>,
) -> Result<(), RunError> {
    let views: Vec<(&String, TensorView<'_>)> = weights
        .iter()
        .map(|(name, weights)| {
            let bytes = bytemuck::cast_slice(&weights.values);
            TensorView::new(Dtype::F32, weights.shape.clone(), bytes).map(|view| (name, view))
        })
        .collect::<Result<_, _>>()
        .map_err(|error| RunError::run(path, format!("cannot write these weights: {error}")))?;
    let bytes = serialize(views, architecture)
        .map_err(|error| RunError::run(path, format!("cannot write these weights: {error}")))?;
    atomic_file::write(path, &bytes)
}

/// Reads parameters from safetensors; int8 values become floats.
pub fn read_weights(path: &Path) -> Result<BTreeMap<String, Weights>, RunError> {
    read_any_weights(path).map(|(weights, _)| weights)
}

/// Reads parameters from safetensors as they stand in the file, without a low-rank adaptation beside it.
pub(crate) fn read_unadapted_weights(path: &Path) -> Result<BTreeMap<String, Weights>, RunError> {
    read_file(path).map(|(weights, _)| weights)
}

/// Reads parameters from safetensors, with the low-rank adaptation beside them merged into them, and tells whether some
/// of them are int8.
///
/// A file with a checksum beside it must agree with it.
pub fn read_any_weights(path: &Path) -> Result<(BTreeMap<String, Weights>, bool), RunError> {
    let (mut weights, rounded) = read_file(path)?;
    if let Some(lora) = Lora::beside(path)? {
        lora.merge_into(&mut weights).map_err(|reason| RunError::run(path, reason))?;
    }
    Ok((weights, rounded))
}

fn read_file(path: &Path) -> Result<(BTreeMap<String, Weights>, bool), RunError> {
    // Checked before memory is allocated: a sparse file may claim a terabyte.
    read_head(path)?;
    let bytes = std::fs::read(path).map_err(RunError::io(path))?;
    Checksums::beside(path)?.check(path, &bytes)?;
    let broken = |reason: String| {
        RunError::run(
            path,
            format!("not a safetensors file of 32-bit floats or of 8 bits with scales: {reason}"),
        )
    };
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| broken(error.to_string()))?;
    let (mut weights, mut rounded) = (BTreeMap::new(), Vec::new());
    for (name, view) in tensors.tensors() {
        match view.dtype() {
            Dtype::F32 => {
                // The file guarantees no alignment, so values are read one by one.
                let (fours, _) = view.data().as_chunks::<4>();
                let values = fours.iter().map(|&four| f32::from_le_bytes(four)).collect();
                weights.insert(name, Weights { shape: view.shape().to_vec(), values });
            }
            Dtype::I8 => rounded.push((name, view)),
            other => return Err(broken(format!("{name} holds {other:?}"))),
        }
    }
    let any_rounded = !rounded.is_empty();
    for (name, view) in rounded {
        let scales = weights.remove(&format!("{name}{SCALE}"));
        let scales = scales.ok_or_else(|| broken(format!("{name} has no {name}{SCALE} beside it")))?;
        let restored = restore(&name, view.shape(), view.data(), &scales.values);
        let restored = restored.ok_or_else(|| broken(format!("{name} does not fit its {name}{SCALE}")))?;
        weights.insert(name, restored);
    }
    Ok((weights, any_rounded))
}

/// Reads parameters, each value of which must be finite.
///
/// # Errors
///
/// Those of [`read_weights`], and the name of a parameter with an infinity or NaN.
pub fn read_finite_weights(path: &Path) -> Result<BTreeMap<String, Weights>, RunError> {
    let weights = read_weights(path)?;
    check_finite(path, &weights)?;
    Ok(weights)
}

/// Fails if a parameter of a file has an infinity or NaN.
pub fn check_finite(path: &Path, weights: &BTreeMap<String, Weights>) -> Result<(), RunError> {
    match parameters::not_finite(weights) {
        None => Ok(()),
        Some(name) => {
            let reason = format!("the parameter {name} is not finite; choose another checkpoint");
            Err(RunError::run(path, reason))
        }
    }
}

/// The number of parameters in a safetensors file, scales excluded: only its header is read.
///
/// # Errors
///
/// If it is no safetensors file.
pub fn count_weights(path: &Path) -> Result<u64, RunError> {
    let shapes = weights_shapes(path)?;
    let size = |shape: &Vec<usize>| shape.iter().fold(1_u64, |size, &of| size.saturating_mul(of as u64));
    Ok(shapes.values().map(size).fold(0, u64::saturating_add))
}

/// The shapes of a safetensors file's parameters, scales excluded: only its header is read.
///
/// # Errors
///
/// If it is no safetensors file.
pub(crate) fn weights_shapes(path: &Path) -> Result<BTreeMap<String, Vec<usize>>, RunError> {
    let head = read_head(path)?;
    let tensors = head.tensors();
    let is_scale = |name: &str| {
        let scaled = name.strip_suffix(SCALE).and_then(|name| tensors.get(name));
        scaled.is_some_and(|scaled| scaled.dtype == Dtype::I8)
    };
    let weights = tensors.iter().filter(|(name, _)| !is_scale(name));
    Ok(weights.map(|(name, tensor)| (name.clone(), tensor.shape.clone())).collect())
}

/// Reads the header of a safetensors file, whose size must agree with it.
fn read_head(path: &Path) -> Result<Metadata, RunError> {
    let broken = |reason: String| RunError::run(path, format!("not a safetensors file: {reason}"));
    let cannot = |error| RunError::io(path)(error);
    let (mut file, most) = atomic_file::open(path).map_err(cannot)?;
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(cannot)?;
    let length = u64::from_le_bytes(length);
    if length > most.min(HEAD) {
        let most = most.min(HEAD);
        return Err(broken(format!("its head has {length} bytes, and may have {most}")));
    }
    let mut head = Vec::new();
    file.take(length).read_to_end(&mut head).map_err(cannot)?;
    let head: Metadata = serde_json::from_slice(&head).map_err(|error| broken(error.to_string()))?;
    let promised = (head.data_len() as u64).saturating_add(8 + length);
    if promised != most {
        return Err(broken(format!("it has {most} bytes, and its head says {promised}")));
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn broken_files_are_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("model.safetensors");
        std::fs::write(&path, b"not weights").expect("written");
        let error = count_weights(&path).expect_err("broken").to_string();
        assert!(error.contains("model.safetensors"), "{error}");
        let error = read_weights(&path).expect_err("broken").to_string();
        assert!(error.contains("model.safetensors"), "{error}");
    }

    #[test]
    fn metadata_stand_in_one_order_whatever_the_hash_map_says() {
        let file = |metadata: &str| {
            let head = format!(
                r#"{{"__metadata__":{{{metadata}}},"a":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}}   "#
            );
            let mut file = (head.len() as u64).to_le_bytes().to_vec();
            file.extend(head.as_bytes());
            file.extend([1, 2, 3, 4]);
            sort_metadata(&mut file);
            file
        };
        let sorted = file(r#""architecture":"{\"d\":1}","format":"pt""#);
        assert_eq!(file(r#""format":"pt","architecture":"{\"d\":1}""#), sorted);
        let read = SafeTensors::deserialize(&sorted).expect("whole");
        assert_eq!(read.tensor("a").expect("there").data(), [1, 2, 3, 4]);
        let text = String::from_utf8_lossy(&sorted).into_owned();
        assert!(text.contains(r#"{"__metadata__":{"architecture""#) && text.contains("}}   "), "{text}");
    }

    #[test]
    fn a_file_has_the_bytes_that_its_head_promises() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("model.safetensors");
        let layer = Weights { shape: vec![2], values: vec![0.0, 1.0] };
        write_weights(&path, &BTreeMap::from([("layer.bias".to_owned(), layer)]), None).expect("written");
        read_weights(&path).expect("whole");
        let whole = std::fs::read(&path).expect("readable");
        let file = File::options().write(true).open(&path).expect("writable");
        // Nothing but a hole: no memory has room for it.
        file.set_len(1 << 43).expect("a file system with holes");
        let error = read_weights(&path).expect_err("too long").to_string();
        assert!(error.contains("8796093022208 bytes"), "{error}");
        let long = [&(1_u64 << 42).to_le_bytes()[..], &whole[8..]].concat();
        std::fs::write(&path, long).expect("written");
        File::options().write(true).open(&path).and_then(|file| file.set_len(1 << 43)).expect("a hole");
        let error = read_weights(&path).expect_err("a head without end").to_string();
        assert!(error.contains("may have 100000000"), "{error}");
    }

    #[test]
    fn what_is_not_finite_is_not_made_anything_of() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("model.safetensors");
        for (value, sound) in [(1.0, true), (f32::NAN, false), (f32::NEG_INFINITY, false)] {
            let layer = Weights { shape: vec![2], values: vec![0.0, value] };
            write_weights(&path, &BTreeMap::from([("layer.bias".to_owned(), layer)]), None).expect("written");
            match read_finite_weights(&path) {
                Ok(_) => assert!(sound, "{value} passes"),
                Err(error) => assert!(!sound && error.to_string().contains("layer.bias"), "{error}"),
            }
        }
    }
}
