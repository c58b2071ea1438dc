//! Model from elsewhere as a run: its experiment, adapters and weights.

use std::collections::BTreeMap;
use std::path::Path;

use any2any_adapter::{Registry, Value};
use any2any_architecture::{Architecture, Head, Stem, names};
use any2any_experiment::Document;
use any2any_experiment::spec::{Experiment, Model, Parts, Side, TiedEmbeddings};
use any2any_pretrained::{Family, GenerationDefaults, Part, Pretrained, Scales, Tensor};
use any2any_run::{
    AdapterSet, Checkpoint, Existing, ExperimentTexts, Groups, ProductScales, RunFolder, Shortlist, State,
    Task, Weights, architecture, atomic_file,
};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::error::{ImportError, Result};
use crate::pictures;
use crate::prompts::{self, Names};
use crate::speech;
use crate::tables::{add_padding, fit_vocabulary};
use crate::tokenizers::{Folders, Tokenizers};

/// Positions of a batch of a model with a shortlist. Each source brings rows of the softmax's table of its own, which every
/// step reads: those of so few sources stay in a processor's caches.
const SHORTLISTED_TOKENS: usize = 512;

/// Options of an import.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The text in front of every source, of a model that is told its task so.
    pub instruction: Option<String>,
    /// Changes to the experiment: `OPTION=VALUE`, in their order.
    pub overrides: Vec<String>,
}

/// Model from elsewhere as a run that is not written yet.
#[non_exhaustive]
pub struct Imported {
    /// The family that it is of.
    pub family: Family,
    /// The number of its parameters.
    pub parameters: u64,
    /// What each tensor of its files became.
    pub parts: Vec<Part>,
    /// What differs from the model's own program.
    pub notes: Vec<String>,
    /// The text of its experiment.
    given: String,
    document: Document,
    adapters: AdapterSet,
    checkpoint: Checkpoint,
    /// The scales of 8-bit products.
    scales: BTreeMap<String, ProductScales>,
    /// The bytes of a shortlist.
    shortlist: Option<Vec<u8>>,
}

impl Imported {
    /// Reads a model, and makes a run of it.
    ///
    /// # Errors
    ///
    /// If there is no model that is known, one of its files is missing or damaged, it cannot be said here, or an option does
    /// not fit it.
    pub fn read(source: &Path, options: &Options, registry: &Registry) -> Result<Self> {
        read(source, options, registry)
    }

    /// Writes the run: whole, or not at all.
    ///
    /// # Errors
    ///
    /// If the folder is occupied, or cannot be written.
    pub fn write(&self, run: &RunFolder, existing: Existing) -> Result<()> {
        let Self { given, document, adapters, checkpoint, scales, shortlist, .. } = self;
        let resolved = document.resolved_yaml();
        let _lock = run.create(ExperimentTexts { given, resolved: &resolved }, adapters, existing)?;
        if let (Some(shortlist), Some(task)) = (shortlist, adapters.tasks().first()) {
            atomic_file::write(&run.shortlist_file(task.name()), shortlist)?;
        }
        run.checkpoints().save_with_scales(checkpoint, scales)?;
        run.checkpoints().point("best", checkpoint.state.step)?;
        Ok(())
    }
}

/// The name of a model: that of its folder.
fn name_of(source: &Path) -> String {
    let name = source.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
    name.unwrap_or_else(|| "imported".to_owned())
}

