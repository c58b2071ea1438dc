//! Arrays of prepared frames and ids.

use any2any_adapter::{File, Part};
use any2any_arrays::{Frames, Tokens};
use serde_json::json;

use crate::{Target, tokens};

pub(super) fn targets() -> Vec<Target> {
    vec![
        Target::new("arrays_frames", tokens::NPY, frames, |bytes| {
            let file = File::in_memory("a.npy", bytes);
            let options = json!({ "field": "x" });
            super::opens(Frames, &options, file.part_of(Part::Item(1))) | super::opens(Frames, &options, file)
        }),
        Target::new("arrays_tokens", tokens::NPY, ids, |bytes| {
            let file = File::in_memory("a.npy", bytes);
            let options = json!({ "field": "x" });
            super::opens(Tokens, &options, file.part_of(Part::Item(1))) | super::opens(Tokens, &options, file)
        }),
    ]
}

fn file(descr: &str, fortran: &str, shape: &str, data: Vec<u8>) -> Vec<u8> {
    let head = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    [b"\x93NUMPY\x01\0", &(head.len() as u16).to_le_bytes()[..], head.as_bytes(), &data].concat()
}

fn frames() -> Vec<Vec<u8>> {
    let numbers = [1, 5, -2, 6, 3, 7, 4, 8_i16];
    vec![
        file("<i2", "False", "(2, 4)", numbers.map(i16::to_le_bytes).concat()),
        file(">f4", "True", "(2, 4)", numbers.map(|number| f32::from(number).to_be_bytes()).concat()),
        file("<f8", "False", "(2, 2, 2)", numbers.map(|number| f64::from(number).to_le_bytes()).concat()),
        b"0.5 1; 2 3\n".to_vec(),
        b"[[1, 2], [3e-2, 4]]".to_vec(),
    ]
}

fn ids() -> Vec<Vec<u8>> {
    let ids = [1, 5, 2, 6_u16];
    vec![
        file("<u2", "False", "(4,)", ids.map(u16::to_le_bytes).concat()),
        file(">i8", "True", "(2, 2)", ids.map(|id| i64::from(id).to_be_bytes()).concat()),
        b"5 0 7\n".to_vec(),
        b"[5, 0, 7]".to_vec(),
    ]
}
