//! Models from elsewhere: the files of their weights and of their options, each broken within an otherwise whole folder.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::{Target, scratch, tokens};

pub(crate) fn targets() -> Vec<Target> {
    vec![
        Target::new(
            "pretrained_config",
            tokens::CONFIG,
            || seed("marian", "config.json"),
            |bytes| reads("marian", "config.json", bytes),
        ),
        Target::new(
            "pretrained_safetensors",
            tokens::WEIGHTS,
            || seed("bart", WEIGHTS),
            |bytes| reads("bart", WEIGHTS, bytes),
        ),
        Target::new(
            "pretrained_pickle",
            tokens::PICKLE,
            || seed("pickled/whole", PICKLE),
            |bytes| reads("pickled/whole", PICKLE, bytes),
        ),
        Target::new(
            "pretrained_npz",
            tokens::NPY,
            || seed("marian_npz", NPZ),
            |bytes| reads("marian_npz", NPZ, bytes),
        ),
        Target::new(
            "pretrained_marian",
            tokens::MARIAN,
            || vec![marian()],
            |bytes| reads("marian_npz", "model.bin", bytes),
        ),
        Target::new(
            "pretrained_ctranslate2",
            tokens::CTRANSLATE2,
            || seed("whisper_ct2_f16", "model.bin"),
            |bytes| reads("whisper_ct2_f16", "model.bin", bytes),
        ),
    ]
}

const WEIGHTS: &str = "model.safetensors";
const PICKLE: &str = "pytorch_model.bin";
const NPZ: &str = "model.npz";

/// The folders of small models, which the tests of their readers share.
fn golden(model: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/pretrained/tests/golden").join(model)
}

fn seed(model: &str, file: &str) -> Vec<Vec<u8>> {
    vec![std::fs::read(golden(model).join(file)).expect("a small model")]
}

/// True if the model is read with this file in the place of its own.
fn reads(model: &str, file: &str, bytes: &[u8]) -> bool {
    let folder = format!("pretrained/{file}");
    if !scratch::path(&folder).exists() {
        for entry in std::fs::read_dir(golden(model)).expect("a small model") {
            let entry = entry.expect("a file");
            // Of several files of weights, one would be taken.
            if file != "model.bin" || entry.file_name() != NPZ {
                let bytes = std::fs::read(entry.path()).expect("a file");
                scratch::write(&format!("{folder}/{}", entry.file_name().display()), &bytes);
            }
        }
    }
    scratch::write(&format!("{folder}/{file}"), bytes);
    any2any_pretrained::read(&scratch::path(&folder)).is_ok()
}

/// A small model of Marian's in its binary format, from its arrays.
fn marian() -> Vec<u8> {
    const FLOAT32: u64 = 0x404;
    const INT8: u64 = 0x101;
    let bytes = std::fs::read(golden("marian_npz").join(NPZ)).expect("a small model");
    let mut arrays = ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let (mut headers, mut names, mut shapes, mut data) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut numbers = vec![1, arrays.len() as u64];
    for array in 0..arrays.len() {
        let mut array = arrays.by_index(array).expect("an array");
        let mut bytes = Vec::new();
        array.read_to_end(&mut bytes).expect("an array");
        let start = 10 + usize::from(bytes[8]) + 256 * usize::from(bytes[9]);
        let header = String::from_utf8_lossy(&bytes[10..start]);
        let (_, shape) = header.split_once("'shape': (").expect("a shape");
        let (shape, _) = shape.split_once(')').expect("a shape");
        let shape: Vec<i32> = shape.split(',').filter_map(|size| size.trim().parse().ok()).collect();
        let name = array.name().trim_end_matches(".npy");
        let kind = if header.contains("f4") { FLOAT32 } else { INT8 };
        headers.extend([name.len() as u64 + 1, kind, shape.len() as u64, (bytes.len() - start) as u64]);
        names.extend(name.bytes().chain([0]));
        shapes.extend(shape.into_iter().flat_map(i32::to_le_bytes));
        data.extend(&bytes[start..]);
    }
    numbers.extend(headers);
    let numbers: Vec<u8> = numbers.into_iter().flat_map(u64::to_le_bytes).collect();
    [numbers, names, shapes, 0_u64.to_le_bytes().to_vec(), data].concat()
}
