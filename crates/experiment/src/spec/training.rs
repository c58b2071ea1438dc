//! How the model is trained.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the model is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// Updates of the weights.
    #[schemars(range(min = 1))]
    pub steps: u64,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// What goes into one batch.
    pub batch: Batch,
    /// How tasks share the steps, before their weights.
    pub mixing: Mixing,
    /// Batches whose gradients are summed into one update.
    #[schemars(range(min = 1))]
    pub accumulate: usize,
    /// How much of each target's probability is spread over the vocabulary (Szegedy et al. 2016).
    #[schemars(range(min = 0.0, max = 0.9))]
    pub label_smoothing: f64,
    /// The largest norm that all gradients together may have; null: no limit.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub clip_norm: Option<f64>,
    /// Steps between two lines of the log.
    #[schemars(range(min = 1))]
    pub log_every: u64,
    /// Steps between two saved states to resume from; null: as often as evaluations.
    #[schemars(range(min = 1))]
    pub save_every: Option<u64>,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            steps: 10_000,
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            batch: Batch::default(),
            mixing: Mixing::default(),
            accumulate: 1,
            label_smoothing: 0.1,
            clip_norm: Some(1.0),
            log_every: 50,
            save_every: None,
        }
    }
}

/// What goes into one batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Batch {
    /// Positions of the longer side of a batch, padding counted.
    #[schemars(range(min = 1))]
    pub tokens: usize,
    /// Samples with a longer source are left out of training, counted and reported.
    #[schemars(range(min = 1))]
    pub max_source_length: usize,
    /// Samples with a longer target are left out of training, counted and reported.
    #[schemars(range(min = 1))]
    pub max_target_length: usize,
    /// Batches prepared ahead on another thread.
    #[schemars(range(min = 1, max = 1024))]
    pub prefetch: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self { tokens: 4096, max_source_length: 256, max_target_length: 256, prefetch: 4 }
    }
}

/// How tasks share the steps, before their weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Mixing {
    /// As many batches from each.
    #[default]
    Equal,
    /// By their size, flattened (Arivazhagan et al. 2019): batches an epoch to the power of `1 / temperature`.
    BySize {
        /// 1: in proportion to size; the larger, the more equal.
        #[schemars(range(min = 1.0, max = 100.0))]
        temperature: f64,
    },
}

/// The optimizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Adam (Kingma and Ba 2015).
    Adam(Adam),
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    AdamW(AdamW),
    /// Adafactor (Shazeer and Stern 2018) at the schedule's rate: little memory.
    Adafactor(Adafactor),
    /// Stochastic gradient descent.
    Sgd(Sgd),
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

/// Adam.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Adam {
    /// Decay of the mean of gradients.
    #[schemars(range(min = 0.0, max = 0.9999))]
    pub beta_1: f64,
    /// Decay of the mean of squared gradients.
    #[schemars(range(min = 0.0, max = 0.999_999))]
    pub beta_2: f64,
    /// Keeps the division finite.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.98, epsilon: 1e-9 }
    }
}

/// Adam with decoupled weight decay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdamW {
    /// Decay of the mean of gradients.
    #[schemars(range(min = 0.0, max = 0.9999))]
    pub beta_1: f64,
    /// Decay of the mean of squared gradients.
    #[schemars(range(min = 0.0, max = 0.999_999))]
    pub beta_2: f64,
    /// Keeps the division finite.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub epsilon: f64,
    /// The share of each matrix that a step of rate 1 takes away; vectors are spared.
    #[schemars(range(min = 0.0))]
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.98, epsilon: 1e-9, weight_decay: 0.01 }
    }
}

/// Adafactor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Adafactor {
    /// The exponent of the growing decay, `1 - step^-decay`.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub decay: f64,
    /// The largest root mean square of an update.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub clip: f64,
}

impl Default for Adafactor {
    fn default() -> Self {
        Self { decay: 0.8, clip: 1.0 }
    }
}

/// Stochastic gradient descent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    /// How much of the last update is kept.
    #[schemars(range(min = 0.0, max = 0.9999))]
    pub momentum: f64,
}

/// The learning rate over time; `warmup` counts steps of linear growth from 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// One rate throughout.
    Constant {
        /// The rate.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        peak: f64,
        /// Steps of growth.
        #[serde(default)]
        warmup: u64,
    },
    /// Down to `floor` in a straight line, reached at the last step.
    Linear {
        /// The highest rate.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        peak: f64,
        /// Steps of growth.
        #[serde(default)]
        warmup: u64,
        /// The last rate.
        #[serde(default)]
        #[schemars(range(min = 0.0))]
        floor: f64,
    },
    /// Down to `floor` along half a cosine, reached at the last step (Loshchilov and Hutter 2017).
    Cosine {
        /// The highest rate.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        peak: f64,
        /// Steps of growth.
        #[serde(default)]
        warmup: u64,
        /// The last rate.
        #[serde(default)]
        #[schemars(range(min = 0.0))]
        floor: f64,
    },
    /// The paper's: `factor * d_model^-0.5 * min(step^-0.5, step * warmup^-1.5)`.
    Noam {
        /// Multiplies the rate.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        factor: f64,
        /// Steps of growth.
        #[schemars(range(min = 1))]
        warmup: u64,
    },
    /// `peak * sqrt(warmup / step)` after the warm-up.
    InverseSqrt {
        /// The highest rate.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        peak: f64,
        /// Steps of growth.
        #[schemars(range(min = 1))]
        warmup: u64,
    },
    /// Multiplied by `factor` whenever `patience` evaluations brought nothing better.
    Plateau {
        /// The highest rate.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        peak: f64,
        /// Steps of growth.
        #[serde(default)]
        warmup: u64,
        /// Multiplies the rate.
        #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
        factor: f64,
        /// Evaluations without an improvement.
        #[schemars(range(min = 1))]
        patience: usize,
    },
}

impl Default for Schedule {
    fn default() -> Self {
        Self::InverseSqrt { peak: 1e-3, warmup: 1000 }
    }
}
