//! How the model is judged, during training and at its end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bleu, Chrf, Metric};

/// How the model is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Evaluation {
    /// What is computed from decoded texts, of tasks that do not say so themselves: words, or words with options, as
    /// in `[{ bleu: { tokenize: zh } }, chrf]`. The validation loss and perplexity always are.
    pub metrics: Vec<Metric>,
    /// What decides which checkpoint is best: a metric of the list, by its word, or the validation loss where that is
    /// equal; null: the validation loss.
    pub best_by: Option<Metric>,
    /// Steps between two evaluations on the validation split.
    #[schemars(range(min = 1))]
    pub every: u64,
    /// How many of the best checkpoints stay on disk.
    #[schemars(range(min = 1))]
    pub keep_best: usize,
    /// Evaluations without an improvement after which training stops; null: never.
    #[schemars(range(min = 1))]
    pub patience: Option<usize>,
    /// Samples of the validation split that are decoded while training; null: all.
    #[schemars(range(min = 1))]
    pub decode_at_most: Option<usize>,
    /// Translations shown beside their references when a run ends.
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
