//! `any2any evaluate`: a split decoded and scored.

use std::fmt::Display;
use std::path::Path;

use any2any_adapter::{Kind, Registry, Value, WrittenFile};
use any2any_data::DataRoot;
use any2any_experiment::spec::{Decoding, Metric};
use any2any_metrics::Score;
use any2any_run::{RunFolder, Task};
use any2any_translate::bucketed_scores::{Group, numbers};
use any2any_translate::controls::{Controlled, Controls};
use any2any_translate::evaluate::{DecodedSplit, decode, larger_is_better, teacher_forced};
use any2any_translate::{HeldOut, Translator};
use serde::Serialize;
use serde_json::json;

use super::judge::Judge;
use crate::arguments::{EvaluateArguments, Usage};
use crate::output;

pub(crate) fn run(arguments: EvaluateArguments, registry: &Registry) -> anyhow::Result<()> {
    let (mut translator, mut task) =
        super::load_in(&arguments.model, registry, arguments.precision.precision())?;
    if let Some(files) = &arguments.files {
        let run = RunFolder::new(&arguments.model.run);
        translator = translator.on(run.experiment_on(Some(files), registry)?.experiment)?;
        task = arguments.model.task_of(&translator)?;
    }
    task.require_languages()?;
    let decoding = arguments.search.apply(task.decoding().clone())?;
    let metrics = arguments.options.apply(&arguments.metrics, task.metrics(), registry)?;
    let root = arguments.files.iter().fold(arguments.root.find()?, DataRoot::with_folder);
    // Files of further references have a line for each sample of the split, those counted that cannot be read.
    let few = arguments.limit.filter(|_| arguments.reference_file.is_empty());
    let mut split = translator.load_split(&task, &arguments.split, few, &root)?;
    add_references(&arguments, &translator, &task, &mut split, &root)?;
    split.truncate(arguments.limit.unwrap_or(usize::MAX));
    let tokens = translator.experiment.training.batch.tokens;
    // A reference is a text of the whole recording, and no window's.
    let long = split.in_windows();
    let forced = match long == split.len() {
        true => None,
        false => Some(teacher_forced(&translator, &task, &split, tokens)?),
    };
    let decoded = match task.source() {
        Some(_) => {
            let judge = Judge::load(&arguments, registry, &root, (&translator, &task, &split))?;
            let by = By::load(&arguments, &root, &translator, &task, &split)?;
            let checks = Checks { judge, by };
            output::metric_warnings(&metrics, &split.reference_texts());
            Some(Decoded::new(&arguments, &translator, &task, &split, &decoding, &metrics, &checks)?)
        }
        None => None,
    };
    let findings = split.findings();
    findings.warnings().iter().for_each(output::warn);
    if long > 0 {
        output::warn(format_args!(
            "{long} of the sources are read in several windows: they are decoded, and left out of teacher-forced figures"
        ));
    }
    let name = task.name();
    if arguments.json {
        return output::json(&json!({
            "task": name,
            "split": arguments.split,
            "samples": split.len(),
            "unreadable": findings.broken.count,
            "read_in_windows": long,
            "teacher_forced": forced,
            "decoded": decoded.as_ref().map_or(&[][..], |decoded| &decoded.scores),
            "by_length": decoded.as_ref().map_or(&[][..], |decoded| &decoded.by_length),
            "by_field": decoded.as_ref().and_then(|decoded| decoded.by_field.as_ref()),
            "copied_source": decoded.as_ref().map_or(&[][..], |decoded| &decoded.copied),
            "judged": decoded.as_ref().and_then(|decoded| decoded.judged.as_ref()),
            "controls": decoded.as_ref().map_or(&[][..], |decoded| &decoded.controls),
            "decoding_seconds": decoded.as_ref().map_or(0.0, |decoded| decoded.seconds),
        }));
    }
    output::line(format!(
        "{name}: {} split, {} samples, checkpoint {}",
        arguments.split,
        split.len(),
        arguments.model.checkpoint
    ))?;
    if let Some(decoded) = &decoded {
        decoded.print()?;
    }
    match forced {
        Some(forced) => output::line(format!("teacher-forced (no search): {forced:.4}")),
        None => {
            output::line("teacher-forced (no search): none, since every source is read in several windows")
        }
    }
}

