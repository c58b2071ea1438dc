//! Evaluation of a split: teacher-forced losses, and metrics of decoded outputs. The two are kept apart in every type,
//! so that one cannot be printed as the other.

mod parts;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use any2any_adapter::{Kind, Value};
use any2any_experiment::spec::{Decoding, Metric, Plugged};
use any2any_metrics as metrics;
use any2any_metrics::{Score, ValueMetric};
use any2any_run::{RunError, Task};
use serde::Serialize;

use crate::decode::Output;
use crate::encoded_source::SourceWindows;
use crate::error::TranslateError;
use crate::example::Example;
use crate::held_out::HeldOut;
use crate::media_metrics;
use crate::split::{Split, evenly};
use crate::text_metrics::score_texts;
use crate::translator::Translator;
use crate::windows::{Found, Searched};

pub use parts::{Part, PartOfLosses, PartOfOutputs};

/// Teacher-forced loss and accuracy of a model: it predicts each token or frame from all before it, without search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TeacherForced {
    /// The mean negative log-likelihood of a token, in nats, or the mean loss of a frame.
    pub loss: f64,
    /// The perplexity, `exp(loss)`; `None` for frames, which have no likelihood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perplexity: Option<f64>,
    /// The share of tokens that were the model's most probable ones, or of frames with the right stop signal, in per
    /// cent.
    pub accuracy: f64,
    /// The number of tokens, end tokens included, or of frames.
    pub tokens: usize,
}

/// Three digits of the loss unless a precision is given, and one less of each figure behind it.
impl fmt::Display for TeacherForced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { loss, perplexity, accuracy, .. } = self;
        let digits = f.precision().unwrap_or(3);
        let (fewer, fewest) = (digits.saturating_sub(1), digits.saturating_sub(2));
        match perplexity {
            Some(perplexity) => write!(
                f,
                "loss {loss:.digits$}, perplexity {perplexity:.fewer$}, token accuracy {accuracy:.fewest$} %"
            ),
            None => write!(f, "loss of a frame {loss:.digits$}"),
        }
    }
}

/// The decoded outputs of a split, beside its references.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DecodedSplit {
    /// The best output of each sample, in the order of the split.
    pub hypotheses: Vec<Output>,
    /// The tokens of the references.
    pub reference_tokens: Vec<Vec<u32>>,
    /// The references.
    pub references: Vec<Value>,
    /// Further references: sets of them, each with one for every sample. Token accuracy does not know them.
    pub alternatives: Vec<Vec<Value>>,
    /// The number of positions of each source, its end included.
    pub source_lengths: Vec<usize>,
}

/// A sample to print: source, output and reference.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ShownSample {
    /// The sample's number in its split, from 0.
    pub number: usize,
    /// The source.
    pub source: String,
    /// The output.
    pub output: String,
    /// The reference.
    pub reference: String,
    /// The output, as a value.
    #[serde(skip)]
    pub value: Value,
    /// The path of the output's file in the folder of the run; `None` for texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// The teacher-forced loss of a split, of the samples whose sources are read at once.
///
/// # Errors
///
/// If the work is cancelled, or a file can no longer be read.
pub fn teacher_forced(
    translator: &Translator,
    task: &Task,
    split: &HeldOut,
    batch_tokens: usize,
) -> Result<TeacherForced, TranslateError> {
    let all = TeacherForced::of_part(translator, task, split, batch_tokens, Part::ALL)?;
    Ok(TeacherForced::of_parts(translator, task, vec![all]))
}

/// Decodes a split, or its first samples, and gives some of them, evenly spaced, to be shown.
///
/// # Errors
///
/// If the task has no source, the target medium cannot be written, or a file can no longer be read.
pub fn decode(
    translator: &Translator,
    task: &Task,
    split: &HeldOut,
    decoding: &Decoding,
    (at_most, shown): (Option<usize>, usize),
) -> Result<(DecodedSplit, Vec<ShownSample>), TranslateError> {
    DecodedSplit::of_groups(split, (at_most, shown), |split, places| {
        decode_from(translator, task, (split, places), parts::sources(task, split)?, decoding).map(Some)
    })
    .map(Option::unwrap_or_default)
}

