//! Scores: teacher-forced losses, and metrics of decoded sequences. The two are kept apart in every type, so
//! that one cannot be printed as the other.

use std::fmt;

use any2any_adapter::{Kind, Value};
use any2any_experiment::spec::{Decoding, Metric};
use any2any_metrics as metrics;
use any2any_metrics::Score;
use any2any_run::Task;
use serde::Serialize;

use crate::decode::Output;
use crate::error::TranslateError;
use crate::example::Example;
use crate::media_metrics;
use crate::split::{Split, evenly};
use crate::text_metrics::score_texts;
use crate::translator::Translator;

/// How well a model predicts each token or frame when it is told all before it: no search is involved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TeacherForced {
    /// The mean negative log-likelihood of a token, in nats, or the mean loss of a frame.
    pub loss: f64,
    /// `exp(loss)`; none for frames, which have no likelihood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perplexity: Option<f64>,
    /// The share of tokens that were the most probable one, or of frames whose signal to stop was right, in
    /// per cent.
    pub accuracy: f64,
    /// Tokens, ends of sequences included, or frames.
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

/// What search wrote for a split, beside what it should have written.
#[derive(Clone, Debug)]
pub struct DecodedSplit {
    /// The best output of each sample, in the order of the split.
    pub hypotheses: Vec<Output>,
    /// The tokens that should have been written.
    pub reference_tokens: Vec<Vec<u32>>,
    /// What should have been written.
    pub references: Vec<Value>,
    /// Other right outputs: sets of them, each with one for every sample. Token accuracy does not know them.
    pub alternatives: Vec<Vec<Value>>,
    /// How many positions each source has, its end counted.
    pub source_lengths: Vec<usize>,
}

/// A sample to show: what search wrote, between the source and what it should have written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownSample {
    /// Its number in its split, from 0.
    pub number: usize,
    /// The source.
    pub source: String,
    /// What was written.
    pub output: String,
    /// What should have been written.
    pub reference: String,
    /// What was written, as a value.
    #[serde(skip)]
    pub value: Value,
    /// The file that holds it, where it is no text: its place in the folder of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// The teacher-forced loss of a split.
///
/// # Errors
///
/// When the translator's work is given up.
pub fn teacher_forced(
    translator: &Translator,
    task: &Task,
    examples: &[Example],
    batch_tokens: usize,
) -> Result<TeacherForced, TranslateError> {
    let (mut sum, mut correct, mut tokens) = (0.0, 0, 0);
    translator.losses(task, examples, batch_tokens, |_, loss| {
        sum += loss.negative_log_likelihood;
        correct += loss.correct;
        tokens += loss.tokens;
    })?;
    let count = tokens.max(1) as f64;
    let loss = sum / count;
    let perplexity = (!translator.model().writes_frames(task.number())).then(|| loss.exp());
    Ok(TeacherForced { loss, perplexity, accuracy: 100.0 * correct as f64 / count, tokens })
}

/// Decodes a split, or the first samples of it.
///
/// # Errors
///
/// When the task has no source or the target medium cannot be written.
pub fn decode(
    translator: &Translator,
    task: &Task,
    split: &Split,
    decoding: &Decoding,
    at_most: Option<usize>,
) -> Result<DecodedSplit, TranslateError> {
    let count = at_most.unwrap_or(split.examples.len()).min(split.examples.len());
    let examples = &split.examples[..count];
    let sources: Vec<_> = examples.iter().filter_map(|example| example.source.as_ref()).collect();
    // An empty source gives an empty output, as when it is translated.
    let gives_nothing =
        |at: usize| split.sources.get(at).is_some_and(|source| translator.gives_nothing(task, source));
    let searched: Vec<_> =
        sources.iter().enumerate().map(|(at, source)| (!gives_nothing(at)).then_some(*source)).collect();
    let mut results = translator.search_some(task, &searched, decoding, &[])?;
    let hypotheses = results.iter_mut().map(|best| best.swap_remove(0)).collect();
    Ok(DecodedSplit {
        hypotheses,
        reference_tokens: examples
            .iter()
            .map(|example| example.target_tokens())
            .map(|tokens| tokens[..tokens.len().saturating_sub(1)].to_vec())
            .collect(),
        references: split.references[..count].to_vec(),
        alternatives: split.alternatives.iter().map(|set| set[..count].to_vec()).collect(),
        source_lengths: sources.iter().map(|source| source.len()).collect(),
    })
}

