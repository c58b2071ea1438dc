//! Options that change the samples of a dataset before a model sees them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Problem;

/// One text, or a list of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Texts {
    /// One text.
    One(String),
    /// Any of several.
    Several(Vec<String>),
}

impl Texts {
    /// The list of all texts.
    pub fn list(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

/// A new division of samples into splits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Split {
    /// Tests on the samples of which these fields have one of these values (`subject: subject03`), and trains
    /// on all others, whichever split the dataset has them in.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub leave_out: BTreeMap<String, Texts>,
    /// Takes shares of the training samples for validation and test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<Shares>,
}

/// Shares of the training samples. A split that gets one is that share alone; one that gets none stays as
/// the dataset has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Shares {
    /// The share for validation, which decides on the best checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0001, max = 0.9))]
    pub validation: Option<f64>,
    /// The share for test, on which the finished model is scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0001, max = 0.9))]
    pub test: Option<f64>,
    /// The field whose samples of one value stay together in one split; left out, each sample is divided by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl Split {
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let shares = self.shares.as_ref();
        match shares {
            None if self.leave_out.is_empty() => {
                let help = "add `leave_out`, `shares`, or both";
                found.push(Problem::new("", "`split` says nothing", help));
            }
            Some(Shares { validation: None, test: None, .. }) => {
                let help = "add `validation`, `test`, or both, such as `validation: 0.1`";
                found.push(Problem::new("/shares", "`shares` gives no share away", help));
            }
            Some(Shares { test: Some(_), .. }) if !self.leave_out.is_empty() => {
                let help = "take it away: the test is what is left out";
                found.push(Problem::new("/shares/test", "`test` cannot stand beside `leave_out`", help));
            }
            Some(Shares { validation: Some(validation), test: Some(test), .. })
                if validation + test > 0.95 =>
            {
                let message = format!("shares of {validation} and {test} leave too little to train on");
                found.push(Problem::new("/shares/test", message, "give away less"));
            }
            _ => {}
        }
        for (field, values) in &self.leave_out {
            if values.list().is_empty() {
                let pointer = crate::node::below("/leave_out", field);
                found.push(Problem::new(pointer, "no value is left out", "name one or more"));
            }
        }
        found
    }
}

/// Longer samples: several that follow each other, every field becoming a series of its values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Join {
    /// The range of the number of joined samples: at least the first, at most the second, each equally often.
    #[schemars(length(min = 2, max = 2))]
    pub count: [usize; 2],
    /// The field that joined samples have in common; it stays a single value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The number of joined samples in training.
    #[serde(default = "join_samples")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub samples: usize,
    /// The number of joined samples in validation and in test.
    #[serde(default = "join_test_samples")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub test_samples: usize,
}

fn join_samples() -> usize {
    20_000
}

fn join_test_samples() -> usize {
    1000
}

/// The most samples that are joined to one.
const MOST_JOINED: usize = 1000;

impl Join {
    pub(super) fn problems(&self) -> Vec<Problem> {
        let [least, most] = self.count;
        if (1..=most).contains(&least) && most <= MOST_JOINED {
            return Vec::new();
        }
        let message = format!("`count` cannot be from {least} to {most}");
        let help = format!("write the fewest and then the most, from 1 to {MOST_JOINED}: `count: [3, 6]`");
        vec![Problem::new("/count", message, help)]
    }
}

/// Samples paired with samples of another dataset.
///
/// Every sample of a split gets the fields of a sample of the same split of the other dataset, drawn at random
/// among those whose field `on` has the same text. When the other dataset lacks a split, a tenth of its
/// training samples stand for it, and the training samples are the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Pair {
    /// The other dataset: its name, or the path of its manifest, which ends in `.yaml`.
    #[schemars(length(min = 1))]
    pub dataset: String,
    /// The field by which samples are paired, which both datasets have.
    #[schemars(length(min = 1))]
    pub on: String,
    /// The number of training pairs: each sample in turn, with a partner drawn anew. Left out: one for each sample, as
    /// always in validation and test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub samples: Option<usize>,
}

/// Limits on the number of samples of each split: the first ones after a shuffle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limit {
    /// The most training samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub train: Option<usize>,
    /// The most validation samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub validation: Option<usize>,
    /// The most test samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub test: Option<usize>,
}
