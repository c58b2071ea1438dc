//! Frames of Whisper: those of its feature extractor, which `golden/make_whisper.py` asked. Recordings lie where
//! ANY2ANY_MODELS says.

use any2any_adapter::testing::Tested;
use any2any_adapter::{Encoded, File, Region, Signal, Stem, Value};
use any2any_audio::Audio;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::outside;

#[derive(Deserialize)]
struct Case {
    /// Number of samples of a sound made here.
    made: Option<usize>,
    /// File of a recording, below the folder of models.
    recording: Option<String>,
    seconds: usize,
    bands: usize,
    /// Every so manieth value of the frames is known.
    step: usize,
    values: Vec<f32>,
}

/// The options of a sound of Whisper, as docs/guide/media.md has them.
fn options(bands: usize, seconds: usize) -> Json {
    json!({
        "field": "sound", "rate": 16_000, "take": seconds, "pad_to": seconds, "normalize": "dynamic_range",
        "mel": {
            "bands": bands, "window": 0.025, "hop": 0.01, "fft": 400, "low": 0, "high": 8000, "scale": "slaney",
            "norm": "slaney", "power": 2, "floor": 1e-10, "logarithm": "decimal", "padding": "reflect",
            "drop_last": true
        },
        "stem": { "convolution": { "layers": [{ "kernel": 3, "stride": 1 }, { "kernel": 3, "stride": 2 }] } }
    })
}

/// The sequence of a sound, and its duration in seconds. Nothing is learned from any sound before.
fn encoded(options: &Json, sound: &Value) -> (Encoded, f64, Stem) {
    assert_eq!(Tested(Audio).check(options), []);
    let opened = Tested(Audio).open(options, sound).expect("a sound").value;
    let adapter = Tested(Audio).fit(options, &mut [].into_iter()).expect("nothing to learn");
    let signal = opened.as_signal().expect("opened sounds are signals");
    let seconds = signal.len() as f64 / signal.rate();
    (adapter.encode(&opened).expect("a sound"), seconds, adapter.stem())
}

fn made(samples: usize) -> Value {
    let sample = |n: i64| ((n * n / 50 % 2001 - 1000) * (n / 800 % 5)) as f32 / 32_768.0;
    Value::Signal(
        Signal::mono(16_000.0, (0..samples as i64).map(sample).collect::<Vec<_>>()).expect("a rate"),
    )
}

fn cases() -> Vec<Case> {
    let lines = include_str!("../golden/whisper.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).expect("a case")).collect()
}

/// The largest difference from what the extractor makes, among the bands below a share of them, and among the rest.
fn differences(case: &Case, found: &Encoded, share: f64) -> [f32; 2] {
    let found = found.sequence.frames().expect("frames");
    assert_eq!((found.width(), found.len()), (case.bands, 100 * case.seconds));
    let values: Vec<f32> = found.values().iter().step_by(case.step).copied().collect();
    assert_eq!(values.len(), case.values.len());
    let mut largest = [0.0_f32; 2];
    for (number, (found, expected)) in values.iter().zip(&case.values).enumerate() {
        let band = number * case.step % case.bands;
        let largest = &mut largest[usize::from(band as f64 >= share * case.bands as f64)];
        *largest = largest.max((found - expected).abs());
    }
    largest
}

#[test]
fn frames_are_those_of_the_extractor() {
    let mut seen = 0;
    for case in cases() {
        let Some(samples) = case.made else { continue };
        let (found, ..) = encoded(&options(case.bands, case.seconds), &made(samples));
        let [largest, _] = differences(&case, &found, 1.0);
        assert!(largest < 1e-4, "{samples} samples, {} bands: {largest}", case.bands);
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn frames_of_recordings_are_those_of_the_extractor() {
    for case in cases() {
        let Some(name) = &case.recording else { continue };
        let Some(path) = outside::folder("ANY2ANY_MODELS", name) else { return };
        let sound = Value::File(File::on_disk(path));
        let (found, ..) = encoded(&options(case.bands, case.seconds), &sound);
        // One was at 48,000 Hz, and soxr resampled it for the extractor: near 8,000 Hz its filter is another.
        let [below, above] = differences(&case, &found, if name.contains("two") { 0.93 } else { 1.0 });
        println!("{name}, {} bands: {below:.1e}, above 7,000 Hz {above:.1e}", case.bands);
        assert!(below < 1e-4 && above < 0.25, "{name}, {} bands: {below} {above}", case.bands);
    }
}

#[test]
fn positions_cover_the_sound_once_and_silence_behind_it_is_among_them() {
    for (samples, positions) in [(480_000, 1500), (48_000, 150), (1, 1)] {
        let (Encoded { regions, sequence }, seconds, stem) = encoded(&options(80, 30), &made(samples));
        assert_eq!((sequence.len(), stem.positions(sequence.len()), regions.len()), (3000, 1500, 1500));
        let mut covered = 0.0;
        for (number, region) in regions.iter().enumerate() {
            match *region {
                Region::Span { start, end } => {
                    assert!((start - covered).abs() < 1e-9 && end > start && number <= positions);
                    // The kernel of a position is centred on its place: 20 ms from one to the next.
                    assert!((start - 0.02 * number as f64).abs() <= 0.005 + 1e-9, "{number}: {start}");
                    covered = end;
                }
                ref other => assert_eq!((other, number >= positions), (&Region::Nothing, true), "{number}"),
            }
        }
        assert!((covered - seconds.min(30.0)).abs() < 1e-9, "{samples}: {covered}");
    }
}
