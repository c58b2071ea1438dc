//! Samples on the disk: the same bytes as in memory, whatever happens to the process and to the cache.
#![cfg(unix)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use any2any_adapter::Seed;
use serde_json::{Value, json};

use crate::support::{TRANSFORMER, Workshop, media, sha256};

const TRAINING: &str = "  steps: 30
  save_every: 7
evaluation: { metrics: [bleu], every: 15, keep_best: 1, decode_at_most: 10 }
decoding: { max_length: 20 }";

const ON_DISK: &[&str] = &["--set", "tasks.translate.data.store=disk"];

/// The only entry of a kind in a workshop's cache.
pub(crate) fn entry(workshop: &Workshop, kind: &str) -> PathBuf {
    let folders = std::fs::read_dir(workshop.path("cache").join(kind)).expect("a cache");
    let mut folders = folders.map(|entry| entry.expect("readable").path()).filter(|path| path.is_dir());
    let found = folders.next().expect("an entry");
    assert_eq!(folders.next(), None, "one entry of {kind}");
    found
}

/// The digests of a folder's files, by name.
pub(crate) fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("readable").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, sha256(&path))
        })
        .collect();
    files.sort();
    files
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}

fn assert_same_weights(workshop: &Workshop, runs: [&str; 2], step: u64) {
    for file in ["model.safetensors", "optimizer.safetensors"] {
        let of = |run: &str| sha256(&workshop.path(run).join(format!("checkpoints/step-{step}")).join(file));
        assert_eq!(of(runs[0]), of(runs[1]), "{file} of {runs:?}");
    }
}

fn train(workshop: &Workshop, run: &str, options: &[&str]) {
    workshop.succeed(&[&["train", "experiment.yaml", "--run", run], options].concat());
}

#[test]
fn samples_on_the_disk_train_the_same_bytes() {
    let workshop = Workshop::new();
    // Tokens drawn anew for every epoch, sources left out, samples that are too long, lines that cannot be read.
    let drawn = "--set=tasks.translate.source.text.augment.bpe_dropout=0.1";
    let mut lines = std::fs::read(workshop.path("train.en")).expect("readable");
    lines.splice(0..3, *b"\xfft\xff");
    std::fs::write(workshop.path("train.en"), lines).expect("writable");
    workshop.experiment(TRANSFORMER, TRAINING);
    let cases: [(&str, &[&str]); 3] = [
        ("plain", &[]),
        ("drawn", &[drawn, "--set", "tasks.translate.source_dropout=0.2"]),
        ("limited", &["--set", "training.batch.max_source_length=17"]),
    ];
    for (name, options) in cases {
        let (memory, disk) = (format!("{name}-memory"), format!("{name}-disk"));
        train(&workshop, &memory, options);
        train(&workshop, &disk, &[options, ON_DISK].concat());
        assert_same_weights(&workshop, [&memory, &disk], 30);
        assert_eq!(workshop.losses(&memory), workshop.losses(&disk), "{name}");
        let report = |options: &[&str]| {
            let command = [&["check", "experiment.yaml", "--json"], options].concat();
            workshop.json(&command)["tasks"].clone()
        };
        assert_eq!(report(options), report(&[options, ON_DISK].concat()), "{name}");
    }
}

