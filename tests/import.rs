//! `any2any import`: small models of other programs are brought in, and write what those write (`pretrained/make.py`).

use std::path::PathBuf;

use any2any_adapter::{File, Region, Sequence, Signal, Value};
use any2any_experiment::spec::{Beam, Decoding};
use any2any_run::RunFolder;
use any2any_translate::Translator;
use serde::Deserialize;

use crate::support::Workshop;
use crate::support::documents::root;
use crate::support::outside;

/// A source, its tokens, and the tokens that were written for it.
#[derive(Deserialize)]
struct Expected {
    text: String,
    tokens: Vec<u32>,
    greedy: Vec<u32>,
    beams: Vec<u32>,
}

fn model(family: &str) -> PathBuf {
    root().join("tests/pretrained").join(family)
}

fn expected(family: &str) -> Vec<Expected> {
    let file = std::fs::read(model(family).join("expected.json")).expect("written by make.py");
    serde_json::from_slice(&file).expect("JSON")
}

/// The most new tokens that make.py asks for, the end among them.
fn new_tokens(family: &str) -> usize {
    if family == "byt5" { 64 } else { 24 }
}

/// The decoding of make.py: greedy, or with four beams.
fn decodings(family: &str) -> [Decoding; 2] {
    let greedy = Decoding { max_length: Some(new_tokens(family)), ..Decoding::default() };
    let beams = Decoding { beam: Some(Beam { size: 4, length_penalty: 1.0, n_best: 1 }), ..greedy.clone() };
    [greedy, beams]
}

/// Imports a model, and opens the run.
fn imported(workshop: &Workshop, family: &str) -> Translator {
    let source = model(family);
    let printed = workshop.succeed(&["import", &source.display().to_string(), "--run", family]);
    assert!(printed.contains(&format!("any2any translate {family}")), "{printed}");
    Translator::load(&RunFolder::new(workshop.path(family)), "best", &any2any_cli::media()).expect("a run")
}

#[test]
fn a_language_model_goes_on_as_its_own_program_does() {
    let workshop = Workshop::new();
    let translator = imported(&workshop, "gpt2");
    let task = translator.task(None).expect("one task").clone();
    for of in expected("gpt2") {
        let prefix = Value::from(of.text.as_str());
        // The begin token before the text and the end token behind it are not of the prefix.
        let given = &of.tokens[1..of.tokens.len() - 1];
        assert_eq!(task.encode_prefix(&prefix).expect("a text"), given, "{}", of.text);
        // Greedily alone: the beams there divide by the length of what is added, ours by that of the whole text.
        let [greedy, _] = decodings("gpt2");
        let greedy = Decoding { max_length: Some(new_tokens("gpt2") + given.len()), ..greedy };
        let found = translator.complete(&task, &prefix, &greedy, 1).expect("completed");
        let tokens = found[0][0].tokens();
        let tokens = tokens.strip_suffix(&[task.end()]).unwrap_or(tokens);
        let written = of.greedy.strip_suffix(&[task.end()]).unwrap_or(&of.greedy);
        assert_eq!(tokens, [given, written].concat(), "{}", of.text);
    }
}

