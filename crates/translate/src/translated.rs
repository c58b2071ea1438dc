//! Translations source by source: the error of one that cannot be read takes its place, and warnings about a source go
//! with its results.

use any2any_adapter::{Encoded, Frames, Kind, OpenedValue, Sequence, Value, Window};
use any2any_experiment::spec::Decoding;
use any2any_run::Task;
use rayon::prelude::*;

use crate::alignments::Aligned;
use crate::decode::{Output, as_decoded};
use crate::detection::DetectedLanguage;
use crate::error::TranslateError;
use crate::oddities::is_blank;
use crate::segments::Segment;
use crate::translator::Translator;
use crate::windows::{Found, Searched};

/// The results for one source.
#[derive(Clone, Debug, Default)]
pub struct Translated {
    /// The outputs, the best first.
    pub outputs: Vec<Output>,
    /// Warnings about the source, which was read in spite of them.
    pub warnings: Vec<String>,
    /// The duration of the source in seconds; `None` of a source without time.
    pub seconds: Option<f64>,
    /// The language that the model told of the source, if it was to tell it.
    pub detected: Option<DetectedLanguage>,
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
    /// What is read: its windows, or all of it at once.
    windows: Vec<(Option<Window>, Encoded)>,
    /// The value as its medium opens it.
    opened: Value,
    /// True for a text of nothing but spaces.
    is_blank: bool,
    warnings: Vec<String>,
}

/// The duration of an opened value, if it has one.
fn seconds(opened: &Value) -> Option<f64> {
    match opened {
        Value::Signal(signal) => Some(signal.seconds()),
        _ => None,
    }
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
        let task = &*as_decoded(task, decoding)?;
        let prefix = task.read_prefix(prefix)?;
        task.require_source()?;
        let read: Vec<Result<Source, TranslateError>> =
            values.par_iter().map(|value| self.read_source(task, value)).collect();
        let searched = read.iter().enumerate().filter_map(|(number, source)| {
            let source = source.as_ref().ok().filter(|source| !source.is_blank)?;
            let windows = source.windows.iter();
            let windows = windows.map(|(window, encoded)| (window.as_ref(), &encoded.sequence)).collect();
            Some(Searched { number, windows, phrases: self.phrases(task, &source.opened) })
        });
        let searched: Vec<Searched<'_>> = searched.collect();
        let found = self.search_windows(task, &searched, decoding, &prefix)?;
        let mut results: Vec<Vec<Output>> = read.iter().map(|_| vec![Output::empty()]).collect();
        let mut languages: Vec<Option<DetectedLanguage>> = read.iter().map(|_| None).collect();
        for (Searched { number, .. }, Found { outputs, detected }) in searched.iter().zip(found) {
            results[*number] = outputs;
            languages[*number] = detected;
        }
        let pairs = read.iter().zip(&mut results).filter_map(|(source, outputs)| {
            let Source { windows, opened, .. } = source.as_ref().ok()?;
            // Words of a window would be those of another text.
            let [(None, encoded)] = &windows[..] else { return None };
            Some(Aligned { source: encoded, text: opened, outputs })
        });
        self.align(task, pairs.collect())?;
        let results = read.into_iter().zip(results).zip(languages).map(|((source, outputs), detected)| {
            source.map(|source| {
                let mut warnings = source.warnings;
                if let Some(best) = outputs.first() {
                    warnings.extend(self.warning_of_terms(task, &source.opened, &best.decoded.value));
                }
                Translated { outputs, warnings, seconds: seconds(&source.opened), detected }
            })
        });
        Ok(results.collect())
    }

    /// A warning about the terms of a source that its output lacks.
    fn warning_of_terms(&self, task: &Task, source: &Value, output: &Value) -> Option<String> {
        let lacking = self.lacking_terms(task, source, output);
        let lacking: Vec<String> = lacking.iter().map(|term| format!("`{term}`")).collect();
        (!lacking.is_empty()).then(|| format!("the translation lacks {}", lacking.join(", ")))
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
        let mut windows = task.encode_windows(&opened.value)?;
        for (_, encoded) in &windows {
            self.require_short(encoded.sequence.len() as u64)?;
        }
        let is_blank = self.gives_nothing(task, &opened.value);
        let OpenedValue { value, warnings, .. } = opened;
        let cut: Vec<String> =
            windows.iter_mut().filter_map(|(_, encoded)| self.cut(task, encoded)).collect();
        let mut warnings = self.source_warnings(task, &windows, &value, warnings);
        warnings.extend(cut);
        Ok(Source { windows, opened: value, is_blank, warnings })
    }

    /// Cuts a source down to the positions that the encoder has learned, with a warning about what is left out.
    fn cut(&self, task: &Task, source: &mut Encoded) -> Option<String> {
        let limit = self.architecture().encoder.as_ref().and_then(|encoder| encoder.positions.limit())?;
        let stem = task.source()?.stem();
        let length = source.sequence.len();
        let positions = stem.positions(length);
        if positions <= limit {
            return None;
        }
        match &mut source.sequence {
            // The end token stays the last.
            Sequence::Tokens(tokens) => {
                tokens.drain(limit.saturating_sub(1)..length - 1);
                source.regions.drain(limit.saturating_sub(1)..length - 1);
            }
            Sequence::Frames(frames) => {
                let most = (1..=length).rev().find(|&count| stem.positions(count) <= limit)?;
                let values = frames.values()[..most * frames.width()].to_vec();
                *frames = Frames::new(frames.width(), values)?;
                source.regions.truncate(most);
            }
        }
        Some(format!(
            "the source has {positions} positions and the model reads {limit}: what is behind them is left out; cut it \
             into shorter ones"
        ))
    }

    /// Warnings about a source, from its medium, and about pieces that the model has not seen in training.
    fn source_warnings(
        &self,
        task: &Task,
        windows: &[(Option<Window>, Encoded)],
        opened: &Value,
        mut warnings: Vec<String>,
    ) -> Vec<String> {
        let unknown = |(_, encoded): &(Option<Window>, Encoded)| {
            task.source().map(|adapter| adapter.unknown(encoded, opened)).unwrap_or_default()
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