#[test]
fn shards_train_the_bytes_of_one_file_and_broken_ones_are_named() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    for side in ["en", "de"] {
        let text = workshop.read(&format!("train.{side}"));
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        for (number, part) in lines.chunks(lines.len() / 3 + 1).enumerate() {
            let path = workshop.path(&format!("part-{number}.{side}.gz"));
            std::fs::write(path, gzip(part.concat().as_bytes())).expect("writable");
        }
    }
    let whole = workshop.read("experiment.yaml");
    let with = |files: &str| whole.replace("{ parallel: { en: train.en, de: train.de } }", files);
    train(&workshop, "whole", &[]);
    workshop.write("experiment.yaml", &with("{ parallel: { en: 'part-*.en.gz', de: 'part-?.de.gz' } }"));
    train(&workshop, "memory", &[]);
    train(&workshop, "disk", ON_DISK);
    assert_same_weights(&workshop, ["whole", "memory"], 30);
    assert_same_weights(&workshop, ["whole", "disk"], 30);

    let lines = |parts: &[&str]| {
        let list =
            |side: &str| parts.iter().map(|part| format!("{part}.{side}.gz")).collect::<Vec<_>>().join(", ");
        with(&format!("{{ parallel: {{ en: [{}], de: [{}] }} }}", list("en"), list("de")))
    };
    let cut = std::fs::read(workshop.path("part-1.de.gz")).expect("readable");
    std::fs::write(workshop.path("part-1.de.gz"), &cut[..40]).expect("writable");
    workshop.write("experiment.yaml", &lines(&["part-0", "part-1", "gone", "part-2"]));
    train(&workshop, "broken-memory", &[]);
    train(&workshop, "broken-disk", ON_DISK);
    assert_same_weights(&workshop, ["broken-memory", "broken-disk"], 30);
    let report = |options: &[&str]| {
        workshop.json(&[&["check", "experiment.yaml", "--json"], options].concat())["tasks"].clone()
    };
    let (memory, disk) = (report(&[]), report(ON_DISK));
    assert_eq!(memory, disk);
    let said = memory.to_string();
    for part in ["part-1.de.gz: the gzip file is cut off", "gone.de.gz: No such file"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn a_run_goes_on_in_memory_or_on_the_disk() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    train(&workshop, "whole", &[]);
    train(&workshop, "part", &[ON_DISK, &["--set", "training.steps=14"]].concat());
    workshop.succeed(&["train", "--resume", "part", "--steps", "21"]);
    let text = workshop.read("part/resolved.yaml");
    assert!(text.contains("store: disk"), "{text}");
    workshop.write("part/resolved.yaml", &text.replace("store: disk", "store: memory"));
    workshop.succeed(&["train", "--resume", "part", "--steps", "30"]);
    assert_same_weights(&workshop, ["whole", "part"], 30);
}

#[test]
fn adapters_are_fitted_to_as_many_samples_as_asked_for() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    let few = [
        "--set",
        "tasks.translate.data.fit_samples=50",
        "--set",
        "tasks.translate.source.text.tokenizer.bpe.vocab=60",
    ];
    train(&workshop, "memory", &few);
    train(&workshop, "disk", &[&few[..], ON_DISK].concat());
    assert_same_weights(&workshop, ["memory", "disk"], 30);
    let vocabulary = |run: &str| files(&workshop.path(run).join("vocab/shared-text"));
    assert_eq!(vocabulary("memory"), vocabulary("disk"));
}

#[test]
fn a_damaged_cache_is_named_and_made_again() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    train(&workshop, "whole", ON_DISK);
    let samples = entry(&workshop, "samples");
    let sound = files(&samples);
    for (name, _) in &sound {
        let path = samples.join(name);
        let mut bytes = std::fs::read(&path).expect("readable");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, &bytes).expect("writable");
        let run = format!("damaged-{name}");
        let finished = workshop.run(&[&["train", "experiment.yaml", "--run", &run], ON_DISK].concat());
        if finished.code != Some(0) {
            assert!(finished.stderr.contains("is not what was written"), "{name}: {}", finished.stderr);
            assert!(!samples.exists(), "{name}: a damaged entry is removed");
            workshop.succeed(&["train", "--resume", &run]);
        }
        assert_same_weights(&workshop, ["whole", &run], 30);
        assert_eq!(files(&samples), sound, "{name}");
    }
}

