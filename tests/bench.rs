//! The benches through the finished binary: every field is there, and tokens are counted as the data holds them.

use serde_json::Value;

use crate::support::{TRANSFORMER, Workshop};

/// A token a character, so that the test can count them.
fn experiment(workshop: &Workshop, sides: &str, model: &str, files: &str) {
    let text = format!(
        "name: measured
tasks:
  write:
    data: {{ files: {{ train: {{ parallel: {files} }} }} }}
{sides}
model:
{model}
training:
  batch: {{ tokens: 400 }}
  schedule: {{ constant: {{ peak: 1.0e-3 }} }}
decoding: {{ beam: {{ size: 3 }} }}
"
    );
    workshop.write("measured.yaml", &text);
}

fn translation(workshop: &Workshop, model: &str) {
    let sides = "    source: { text: { field: en, tokenizer: { characters: {} } } }
    target: { text: { field: de, tokenizer: { characters: {} } } }";
    experiment(workshop, sides, model, "{ en: train.en, de: train.de }");
}

/// The characters of a file's lines, and an end for each.
fn tokens(workshop: &Workshop, file: &str) -> u64 {
    workshop.read(file).lines().map(|line| line.chars().count() as u64 + 1).sum()
}

fn number(report: &Value, pointer: &str) -> f64 {
    report.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {pointer} in {report}"))
}

#[test]
fn an_epoch_of_training_counts_every_token_of_the_data() {
    let workshop = Workshop::new();
    translation(&workshop, TRANSFORMER);
    let measure = |steps: &str, warm_up: &str| {
        let steps = ["--steps", steps, "--warm-up", warm_up, "--json"];
        workshop.json(&[&["bench", "train", "measured.yaml"], &steps[..]].concat())
    };
    let batches = measure("1", "0")["batches_an_epoch"].as_u64().expect("a number").to_string();
    // Steps that warm up come from the first epoch, so that the second is the one that is measured.
    let report = measure(&batches, &batches);
    assert_eq!(report["samples"], 360);
    assert_eq!(report["target_tokens"], tokens(&workshop, "train.de"));
    assert_eq!(report["source_tokens"], tokens(&workshop, "train.en"));
    assert_eq!((&report["name"], report["warm_up_steps"].to_string()), (&"measured".into(), batches));

    let seconds = number(&report, "/seconds/total");
    let phases = ["data", "forward", "backward", "optimizer"];
    let sum: f64 = phases.iter().map(|phase| number(&report, &format!("/seconds/{phase}"))).sum();
    assert!(seconds > 0.0 && (sum - seconds).abs() < 1e-9, "{sum} of {seconds} seconds");
    for (rate, count) in [
        ("target_tokens_per_second", "target_tokens"),
        ("source_tokens_per_second", "source_tokens"),
        ("floating_point_operations_per_second", "floating_point_operations"),
        ("seconds_per_step", ""),
    ] {
        let expected = match count {
            "" => seconds / number(&report, "/steps"),
            count => number(&report, &format!("/{count}")) / seconds,
        };
        let rate = number(&report, &format!("/{rate}"));
        assert!((rate / expected - 1.0).abs() < 1e-6, "{rate}, not {expected}");
    }
    let share = |side: &str| number(&report, &format!("/padding_share/{side}"));
    assert!((0.0..0.5).contains(&share("source")) && (0.0..0.5).contains(&share("target")));
    assert!(share("both") >= share("source").min(share("target")) && share("both") <= 0.5);
    let machine = number(&report, "/matrix_product_rate");
    let of_machine = number(&report, "/floating_point_operations_per_second") / machine;
    assert!((number(&report, "/share_of_matrix_product_rate") / of_machine - 1.0).abs() < 1e-6);
    assert!(number(&report, "/parameters") > 10_000.0 && number(&report, "/threads") >= 1.0);
    assert!(number(&report, "/last_loss").is_finite());
    if cfg!(target_os = "linux") {
        assert!(number(&report, "/peak_resident_bytes") > 1e6);
    }
    assert!(!workshop.path("runs").exists(), "a bench writes no run");

    let table = workshop.succeed(&["bench", "train", "measured.yaml", "--steps", "1"]);
    for name in ["target tokens a second", "forward", "optimizer", "padding", "peak memory"] {
        assert!(table.contains(name), "{table}");
    }
}

#[test]
fn models_without_a_source_and_without_attention_are_measured_too() {
    let workshop = Workshop::new();
    let sides = "    target: { text: { field: de, tokenizer: { characters: {} } } }";
    let model = "  decoder_only: { d_model: 32, d_ff: 64, heads: 4, layers: 1, dropout: 0.0 }";
    experiment(&workshop, sides, model, "{ de: train.de }");
    let train = ["bench", "train", "measured.yaml", "--steps", "2", "--warm-up", "0", "--json"];
    let report = workshop.json(&train);
    assert_eq!((&report["source_tokens"], &report["padding_share"]["source"]), (&0.into(), &Value::Null));
    let decode = ["bench", "decode", "measured.yaml", "--input", "test.de"];
    let refused = workshop.run(&decode);
    assert!(refused.code == Some(1) && refused.stderr.contains("no source"), "{}", refused.stderr);

    translation(&workshop, "  lstm: { d_model: 16, encoder_layers: 1, decoder_layers: 1 }");
    assert!(number(&workshop.json(&train), "/target_tokens_per_second") > 0.0);
}

