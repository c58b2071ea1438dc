//! `any2any import`: a run from a model that was trained elsewhere.

mod prompts;
mod speech;
mod tokenizers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use any2any_adapter::{Registry, Value};
use any2any_architecture::{Architecture, Head, Stem, names};
use any2any_data::DataRoot;
use any2any_experiment::Document;
use any2any_experiment::spec::{Model, Parts, TiedEmbeddings};
use any2any_pretrained::{Family, GenerationDefaults, Pretrained, Scales, Tensor};
use any2any_run::{
    AdapterSet, Checkpoint, Existing, ExperimentTexts, Groups, ProductScales, RunFolder, Shortlist, State,
    Task, Weights, architecture, atomic_file,
};
use anyhow::Context;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::arguments::{ImportArguments, Usage};
use crate::output;
use prompts::Names;
use tokenizers::{Folders, Tokenizers};

/// Positions of a batch of a model with a shortlist. Each source brings rows of the softmax's table of its own, which every
/// step reads: those of so few sources stay in a processor's caches.
const SHORTLISTED_TOKENS: usize = 512;

pub(crate) fn run(arguments: ImportArguments, registry: &Registry) -> anyhow::Result<()> {
    // A model that `data get` fetched is known by its name.
    let source =
        &DataRoot::find(None).map_or(arguments.source.clone(), |root| root.model_folder(&arguments.source));
    let name = source.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let name = name.unwrap_or_else(|| "imported".to_owned());
    let folder = arguments.run.clone().unwrap_or_else(|| PathBuf::from("runs").join(&name));
    let run = RunFolder::new(folder);
    let existing = if arguments.overwrite { Existing::SetAside } else { Existing::Keep };
    run.check_free(existing)?;

    let pretrained = any2any_pretrained::read(source)?;
    let files = TempDir::new()?;
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
        "name": run_name(&name),
        "tasks": { task_name: task(family, &folders, &theirs, &tokenizers, decoding)? },
        "model": model(&theirs, &tokenizers),
        // What a training begins with, if the run is trained further: the rate of fine-tuning.
        "training": { "steps": 1000, "schedule": { "linear": { "peak": 2e-5, "warmup": 100 } } },
    });
    if let Some(longest) = longest_source(family, positions) {
        experiment["training"]["batch"] = json!({ "max_source_length": longest });
    }
    let read = |experiment: &Json, overrides: &[String]| -> anyhow::Result<(Document, AdapterSet)> {
        // JSON is YAML.
        let text = serde_json::to_string_pretty(experiment)?;
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
    let instruction = instruction(&arguments, &plain, &names)?;
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
    let (document, adapters) = read(&experiment, &arguments.overrides)?;
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
    let state = State { experiment: serde_json::to_value(&document.experiment).ok(), ..State::default() };
    let checkpoint =
        Checkpoint { architecture: Some(ours), weights, lora: None, optimizer: BTreeMap::new(), state };
    let scales =
        scales.into_iter().map(|(name, Scales { weight, input })| (name, ProductScales { weight, input }));
    let brought = Brought { checkpoint, scales: scales.collect(), shortlist };
    write(&run, &document, &adapters, &brought, existing)?;

    if arguments.json {
        return output::json(&json!({
            "run": run.path(),
            "family": family.to_string(),
            "parameters": parameters,
            "notes": tokenizers.notes,
            "parts": parts.iter().map(part).collect::<Vec<_>>(),
        }));
    }
    let path = run.path().display();
    output::line(format!(
        "{}: {family}, {} parameters from {} tensors",
        source.display(),
        any2any_adapter::grouped(parameters),
        parts.len()
    ))?;
    for part in parts.iter().filter(|part| arguments.parts || part.left_out.is_some()) {
        let became = match &part.left_out {
            Some(reason) => format!("left out: {reason}"),
            None => part.ours.join(", "),
        };
        output::line(format!("  {} {:?}: {became}", part.theirs, part.shape))?;
    }
    tokenizers.notes.iter().for_each(output::warn);
    output::line(format!("{path}: translate with `any2any translate {path}`"))
}

/// A name that a folder can have.
fn run_name(name: &str) -> String {
    let sound = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    name.chars().map(|letter| if sound(letter) { letter } else { '-' }).collect()
}

fn wrong(source: &Path, reasons: impl Iterator<Item = String>) -> anyhow::Error {
    let reasons: Vec<String> = reasons.collect();
    Usage(format!("{}: {}", source.display(), reasons.join("; "))).into()
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
fn instruction(arguments: &ImportArguments, task: &Task, names: &Names) -> anyhow::Result<Vec<String>> {
    let Some(text) = &arguments.instruction else { return Ok(Vec::new()) };
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
) -> anyhow::Result<Json> {
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
            Some(_) if task.source == Some(task.target) => TiedEmbeddings::All,
            Some(_) => TiedEmbeddings::Target,
        };
    }
    parts.joint_vocabulary = tokenizers.source.is_some() && task.source == Some(task.target);
    Model::Architecture(Box::new(parts))
}