#[test]
fn translations_are_those_of_other_programs() {
    for family in ["marian", "t5", "bart", "mbart50", "m2m100", "nllb", "pegasus", "byt5"] {
        let workshop = Workshop::new();
        let translator = imported(&workshop, family);
        let task = translator.task(None).expect("one task").clone();
        let expected = expected(family);
        let values: Vec<Value> = expected.iter().map(|of| Value::from(of.text.as_str())).collect();
        for (value, of) in values.iter().zip(&expected) {
            let encoded = task.encode_source(value).expect("a text");
            assert_eq!(encoded.sequence, Sequence::Tokens(of.tokens.clone()), "{family}: {}", of.text);
        }
        let [greedy, beams] = decodings(family);
        for (decoding, written) in [
            (greedy, expected.iter().map(|of| &of.greedy).collect::<Vec<_>>()),
            (beams, expected.iter().map(|of| &of.beams).collect()),
        ] {
            let found = translator.translate_each(&task, &values, &decoding, None).expect("translated");
            for ((found, written), of) in found.into_iter().zip(written).zip(&expected) {
                let found = found.expect("a translation");
                let mut tokens = found.outputs[0].tokens().to_vec();
                // An output that is cut off has no end, and the prompt is among theirs.
                tokens.truncate(new_tokens(family));
                let written = written.strip_suffix(&[task.end()]).unwrap_or(written);
                let tokens = tokens.strip_suffix(&[task.end()]).unwrap_or(&tokens);
                assert_eq!(tokens, written, "{family}: {} ({decoding:?})", of.text);
            }
        }
        // Every command takes the run.
        assert!(workshop.succeed(&["describe", family]).contains("parameters"));
        let line = workshop.pipe(&["translate", family], "the old garden loves a garden.\n");
        assert!(line.starts_with("der ") && !line.contains('<') && !line.contains('_'), "{line}");
        let scored = workshop.run(&["evaluate", family]);
        assert!(scored.code == Some(1) && scored.stderr.contains("--set tasks."), "{}", scored.stderr);
        workshop.succeed(&["export", family, "exported"]);
        assert_eq!(workshop.pipe(&["translate", "exported"], "the old garden loves a garden.\n"), line);
    }
}

#[test]
fn requests_name_languages() {
    let workshop = Workshop::new();
    imported(&workshop, "m2m100");
    let described = workshop.succeed(&["describe", "m2m100"]);
    assert!(described.contains("100 languages: af am ar"), "{described}");
    workshop.write("line.txt", "the old garden loves a garden.\n");
    let languages = |source, target| {
        ["translate", "m2m100", "line.txt", "--source-language", source, "--target-language", target]
    };
    let german = workshop.succeed(&languages("en", "de"));
    assert_ne!(workshop.succeed(&languages("en", "zu")), german, "nobody trained that language");
    assert_eq!(
        workshop.succeed(&["translate", "m2m100", "line.txt"]),
        german,
        "its tokenizer says en and de"
    );
    let mistyped = workshop.run(&languages("en", "dee"));
    assert!(
        mistyped.code == Some(1) && mistyped.stderr.contains("did you mean `de`?"),
        "{}",
        mistyped.stderr
    );
    let lost = workshop.run(&["export", "m2m100", "out", "--format", "huggingface"]);
    assert!(lost.stderr.contains("cannot say `tasks.translate.prompt`"), "{}", lost.stderr);
    imported(&workshop, "marian");
    let untold = workshop.run(&["translate", "marian", "line.txt", "--target-language", "de"]);
    assert!(untold.stderr.contains("is not told the language of its target"), "{}", untold.stderr);
    let source = model("m2m100").display().to_string();
    let none = "tasks.translate.prompt.source_language=null";
    workshop.succeed(&["import", &source, "--run", "open", "--set", none]);
    let asked = workshop.run(&["translate", "open", "line.txt"]);
    assert!(asked.code == Some(1) && asked.stderr.contains("--source-language LANGUAGE"), "{}", asked.stderr);
}

/// A sound of make.py, what is written of it, the same with timestamps, and its translation.
#[derive(Deserialize)]
struct Heard {
    samples: i64,
    slowness: i64,
    greedy: Vec<u32>,
    timed: Vec<u32>,
    translated: Vec<u32>,
}

/// The most tokens that the tiny Whisper writes of a window.
const OF_WINDOW: usize = 20;

