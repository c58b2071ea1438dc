//! Edit distance between two sequences (Levenshtein 1966).
//!
//! The number of edits is unique; the number of substitutions among them is not. Of equally short paths we
//! count the one that rapidfuzz, and so jiwer, traces back: from the end, a deletion if there is one, else
//! an insertion, else a substitution. The step from a cell depends on its neighbours alone, so the
//! substitutions on the path are counted forward, in the memory of two rows. (Where the product of both lengths
//! exceeds about four million, rapidfuzz divides the problem first and may count some substitutions as pairs
//! of deletion and insertion or the reverse; the sum is the same.)

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Edits between a hypothesis and its reference, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Edits {
    /// Units of the reference that are in the hypothesis.
    pub hits: usize,
    /// Units of the reference that are replaced.
    pub substitutions: usize,
    /// Units of the reference that are missing.
    pub deletions: usize,
    /// Units of the hypothesis that are too many.
    pub insertions: usize,
}

impl Edits {
    /// The fewest edits that turn the reference into the hypothesis.
    pub fn between<T: PartialEq>(reference: &[T], hypothesis: &[T]) -> Self {
        let prefix = reference.iter().zip(hypothesis).take_while(|(r, h)| r == h).count();
        let (r, h) = (&reference[prefix..], &hypothesis[prefix..]);
        let suffix = r.iter().rev().zip(h.iter().rev()).take_while(|(r, h)| r == h).count();
        let (distance, substitutions) = distance(&r[..r.len() - suffix], &h[..h.len() - suffix]);

        // Deletions minus insertions is the difference in length, their sum what is left of the distance.
        let unpaired = distance - substitutions;
        let deletions = (unpaired + reference.len() - hypothesis.len()) / 2;
        let hits = reference.len() - substitutions - deletions;
        Self { hits, substitutions, deletions, insertions: unpaired - deletions }
    }

    /// Number of all edits.
    pub fn errors(&self) -> usize {
        self.substitutions + self.deletions + self.insertions
    }

    /// The length of the reference.
    pub fn reference_length(&self) -> usize {
        self.hits + self.substitutions + self.deletions
    }

    /// Edits per unit of the reference. When the reference is empty this is their number, as jiwer has it.
    pub fn rate(&self) -> f64 {
        self.errors() as f64 / self.reference_length().max(1) as f64
    }
}

impl AddAssign for Edits {
    fn add_assign(&mut self, other: Self) {
        self.hits += other.hits;
        self.substitutions += other.substitutions;
        self.deletions += other.deletions;
        self.insertions += other.insertions;
    }
}

/// A cell of the table: the distance between two prefixes, and the substitutions on the way to it.
#[derive(Clone, Copy)]
struct Cell {
    distance: usize,
    substitutions: usize,
}

/// The distance between both sequences, and the number of substitutions among its edits.
fn distance<T: PartialEq>(reference: &[T], hypothesis: &[T]) -> (usize, usize) {
    let edge = |distance| Cell { distance, substitutions: 0 };
    let mut above: Vec<Cell> = (0..=reference.len()).map(edge).collect();
    let mut row = above.clone();
    for (written, word) in (1..).zip(hypothesis) {
        row[0] = edge(written);
        for (read, unit) in (1..).zip(reference) {
            let (left, corner, top) = (row[read - 1], above[read - 1], above[read]);
            let changed = usize::from(unit != word);
            let distance = (corner.distance + changed).min(left.distance + 1).min(top.distance + 1);
            let substitutions = if distance == left.distance + 1 {
                left.substitutions
            } else if top.distance < corner.distance {
                top.substitutions
            } else {
                corner.substitutions + changed
            };
            row[read] = Cell { distance, substitutions };
        }
        std::mem::swap(&mut above, &mut row);
    }
    let last = above[reference.len()];
    (last.distance, last.substitutions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_each_kind() {
        let cases = [
            ("", "", [0, 0, 0, 0]),
            ("abc", "abc", [3, 0, 0, 0]),
            ("abc", "", [0, 0, 3, 0]),
            ("", "abc", [0, 0, 0, 3]),
            ("kitten", "sitting", [4, 2, 0, 1]),
            ("abcd", "bcde", [3, 0, 1, 1]),
            ("ab", "ba", [1, 0, 1, 1]),
        ];
        for (reference, hypothesis, [hits, substitutions, deletions, insertions]) in cases {
            let expected = Edits { hits, substitutions, deletions, insertions };
            let found = Edits::between(reference.as_bytes(), hypothesis.as_bytes());
            assert_eq!(found, expected, "{reference} {hypothesis}");
        }
    }
}
