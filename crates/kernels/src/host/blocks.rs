//! Pieces of work, cut by its shape alone and never by the number of threads, so that every sum is taken in one order.

use std::ops::Range;

use rayon::prelude::*;

use super::simd::{LANES, add, vectorized};

/// The most rows of one piece: what one operation writes should be in the core's own cache for the next.
const MOST_ROWS: usize = 64;

/// Rows of one piece of `rows` rows: pieces are of one size and as many as two, four or, where they are more, eight threads
/// share evenly.
pub fn block_rows(rows: usize) -> usize {
    let pieces = match rows.div_ceil(MOST_ROWS) {
        0..=4 => 4,
        more => more.next_multiple_of(8),
    };
    rows.div_ceil(pieces).next_multiple_of(2 * LANES).max(2 * LANES)
}

/// The pieces of `rows` rows.
pub fn blocks(rows: usize, block: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(block.max(1)).map(move |start| start..(start + block).min(rows))
}

/// Groups of pieces whose sums over rows are kept apart until the end, so that threads need not wait for one another.
const GROUPS: usize = 32;

/// The pieces that rows are cut into, and the groups of consecutive pieces that have sums of their own.
#[derive(Clone, Copy, Debug)]
pub struct Pieces {
    rows: usize,
    /// Rows of a piece.
    block: usize,
    /// Rows of a group.
    group: usize,
}

impl Pieces {
    /// The pieces of `rows` rows.
    pub fn new(rows: usize, block: usize) -> Self {
        Self { rows, block, group: rows.div_ceil(block).div_ceil(GROUPS).max(1) * block }
    }

    /// The number of pieces.
    pub fn count(&self) -> usize {
        self.rows.div_ceil(self.block)
    }

    /// The number of groups.
    pub fn groups(&self) -> usize {
        self.rows.div_ceil(self.group)
    }

    /// The number of the piece that begins at a row.
    pub fn piece_at(&self, first: usize) -> usize {
        first / self.block
    }

    /// The number of the group that the piece at a row belongs to.
    pub fn group_at(&self, first: usize) -> usize {
        first / self.group
    }
}

/// Goes through all pieces of the rows of `output`, `[rows, row_width]`, in parallel, each with `scratch` of its own
/// and a partial sum, `[sums]`; gives the sum, `[sums]`.
///
/// Pieces lie in a fixed number of groups; a group goes through its pieces in order, and groups are added in
/// order.
pub fn reduce_rows<O: Send, S>(
    output: &mut [O],
    row_width: usize,
    pieces: &Pieces,
    sums: usize,
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(Range<usize>, &mut [O], &mut [f32], &mut S) + Sync,
) -> Vec<f32> {
    let (width, &Pieces { block, group: group_rows, .. }) = (row_width.max(1), pieces);
    let partial_sums: Vec<Vec<f32>> = output
        .par_chunks_mut(group_rows * width)
        .enumerate()
        .with_max_len(1)
        .map(|(group, output)| {
            let mut partial = vec![0.0; sums];
            let mut scratch = scratch();
            for (number, output) in output.chunks_mut(block * width).enumerate() {
                let start = group * group_rows + number * block;
                work(start..start + output.len() / width, output, &mut partial, &mut scratch);
            }
            partial
        })
        .collect();
    sum_of_groups(partial_sums).unwrap_or_else(|| vec![0.0; sums])
}

/// The sum of the groups' sums, `[sums]` each, in their order; none of no groups.
pub fn sum_of_groups(groups: impl IntoIterator<Item = Vec<f32>>) -> Option<Vec<f32>> {
    const PIECE: usize = 1 << 14;
    let mut groups = groups.into_iter();
    let mut total = groups.next()?;
    let others: Vec<Vec<f32>> = groups.collect();
    let add_all = |(piece, total): (usize, &mut [f32])| {
        for other in &others {
            vectorized!(add(total, &other[piece * PIECE..][..total.len()]));
        }
    };
    if total.len() > 4 * PIECE {
        total.par_chunks_mut(PIECE).enumerate().for_each(add_all);
    } else {
        total.chunks_mut(PIECE).enumerate().for_each(add_all);
    }
    Some(total)
}

/// Values of large memory that one thread fills at a time.
const FILLED: usize = 1 << 10;

/// Values from which on all threads fill memory.
const SHARED: usize = 1 << 16;

/// Zeros, `[length]`, which all threads write where they are many: while one of them did, the others would wait.
pub fn zeros(length: usize) -> Vec<f32> {
    if length < SHARED { vec![0.0; length] } else { filled(length, |_| [0.0; FILLED]) }
}

/// The same values, `[length]`, which all threads copy where they are many.
pub fn copied(values: &[f32]) -> Vec<f32> {
    if values.len() < SHARED {
        return values.to_vec();
    }
    let (whole, rest) = values.as_chunks::<FILLED>();
    filled(values.len(), |piece| match whole.get(piece) {
        Some(values) => *values,
        None => std::array::from_fn(|place| rest.get(place).copied().unwrap_or_default()),
    })
}

/// Values, `[length]`, piece by piece in parallel.
fn filled(length: usize, piece: impl Fn(usize) -> [f32; FILLED] + Send + Sync) -> Vec<f32> {
    let pieces: Vec<[f32; FILLED]> =
        (0..length.div_ceil(FILLED)).into_par_iter().with_min_len(SHARED / FILLED / 4).map(piece).collect();
    let mut values = pieces.into_flattened();
    values.truncate(length);
    values
}

/// Splits a slice, `[n]`, into consecutive parts of the given lengths.
///
/// # Panics
///
/// When the slice is shorter than the lengths together.
pub fn split<const N: usize>(mut values: &mut [f32], lengths: [usize; N]) -> [&mut [f32]; N] {
    lengths.map(|length| {
        let (part, rest) = std::mem::take(&mut values).split_at_mut(length);
        values = rest;
        part
    })
}

/// The first values of a buffer, `[length]`, which grows when it must; they are left over from before.
pub fn sized(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
    &mut buffer[..length]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_values_are_written_as_few_are() {
        for length in [0, 1, SHARED - 1, SHARED, SHARED + 1, 2 * SHARED + FILLED - 1] {
            let values: Vec<f32> = (0..length).map(|place| place as f32 + 1.0).collect();
            assert_eq!(copied(&values), values);
            assert_eq!(zeros(length), vec![0.0; length]);
        }
    }

    #[test]
    fn groups_of_pieces_go_through_all_rows_in_order() {
        for (rows, block) in [(0, 32), (1, 32), (100, 32), (4096, 128), (999, 64)] {
            let pieces = Pieces::new(rows, block);
            let mut numbers: Vec<usize> = (0..rows).collect();
            let sum = reduce_rows(
                &mut numbers,
                1,
                &pieces,
                1,
                || (),
                |range, numbers, sum, ()| {
                    assert_eq!(numbers, range.clone().collect::<Vec<usize>>());
                    assert!(pieces.piece_at(range.start) < pieces.count());
                    assert!(pieces.group_at(range.start) < pieces.groups() && pieces.groups() <= GROUPS);
                    sum[0] += numbers.len() as f32;
                },
            );
            assert_eq!(sum, [rows as f32]);
        }
    }
}
