//! Translations source by source: the error of one that cannot be read takes its place, and warnings about a source go
//! with its results.

use any2any_adapter::{Encoded, Kind, OpenedValue, Region, Sequence, Signal, Value, Window};
use any2any_experiment::spec::Decoding;
use any2any_run::Task;
use rayon::prelude::*;

use crate::decode::{Output, asked};
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
}

/// A source as the model reads it.
struct Source {
    /// What is read: its windows, or all of it at once, with the sequence of each; nothing of a blank text.
    windows: Vec<(Option<Window>, Sequence)>,
    /// True for a text of nothing but spaces.
    is_blank: bool,
    warnings: Vec<String>,
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
        let task = &*asked(task, decoding)?;
        let prefix = task.read_prefix(prefix)?;
        task.require_source()?;
        let read: Vec<Result<Source, TranslateError>> =
            values.par_iter().map(|value| self.read_source(task, value)).collect();
        let (mut read, mut waiting) = (read, Vec::new());
        for (number, source) in read.iter_mut().enumerate() {
            if let Ok(source) = source {
                let windows = std::mem::take(&mut source.windows).into_iter();
                waiting.extend(windows.map(|(window, sequence)| Waiting { number, window, sequence }));
            }
        }
        let mut found: Vec<Vec<(Option<f64>, Vec<Output>)>> = read.iter().map(|_| Vec::new()).collect();
        while !waiting.is_empty() {
            // The sampling of a source depends on its number among all, and so does that of each of its windows.
            let sequences: Vec<&Sequence> = waiting.iter().map(|waiting| &waiting.sequence).collect();
            let numbers: Vec<usize> = waiting.iter().map(|waiting| waiting.number).collect();
            let outputs = self.search_numbered(task, &sequences, &numbers, decoding, &prefix)?;
            let mut rests = Vec::new();
            for (Waiting { number, window, .. }, outputs) in waiting.into_iter().zip(outputs) {
                let rest =
                    window.as_ref().zip(outputs.first()).and_then(|(window, best)| rest(task, window, best));
                if let Some(window) = rest {
                    let sequence = task.encode_source(&window.value)?.sequence;
                    rests.push(Waiting { number, window: Some(window), sequence });
                }
                found[number].push((window.map(|window| window.start), outputs));
            }
            waiting = rests;
        }
        let results = read.into_iter().zip(found).map(|(source, found)| {
            source.and_then(|Source { is_blank, warnings, .. }| {
                let outputs = if is_blank { vec![Output::empty()] } else { of_windows(task, found)? };
                Ok(Translated { outputs, warnings })
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
        let warnings = self.source_warnings(task, &windows, opened);
        let windows = windows.into_iter().filter(|_| !is_blank);
        let windows = windows.map(|(window, encoded)| (window, encoded.sequence)).collect();
        Ok(Source { windows, is_blank, warnings })
    }

    /// Warnings about a source, from its medium, and about pieces that the model has not seen in training.
    fn source_warnings(
        &self,
        task: &Task,
        windows: &[(Option<Window>, Encoded)],
        opened: OpenedValue,
    ) -> Vec<String> {
        let mut warnings = opened.warnings;
        let unknown = |(_, encoded): &(Option<Window>, Encoded)| {
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

/// A source, or a window of one, that is searched for.
struct Waiting {
    /// The number of the source among all.
    number: usize,
    window: Option<Window>,
    sequence: Sequence,
}

/// Least duration by which a window has to go on, in seconds.
const PROGRESS: f64 = 1.0;

/// Least duration of what is read once more, in seconds.
const LEAST_REST: f64 = 0.3;

/// The rest of a window whose transcript stops before it: one that ends with two moments, of which the second begins a
/// piece that the model did not write any more.
fn rest(task: &Task, window: &Window, output: &Output) -> Option<Window> {
    let timestamps = task.timestamps().ok()?;
    let (&last, before) = output.tokens().split_last()?;
    let (start, _) = (timestamps.seconds(last)?, timestamps.seconds(*before.last()?)?);
    let signal = window.value.as_signal()?;
    let from = (start * signal.rate()) as usize;
    if start < PROGRESS || signal.len() as f64 / signal.rate() < start + LEAST_REST {
        return None;
    }
    let samples = signal.channel(0).get(from..)?.to_vec();
    let value = Value::Signal(Signal::mono(signal.rate(), samples)?);
    Some(Window { value, start: window.start + start })
}

/// The outputs of a source: all of one that was read at once, and else the best of each window, joined.
fn of_windows(
    task: &Task,
    mut found: Vec<(Option<f64>, Vec<Output>)>,
) -> Result<Vec<Output>, TranslateError> {
    found.sort_by(|(a, _), (b, _)| a.unwrap_or(0.0).total_cmp(&b.unwrap_or(0.0)));
    if let [(start, outputs)] = &mut found[..] {
        let outputs = std::mem::take(outputs);
        return match *start {
            None => Ok(outputs),
            Some(start) => outputs.into_iter().map(|output| joined(task, [(start, output)])).collect(),
        };
    }
    let best = found.into_iter().filter_map(|(start, outputs)| Some((start?, outputs.into_iter().next()?)));
    Ok(vec![joined(task, best)?])
}

/// Outputs of the windows of one source, joined to one, without spaces before it.
///
/// # Errors
///
/// If the target is no text: nothing else can be joined.
fn joined(task: &Task, windows: impl IntoIterator<Item = (f64, Output)>) -> Result<Output, TranslateError> {
    let mut all = Output::empty();
    let (mut text, mut tokens) = (String::new(), Vec::new());
    for (seconds, output) in windows {
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
