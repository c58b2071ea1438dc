//! Samples of an experiment as they are trained on: opened, and encoded by the adapters that a training would fit.

use std::borrow::Cow;
use std::path::Path;

use any2any_adapter::{Adapter, Region, Registry, Sequence, Value, WrittenFile};
use any2any_data::Filtered;
use any2any_data::batching::Lengths;
use any2any_train::{Prepared, PreparedTask};
use any2any_translate::Split;
use serde_json::json;

use super::histogram::Histogram;
use super::{Range, regions};
use crate::arguments::LookArguments;
use crate::output;
use crate::output_folder::OutputFolder;

pub(super) fn look(
    config: &Path,
    arguments: &LookArguments,
    mut written: Option<OutputFolder>,
    registry: &Registry,
) -> anyhow::Result<()> {
    let document = crate::commands::experiment(config, &arguments.overrides, registry)?;
    let root = arguments.root.find()?;
    let prepared = crate::preparation::prepare(&document, registry, &root)?;
    let mut described = Vec::new();
    for (number, task) in prepared.tasks.iter().enumerate() {
        // Of stored samples, those that are shown are read.
        let stored = task.stored.as_ref().map(|stored| stored.some(arguments.samples)).transpose()?;
        let train = stored.map_or(Cow::Borrowed(&task.train), Cow::Owned);
        let mut splits = vec![("train", train, task.lengths())];
        for (name, split) in [("validation", &task.validation), ("test", &task.test)] {
            let Some(split) = split else { continue };
            let some = Cow::Owned(split.some(arguments.samples)?);
            splits.push((name, some, Cow::Borrowed(split.lengths())));
        }
        for (name, split, lengths) in splits {
            let place = Place { prepared: &prepared, task, number, name, split: &split, lengths };
            let samples = place.samples(arguments.samples, written.as_mut())?;
            if arguments.json {
                described.push(place.json(&samples));
            } else {
                place.print(&samples)?;
            }
        }
    }
    if arguments.json {
        output::json(&json!({ "splits": described }))?;
    }
    Ok(())
}

/// A split of a task, with the adapters that encode it.
struct Place<'a> {
    prepared: &'a Prepared,
    task: &'a PreparedTask,
    number: usize,
    name: &'a str,
    split: &'a Split,
    /// The lengths of all its samples.
    lengths: Cow<'a, [Lengths]>,
}

/// A sample as it is shown: its number in its split, from 1, and its sides.
struct Sample {
    number: usize,
    sides: Vec<(&'static str, Side)>,
}

/// One side of a sample: its value, and the sequence that the model sees.
struct Side {
    value: String,
    /// The range of the values of a picture or a signal.
    range: Option<Range>,
    sequence: String,
    positions: usize,
    /// The pieces of a text, or codes.
    tokens: Option<Vec<String>>,
    /// The part of the value that each position covers, and in words.
    regions: Vec<Region>,
    covers: Option<String>,
    file: Option<std::path::PathBuf>,
}

impl Place<'_> {
    /// Shows some samples, evenly spaced over the split, and writes them if there is a folder.
    fn samples(&self, count: usize, mut written: Option<&mut OutputFolder>) -> anyhow::Result<Vec<Sample>> {
        let task = &self.prepared.adapters.tasks()[self.number];
        let all = self.split.examples.len();
        let count = count.min(all);
        let mut samples = Vec::with_capacity(count);
        for row in (0..count).map(|place| place * all / count) {
            let example = &self.split.examples[row];
            let mut sides = Vec::new();
            let source = self.split.sources.get(row).zip(example.source.as_ref()).zip(task.source());
            let source = source.map(|((value, sequence), adapter)| ("source", value, sequence, adapter));
            let target = ("target", &self.split.references[row], &example.target, task.target());
            for (role, value, sequence, adapter) in source.into_iter().chain([target]) {
                let mut side = Side::new(value, sequence, adapter.as_ref());
                if let Some(written) = written.as_deref_mut() {
                    let WrittenFile { extension, bytes } = adapter.to_file(value)?;
                    let name =
                        format!("{}-{}-{}-{role}.{extension}", self.task.name, self.name, example.sample + 1);
                    side.file = Some(written.write(&name, &bytes)?);
                }
                sides.push((role, side));
            }
            samples.push(Sample { number: example.sample + 1, sides });
        }
        Ok(samples)
    }