#[test]
fn damaged_vocabularies_are_not_trusted() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    train(&workshop, "whole", ON_DISK);
    let vocabulary = entry(&workshop, "adapters").join("adapters/shared-text");
    let sound = files(&vocabulary);
    for (name, _) in &sound {
        let path = vocabulary.join(name);
        let mut bytes = std::fs::read(&path).expect("readable");
        // The last digit, so that the file stays what it is.
        let digit = bytes.iter_mut().rev().find(|byte| byte.is_ascii_digit()).expect("a number");
        *digit = if *digit == b'1' { b'2' } else { b'1' };
        std::fs::write(&path, bytes).expect("writable");
    }
    train(&workshop, "again", ON_DISK);
    assert_same_weights(&workshop, ["whole", "again"], 30);
    assert_eq!(files(&vocabulary), sound);
}

/// An experiment over a corpus that takes a moment to be encoded, with further lines of its `data`.
pub(crate) fn large(workshop: &Workshop, pairs: &str, options: &str) {
    workshop.succeed(&["data", "generate", "pairs", "corpus", "--pairs", pairs]);
    let experiment = "name: large
tasks:
  translate:
    data:
      files: { train: { parallel: { en: corpus/train.en, de: corpus/train.de } } }
      store: disk
OPTIONS      fit_samples: 1000
    source: { text: { field: en, tokenizer: { bpe: { vocab: 500, shared: true } } } }
    target: { text: { field: de } }
model:
  transformer: { d_model: 16, d_ff: 16, heads: 2, encoder_layers: 1, decoder_layers: 1 }
training: { steps: 2, schedule: { constant: { peak: 1.0e-3 } } }
evaluation: { metrics: [] }
";
    workshop.write("experiment.yaml", &experiment.replace("OPTIONS", options));
}

#[test]
fn a_killed_preparation_is_gone_on_with() {
    let workshop = Workshop::new();
    large(&workshop, "120000", "");
    let began = Instant::now();
    workshop.succeed(&["check", "experiment.yaml"]);
    let whole = began.elapsed();
    let samples = entry(&workshop, "samples");
    let expected = files(&samples);
    let random = &mut Seed(3).random("kills", 0);
    let mut gone_on = 0;
    for _ in 0..20 {
        workshop.succeed(&["data", "cache", "--clear"]);
        let mut command = workshop.command(&["check", "experiment.yaml"]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        std::thread::sleep(whole.mul_f64(random.unit()));
        child.kill().expect("SIGKILL");
        child.wait().expect("it is gone");
        let journal = samples.with_extension("unfinished").join("journal.jsonl");
        gone_on += usize::from(std::fs::metadata(journal).is_ok_and(|data| data.len() > 0));
        workshop.succeed(&["check", "experiment.yaml"]);
        assert_eq!(files(&samples), expected);
    }
    assert!(gone_on > 2, "{gone_on} of 20 preparations were gone on with");
}

#[test]
fn two_processes_make_one_cache() {
    let workshop = Workshop::new();
    large(&workshop, "60000", "");
    workshop.succeed(&["check", "experiment.yaml"]);
    let samples = entry(&workshop, "samples");
    let expected = files(&samples);
    workshop.succeed(&["data", "cache", "--clear"]);
    let start = |run: &str| {
        let mut command = workshop.command(&["train", "experiment.yaml", "--run", run]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    let said: Vec<String> = [start("one"), start("two")]
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().expect("it ends");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{said}");
            said
        })
        .collect();
    assert_same_weights(&workshop, ["one", "two"], 2);
    assert_eq!(files(&samples), expected);
    let encoded = said.iter().filter(|said| said.contains("encoding its samples once"));
    assert_eq!(encoded.count(), 1, "{said:?}");
}

#[test]
fn the_cache_is_listed_and_cleared() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    assert_eq!(workshop.json(&["data", "cache", "--json"])["entries"], Value::Array(Vec::new()));
    workshop.succeed(&[&["check", "experiment.yaml"], ON_DISK].concat());
    let held = workshop.json(&["data", "cache", "--json"]);
    let entries = held["entries"].as_array().expect("a list");
    let kinds: Vec<&str> = entries.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds, ["adapters", "samples"]);
    assert_eq!(entries[1]["samples"], 360);
    assert!(workshop.succeed(&["data", "cache"]).contains("360 samples"));
    // Elsewhere, if a person says so.
    let elsewhere = ["--cache", "elsewhere"];
    workshop.succeed(&[&["check", "experiment.yaml"], ON_DISK, &elsewhere].concat());
    assert_eq!(files(&entry(&workshop, "samples")), {
        let folder =
            workshop.path("elsewhere/samples").join(entry(&workshop, "samples").file_name().expect("a key"));
        files(&folder)
    });
    workshop.succeed(&["data", "cache", "--clear"]);
    assert_eq!(workshop.json(&["data", "cache", "--json"])["bytes"], 0);
}

