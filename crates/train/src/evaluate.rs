//! Scores: teacher-forced losses, and metrics of decoded sequences. The two are kept apart in every type, so
//! that one cannot be printed as the other.

use any2any_adapter::Value;
use any2any_core::Model;
use any2any_experiment::spec::{Decoding, Metric};
use any2any_metrics as metrics;
use any2any_metrics::Score;
use serde::Serialize;

use crate::adapters::AdapterSet;
use crate::corpus::Example;
use crate::error::TrainError;
use crate::losses;
use crate::prepare::Split;
use crate::translator::{Output, Translator};

/// How well a model predicts each token when it is told all tokens before it: no search is involved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TeacherForced {
    /// The mean negative log-likelihood of a token, in nats.
    pub loss: f64,
    /// `exp(loss)`.
    pub perplexity: f64,
    /// The share of tokens that were the most probable one, in per cent.
    pub accuracy: f64,
    /// Tokens, ends of sequences included.
    pub tokens: usize,
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
    /// How many positions each source has, its end counted.
    pub source_lengths: Vec<usize>,
}

/// The scores of samples whose sources are of similar length.
#[derive(Clone, Debug, Serialize)]
pub struct LengthBucket {
    /// The fewest positions of a source.
    pub from: usize,
    /// The most positions of a source.
    pub to: usize,
    /// How many samples that is.
    pub samples: usize,
    /// Their scores.
    pub scores: Vec<Score>,
}

/// The teacher-forced loss of a split.
pub fn teacher_forced(
    model: &Model,
    adapters: &AdapterSet,
    task: usize,
    examples: &[Example],
    batch_tokens: usize,
) -> TeacherForced {
    let (mut sum, mut correct, mut tokens) = (0.0, 0, 0);
    losses::losses(model, adapters, task, examples, batch_tokens, |_, loss| {
        sum += loss.negative_log_likelihood;
        correct += loss.correct;
        tokens += loss.tokens;
    });
    let count = tokens.max(1) as f64;
    let loss = sum / count;
    TeacherForced { loss, perplexity: loss.exp(), accuracy: 100.0 * correct as f64 / count, tokens }
}

/// Decodes a split, or the first samples of it.
///
/// # Errors
///
/// When the task has no source or the target medium cannot be written.
pub fn decode(
    translator: &Translator,
    task: usize,
    split: &Split,
    decoding: &Decoding,
    at_most: Option<usize>,
) -> Result<DecodedSplit, TrainError> {
    let count = at_most.unwrap_or(split.examples.len()).min(split.examples.len());
    let examples = &split.examples[..count];
    let sources: Vec<_> = examples.iter().filter_map(|example| example.source.as_ref()).collect();
    let mut results = translator.search(task, &sources, decoding, &[])?;
    let hypotheses = results.iter_mut().map(|best| best.swap_remove(0)).collect();
    Ok(DecodedSplit {
        hypotheses,
        reference_tokens: examples
            .iter()
            .map(|example| example.target[..example.target.len().saturating_sub(1)].to_vec())
            .collect(),
        references: split.references[..count].to_vec(),
        source_lengths: sources.iter().map(|source| source.len()).collect(),
    })
}

impl DecodedSplit {
    /// Scores what was decoded.
    ///
    /// # Errors
    ///
    /// When there is nothing to score.
    pub fn scores(&self, wanted: &[Metric]) -> Result<Vec<Score>, TrainError> {
        wanted.iter().map(|&metric| self.score(metric)).collect()
    }

    /// Scores in buckets of similar source length, each with about as many samples.
    ///
    /// # Errors
    ///
    /// When there is nothing to score.
    pub fn scores_by_length(
        &self,
        wanted: &[Metric],
        buckets: usize,
    ) -> Result<Vec<LengthBucket>, TrainError> {
        let mut sorted = self.source_lengths.clone();
        sorted.sort_unstable();
        let mut result = Vec::new();
        let mut from = 0;
        for bucket in 1..=buckets {
            let Some(&to) = sorted.get((bucket * sorted.len() / buckets).saturating_sub(1)) else { break };
            let within: Vec<usize> = (0..self.hypotheses.len())
                .filter(|&at| (from..=to).contains(&self.source_lengths[at]))
                .collect();
            if within.is_empty() {
                continue;
            }
            let part = Self {
                hypotheses: within.iter().map(|&at| self.hypotheses[at].clone()).collect(),
                reference_tokens: within.iter().map(|&at| self.reference_tokens[at].clone()).collect(),
                references: within.iter().map(|&at| self.references[at].clone()).collect(),
                source_lengths: within.iter().map(|&at| self.source_lengths[at]).collect(),
            };
            let shortest = part.source_lengths.iter().copied().min().unwrap_or(from);
            let scores = part.scores(wanted)?;
            result.push(LengthBucket { from: shortest, to, samples: within.len(), scores });
            from = to + 1;
        }
        Ok(result)
    }

    fn score(&self, metric: Metric) -> Result<Score, TrainError> {
        if metric == Metric::TokenAccuracy {
            let hypotheses: Vec<&[u32]> =
                self.hypotheses.iter().map(|output| output.tokens.as_slice()).collect();
            return Ok(metrics::token_accuracy(&hypotheses, &self.reference_tokens)?);
        }
        let hypotheses: Vec<String> =
            self.hypotheses.iter().map(|output| output.decoded.value.to_string()).collect();
        let references: Vec<String> = self.references.iter().map(Value::to_string).collect();
        score_texts(metric, &hypotheses, &references)
    }
}

/// A metric of texts.
///
/// # Errors
///
/// When there is nothing to score, or the numbers of lines differ.
pub fn score_texts(
    metric: Metric,
    hypotheses: &[String],
    references: &[String],
) -> Result<Score, TrainError> {
    let bleu = |lowercase| metrics::Bleu { lowercase, ..Default::default() };
    Ok(match metric {
        Metric::Bleu => metrics::bleu(hypotheses, &[references], &bleu(false))?,
        Metric::BleuLowercase => metrics::bleu(hypotheses, &[references], &bleu(true))?,
        Metric::Chrf => metrics::chrf(hypotheses, &[references], &metrics::Chrf::default())?,
        Metric::ChrfPlusPlus => metrics::chrf(hypotheses, &[references], &metrics::Chrf::plus_plus())?,
        Metric::Ter => metrics::ter(hypotheses, &[references], &metrics::Ter::default())?,
        Metric::Wer => metrics::word_error_rate(hypotheses, references)?,
        Metric::Cer => metrics::character_error_rate(hypotheses, references)?,
        Metric::ExactMatch => metrics::exact_match(hypotheses, references)?,
        Metric::TokenAccuracy => {
            let words = |lines: &[String]| -> Vec<Vec<String>> {
                lines.iter().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
            };
            metrics::token_accuracy(&words(hypotheses), &words(references))?
        }
    })
}

/// The name of a metric in logs and in the YAML.
pub fn metric_name(metric: Metric) -> String {
    match serde_json::to_value(metric) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{metric:?}"),
    }
}

/// Whether a larger value of a metric is better.
pub fn larger_is_better(metric: Metric) -> bool {
    !matches!(metric, Metric::Ter | Metric::Wer | Metric::Cer)
}
