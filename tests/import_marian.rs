//! `any2any import` of models in Marian's own files: small ones that `crates/pretrained/tests/golden/make_marian.py` trained,
//! and where ANY2ANY_MODELS is, a model that a browser translates with, beside what its own engine writes.

use std::io::Read;
use std::path::{Path, PathBuf};

use any2any_adapter::Value;
use any2any_experiment::spec::{Beam, Decoding};
use any2any_run::{RunFolder, Shortlist};
use any2any_translate::Translator;
use serde::Deserialize;

use crate::support::documents::root;
use crate::support::{Workshop, outside};

/// A source, and what Marian writes for it with one and with four beams.
#[derive(Deserialize)]
struct Expected {
    text: String,
    source: Vec<u32>,
    greedy: Written,
    beam: Written,
}

#[derive(Deserialize)]
struct Written {
    text: String,
    tokens: Vec<u32>,
}

fn model(name: &str) -> PathBuf {
    root().join("crates/pretrained/tests/golden").join(name)
}

fn translator(workshop: &Workshop, run: &str) -> Translator {
    Translator::load(&RunFolder::new(workshop.path(run)), "best", &any2any_cli::media()).expect("a run")
}

#[test]
fn translations_are_those_of_marian() {
    for name in ["marian_npz", "marian_ssru", "marian_untied"] {
        let workshop = Workshop::new();
        // By the folder, or by the file of its weights.
        let source = if name == "marian_npz" { model(name).join("model.npz") } else { model(name) };
        workshop.succeed(&["import", &source.display().to_string(), "--run", "run"]);
        let translator = translator(&workshop, "run");
        let task = translator.task(None).expect("one task").clone();
        assert_eq!(task.decoding().beam.as_ref().map(|beam| beam.size), Some(4), "{name}");
        let expected = std::fs::read(model(name).join("golden.json")).expect("written by make_marian.py");
        let expected: Vec<Expected> = serde_json::from_slice(&expected).expect("as it writes it");
        let values: Vec<Value> = expected.iter().map(|of| Value::from(of.text.as_str())).collect();
        for (value, of) in values.iter().zip(&expected) {
            let encoded = task.encode_source(value).expect("a text");
            assert_eq!(encoded.sequence.tokens(), Some(&of.source[..]), "{name}: {}", of.text);
        }
        let mut others = 0;
        let greedy = Decoding { max_length: Some(60), ..Decoding::default() };
        let beam =
            Decoding { beam: Some(Beam { size: 4, length_penalty: 1.0, n_best: 1 }), ..greedy.clone() };
        for (decoding, written) in [
            (greedy, expected.iter().map(|of| &of.greedy).collect::<Vec<_>>()),
            (beam, expected.iter().map(|of| &of.beam).collect()),
        ] {
            let found = translator.translate(&task, &values, &decoding, None).expect("translated");
            for ((found, written), of) in found.iter().zip(written).zip(&expected) {
                let tokens = found[0].tokens();
                let tokens = tokens.strip_suffix(&[task.end()]).unwrap_or(tokens);
                // Marian cuts an output off at three times its source (`max-length-factor`).
                let most = 3 * of.source.len();
                if decoding.beam.is_some() && tokens != written.tokens {
                    // Hypotheses that have ended take places of its beam, and none of ours.
                    others += 1;
                    continue;
                }
                assert_eq!(
                    &tokens[..tokens.len().min(most)],
                    written.tokens,
                    "{name}: {} ({decoding:?})",
                    of.text
                );
                if tokens.len() <= most {
                    let text = Value::from(written.text.as_str());
                    assert_eq!(found[0].decoded.value, text, "{name}: {}", of.text);
                }
            }
        }
        assert!(others <= 5, "{name}: {others} of {} differ with beams", expected.len());
    }
}

/// The model that ships with a browser, and its 1,000 captions with what its own engine writes in batches of 32.
fn shipped() -> Option<(PathBuf, Vec<String>, Vec<String>)> {
    let model = outside::models("bergamot-enpt")?;
    let captions = outside::folder("ANY2ANY_DATA", "multi30k/raw/test_2016_flickr.en.gz")?;
    let mut text = String::new();
    let file = std::fs::File::open(captions).expect("a file");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("captions");
    let written = std::fs::read_to_string(model.join("test_2016_flickr.original-engine.pt")).expect("texts");
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    Some((model, lines(&text), lines(&written)))
}

/// What the engine writes for each line alone, from what it writes in batches: `peers/bergamot_engine.mjs` with
/// `--one-by-one` (`@browsermt/bergamot-translator` 0.4.9) wrote the lines of the file, each after its number.
fn alone(in_batches: &[String]) -> Vec<String> {
    let mut lines = in_batches.to_vec();
    for line in include_str!("pretrained/bergamot/one_by_one.tsv").lines() {
        let (number, text) = line.split_once('\t').expect("a number and a line");
        let number: usize = number.parse().expect("a number");
        assert_ne!(lines[number - 1], text, "line {number} is another in batches");
        text.clone_into(&mut lines[number - 1]);
    }
    lines
}

#[test]
fn a_model_of_bergamot_writes_what_its_own_engine_writes() {
    let Some((model, captions, in_batches)) = shipped() else { return };
    let one_by_one = alone(&in_batches);
    let workshop = Workshop::new();
    workshop.succeed(&["import", &model.display().to_string(), "--run", "run"]);
    let said = workshop.succeed(&["describe", "run"]);
    assert!(said.contains("8 bits with the scales of the model: 53 matrices"), "{said}");
    assert!(said.contains("shortlist of translate: 32,000 source tokens"), "{said}");
    // Written again, the file has the same bytes, its checksum among them.
    let shortlist = std::fs::read(workshop.path("run/shortlists/translate.bin")).expect("a shortlist");
    let again = Shortlist::read(&shortlist).expect("Marian's format").to_bytes();
    assert!(again == shortlist, "{} bytes instead of {}", again.len(), shortlist.len());
    let translator_of_run = translator(&workshop, "run");
    let decoding = translator_of_run.task(None).expect("one task").decoding().clone();
    assert_eq!((decoding.batch_tokens, &decoding.beam), (512, &None));
    // The lines that are equal to the engine's in batches, and to its of each line alone.
    let equal = |run: &str| {
        let translator = translator(&workshop, run);
        let task = translator.task(None).expect("one task").clone();
        let values: Vec<Value> = captions.iter().map(|text| Value::from(text.as_str())).collect();
        let found = translator.translate(&task, &values, &Decoding::default(), None).expect("translated");
        [&in_batches, &one_by_one].map(|written| {
            let pairs = found.iter().zip(written);
            pairs.filter(|(found, line)| found[0].decoded.value == Value::from(line.as_str())).count()
        })
    };
    let counts = equal("run");
    // The engine puts the shortlists of a batch together; beyond that, the last bits of operations on floats differ.
    assert!(counts[0] >= 955 && counts[1] >= 974, "{counts:?} of {} lines are equal", captions.len());
    // What is given away decodes as the run does.
    workshop.succeed(&["export", "run", "exported"]);
    assert_eq!(equal("exported"), counts);
    // Without its scales, other lines come out.
    std::fs::remove_file(scales(&workshop.path("exported"))).expect("it is there");
    assert!(equal("exported")[1] < 900);
}

fn scales(run: &Path) -> PathBuf {
    run.join("checkpoints/step-0/product_scales.json")
}
