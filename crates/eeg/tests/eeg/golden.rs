//! Filters, resampling and powers against SciPy, and files that pyEDFlib wrote: see `golden/make.py`.

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, Part, Value};
use any2any_eeg::{Annotation, Eeg, annotations};
use serde_json::{Value as Json, json};

use crate::common::{golden, options, signal_of, wave};

/// Compares with SciPy's numbers, within the precision of 32 bits.
fn check(found: &[f32], expected: &Json, name: &str) {
    let expected: Vec<f64> = serde_json::from_value(expected.clone()).expect("numbers");
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(1.0_f64, |largest, value| largest.max(value.abs()));
    for (number, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let error = (f64::from(*found) - expected).abs() / largest;
        assert!(error < 2e-6, "{name}, sample {number}: {found} instead of {expected}");
    }
}

fn golden_json() -> Json {
    serde_json::from_slice(&golden("golden.json").bytes().expect("beside the tests")).expect("JSON")
}

#[test]
fn filters_are_those_of_scipy() {
    for case in golden_json()["filters"].as_array().expect("cases") {
        let options = options(json!({ "filter": case["filter"], "standardize": "none" }));
        let found = signal_of(&options, &wave(400).into());
        check(found.samples(), &case["expected"], &case["filter"].to_string());
    }
}

#[test]
fn resampling_is_that_of_scipy() {
    for case in golden_json()["resampling"].as_array().expect("cases") {
        let options = options(json!({ "resample": case["to"], "standardize": "none" }));
        let found = signal_of(&options, &wave(300).into());
        assert_eq!(found.rate(), case["to"].as_f64().expect("a rate"));
        check(found.samples(), &case["expected"], &case["to"].to_string());
    }
}

#[test]
fn powers_are_those_of_scipy() {
    for case in golden_json()["powers"].as_array().expect("cases") {
        let spectrum = json!({ "low": 6, "high": 20, "resolution": case["resolution"] });
        let options = options(json!({
            "standardize": "none", "features": { "spectrum": spectrum }, "normalize": { "fitted": false },
        }));
        let value = Value::Signal(signal_of(&options, &wave(512).into()));
        let adapter = Tested(Eeg).fit(&options, &mut [&value].into_iter()).expect("a recording");
        let encoded = adapter.encode(&value).expect("the same recording");
        let frames = encoded.sequence.frames().expect("frames").clone();
        check(frames.values(), &case["expected"], &case["resolution"].to_string());
    }
}

#[test]
fn files_of_pyedflib_are_read() {
    for (name, tolerance) in [("plus.edf", 0.02), ("plus.bdf", 1e-4)] {
        let file = golden(name);
        let signal = signal_of(
            &options(json!({ "channels": ["o1", "Oz"], "standardize": "none" })),
            &file.clone().into(),
        );
        assert_eq!((signal.rate(), signal.len()), (64.0, 192), "{name}");
        assert_eq!(signal.channels(), ["EEG O1", "EEG Oz"]);
        for n in 0..192 {
            let expected = [50.0 * (n as f64 / 7.0).cos(), 100.0 * (n as f64 / 5.0).sin()];
            for (channel, expected) in expected.into_iter().enumerate() {
                let found = f64::from(signal.channel(channel)[n]);
                assert!((found - expected).abs() < tolerance, "{name}, sample {n}: {found} {expected}");
            }
        }
        let slow =
            signal_of(&options(json!({ "channels": ["Resp"], "standardize": "none" })), &file.clone().into());
        assert_eq!((slow.rate(), slow.len()), (8.0, 24));
        let all =
            Tested(Eeg).open(&options(json!({})), &file.clone().into()).expect_err("two rates").to_string();
        assert!(all.contains("'EEG Oz' has 64 Hz and 'Resp' has 8 Hz"), "{all}");

        let annotation =
            |onset, duration, label: &str| Annotation { onset, duration, label: label.to_owned() };
        let expected = [
            annotation(0.5, 0.0, "flash"),
            annotation(1.25, 0.5, "13 Hz, 日本"),
            annotation(2.0, 0.0, "rest"),
        ];
        assert_eq!(annotations(&file).expect("EDF+"), expected, "{name}");
        let event = file.part_of(Part::Second(1.25));
        let options = options(json!({
            "channels": ["Oz"], "epoch": { "from": 0, "to": 0.5 }, "standardize": "none",
            "features": { "raw": {} },
        }));
        assert_eq!(signal_of(&options, &event.into()).samples(), &signal.channel(1)[80..112]);
    }
}

#[test]
fn plain_files_have_no_annotations() {
    assert_eq!(annotations(&golden("written.edf")), Ok(vec![]));
    assert!(annotations(&File::in_memory("zeros.edf", vec![0; 100])).is_err());
}
