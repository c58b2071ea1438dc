//! Tokenizers of a run in another program's layout.

mod languages;
mod whisper;

use std::path::Path;

use any2any_adapter::Adapter;
use any2any_experiment::spec::Side;
use any2any_pretrained::export::{Outgoing, Vocabulary, Written};
use any2any_run::Task;
use any2any_text::{Frame, TextOptions, for_other_programs};
use serde_json::{Value as Json, json};

use crate::arguments::Usage;
use languages::Multilingual;

/// Layout of another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// That of `transformers`.
    HuggingFace,
    /// That of CTranslate2.
    Ctranslate2,
}

impl Layout {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::HuggingFace => "Hugging Face's layout",
            Self::Ctranslate2 => "CTranslate2's layout",
        }
    }
}

const FILE: &str = "tokenizer.json";
const CONFIG: &str = "tokenizer_config.json";

/// The folder of the tokenizer of targets, where it is not that of sources.
const TARGET: &str = "target_tokenizer";

/// A tokenizer as a run keeps it.
struct Saved {
    document: Vec<u8>,
    is_sentencepiece: bool,
}

impl Saved {
    fn of(adapter: &dyn Adapter) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        adapter.save(folder.path())?;
        let model = folder.path().join("tokenizer.model");
        let is_sentencepiece = model.is_file();
        let path = if is_sentencepiece { model } else { folder.path().join("tokenizer.json") };
        Ok(Self { document: std::fs::read(path)?, is_sentencepiece })
    }
}

/// Writes the tokenizers of a task beside its model.
pub(super) fn write(
    task: &Task,
    model: &Outgoing,
    written: &Written,
    layout: Layout,
    folder: &Path,
) -> anyhow::Result<()> {
    let target = Saved::of(task.target().as_ref())?;
    if model.sound.is_some() {
        return whisper::write(&target, &task.spec().target, model, layout, folder);
    }
    let Some((source, vocabulary)) = task.source().zip(model.source.as_ref()) else {
        let begin = numbered(&model.target, [model.target.begin]);
        let frame = Frame { begin, end: None, ..frame(&model.target, written) };
        return write_one(&target, &task.spec().target, &model.target, &frame, layout, folder);
    };
    let source = Saved::of(source.as_ref())?;
    let side = task.spec().source.as_ref().unwrap_or(&task.spec().target);
    let multilingual = Multilingual::of(model, written).filter(|_| layout == Layout::HuggingFace);
    if source.is_sentencepiece && target.is_sentencepiece {
        return match multilingual {
            Some(multilingual) => multilingual.write_sentencepiece(&source, vocabulary, folder),
            None => write_sentencepiece([&source, &target], model, written, layout, folder),
        };
    }
    let begin = numbered(vocabulary, model.prompt.source.iter().copied());
    let of_source = Frame { begin, offset: written.source_offset, ..frame(vocabulary, written) };
    write_one(&source, side, vocabulary, &of_source, layout, folder)?;
    if let Some(multilingual) = multilingual.filter(Multilingual::has_fast_class) {
        let config = multilingual.config(vocabulary, config(multilingual.class, vocabulary, &of_source));
        write_json(&folder.join(CONFIG), &config)?;
    }
    if source.document != target.document || written.source_offset > 0 {
        let folder = folder.join(TARGET);
        std::fs::create_dir(&folder)?;
        let of_target = frame(&model.target, written);
        write_one(&target, &task.spec().target, &model.target, &of_target, layout, &folder)?;
    }
    Ok(())
}

/// Tokens with their names.
fn numbered(vocabulary: &Vocabulary, tokens: impl IntoIterator<Item = u32>) -> Vec<(String, u32)> {
    tokens.into_iter().filter_map(|number| token(vocabulary, number)).collect()
}

fn token(vocabulary: &Vocabulary, token: u32) -> Option<(String, u32)> {
    vocabulary.names.get(token as usize).map(|name| (name.clone(), token))
}

/// The tokens around a text: the end, as here.
fn frame(vocabulary: &Vocabulary, written: &Written) -> Frame {
    Frame {
        begin: Vec::new(),
        end: token(vocabulary, vocabulary.end),
        padding: token(vocabulary, vocabulary.padding).filter(|_| !written.without_padding),
        offset: 0,
    }
}

