//! Training options: optimizer, learning rate, batches and logs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Plugged;

/// Training options: optimizer, learning rate, batches and logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Training {
    /// The number of updates of the weights.
    #[schemars(range(min = 1))]
    pub steps: u64,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// The schedule of the learning rate.
    pub schedule: Schedule,
    /// Factors of the schedule's learning rate for parts of the model, by the names that `model.freeze` has too:
    /// `rates: { encoder: 0.1 }`. Of several parts that a parameter belongs to, the one with the longest name counts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rates: BTreeMap<String, Factor>,
    /// The size and content of a batch.
    pub batch: Batch,
    /// The proportions in which tasks share the steps, before their weights.
    pub mixing: Mixing,
    /// The number of batches whose gradients are summed into one update.
    #[schemars(range(min = 1))]
    pub accumulate: usize,
    /// The numbers that products of a transformer's matrices are made of, in the forward and the backward pass. Weights,
    /// sums, normalisation, softmax, losses and the optimizer have 32 bits in every precision.
    pub precision: Precision,
    /// Activation checkpointing (Chen et al. 2016): what the backward pass computes again instead of keeping it, with
    /// the same weights to the last bit, for about a third more time. Needs transformer layers; null: nothing.
    pub recompute: Option<Recompute>,
    /// The numbers in which ranks send gradients to each other (docs/scale.md). Of one process nothing is sent.
    pub exchange: Exchange,
    /// Label smoothing (Szegedy et al. 2016): the share of each target's probability that is spread over the
    /// vocabulary.
    #[schemars(range(min = 0.0, max = 0.9))]
    pub label_smoothing: f64,
    /// The largest norm of all gradients together; null: no limit.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub clip_norm: Option<f64>,
    /// The number of steps between two lines of the log.
    #[schemars(range(min = 1))]
    pub log_every: u64,
    /// The number of steps between two saved states to resume from; null: as often as evaluations.
    #[schemars(range(min = 1))]
    pub save_every: Option<u64>,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            steps: 10_000,
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            rates: BTreeMap::new(),
            batch: Batch::default(),
            mixing: Mixing::default(),
            accumulate: 1,
            precision: Precision::default(),
            recompute: None,
            exchange: Exchange::default(),
            label_smoothing: 0.1,
            clip_norm: Some(1.0),
            log_every: 50,
            save_every: None,
        }
    }
}

/// The numbers that products of a transformer's matrices are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32 bits.
    #[default]
    Float32,
    /// 16 bits, rounded to the nearest (bfloat16), with sums of 32 bits (Micikevicius et al. 2018, "Mixed Precision
    /// Training"; Kalamkar et al. 2019). On flex sums have an order: that which the processor has instructions for, as one of
    /// the two below, which the run keeps wherever it is resumed.
    Bfloat16,
    /// `bfloat16`, with sums in the order of AMX, which recent Xeons have. Elsewhere the same bytes come slowly.
    Bfloat16Tiles,
    /// `bfloat16`, with sums in the order of AVX512_BF16, which EPYC processors have since 2022. Elsewhere the same bytes
    /// come slowly.
    Bfloat16Pairs,
}

/// The part of the forward pass that is computed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recompute {
    /// Each layer of encoder and decoder: its input alone is kept.
    Layers,
}

/// The numbers in which ranks send gradients to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exchange {
    /// 32 bits: any number of ranks ends with the same bytes.
    #[default]
    Float32,
    /// 16 bits (bfloat16), rounded to the nearest: half as much is sent, and the bytes depend on the number of ranks.
    Bfloat16,
}

/// A factor of the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Factor(#[schemars(range(min = 0.0, max = 1000.0))] pub f64);

