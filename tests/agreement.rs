//! Subject and verb far apart: a generated dataset with a number in every sample, and scores grouped by it.

use crate::support::{TRANSFORMER, Workshop};

/// A dataset of near distances in training, and farther ones in the test.
const MANIFEST: &str = "\
name: near
description: Subject and verb are near each other in training.
licence: MIT OR Apache-2.0
generator:
  agreement: { pairs: 300, seed: 1, train_distances: { from: 2, to: 6 }, test_distances: { from: 2, to: 21 } }
";

fn trained() -> Workshop {
    let workshop = Workshop::new();
    workshop.write("near.yaml", MANIFEST);
    let experiment = format!(
        "name: small
tasks:
  ask:
    data: {{ dataset: near.yaml, limit: {{ test: 200 }} }}
    source: {{ text: {{ field: statement, tokenizer: {{ characters: {{}} }} }} }}
    target: {{ text: {{ field: question }} }}
model:
{TRANSFORMER}
training: {{ steps: 4, batch: {{ tokens: 600 }}, schedule: {{ constant: {{ peak: 5.0e-3, warmup: 1 }} }} }}
decoding: {{ max_length: 8 }}
evaluation: {{ metrics: [exact_match, cer], every: 4, show: 0, decode_at_most: 4 }}
"
    );
    workshop.write("experiment.yaml", &experiment);
    workshop.succeed(&["train", "experiment.yaml", "--run", "run", "--json"]);
    workshop
}

#[test]
fn scores_are_grouped_by_a_field() {
    let workshop = trained();
    let by = |field: &str, groups: &str| {
        let evaluated = workshop.json(&["evaluate", "run", "--by", field, groups, "--json"]);
        assert_eq!(evaluated["by_field"]["field"], field);
        evaluated["by_field"]["groups"].as_array().cloned().expect("groups")
    };
    for (field, groups) in [("distance", "4"), ("distance", "1"), ("attractors", "3")] {
        let found = by(field, groups);
        assert!(!found.is_empty() && found.len() <= groups.parse().expect("a number"), "{found:?}");
        let samples: u64 = found.iter().filter_map(|group| group["samples"].as_u64()).sum();
        assert_eq!(samples, 200, "{found:?}");
        for pair in found.windows(2) {
            assert!(pair[0]["to"].as_f64() < pair[1]["from"].as_f64(), "{found:?}");
        }
        assert!(found.iter().all(|group| group["scores"].as_array().is_some_and(|scores| scores.len() == 2)));
    }
    // Every distance by itself, between the nearest and the farthest.
    let each = by("distance", "200");
    assert_eq!((each.len(), &each[0]["from"], &each[0]["to"]), (20, &2.0.into(), &2.0.into()));
    assert_eq!(each[19]["to"], 21.0);

    let shown = workshop.succeed(&["evaluate", "run", "--by", "distance", "2"]);
    assert!(shown.contains("distance   2 to  ") && shown.contains(" to  21 ("), "{shown}");
}

#[test]
fn what_cannot_group_is_refused() {
    let workshop = trained();
    for (field, groups, code, said) in [
        ("distance", "0", 2, "the number of groups must be at least 1"),
        ("distance", "many", 2, "`--by distance many`"),
        ("statement", "2", 1, "is no number; name a field of numbers"),
        ("distanc", "2", 1, "did you mean 'distance'?"),
    ] {
        let finished = workshop.run(&["evaluate", "run", "--by", field, groups]);
        assert_eq!(finished.code, Some(code), "{}", finished.stderr);
        assert!(finished.stderr.contains(said), "{}\ndoes not contain {said}", finished.stderr);
    }
}
