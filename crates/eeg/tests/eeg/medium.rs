//! The medium as an experiment uses it: options, steps, frames, changes, traces.

use std::path::Path;
use std::sync::Arc;

use any2any_adapter::testing::Tested;
use any2any_adapter::{
    Adapter, File, FrameCount, Head, Part, Region, Registry, Seed, Sequence, Signal, Stem, Value, WrittenFile,
};
use any2any_eeg::Eeg;
use serde_json::{Value as Json, json};

use crate::common;
use crate::common::{golden, options, signal_of, wave};

/// Eight seconds of three channels at 100 Hz: rhythms of 10, 20 and 30 Hz and an offset.
fn recording() -> Signal {
    let value = |channel: usize, n: usize| {
        let hertz = 10.0 * (channel + 1) as f64;
        let turn = 2.0 * std::f64::consts::PI * n as f64 / 100.0;
        (100.0 * channel as f64 + 20.0 * (hertz * turn).sin() + 2.0 * (3.3 * turn).cos()) as f32
    };
    let samples = (0..3).flat_map(|channel| (0..800).map(move |n| value(channel, n)));
    let names = ["Oz", "O1", "O2"].map(str::to_owned);
    Signal::new(100.0, names, samples.collect::<Vec<_>>()).expect("three channels")
}

/// The recording as a CSV file.
fn table() -> File {
    let recording = recording();
    let row = |n: usize| {
        (0..3).map(|channel| recording.channel(channel)[n].to_string()).collect::<Vec<_>>().join(",")
    };
    let rows: Vec<String> = (0..800).map(row).collect();
    File::in_memory("a.csv", format!("Oz,O1,O2\n{}\n", rows.join("\n")).into_bytes())
}

fn fitted(options: &Json, values: &[Value]) -> Arc<dyn Adapter> {
    Tested(Eeg).fit(options, &mut values.iter()).expect("options that fit")
}

#[test]
fn problems_name_their_place() {
    assert!(Registry::new().with(Eeg).get("eeg").is_ok());
    let cases = [
        (json!({}), ""),
        (json!({ "channels": ["Oz", "Oz"] }), "/channels/1"),
        (json!({ "channels": ["Oz"], "reference": { "channel": "Oz" } }), "/reference/channel"),
        (json!({ "channels": ["Oz"], "reference": "average" }), "/reference"),
        (json!({ "filter": { "low": 40, "high": 6 } }), "/filter/low"),
        (json!({ "filter": { "notch": [50, -1] } }), "/filter/notch/1"),
        (json!({ "filter": { "high": 45 }, "resample": 64 }), "/resample"),
        (json!({ "epoch": { "from": 5, "to": 1 } }), "/epoch"),
        (json!({ "epoch": { "from": 0, "to": 1 } }), "/features/spectrum/window"),
        (json!({ "augment": { "time_shift": 0.5 } }), "/augment/time_shift"),
        (
            json!({ "features": { "band_powers": { "bands": { "a/b": [8, 4] } } } }),
            "/features/band_powers/bands/a~1b",
        ),
        (json!({ "features": { "band_powers": { "bands": {} } } }), "/features/band_powers/bands"),
        (json!({ "features": { "spectrum": { "low": 9, "high": 9 } } }), "/features/spectrum/low"),
        (json!({ "features": { "rhythms": {} }, "layout": "channels" }), "/layout"),
        (
            json!({ "features": { "rhythms": {} }, "augment": { "channel_dropout": 0.1 } }),
            "/augment/channel_dropout",
        ),
        (json!({ "features": { "raw": {} }, "augment": { "frequency_mask": 2 } }), "/augment/frequency_mask"),
        (json!({ "stem": { "convolution": { "layers": [] } } }), "/stem/convolution/layers"),
        (
            json!({ "stem": { "convolution": { "layers": [{ "kernel": 4 }] } } }),
            "/stem/convolution/layers/0/kernel",
        ),
        (json!({ "stem": { "convolution": {} } }), ""),
        (json!({ "stem": { "convolution": {} }, "output": { "traces": { "window": 0.1 } } }), "/stem"),
        (json!({ "stem": { "convolution": {} }, "layout": "channels" }), "/stem"),
    ];
    for (mut options, pointer) in cases {
        options["field"] = "eeg".into();
        let problems = Tested(Eeg).check(&options);
        let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        let expected: &[&str] = if pointer.is_empty() { &[] } else { &[pointer] };
        assert_eq!(pointers, expected, "{options}");
    }
    assert_eq!(Tested(Eeg).check(&json!({ "field": "eeg", "colour": "red" })).len(), 1);
    let resolved = Tested(Eeg).resolve(&json!({ "field": "eeg" }));
    assert_eq!(resolved["features"]["spectrum"]["high"], 45.0);
    assert_eq!(Tested(Eeg).resolve(&resolved), resolved);
    assert_eq!(Tested(Eeg).check(&resolved), []);
}

