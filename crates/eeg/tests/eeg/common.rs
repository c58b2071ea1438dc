//! Shared helpers of the tests.
#![allow(dead_code)]

use std::path::Path;

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, Signal, Value};
use any2any_eeg::Eeg;
use serde_json::Value as Json;

/// A file beside the tests.
pub(crate) fn golden(name: &str) -> File {
    File::on_disk(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name))
}

/// Options of a field called `eeg`, checked.
pub(crate) fn options(mut options: Json) -> Json {
    options["field"] = "eeg".into();
    assert_eq!(Tested(Eeg).check(&options), [], "{options}");
    options
}

/// The signal that opening a value gives.
pub(crate) fn signal_of(options: &Json, value: &Value) -> Signal {
    match Tested(Eeg).open(options, value).map(|opened| opened.value) {
        Ok(Value::Signal(signal)) => signal,
        other => panic!("{other:?}"),
    }
}

/// The wave of `golden/make.py`, at 256 Hz.
pub(crate) fn wave(samples: u32) -> Signal {
    let value = |n: u32| {
        let x = f64::from(n);
        let turn = 2.0 * std::f64::consts::PI * x / 256.0;
        let noise = f64::from(n * 7919 % 101) - 50.0;
        let step = if n > samples / 2 { 10.0 } else { 0.0 };
        let wave = 20.0 * (13.0 * turn).sin() + 8.0 * (50.0 * turn).sin();
        (wave + 0.05 * x + 0.1 * noise + step) as f32
    };
    Signal::mono(256.0, (0..samples).map(value).collect::<Vec<_>>()).expect("a rate")
}