#[test]
fn speech_is_written_as_other_programs_do() {
    let workshop = Workshop::new();
    let translator = imported(&workshop, "whisper");
    let heard: Vec<Heard> = serde_json::from_slice(
        &std::fs::read(model("whisper").join("expected.json")).expect("written by make.py"),
    )
    .expect("JSON");
    for Heard { samples, slowness, greedy, timed, translated } in heard {
        let sample = |n: i64| ((n * n / slowness % 2001 - 1000) * (n / 800 % 5)) as f32 / 32_768.0;
        let sound = Signal::mono(16_000.0, (0..samples).map(sample).collect::<Vec<_>>()).expect("a rate");
        for (name, timestamps, expected) in
            [("transcribe", false, greedy), ("transcribe", true, timed), ("translate", false, translated)]
        {
            let task = translator
                .task(Some(name))
                .expect("two tasks")
                .in_languages(Some("en"), None)
                .expect("English");
            let task = if timestamps { task.with_timestamps().expect("it can") } else { task };
            let decoding = Decoding { max_length: Some(OF_WINDOW), timestamps, ..task.decoding().clone() };
            let opened = task.sides().open_source(&Value::Signal(sound.clone())).expect("a sound");
            let source = task.encode_source(&opened).expect("a window").sequence;
            let found = translator.search(&task, &[&source], &decoding, &[]).expect("written");
            let tokens = &found[0][0].tokens()[task.prompt_tokens().len()..];
            // Their program reads on behind a window that is cut off, and where two timestamps follow each other.
            let timestamps_of_task = task.timestamps().expect("it has some");
            let pair = |pair: &[u32]| pair.iter().all(|&token| timestamps_of_task.seconds(token).is_some());
            let first = expected.windows(2).position(pair).filter(|_| timestamps);
            let count = first.map_or(tokens.len(), |at| at + 2).min(expected.len());
            assert_eq!(&tokens[..count], &expected[..count], "{name} {timestamps} {slowness}");
            assert!(count > 3, "{expected:?}");
        }
    }
    let described = workshop.succeed(&["describe", "whisper"]);
    assert!(described.contains("2 languages: de en"), "{described}");
}

/// A picture of make.py, some of its pixels as the model sees them, and what is written of it.
#[derive(Deserialize)]
struct Seen {
    picture: String,
    pixels: Vec<[f32; 3]>,
    greedy: Vec<u32>,
    beams: Vec<u32>,
    text: String,
}

#[test]
fn pictures_are_read_as_other_programs_do() {
    let workshop = Workshop::new();
    let translator = imported(&workshop, "trocr");
    let task = translator.task(None).expect("one task").clone();
    let folder = model("trocr");
    let seen: Vec<Seen> =
        serde_json::from_slice(&std::fs::read(folder.join("expected.json")).expect("written by make.py"))
            .expect("JSON");
    assert_eq!(seen.len(), 20);
    let (mut worst, mut sentences) = (0.0_f32, Vec::new());
    for Seen { picture, pixels, greedy, beams, text } in seen {
        let path = folder.join("pictures").join(&picture);
        let file = File::in_memory(&picture, std::fs::read(&path).expect("a picture"));
        let opened = task.sides().open_source(&Value::File(file)).expect("a picture");
        let encoded = task.encode_source(&opened).expect("patches");
        // A class token, and 16 patches of 8 by 8 pixels; each position has its place in the picture.
        assert_eq!((encoded.sequence.len(), encoded.regions.len()), (16, 17));
        let whole = Region::Rectangle { left: 0.0, top: 0.0, width: 32.0, height: 32.0 };
        assert_eq!(encoded.regions[0], whole);
        let Sequence::Frames(frames) = &encoded.sequence else { panic!("{:?}", encoded.sequence) };
        for (at, expected) in [0, 5, 13, 22, 31].into_iter().zip(pixels) {
            let (patch, inside) = (at / 8 * 4 + at / 8, (at % 8 * 8 + at % 8) * 3);
            let found = &frames.values()[patch * 192 + inside..][..3];
            let pairs = found.iter().zip(&expected);
            worst = pairs.map(|(found, expected)| (found - expected).abs()).fold(worst, f32::max);
        }
        for (decoding, written) in decodings("trocr").into_iter().zip([&greedy, &beams]) {
            let decoding = Decoding { max_length: Some(16), ..decoding };
            let found = translator.search(&task, &[&encoded.sequence], &decoding, &[]).expect("written");
            let tokens = found[0][0].tokens();
            let tokens = tokens.strip_suffix(&[task.end()]).unwrap_or(tokens);
            let written = written.strip_suffix(&[task.end()]).unwrap_or(written);
            assert_eq!(tokens, written, "{picture} ({decoding:?})");
        }
        let line = workshop.succeed(&["translate", "trocr", &path.display().to_string()]);
        assert_eq!(line.trim_end().rsplit('\t').next(), Some(text.as_str()), "{picture}");
        sentences.push(text);
    }
    // Half of the last digit that make.py writes; a level of a picture is 0.0078 here.
    assert!(worst < 1e-6, "pixels differ by up to {worst}");
    sentences.sort();
    sentences.dedup();
    assert!(sentences.len() > 10, "{sentences:?}");
    assert!(workshop.succeed(&["describe", "trocr"]).contains("parameters"));
    let out = workshop.run(&["export", "trocr", "out", "--format", "huggingface"]);
    assert!(out.stderr.contains("cannot say `tasks.translate.source`"), "{}", out.stderr);
}

