//! Frames and trimmed sounds are those of librosa: `golden/make.py` asked it.

use any2any_adapter::testing::Tested;
use any2any_adapter::{Signal, Value};
use any2any_audio::Audio;
use serde::Deserialize;
use serde_json::{Value as Json, json};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Case {
    Mel { rate: f64, options: Json, deltas: bool, samples: Vec<i16>, frames: Vec<f32> },
    Trim { rate: f64, threshold: f64, samples: Vec<i16>, start: usize, end: usize },
}

fn signal(rate: f64, samples: &[i16]) -> Value {
    let samples: Vec<f32> = samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
    Value::Signal(Signal::mono(rate, samples).expect("a rate"))
}

#[test]
fn golden_values_are_met() {
    let lines = include_str!("../golden/golden.jsonl").lines();
    let cases: Vec<Case> = lines.map(|line| serde_json::from_str(line).expect("a case")).collect();
    assert!(cases.len() >= 8);
    for (number, case) in cases.into_iter().enumerate() {
        match case {
            Case::Mel { rate, options, deltas, samples, frames } => {
                let options = json!({
                    "field": "sound", "rate": rate as u32, "mel": options, "deltas": deltas, "normalize": "none"
                });
                assert_eq!(Tested(Audio).check(&options), []);
                let opened = Tested(Audio).open(&options, &signal(rate, &samples)).expect("a sound").value;
                let adapter =
                    Tested(Audio).fit(&options, &mut [&opened].into_iter()).expect("options that fit");
                let encoded = adapter.encode(&opened).expect("a sound");
                let found = encoded.sequence.frames().expect("frames").values();
                assert_eq!(found.len(), frames.len(), "case {number}");
                for (place, (found, expected)) in found.iter().zip(&frames).enumerate() {
                    let error = (found - expected).abs();
                    assert!(error < 1e-3, "case {number}, value {place}: {found}, not {expected}");
                }
            }
            Case::Trim { rate, threshold, samples, start, end } => {
                let options = json!({
                    "field": "sound", "rate": rate as u32, "trim": { "threshold": threshold, "margin": 0 }
                });
                let opened = Tested(Audio).open(&options, &signal(rate, &samples)).expect("a sound").value;
                assert_eq!(opened, signal(rate, &samples[start..end]), "case {number}");
            }
        }
    }
}