/// The size and content of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Batch {
    /// The most positions of the longer side of a batch, padding included.
    #[schemars(range(min = 1))]
    pub tokens: usize,
    /// The longest source in positions; samples with a longer one are left out of training, counted and reported.
    #[schemars(range(min = 1))]
    pub max_source_length: usize,
    /// The longest target in positions; samples with a longer one are left out of training, counted and reported.
    #[schemars(range(min = 1))]
    pub max_target_length: usize,
    /// The number of batches that are prepared ahead on another thread.
    #[schemars(range(min = 1, max = 1024))]
    pub prefetch: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self { tokens: 4096, max_source_length: 256, max_target_length: 256, prefetch: 4 }
    }
}

/// The proportions in which tasks share the steps, before their weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Mixing {
    /// An equal number of batches from each task.
    #[default]
    Equal,
    /// By size, flattened (Arivazhagan et al. 2019): a task's batches an epoch to the power of `1 / temperature`.
    BySize {
        /// The temperature. 1: in proportion to size; the larger, the more equal.
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
    /// The decay of the mean of gradients.
    #[schemars(range(min = 0.0, max = 0.9999))]
    pub beta_1: f64,
    /// The decay of the mean of squared gradients.
    #[schemars(range(min = 0.0, max = 0.999_999))]
    pub beta_2: f64,
    /// The number added to the divisor, which keeps the quotient finite.
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
    /// The decay of the mean of gradients.
    #[schemars(range(min = 0.0, max = 0.9999))]
    pub beta_1: f64,
    /// The decay of the mean of squared gradients.
    #[schemars(range(min = 0.0, max = 0.999_999))]
    pub beta_2: f64,
    /// The number added to the divisor, which keeps the quotient finite.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub epsilon: f64,
    /// The decoupled weight decay: the share of each matrix that a step of rate 1 takes away; vectors are spared.
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
#[non_exhaustive]
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
    /// The momentum: the share of the last update that is kept.
    #[schemars(range(min = 0.0, max = 0.9999))]
    pub momentum: f64,
}

/// The schedule of the learning rate; `warmup` counts steps of linear growth from 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// A constant rate after the warm-up.
    Constant {
        /// The rate.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        peak: f64,
        /// The number of steps of warm-up.
        #[serde(default)]
        warmup: u64,
    },
    /// A straight line from `peak` down to `floor`, reached at the last step.
    Linear {
        /// The highest rate.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        peak: f64,
        /// The number of steps of warm-up.
        #[serde(default)]
        warmup: u64,
        /// The last rate.
        #[serde(default)]
        #[schemars(range(min = 0.0))]
        floor: f64,
    },
    /// Half a cosine from `peak` down to `floor`, reached at the last step (Loshchilov and Hutter 2017).
    Cosine {
        /// The highest rate.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        peak: f64,
        /// The number of steps of warm-up.
        #[serde(default)]
        warmup: u64,
        /// The last rate.
        #[serde(default)]
        #[schemars(range(min = 0.0))]
        floor: f64,
    },
    /// The schedule of "Attention Is All You Need": `factor * d_model^-0.5 * min(step^-0.5, step * warmup^-1.5)`.
    Noam {
        /// The factor of the rate.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        factor: f64,
        /// The number of steps of warm-up.
        #[schemars(range(min = 1))]
        warmup: u64,
    },
    /// The inverse square root of the step, `peak * sqrt(warmup / step)`, after the warm-up.
    InverseSqrt {
        /// The highest rate.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        peak: f64,
        /// The number of steps of warm-up.
        #[schemars(range(min = 1))]
        warmup: u64,
    },
    /// A rate that is multiplied by `factor` after `patience` evaluations without an improvement.
    Plateau {
        /// The highest rate.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        peak: f64,
        /// The number of steps of warm-up.
        #[serde(default)]
        warmup: u64,
        /// The factor of the rate.
        #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
        factor: f64,
        /// The number of evaluations without an improvement.
        #[schemars(range(min = 1))]
        patience: usize,
    },
    /// A schedule of the program's own.
    // Its name and options are added where the registry of plug-ins is known.
    #[serde(untagged)]
    #[schemars(skip)]
    Plugged(Plugged),
}

impl Default for Schedule {
    fn default() -> Self {
        Self::InverseSqrt { peak: 1e-3, warmup: 1000 }
    }
}
