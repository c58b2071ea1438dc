//! Pictures, sounds and recordings in and out: six tasks in one model, through the finished binary, on data that
//! the test makes itself.

use std::time::{Duration, Instant};

use any2any_server::{Limits, Options};
use base64::Engine;

use crate::support::media::{PEOPLE, UNIVERSAL, fill};
use crate::support::served::{Served, options};
use crate::support::{Workshop, finished, sha256};

#[test]
fn one_model_reads_and_writes_every_medium() {
    let workshop = Workshop::new();
    fill(&workshop);
    // One of the pictures is cut off: it is named, counted and left out.
    let whole = std::fs::read(workshop.path("pictures/anna_bar_7.png")).expect("a picture");
    std::fs::write(workshop.path("pictures/anna_bar_7.png"), &whole[..whole.len() / 2]).expect("writable");
    workshop.write("universal.yaml", UNIVERSAL);
    let trained = workshop.run(&["train", "universal.yaml", "--run", "run", "--json"]);
    assert_eq!(trained.code, Some(0), "{}", trained.stderr);
    assert!(trained.stderr.contains("1 of 41 samples cannot be read"), "{}", trained.stderr);
    assert!(trained.stderr.contains("pictures/anna_bar_7.png"), "{}", trained.stderr);
    let report: serde_json::Value = serde_json::from_str(&trained.stdout).expect("JSON");
    let score = |task: &str, metric: usize| {
        let tasks = report["tasks"].as_array().expect("a list");
        let found = tasks.iter().find(|found| found["task"] == task).expect("the task");
        found["decoded"][metric]["value"].as_f64().expect("a score")
    };
    for task in ["see", "hear", "feel"] {
        assert!(score(task, 0) >= 80.0, "{task}: {} % right", score(task, 0));
    }
    assert!(score("clean", 0) > 15.0, "{} dB", score("clean", 0));

    written(&workshop);
    controls(&workshop);
    distances(&workshop);
    files(&workshop);
    prices(&workshop);
    beyond_reason(&workshop);
}