/// Pictures, sounds and recordings: augmented, written, divided and joined.
#[test]
fn files_are_opened_for_their_batches_as_if_all_were_in_memory() {
    let workshop = Workshop::new();
    media::fill(&workshop);
    std::fs::write(workshop.path("sounds/anna_bar_3.wav"), b"RIFF").expect("a broken sound");
    let joined = media::UNIVERSAL
        .replace(
            "data: &sounds\n",
            "data: &sounds\n      join: { count: [1, 2], samples: 40, test_samples: 6 }\n",
        )
        .replace("at_most: 30", "at_most: 60")
        .replace("steps: 900", "steps: 12")
        .replace("every: 250", "every: 12");
    workshop.write("experiment.yaml", &joined);
    let names = ["see", "hear", "feel", "draw", "clean", "sing"];
    let stores: Vec<String> =
        names.iter().map(|name| format!("--set=tasks.{name}.data.store=disk")).collect();
    let on_disk: Vec<&str> = stores.iter().map(String::as_str).collect();
    train(&workshop, "memory", &[]);
    train(&workshop, "disk", &on_disk);
    assert_same_weights(&workshop, ["memory", "disk"], 12);
    let report = |options: &[&str]| {
        workshop.json(&[&["check", "experiment.yaml", "--json"], options].concat())["tasks"].clone()
    };
    assert_eq!(report(&[]), report(&on_disk));
    // What is held out is opened again for each evaluation, and gives the same figures.
    let evaluated = |run: &str, options: &[&str]| {
        let mut found = workshop.json(&[&["evaluate", run, "--json"], options].concat());
        found["decoding_seconds"].take();
        found
    };
    for name in names {
        let of_task = ["--task", name, "--by-length", "2"];
        assert_eq!(evaluated("memory", &of_task), evaluated("disk", &of_task), "{name}");
        let few = [&of_task[..], &["--limit", "3", "--split", "train"]].concat();
        assert_eq!(evaluated("memory", &few), evaluated("disk", &few), "{name}");
        assert_eq!(evaluated("disk", &few)["samples"], 3);
    }
    let validation = |run: &str| -> Vec<Value> {
        let log = workshop.read(&format!("{run}/metrics.jsonl"));
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let lines = lines.filter(|line| line["kind"] != "train");
        lines
            .map(|line| json!([line["kind"], line["task"], line["loss"], line["decoded"], line["samples"]]))
            .collect()
    };
    assert_eq!(validation("memory"), validation("disk"));
    // The cache names the files, which may go away.
    std::fs::remove_file(workshop.path("sounds/bert_ring_7.wav")).expect("it was there");
    train(&workshop, "without", &on_disk);
    assert_eq!(report(&[]), report(&on_disk));
}

const CLIPS: &str = "name: clips
tasks:
  hear:
    data:
      files:
        train: { webdataset: { shards: SHARDS, fields: { sound: wav, word: txt } } }
        validation: { webdataset: { shards: SHARDS, fields: { sound: wav, word: txt } } }
    source:
      audio:
        field: sound
        rate: 8000
        mel: { bands: 16 }
        stem: { convolution: { layers: [{ kernel: 3, stride: 2 }] } }
        augment: { gain: 3, speed: [0.97, 1.03] }
    target: { text: { field: word, tokenizer: { words: { vocab: 7 } } } }
