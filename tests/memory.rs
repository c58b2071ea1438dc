//! Requests for more memory than any machine has end in a message, in a process of two gigabytes.
#![cfg(unix)]

use std::io::Write;

use serde_json::json;

use crate::support::served::{Answer, SENTENCE, workshop};
use crate::support::started::Started;
use crate::support::{Finished, TRANSFORMER, Workshop, finished};

const TRAINING: &str = "  steps: 2\nevaluation: { metrics: [], every: 2 }";

fn limited(workshop: &Workshop, arguments: &[&str]) -> Finished {
    finished(workshop.limited(arguments).output().expect("the binary runs"))
}

/// Runs a command that must be refused in these words.
fn refused(workshop: &Workshop, arguments: &[&str], says: &[&str]) {
    let finished = limited(workshop, arguments);
    assert!(matches!(finished.code, Some(1 | 2)), "{arguments:?}: {:?} {}", finished.code, finished.stderr);
    for words in says {
        assert!(finished.stderr.contains(words), "{arguments:?}: no '{words}' in: {}", finished.stderr);
    }
}

#[test]
fn experiments_and_runs_of_strangers() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    let trained = limited(&workshop, &["train", "experiment.yaml", "--run", "run"]);
    assert_eq!(trained.code, Some(0), "what is sound has room enough: {}", trained.stderr);

    let megabyte = "a".repeat(1 << 20);
    workshop.write("aliases.yaml", &format!("x: &x {megabyte}\ny: [{}]\n", vec!["*x"; 20_000].join(", ")));
    refused(&workshop, &["check", "aliases.yaml"], &["aliases.yaml:2", "8388608 bytes"]);
    workshop.write("deep.yaml", &"[".repeat(1_000_000));
    refused(&workshop, &["check", "deep.yaml"], &["deep.yaml"]);

    let resolved = workshop.read("run/resolved.yaml");
    workshop.write("run/resolved.yaml", &resolved.replace("d_model: 32", "d_model: 65536"));
    for command in ["describe", "translate", "evaluate"] {
        refused(&workshop, &[command, "run"], &["model.safetensors", "65536"]);
    }
}

#[test]
fn files_that_unpack_to_too_much() {
    let workshop = Workshop::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..300 {
        packed.write_all(&[b'a'; 1 << 20]).expect("memory");
    }
    let packed = packed.finish().expect("memory");
    for name in ["bomb.txt.gz", "hidden.txt"] {
        std::fs::write(workshop.path(name), &packed).expect("written");
    }
    let run = crate::support::served::workshop().path("run").display().to_string();
    for name in ["bomb.txt.gz", "hidden.txt"] {
        refused(&workshop, &["translate", &run, name], &[name, "unpacks to more than the 67108864 bytes"]);
    }
}

#[test]
fn tokenizers_of_strangers() {
    let workshop = Workshop::new();
    let vocabulary = json!({ "<unk>": 0, "dog": 1, "cat": 4_294_967_294_u32 });
    let tokenizer = json!({
        "version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": { "type": "Whitespace" },
        "post_processor": null, "decoder": null,
        "model": { "type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>" },
    });
    workshop.write("tokenizer.json", &tokenizer.to_string());
    workshop.experiment(TRANSFORMER, TRAINING);
    let experiment = workshop.read("experiment.yaml");
    let begin = experiment.find("tokenizer: {").expect("it has one");
    let end = begin + experiment[begin..].find("} }").expect("it ends") + "} }".len();
    let strange =
        [&experiment[..begin], "tokenizer: { file: { path: tokenizer.json } }", &experiment[end..]].concat();
    workshop.write("strange.yaml", &strange);
    for command in [&["check", "strange.yaml"][..], &["train", "strange.yaml", "--run", "run"]] {
        refused(&workshop, command, &["tokenizer.json", "4294967294"]);
    }
}

#[test]
fn requests_of_strangers() {
    let arguments = ["serve", "run", "--no-token", "--memory", "1024", "--time-limit", "10"];
    let server = Started::new(&mut workshop().limited(&arguments));
    let ask = |body: &str| Answer::read(server.ask("POST", "/api/translate", "", body));
    let text = json!({ "text": SENTENCE });
    let dear = json!({
        "sources": vec![text.clone(); 256],
        "decoding": { "beam": { "size": 64 }, "min_length": 1024, "max_length": 1024 },
    });
    let large = format!("{{ \"prefix\": [4{}] }}", ",4".repeat(7_000_000));
    let long = json!({ "source": { "text": "dog ".repeat(3_500_000) } }).to_string();
    for (body, statuses) in [
        (dear.to_string(), &[413, 503][..]),
        (json!({ "source": text, "prefix": vec![4; 20_000] }).to_string(), &[413]),
        (large, &[400, 413]),
        (long, &[413]),
        (json!({ "source": text }).to_string(), &[200]),
    ] {
        let answer = ask(&body);
        let shown: String = body.chars().take(80).collect();
        assert!(statuses.contains(&answer.status), "{shown}: {} {}", answer.status, answer.body);
    }
}
