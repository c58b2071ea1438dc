//! Assessment of a sample: its reference held against what the model says at every position, and against what it writes.

use any2any_metrics::Edits;
use any2any_run::Task;
use any2any_translate::TranslateError;

use super::array::Array;
use super::input::ModelInput;
use super::lens::entropy;
use super::{Ablations, ReadSource, log_probability};
use crate::inspector::Inspector;

/// A sample's reference, held against the model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Assessment {
    /// The number of tokens of the reference that are counted, the end included where the model writes it.
    pub tokens: usize,
    /// The negative log-probability of the reference, the mean over its tokens, in nats.
    pub loss: f32,
    /// The entropy of the model's distributions along the reference, the mean over its tokens, in bits.
    pub entropy: f32,
    /// The fewest edits from the reference to the output, for each token of the reference; neither has its end.
    pub error: f64,
    /// The places at which the model, told the reference up to there, holds another token for the likeliest.
    pub confusions: Vec<Confusion>,
}

/// A token of a reference for which the model holds another one likelier.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Confusion {
    /// The place in the reference.
    pub position: usize,
    /// The token of the reference.
    pub expected: u32,
    /// The likeliest token.
    pub likeliest: u32,
    /// The log-probability of the reference's token.
    pub log_probability: f32,
}

impl Inspector<'_> {
    /// The assessment of a sample, of which the model has written `output`; both are without their end.
    ///
    /// # Errors
    ///
    /// Those of [`look`](Self::look), and if the task writes frames.
    pub fn assess(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        (reference, output): (&[u32], &[u32]),
        ablations: &Ablations,
    ) -> Result<Assessment, TranslateError> {
        self.check_ablations(task, source, ablations)?;
        let given = self.given(task, source, reference)?;
        let hidden = given.hidden(self.model(), &mut ablations.on(self.pass()));
        self.cancellation().check()?;
        let logits = Array::of_row(self.model().logits(task.number(), hidden));
        Ok(Assessment::of(&logits, &given, reference, output))
    }
}

impl Assessment {
    /// The assessment of logits behind every token of a reference, `[tokens or tokens + 1, vocabulary]`.
    fn of(logits: &Array, given: &ModelInput, reference: &[u32], output: &[u32]) -> Self {
        // Labels of positions end with their source, which the model need not say.
        let is_ended = logits.rows() > reference.len();
        let targets: Vec<u32> = reference.iter().copied().chain(is_ended.then_some(given.end)).collect();
        let mean = |number: &dyn Fn(&[f32], u32) -> f32| {
            let numbers = targets.iter().enumerate().map(|(row, &token)| number(logits.row(row), token));
            numbers.sum::<f32>() / targets.len().max(1) as f32
        };
        let confusion = |(position, &expected): (usize, &u32)| {
            let row = logits.row(position);
            let (likeliest, _) =
                row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))?;
            let log_probability = log_probability(row, expected as usize);
            let likeliest = likeliest as u32;
            (likeliest != expected).then_some(Confusion { position, expected, likeliest, log_probability })
        };
        Self {
            tokens: targets.len(),
            loss: mean(&|row, token| -log_probability(row, token as usize)),
            entropy: mean(&|row, _| entropy(row)),
            error: Edits::between(reference, output).rate(),
            confusions: targets.iter().enumerate().filter_map(confusion).collect(),
        }
    }
}