fn read(source: &Path, options: &Options, registry: &Registry) -> Result<Imported> {
    let pretrained = any2any_pretrained::read(source)?;
    let files = TempDir::new().map_err(ImportError::io(std::env::temp_dir()))?;
    let folders = Folders { model: source, written: files.path() };
    let mut tokenizers = match &pretrained.vocabularies {
        Some(vocabularies) => Tokenizers::of_vocabularies(vocabularies, &folders)?,
        None => Tokenizers::of(pretrained.family, &folders, &pretrained.tokens)?,
    };
    let Pretrained {
        family,
        architecture: theirs,
        mut weights,
        tokens,
        decoding,
        parts,
        positions,
        scales,
        shortlist,
        ..
    } = pretrained;
    let shortlist = shortlist.map(|path| read_shortlist(&path)).transpose()?;
    let task_name = match family {
        Family::Whisper => speech::TRANSCRIBE,
        _ => theirs.tasks[0].name.as_str(),
    };
    let mut decoding = self::decoding(&decoding);
    if shortlist.is_some() {
        decoding["batch_tokens"] = json!(SHORTLISTED_TOKENS);
    }
    let mut experiment = json!({
        "name": run_name(&name_of(source)),
        "tasks": { task_name: task(family, &folders, &theirs, &tokenizers, decoding)? },
        "model": model(&theirs, &tokenizers),
        // What a training begins with, if the run is trained further: the rate of fine-tuning.
        "training": { "steps": 1000, "schedule": { "linear": { "peak": 2e-5, "warmup": 100 } } },
    });
    if let Some(longest) = longest_source(family, positions) {
        experiment["training"]["batch"] = json!({ "max_source_length": longest });
    }
    let read = |experiment: &Json, overrides: &[String]| -> Result<(Document, AdapterSet)> {
        // JSON is YAML.
        let text = format!("{experiment:#}");
        let document = any2any_experiment::load_str("import", &text, files.path(), overrides, registry)?;
        let adapters = Groups::new(&document.experiment, registry)?
            .fit(&document.experiment, None, |_, _| &[])
            .map_err(|problems| wrong(source, problems.into_iter().map(|(_, error)| error.to_string())))?;
        Ok((document, adapters))
    };
    // Tokens are named by their numbers, which the tokenizer has to be read for.
    let (_, adapters) = read(&experiment, &[])?;
    let plain = adapters.tasks()[0].clone();
    let names = Names::of(plain.target().as_ref());
    let instruction = instruction(options, &plain, &names)?;
    let task = &mut experiment["tasks"][task_name];
    let prompt = prompts::prompt(family, &folders, &tokens, &names, &instruction)?;
    if !prompt.is_null() {
        task["prompt"] = prompt;
    }
    for (option, tokens) in [("suppress", &tokens.suppressed), ("suppress_first", &tokens.begin_suppressed)] {
        if !tokens.is_empty() {
            task["decoding"][option] = json!(names.all(tokens));
        }
    }
    if let Some(translating) = speech::translating(&experiment["tasks"][task_name]) {
        experiment["tasks"][speech::TRANSLATE] = translating;
    }
    let (mut document, adapters) = read(&experiment, &options.overrides)?;
    let ours = architecture(&document.experiment, &adapters);
    if tokenizers.adds_padding {
        add_padding(&theirs, &mut weights);
    }
    if task_name != theirs.tasks[0].name {
        weights = speech::renamed(weights, &theirs.tasks[0].name);
    }
    if let Some(vectors) =
        ours.parameters().into_iter().find(|parameter| parameter.name == names::TASK_VECTORS)
    {
        // What tells the tasks apart here says nothing: the prompt tells them apart.
        let values = vec![0.0; vectors.shape.iter().product()];
        weights.insert(vectors.name, Tensor { shape: vectors.shape, values });
    }
    fit_vocabulary(source, &theirs, &ours, &mut weights, &mut tokenizers.notes)?;

    let weights: BTreeMap<String, Weights> = weights
        .into_iter()
        .map(|(name, tensor)| (name, Weights { shape: tensor.shape, values: tensor.values }))
        .collect();
    let parameters: u64 = weights.values().map(|weights| weights.values.len() as u64).sum();
    name_origins(&mut document.experiment, &folders)?;
    // The tokenizers that had to be written are in the run.
    let written = |path: &Path| Json::from(path.to_string_lossy().into_owned()).to_string();
    let inner = |path: &Path| written(path).trim_matches('"').to_owned();
    let given = format!("{experiment:#}\n").replace(&inner(files.path()), &inner(&folders.origin()?));
    let state = State { experiment: serde_json::to_value(&document.experiment).ok(), ..State::default() };
    let checkpoint =
        Checkpoint { architecture: Some(ours), weights, lora: None, optimizer: BTreeMap::new(), state };
    let scales =
        scales.into_iter().map(|(name, Scales { weight, input })| (name, ProductScales { weight, input }));
    Ok(Imported {
        family,
        parameters,
        parts,
        notes: tokenizers.notes,
        given,
        document,
        adapters,
        checkpoint,
        scales: scales.collect(),
        shortlist,
    })
}

/// Names the model's folder as the place of tokenizers that had to be written: the run has copies of them.
fn name_origins(experiment: &mut Experiment, folders: &Folders<'_>) -> Result<()> {
    let origin = folders.origin()?;
    for task in experiment.tasks.values_mut() {
        for side in task.source.iter_mut().chain([&mut task.target]) {
            let mut options = side.options().clone();
            let Some(path) = options.pointer_mut("/tokenizer/file/path") else { continue };
            let written = path.as_str().and_then(|path| Path::new(path).strip_prefix(folders.written).ok());
            let Some(name) = written.map(Path::to_owned) else { continue };
            *path = json!(origin.join(name));
            *side = Side::new(side.medium(), options);
        }
    }
    Ok(())
}

