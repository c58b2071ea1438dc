//! Every promise of the seam, tried on recordings with every kind of frame.

use any2any_adapter::testing::conforms;
use any2any_adapter::{File, Part, Signal, Value};
use any2any_eeg::Eeg;
use serde_json::{Value as Json, json};

use crate::common::{golden, options};

const CHANNELS: [&str; 3] = ["Oz", "O1", "O2"];

/// Four seconds of three channels at 100 Hz: a rhythm of the number's own, drift, and an offset.
fn recording(number: u32) -> Signal {
    let value = |channel: usize, n: usize| {
        let turn = std::f64::consts::TAU * n as f64 / 100.0;
        let rhythm = 20.0 * (f64::from(8 + number) * turn + channel as f64).sin();
        (30.0 * channel as f64 + rhythm + 5.0 * (0.7 * turn).cos()) as f32
    };
    let samples = (0..CHANNELS.len()).flat_map(|channel| (0..400).map(move |n| value(channel, n)));
    Signal::new(100.0, CHANNELS.map(str::to_owned), samples.collect::<Vec<_>>()).expect("three channels")
}

fn recordings() -> Vec<Value> {
    (0..3).map(recording).map(Value::Signal).collect()
}

/// A recording as a CSV file.
fn table(number: u32) -> File {
    let recording = recording(number);
    let row = |n: usize| {
        (0..CHANNELS.len())
            .map(|channel| recording.channel(channel)[n].to_string())
            .collect::<Vec<_>>()
            .join(",")
    };
    let rows: Vec<String> = (0..recording.len()).map(row).collect();
    File::in_memory("a.csv", format!("Oz,O1,O2\n{}\n", rows.join("\n")).into_bytes())
}

fn all_conform(cases: impl IntoIterator<Item = Json>, values: &[Value]) {
    for case in cases {
        conforms(Eeg, options(case), values);
    }
}

#[test]
fn every_feature_conforms() {
    let layers = json!({ "convolution": { "layers": [{ "kernel": 3, "stride": 2 }, {}] } });
    let spectrum = json!({ "spectrum": {
        "window": 1, "hop": 0.5, "low": 6, "high": 30, "resolution": 0.5, "per_channel": false, "neighbours": 2,
    } });
    let cases = [
        json!({}),
        json!({ "features": { "raw": {} }, "layout": "channels" }),
        json!({ "features": { "raw": { "window": 0.2, "hop": 0.05 } }, "stem": layers }),
        json!({ "features": { "band_powers": {} }, "normalize": { "sample": "columns", "fitted": false } }),
        json!({ "features": { "band_powers": { "bands": { "alpha": [8, 13] } } }, "layout": "channels" }),
        json!({ "features": spectrum, "normalize": { "sample": "bins" } }),
        json!({ "features": { "rhythms": { "window": 2, "hop": 1 } } }),
    ];
    all_conform(cases, &recordings());
}

#[test]
fn every_step_conforms() {
    let cases = [
        json!({ "channels": ["O2", "Oz"], "reference": "average", "standardize": "epoch" }),
        json!({ "channels": ["O2"], "reference": { "channel": "Oz" }, "standardize": "none" }),
        json!({ "filter": { "low": 1, "high": 30, "notch": [25] }, "resample": 80 }),
        json!({ "epoch": { "from": 0.5, "to": 3 }, "baseline": { "from": 0, "to": 0.5 } }),
        json!({ "standardize": { "moving": { "seconds": 1 } }, "artefacts": { "peak_to_peak": 500 } }),
    ];
    all_conform(cases, &recordings());
}

#[test]
fn every_change_conforms() {
    let epoch = json!({ "from": 0.5, "to": 3 });
    let cases = ["channel_dropout", "time_shift", "noise", "amplitude"]
        .map(|change| json!({ "augment": { change: 0.2 }, "epoch": epoch, "features": { "raw": {} } }));
    all_conform(cases, &recordings());
    all_conform([json!({ "augment": { "frequency_mask": 4 } }), json!({ "augment": {} })], &recordings());
}

#[test]
fn every_recording_that_is_written_conforms() {
    let traces = |window: f64| json!({ "traces": { "window": window } });
    let cases = [
        json!({ "output": traces(0.1) }),
        json!({ "output": traces(0.3), "standardize": "none", "channels": ["O1", "Oz"] }),
        json!({ "output": traces(0.25), "epoch": { "from": 1, "to": 2.1 }, "resample": 64 }),
    ];
    all_conform(cases, &recordings());
}

#[test]
fn every_kind_of_value_conforms() {
    let second = |number, second| Value::File(table(number).part_of(Part::Second(second)));
    let values = [
        second(0, 0.5),
        second(1, 1.0),
        Value::File(table(2).part_of(Part::Sample(20))),
        Value::Series([second(0, 0.0), second(2, 1.5)].into()),
    ];
    let epoch = json!({ "from": 0.2, "to": 2.2 });
    let cases = [json!({ "rate": 100, "epoch": epoch, "gap": 0.1, "features": { "raw": {} } })];
    all_conform(cases, &values);
    let cases = [json!({ "rate": 100, "epoch": epoch, "output": { "traces": {} } })];
    all_conform(cases, &values[..3]);
    for name in ["plus.edf", "plus.bdf"] {
        let case = json!({ "channels": ["Oz"], "features": { "raw": {} } });
        all_conform([case], &[golden(name).into()]);
    }
}
