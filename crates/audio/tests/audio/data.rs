//! Real sounds: spoken digits of FSDD. Where they lie is said by ANY2ANY_DATA.

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use any2any_adapter::testing::Tested;
use any2any_adapter::{Adapter, File, Head, Seed, Sequence, Value};
use any2any_audio::Audio;
use flate2::read::GzDecoder;
use serde_json::{Value as Json, json};

use crate::outside;

/// The clips, in the order of their archive; the official split by index: 0 to 4 are the test.
pub(crate) struct Clips {
    train: Vec<Value>,
    pub(crate) test: Vec<Value>,
}

pub(crate) fn clips() -> Option<&'static Clips> {
    static CLIPS: OnceLock<Clips> = OnceLock::new();
    let path = outside::folder("ANY2ANY_DATA", "fsdd/recordings.tar.gz")?;
    Some(CLIPS.get_or_init(|| read(&path)))
}

fn read(path: &Path) -> Clips {
    let mut archive = tar::Archive::new(GzDecoder::new(std::fs::File::open(path).expect("the archive")));
    let mut clips = Clips { train: Vec::new(), test: Vec::new() };
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("a member");
        let path = entry.path().expect("a name").into_owned();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        let Some(index) = name.rsplit('_').next().and_then(|index| index.parse::<usize>().ok()) else {
            continue;
        };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("a member");
        let split = if index < 5 { &mut clips.test } else { &mut clips.train };
        split.push(Value::File(File::in_memory(path, bytes)));
    }
    clips
}

fn open(options: &Json, files: &[Value]) -> Vec<Value> {
    assert_eq!(Tested(Audio).check(options), []);
    files.iter().map(|file| Tested(Audio).open(options, file).expect("a sound clip").value).collect()
}

fn fit(options: &Json, values: &[Value]) -> Arc<dyn Adapter> {
    Tested(Audio).fit(options, &mut values.iter()).expect("sounds of one kind")
}

/// A third of the test: the archive is sorted by digit, so these are 10 of each.
fn some(clips: &Clips) -> Vec<Value> {
    clips.test.iter().step_by(3).cloned().collect()
}

/// Log-mel frames, not normalised.
fn log_mel(values: &[Value]) -> Vec<Vec<f32>> {
    let adapter = fit(&json!({ "field": "sound", "rate": 8000, "normalize": "none" }), values);
    let frames = |value| adapter.encode(value).expect("a sound").sequence;
    values.iter().map(|value| frames(value).frames().expect("frames").values().to_vec()).collect()
}

/// The mean absolute difference of log-mel values, in nepers of energy, over what is within 8 of the loudest.
fn distance(one: &[Vec<f32>], other: &[Vec<f32>]) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one.len(), other.len());
        let loudest = one.iter().copied().fold(f32::MIN, f32::max);
        for (a, b) in one.iter().zip(other).filter(|(a, _)| **a > loudest - 8.0) {
            sum += f64::from((a - b).abs());
            count += 1.0;
        }
    }
    sum / count
}

/// 16 frames of each clip, evenly spaced, without its loudness: what a digit looks like.
fn shapes(values: &[Value]) -> Vec<Vec<f32>> {
    let shape = |frames: Vec<f32>| {
        let count = frames.len() / 40;
        let mean = frames.iter().sum::<f32>() / frames.len() as f32;
        let picked = (0..16).flat_map(|part| &frames[part * (count - 1) / 15 * 40..][..40]);
        picked.map(|value| value - mean).collect()
    };
    log_mel(values).into_iter().map(shape).collect()
}

/// Per cent of the clips whose nearest clip of the training split has the same digit.
fn recognised(train: &[Vec<f32>], train_files: &[Value], test: &[Vec<f32>], test_files: &[Value]) -> f64 {
    let digit = |file: &Value| match file {
        Value::File(file) => {
            file.path().file_name().and_then(|name| name.to_str()).map(|name| name.as_bytes()[0])
        }
        other => panic!("{other}"),
    };
    let distance = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    let right = test.iter().zip(test_files).filter(|(shape, file)| {
        let nearest = (0..train.len())
            .min_by(|&a, &b| distance(&train[a], shape).total_cmp(&distance(&train[b], shape)));
        nearest.is_some_and(|nearest| digit(&train_files[nearest]) == digit(file))
    });
    100.0 * right.count() as f64 / test.len() as f64
}

#[test]
fn all_clips_become_frames() {
    let Some(clips) = clips() else { return };
    assert_eq!((clips.train.len(), clips.test.len()), (2700, 300));
    let options = json!({
        "field": "sound", "rate": 8000, "deltas": true, "trim": {},
        "stem": { "convolution": { "layers": [{ "kernel": 3, "stride": 2 }, { "kernel": 3, "stride": 2 }] } }
    });
    let start = Instant::now();
    let opened = open(&options, &clips.train);
    println!("2,700 clips opened in {:?}", start.elapsed());
    let start = Instant::now();
    let adapter = fit(&options, &opened);
    println!("fitted in {:?}", start.elapsed());
    let start = Instant::now();
    let (mut sums, mut squares, mut frames) = (vec![0.0_f64; 120], vec![0.0_f64; 120], 0.0);
    for value in &opened {
        let encoded = adapter.encode(value).expect("a clip");
        assert_eq!(encoded.regions.len(), adapter.stem().positions(encoded.sequence.len()));
        for frame in encoded.sequence.frames().expect("frames").values().chunks_exact(120) {
            frames += 1.0;
            for (column, value) in frame.iter().enumerate() {
                sums[column] += f64::from(*value);
                squares[column] += f64::from(*value).powi(2);
            }
        }
    }
    println!("{frames} frames in {:?}", start.elapsed());
    for (sum, square) in sums.iter().zip(&squares) {
        assert!((sum / frames).abs() < 1e-3 && (square / frames - 1.0).abs() < 1e-3);
    }
}