model: { transformer: { d_model: 32, d_ff: 64, heads: 4, encoder_layers: 1, decoder_layers: 1 } }
training: { steps: 12, batch: { tokens: 400 } }
evaluation: { metrics: [exact_match], every: 12, show: 1 }
";

/// Sounds that stay in their archive, or are written into the cache since it is compressed.
#[test]
fn sounds_in_shards_are_read_one_after_the_other() {
    let workshop = Workshop::new();
    media::fill(&workshop);
    let mut sounds: Vec<PathBuf> = std::fs::read_dir(workshop.path("sounds"))
        .expect("a folder")
        .map(|entry| entry.expect("readable").path())
        .collect();
    sounds.sort();
    for (number, sounds) in sounds.chunks(sounds.len().div_ceil(2)).enumerate() {
        let mut shard = tar::Builder::new(Vec::new());
        for sound in sounds {
            let name = sound.file_stem().and_then(|name| name.to_str()).expect("a name");
            let word = name.split('_').nth(1).expect("a word").as_bytes();
            for (bytes, extension) in [(&std::fs::read(sound).expect("readable")[..], "wav"), (word, "txt")] {
                let mut header = tar::Header::new_ustar();
                header.set_size(bytes.len() as u64);
                header.set_mode(0o644);
                shard.append_data(&mut header, format!("{name}.{extension}"), bytes).expect("memory");
            }
        }
        let shard = shard.into_inner().expect("memory");
        std::fs::write(workshop.path(&format!("clips-{number}.tar.gz")), gzip(&shard)).expect("writable");
        std::fs::write(workshop.path(&format!("clips-{number}.tar")), shard).expect("writable");
    }
    let on_disk = ["--set", "tasks.hear.data.store=disk"];
    for (shards, name) in [("'clips-*.tar'", "plain"), ("'clips-*.tar.gz'", "packed")] {
        workshop.write("experiment.yaml", &CLIPS.replace("SHARDS", shards));
        train(&workshop, &format!("{name}-memory"), &[]);
        train(&workshop, &format!("{name}-disk"), &on_disk);
        assert_same_weights(&workshop, [&format!("{name}-memory"), &format!("{name}-disk")], 12);
    }
    assert_same_weights(&workshop, ["plain-memory", "packed-memory"], 12);
    // An archive that has become shorter is named, and costs no checkpoint.
    let shard = std::fs::read(workshop.path("clips-1.tar")).expect("readable");
    std::fs::write(workshop.path("clips-1.tar"), &shard[..shard.len() / 2]).expect("writable");
    let finished = workshop.run(&["train", "--resume", "plain-disk", "--steps", "20"]);
    assert_ne!(finished.code, Some(0));
    assert!(finished.stderr.contains("the training data is no longer"), "{}", finished.stderr);
}

#[test]
fn a_part_of_a_split_can_be_on_the_disk() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    let limited = ["--set", "tasks.translate.data.limit.train=99"];
    train(&workshop, "memory", &limited);
    train(&workshop, "disk", &[&limited[..], ON_DISK].concat());
    assert_same_weights(&workshop, ["memory", "disk"], 30);
}

#[test]
fn files_that_differ_in_length_are_found() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    // A file that is a line short is found before anything is encoded for good.
    let text = workshop.read("train.de");
    workshop.write("train.de", text.trim_end().rsplit_once('\n').expect("lines").0);
    let finished = workshop.run(&[&["check", "experiment.yaml"], ON_DISK].concat());
    assert!(finished.stderr.contains("parallel files differ in length"), "{}", finished.stderr);
    assert_ne!(finished.code, Some(0));
}