/// Adds the further references that the command names: fields of the dataset instead of the experiment's, and files.
fn add_references(
    arguments: &EvaluateArguments,
    translator: &Translator,
    task: &Task,
    split: &mut HeldOut,
    root: &DataRoot,
) -> anyhow::Result<()> {
    let files = &arguments.reference_file;
    if arguments.references.is_empty() && files.is_empty() {
        return Ok(());
    }
    let kind = task.target_medium().kind();
    if kind != Kind::Text {
        let option = if files.is_empty() { "--references" } else { "--reference-file" };
        return Err(Usage(format!("`{option}` is for tasks that write texts; this one does not")).into());
    }
    if !arguments.references.is_empty() {
        translator.refer_to_fields(task, &arguments.split, &arguments.references, split, root)?;
    }
    for path in files {
        let lines = super::read_lines(path)?;
        split.refer_to(&lines).map_err(|samples| {
            anyhow::anyhow!(
                "{} has {} lines, the {} split has {samples} samples: line N must belong to sample N",
                path.display(),
                lines.len(),
                arguments.split
            )
        })?;
    }
    Ok(())
}

/// Optional scores: by a judge, and by groups of samples.
struct Checks {
    judge: Option<Judge>,
    by: Option<By>,
}

/// A field of the dataset that groups samples, and its values.
struct By {
    field: String,
    numbers: Vec<f64>,
    groups: usize,
}

impl By {
    fn load(
        arguments: &EvaluateArguments,
        root: &DataRoot,
        translator: &Translator,
        task: &Task,
        split: &HeldOut,
    ) -> anyhow::Result<Option<Self>> {
        let [field, groups] = arguments.by.as_slice() else { return Ok(None) };
        let wrong = || Usage(format!("`--by {field} {groups}`: the number of groups must be at least 1"));
        let count = groups.parse().ok().filter(|&count| count > 0).ok_or_else(wrong)?;
        let texts = translator.load_texts(task, &arguments.split, field, split, root)?;
        Ok(Some(Self { field: field.clone(), numbers: numbers(field, &texts)?, groups: count }))
    }
}

/// Scores by a field of the dataset.
#[derive(Serialize)]
struct ByField {
    field: String,
    groups: Vec<Group<f64>>,
}

/// The outputs of a split with all their scores.
struct Decoded {
    /// The duration of decoding, in seconds.
    seconds: f64,
    scores: Vec<Score>,
    by_length: Vec<Group<usize>>,
    by_field: Option<ByField>,
    /// The scores of a baseline that copies the sources.
    copied: Vec<Score>,
    /// The score by the judge.
    judged: Option<Score>,
    /// Each of the scores beside its controls, with swapped sources and with noise.
    controls: Vec<Controlled>,
}

impl Decoded {
    fn new(
        arguments: &EvaluateArguments,
        translator: &Translator,
        task: &Task,
        split: &HeldOut,
        decoding: &Decoding,
        metrics: &[Metric],
        Checks { judge, by }: &Checks,
    ) -> anyhow::Result<Self> {
        let began = std::time::Instant::now();
        let (decoded, _) = decode(translator, task, split, decoding, (None, 0))?;
        let seconds = began.elapsed().as_secs_f64();
        if let Some(path) = &arguments.output {
            write(&decoded, path, task)?;
        }
        let (mut controls, mut judged) = (Vec::new(), None);
        if wants_controls(arguments, task) && (judge.is_some() || !metrics.is_empty()) {
            let without = Controls::decode(translator, task, split, decoding)?;
            for metric in metrics {
                let score = |decoded: &DecodedSplit| decoded.score_with_interval(metric);
                controls.push(without.compare(&decoded, larger_is_better(metric), score)?);
            }
            if let Some(judge) = judge {
                let controlled = without.compare(&decoded, true, |decoded| judge.score(decoded))?;
                judged = Some(controlled.truth.clone());
                controls.push(controlled);
            }
        } else if let Some(judge) = judge {
            judged = Some(judge.score(&decoded)?);
        }
        Ok(Self {
            seconds,
            scores: match arguments.options.confidence {
                true => {
                    let score = |metric: &Metric| decoded.score_with_interval(metric);
                    metrics.iter().map(score).collect::<Result<_, _>>()?
                }
                false => decoded.scores(metrics)?,
            },
            by_length: match arguments.by_length {
                Some(groups) => decoded.scores_by_length(metrics, groups)?,
                None => Vec::new(),
            },
            by_field: match by {
                Some(By { field, numbers, groups }) => {
                    let groups = decoded.scores_by(numbers, metrics, *groups)?;
                    Some(ByField { field: field.clone(), groups })
                }
                None => None,
            },
            copied: copied(split, &decoded, metrics)?,
            judged,
            controls,
        })
    }

