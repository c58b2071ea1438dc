//! The recordings of Kalunga et al. (2016), where ANY2ANY_DATA names a folder that has them: flickering lights
//! of 13, 17 and 21 Hz are told apart without any training.
//!
//! With ANY2ANY_EEG_FRAMES, the encoded frames are written into that folder for other programs: one file of
//! 32-bit floats, and a table of labels and subjects beside it.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, Part, Value};
use any2any_eeg::Eeg;
use serde_json::{Value as Json, json};

use crate::common::options;
use crate::outside;

struct Trial {
    subject: String,
    label: String,
    event: Value,
}

/// The folder of the recordings, if there is one.
fn folder() -> Option<PathBuf> {
    let archive = outside::folder("ANY2ANY_DATA", "eeg_ssvep_exo/edf.tar.gz")?;
    archive.parent().map(Path::to_path_buf)
}

/// The trials of the three lights, without sessions that the authors exclude.
fn trials(folder: &Path) -> Vec<Trial> {
    let archive = std::fs::File::open(folder.join("edf.tar.gz")).expect("the archive");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let mut files = BTreeMap::new();
    for entry in archive.entries().expect("a tar archive") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a name").into_owned();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("its bytes");
        files.insert(name.clone(), File::in_memory(name, bytes));
    }
    let table = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).expect("a table");
        text.lines()
            .skip(1)
            .map(|line| line.split('\t').map(str::to_owned).collect())
            .collect::<Vec<Vec<_>>>()
    };
    let excluded: Vec<String> =
        table("sessions.tsv").into_iter().filter(|row| row[5] == "yes").map(|row| row[0].clone()).collect();
    let rows = table("events.tsv").into_iter();
    rows.filter(|row| row[6] != "rest" && !excluded.contains(&row[0]))
        .filter_map(|row| {
            let sample = Part::Sample(row[3].parse().expect("a sample"));
            let event = Value::File(files.get(&row[0])?.part_of(sample));
            Some(Trial { subject: row[1].clone(), label: row[6].clone(), event })
        })
        .collect()
}

/// Options for telling flickering lights apart.
fn rhythms() -> Json {
    options(json!({
        "filter": { "low": 6, "high": 45, "order": 4 },
        "epoch": { "from": 1, "to": 5 },
        "features": { "rhythms": { "window": 4, "low": 11, "high": 23, "resolution": 0.25, "harmonics": 2 } },
        "normalize": { "fitted": false },
    }))
}

#[test]
fn the_highest_rhythm_tells_the_lights_apart() {
    let Some(folder) = folder() else { return };
    let (trials, options) = (trials(&folder), rhythms());
    let start = Instant::now();
    let side = Tested(Eeg).side(&options).expect("sound options");
    let open = |trial: &Trial| side.open(&trial.event).expect("a trial").value;
    let opened: Vec<Value> = trials.iter().map(open).collect();
    println!("{} trials opened in {:.1} s", opened.len(), start.elapsed().as_secs_f64());
    let adapter = Tested(Eeg).fit(&options, &mut opened.iter()).expect("options that fit");
    let mut subjects: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (trial, value) in trials.iter().zip(&opened) {
        let encoded = adapter.encode(value).expect("a trial");
        let frames = encoded.sequence.frames().expect("frames");
        assert_eq!((frames.len(), frames.width()), (1, 49));
        let at = |hertz: f64| frames.values()[((hertz - 11.0) / 0.25) as usize];
        let best = ["13", "17", "21"]
            .into_iter()
            .max_by(|a, b| at(a.parse().expect("hertz")).total_cmp(&at(b.parse().expect("hertz"))));
        let (right, all) = subjects.entry(&trial.subject).or_default();
        *right += usize::from(best == Some(&trial.label));
        *all += 1;
    }
    println!("{subjects:?}");
    let (right, all) = subjects.values().fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
    println!("{right} of {all} trials right: {:.1} %", 100.0 * right as f64 / all as f64);
    assert!(right * 100 > all * 75, "{right} of {all}; chance is a third");
}

#[test]
fn frames_are_exported() {
    let (Some(folder), Some(out)) = (folder(), std::env::var_os("ANY2ANY_EEG_FRAMES")) else { return };
    let out = PathBuf::from(out);
    let trials = trials(&folder);
    let chosen = std::fs::read_to_string(out.join("options.json")).expect("options.json: name to options");
    let chosen: BTreeMap<String, Json> = serde_json::from_str(&chosen).expect("JSON");
    for (name, json) in chosen {
        let options = options(json);
        let side = Tested(Eeg).side(&options).expect("sound options");
        let open = |trial: &Trial| side.open(&trial.event).expect("a trial").value;
        let opened: Vec<Value> = trials.iter().map(open).collect();
        let adapter = Tested(Eeg).fit(&options, &mut opened.iter()).expect("options that fit");
        let (mut bytes, mut rows) = (Vec::new(), String::new());
        for (trial, value) in trials.iter().zip(&opened) {
            let encoded = adapter.encode(value).expect("a trial");
            let frames = encoded.sequence.frames().expect("frames");
            bytes.extend(frames.values().iter().flat_map(|value| value.to_le_bytes()));
            rows += &format!("{}\t{}\t{}\t{}\n", trial.subject, trial.label, frames.len(), frames.width());
        }
        std::fs::write(out.join(format!("{name}.f32")), bytes).expect("a folder");
        std::fs::write(out.join(format!("{name}.tsv")), rows).expect("a folder");
    }
}
