//! `any2any import`: a run from a model that was trained elsewhere.

mod tokenizers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use any2any_adapter::Registry;
use any2any_architecture::{Architecture, Head, Stem, names};
use any2any_experiment::spec::{Model, Parts, TiedEmbeddings};
use any2any_pretrained::{GenerationDefaults, Pretrained, Tensor};
use any2any_run::{
    AdapterSet, Checkpoint, Existing, ExperimentTexts, Groups, RunFolder, State, Weights, architecture,
};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::arguments::{ImportArguments, Usage};
use crate::output;
use tokenizers::Tokenizers;

pub(crate) fn run(arguments: ImportArguments, registry: &Registry) -> anyhow::Result<()> {
    let source = &arguments.source;
    let name = source.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let name = name.unwrap_or_else(|| "imported".to_owned());
    let folder = arguments.run.clone().unwrap_or_else(|| PathBuf::from("runs").join(&name));
    let run = RunFolder::new(folder);
    let existing = if arguments.overwrite { Existing::SetAside } else { Existing::Keep };
    run.check_free(existing)?;

    let Pretrained { family, architecture: theirs, mut weights, tokens, decoding, parts, .. } =
        any2any_pretrained::read(source)?;
    let files = TempDir::new()?;
    let mut tokenizers = Tokenizers::of(family, source, files.path(), &tokens)?;
    let experiment = json!({
        "name": run_name(&name),
        "tasks": { &theirs.tasks[0].name: task(&tokenizers, &decoding) },
        "model": model(&theirs, &tokenizers),
        // What a training begins with, if the run is trained further: the rate of fine-tuning.
        "training": { "steps": 1000, "schedule": { "linear": { "peak": 2e-5, "warmup": 100 } } },
    });
    // JSON is YAML.
    let text = serde_json::to_string_pretty(&experiment)?;
    let document =
        any2any_experiment::load_str("import", &text, files.path(), &arguments.overrides, registry)?;
    let adapters =
        Groups::new(&document.experiment, registry)?
            .fit(&document.experiment, None, |_, _| &[])
            .map_err(|problems| wrong(source, problems.into_iter().map(|(_, error)| error.to_string())))?;
    let ours = architecture(&document.experiment, &adapters);
    if tokenizers.adds_padding {
        add_padding(&theirs, &mut weights);
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
    write(&run, &document, &adapters, &checkpoint, existing)?;

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

/// The task as an experiment says it.
fn task(tokenizers: &Tokenizers, decoding: &GenerationDefaults) -> Json {
    let side = |field: &str, file: &Json| json!({ "text": { "field": field, "normalize": "none", "tokenizer": { "file": file } } });
    let mut task = json!({
        "data": {},
        "target": side("target", &tokenizers.target),
        "decoding": self::decoding(decoding),
    });
    if let Some(source) = &tokenizers.source {
        task["source"] = side("source", source);
    }
    task
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

/// Gives the tables of a vocabulary a row for padding, which changes no probability of another token.
fn add_padding(theirs: &Architecture, weights: &mut BTreeMap<String, Tensor>) {
    let tokens = theirs.outputs(0);
    for tensor in weights.values_mut().filter(|tensor| tensor.shape.len() == 2 && tensor.shape[0] == tokens) {
        tensor.values.resize(tensor.values.len() + tensor.shape[1], 0.0);
        tensor.shape[0] += 1;
    }
    let name = format!("{}.{}.bias", names::HEADS, theirs.heads[theirs.tasks[0].head].name);
    let bias =
        weights.entry(name).or_insert_with(|| Tensor { shape: vec![tokens], values: vec![0.0; tokens] });
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

/// Writes the run: whole, or not at all.
fn write(
    run: &RunFolder,
    document: &any2any_experiment::Document,
    adapters: &AdapterSet,
    checkpoint: &Checkpoint,
    existing: Existing,
) -> anyhow::Result<()> {
    let (given, resolved) = (document.given(), document.resolved_yaml());
    let _lock = run.create(ExperimentTexts { given, resolved: &resolved }, adapters, existing)?;
    run.checkpoints().save(checkpoint)?;
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
