//! Accuracy by distance, a numeric field of every sample.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::Reference;

/// The samples that are counted, and the field that groups them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DistanceQuery {
    /// The run.
    pub run: Reference,
    /// The checkpoint; `best` if left out.
    pub checkpoint: Option<String>,
    /// The task.
    pub task: Reference,
    /// The split.
    pub split: String,
    /// The field of the dataset that holds the distance.
    pub field: String,
    /// The first sample, from 0.
    pub from: usize,
    /// The number of samples, at most 256.
    pub count: usize,
}

impl Default for DistanceQuery {
    fn default() -> Self {
        let (split, field) = ("test".to_owned(), "distance".to_owned());
        Self {
            run: Reference::default(),
            checkpoint: None,
            task: Reference::default(),
            split,
            field,
            from: 0,
            count: 256,
        }
    }
}

/// The accuracy of a model by distance, a numeric field of every sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Distances {
    /// The number of samples of the split; 0 if they have no such field.
    pub total: usize,
    /// The sample to go on from; null at the end of the split.
    pub next: Option<usize>,
    /// One group for each distance that occurs, in rising order.
    pub groups: Vec<DistanceGroup>,
}

/// The samples of one distance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct DistanceGroup {
    /// The distance.
    pub distance: f64,
    /// The number of samples.
    pub samples: usize,
    /// The number of samples whose whole output is right.
    pub right: usize,
    /// The number of samples whose first token is right: the verb, if a question begins with it.
    pub first_right: usize,
}