    fn print(&self) -> anyhow::Result<()> {
        output::line(format!("decoded in {}:", output::duration(self.seconds)))?;
        output::line(output::scores(&self.scores).trim_end())?;
        if !self.copied.is_empty() {
            output::line("the source copied, for comparison:")?;
            output::line(output::scores(&self.copied).trim_end())?;
        }
        if let Some(judged) = &self.judged {
            output::line(judged)?;
        }
        for controlled in &self.controls {
            output::line(output::controls(controlled))?;
        }
        for group in &self.by_length {
            print_group("sources of", group, " tokens")?;
        }
        if let Some(ByField { field, groups }) = &self.by_field {
            for group in groups {
                print_group(field, group, "")?;
            }
        }
        Ok(())
    }
}

fn print_group<N: Display>(what: &str, group: &Group<N>, unit: &str) -> anyhow::Result<()> {
    let Group { from, to, samples, scores } = group;
    let scores: String = scores.iter().map(|score| format!("  {} {:.2}", score.name, score.value)).collect();
    output::line(format!("  {what} {from:>3} to {to:>3}{unit} ({samples:>4} samples):{scores}"))
}

/// True if controls are asked for, or if the source is not text and nobody refuses them.
fn wants_controls(arguments: &EvaluateArguments, task: &Task) -> bool {
    let medium = task.source_medium();
    let not_text = medium.is_some_and(|medium| medium.kind() != Kind::Text);
    arguments.controls || (not_text && !arguments.no_controls)
}

/// The scores of a baseline that copies the sources, if the task reads and writes pictures of one shape.
fn copied(split: &HeldOut, decoded: &DecodedSplit, metrics: &[Metric]) -> anyhow::Result<Vec<Score>> {
    if !decoded.references.iter().all(|reference| reference.as_image().is_some()) {
        return Ok(Vec::new());
    }
    let mut copies = decoded.clone();
    for places in split.groups(None) {
        let part = split.select(&places)?;
        for (place, source) in places.into_iter().zip(&part.sources) {
            let Some(image) = source.as_image() else { return Ok(Vec::new()) };
            copies.hypotheses[place].decoded.value = Value::Image(image.clone());
        }
    }
    Ok(copies.scores(metrics).unwrap_or_default())
}

/// Writes the outputs: texts to a file, one a line; other values to a folder, one a file.
fn write(decoded: &DecodedSplit, path: &Path, task: &Task) -> anyhow::Result<()> {
    let values = decoded.hypotheses.iter().map(|output| &output.decoded.value);
    if task.target_medium().kind() == Kind::Text {
        let lines: String =
            values.map(|value| format!("{}\n", output::one_line(&value.to_string()))).collect();
        return Ok(any2any_run::atomic_file::write(path, lines.as_bytes())?);
    }
    for (number, value) in values.enumerate() {
        let WrittenFile { extension, bytes } = task.target().to_file(value)?;
        any2any_run::atomic_file::write(&path.join(format!("{}.{extension}", number + 1)), &bytes)?;
    }
    Ok(())
}