/// Decodes some samples, of these places in their split, from these sources.
pub(crate) fn decode_from(
    translator: &Translator,
    task: &Task,
    (split, places): (&Split, &[usize]),
    sources: Vec<SourceWindows<'_>>,
    decoding: &Decoding,
) -> Result<DecodedSplit, TranslateError> {
    let outputs = decode_some(translator, task, (split, places), sources.clone(), decoding, Part::ALL)?;
    Ok(DecodedSplit::new(split, &sources, outputs))
}

/// The outputs of those samples that a part has, each with its place in `split`; `places` are those in the whole split.
fn decode_some(
    translator: &Translator,
    task: &Task,
    (split, places): (&Split, &[usize]),
    sources: Vec<SourceWindows<'_>>,
    decoding: &Decoding,
    part: Part,
) -> Result<Vec<(usize, Output)>, TranslateError> {
    // A blank source gives an empty output, as it does in a translation.
    let gives_nothing =
        |at: usize| split.sources.get(at).is_some_and(|source| translator.gives_nothing(task, source));
    let (ats, sources): (Vec<usize>, Vec<_>) =
        sources.into_iter().enumerate().filter(|&(at, _)| !gives_nothing(at)).unzip();
    let searched = ats.iter().zip(sources);
    let searched: Vec<(usize, Searched<'_>)> = searched
        .map(|(&at, windows)| (at, Searched { number: places[at], windows, phrases: Vec::new() }))
        .collect();
    let searched = translator.searched_of_part(task, searched, decoding, part)?;
    let (ats, searched): (Vec<usize>, Vec<_>) = searched.into_iter().unzip();
    let found = translator.search_windows(task, &searched, decoding, &[])?;
    Ok(ats
        .into_iter()
        .zip(found)
        .map(|(at, Found { mut outputs, .. })| (at, outputs.swap_remove(0)))
        .collect())
}

impl DecodedSplit {
    /// Samples with these sources, and the outputs of some places; all others are empty.
    fn new(split: &Split, sources: &[SourceWindows<'_>], outputs: Vec<(usize, Output)>) -> Self {
        let count = sources.len();
        let positions =
            |windows: &SourceWindows<'_>| windows.iter().map(|(_, sequence)| sequence.len()).sum();
        let mut hypotheses: Vec<Output> = sources.iter().map(|_| Output::empty()).collect();
        for (place, output) in outputs {
            hypotheses[place] = output;
        }
        let tokens = |example: &Example| {
            let tokens = example.target_tokens();
            tokens[..tokens.len().saturating_sub(1)].to_vec()
        };
        Self {
            hypotheses,
            reference_tokens: split.examples[..count].iter().map(tokens).collect(),
            references: split.references[..count].to_vec(),
            alternatives: split.alternatives.iter().map(|set| set[..count].to_vec()).collect(),
            source_lengths: sources.iter().map(positions).collect(),
        }
    }

    /// The outputs of a split, or of its first samples, group by group as `decode` gives them, and some samples to be shown.
    /// `decode` is given the samples of a group with their places; `None` where it leaves the outputs to another process.
    ///
    /// # Errors
    ///
    /// Those of `decode`, and if a file can no longer be read.
    pub fn of_groups<E: From<RunError>>(
        split: &HeldOut,
        (at_most, shown): (Option<usize>, usize),
        mut decode: impl FnMut(&Split, &[usize]) -> Result<Option<Self>, E>,
    ) -> Result<Option<(Self, Vec<ShownSample>)>, E> {
        let groups = split.groups(at_most);
        let count = groups.iter().map(Vec::len).sum();
        let shown: BTreeSet<usize> = evenly(shown, count).collect();
        let (mut places, mut all) = (Vec::with_capacity(count), Some(Self::default()));
        let mut samples = BTreeMap::new();
        for group in groups {
            let part = split.select(&group)?;
            match (decode(&part, &group)?, &mut all) {
                (Some(decoded), Some(all)) => {
                    let shown = group.iter().enumerate().filter(|(_, place)| shown.contains(place));
                    samples.extend(shown.map(|(at, &place)| (place, decoded.sample(&part, at))));
                    all.append(decoded);
                    places.extend(group);
                }
                _ => all = None,
            }
        }
        Ok(all.map(|decoded| (decoded.in_order(&places), samples.into_values().collect())))
    }

    /// Adds further samples.
    fn append(&mut self, other: Self) {
        self.hypotheses.extend(other.hypotheses);
        self.reference_tokens.extend(other.reference_tokens);
        self.references.extend(other.references);
        self.alternatives.resize(other.alternatives.len(), Vec::new());
        self.alternatives.iter_mut().zip(other.alternatives).for_each(|(set, more)| set.extend(more));
        self.source_lengths.extend(other.source_lengths);
    }

    /// The samples in the order of their places.
    fn in_order(self, places: &[usize]) -> Self {
        if places.is_sorted() {
            return self;
        }
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|&at| places[at]);
        self.only(&order)
    }

    /// A sample of the split that was decoded; values other than texts are described.
    fn sample(&self, split: &Split, at: usize) -> ShownSample {
        ShownSample {
            number: split.examples[at].sample,
            source: split.sources[at].to_string(),
            output: self.hypotheses[at].decoded.value.to_string(),
            reference: self.references[at].to_string(),
            value: self.hypotheses[at].decoded.value.clone(),
            file: None,
        }
    }

    /// Scores the outputs by some metrics.
    ///
    /// # Errors
    ///
    /// If there is nothing to score.
    pub fn scores(&self, wanted: &[Metric]) -> Result<Vec<Score>, TranslateError> {
        wanted.iter().map(|metric| self.score(metric)).collect()
    }

    /// The score of a metric with its 95 % bootstrap interval.
    ///
    /// # Errors
    ///
    /// If there is nothing to score.
    pub fn score_with_interval(&self, metric: &Metric) -> Result<Score, TranslateError> {
        let bootstrap = metrics::Bootstrap::default();
        if let Metric::Plugged(plugged) = metric {
            return self.plugged_score(plugged, metric, Some(&bootstrap));
        }
        if metric.scores(Kind::Text) && *metric != Metric::TokenAccuracy {
            return score_texts(metric, &self.texts(), &self.reference_texts(), Some(&bootstrap));
        }
        if *metric != Metric::TokenAccuracy {
            return self.media_score(metric, Some(&bootstrap));
        }
        let mut score = self.score(metric)?;
        let pairs = self.hypotheses.iter().zip(&self.reference_tokens);
        let sample = |(output, reference): (&Output, &Vec<u32>)| {
            let (right, all) = metrics::right_tokens(output.tokens(), reference);
            [100.0 * right as f64, all as f64]
        };
        score.interval = Some(bootstrap.interval_of_ratio(&pairs.map(sample).collect::<Vec<_>>())?);
        Ok(score)
    }

    /// The outputs, as texts.
    fn texts(&self) -> Vec<String> {
        self.hypotheses.iter().map(|output| output.decoded.value.to_string()).collect()
    }

    /// The references, as texts: the target's, and every set of further ones.
    pub fn reference_texts(&self) -> Vec<Vec<String>> {
        let texts = |set: &Vec<Value>| set.iter().map(Value::to_string).collect();
        std::iter::once(&self.references).chain(&self.alternatives).map(texts).collect()
    }

    /// The outputs of some samples.
    pub(crate) fn only(&self, samples: &[usize]) -> Self {
        Self {
            hypotheses: samples.iter().map(|&at| self.hypotheses[at].clone()).collect(),
            reference_tokens: samples.iter().map(|&at| self.reference_tokens[at].clone()).collect(),
            references: samples.iter().map(|&at| self.references[at].clone()).collect(),
            alternatives: self
                .alternatives
                .iter()
                .map(|set| samples.iter().map(|&at| set[at].clone()).collect())
                .collect(),
            source_lengths: samples.iter().map(|&at| self.source_lengths[at]).collect(),
        }
    }

    fn score(&self, metric: &Metric) -> Result<Score, TranslateError> {
        if let Metric::Plugged(plugged) = metric {
            return self.plugged_score(plugged, metric, None);
        }
        if *metric == Metric::TokenAccuracy {
            let hypotheses: Vec<&[u32]> = self.hypotheses.iter().map(Output::tokens).collect();
            return Ok(metrics::token_accuracy(&hypotheses, &self.reference_tokens)?);
        }
        if metric.scores(Kind::Text) {
            return score_texts(metric, &self.texts(), &self.reference_texts(), None);
        }
        self.media_score(metric, None)
    }

    /// The score of a metric of the program's own.
    fn plugged_score(
        &self,
        plugged: &Plugged,
        metric: &Metric,
        bootstrap: Option<&metrics::Bootstrap>,
    ) -> Result<Score, TranslateError> {
        let outputs: Vec<&Value> = self.hypotheses.iter().map(|output| &output.decoded.value).collect();
        let sets = std::iter::once(&self.references).chain(&self.alternatives);
        let references: Vec<Vec<&Value>> = sets.map(|set| set.iter().collect()).collect();
        plugged_score(plugged, &metric_name(metric), &outputs, &references, bootstrap)
    }

    /// The score of pictures or signals.
    fn media_score(
        &self,
        metric: &Metric,
        bootstrap: Option<&metrics::Bootstrap>,
    ) -> Result<Score, TranslateError> {
        let hypotheses: Vec<&Value> = self.hypotheses.iter().map(|output| &output.decoded.value).collect();
        let references: Vec<&Value> = self.references.iter().collect();
        media_metrics::score(metric, &hypotheses, &references, bootstrap)
    }
}

/// The score of a metric of the program's own.
///
/// # Errors
///
/// If the program has no such metric, or it does not score such values.
pub(crate) fn plugged_score(
    plugged: &Plugged,
    title: &str,
    outputs: &[&Value],
    references: &[Vec<&Value>],
    bootstrap: Option<&metrics::Bootstrap>,
) -> Result<Score, TranslateError> {
    let name = &plugged.name;
    let at_work = plugged
        .get::<Arc<dyn ValueMetric>>()
        .ok_or_else(|| TranslateError::Unsupported(format!("this program has no metric '{name}'")))?;
    let scores = |value: &Value| Kind::of(value).is_some_and(|kind| at_work.scores(kind));
    if let Some(value) = outputs.iter().find(|value| !scores(value)) {
        let kind = value.kind();
        return Err(TranslateError::Unsupported(format!("the metric '{name}' does not score {kind}")));
    }
    Ok(metrics::value_score(at_work.as_ref(), title, outputs, references, bootstrap)?)
}

/// The name of a metric in logs and in the YAML.
pub fn metric_name(metric: &Metric) -> String {
    metric.to_string()
}

/// True if a larger value of a metric is better.
pub fn larger_is_better(metric: &Metric) -> bool {
    if let Metric::Plugged(plugged) = metric {
        let at_work = plugged.get::<Arc<dyn ValueMetric>>();
        return at_work.is_none_or(|metric| metric.larger_is_better());
    }
    !matches!(
        metric,
        Metric::Ter(_)
            | Metric::Wer
            | Metric::Cer
            | Metric::MeanAbsoluteError
            | Metric::SpectralDistance
            | Metric::DynamicTimeWarping
    )
}