#[test]
fn pictures_of_another_processor_are_refused_by_name() {
    let workshop = Workshop::new();
    let source = workshop.path("model");
    std::fs::create_dir(&source).expect("a folder");
    for entry in std::fs::read_dir(model("trocr")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            std::fs::copy(&path, source.join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
    for (config, wanted) in [
        (r#"{ "size": 32, "resample": 0 }"#, "`resample` is 0"),
        (r#"{ "size": 64 }"#, "`size` is 64 x 64, and the model reads pictures of 32 x 32"),
    ] {
        std::fs::write(source.join("preprocessor_config.json"), config).expect("written");
        let refused = workshop.run(&["import", "model"]);
        let named = refused.stderr.contains("preprocessor_config.json: ") && refused.stderr.contains(wanted);
        assert!(refused.code == Some(2) && named, "{}", refused.stderr);
    }
    std::fs::remove_file(source.join("preprocessor_config.json")).expect("removed");
    assert!(workshop.run(&["import", "model"]).stderr.contains("preprocessor_config.json: it is missing"));
}

#[test]
fn recordings_are_written_word_for_word() {
    let Some(source) = outside::folder("ANY2ANY_MODELS", "whisper-tiny-en") else { return };
    let Some(recordings) = outside::folder("ANY2ANY_MODELS", "speech") else { return };
    let workshop = Workshop::new();
    workshop.succeed(&["import", &source.display().to_string(), "--run", "whisper"]);
    // What transformers 4.57 writes greedily: of the longer one with timestamps, since it reads it in windows by them.
    let beckett = "Ever tried, ever failed. No matter, try again. Fail again. Fail better.";
    let cities = "It was the best of times, it was the worst of times. It was the age of wisdom, it was the age of \
                  foolishness. It was the epoch of belief, it was the epoch of incredulity. It was the season of light, it \
                  was the season of darkness. It was the spring of hope, it was the winter of despair. We had everything \
                  before us, we had nothing before us. We were all going direct to heaven, we were all going direct the \
                  other way. In short, the period was so far like the present period that some of its noisiest authorities \
                  insisted on its being received for good or for evil in the superlative degree of comparison only.";
    for (name, expected, pieces) in [("beckett.wav", beckett, 4), ("two_cities.wav", cities, 8)] {
        let recording = recordings.join(name).display().to_string();
        let plain = workshop.succeed(&["translate", "whisper", &recording]);
        assert_eq!(plain.trim_end().rsplit('\t').next(), Some(expected));
        let timed = workshop.json(&["translate", "whisper", &recording, "--timestamps", "--json"]);
        let output = &timed["translations"][0]["outputs"][0];
        let same = |text: &str| text.to_lowercase().replace([',', '.'], "");
        assert_eq!(same(output["text"].as_str().expect("a text")), same(expected));
        let segments = output["segments"].as_array().expect("segments");
        assert_eq!(segments.len(), pieces, "{segments:?}");
        let times = segments.iter().flat_map(|piece| [piece["start"].as_f64(), piece["end"].as_f64()]);
        let times: Vec<f64> = times.map(|time| time.expect("seconds")).collect();
        assert!(times.is_sorted(), "{times:?}");
    }
}
