//! Translations source by source: the error of one that cannot be read takes its place, and warnings about a source go
//! with its results.

use any2any_adapter::{Encoded, Kind, OpenedValue, Region, Sequence, Value};
use any2any_experiment::spec::Decoding;
use any2any_run::Task;
use rayon::prelude::*;

use crate::decode::Output;
use crate::error::TranslateError;
use crate::oddities::is_blank;
use crate::segments::Segment;
use crate::translator::Translator;

/// The results for one source.
#[derive(Clone, Debug, Default)]
pub struct Translated {
    /// The outputs, the best first.
    pub outputs: Vec<Output>,
    /// Warnings about the source, which was read in spite of them.
    pub warnings: Vec<String>,
    /// The duration of the source in seconds; `None` of a source without time.
    pub seconds: Option<f64>,
}

impl Translated {
    /// The segments of an output, which is a text: those that it says itself, else one over the whole source. None if
    /// the source has no time.
    pub fn segments(&self, output: &Output) -> Vec<Segment> {
        match (&output.segments[..], self.seconds, &output.decoded.value) {
            ([], Some(end), Value::Text(text)) if !text.trim().is_empty() => {
                vec![Segment { start: 0.0, end, text: text.trim().to_owned() }]
            }
            (segments, ..) => segments.to_vec(),
        }
    }
}

/// A source as the model reads it.
struct Source {
    /// Its windows, one where it is read at once: the start of each in seconds, and its sequence.
    windows: Vec<(f64, Sequence)>,
    /// True for a text of nothing but spaces.
    is_blank: bool,
    warnings: Vec<String>,
    /// Its duration, if it has one.
    seconds: Option<f64>,
}

impl Translator {
    /// Translates values in the order given, with an error in the place of each that cannot be read.
    ///
    /// A text of nothing but spaces gives an empty text, without a search. All other outputs begin with `prefix`.
    ///
    /// # Errors
    ///
    /// If the task has no source or a result cannot be written.
    pub fn translate_each(
        &self,
        task: &Task,
        values: &[Value],
        decoding: &Decoding,
        prefix: Option<&Value>,
    ) -> Result<Vec<Result<Translated, TranslateError>>, TranslateError> {
        let prefix = task.read_prefix(prefix)?;
        task.require_source()?;
        let read: Vec<Result<Source, TranslateError>> =
            values.par_iter().map(|value| self.read_source(task, value)).collect();
        // The sampling of a source depends on its number among all, and so does that of each of its windows.
        let (mut sequences, mut numbers) = (Vec::new(), Vec::new());
        for (number, source) in read.iter().enumerate() {
            for (_, sequence) in source
                .as_ref()
                .ok()
                .filter(|source| !source.is_blank)
                .iter()
                .flat_map(|source| &source.windows)
            {
                sequences.push(sequence);
                numbers.push(number);
            }
        }
        let mut found = self.search_numbered(task, &sequences, &numbers, decoding, &prefix)?.into_iter();
        let results = read.into_iter().map(|source| {
            source.and_then(|Source { windows, is_blank, warnings, seconds }| {
                let outputs = match (is_blank, windows.len()) {
                    (true, _) => vec![Output::empty()],
                    (false, 1) => found.next().unwrap_or_default(),
                    (false, _) => {
                        vec![joined(task, windows.iter().map(|(start, _)| *start).zip(found.by_ref()))?]
                    }
                };
                Ok(Translated { outputs, warnings, seconds })
            })
        });
        Ok(results.collect())
    }

    /// Searches for the sources that there are; every other one gives an empty output.
    ///
    /// The sampling of a source depends on its index among all.
    pub(crate) fn search_some(
        &self,
        task: &Task,
        sources: &[Option<&Sequence>],
        decoding: &Decoding,
        prefix: &[u32],
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        let places: Vec<usize> = (0..sources.len()).filter(|&place| sources[place].is_some()).collect();
        let there: Vec<&Sequence> = sources.iter().copied().flatten().collect();
        let found = self.search_numbered(task, &there, &places, decoding, prefix)?;
        let mut results: Vec<Vec<Output>> = sources.iter().map(|_| vec![Output::empty()]).collect();
        for (place, outputs) in places.into_iter().zip(found) {
            results[place] = outputs;
        }
        Ok(results)
    }

