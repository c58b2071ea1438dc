//! `any2any evaluate`.

use std::path::Path;

use any2any_adapter::{Image, Kind, Registry, Value};
use any2any_data::DataRoot;
use any2any_experiment::spec::Metric;
use any2any_metrics::Score;
use any2any_train::evaluate::{DecodedSplit, decode, score_texts, teacher_forced};
use any2any_train::{Output, RunFolder, Split, TrainError, Translator, controls};
use serde_json::json;

use crate::arguments::EvaluateArguments;
use crate::output;

pub(crate) fn run(arguments: EvaluateArguments, registry: &Registry) -> anyhow::Result<()> {
    let (translator, task) = super::load_in(&arguments.model, registry, arguments.precision.precision())?;
    let decoding = arguments.search.apply(translator.decoding(task).clone())?;
    let metrics: Vec<Metric> = match arguments.metrics.as_slice() {
        [] => {
            let name = &translator.adapters.tasks()[task].name;
            translator.experiment.metrics(name).to_vec()
        }
        chosen => chosen.to_vec(),
    };
    let root = DataRoot::find(arguments.root.data_root.as_deref())?;
    let mut split = translator.load_split(task, &arguments.split, &root)?;
    if let Some(limit) = arguments.limit {
        split.examples.truncate(limit);
    }
    let tokens = translator.experiment.training.batch.tokens;
    let forced = teacher_forced(translator.model(), &translator.adapters, task, &split.examples, tokens);
    let has_source = translator.adapters.tasks()[task].source.is_some();
    let began = std::time::Instant::now();
    let mut by_length = Vec::new();
    let decoded = has_source.then(|| decode(&translator, task, &split, &decoding, None)).transpose()?;
    let scores = if let Some(decoded) = &decoded {
        if let Some(path) = &arguments.output {
            write(decoded, path, &translator, task)?;
        }
        if let Some(buckets) = arguments.by_length {
            by_length = decoded.scores_by_length(&metrics, buckets)?;
        }
        decoded.scores(&metrics)?
    } else {
        Vec::new()
    };
    let seconds = began.elapsed().as_secs_f64();
    let controlled = match (&decoded, wants_controls(&arguments, &translator, task)) {
        (Some(decoded), true) => controls::controls(&translator, task, &split, &decoding, decoded, &metrics)?,
        _ => Vec::new(),
    };
    let copied = decoded.as_ref().and_then(|decoded| copied(&split, decoded, &metrics)).unwrap_or_default();
    let judged = match &decoded {
        Some(decoded) => judge(&arguments, registry, &root, &translator, task, &split, decoded)?,
        None => None,
    };
    if split.broken.count > 0 {
        eprintln!("warning: {}", split.broken);
    }
    let name = &translator.adapters.tasks()[task].name;
    if arguments.json {
        return output::json(&json!({
            "task": name,
            "split": arguments.split,
            "samples": split.examples.len(),
            "decoded": scores,
            "by_length": by_length,
            "controls": controlled,
            "copied_source": copied,
            "judged": judged,
            "unreadable": split.broken.count,
            "decoding_seconds": seconds,
            "teacher_forced": forced,
        }));
    }
    output::line(format!(
        "{name}: {} split, {} samples, checkpoint {}",
        arguments.split,
        split.examples.len(),
        arguments.model.checkpoint
    ))?;
    if has_source {
        output::line(format!("decoded in {}:", output::duration(seconds)))?;
        output::line(output::scores(&scores).trim_end())?;
    }
    if !copied.is_empty() {
        output::line("the source copied, for comparison:")?;
        output::line(output::scores(&copied).trim_end())?;
    }
    if let (Some(judged), Some(run)) = (&judged, &arguments.judge) {
        output::line(format!("named by {}: {judged}", run.display()))?;
    }
    for controlled in &controlled {
        output::line(output::controls(controlled))?;
    }
    for bucket in &by_length {
        let scores: String =
            bucket.scores.iter().map(|score| format!("  {} {:.2}", score.name, score.value)).collect();
        let (from, to, samples) = (bucket.from, bucket.to, bucket.samples);
        output::line(format!("  sources of {from:>3} to {to:>3} tokens ({samples:>4} samples):{scores}"))?;
    }
    output::line(format!("teacher-forced (no search): {forced:.4}"))
}

/// Controls are asked for, or the source is not text and they are not refused.
fn wants_controls(arguments: &EvaluateArguments, translator: &Translator, task: usize) -> bool {
    let medium = translator.adapters.tasks()[task].source_medium();
    let not_text = medium.is_some_and(|medium| medium.kind() != Kind::Text);
    arguments.controls || (not_text && !arguments.no_controls)
}

/// How many outputs another run names as the dataset does; `None` when no judge was asked for.
fn judge(
    arguments: &EvaluateArguments,
    registry: &Registry,
    root: &DataRoot,
    translator: &Translator,
    task: usize,
    split: &Split,
    decoded: &DecodedSplit,
) -> anyhow::Result<Option<Score>> {
    let (Some(run), Some(field)) = (&arguments.judge, &arguments.judge_field) else { return Ok(None) };
    let names = translator.load_texts(task, &arguments.split, field, split, root)?;
    let judge = Translator::load(&RunFolder::new(run), "best", registry)?;
    let judging = judge.adapters.task(arguments.judge_task.as_deref())?;
    let values: Vec<_> = decoded.hypotheses.iter().map(|output| output.decoded.value.clone()).collect();
    let verdicts = judge.translate_each(judging, &values, judge.decoding(judging), None)?;
    // What the judge cannot read, it cannot name.
    let name = |verdict: Result<Vec<Output>, TrainError>| {
        let outputs = verdict.unwrap_or_default();
        outputs.first().map_or_else(String::new, |output| output.decoded.value.to_string())
    };
    let verdicts: Vec<String> = verdicts.into_iter().map(name).collect();
    Ok(Some(score_texts(Metric::ExactMatch, &verdicts, &names)?))
}

/// The scores of sources that are given out as they are, where a task reads and writes pictures of one shape.
fn copied(split: &Split, decoded: &DecodedSplit, metrics: &[Metric]) -> Option<Vec<Score>> {
    let sources: Vec<&Image> = split.sources.iter().map(Value::as_image).collect::<Option<_>>()?;
    decoded.references.iter().all(|reference| reference.as_image().is_some()).then_some(())?;
    let count = decoded.references.len().min(sources.len());
    let mut copies = decoded.clone();
    for (copy, source) in copies.hypotheses.iter_mut().zip(&sources[..count]) {
        copy.decoded.value = Value::Image((*source).clone());
    }
    copies.scores(metrics).ok()
}

/// Writes what was decoded: texts to a file, a line a sample; anything else to a folder, a file a sample.
fn write(decoded: &DecodedSplit, path: &Path, translator: &Translator, task: usize) -> anyhow::Result<()> {
    let names = &translator.adapters.tasks()[task];
    let values = decoded.hypotheses.iter().map(|output| &output.decoded.value);
    if names.target_medium().kind() == Kind::Text {
        let lines: String = values.map(|value| format!("{value}\n")).collect();
        return output::write_file(path, lines.as_bytes());
    }
    for (number, value) in values.enumerate() {
        let (extension, bytes) = translator.adapters.adapter(names.target).to_file(value)?;
        output::write_file(&path.join(format!("{}.{extension}", number + 1)), &bytes)?;
    }
    Ok(())
}