#[test]
fn an_encoder_is_measured_alone_over_frames() {
    let workshop = Workshop::new();
    translation(&workshop, TRANSFORMER);
    let frames = ["bench", "encoder", "measured.yaml", "--frames", "70", "--width", "5"];
    let report = workshop.json(&[&frames[..], &["--json"]].concat());
    let seconds = number(&report, "/forward_seconds") + number(&report, "/backward_seconds");
    assert!((number(&report, "/frames_per_second") * seconds / 70.0 - 1.0).abs() < 1e-6, "{report}");
    assert_eq!((&report["frames"], &report["width"], &report["steps"]), (&70.into(), &5.into(), &1.into()));
    assert!(number(&report, "/parameters") > 1000.0);
    assert!(workshop.succeed(&frames).contains("frames a second"));

    let sides = "    target: { text: { field: de, tokenizer: { characters: {} } } }";
    let model = "  decoder_only: { d_model: 32, d_ff: 64, heads: 4, layers: 1, dropout: 0.0 }";
    experiment(&workshop, sides, model, "{ de: train.de }");
    let refused = workshop.run(&frames);
    assert!(refused.code == Some(1) && refused.stderr.contains("no encoder"), "{}", refused.stderr);
}

#[test]
fn decoding_counts_the_tokens_that_were_written() {
    let workshop = Workshop::new();
    translation(&workshop, TRANSFORMER);
    let untrained = ["bench", "decode", "measured.yaml", "--input", "test.en", "--json"];
    let measure = |options: &[&str]| workshop.json(&[&untrained[..], options].concat());

    let sources = tokens(&workshop, "test.en");
    for batching in [&["--batch-tokens", "100"][..], &["--one-by-one"], &[]] {
        let report = measure(&[&["--force-length", "7", "--beam", "2"], batching].concat());
        assert_eq!(
            (&report["target_tokens"], &report["source_tokens"]),
            (&(7 * 40).into(), &sources.into()),
            "{batching:?}"
        );
        assert_eq!((&report["sentences"], &report["beam"]), (&40.into(), &2.into()));
        let rate = number(&report, "/target_tokens") / number(&report, "/seconds");
        assert!((number(&report, "/target_tokens_per_second") / rate - 1.0).abs() < 1e-6);
        let rate = number(&report, "/sentences") / number(&report, "/processor_seconds");
        assert!((number(&report, "/sentences_per_processor_second") / rate - 1.0).abs() < 1e-6);
        let alone = batching == ["--one-by-one"];
        assert_eq!((&report["one_by_one"], report["latency_seconds"].is_object()), (&alone.into(), alone));
        if alone {
            let (half, most) = ("/latency_seconds/percentile_50", "/latency_seconds/percentile_95");
            assert!(number(&report, half) <= number(&report, most));
        }
    }
    let rounded = measure(&["--int8", "--force-length", "7"]);
    assert_eq!(rounded["target_tokens"], 7 * 40);
    let few = measure(&["--lines", "3", "--force-length", "2"]);
    assert_eq!((&few["target_tokens"], &few["beam"]), (&6.into(), &3.into()));

    // A run is measured with the weights that it was trained to, and writes what `translate` writes.
    workshop.succeed(&["train", "measured.yaml", "--run", "run", "--set", "training.steps=3"]);
    let report = workshop.json(&["bench", "decode", "run", "--input", "test.en", "--lines", "5", "--json"]);
    let five: String = workshop.read("test.en").lines().take(5).map(|line| format!("{line}\n")).collect();
    let translated: Value = serde_json::from_str(&workshop.pipe(&["translate", "run", "--json"], &five))
        .expect("one JSON object");
    let written = translated["translations"].as_array().expect("a list").iter();
    let written = written.map(|line| line["outputs"][0]["tokens"].as_array().map_or(0, Vec::len));
    assert_eq!(report["target_tokens"], written.sum::<usize>());

    let table = workshop.succeed(&["bench", "decode", "run", "--input", "test.en", "--one-by-one"]);
    assert!(table.contains("one by one") && table.contains("95 of 100"), "{table}");
    let refused = workshop.run(&["bench", "decode", "run", "--input", "test.en", "--set", "seed=2"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("--set"), "{}", refused.stderr);
    workshop.write("empty.en", "");
    let empty = workshop.run(&["bench", "decode", "run", "--input", "empty.en"]);
    assert!(empty.code == Some(1) && empty.stderr.contains("no line"), "{}", empty.stderr);
}