/// Values that can be read and cannot be meant are answered, and told with the name of their file.
fn beyond_reason(workshop: &Workshop) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(workshop.path("sounds/anna_bar_99.wav"), spec).expect("a WAV");
    for sample in 0..1600 {
        writer.write_sample(if sample == 800 { 65_535.0_f32 } else { 0.25 }).expect("writable");
    }
    writer.finalize().expect("writable");
    let rows: String =
        (0..128).map(|row| format!("{row},{}\n", if row == 64 { "3e38" } else { "1" })).collect();
    workshop.write("recordings/anna_bar_99.csv", &format!("O1,O2\n{rows}"));
    let sound = ["sounds/anna_bar_99.wav", "its largest value, 65535 in channel 1 at 0.100 s", "32768"];
    let volts = ["recordings/anna_bar_99.csv", "its largest value, 3e38 uV in channel 'O2' at ", "(1 V)"];
    for (task, words) in [("hear", sound), ("feel", volts)] {
        let answered = workshop.run(&["translate", "run", "--task", task, words[0]]);
        assert_eq!(answered.code, Some(0), "{}", answered.stderr);
        let looked = workshop.run(&["data", "look", words[0]]);
        for part in words {
            assert!(answered.stderr.contains(part), "{part}: {}", answered.stderr);
            let said = format!("{}{}", looked.stdout, looked.stderr);
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    let served = Served::with(Options { runs: vec![workshop.path("run")], ..options() });
    let tasks = served.get("/api/runs").json()[0]["model"]["tasks"].clone();
    let hear = tasks.as_array().expect("tasks").iter().position(|task| task["name"] == "hear");
    let bytes = std::fs::read(workshop.path(sound[0])).expect("a sound");
    let content = base64::engine::general_purpose::STANDARD.encode(bytes);
    let file = serde_json::json!({ "file": { "name": "a.wav", "content": content } });
    let answer = served.ask("/api/translate", &serde_json::json!({ "task": hear, "source": file }));
    let warning = answer["warnings"][0][0].as_str().expect("a warning");
    assert!(warning.contains(sound[1]), "{answer}");
    let checked = workshop.run(&["check", "universal.yaml"]);
    for part in sound.into_iter().chain(volts) {
        let said = format!("{}{}", checked.stdout, checked.stderr);
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// Outputs that are no texts are kept as files after every evaluation; those without a metric are decoded to be seen.
fn written(workshop: &Workshop) {
    let log = workshop.read("run/metrics.jsonl");
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for (task, begins) in [("draw", &b"\x89PNG"[..]), ("clean", b"\x89PNG"), ("sing", b"RIFF"), ("see", b"")]
    {
        let of_task = |line: &&serde_json::Value| line["kind"] == "samples" && line["task"] == task;
        let shown: Vec<_> = lines.iter().filter(of_task).collect();
        assert_eq!(shown.len(), 4, "{task} is shown after each evaluation");
        for line in shown {
            let file = &line["samples"][0]["file"];
            let Some(file) = file.as_str() else {
                assert_eq!(task, "see", "{line}");
                continue;
            };
            assert!(file.starts_with(&format!("samples/step-{}/{task}-", line["step"])), "{line}");
            let bytes = std::fs::read(workshop.path(&format!("run/{file}"))).expect("a file");
            assert!(bytes.starts_with(begins), "{file}");
        }
    }
}

/// A file is priced by its header: what is too dear is refused before it is decoded, and costs no other.
fn prices(workshop: &Workshop) {
    let folder = workshop.path("dear");
    std::fs::create_dir(&folder).expect("a new folder");
    std::fs::copy(workshop.path("pictures/bert_ring_3.png"), folder.join("a.png")).expect("a picture");
    image::GrayImage::new(96, 43_104).save(folder.join("b.png")).expect("long");
    image::GrayImage::new(8192, 8192).save(folder.join("c.png")).expect("large");
    let began = Instant::now();
    let mut translate = workshop.limited(&["translate", "run", "--task", "see", "dear"]);
    let seen = finished(translate.output().expect("the binary runs"));
    assert_eq!(
        (seen.code, seen.stdout.as_str()),
        (Some(1), "dear/a.png\tring\ndear/b.png\t\ndear/c.png\t\n")
    );
    for part in ["dear/b.png", "258624 positions", "4194304 positions", "--max-source"] {
        assert!(seen.stderr.contains(part), "{part}: {}", seen.stderr);
    }

    let memory = Limits { memory: 128 << 20, source: 1 << 30, ..Limits::default() };
    for (limits, count, part) in
        [(Limits::default(), 16, "4194304 positions"), (memory, 1, "opening this value may take")]
    {
        let served = Served::with(Options { runs: vec![workshop.path("run")], limits, ..options() });
        let bytes = std::fs::read(folder.join("c.png")).expect("a picture");
        let content = base64::engine::general_purpose::STANDARD.encode(bytes);
        let large = serde_json::json!({ "file": { "name": "c.png", "content": content } });
        let answer =
            served.post("/api/translate", &serde_json::json!({ "task": 0, "sources": vec![large; count] }));
        assert_eq!(answer.status, 413, "{}", answer.body);
        assert!(answer.body.contains(part), "{}", answer.body);
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

/// Controls, copied sources and a judge show that outputs follow their sources.
fn controls(workshop: &Workshop) {
    let evaluated = workshop.json(&["evaluate", "run", "--task", "see", "--json"]);
    let controls = &evaluated["controls"][0];
    assert_eq!(controls["stands_clear"], true, "{controls}");
    let value = |control: &str| controls[control]["value"].as_f64().expect("a score");
    assert!(value("swapped") < 60.0 && value("noise") < 70.0, "{controls}");
    // A picture that is cleaned is nearer than the noisy one.
    let cleaned = workshop.json(&["evaluate", "run", "--task", "clean", "--no-controls", "--json"]);
    let psnr = |scores: &str| cleaned[scores][0]["value"].as_f64().expect("decibels");
    assert!(psnr("decoded") > psnr("copied_source"), "{cleaned}");
    // Pictures that were drawn are recognised by the model's own eye.
    let options = ["evaluate", "run", "--task", "draw", "--judge", "run", "--judge-task", "see"];
    for guidance in ["1", "1.5"] {
        let guided = ["--judge-field", "word", "--guidance", guidance, "--json"];
        let drawn = workshop.json(&[&options[..], &guided].concat());
        assert!(drawn["judged"]["value"].as_f64().expect("a share") > 60.0, "{drawn}");
    }
    // Controls are judged too: with words swapped, other pictures are drawn.
    let drawn = workshop.json(&[&options[..], &["--judge-field", "word", "--controls", "--json"]].concat());
    let judged = drawn["controls"].as_array().and_then(|controls| controls.last()).expect("a verdict");
    assert_eq!(judged["truth"]["name"], "named by run", "{drawn}");
    assert!(judged["swapped"]["value"].as_f64().expect("a share") < 60.0, "{drawn}");
}

/// Sounds are compared with their references by every metric of signals, and the distances see whether a model sings
/// what it was told to.
fn distances(workshop: &Workshop) {
    let sung = workshop.json(&["evaluate", "run", "--task", "sing", "--controls", "--json"]);
    let names: Vec<_> = (0..3).map(|at| sung["decoded"][at]["name"].clone()).collect();
    assert_eq!(names, ["LSD", "DTW", "MAE"], "{sung}");
    let [spectral, warped] = [0, 1].map(|at| &sung["controls"][at]);
    let value = |of: &str| spectral[of]["value"].as_f64().expect("decibels");
    assert!(value("truth") < value("swapped"), "{spectral}");
    assert_eq!(warped["stands_clear"], true, "{warped}");
}

/// Files and folders in, files out; a broken one is named and does not stop the others.
fn files(workshop: &Workshop) {
    let seen = workshop.succeed(&["translate", "run", "--task", "see", "pictures/bert_ring_3.png"]);
    assert_eq!(seen, "pictures/bert_ring_3.png\tring\n");
    let all = workshop.run(&["translate", "run", "--task", "see", "pictures"]);
    assert_eq!(all.code, Some(1), "{}", all.stderr);
    assert_eq!(all.stdout.lines().count(), 180);
    assert!(all.stdout.lines().any(|line| line == "pictures/anna_bar_7.png\t"), "{}", all.stdout);
    assert!(all.stderr.contains("anna_bar_7.png"), "{}", all.stderr);
    let right = |line: &&str| {
        let (name, word) = line.split_once('\t').expect("a name and a word");
        name.contains(&format!("_{word}_"))
    };
    assert!(all.stdout.lines().filter(right).count() > 140, "{}", all.stdout);

    let refused = workshop.run(&["translate", "run", "--task", "draw"]);
    assert_eq!((refused.code, refused.stderr.contains("--output")), (Some(2), true), "{}", refused.stderr);
    let options = ["translate", "run", "--task", "draw", "--output", "drawn", "--seed", "2"];
    workshop.pipe(&options, "ring\nbar\n");
    let before = sha256(&workshop.path("drawn/1.png"));
    let refused = workshop.run(&["translate", "run", "--task", "clean", "--output", "drawn", "drawn/1.png"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("--overwrite"), "{}", refused.stderr);
    assert_eq!(sha256(&workshop.path("drawn/1.png")), before);
    let drawn = workshop.succeed(&["translate", "run", "--task", "see", "drawn"]);
    assert_eq!(drawn.lines().count(), 2, "{drawn}");
    // With guidance, what is drawn depends on the word the more; without any of it, not at all.
    for (guidance, word_counts) in [("0", false), ("2", true)] {
        let draw = ["translate", "run", "--task", "draw", "--greedy", "--guidance", guidance];
        workshop.pipe(&[&draw[..], &["--output", "guided", "--overwrite"]].concat(), "ring\nbar\n");
        let [one, other] = ["guided/1.png", "guided/2.png"].map(|name| sha256(&workshop.path(name)));
        assert_eq!(one != other, word_counts, "guidance {guidance}");
    }
    for (task, reason) in [("see", "`source_dropout`"), ("clean", "frames")] {
        let clean =
            ["translate", "run", "--task", task, "--guidance", "2", "--output", "none", "drawn/1.png"];
        let refused = workshop.run(&clean);
        assert_eq!(refused.code, Some(1), "{}", refused.stdout);
        assert!(refused.stderr.contains(reason), "{}", refused.stderr);
    }
    workshop.pipe(&["translate", "run", "--task", "sing", "--output", "sung"], "cross\n");
    let sung = workshop.succeed(&["translate", "run", "--task", "hear", "sung/1.wav"]);
    assert_eq!(sung, "sung/1.wav\tcross\n");
}

/// Every value of a field is left out once; runs that are finished are not made again.
#[test]
fn people_are_left_out_in_turn() {
    let workshop = Workshop::new();
    fill(&workshop);
    let (first, _) = UNIVERSAL.split_once("  hear:").expect("several tasks");
    let (_, rest) = UNIVERSAL.split_once("model:").expect("a model");
    let text = format!("{first}model:{}", rest.replace("steps: 900", "steps: 80"));
    workshop.write("see.yaml", &text.replace("validation: 0.1, test: 0.2", "validation: 0.1"));
    let options = ["cross-validate", "see.yaml", "--over", "person", "--run", "left-out", "--json"];
    let found = workshop.json(&options);
    let left_out: Vec<&str> =
        found["runs"].as_array().expect("runs").iter().filter_map(|run| run["left_out"].as_str()).collect();
    assert_eq!(left_out, PEOPLE);
    let summary = &found["summary"]["see: exact match"];
    assert!(summary["mean"].as_f64().expect("a mean") > 60.0, "{found}");
    let again = workshop.run(&options);
    assert!(!again.stderr.contains("step"), "{}", again.stderr);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&again.stdout).expect("JSON"), found);
    let one = workshop.json(&[&options[..], &["--values", PEOPLE[0]]].concat());
    assert_eq!(one["runs"].as_array().map(Vec::len), Some(1), "a single value is one run of these");
    let changed = workshop.run(&[&options[..], &["--set", "seed=2"]].concat());
    assert!(changed.stderr.contains("another experiment"), "{}", changed.stderr);
    let wrong = workshop.run(&["cross-validate", "see.yaml", "--over", "persn"]);
    assert!(wrong.stderr.contains("person"), "{}", wrong.stderr);
}

/// Augmentation is drawn from the seed, the epoch and the sample alone.
#[test]
fn a_resumed_training_changes_its_samples_as_an_uninterrupted_one() {
    let workshop = Workshop::new();
    fill(&workshop);
    workshop.write("universal.yaml", UNIVERSAL);
    let options = ["--set", "evaluation.every=20", "--set", "evaluation.decode_at_most=2"];
    let train = |run: &str, steps: &str| {
        let steps = format!("training.steps={steps}");
        let base = ["train", "universal.yaml", "--run", run, "--set", &steps];
        workshop.succeed(&[&base[..], &options[..]].concat());
    };
    train("whole", "40");
    train("half", "20");
    workshop.succeed(&["train", "--resume", "half", "--steps", "40"]);
    let of = |run: &str| sha256(&workshop.path(run).join("checkpoints/step-40/model.safetensors"));
    assert_eq!(of("whole"), of("half"));
}
