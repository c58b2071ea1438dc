//! Broken and cut-off files give errors: no panic, no allocation that the file's size does not explain.

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, Medium, Part, Seed, Value};
use any2any_eeg::{Eeg, annotations};
use serde_json::json;

use crate::bytes::{fif, gdf, numbers, set, structs, text};
use crate::common::{golden, options};

/// A plain NPY file of `[3, 8]` floats.
fn npy() -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 8), }";
    bytes.extend(format!("{header:<117}\n").bytes());
    bytes.extend((0..24).flat_map(|n| (n as f32).to_le_bytes()));
    bytes
}

/// Numbers that can be read and cannot be meant are told with their place; a volt is the most.
#[test]
fn volts_beyond_reason_are_named_with_their_place() {
    let array = |last: f32| {
        let mut bytes = npy();
        let end = bytes.len();
        bytes[end - 4..].copy_from_slice(&last.to_le_bytes());
        File::in_memory("a.npy", bytes)
    };
    let table = |last: &str| File::in_memory("a.csv", format!("Oz,O1\n1,2\n3.5,{last}\n").into_bytes());
    let options = options(json!({ "rate": 2, "features": { "raw": {} } }));
    for (file, expected) in [
        (array(1e6), ""),
        (array(3e38), "its largest value, 3e38 uV in channel '3' at 3.500 s, is beyond the 1000000 uV (1 V)"),
        (table("262143"), ""),
        (table("-2000000"), "its largest value, -2000000 uV in channel 'O1' at 0.500 s"),
        (table("8388607"), "counts of a converter"),
    ] {
        let warnings = Tested(Eeg).open(&options, &Value::File(file.clone())).expect("a recording").warnings;
        assert!(warnings.join("; ").contains(expected), "{warnings:?}, not {expected}");
        assert_eq!(warnings.is_empty(), expected.is_empty(), "{warnings:?}");
        let looked = Eeg.contents(&file).expect("a recording").warnings.join("; ");
        let largest = expected.split(" at ").next().unwrap_or_default();
        assert!(looked.contains(largest), "{looked}, not {largest}");
    }
    let looked = Eeg.contents(&array(f32::NAN)).expect("numbers").warnings;
    assert!(looked[0].contains("it holds NaN, which is no number, first in channel"), "{looked:?}");
    let error = Tested(Eeg).open(&options, &Value::File(array(f32::NAN))).expect_err("no number").to_string();
    assert!(error.contains("no numbers"), "{error}");
}

#[test]
fn broken_files_give_errors() {
    let read = |name: &str| golden(name).bytes().expect("beside the tests").to_vec();
    let table = b"Oz,O1\n1,2\n3.5,-4\n5,6\n".to_vec();
    let number = |value: f64| numbers([1, 1], &[value]);
    let eeglab = |packed| {
        let channels = structs("", &["labels"], &[vec![text("Oz")], vec![text("O1")]]);
        let data = numbers([2, 4], &[1.0, 5.0, -2.0, 6.0, 3.0, 7.0, 4.0, 8.0]);
        set(&[("data", data), ("srate", number(64.0)), ("chanlocs", channels), ("pnts", number(4.0))], packed)
    };
    let files = [
        ("a.edf", read("plus.edf")),
        ("a.bdf", read("plus.bdf")),
        ("a.npy", npy()),
        ("a.csv", table),
        ("a.set", eeglab(false)),
        ("a.set", eeglab(true)),
        ("a.gdf", gdf("2.20", [[10, -20, 30, 40], [50, 60, 70, 80]])),
        ("a.gdf", gdf("1.25", [[10, -20, 30, 40], [50, 60, 70, 80]])),
        ("a.fif", fif(&[("Oz", 2, 1e-6), ("O1", 2, 1e-6)], &[vec![1, 2, 3, 4]])),
    ];
    let resampled = options(json!({ "rate": 64, "features": { "raw": {} }, "resample": 32 }));
    // Rates that are made up cost much to be resampled, and all formats go the same way.
    let plain = options(json!({ "rate": 64, "features": { "raw": {} } }));
    let open = |name: &str, bytes: Vec<u8>| {
        let options = if name == "a.edf" { &resampled } else { &plain };
        let file = File::in_memory(name, bytes);
        let _ = annotations(&file);
        let _ = Eeg.contents(&file);
        let _ = Tested(Eeg).open(options, &file.part_of(Part::Item(1)).into());
        let _ = Tested(Eeg).open(options, &file.part_of(Part::Sample(u64::MAX)).into());
        Tested(Eeg).open(options, &Value::File(file)).map(|opened| opened.value)
    };
    let mut random = Seed(1).random("broken", 0);
    for (name, bytes) in files {
        let header = bytes.len().min(1280);
        for len in (0..bytes.len()).step_by(if bytes.len() > 500 { 37 } else { 1 }) {
            let cut = open(name, bytes[..len].to_vec());
            // A table may end after any line, and events may follow the samples; the others know how long they are.
            assert!(cut.is_err() || ["a.csv", "a.gdf", "a.fif"].contains(&name), "{name} cut at {len}");
        }
        for _ in 0..200 {
            let mut broken = bytes.clone();
            for _ in 0..=random.below(4) {
                let within = if random.unit() < 0.8 { header } else { bytes.len() };
                let place = random.below(within);
                broken[place] = match random.below(3) {
                    0 => b'9',
                    1 => b'-',
                    _ => random.next_u64() as u8,
                };
            }
            let _ = open(name, broken);
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    let plus = golden("plus.edf").bytes().expect("beside the tests").to_vec();
    let with = |place: usize, text: &str| {
        let mut bytes = plus.clone();
        bytes[place..place + text.len()].copy_from_slice(text.as_bytes());
        bytes
    };
    // The fields of four signals begin at 256, each as wide as the standard says times four.
    let digital = 256 + 4 * (16 + 80 + 8 + 8 + 8);
    let mut gap = with(192, "EDF+D");
    let record = 256 * 5 + (gap.len() - 256 * 5) / 3;
    let time = record + 2 * (64 + 64 + 8);
    gap[time..time + 2].copy_from_slice(b"+7");
    let cases = [
        (vec![b'x'; 600], "is neither EDF nor BDF"),
        (with(236, "9       "), "of 9 records 3 are there"),
        (with(236, "many    "), "the number of records is no number: 'many'"),
        (with(244, "0       "), "has no rate"),
        (with(252, "99  "), "the headers of 99 signals are not complete"),
        (with(digital, "32767   "), "channel 'EEG Oz' has no digital range"),
        (gap, "is discontinuous (EDF+D): 6.000 s are missing after record 1"),
    ];
    let options = options(json!({ "channels": ["Oz"], "features": { "raw": {} } }));
    for (bytes, expected) in cases {
        let file = Value::File(File::in_memory("a.edf", bytes));
        let error = Tested(Eeg).open(&options, &file).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error} instead of {expected}");
    }
    let unfinished = Value::File(File::in_memory("a.edf", with(236, "-1      ")));
    assert!(Tested(Eeg).open(&options, &unfinished).is_ok(), "the size tells how many records there are");
    let steady = Value::File(File::in_memory("a.edf", with(192, "EDF+D")));
    assert!(Tested(Eeg).open(&options, &steady).is_ok(), "EDF+D without a gap");
}
