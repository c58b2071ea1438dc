//! Findings about a split that is read in parts: counted as they come, and known again by the process that goes on.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use any2any_adapter::Value;
use any2any_data::{Broken, Filtered, PassedOver};
use serde::{Deserialize, Serialize};

use crate::oddities::Oddities;
use crate::opened_split::Warnings;

/// What was found in the samples so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Findings {
    /// Number of samples, those counted that cannot be encoded; not the lines that cannot be read.
    pub(super) samples: usize,
    /// Number of chunks in which they came, some of which have flaws alone.
    pub(super) chunks: usize,
    pub(super) broken: Broken,
    pub(super) warnings: Warnings,
    pub(super) remarks: Vec<String>,
    pub(super) passed_over: Vec<PassedOver>,
    /// Samples that filters have left out; they are not among `samples`.
    #[serde(default)]
    pub(super) filtered: Filtered,
    pub(super) oddities: Oddities,
    /// The checksum of all examples, as [`checksum`](crate::checksum) computes it.
    pub(super) checksum: u32,
    /// Number of bytes over which it goes.
    pub(super) checksum_bytes: usize,
    /// The first reason why a sample cannot be encoded.
    pub(super) first: Option<String>,
}

/// Texts that were seen, as digests of 64 bits: of ten million samples, two unlike ones are taken for alike with a
/// probability of about 3 in a million.
#[derive(Debug, Default)]
pub(super) struct Seen(HashSet<u64>);

impl Seen {
    /// Notes the texts of a sample; false if they were noted before.
    pub(super) fn note(&mut self, digest: u64) -> bool {
        self.0.insert(digest)
    }
}

/// A digest of the texts of a sample; none of samples that are not compared: of other values, and without any text.
pub(super) fn digest(source: Option<&Value>, target: &Value) -> Option<u64> {
    let texts = Oddities::default().count(source, target, false)?;
    let mut hasher = DefaultHasher::new();
    texts.hash(&mut hasher);
    Some(hasher.finish())
}
