//! Evaluation of the model, during training and at its end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bleu, Chrf, Metric};

/// Evaluation of the model, during training and at its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Evaluation {
    /// The metrics of decoded texts, for tasks without their own: words, or words with options, as in
    /// `[{ bleu: { tokenize: zh } }, chrf]`. The validation loss and the perplexity are always computed.
    pub metrics: Vec<Metric>,
    /// The metric that decides on the best checkpoint: one of the list, by its word, with ties decided by the
    /// validation loss; null: the validation loss.
    pub best_by: Option<Metric>,
    /// The number of steps between two evaluations on the validation split.
    #[schemars(range(min = 1))]
    pub every: u64,
    /// The number of best checkpoints that stay on disk.
    #[schemars(range(min = 1))]
    pub keep_best: usize,
    /// The number of evaluations without an improvement after which training stops; null: never.
    #[schemars(range(min = 1))]
    pub patience: Option<usize>,
    /// The most samples of the validation split that are decoded during training; null: all.
    #[schemars(range(min = 1))]
    pub decode_at_most: Option<usize>,
    /// The number of translations printed beside their references at the end of a run.
    pub show: usize,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self {
            metrics: vec![Metric::Bleu(Bleu::default()), Metric::Chrf(Chrf::default())],
            best_by: None,
            every: 500,
            keep_best: 3,
            patience: None,
            decode_at_most: None,
            show: 5,
        }
    }
}
