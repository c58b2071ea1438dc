//! Plan of a task's searches: their tokens, rules and options, as plain data that can be kept in a file.

use serde::{Deserialize, Serialize};

use crate::{LengthRule, OutputLengths, SearchOptions, SourceRow};

/// Plan of a task's searches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchPlan {
    /// The token that is fed first.
    pub begin: u32,
    /// The token that ends an output.
    pub end: u32,
    /// Tokens that are never chosen.
    pub forbidden: Vec<u32>,
    /// The strategy and its rules.
    pub options: SearchOptions,
    /// What limits the lengths of outputs.
    pub lengths: LengthRule,
}

impl SearchPlan {
    /// A row of a search for a source of so many positions (`None` without a source), whose output begins with a prefix.
    pub fn row(&self, number: usize, source: Option<usize>, prefix: Vec<u32>) -> SourceRow {
        let OutputLengths { least, most } = self.lengths.of(source, prefix.len());
        SourceRow { max_length: most, min_length: least, prefix, id: number as u64 }
    }
}
