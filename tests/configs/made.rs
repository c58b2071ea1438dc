//! Datasets as manifests in `crates/data/datasets/` describe them, so small that a test makes them: digits drawn and spoken, and
//! recordings of people who look at lights.

use std::io::Write;
use std::path::Path;

use any2any_adapter::{Random, Seed};

use crate::support::{pack, sha256};

#[path = "../../crates/eeg/tests/eeg/bytes.rs"]
mod bytes;

/// Fills the folders `mnist`, `fsdd` and `eeg_ssvep_exo` of a data root, and writes the manifest of each beside them.
pub(crate) fn fill(root: &Path) {
    digits(&root.join("mnist"));
    speech(&root.join("fsdd"));
    recordings(&root.join("eeg_ssvep_exo"));
    for (name, folder) in [("mnist", "mnist"), ("fsdd", "fsdd"), ("ssvep-exo", "eeg_ssvep_exo")] {
        let shipped =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../crates/data/datasets/{name}.yaml"));
        let shipped = std::fs::read_to_string(shipped).expect("a manifest");
        std::fs::write(root.join(format!("{name}.yaml")), manifest(&shipped, &root.join(folder)))
            .expect("writable");
    }
}

/// The manifest that ships, with the sizes and checksums of other files.
fn manifest(shipped: &str, folder: &Path) -> String {
    let (mut text, mut file) = (String::new(), folder.to_owned());
    for line in shipped.lines() {
        if let Some((_, name)) = line.split_once("- path: ") {
            file = folder.join(name);
        }
        let line = match line.trim_start().split_once(": ") {
            Some(("sha256", _)) => format!("    sha256: {}", sha256(&file)),
            Some(("bytes", _)) => format!("    bytes: {}", std::fs::metadata(&file).expect("made").len()),
            _ => line.to_owned(),
        };
        text += &format!("{line}\n");
    }
    text
}

/// Two of the classic IDX files for each split: pictures of 28 x 28 pixels in which a digit is a bar at its own height.
fn digits(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a new folder");
    for (split, count) in [("train", 1000_u32), ("t10k", 20)] {
        let mut images = [0x803, count, 28, 28].map(u32::to_be_bytes).concat();
        let mut labels = [0x801, count].map(u32::to_be_bytes).concat();
        for number in 0..count {
            let random = &mut Seed(1).random(split, number.into());
            let digit = (number % 10) as u8;
            let bar = 4 + 2 * usize::from(digit);
            images.extend((0..28 * 28).map(|pixel| {
                let (row, column) = (pixel / 28, pixel % 28);
                let ink = (bar..bar + 2).contains(&row) && (6..22).contains(&column);
                if ink { 255 } else { random.below(20) as u8 }
            }));
            labels.push(digit);
        }
        for (bytes, kind) in [(images, "images-idx3"), (labels, "labels-idx1")] {
            let file = std::fs::File::create(folder.join(format!("{split}-{kind}-ubyte.gz"))).expect("new");
            let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            packed.write_all(&bytes).and_then(|()| packed.finish().map(drop)).expect("writable");
        }
    }
}

/// An archive of short sounds: a digit is a tone of its own height, a speaker a loudness.
fn speech(folder: &Path) {
    let spoken = folder.join("recordings");
    std::fs::create_dir_all(&spoken).expect("a new folder");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    for digit in 0..10 {
        for (speaker, loudness) in [("george", 9000.0), ("jackson", 5000.0)] {
            for index in 0..10 {
                let name = format!("{digit}_{speaker}_{index}.wav");
                let random = &mut Seed(2).random(&name, 0);
                let mut sound = hound::WavWriter::create(spoken.join(&name), spec).expect("a new file");
                for at in 0..1600 + 100 * index {
                    let turns = f64::from(at) / 8000.0 * (300.0 + 120.0 * f64::from(digit));
                    let tone = (turns * std::f64::consts::TAU).sin() * loudness;
                    sound.write_sample((tone + noise(random) * 300.0) as i16).expect("writable");
                }
                sound.finalize().expect("writable");
            }
        }
    }
    pack(folder, "recordings.tar.gz", &["recordings"]);
}

/// A session to train on and one to test with: eight channels of 256 Hz, in which a light flickers for five seconds of
/// every six.
fn recordings(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a new folder");
    let files = ["subject01_2012.07.06-19.02.16.edf", "subject01_2012.07.06-19.06.14.edf"];
    let mut events = "file\tsubject\ttrial\tonset_sample\tonset_s\tcode\tlabel\tsamples_left\n".to_owned();
    for (file, trials) in files.into_iter().zip([36, 6]) {
        let random = &mut Seed(3).random(file, 0);
        let channels: Vec<Vec<i32>> =
            (0..8).map(|_| (0..TRIAL * 36).map(|at| voltage(at, random)).collect()).collect();
        let names: [&[u8]; 8] = [b"Oz", b"O1", b"O2", b"PO3", b"POz", b"PO7", b"PO8", b"PO4"];
        let signals = names.into_iter().zip(channels).map(|(name, values)| (name, &b"uV"[..], values));
        let count = TRIAL * 36 / RATE;
        let edf = bytes::EdfFile { records: "216", count, ..bytes::EdfFile::new(signals.collect()) };
        std::fs::write(folder.join(file), edf.bytes()).expect("writable");
        for trial in 0..trials {
            let (onset, light) = (trial * TRIAL, LIGHTS[trial % LIGHTS.len()]);
            let left = TRIAL * 36 - onset;
            let seconds = onset / RATE;
            events += &format!("{file}\tsubject01\t{trial}\t{onset}\t{seconds}\t2\t{light}\t{left}\n");
        }
    }
    std::fs::write(folder.join("events.tsv"), events).expect("writable");
    pack(folder, "edf.tar.gz", &files);
}

const RATE: usize = 256;
const TRIAL: usize = 6 * RATE;
/// Hz.
const LIGHTS: [usize; 3] = [13, 17, 21];

/// Tenths of a microvolt.
fn voltage(at: usize, random: &mut Random) -> i32 {
    let turns = (at * LIGHTS[at / TRIAL % LIGHTS.len()]) as f64 / RATE as f64;
    let flicker = if at % TRIAL < 5 * RATE { (turns * std::f64::consts::TAU).sin() } else { 0.0 };
    ((flicker + noise(random)) * 100.0) as i32
}

/// From -1 to 1.
fn noise(random: &mut Random) -> f64 {
    random.below(2001) as f64 / 1000.0 - 1.0
}