    /// True for a text of nothing but spaces whose output is a text, which is then empty.
    pub(crate) fn gives_nothing(&self, task: &Task, source: &Value) -> bool {
        is_blank(source) && task.target_medium().kind() == Kind::Text
    }

    fn read_source(&self, task: &Task, value: &Value) -> Result<Source, TranslateError> {
        if self.limits_sources() {
            self.require_short(task.sides().price_source(value)?.positions.unwrap_or(0))?;
        }
        let opened = task.sides().opened_source(value)?;
        let windows = task.encode_windows(&opened.value)?;
        for (_, window) in &windows {
            self.require_short(window.sequence.len() as u64)?;
        }
        let is_blank = self.gives_nothing(task, &opened.value);
        let seconds = match &opened.value {
            Value::Signal(signal) => Some(signal.seconds()),
            _ => None,
        };
        let warnings = self.source_warnings(task, &windows, opened);
        let windows = windows.into_iter().map(|(start, encoded)| (start, encoded.sequence)).collect();
        Ok(Source { windows, is_blank, warnings, seconds })
    }

    /// Warnings about a source, from its medium, and about pieces that the model has not seen in training.
    fn source_warnings(&self, task: &Task, windows: &[(f64, Encoded)], opened: OpenedValue) -> Vec<String> {
        let mut warnings = opened.warnings;
        let unknown = |(_, encoded): &(f64, Encoded)| {
            task.source().map(|adapter| adapter.unknown(encoded, &opened.value)).unwrap_or_default()
        };
        let unknown: Vec<String> = windows.iter().flat_map(unknown).collect();
        if !unknown.is_empty() {
            warnings.push(format!(
                "unknown to the model, which guesses what stands in their place: {}",
                unknown.join(", ")
            ));
        }
        let length = windows.iter().map(|(_, encoded)| encoded.sequence.len()).max().unwrap_or(0);
        let most = self.experiment.training.batch.max_source_length;
        if length > most {
            warnings.push(format!(
                "the source has {length} positions, more than the {most} of training.batch.max_source_length: \
                 the model has seen none as long, so parts may be missing; cut it into shorter ones"
            ));
        }
        warnings
    }
}

/// The best outputs of the windows of one source, joined to one.
///
/// # Errors
///
/// If the target is no text: nothing else can be joined.
fn joined(task: &Task, windows: impl Iterator<Item = (f64, Vec<Output>)>) -> Result<Output, TranslateError> {
    let mut all = Output::empty();
    let (mut text, mut tokens) = (String::new(), Vec::new());
    for (seconds, output) in windows.filter_map(|(start, outputs)| Some((start, outputs.into_iter().next()?)))
    {
        let Value::Text(of_window) = &output.decoded.value else {
            let reason =
                "is read in several windows, whose outputs are no texts that could be joined: cut it shorter";
            return Err(TranslateError::Unsupported(format!(
                "this source of task '{}' {reason}",
                task.name()
            )));
        };
        let of_window_trimmed = of_window.trim_start();
        if !text.is_empty() && !of_window_trimmed.is_empty() {
            text.push(' ');
        }
        // Where the text of the window begins in the whole, less the spaces that are not taken over.
        let (start, cut) = (text.len(), of_window.len() - of_window_trimmed.len());
        text.push_str(of_window_trimmed);
        let shifted = |region: &Region| match region {
            Region::Bytes(range) => {
                let moved = |at: usize| at.saturating_sub(cut) + start;
                Region::Bytes(moved(range.start)..moved(range.end))
            }
            other => other.clone(),
        };
        all.decoded.regions.extend(output.decoded.regions.iter().map(shifted));
        tokens.extend_from_slice(output.tokens());
        all.segments.extend(output.segments.into_iter().map(|segment| Segment {
            start: segment.start + seconds,
            end: segment.end + seconds,
            ..segment
        }));
        all.score += output.score;
        all.log_probability += output.log_probability;
    }
    all.decoded.value = Value::Text(text);
    all.sequence = Sequence::Tokens(tokens);
    Ok(all)
}