    /// The least, median and greatest number of positions of each side, and all in bins.
    fn lengths(&self) -> Vec<(&'static str, [usize; 3], Histogram)> {
        let summary = |role: &'static str, mut lengths: Vec<usize>| {
            lengths.sort_unstable();
            let at = |place: usize| lengths.get(place).copied().unwrap_or_default();
            let summary = [at(0), at(lengths.len() / 2), at(lengths.len().saturating_sub(1))];
            (role, summary, Histogram::of(&lengths))
        };
        let mut sides = Vec::new();
        if self.prepared.adapters.tasks()[self.number].source().is_some() {
            sides.push(summary("source", self.lengths.iter().map(|lengths| lengths.source()).collect()));
        }
        sides.push(summary("target", self.lengths.iter().map(|lengths| lengths.target()).collect()));
        sides
    }

    /// The samples that filters have left out; none of a split without filters.
    fn filtered(&self) -> Option<&Filtered> {
        Some(&self.split.flaws.filtered).filter(|filtered| filtered.is_any())
    }

    fn json(&self, samples: &[Sample]) -> serde_json::Value {
        let lengths: serde_json::Map<String, serde_json::Value> = self
            .lengths()
            .into_iter()
            .map(|(role, [least, median, most], histogram)| {
                let lengths =
                    json!({ "least": least, "median": median, "most": most, "histogram": histogram });
                (role.to_owned(), lengths)
            })
            .collect();
        let samples: Vec<_> = samples
            .iter()
            .map(|sample| {
                let mut described = json!({ "sample": sample.number });
                for (role, side) in &sample.sides {
                    described[role] = json!({
                        "value": side.value,
                        "range": side.range.as_ref().map(Range::json),
                        "sequence": side.sequence,
                        "positions": side.positions,
                        "tokens": side.tokens,
                        "regions": side.regions,
                        "file": side.file,
                    });
                }
                described
            })
            .collect();
        json!({
            "task": self.task.name,
            "split": self.name,
            "samples": self.lengths.len(),
            "unreadable": self.split.broken.count,
            "filtered": self.filtered(),
            "warnings": self.split.warnings(),
            "positions": lengths,
            "shown": samples,
        })
    }

    fn print(&self, samples: &[Sample]) -> anyhow::Result<()> {
        let count = any2any_adapter::grouped(self.lengths.len() as u64);
        output::line(format!("{}, {}: {count} samples", self.task.name, self.name))?;
        if let Some(filtered) = self.filtered() {
            output::line(format!("  {filtered}"))?;
        }
        for warning in self.split.warnings() {
            output::line(format!("  warning: {}", output::one_line(&warning)))?;
        }
        for (role, [least, median, most], histogram) in self.lengths() {
            output::line(format!("  {role}: {least} to {most} positions, median {median}"))?;
            histogram.lines().into_iter().try_for_each(|line| output::line(format!("    {line}")))?;
        }
        for Sample { number, sides } in samples {
            for (role, side) in sides {
                output::line(format!("  {number} {role}: {}", side.value))?;
                if let Some(range) = &side.range {
                    output::line(format!("    range {range}"))?;
                }
                match &side.tokens {
                    Some(tokens) => output::line(format!("    {}: {}", side.sequence, tokens.join(" | ")))?,
                    None => output::line(format!("    {}", side.sequence))?,
                }
                if let Some(covers) = &side.covers {
                    output::line(format!("    covers {}", output::one_line(covers)))?;
                }
                if let Some(file) = &side.file {
                    output::line(format!("    written {}", file.display()))?;
                }
            }
        }
        Ok(())
    }
}

impl Side {
    fn new(value: &Value, sequence: &Sequence, adapter: &dyn Adapter) -> Self {
        let range = match value {
            Value::Image(image) => Range::of(image.pixels().iter().map(|&pixel| f32::from(pixel))),
            Value::Signal(signal) => Range::of(signal.samples().iter().copied()),
            _ => None,
        };
        // The model's sequence may have been joined with others; regions are then of none of its positions.
        let encoded = adapter.encode(value).ok().filter(|encoded| encoded.sequence.len() == sequence.len());
        let regions = encoded.map(|encoded| encoded.regions).unwrap_or_default();
        let tokens: Option<Vec<String>> =
            sequence.tokens().map(|tokens| tokens.iter().map(|&token| adapter.show(token)).collect());
        let described = match sequence.frames() {
            Some(frames) => format!("{} frames of {} values", frames.len(), frames.width()),
            None => format!("{} tokens", sequence.len()),
        };
        Self {
            value: value.to_string(),
            range,
            sequence: described,
            positions: sequence.len(),
            tokens,
            covers: regions::in_words(&regions, value, sequence.tokens().is_some()),
            regions,
            file: None,
        }
    }
}
