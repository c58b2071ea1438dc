//! How the model is judged, during training and at its end.

use any2any_adapter::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the model is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Evaluation {
    /// What is computed from decoded texts, of tasks that do not say so themselves. The validation loss and
    /// perplexity always are.
    pub metrics: Vec<Metric>,
    /// What decides which checkpoint is best: a metric of the list, or the validation loss where that is equal;
    /// null: the validation loss.
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
            metrics: vec![Metric::Bleu, Metric::Chrf],
            best_by: None,
            every: 500,
            keep_best: 3,
            patience: None,
            decode_at_most: None,
            show: 5,
        }
    }
}

/// A metric of decoded sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Corpus BLEU with the 13a tokeniser, cased (Post 2018).
    Bleu,
    /// The same, lower-cased.
    BleuLowercase,
    /// chrF2 (Popović 2015).
    Chrf,
    /// chrF++ (Popović 2017).
    ChrfPlusPlus,
    /// Translation edit rate (Snover et al. 2006).
    Ter,
    /// Word error rate.
    Wer,
    /// Character error rate.
    Cer,
    /// The share of samples that are right to the last character.
    ExactMatch,
    /// The share of tokens that stand at their place.
    TokenAccuracy,
    /// The share of characters that stand at their place, where the reference has no gap (`-`).
    CharacterAccuracy,
    /// Peak signal-to-noise ratio of pictures, in decibels.
    Psnr,
    /// Structural similarity of pictures (Wang et al. 2004).
    Ssim,
    /// Mean absolute error of pictures, in levels of 255, or of signals, in their unit.
    MeanAbsoluteError,
}

impl Metric {
    /// Whether it scores what a medium writes.
    pub fn scores(self, kind: Kind) -> bool {
        match self {
            Self::TokenAccuracy => true,
            Self::MeanAbsoluteError => kind == Kind::Image || kind == Kind::Signal,
            Self::Psnr | Self::Ssim => kind == Kind::Image,
            _ => kind == Kind::Text,
        }
    }

    /// What is computed for a medium unless somebody says otherwise; nothing of its own for texts.
    pub fn usual(kind: Kind) -> Option<Vec<Self>> {
        match kind {
            Kind::Image => Some(vec![Self::Psnr, Self::Ssim, Self::MeanAbsoluteError]),
            Kind::Signal => Some(vec![Self::MeanAbsoluteError]),
            _ => None,
        }
    }
}
