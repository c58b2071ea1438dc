//! How often a model is right, by a number that every sample has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which samples, and by which number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DistanceQuery {
    /// The number of the run.
    pub run: usize,
    /// The checkpoint; `best` when left out.
    pub checkpoint: Option<String>,
    /// The number of the task.
    pub task: usize,
    /// The split.
    pub split: String,
    /// The field of the dataset that holds the number.
    pub field: String,
    /// The first sample, from 0.
    pub from: usize,
    /// How many samples, at most 256.
    pub count: usize,
}

impl Default for DistanceQuery {
    fn default() -> Self {
        let (split, field) = ("test".to_owned(), "distance".to_owned());
        Self { run: 0, checkpoint: None, task: 0, split, field, from: 0, count: 256 }
    }
}

/// How often a model is right, by a number that every sample has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Distances {
    /// How many samples the split has; 0 where they have no such field.
    pub total: usize,
    /// The sample to go on from; null at the end of the split.
    pub next: Option<usize>,
    /// One for each number that occurs, in rising order.
    pub groups: Vec<DistanceGroup>,
}

/// The samples of one number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DistanceGroup {
    /// The number.
    pub distance: f64,
    /// How many samples have it.
    pub samples: usize,
    /// Of how many the whole output is right.
    pub right: usize,
    /// Of how many the first token is right: the verb, where the question begins with it.
    pub first_right: usize,
}
