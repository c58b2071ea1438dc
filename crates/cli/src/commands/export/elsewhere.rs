//! `any2any export --format`: a task of a run in another program's layout.

use std::path::Path;

use any2any_adapter::{Head, Registry};
use any2any_experiment::spec::Decoding;
use any2any_pretrained::export::{Outgoing, Vocabulary, Written, ctranslate2, hugging_face};
use any2any_pretrained::{GenerationDefaults, Tensor};
use any2any_run::{RunFolder, Task, architecture, atomic_file, check_file, parameters, read_finite_weights};

use super::tokenizers::{self, Layout};
use crate::arguments::{ExportArguments, Usage};

/// The most positions of a text where the model itself has no limit: a table of positions has a row for each.
const POSITIONS: usize = 1024;

/// What was written, and what whoever uses it should know.
pub(super) struct Exported {
    pub(super) written: Written,
    pub(super) notes: Vec<String>,
}

/// Writes the folder: whole, or not at all.
pub(super) fn write(
    arguments: &ExportArguments,
    layout: Layout,
    registry: &Registry,
) -> anyhow::Result<Exported> {
    let output = &arguments.output;
    if arguments.precision.int8 {
        let reason = match layout {
            Layout::HuggingFace => "its weights have 32 bits",
            Layout::Ctranslate2 => "it rounds them when it loads them, with compute_type=\"int8\"",
        };
        return Err(Usage(format!("--int8: {} does without: {reason}", layout.name())).into());
    }
    if output.read_dir().map_or(output.exists(), |mut files| files.next().is_some()) {
        let reason = "this folder is not empty; export to another one, or move it away";
        return Err(Usage(format!("{}: {reason}", output.display())).into());
    }
    let run = RunFolder::new(&arguments.run);
    let document = run.experiment(registry)?;
    let adapters = run.adapters(&document.experiment, registry)?;
    let task = adapters.task(arguments.task.as_deref())?;
    let file = run.weights_file(&arguments.checkpoint)?;
    let architecture = architecture(&document.experiment, &adapters);
    check_file(&architecture, &file)?;
    let weights = parameters::under_current_names(&architecture, read_finite_weights(&file)?);
    let weights = weights
        .into_iter()
        .map(|(name, weights)| (name, Tensor { shape: weights.shape, values: weights.values }));
    let refused = |part: &str, reason: &str| {
        Usage(format!("{}: {} cannot say `{part}`: {reason}", arguments.run.display(), layout.name()))
    };
    if task.is_per_position() {
        return Err(refused("per_position", "it writes token after token").into());
    }
    if task.prompt().is_some_and(|prompt| !prompt.is_empty()) {
        let reason = "tokens that stand in front of texts do not go out yet";
        return Err(refused(&format!("tasks.{}.prompt", task.name()), reason).into());
    }
    for (side, medium) in [("source", task.spec().source.as_ref()), ("target", Some(&task.spec().target))] {
        if let Some(medium) = medium.map(|side| side.medium()).filter(|medium| *medium != "text") {
            let reason = format!("it is of the medium {medium}, and texts alone go out");
            return Err(refused(&format!("tasks.{}.{side}", task.name()), &reason).into());
        }
    }
    let (decoding, notes) = decoding(task.decoding());
    let model = Outgoing {
        architecture,
        task: task.number(),
        weights: weights.collect(),
        source: task.source().map(|_| vocabulary(task, true)).transpose()?,
        target: vocabulary(task, false)?,
        decoding,
        positions: POSITIONS,
    };
    let beside = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unfinished = atomic_file::unfinished_folder(beside, ".unfinished-export-")?;
    let folder = unfinished.path();
    let failed = |error| Usage(format!("{}: {error}", arguments.run.display()));
    let written = match layout {
        Layout::HuggingFace => hugging_face(&model, folder),
        Layout::Ctranslate2 => ctranslate2(&model, folder),
    };
    let written = written.map_err(failed)?;
    tokenizers::write(task, &model, &written, layout, folder)?;
    atomic_file::finish_folder(unfinished, output)?;
    Ok(Exported { written, notes })
}

/// The vocabulary of a side.
fn vocabulary(task: &Task, source: bool) -> anyhow::Result<Vocabulary> {
    let adapter = match task.source().filter(|_| source) {
        Some(adapter) => adapter,
        None => task.target(),
    };
    let Some(Head::Softmax { vocabulary, padding, begin, end, forbidden }) = adapter.head() else {
        anyhow::bail!("the texts of {} are no tokens", task.name());
    };
    let unknown = forbidden.iter().copied().find(|token| ![padding, begin].contains(token));
    let names = (0..vocabulary as u32).map(|token| adapter.show(token)).collect();
    Ok(Vocabulary { names, padding, begin, end, unknown, forbidden })
}

/// The options of decoding that every program knows, and notes about the others.
fn decoding(options: &Decoding) -> (GenerationDefaults, Vec<String>) {
    let mut defaults = GenerationDefaults::default();
    if let Some(beam) = &options.beam {
        defaults.num_beams = Some(beam.size);
        defaults.length_penalty = Some(beam.length_penalty);
    }
    // Theirs counts the token that the decoder starts from, and the end.
    defaults.max_length = options.max_length.map(|most| most + 2);
    defaults.no_repeat_ngram_size = Some(options.no_repeat_ngram);
    defaults.repetition_penalty = Some(options.repetition_penalty);
    let mut notes = Vec::new();
    let mut note = |given: bool, option: &str| {
        if given {
            notes.push(format!("the option decoding.{option} is not written: give it to the other program"));
        }
    };
    note(options.sampling.is_some(), "sampling");
    note(options.guidance != 1.0, "guidance");
    note(options.min_length > 0, "min_length");
    (defaults, notes)
}
