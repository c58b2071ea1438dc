//! `any2any export --format`: a task of a run in another program's layout.

use std::path::Path;

use any2any_adapter::{Head, Registry};
use any2any_experiment::spec::Decoding;
use any2any_pretrained::export::{
    FeatureExtractor, Lists, Outgoing, Vocabulary, Written, ctranslate2, hugging_face,
};
use any2any_pretrained::{GenerationDefaults, Tensor};
use any2any_run::{
    RunFolder, Shortlist, Task, architecture, atomic_file, check_file, parameters, read_finite_weights,
};

use super::prompt::{Prompted, prompted};
use super::sound::{self, Refused};
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
    if let Some(prompt) = task.prompt() {
        for (option, given) in
            [("after_source", !prompt.after_source.is_empty()), ("begin", prompt.begin.is_some())]
        {
            if given {
                let reason =
                    "tokens behind sources, and a token of its own that decoding starts from, do not go out";
                return Err(refused(&format!("tasks.{}.prompt.{option}", task.name()), reason).into());
            }
        }
    }
    let frames = sound::of_task(task)
        .map_err(|Refused { option, reason }| refused(&format!("tasks.{}.{option}", task.name()), &reason))?;
    let source = task.source().filter(|_| frames.is_none()).map(|_| vocabulary(task, true)).transpose()?;
    let target = vocabulary(task, false)?;
    let prompted = prompted(task.prompt(), source.as_ref(), &target)?;
    // Of a text, the prompt counts in the most tokens of an output.
    let in_front = if frames.is_some() { 0 } else { prompted.prompt.target.len() };
    let (decoding, mut notes) = decoding(task.decoding(), in_front);
    notes.extend(told_by_others(layout, frames, &prompted, &target));
    let shortlist = run.shortlists(&adapters)?.remove(&task.number());
    notes.extend(shortlist.is_some().then(|| about_shortlist(layout)));
    let model = Outgoing {
        architecture,
        task: task.number(),
        weights: weights.collect(),
        source,
        target,
        prompt: prompted.prompt,
        sound: frames,
        decoding,
        positions: POSITIONS,
        shortlist: shortlist.as_ref().map(lists),
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
    notes.extend(written.notes.iter().cloned());
    tokenizers::write(task, &model, &written, layout, folder)?;
    atomic_file::finish_folder(unfinished, output)?;
    Ok(Exported { written, notes })
}

/// A shortlist as plain lists.
fn lists(shortlist: &Shortlist) -> Lists {
    let list = |source: u32| shortlist.list(source).to_vec();
    Lists {
        always: (0..shortlist.frequent() as u32).collect(),
        of_source: (0..shortlist.sources() as u32).map(list).collect(),
    }
}

fn about_shortlist(layout: Layout) -> String {
    let said = match layout {
        Layout::HuggingFace => "the shortlist is not written: transformers has none",
        Layout::Ctranslate2 => {
            "the shortlist is vmap.txt: give use_vmap=True, which puts the lists of a batch together"
        }
    };
    said.to_owned()
}

/// What whoever uses the model has to tell the other program.
fn told_by_others(
    layout: Layout,
    frames: Option<FeatureExtractor>,
    prompted: &Prompted,
    target: &Vocabulary,
) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(frames) = frames {
        if layout == Layout::HuggingFace && !frames.is_in_seconds() {
            notes.push(format!(
                "windows are no whole number of seconds: call the feature extractor with max_length={}",
                frames.samples
            ));
        }
        return notes;
    }
    if prompted.source_in_any_language {
        notes.push("the prompt names no language of sources: tell it to the tokenizer".to_owned());
    }
    if layout == Layout::Ctranslate2 && !prompted.target_names.is_empty() {
        let names = &prompted.target_names;
        notes.push(format!(
            "outputs begin with {}: give target_prefix=[{names:?}] for each text",
            names.join(" ")
        ));
    }
    if layout == Layout::Ctranslate2 && !target.forbidden_first.is_empty() {
        notes.push("the option decoding.suppress_first is not written: CTranslate2 has none".to_owned());
    }
    if layout == Layout::HuggingFace && prompted.prompt.in_any_language {
        notes.push("the prompt names no language of outputs: give forced_bos_token_id".to_owned());
    }
    notes
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
    let (mut forbidden, mut forbidden_first) = (forbidden, Vec::new());
    if !source {
        let decoding = task.decoding();
        forbidden.extend(task.target_tokens("decoding.suppress", &decoding.suppress)?);
        forbidden_first = task.target_tokens("decoding.suppress_first", &decoding.suppress_first)?;
    }
    forbidden.sort_unstable();
    forbidden.dedup();
    Ok(Vocabulary { names, padding, begin, end, unknown, forbidden, forbidden_first })
}

/// The options of decoding that every program knows, and notes about the others. So many tokens stand in front of an output.
fn decoding(options: &Decoding, in_front: usize) -> (GenerationDefaults, Vec<String>) {
    let mut defaults = GenerationDefaults::default();
    if let Some(beam) = &options.beam {
        defaults.num_beams = Some(beam.size);
        defaults.length_penalty = Some(beam.length_penalty);
    }
    // Theirs counts the token that the decoder starts from, what stands in front, and the end.
    defaults.max_length = options.max_length.map(|most| most + in_front + 2);
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
