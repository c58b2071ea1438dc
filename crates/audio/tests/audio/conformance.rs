//! Every promise of the seam, tried on sounds with every kind of sequence.

use any2any_adapter::testing::conforms;
use any2any_adapter::{File, Signal, Value};
use any2any_audio::Audio;
use serde_json::{Value as Json, json};

const RATE: usize = 8000;

/// A tone that swells and rises, with silence at both ends.
fn samples(number: usize, rate: usize) -> Vec<f32> {
    let count = rate / 5 + 133 * number;
    let sample = |n: usize| {
        let (time, whole) = (n as f32 / rate as f32, count as f32 / rate as f32);
        let swell = (std::f32::consts::PI * time / whole).sin().powi(4);
        0.4 * swell * ((900.0 + 300.0 * number as f32) * time * (2.0 + time)).sin()
    };
    (0..count).map(sample).collect()
}

fn sounds() -> Vec<Value> {
    let sound = |number| Signal::mono(RATE as f64, samples(number, RATE)).expect("a rate");
    (0..3).map(sound).map(Value::Signal).collect()
}

/// A WAV file of 16 bits and two channels at 11025 Hz.
fn file() -> File {
    let sound = samples(1, 11025);
    let data: Vec<u8> =
        sound.iter().flat_map(|sample| [(sample * 32767.0) as i16; 2]).flat_map(i16::to_le_bytes).collect();
    let size = |bytes: usize| (bytes as u32).to_le_bytes();
    let header: [&[u8]; 12] = [
        b"RIFF",
        &size(36 + data.len()),
        b"WAVEfmt ",
        &size(16),
        &1_u16.to_le_bytes(),
        &2_u16.to_le_bytes(),
        &size(11025),
        &size(4 * 11025),
        &4_u16.to_le_bytes(),
        &16_u16.to_le_bytes(),
        b"data",
        &size(data.len()),
    ];
    File::in_memory("a.wav", [header.concat(), data].concat())
}

fn options(own: &Json) -> Json {
    let mut all = json!({ "field": "sound", "rate": RATE });
    for (key, option) in own.as_object().expect("a mapping") {
        all[key] = option.clone();
    }
    all
}

#[test]
fn every_sound_that_is_read_conforms() {
    let layers = json!({ "convolution": { "layers": [{ "kernel": 3, "stride": 2 }, { "kernel": 5 }] } });
    let bands = json!({
        "bands": 12, "window": 0.03, "hop": 0.015, "fft": 512, "low": 100, "high": 3000, "scale": "slaney",
        "norm": "slaney", "power": 1, "floor": 1e-4,
    });
    for own in [
        json!({}),
        json!({ "deltas": true, "normalize": "per_utterance" }),
        json!({ "normalize": "none", "stack": 4, "deltas": true }),
        json!({ "stem": layers, "mel": bands }),
        json!({ "trim": { "threshold": 30, "margin": 0.01 }, "take": 0.15 }),
    ] {
        conforms(Audio, options(&own), &sounds());
    }
}

#[test]
fn every_change_conforms() {
    for change in [
        json!({ "speed": [0.9, 1.1] }),
        json!({ "shift": 0.05 }),
        json!({ "gain": 6 }),
        json!({ "noise": { "white": [10, 30] } }),
        json!({ "noise": { "pink": [10, 30] } }),
        json!({ "spec_augment": { "time_masks": 2, "time_width": 5, "time_share": 0.3, "frequency_masks": 1,
            "frequency_width": 8 } }),
    ] {
        for output in [json!("frames"), json!({ "mel": {} }), json!({ "codes": { "codes": 8 } })] {
            conforms(Audio, options(&json!({ "augment": change, "output": output })), &sounds());
        }
    }
}

#[test]
fn every_sound_that_is_written_conforms() {
    for own in [
        json!({ "output": { "mel": {} } }),
        json!({ "output": { "mel": { "at_most": 20 } }, "stack": 3, "normalize": "none" }),
        json!({ "output": { "codes": { "codes": 16 } } }),
        json!({ "output": { "codes": { "codes": 5, "stack": 3 } }, "stack": 2, "normalize": "none" }),
    ] {
        conforms(Audio, options(&own), &sounds());
    }
}

#[test]
fn every_kind_of_value_conforms() {
    let mut values = sounds();
    values.push(file().into());
    values.push(Value::Series([file().into(), values[0].clone()].into()));
    for own in [
        json!({ "channel": "left", "gap": 0.02 }),
        json!({ "channel": "right", "gap": [0.01, 0.05], "trim": {}, "output": { "mel": {} } }),
        json!({ "longest": 2, "output": { "codes": { "codes": 8 } } }),
    ] {
        conforms(Audio, options(&own), &values);
    }
}