#[test]
fn steps_do_what_they_say() {
    let file = || Value::File(table());
    let event = |second| Value::File(table().part_of(Part::Second(second)));
    let raw = |mut steps: Json| {
        steps["features"] = json!({ "raw": {} });
        steps["rate"] = json!(100);
        options(steps)
    };
    let mean = |samples: &[f32]| samples.iter().sum::<f32>() / samples.len() as f32;

    let chosen = signal_of(&raw(json!({ "channels": ["O2", "oz"], "standardize": "none" })), &file());
    assert_eq!(chosen.channels(), ["O2", "Oz"]);
    assert_eq!(chosen.channel(1), recording().channel(0));

    let average = signal_of(&raw(json!({ "reference": "average", "standardize": "none" })), &file());
    let sum: f32 = (0..3).map(|channel| average.channel(channel)[123]).sum();
    assert!(sum.abs() < 1e-3, "{sum}");
    let against = json!({ "channels": ["O1"], "reference": { "channel": "Oz" }, "standardize": "none" });
    let against = signal_of(&raw(against), &file());
    assert_eq!(against.channels(), ["O1"]);
    assert_eq!(against.samples()[7], recording().channel(1)[7] - recording().channel(0)[7]);

    let epoch = json!({ "from": 0.5, "to": 1.5 });
    let cut = signal_of(&raw(json!({ "epoch": epoch, "standardize": "none" })), &event(2.0));
    assert_eq!(cut.channel(2), &recording().channel(2)[250..350]);
    assert_eq!(cut.start(), 0.5, "it is timed by its event");
    let wide = json!({ "epoch": epoch, "augment": { "time_shift": 0.25 }, "standardize": "none" });
    assert_eq!(signal_of(&raw(wide), &event(2.0)).start(), 0.25, "its margin is before it");
    let sample = Value::File(table().part_of(Part::Sample(200)));
    assert_eq!(signal_of(&raw(json!({ "epoch": epoch, "standardize": "none" })), &sample), cut);
    let baseline = json!({ "epoch": epoch, "baseline": { "from": -1, "to": 0 }, "standardize": "none" });
    let baseline = signal_of(&raw(baseline), &event(2.0));
    let level = mean(&recording().channel(2)[100..200]);
    assert!((baseline.channel(2)[0] - (cut.channel(2)[0] - level)).abs() < 1e-3);

    for standardize in [json!("recording"), json!("epoch"), json!({ "moving": { "seconds": 2 } })] {
        let signal = signal_of(&raw(json!({ "epoch": epoch, "standardize": standardize })), &event(2.0));
        for channel in 0..3 {
            let samples = signal.channel(channel);
            let power = samples.iter().map(|value| value * value).sum::<f32>() / samples.len() as f32;
            assert!(mean(samples).abs() < 0.1 && (power - 1.0).abs() < 0.1, "{standardize}: {power}");
        }
    }
    let rested = signal_of(&raw(json!({ "resample": 50, "standardize": "none" })), &file());
    assert_eq!((rested.rate(), rested.len()), (50.0, 400));
}

