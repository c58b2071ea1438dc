//! Changes of a run's experiment or data, made by hand since its last checkpoint.
//!
//! A resumed run must equal one that never stopped, so changes of its model are refused, and changes of its scores are
//! reported.

use std::collections::BTreeMap;

use any2any_experiment::Document;
use serde_json::Value;

/// The changes since a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Changes that lead to another model.
    pub model: Vec<String>,
    /// Changes of scores during training, and so of the choice of the best checkpoint.
    pub scores: Vec<String>,
}

/// The effect of an option on a resumed run.
enum Weight {
    Nothing,
    Scores,
    Model,
}

impl Changes {
    /// The changed options of an experiment.
    pub(crate) fn between(before: &Document, now: &Document) -> Self {
        let (before, now) = (before.settings(), now.settings());
        let mut changes = Self::default();
        let options: std::collections::BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        for option in options {
            let (was, is) = (shown(&before, option), shown(&now, option));
            let change = || format!("`{option}` is {is}, and was {was}");
            match weight(option) {
                _ if was == is => {}
                Weight::Nothing => {}
                Weight::Scores => changes.scores.push(change()),
                Weight::Model => changes.model.push(change()),
            }
        }
        changes
    }
}

fn shown(settings: &BTreeMap<String, Value>, option: &str) -> String {
    settings.get(option).map_or_else(|| "not given".to_owned(), Value::to_string)
}

fn weight(option: &str) -> Weight {
    let parts: Vec<&str> = option.split('.').collect();
    match &parts[..] {
        // The number of steps may change, and options that only print, keep or prepare something have no effect.
        ["name"]
        | ["training", "steps" | "log_every" | "save_every" | "recompute"]
        | ["training", "batch", "prefetch"]
        | ["tasks", _, "data", "store"]
        | ["device", "threads" | "index"]
        | ["evaluation", "show" | "keep_best"]
        | ["decoding", "batch_tokens"]
        | ["tasks", _, "decoding", "batch_tokens"] => Weight::Nothing,
        ["device", ..] | ["evaluation", ..] | ["decoding", ..] | ["tasks", _, "decoding" | "metrics", ..] => {
            Weight::Scores
        }
        _ => Weight::Model,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use any2any_adapter::Registry;
    use any2any_experiment::load_run;

    use super::*;

    const RUN: &str = "name: a
tasks: { t: { data: { dataset: toy }, target: { text: { field: de } } } }
model: { decoder_only: { d_model: 64 } }
training: { steps: 5000 }
";

    #[test]
    fn what_would_make_another_model_is_told_from_what_would_not() {
        let registry = Registry::new().with(any2any_text::Text);
        let load = |text: &str| {
            load_run("resolved.yaml", text, Path::new(""), &registry)
                .unwrap_or_else(|error| panic!("{error}"))
        };
        let extended = |more: &str| format!("{RUN}{more}");
        for (now, model, scores) in [
            (RUN.to_owned(), None, None),
            (RUN.replace("name: a", "name: b"), None, None),
            (RUN.replace("5000", "6000"), None, None),
            (
                RUN.replace("5000", "5000, log_every: 3, recompute: layers, batch: { prefetch: 9 }"),
                None,
                None,
            ),
            (extended("seed: 2\n"), Some("`seed` is 2, and was 1"), None),
            (
                RUN.replace("5000", "5000, clip_norm: null"),
                Some("`training.clip_norm` is null, and was"),
                None,
            ),
            (RUN.replace("64", "128"), Some("`model.decoder_only.d_model` is 128, and was 64"), None),
            (
                RUN.replace("toy }", "toy, limit: { train: 5 } }"),
                Some("`tasks.t.data.limit.train` is 5, and was not given"),
                None,
            ),
            (
                RUN.replace("5000", "5000, schedule: { constant: { peak: 0.5 } }"),
                Some("constant.peak` is 0.5"),
                None,
            ),
            (extended("evaluation: { every: 7 }\n"), None, Some("`evaluation.every` is 7, and was")),
            (
                extended("decoding: { max_length: 7 }\n"),
                None,
                Some("`decoding.max_length` is 7, and was null"),
            ),
            (extended("device: { backend: flex, threads: 3 }\n"), None, Some("`device.backend` is \"flex\"")),
        ] {
            let changes = Changes::between(&load(RUN), &load(&now));
            for (found, expected) in [(&changes.model, model), (&changes.scores, scores)] {
                let says = |expected: &str| found.iter().any(|change: &String| change.contains(expected));
                assert!(expected.map_or(found.is_empty(), says), "{now}: {changes:?}");
            }
        }
    }
}
