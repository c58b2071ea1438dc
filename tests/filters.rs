//! Filters of training samples: the same bytes and counts in memory and on the disk, however often encoding was killed.
#![cfg(unix)]

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stored;
use crate::support::{TRANSFORMER, Workshop};

const TRAINING: &str = "  steps: 20
evaluation: { metrics: [], every: 20, keep_best: 1 }";

const ON_DISK: &str = "tasks.translate.data.store=disk";

/// The filters of a task, as they are printed where they have left out what [`workshop`] adds.
const COUNTS: &str = "filtered: 34 of 394 (20 duplicates, 5 empty, 3 identical, 2 length ratio, 4 script en)";

/// An experiment with filters over pairs of which some are odd; those of the validation split are, too.
fn workshop() -> Workshop {
    let workshop = Workshop::new();
    let (english, german) = (workshop.read("train.en"), workshop.read("train.de"));
    let again = |text: &str| text.lines().take(20).map(|line| format!("{line}\n")).collect::<String>();
    let odd: [(&str, &str, usize); 4] = [
        ("", "der Hund", 5),
        ("kaputt", "kaputt", 3),
        ("собака sieht das Haus", "der Hund sieht das Haus", 4),
        ("bread", "die Katze sieht heute das Brot", 2),
    ];
    let side = |side: fn(&(&str, &str, usize)) -> String| odd.iter().map(side).collect::<String>();
    let (odd_english, odd_german) = (
        side(|(english, _, count)| format!("{english}\n").repeat(*count)),
        side(|(_, german, count)| format!("{german}\n").repeat(*count)),
    );
    // A line that cannot be read is no sample.
    let mut bytes = (english.clone() + &again(&english) + &odd_english).into_bytes();
    bytes.extend(b"\xff\n");
    std::fs::write(workshop.path("train.en"), bytes).expect("writable");
    workshop.write("train.de", &(german.clone() + &again(&german) + &odd_german + "Brot\n"));
    workshop.write("val.en", &(workshop.read("val.en") + &odd_english));
    workshop.write("val.de", &(workshop.read("val.de") + &odd_german));
    workshop.experiment(TRANSFORMER, TRAINING);
    let filter = "    data:
      filter: { empty: true, identical: true, duplicates: true, length_ratio: 3, script: { en: Latin } }";
    workshop.write("experiment.yaml", &workshop.read("experiment.yaml").replacen("    data:", filter, 1));
    workshop
}

#[test]
fn filtered_samples_train_the_same_bytes() {
    let workshop = workshop();
    let train = |arguments: &[&str]| {
        let finished = workshop.run(&[&["train"], arguments].concat());
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        assert!(finished.stderr.contains(&format!("task translate: {COUNTS}; ")), "{}", finished.stderr);
    };
    train(&["experiment.yaml", "--run", "memory"]);
    train(&["experiment.yaml", "--run", "disk", "--set", ON_DISK]);
    train(&["experiment.yaml", "--run", "part", "--set", ON_DISK, "--set", "training.steps=9"]);
    train(&["--resume", "part", "--steps", "20"]);
    assert_eq!(workshop.sums("memory", 20), workshop.sums("disk", 20));
    assert_eq!(workshop.sums("memory", 20), workshop.sums("part", 20));
    assert_eq!(workshop.losses("memory"), workshop.losses("disk"));
    // Samples of which some are drawn are read as a whole, and lie on the disk too.
    let limited = ["--set", "tasks.translate.data.limit.train=300"];
    train(&[&["experiment.yaml", "--run", "limited-memory"][..], &limited].concat());
    train(&[&["experiment.yaml", "--run", "limited-disk", "--set", ON_DISK][..], &limited].concat());
    assert_eq!(workshop.sums("limited-memory", 20), workshop.sums("limited-disk", 20));
    assert_ne!(workshop.sums("limited-memory", 20), workshop.sums("memory", 20));
    // Other filters are other samples.
    train_otherwise(&workshop);

    let filtered = json!({ "of": 394, "by": {
        "duplicates": 20, "empty": 5, "identical": 3, "length ratio": 2, "script en": 4,
    } });
    for more in [&[][..], &["--set", ON_DISK]] {
        let report = workshop.json(&[&["check", "experiment.yaml", "--json"], more].concat());
        let splits = &report["tasks"][0]["splits"];
        assert_eq!((&splits[0]["filtered"], &splits[0]["samples"]), (&filtered, &json!(360)));
        assert_eq!((&splits[0]["unreadable"], &splits[0]["duplicates"]), (&json!(1), &json!(0)));
        // Scores stay comparable.
        assert_eq!((&splits[1]["filtered"], &splits[1]["samples"]), (&Value::Null, &json!(54)));
        let shown = workshop.succeed(&[&["check", "experiment.yaml"], more].concat());
        assert!(shown.contains(&format!("task translate: {COUNTS}\n")), "{shown}");
        let looked = workshop.json(&[&["data", "look", "experiment.yaml", "--json"], more].concat());
        assert_eq!(looked["splits"][0]["filtered"], filtered);
        let shown = workshop.succeed(&[&["data", "look", "experiment.yaml"], more].concat());
        assert!(shown.contains(&format!("translate, train: 360 samples\n  {COUNTS}\n")), "{shown}");
    }
    // A run is scored on the samples that it was trained on.
    let scored = workshop.json(&["evaluate", "memory", "--split", "train", "--limit", "3", "--json"]);
    assert!(!scored.to_string().contains("собака"), "{scored}");
}