/// Writes `tokenizer.json`, and for transformers the file that says how it is loaded.
fn write_one(
    saved: &Saved,
    side: &Side,
    vocabulary: &Vocabulary,
    frame: &Frame,
    layout: Layout,
    folder: &Path,
) -> anyhow::Result<()> {
    std::fs::write(folder.join(FILE), document(saved, side, frame)?)?;
    if layout == Layout::HuggingFace {
        write_json(&folder.join(CONFIG), &config("PreTrainedTokenizerFast", vocabulary, frame))?;
    }
    Ok(())
}

/// A `tokenizer.json` with all that its options and a model add to it.
fn document(saved: &Saved, side: &Side, frame: &Frame) -> anyhow::Result<String> {
    let options: TextOptions = serde_json::from_value(side.options().clone())?;
    for_other_programs(&saved.document, &options, frame).map_err(|reason| {
        Usage(format!("tokenizer.file: {reason}; its tokenizer.json is written by `python -c \"from transformers import \
            AutoTokenizer; AutoTokenizer.from_pretrained('FOLDER').save_pretrained('FOLDER')\"`")).into()
    })
}

fn config(class: &str, vocabulary: &Vocabulary, frame: &Frame) -> Json {
    let name = |token: u32| vocabulary.names.get(token as usize);
    let mut config = json!({
        "tokenizer_class": class,
        "eos_token": name(vocabulary.end),
        "bos_token": name(vocabulary.begin),
        "clean_up_tokenization_spaces": false,
        "model_input_names": ["input_ids", "attention_mask"],
    });
    if let Some(unknown) = vocabulary.unknown {
        config["unk_token"] = json!(name(unknown));
    }
    if let Some((padding, _)) = &frame.padding {
        config["pad_token"] = json!(padding);
    }
    config
}

fn write_json(path: &Path, value: &Json) -> std::io::Result<()> {
    std::fs::write(path, format!("{value:#}\n"))
}

/// Writes two models of SentencePiece as Marian has them, or the one of T5.
fn write_sentencepiece(
    [source, target]: [&Saved; 2],
    model: &Outgoing,
    written: &Written,
    layout: Layout,
    folder: &Path,
) -> anyhow::Result<()> {
    let files: &[(&str, &Saved)] = match written.kind.as_str() {
        "T5ForConditionalGeneration" if source.document == target.document => &[("spiece.model", source)],
        "MarianMTModel" => &[("source.spm", source), ("target.spm", target)],
        _ if layout == Layout::Ctranslate2 => &[("source.spm", source), ("target.spm", target)],
        kind => {
            let reason =
                format!("a model of SentencePiece is no tokenizer of {kind}; give the run a tokenizer.json");
            return Err(Usage(format!("tokenizer.file: {reason}")).into());
        }
    };
    for (name, saved) in files {
        std::fs::write(folder.join(name), &saved.document)?;
    }
    if layout == Layout::Ctranslate2 {
        return Ok(());
    }
    if !model.prompt.source.is_empty() {
        let reason =
            "a model of SentencePiece puts no tokens in front of a text; give the run a tokenizer.json";
        return Err(Usage(format!("prompt.source: {reason}")).into());
    }
    let vocabulary = &model.target;
    let frame = frame(vocabulary, written);
    let mut config = config("MarianTokenizer", vocabulary, &frame);
    if written.kind == "T5ForConditionalGeneration" {
        config["tokenizer_class"] = json!("T5Tokenizer");
        config["extra_ids"] = json!(0);
        config["legacy"] = json!(false);
    } else {
        let numbers = |vocabulary: &Vocabulary| -> Json {
            vocabulary.names.iter().zip(0_u32..).map(|(name, number)| (name.clone(), json!(number))).collect()
        };
        let apart = model.source.as_ref().filter(|source| source.names != vocabulary.names);
        write_json(&folder.join("vocab.json"), &numbers(apart.unwrap_or(vocabulary)))?;
        if apart.is_some() {
            write_json(&folder.join("target_vocab.json"), &numbers(vocabulary))?;
            config["separate_vocabs"] = json!(true);
        }
        // Names of languages that nothing but a message needs.
        config["source_lang"] = json!("source");
        config["target_lang"] = json!("target");
    }
    Ok(write_json(&folder.join(CONFIG), &config)?)
}
