//! NumPy's `.npz`: a ZIP archive of `.npy` files, which Marian does not compress.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use crate::error::PretrainedError;
use crate::safetensors::{Checkpoint, Place};
use crate::values::Values;

use super::{OPTIONS, OPTIONS_BYTES};

/// The most arrays, many times those of any model.
const ARRAYS: usize = 100_000;

/// The most bytes of an array's header.
const HEAD: usize = 65_536;

/// True if a file begins as a ZIP archive does.
pub(super) fn recognises(path: &Path) -> Result<bool, PretrainedError> {
    let mut head = [0; 4];
    let mut file = File::open(path).map_err(PretrainedError::read(path))?;
    Ok(file.read_exact(&mut head).is_ok() && head == *b"PK\x03\x04")
}

/// The tensors of a file, and the text of its options.
pub(super) fn read(path: &Path, file: File) -> Result<(Checkpoint, Vec<u8>), PretrainedError> {
    let damaged = |reason: String| PretrainedError::damaged(path, reason);
    let length = file.metadata().map_err(PretrainedError::read(path))?.len();
    let mut archive = ZipArchive::new(BufReader::new(&file)).map_err(|error| damaged(error.to_string()))?;
    if archive.len() > ARRAYS {
        return Err(damaged(format!("it claims to have {} arrays", archive.len())));
    }
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(|error| damaged(error.to_string()))?;
        let Some(name) = member.name().strip_suffix(".npy") else {
            return Err(damaged(format!("its member {} is no array", member.name())));
        };
        if member.compression() != CompressionMethod::Stored {
            return Err(damaged(format!("its array {name} is compressed, and Marian reads none that is")));
        }
        let end = member.data_start().checked_add(member.size()).filter(|&end| end <= length);
        let end = end.ok_or_else(|| damaged(format!("it ends before the array {name}")))?;
        members.push((name.to_owned(), member.data_start()..end));
    }
    drop(archive);
    let (mut tensors, mut options) = (BTreeMap::new(), None);
    for (name, range) in members {
        (&file).seek(SeekFrom::Start(range.start)).map_err(PretrainedError::read(path))?;
        let mut array = (&file).take(range.end - range.start);
        let Head { descr, shape, size } =
            head(&mut array).map_err(|reason| damaged(format!("its array {name}: {reason}")))?;
        let (start, has) = (range.start + size, range.end - range.start - size);
        let values = match descr.as_str() {
            "<f4" => Values::F32,
            "<f2" => Values::F16,
            "|i1" | "|u1" | "|S1" => Values::Other("8-bit whole numbers without a scale".to_owned()),
            other => Values::Other(format!("values of NumPy's type {other}")),
        };
        if name == OPTIONS {
            if has > OPTIONS_BYTES as u64 {
                return Err(damaged(format!("its options have {has} bytes")));
            }
            let mut text = Vec::new();
            array.read_to_end(&mut text).map_err(PretrainedError::read(path))?;
            options = Some(text);
            continue;
        }
        let bytes = shape.iter().try_fold(values.width(), |count, &size| count.checked_mul(size));
        let wanted = bytes.filter(|&bytes| matches!(values, Values::Other(_)) || bytes as u64 == has);
        let Some(bytes) = wanted else {
            return Err(damaged(format!("its array {name} has {has} bytes, not those of {shape:?}")));
        };
        let place = Place { file: 0, values, shape, start, bytes, strides: None };
        if tensors.insert(name.clone(), place).is_some() {
            return Err(damaged(format!("it has the array {name} twice")));
        }
    }
    let options =
        options.ok_or_else(|| damaged(format!("it has no {OPTIONS}, so it is no model of Marian")))?;
    Ok((Checkpoint::of(path, file, tensors), options))
}

/// The header of an array.
struct Head {
    descr: String,
    shape: Vec<usize>,
    /// The number of its bytes.
    size: u64,
}

/// Reads the header of an array, a literal of a Python dictionary with three keys.
fn head(array: &mut impl Read) -> Result<Head, String> {
    let short = |_| "it ends in its header".to_owned();
    let mut start = [0; 10];
    array.read_exact(&mut start).map_err(short)?;
    if start[..6] != *b"\x93NUMPY" {
        return Err("it is no array of NumPy".to_owned());
    }
    let mut length = u32::from(u16::from_le_bytes([start[8], start[9]]));
    let mut size = 10;
    if start[6] > 1 {
        let mut more = [0; 2];
        array.read_exact(&mut more).map_err(short)?;
        length |= u32::from(u16::from_le_bytes(more)) << 16;
        size += 2;
    }
    if length as usize > HEAD {
        return Err(format!("its header has {length} bytes"));
    }
    let mut text = vec![0; length as usize];
    array.read_exact(&mut text).map_err(short)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let value = |key: &str| -> Option<&str> {
        let (_, rest) = text.split_once(&format!("'{key}':"))?;
        Some(rest.trim_start())
    };
    let parsed = || {
        let descr = value("descr")?.strip_prefix('\'')?.split_once('\'')?.0;
        let row_major = value("fortran_order")?.starts_with("False");
        let sizes = value("shape")?.strip_prefix('(')?.split_once(')')?.0.split(',').map(str::trim);
        let shape = sizes.filter(|size| !size.is_empty()).map(|size| size.parse().ok()).collect();
        Some((descr.to_owned(), row_major, shape))
    };
    let (descr, row_major, shape): (_, _, Option<Vec<usize>>) = parsed().ok_or("its header is no array's")?;
    let shape = shape.ok_or("its shape is no list of numbers")?;
    if !row_major && shape.len() > 1 {
        return Err("its values stand in the order of columns, as Marian writes none".to_owned());
    }
    Ok(Head { descr, shape, size: size + u64::from(length) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(text: &str) -> Vec<u8> {
        let length = (text.len() as u16).to_le_bytes();
        [&b"\x93NUMPY\x01\x00"[..], &length, text.as_bytes(), &[1, 2, 3, 4]].concat()
    }

    #[test]
    fn headers_are_read_as_numpy_writes_them() {
        for (text, shape) in [
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5), }  \n", vec![3, 5]),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (7,), }\n", vec![7]),
            ("{'descr': '<f4', 'fortran_order': True, 'shape': (), }\n", vec![]),
        ] {
            let head = head(&mut &array(text)[..]).expect("sound");
            assert_eq!((head.descr.as_str(), head.shape), ("<f4", shape));
            assert_eq!(head.size, 10 + text.len() as u64);
        }
        for (bytes, reason) in [
            (array("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 5), }"), "order of columns"),
            (array("{'descr': '<f4', 'fortran_order': False, 'shape': (3, -5), }"), "list of numbers"),
            (array("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }"), "no array's"),
            (array("x")[..10].to_vec(), "ends"),
            (b"PK\x03\x04 and more".to_vec(), "no array of NumPy"),
        ] {
            let error = head(&mut &bytes[..]).err().unwrap_or_default();
            assert!(error.contains(reason), "{error}");
        }
    }
}
