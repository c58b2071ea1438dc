//! A Whisper goes out in both layouts with all that it was told, and comes back as it was.

use std::path::Path;

use any2any_pretrained::export::{FeatureExtractor, Outgoing, ctranslate2, hugging_face};
use any2any_pretrained::{Pretrained, read};
use serde_json::{Value, json};

use crate::exports::outgoing;
use crate::golden::folder;

/// Names of tokens with a role, with their numbers.
const NAMES: [(usize, &str); 8] = [
    (1, "<|startoftranscript|>"),
    (2, "<|endoftext|>"),
    (30, "<|de|>"),
    (31, "<|en|>"),
    (32, "<|transcribe|>"),
    (33, "<|translate|>"),
    (34, "<|notimestamps|>"),
    (35, "<|0.00|>"),
];

/// The golden Whisper in windows of 24 frames, of two languages, that is asked for a transcript in German.
fn whisper() -> (Pretrained, Outgoing) {
    let before = read(&folder("whisper")).expect("a golden model");
    let mut model = outgoing(&before);
    for (number, name) in NAMES {
        model.target.names[number] = name.to_owned();
    }
    model.target.forbidden_first = before.tokens.begin_suppressed.clone();
    model.prompt.target = vec![30, 32, 34];
    model.prompt.languages = [("de".to_owned(), 30), ("en".to_owned(), 31)].into();
    model.prompt.latest_start = Some(50);
    let samples = 24 * 160;
    model.sound = Some(FeatureExtractor { sampling_rate: 16_000, n_fft: 400, hop_length: 160, samples });
    (before, model)
}

fn json_of(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(name)).expect("a file")).expect("JSON")
}

#[test]
fn it_comes_back_from_either_layout_as_it_was() {
    let (before, model) = whisper();
    for write in [hugging_face, ctranslate2] {
        let place = tempfile::tempdir().expect("a temporary folder");
        let written = write(&model, place.path()).unwrap_or_else(|error| panic!("{error}"));
        let after = read(place.path()).unwrap_or_else(|error| panic!("{}: {error}", written.kind));
        assert_eq!(after.family, before.family);
        assert_eq!(after.architecture.difference(&before.architecture), None);
        assert_eq!(after.weights, before.weights);
        assert_eq!(after.positions, before.positions);
        assert_eq!(after.tokens.decoder_start, before.tokens.decoder_start);
        assert_eq!(after.tokens.end, before.tokens.end);
        assert_eq!(after.tokens.suppressed, before.tokens.suppressed);
        assert_eq!(after.tokens.begin_suppressed, before.tokens.begin_suppressed);
        let frames = json_of(place.path(), "preprocessor_config.json");
        let lengths = ["n_samples", "nb_max_frames", "feature_size"].map(|option| frames[option].as_u64());
        assert_eq!(lengths, [Some(3840), Some(24), Some(5)]);
        assert_eq!(frames["chunk_length"], 0.24);
    }
}

#[test]
fn its_variables_are_those_of_the_converter_of_ctranslate2() {
    let (_, model) = whisper();
    let place = tempfile::tempdir().expect("a temporary folder");
    ctranslate2(&model, place.path()).expect("written");
    let size = |folder: &Path| std::fs::metadata(folder.join("model.bin")).expect("a model").len();
    assert_eq!(size(place.path()), size(&folder("whisper_ct2")));
    let config = json_of(place.path(), "config.json");
    assert_eq!(config["suppress_ids"], json!([5, 6, 11]));
    assert_eq!(config["suppress_ids_begin"], json!([2, 8]));
    assert_eq!(config["lang_ids"], json!([30, 31]));
    assert_eq!(config["alignment_heads"], json!([[1, 0], [1, 1], [2, 0], [2, 1]]));
}

/// What `generation_config.json` says of a prompt.
fn told(model: &Outgoing) -> Value {
    let place = tempfile::tempdir().expect("a temporary folder");
    hugging_face(model, place.path()).unwrap_or_else(|error| panic!("{error}"));
    let found = json_of(place.path(), "generation_config.json");
    let options = ["is_multilingual", "language", "task", "no_timestamps_token_id"];
    json!(options.map(|option| found[option].clone()))
}

#[test]
fn what_it_is_told_stands_in_the_options_of_generation() {
    let (_, mut model) = whisper();
    assert_eq!(told(&model), json!([true, "<|de|>", "transcribe", 34]));
    model.prompt.in_any_language = true;
    model.prompt.target[1] = 33;
    assert_eq!(told(&model), json!([true, null, "translate", 34]));
    // A model of one language, and one that was trained further with one of its languages.
    model.prompt.languages.clear();
    model.prompt.in_any_language = false;
    assert_eq!(told(&model), json!([true, "<|de|>", "translate", 34]));
    model.prompt.target = vec![34];
    assert_eq!(told(&model), json!([false, null, null, 34]));
    // Whoever is told nothing writes no timestamps because nobody taught it to.
    model.prompt.target.clear();
    assert_eq!(told(&model), json!([false, null, null, null]));
}

#[test]
fn what_whisper_cannot_be_is_refused_by_name() {
    let (_, model) = whisper();
    let mut odd = model.clone();
    odd.sound = odd.sound.map(|sound| FeatureExtractor { samples: 23 * 160, ..sound });
    let mut other = model.clone();
    other.prompt.target = vec![34, 30];
    let mut without_task = model.clone();
    without_task.prompt.target = vec![30, 34];
    for (model, part) in [(odd, "pad_to"), (other, "prompt.target"), (without_task, "prompt.target")] {
        let place = tempfile::tempdir().expect("a temporary folder");
        for write in [hugging_face, ctranslate2] {
            let error = write(&model, place.path()).expect_err("no Whisper").to_string();
            assert!(error.contains(&format!("cannot say `{part}`")), "{error}");
        }
    }
}