fn train_otherwise(workshop: &Workshop) {
    let other = ["--set", ON_DISK, "--set", "tasks.translate.data.filter.duplicates=false"];
    let finished = workshop.run(&[&["train", "experiment.yaml", "--run", "other"], &other[..]].concat());
    assert!(finished.stderr.contains("filtered: 14 of 394 (5 empty, "), "{}", finished.stderr);
    assert_ne!(workshop.sums("disk", 20), workshop.sums("other", 20));
}

#[test]
fn filters_that_leave_nothing_are_named_with_their_place() {
    let workshop = workshop();
    let text = workshop.read("experiment.yaml").replace("length_ratio: 3", "length: { least: 100 }");
    workshop.write("experiment.yaml", &text);
    for more in [&[][..], &["--set", ON_DISK]] {
        let finished = workshop.run(&[&["check", "experiment.yaml"], more].concat());
        assert_eq!(finished.code, Some(2), "{}", finished.stderr);
        let line = format!(
            "experiment.yaml:{}:",
            1 + text.lines().position(|line| line.contains("filter:")).expect("there")
        );
        for part in ["no training sample is left, filtered: 394 of 394 (", "386 length", line.as_str()] {
            assert!(finished.stderr.contains(part), "{part} in {}", finished.stderr);
        }
    }
}

#[test]
fn killed_encodings_of_filtered_samples_count_the_same() {
    let workshop = Workshop::new();
    let filter = "      filter: { duplicates: true, length: { most: 25 }, length_ratio: 1.5 }\n";
    stored::large(&workshop, "120000", filter);
    let check = || workshop.json(&["check", "experiment.yaml", "--json"])["tasks"].clone();
    let expected = check();
    let counts = &expected[0]["splits"][0]["filtered"];
    assert_eq!(counts["of"], 120_000);
    let by_length = counts["by"]["length"].as_u64().expect("a count");
    assert!((1000..80_000).contains(&by_length), "{counts}");
    let samples = stored::entry(&workshop, "samples");
    let files = stored::files(&samples);
    let mut gone_on = 0;
    let journal = samples.with_extension("unfinished").join("journal.jsonl");
    for _ in 0..3 {
        workshop.succeed(&["data", "cache", "--clear"]);
        let mut command = workshop.command(&["check", "experiment.yaml"]);
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let began = Instant::now();
        while std::fs::metadata(&journal).map_or(0, |data| data.len()) == 0 {
            assert!(began.elapsed() < Duration::from_secs(120), "nothing was committed");
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().expect("SIGKILL");
        child.wait().expect("it is gone");
        gone_on += usize::from(!samples.exists());
        assert_eq!(check(), expected);
        assert_eq!(stored::entry(&workshop, "samples"), samples);
        assert_eq!(stored::files(&samples), files);
    }
    assert!(gone_on > 0, "all were killed too late");
}
