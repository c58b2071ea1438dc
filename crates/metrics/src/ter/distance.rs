//! The edit distance of Tercom: near the diagonal only, with its preferences among equal ways.
//!
//! Shifting a phrase leaves the words before it where they are, so the cost of a shift is computed from the
//! rows that follow them only.

use std::ops::Range;

/// Distance from the diagonal within which cells are computed.
const BEAM: usize = 25;
/// The cost of a cell outside the beam; sums of two do not overflow.
const FAR: u32 = u32::MAX / 4;

/// An edit that turns the hypothesis into the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    Keep,
    Replace,
    /// A word of the reference is inserted.
    Insert,
    /// A word of the hypothesis is deleted.
    Delete,
}

/// A cell of the table. Cells out of reach keep [`FAR`] and are never on a path.
#[derive(Clone, Copy)]
struct Cell {
    cost: u32,
    edit: Edit,
}

const UNREACHED: Cell = Cell { cost: FAR, edit: Edit::Replace };

/// The table of edit distances between the beginnings of a hypothesis and of its reference.
pub(super) struct Table<'a> {
    reference: &'a [u32],
    /// The range of the cells that are computed in each row.
    bands: Vec<Range<usize>>,
    rows: Vec<Vec<Cell>>,
}

/// Alignment of the words of a reference and a hypothesis, with the words that are wrong.
pub(super) struct Alignment {
    /// For each word of the reference: the number of words of the hypothesis up to the one that is aligned to it.
    pub(super) upto: Vec<usize>,
    /// Words of the reference without an equal in the hypothesis.
    pub(super) reference_errors: Vec<bool>,
    /// Words of the hypothesis that differ from the reference.
    pub(super) hypothesis_errors: Vec<bool>,
}

impl<'a> Table<'a> {
    pub(super) fn new(hypothesis: &[u32], reference: &'a [u32]) -> Self {
        let first = (0..=reference.len() as u32).map(|cost| Cell { cost, edit: Edit::Insert }).collect();
        let mut rows = vec![first];
        rows.resize(hypothesis.len() + 1, vec![UNREACHED; reference.len() + 1]);
        let mut table = Self { reference, bands: bands(hypothesis.len(), reference.len()), rows };
        table.update(hypothesis);
        table
    }

    /// Computes the table for other words, as many as before.
    pub(super) fn update(&mut self, hypothesis: &[u32]) {
        for (at, &word) in hypothesis.iter().enumerate() {
            let (above, below) = self.rows.split_at_mut(at + 1);
            fill(&mut below[0], &above[at], self.bands[at].clone(), word, self.reference);
        }
    }

    /// The edits between the whole hypothesis and the whole reference.
    pub(super) fn cost(&self) -> u32 {
        self.rows.last().map_or(0, |row| row[self.reference.len()].cost)
    }

    /// The [`cost`](Self::cost) of a hypothesis that is the table's up to `unchanged` words.
    pub(super) fn cost_of(&self, hypothesis: &[u32], unchanged: usize) -> u32 {
        let mut above = self.rows[unchanged].clone();
        let mut row = above.clone();
        for (at, &word) in hypothesis.iter().enumerate().skip(unchanged) {
            fill(&mut row, &above, self.bands[at].clone(), word, self.reference);
            std::mem::swap(&mut above, &mut row);
        }
        above[self.reference.len()].cost
    }

    /// The alignment that the fewest edits imply.
    pub(super) fn alignment(&self) -> Alignment {
        let (mut written, mut read) = (self.rows.len() - 1, self.reference.len());
        let mut alignment = Alignment {
            upto: vec![0; read],
            reference_errors: vec![true; read],
            hypothesis_errors: vec![true; written],
        };
        while written > 0 || read > 0 {
            // The edges of the table have one path only.
            let edit = match (written, read) {
                (0, _) => Edit::Insert,
                (_, 0) => Edit::Delete,
                _ => self.rows[written][read].edit,
            };
            if edit != Edit::Delete {
                alignment.upto[read - 1] = written;
                alignment.reference_errors[read - 1] = edit != Edit::Keep;
            }
            if edit != Edit::Insert {
                alignment.hypothesis_errors[written - 1] = edit != Edit::Keep;
            }
            read -= usize::from(edit != Edit::Delete);
            written -= usize::from(edit != Edit::Insert);
        }
        alignment
    }
}

/// The cells around the diagonal of each row; the last row goes to its end.
fn bands(hypothesis: usize, reference: usize) -> Vec<Range<usize>> {
    let slope = reference as f64 / hypothesis.max(1) as f64;
    // With very different lengths, the bands of neighbouring rows must still overlap.
    let beam = if (BEAM as f64) < slope / 2.0 { (slope / 2.0 + BEAM as f64).ceil() as usize } else { BEAM };
    (1..=hypothesis)
        .map(|row| {
            let diagonal = (row as f64 * slope).floor() as usize;
            let end = if row == hypothesis { reference + 1 } else { (reference + 1).min(diagonal + beam) };
            diagonal.saturating_sub(beam)..end
        })
        .collect()
}

/// Computes a row from the one above. Of equally cheap edits, keeping or replacing goes before deletion, and that
/// before insertion: Tercom's order as seen from the reference.
fn fill(row: &mut [Cell], above: &[Cell], band: Range<usize>, word: u32, reference: &[u32]) {
    row.fill(UNREACHED);
    for read in band {
        let delete = Cell { cost: above[read].cost + 1, edit: Edit::Delete };
        if read == 0 {
            row[0] = delete;
            continue;
        }
        let corner = above[read - 1].cost;
        let mut best = if word == reference[read - 1] {
            Cell { cost: corner, edit: Edit::Keep }
        } else {
            Cell { cost: corner + 1, edit: Edit::Replace }
        };
        if delete.cost < best.cost {
            best = delete;
        }
        if row[read - 1].cost + 1 < best.cost {
            best = Cell { cost: row[read - 1].cost + 1, edit: Edit::Insert };
        }
        if best.cost < FAR {
            row[read] = best;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_and_alignment() {
        let (hypothesis, reference) = ([1, 2, 9, 4], [1, 2, 3, 3, 4, 5]);
        let table = Table::new(&hypothesis, &reference);
        assert_eq!(table.cost(), 3);
        let alignment = table.alignment();
        assert_eq!(alignment.upto.len(), 6);
        assert_eq!(alignment.upto[0..2], [1, 2]);
        assert_eq!(alignment.hypothesis_errors, [false, false, true, false]);
        assert_eq!(alignment.reference_errors, [false, false, true, true, false, true]);
        assert_eq!(table.cost_of(&[1, 2, 3, 4], 2), 2);
    }

    #[test]
    fn very_different_lengths_still_connect() {
        let long: Vec<u32> = (0..500).collect();
        assert_eq!(Table::new(&[7, 370], &long).cost(), 499);
        assert_eq!(Table::new(&long, &[7]).cost(), 499);
        assert_eq!(Table::new(&[], &long).cost(), 500);
    }
}