impl DecodedSplit {
    /// Some samples, evenly over what was decoded; anything but texts is described.
    pub fn shown(&self, split: &Split, count: usize) -> Vec<ShownSample> {
        evenly(count, self.hypotheses.len())
            .map(|at| ShownSample {
                number: split.examples[at].sample,
                source: split.sources[at].to_string(),
                output: self.hypotheses[at].decoded.value.to_string(),
                reference: self.references[at].to_string(),
                value: self.hypotheses[at].decoded.value.clone(),
                file: None,
            })
            .collect()
    }

    /// Scores what was decoded.
    ///
    /// # Errors
    ///
    /// When there is nothing to score.
    pub fn scores(&self, wanted: &[Metric]) -> Result<Vec<Score>, TranslateError> {
        wanted.iter().map(|&metric| self.score(metric)).collect()
    }

    /// The score of a metric with its 95 % bootstrap interval.
    ///
    /// # Errors
    ///
    /// When there is nothing to score.
    pub fn score_with_interval(&self, metric: Metric) -> Result<Score, TranslateError> {
        let bootstrap = metrics::Bootstrap::default();
        if metric.scores(Kind::Text) && metric != Metric::TokenAccuracy {
            return score_texts(metric, &self.texts(), &self.reference_texts(), Some(&bootstrap));
        }
        let mut score = self.score(metric)?;
        let sample = |at: usize| -> Result<[f64; 2], TranslateError> {
            if metric == Metric::TokenAccuracy {
                let written = self.hypotheses[at].tokens();
                let (right, all) = metrics::right_tokens(written, &self.reference_tokens[at]);
                return Ok([100.0 * right as f64, all as f64]);
            }
            // A score of pictures or signals is the mean of what each has by itself.
            let (written, wanted) = (&self.hypotheses[at].decoded.value, &self.references[at]);
            Ok([media_metrics::score(metric, &[written], &[wanted])?.value, 1.0])
        };
        let samples = (0..self.hypotheses.len()).map(sample).collect::<Result<Vec<_>, TranslateError>>()?;
        score.interval = Some(bootstrap.interval_of_ratio(&samples)?);
        Ok(score)
    }

    /// What was written, as texts.
    fn texts(&self) -> Vec<String> {
        self.hypotheses.iter().map(|output| output.decoded.value.to_string()).collect()
    }

    /// What should have been written, as texts: the target's, and every set of alternatives.
    pub fn reference_texts(&self) -> Vec<Vec<String>> {
        let texts = |set: &Vec<Value>| set.iter().map(Value::to_string).collect();
        std::iter::once(&self.references).chain(&self.alternatives).map(texts).collect()
    }

    /// Some samples.
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

    fn score(&self, metric: Metric) -> Result<Score, TranslateError> {
        if metric == Metric::TokenAccuracy {
            let hypotheses: Vec<&[u32]> = self.hypotheses.iter().map(Output::tokens).collect();
            return Ok(metrics::token_accuracy(&hypotheses, &self.reference_tokens)?);
        }
        if metric.scores(Kind::Text) {
            return score_texts(metric, &self.texts(), &self.reference_texts(), None);
        }
        let hypotheses: Vec<&Value> = self.hypotheses.iter().map(|output| &output.decoded.value).collect();
        let references: Vec<&Value> = self.references.iter().collect();
        media_metrics::score(metric, &hypotheses, &references)
    }
}

/// The name of a metric in logs and in the YAML.
pub fn metric_name(metric: Metric) -> String {
    metric.to_string()
}

/// Whether a larger value of a metric is better.
pub fn larger_is_better(metric: Metric) -> bool {
    !matches!(metric, Metric::Ter(_) | Metric::Wer | Metric::Cer | Metric::MeanAbsoluteError)
}