#[test]
fn errors_say_what_to_do() {
    let file = |part| Value::File(table().part_of(part));
    let epoch = json!({ "from": 0, "to": 3 });
    let cases = [
        (
            json!({ "rate": 100, "channels": ["Pz"] }),
            file(Part::Second(0.0)),
            "has no channel 'Pz', but these: Oz, O1, O2",
        ),
        (json!({}), file(Part::Second(0.0)), "rate: a.csv"),
        (json!({ "rate": 100, "epoch": epoch }), file(Part::Second(6.0)), "leaves the recording of 8.000 s"),
        (json!({ "rate": 100 }), file(Part::Sample(9999)), "lies behind its end"),
        (json!({ "rate": 100 }), file(Part::Second(f64::NAN)), "no such part"),
        (json!({ "rate": 100, "filter": { "high": 60 } }), file(Part::Second(0.0)), "filter.high: 60 Hz"),
        (
            json!({ "rate": 100, "epoch": epoch, "artefacts": { "peak_to_peak": 30 } }),
            file(Part::Second(1.0)),
            "channel 'Oz' changes by 4",
        ),
        (json!({}), Value::Text("Oz".to_owned()), "this is a text"),
        (json!({}), Value::Series(Arc::new([])), "a series without a recording"),
        (
            json!({}),
            File::in_memory("a.doc", vec![]).into(),
            "use edf, bdf, rec, gdf, vhdr, set, fif, npy, csv",
        ),
        (json!({}), File::on_disk("no/such.edf").into(), "no/such.edf"),
    ];
    for (case, value, expected) in cases {
        let error = Tested(Eeg).open(&options(case), &value).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn frames_have_their_regions() {
    let cases = [
        (json!({ "features": { "raw": { "window": 0.1, "hop": 0.1 } } }), (80, 30), (0.1, 0.2, 0..3)),
        (
            json!({ "features": { "raw": { "window": 0.1, "hop": 0.1 } }, "layout": "channels" }),
            (240, 13),
            (0.0, 0.1, 1..2),
        ),
        (json!({ "features": { "spectrum": { "low": 6 } } }), (13, 237), (0.5, 2.5, 0..3)),
        (
            json!({ "features": { "spectrum": { "low": 6 } }, "layout": "channels" }),
            (39, 82),
            (0.0, 2.0, 1..2),
        ),
        (json!({ "features": { "band_powers": {} } }), (15, 15), (0.5, 1.5, 0..3)),
        (json!({ "features": { "rhythms": {} } }), (5, 145), (1.0, 5.0, 0..3)),
    ];
    let value = Value::Signal(recording());
    for (case, shape, (start, end, channels)) in cases {
        let options = options(case);
        let opened = Value::Signal(signal_of(&options, &value));
        let adapter = fitted(&options, std::slice::from_ref(&opened));
        let encoded = adapter.encode(&opened).expect("the same recording");
        let frames = encoded.sequence.frames().expect("frames");
        assert_eq!((frames.len(), frames.width()), shape, "{options}");
        assert_eq!(adapter.stem(), Stem::Projection { width: shape.1 });
        assert_eq!(encoded.regions.len(), adapter.stem().positions(frames.len()));
        assert_eq!(encoded.regions[1], Region::Window { channels, start, end }, "{options}");
        assert!(frames.values().iter().all(|value| value.is_finite()));
        assert!(adapter.head().is_none() && !adapter.augments());

        let folder = std::env::temp_dir().join(format!("any2any-eeg-{}-{}", std::process::id(), shape.1));
        std::fs::create_dir_all(&folder).expect("a folder");
        adapter.save(&folder).expect("a folder that exists");
        let loaded = Tested(Eeg).load(&options, &folder).expect("what was saved");
        assert_eq!(loaded.encode(&opened).expect("the same recording"), encoded);
        std::fs::write(folder.join("eeg.json"), "{}").expect("a file");
        assert!(Tested(Eeg).load(&options, &folder).is_err());
        std::fs::remove_dir_all(&folder).expect("the folder");
    }
}

#[test]
fn convolutions_merge_regions() {
    let options = options(json!({
        "features": { "raw": { "window": 0.1, "hop": 0.1 } },
        "stem": { "convolution": { "layers": [{ "kernel": 3, "stride": 2 }, { "kernel": 5, "stride": 2 }] } },
    }));
    let opened = Value::Signal(signal_of(&options, &recording().into()));
    let adapter = fitted(&options, std::slice::from_ref(&opened));
    let regions = adapter.encode(&opened).expect("the same recording").regions;
    assert_eq!(regions.len(), 20);
    let Region::Window { channels, start, end } = &regions[1] else { panic!("{:?}", regions[1]) };
    // Position 1 sees positions 0 to 4 of the first layer, and those see frames 0 to 9.
    assert_eq!((channels, *start), (&(0..3), 0.0));
    assert!((end - 1.0).abs() < 1e-9);
}

#[test]
fn changes_are_drawn_and_leave_encoding_alone() {
    let epoch = json!({ "from": 0.0, "to": 2.0 });
    let spectrum = json!({ "spectrum": { "window": 1, "low": 6 } });
    let plain = options(json!({ "epoch": epoch, "features": spectrum, "rate": 100 }));
    let event = Value::File(table().part_of(Part::Second(3.0)));
    let still = Value::Signal(signal_of(&plain, &event));
    let expected = fitted(&plain, std::slice::from_ref(&still)).encode(&still).expect("the same recording");
    let cases = [
        json!({ "time_shift": 0.5 }),
        json!({ "noise": 0.1 }),
        json!({ "amplitude": 0.3 }),
        json!({ "channel_dropout": 0.5 }),
        json!({ "frequency_mask": 10 }),
    ];
    for augment in cases {
        let options =
            options(json!({ "epoch": epoch, "features": spectrum, "augment": augment, "rate": 100 }));
        let opened = Value::Signal(signal_of(&options, &event));
        let adapter = fitted(&options, std::slice::from_ref(&opened));
        let encoded = adapter.encode(&opened).expect("the same recording");
        assert_eq!(encoded.sequence, expected.sequence, "{augment}");
        assert!(adapter.augments());
        let draw =
            |step| adapter.augment(&opened, &mut Seed(1).random("test", step)).expect("drawn").sequence;
        assert_eq!(draw(1), draw(1), "{augment}");
        assert!((0..8).any(|step| draw(step) != encoded.sequence), "{augment}");
    }
    let none = options(json!({ "augment": {} }));
    assert!(!fitted(&none, &[recording().into()]).augments());
}

#[test]
fn a_series_is_joined_with_a_gap() {
    let event = |second| Value::File(table().part_of(Part::Second(second)));
    let series = Value::Series([event(1.0), event(4.0)].into());
    let options = options(json!({
        "rate": 100, "epoch": { "from": 0, "to": 1 }, "gap": 0.5, "standardize": "none",
        "features": { "raw": { "window": 0.5, "hop": 0.5 } }, "normalize": { "fitted": false },
        "augment": { "time_shift": 0.2 },
    }));
    let opened = signal_of(&options, &series);
    assert_eq!(opened.len(), 2 * 140 + 50);
    let value = Value::Signal(opened);
    let adapter = fitted(&options, std::slice::from_ref(&value));
    let encoded = adapter.encode(&value).expect("the same recording");
    let frames = encoded.sequence.frames().expect("frames");
    assert_eq!(frames.len(), 5);
    assert_eq!(frames.values()[3 * 150..][..50], recording().channel(0)[400..450]);
    assert!(frames.values()[2 * 150..][..150].iter().all(|value| *value == 0.0));
    // In the opened signal, the second epoch begins after two margins of its neighbour, the gap and its own.
    assert_eq!(encoded.regions[3], Region::Window { channels: 0..3, start: 2.1, end: 2.6 });
    assert!(Tested(Eeg).open(&options, &Value::Series([series].into())).is_err());
}

#[test]
fn other_recordings_are_refused() {
    let options = options(json!({ "features": { "raw": {} } }));
    let adapter = fitted(&options, &[recording().into()]);
    let names = recording().channels().to_vec();
    let faster = Signal::new(200.0, names.clone(), recording().samples().to_vec()).expect("three channels");
    let short = Signal::new(100.0, names, vec![0.0; 9]).expect("three channels");
    for (signal, expected) in
        [(faster, "another rate"), (wave(10), "another rate"), (short, "a frame needs 0.100")]
    {
        let error = adapter.encode(&signal.into()).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(adapter.encode(&Value::from("text")).is_err());
    assert!(adapter.decode(&Sequence::Tokens(vec![1])).is_err());
    assert!(Tested(Eeg).fit(&options, &mut [].into_iter()).is_err());
}

#[test]
fn traces_are_written_and_read_again() {
    let options = options(json!({
        "epoch": { "from": 0, "to": 1.05 }, "standardize": "none", "output": { "traces": { "window": 0.1 } },
    }));
    let opened = Value::Signal(signal_of(&options, &recording().into()));
    let adapter = fitted(&options, std::slice::from_ref(&opened));
    assert_eq!(adapter.head(), Some(Head::Regression { width: 30, length: FrameCount::Fixed(11) }));
    let encoded = adapter.encode(&opened).expect("the same recording");
    assert_eq!(encoded.regions[10], Region::Window { channels: 0..3, start: 1.0, end: 1.05 });
    let decoded = adapter.decode(&encoded.sequence).expect("its own frames");
    let (Value::Signal(found), Value::Signal(expected)) = (&decoded.value, &opened) else {
        panic!("signals")
    };
    assert_eq!((found.len(), found.channels()), (expected.len(), expected.channels()));
    let near = |found: &[f32], expected: &[f32], tolerance: f32| {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < tolerance, "{found} {expected}");
        }
    };
    near(found.samples(), expected.samples(), 1e-3);

    let WrittenFile { extension, bytes } = adapter.to_file(&decoded.value).expect("a signal");
    assert_eq!(extension, "edf");
    let Ok(Value::Signal(back)) = adapter.read_back(&bytes) else { panic!("a signal") };
    assert_eq!((back.rate(), back.channels()), (expected.rate(), expected.channels()));
    for channel in 0..3 {
        near(&back.channel(channel)[..105], expected.channel(channel), 2e-3);
    }
    assert!(adapter.read_back(b"no recording").is_err());
    // make.py reads a copy of this file with pyEDFlib. Sines of other machines may differ in the last digit.
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("written.edf"), &bytes).expect("a folder");
    let committed = golden("written.edf").bytes().expect("beside the tests");
    assert_eq!(bytes[..1024], committed[..1024], "headers");
    let all = common::options(json!({ "standardize": "none", "features": { "raw": {} } }));
    for file in [File::in_memory("w.edf", bytes), golden("written.edf")] {
        let read = signal_of(&all, &file.into());
        assert_eq!((read.rate(), read.channels(), read.len()), (100.0, expected.channels(), 200));
        for channel in 0..3 {
            near(&read.channel(channel)[..105], expected.channel(channel), 2e-3);
        }
    }
}

#[test]
fn written_files_keep_odd_rates_and_values() {
    let options = options(json!({ "output": { "traces": {} }, "standardize": "none" }));
    let cases = [(250.0, 1.0), (0.5, 1e-3), (31.25, 1e6), (33.333, -4.0), (1e-4, 3e9)];
    for (rate, scale) in cases {
        let samples: Vec<f32> = (0..97).map(|n| scale * (n as f32 * 0.3).sin()).collect();
        let signal = Value::Signal(Signal::mono(rate, samples.clone()).expect("a rate"));
        let adapter = fitted(&options, std::slice::from_ref(&signal));
        let bytes = adapter.to_file(&signal).expect("a signal").bytes;
        let read =
            Tested(Eeg).open(&options, &File::in_memory("w.edf", bytes).into()).map(|opened| opened.value);
        let Ok(Value::Signal(read)) = read else { panic!("{rate}: {read:?}") };
        assert!((read.rate() / rate - 1.0).abs() < 1e-3, "{rate} {}", read.rate());
        if scale < 1e8 {
            for (found, expected) in read.samples().iter().zip(&samples) {
                assert!((found - expected).abs() < 1e-3 * scale.abs().max(1.0), "{found} {expected}");
            }
        }
    }
}