/// A name that a folder can have.
fn run_name(name: &str) -> String {
    let sound = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    name.chars().map(|letter| if sound(letter) { letter } else { '-' }).collect()
}

fn wrong(source: &Path, reasons: impl Iterator<Item = String>) -> ImportError {
    let reasons: Vec<String> = reasons.collect();
    ImportError::of(source, reasons.join("; "))
}

/// The most positions of a source that the model was trained with.
fn longest_source(family: Family, positions: Option<usize>) -> Option<usize> {
    match family {
        // Frames, of which a stem makes half as many positions.
        Family::Whisper => Some(3000),
        _ => positions.filter(|&positions| positions > 1),
    }
}

/// The tokens of the text that stands in front of every source, by name.
fn instruction(options: &Options, task: &Task, names: &Names) -> Result<Vec<String>> {
    let Some(text) = &options.instruction else { return Ok(Vec::new()) };
    let encoded = task.encode_source(&Value::from(text.as_str()))?;
    let tokens = encoded.sequence.tokens().unwrap_or_default();
    let tokens = tokens.strip_suffix(&[task.end()]).unwrap_or(tokens);
    Ok(names.all(tokens).into_iter().map(str::to_owned).collect())
}

/// The task as an experiment says it.
fn task(
    family: Family,
    folders: &Folders<'_>,
    theirs: &Architecture,
    tokenizers: &Tokenizers,
    decoding: Json,
) -> Result<Json> {
    let side = |field: &str, file: &Json| json!({ "text": { "field": field, "normalize": "none", "tokenizer": { "file": file } } });
    let mut task = json!({
        "data": {},
        "target": side("target", &tokenizers.target),
        "decoding": decoding,
    });
    if let Some(source) = &tokenizers.source {
        task["source"] = side("source", source);
    }
    if family == Family::Whisper {
        task["source"] = speech::source(folders, theirs)?;
    }
    if family == Family::VisionEncoderDecoder {
        task["source"] = pictures::source(folders, theirs)?;
    }
    Ok(task)
}

/// The options of decoding that the model comes with.
fn decoding(given: &GenerationDefaults) -> Json {
    let mut decoding = json!({});
    if let Some(size) = given.num_beams.filter(|&size| size > 1) {
        decoding["beam"] =
            json!({ "size": size, "length_penalty": given.length_penalty.unwrap_or(1.0).max(0.0) });
    }
    // Theirs counts the token that the decoder starts from, and the end.
    let most = given.max_new_tokens.map(|most| most.saturating_sub(1));
    let most = most.or(given.max_length.map(|most| most.saturating_sub(2)));
    if let Some(most) = most.filter(|most| (1..=65_536).contains(most)) {
        decoding["max_length"] = json!(most);
    }
    if let Some(length) = given.no_repeat_ngram_size {
        decoding["no_repeat_ngram"] = json!(length);
    }
    if let Some(penalty) = given.repetition_penalty.filter(|penalty| *penalty > 1.0) {
        decoding["repetition_penalty"] = json!(penalty);
    }
    decoding
}

/// The model as an experiment says it.
fn model(of: &Architecture, tokenizers: &Tokenizers) -> Model {
    let mut parts = Parts::new(of.encoder.clone(), of.decoder.clone());
    let task = &of.tasks[0];
    let target = &of.stems[task.target].part;
    if let Stem::Lookup { scale, .. } = target {
        parts.embedding_scale = Some(*scale);
    }
    if let Head::Softmax { tied, bias, scale, .. } = of.heads[task.head].part {
        // By a bias, padding is improbable.
        parts.output_bias = bias || tokenizers.adds_padding;
        parts.output_scale = scale;
        parts.tied_embeddings = match tied {
            None => TiedEmbeddings::None,
            Some(_) if task.shares_stem() => TiedEmbeddings::All,
            Some(_) => TiedEmbeddings::Target,
        };
    }
    parts.joint_vocabulary = tokenizers.source.is_some() && task.shares_stem();
    Model::Architecture(Box::new(parts))
}

/// The bytes of a shortlist, which must be sound.
fn read_shortlist(path: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path).map_err(ImportError::io(path))?;
    Shortlist::read(&bytes).map_err(|error| ImportError::of(path, error))?;
    Ok(bytes)
}
