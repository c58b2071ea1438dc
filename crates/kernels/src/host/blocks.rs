//! Pieces of work, cut by its shape alone and never by the number of threads, so that every sum is taken in one order.

use std::ops::Range;

use rayon::prelude::*;

use super::products::Products;
use super::simd::{LANES, add, vectorized};

/// The most rows of one piece. A product of 32-bit floats reads all of its weights anew for each piece, so pieces are
/// large; the rest of the arithmetic beside it should still fit a core's own cache.
const MOST_ROWS: usize = 512;

/// The most rows of one piece in bfloat16, whose weights are made ready once for all pieces: what one operation writes
/// should be in the core's own cache for the next.
const MOST_PACKED_ROWS: usize = 128;

/// Rows of one piece of `rows` rows, whose products have an arithmetic: pieces are of one size and as many as two, four or,
/// where they are more, eight threads share evenly.
pub fn block_rows(rows: usize, products: Products) -> usize {
    let (most, multiple) = match products {
        Products::Float32 => (MOST_ROWS, LANES),
        Products::Bfloat16(_) => (MOST_PACKED_ROWS, 2 * LANES),
    };
    let pieces = match rows.div_ceil(most) {
        0..=4 => 4,
        more => more.next_multiple_of(8),
    };
    rows.div_ceil(pieces).next_multiple_of(multiple).max(2 * LANES)
}

/// The pieces of `rows` rows.
pub fn blocks(rows: usize, block: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(block.max(1)).map(move |start| start..(start + block).min(rows))
}

/// Sums over rows that are kept apart until the end, so that threads need not wait for one another.
const PARTIAL_SUMS: usize = 8;

/// Partial sums of large parameters are fewer, so that they do not fill the memory.
const LARGE: usize = 1 << 20;

/// Goes through all pieces of the rows of `output`, `[rows, row_width]`, in parallel, each with `scratch` of its own
/// and a partial sum, `[sums]`; gives the sum, `[sums]`.
///
/// Pieces lie in a fixed number of groups; a group goes through its pieces in order, and groups are added in
/// order.
pub fn reduce_rows<O: Send, S>(
    output: &mut [O],
    row_width: usize,
    block: usize,
    sums: usize,
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(Range<usize>, &mut [O], &mut [f32], &mut S) + Sync,
) -> Vec<f32> {
    let width = row_width.max(1);
    let rows = output.len() / width;
    let groups = if sums > LARGE { PARTIAL_SUMS / 2 } else { PARTIAL_SUMS };
    let group_rows = rows.div_ceil(block).div_ceil(groups).max(1) * block;
    let partial_sums: Vec<Vec<f32>> = output
        .par_chunks_mut(group_rows * width)
        .enumerate()
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
    let mut partial_sums = partial_sums.into_iter();
    let mut total = partial_sums.next().unwrap_or_else(|| vec![0.0; sums]);
    const PIECE: usize = 1 << 14;
    let others: Vec<Vec<f32>> = partial_sums.collect();
    let add_all = |(piece, total): (usize, &mut [f32])| {
        for other in &others {
            vectorized!(add(total, &other[piece * PIECE..][..total.len()]));
        }
    };
    if sums > 4 * PIECE {
        total.par_chunks_mut(PIECE).enumerate().for_each(add_all);
    } else {
        total.chunks_mut(PIECE).enumerate().for_each(add_all);
    }
    total
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