#[test]
fn speech_survives_frames_and_griffin_lim() {
    let Some(clips) = clips() else { return };
    let options = json!({ "field": "sound", "rate": 8000, "output": { "mel": { "at_most": 400 } } });
    let opened = open(&options, &some(clips));
    let adapter = fit(&options, &opened);
    assert!(matches!(adapter.head(), Some(Head::Regression { width: 40, .. })));
    let start = Instant::now();
    let written: Vec<Value> = opened
        .iter()
        .map(|value| {
            let sequence = adapter.encode(value).expect("a clip").sequence;
            let decoded = adapter.decode(&sequence).expect("frames");
            assert_eq!(decoded.regions.len(), sequence.len());
            decoded.value
        })
        .collect();
    println!("100 clips written in {:?}", start.elapsed());
    let found = distance(&log_mel(&opened), &log_mel(&written));
    println!("mel, Griffin-Lim, mel: {found:.3}");
    assert!(found < 0.5, "{found}");
    let file = adapter.to_file(&written[0]).expect("a sound");
    assert_eq!((file.extension.as_str(), &file.bytes[..4]), ("wav", &b"RIFF"[..]));
}

#[test]
fn speech_survives_256_codes() {
    let Some(clips) = clips() else { return };
    for stack in [1, 2] {
        let options = json!({
            "field": "sound", "rate": 8000, "output": { "codes": { "codes": 256, "stack": stack } }
        });
        let start = Instant::now();
        let train: Vec<Value> = clips.train.iter().step_by(6).cloned().collect();
        let adapter = fit(&options, &open(&options, &train));
        println!("256 codes of {stack} frames from 450 clips in {:?}", start.elapsed());
        let files = some(clips);
        let unseen = open(&options, &files);
        let mut written = Vec::new();
        for value in &unseen {
            let sequence = adapter.encode(value).expect("a clip").sequence;
            let tokens = sequence.tokens().expect("tokens");
            assert!(tokens.len() <= adapter.longest().expect("codes have an end") + 20);
            let spoken = Sequence::Tokens(tokens[..tokens.len() - 1].to_vec());
            written.push(adapter.decode(&spoken).expect("codes").value);
        }
        let (before, mut after) = (log_mel(&unseen), log_mel(&written));
        for (before, after) in before.iter().zip(&mut after) {
            after.truncate(before.len());
        }
        let found = distance(&before, &after);
        println!("256 codes of {stack} frames: {found:.3}");
        assert!(found < 1.2, "{found}");
        let opened = open(&options, &train);
        let train_shapes = shapes(&opened);
        let [heard, kept] =
            [&unseen, &written].map(|values| recognised(&train_shapes, &train, &shapes(values), &files));
        println!("nearest neighbours know {heard} % of the digits, and {kept} % of those written");
        assert!(kept >= heard - 10.0, "{heard} {kept}");
    }
}

#[test]
fn clips_are_augmented_fast_enough_to_train_on() {
    let Some(clips) = clips() else { return };
    let options = json!({
        "field": "sound", "rate": 8000, "augment": {
            "speed": [0.9, 1.1], "shift": 0.05, "gain": 6, "noise": { "pink": [10, 40] },
            "spec_augment": { "time_masks": 2, "time_width": 10, "frequency_masks": 2, "frequency_width": 6 }
        }
    });
    let opened = open(&options, &clips.test);
    let adapter = fit(&options, &opened);
    assert!(adapter.augments());
    let start = Instant::now();
    for (number, value) in opened.iter().enumerate() {
        let random = || Seed(1).random("augment", number as u64);
        let encoded = adapter.augment(value, &mut random()).expect("a clip");
        assert_eq!(encoded, adapter.augment(value, &mut random()).expect("a clip"));
        assert_ne!(encoded, adapter.encode(value).expect("a clip"));
    }
    println!("300 clips augmented twice, and read once, in {:?}", start.elapsed());
}

#[test]
fn digits_that_follow_each_other_are_a_number() {
    let Some(clips) = clips() else { return };
    let options = json!({ "field": "sound", "rate": 16_000, "gap": [0.05, 0.2], "trim": {}, "stack": 3 });
    let numbers: Vec<Value> =
        clips.test[..60].chunks(3).map(|digits| Value::Series(digits.to_vec().into())).collect();
    let opened = open(&options, &numbers);
    let adapter = fit(&options, &opened);
    for value in &opened {
        let Value::Signal(signal) = value else { panic!("{value}") };
        let encoded = adapter.encode(value).expect("a number");
        assert_eq!(signal.rate(), 16_000.0);
        assert_eq!(encoded.sequence.len(), (1 + signal.len() / 160).div_ceil(3));
        assert_eq!(encoded.sequence.frames().expect("frames").width(), 120);
    }
}
