//! Chains of runs: what one run writes, the next reads.

use any2any_server::Options;
use serde_json::json;

use crate::clients::{hearing, recording};
use crate::support::Workshop;
use crate::support::served::{Served, options};

/// A run of texts that writes its source again.
fn train(workshop: &Workshop, name: &str, source: &str, target: &str) {
    let experiment = format!(
        "name: {name}
tasks:
  translate:
    data: {{ files: {{ train: {{ parallel: {{ {source}: train.{source}, {target}: train.{target} }} }}, \
validation: {{ parallel: {{ {source}: val.{source}, {target}: val.{target} }} }} }} }}
    source: {{ text: {{ field: {source}, tokenizer: {{ words: {{ vocab: all }} }} }} }}
    target: {{ text: {{ field: {target}, tokenizer: {{ words: {{ vocab: all }} }} }} }}
model:
  transformer: {{ d_model: 16, d_ff: 32, heads: 2, encoder_layers: 1, decoder_layers: 1 }}
training: {{ steps: 60, batch: {{ tokens: 500 }}, schedule: {{ constant: {{ peak: 1.0e-2 }} }} }}
evaluation: {{ metrics: [], every: 60, show: 0 }}
"
    );
    workshop.write(&format!("{name}.yaml"), &experiment);
    workshop.succeed(&["train", &format!("{name}.yaml"), "--run", name]);
}

#[test]
fn a_chain_is_one_run_behind_the_other() {
    let workshop = Workshop::new();
    train(&workshop, "there", "en", "de");
    train(&workshop, "back", "de", "en");
    let line = "the dog sees the house .\n";
    let there = workshop.pipe(&["translate", "there"], line);
    let back = workshop.pipe(&["translate", "back"], &there);
    assert_eq!(workshop.pipe(&["translate", "there", "back"], line), back);
    workshop.write("lines.txt", &format!("{line}\n{line}"));
    assert_eq!(workshop.succeed(&["translate", "there", "back", "lines.txt"]), format!("{back}\n{back}"));
    let told: serde_json::Value =
        serde_json::from_str(&workshop.pipe(&["translate", "there", "back", "--json"], line)).expect("JSON");
    let translation = &told["translations"][0];
    assert_eq!(translation["outputs"][0]["text"], json!(back.trim_end()));
    let steps = translation["steps"].as_array().expect("steps");
    assert_eq!(steps.len(), 2);
    for (step, (run, text)) in steps.iter().zip([("there", &there), ("back", &back)]) {
        assert_eq!((&step["run"], &step["task"]), (&json!(run), &json!("translate")));
        assert_eq!(step["outputs"][0]["text"], json!(text.trim_end()));
    }
    // A word that the first run does not know is its matter.
    workshop.write("unknown.txt", "the ocelot sees bread .\n");
    let warned = workshop.run(&["translate", "there", "back", "unknown.txt"]);
    assert!(warned.stderr.contains("unknown.txt:1, in there: unknown to the model"), "{}", warned.stderr);
    // Options of a model are one a run.
    let chosen = ["translate", "there", "back", "--task", "translate,", "--checkpoint", "last,best"];
    assert_eq!(workshop.pipe(&chosen, line), back);
    let short = workshop.run(&["translate", "there", "back", "--task", "translate"]);
    assert_eq!(short.code, Some(2), "{}", short.stderr);
    assert!(short.stderr.contains("names 1, and the chain has 2 runs"), "{}", short.stderr);
    let silent = workshop.run(&["translate", "there", "back", "--subtitles", "srt"]);
    assert!(silent.code == Some(2) && silent.stderr.contains("of recordings"), "{}", silent.stderr);
    // A server takes the same way.
    let served = Served::with(Options {
        runs: vec![workshop.path("there"), workshop.path("back")],
        chains: vec![vec![0, 1]],
        ..options()
    });
    let chains = served.get("/api/chains").json();
    assert_eq!(chains[0]["name"], json!("there+back"), "{chains}");
    let text = line.trim_end();
    let asked = json!({ "chain": 0, "sources": [{ "text": text }] });
    let steps = served.ask("/api/chain", &asked)["steps"].clone();
    let written = |step: usize| steps[step]["outputs"][0][0]["view"]["text"].clone();
    assert_eq!((written(0), written(1)), (json!(there.trim_end()), json!(back.trim_end())));
    assert_eq!(served.post("/api/chain", &json!({ "chain": 1, "sources": [{ "text": "a" }] })).status, 404);
    // English to English alone: the fields of the first run's sources and of the last run's targets.
    let languages = served.get("/languages").json();
    assert_eq!(languages[0]["targets"], json!(["de", "en"]), "{languages}");
    let around = json!({ "q": text, "source": "en", "target": "en" });
    assert_eq!(served.ask("/translate", &around)["translatedText"], json!(back.trim_end()));
}

#[test]
fn runs_that_do_not_fit_are_refused_with_their_media() {
    let workshop = Workshop::new();
    train(&workshop, "there", "en", "de");
    let heard = hearing().path("hear").display().to_string();
    let refused = workshop.run(&["translate", "there", &heard]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("there writes text, and "), "{}", refused.stderr);
    assert!(refused.stderr.contains("hear reads audio"), "{}", refused.stderr);
    let sound = recording().display().to_string();
    let word = workshop.succeed(&["translate", &heard, &sound]);
    let word = word.trim_end().rsplit('\t').next().expect("a word").to_owned();
    let both = workshop.succeed(&["translate", &heard, "there", &sound]);
    let there = workshop.pipe(&["translate", "there"], &format!("{word}\n"));
    assert_eq!(both, format!("{sound}\t{there}"));
    let vtt = workshop.succeed(&["translate", &heard, "there", &sound, "--subtitles", "vtt"]);
    assert!(vtt.starts_with("WEBVTT\n\n00:00:00.000 --> "), "{vtt}");
    let spoken: Vec<&str> =
        vtt.lines().skip(1).filter(|line| !line.is_empty() && !line.contains("-->")).collect();
    assert_eq!(spoken.join(" "), there.trim_end());
}