/// The bias of a token that is never written: its probability is 0 in 32-bit floats.
const NEVER: f32 = -1e9;

/// Gives the tables of vocabularies a row for padding, which changes no probability of another token.
fn add_padding(theirs: &Architecture, weights: &mut BTreeMap<String, Tensor>) {
    let stems = theirs.stems.iter().map(|stem| format!("{}.{}.{}", names::STEMS, stem.name, names::TABLE));
    let head = format!("{}.{}", names::HEADS, theirs.heads[theirs.tasks[0].head].name);
    let table = format!("{head}.{}", names::TABLE);
    for name in stems.chain([table]) {
        if let Some(tensor) = weights.get_mut(&name) {
            tensor.values.resize(tensor.values.len() + tensor.shape[1], 0.0);
            tensor.shape[0] += 1;
        }
    }
    let tokens = theirs.outputs(0);
    let bias = weights
        .entry(format!("{head}.{}", names::BIAS))
        .or_insert_with(|| Tensor { shape: vec![tokens], values: vec![0.0; tokens] });
    bias.values.push(NEVER);
    bias.shape[0] += 1;
}

/// Cuts off the rows of tables that no token has, which programs add so that sizes are round.
fn fit_vocabulary(
    source: &Path,
    theirs: &Architecture,
    ours: &Architecture,
    weights: &mut BTreeMap<String, Tensor>,
    notes: &mut Vec<String>,
) -> anyhow::Result<()> {
    let expected: BTreeMap<String, Vec<usize>> =
        ours.parameters().into_iter().map(|parameter| (parameter.name, parameter.shape)).collect();
    for (name, tensor) in weights.iter_mut() {
        let Some(shape) = expected.get(name).filter(|shape| **shape != tensor.shape) else { continue };
        // A table and a bias have a row a token; a matrix of its own, `[d_model, vocabulary]`, has a column.
        if tensor.shape[0] > shape[0] && tensor.shape[1..] == shape[1..] {
            tensor.values.truncate(shape.iter().product());
        } else if let ([height, width], [same, narrow]) = (&tensor.shape[..], &shape[..])
            && height == same
            && width > narrow
        {
            tensor.values = tensor.values.chunks(*width).flat_map(|row| &row[..*narrow]).copied().collect();
        } else {
            let reason = format!(
                "its tokenizer has more tokens than its tables have rows: {name} is {:?}, and {shape:?} are needed",
                tensor.shape
            );
            return Err(wrong(source, [reason].into_iter()));
        }
        tensor.shape.clone_from(shape);
    }
    let cut = theirs.outputs(0).saturating_sub(ours.outputs(0));
    if cut > 0 {
        notes.push(format!("{cut} rows of its tables belong to no token, and are left out"));
    }
    Ok(())
}

/// A model as the run keeps it.
struct Brought {
    checkpoint: Checkpoint,
    /// The scales of 8-bit products.
    scales: BTreeMap<String, ProductScales>,
    /// The bytes of a shortlist.
    shortlist: Option<Vec<u8>>,
}

/// The bytes of a shortlist, which must be sound.
fn read_shortlist(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    Shortlist::read(&bytes).map_err(|error| Usage(format!("{}: {error}", path.display())))?;
    Ok(bytes)
}

/// Writes the run: whole, or not at all.
fn write(
    run: &RunFolder,
    document: &Document,
    adapters: &AdapterSet,
    brought: &Brought,
    existing: Existing,
) -> anyhow::Result<()> {
    let Brought { checkpoint, scales, shortlist } = brought;
    let (given, resolved) = (document.given(), document.resolved_yaml());
    let _lock = run.create(ExperimentTexts { given, resolved: &resolved }, adapters, existing)?;
    if let (Some(shortlist), Some(task)) = (shortlist, adapters.tasks().first()) {
        atomic_file::write(&run.shortlist_file(task.name()), shortlist)?;
    }
    run.checkpoints().save_with_scales(checkpoint, scales)?;
    run.checkpoints().point("best", checkpoint.state.step)?;
    Ok(())
}

fn part(part: &any2any_pretrained::Part) -> Json {
    json!({
        "theirs": part.theirs,
        "shape": part.shape,
        "ours": part.ours,
        "left_out": part.left_out.as_ref().map(ToString::to_string),
    })
}
