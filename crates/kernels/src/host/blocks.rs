//! Pieces of work, cut by its shape alone and never by the number of threads, so that every sum is taken in one order.

#![allow(unsafe_code)] // memory that is written piece by piece

use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use rayon::slice::ChunksMut;

use super::simd::{LANES, add, vectorized};

/// The most rows of one piece: what one operation writes should be in the core's own cache for the next.
const MOST_ROWS: usize = 64;

/// Rows of one piece of `rows` rows, rounded up to whole registers.
pub fn block_rows(rows: usize) -> usize {
    even_rows(rows).next_multiple_of(2 * LANES)
}

/// Rows of one piece of `rows` rows, at least one: pieces are of one size and as many as two, four or, where they are more, eight
/// threads share evenly, so that they end at one time.
pub fn even_rows(rows: usize) -> usize {
    let pieces = match rows.div_ceil(MOST_ROWS) {
        0..=4 => 4,
        more => more.next_multiple_of(8),
    };
    rows.div_ceil(pieces).max(1)
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

/// Goes through all pieces of the rows of an output, `[rows, row_width]`, in parallel, each with `scratch` of its own
/// and a partial sum, `[sums]`; gives the output, which begins as zeros, and the sum.
///
/// Pieces lie in a fixed number of groups; a group goes through its pieces in order, and groups are added in
/// order.
pub fn reduce_rows<S: Send>(
    row_width: usize,
    pieces: &Pieces,
    sums: usize,
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(Range<usize>, &mut [f32], &mut [f32], &mut S) + Sync,
) -> (Vec<f32>, Vec<f32>) {
    let (width, &Pieces { rows, block, group: group_rows }) = (row_width.max(1), pieces);
    let mut output = Fresh::new(rows * row_width);
    let buffers = Buffers::new(scratch);
    let partial_sums: Vec<Vec<f32>> = output
        .par_pieces(group_rows * width)
        .enumerate()
        .with_max_len(1)
        .map(|(group, output)| {
            let mut partial = vec![0.0; sums];
            buffers.with(|scratch| {
                for (number, output) in output.chunks_mut(block * width).enumerate() {
                    let start = group * group_rows + number * block;
                    work(start..start + output.len() / width, output, &mut partial, scratch);
                }
            });
            partial
        })
        .collect();
    (output.finish(), sum_of_groups(partial_sums).unwrap_or_else(|| vec![0.0; sums]))
}

/// Buffers of the threads that share some work: each piece gets those that another gave back, which are in the core's own cache.
#[derive(Debug)]
pub struct Buffers<S, Make> {
    make: Make,
    spare: Mutex<Vec<S>>,
}

impl<S, Make: Fn() -> S> Buffers<S, Make> {
    /// Buffers that are made as often as threads need some at one time.
    pub fn new(make: Make) -> Self {
        Self { make, spare: Mutex::default() }
    }

    /// Does a piece of the work; what another has left in the buffers is still there.
    pub fn with<R>(&self, work: impl FnOnce(&mut S) -> R) -> R {
        let spare = || self.spare.lock().expect("nothing panics while it holds the buffers");
        let taken = spare().pop();
        let mut buffers = taken.unwrap_or_else(&self.make);
        let result = work(&mut buffers);
        spare().push(buffers);
        result
    }
}

/// Values that become zeros when a thread takes a piece of them, so that it finds these in its own cache: large memory that is set
/// to zero before is read again from where it lies.
#[derive(Debug)]
pub struct Fresh {
    /// Memory for all values.
    values: Vec<f32>,
    length: usize,
    /// The number of values that have been written.
    written: AtomicUsize,
}

impl Fresh {
    /// Memory for values, `[length]`.
    pub fn new(length: usize) -> Self {
        Self { values: Vec::with_capacity(length), length, written: AtomicUsize::new(0) }
    }

    /// True when there are no values.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Pieces of `size` values, the last as long as what is left, each zeros when it is taken.
    pub fn par_pieces(&mut self, size: usize) -> impl IndexedParallelIterator<Item = &mut [f32]> {
        let (pieces, written) = self.unwritten(size);
        pieces.map(move |piece| {
            piece.fill(MaybeUninit::new(0.0));
            written.fetch_add(piece.len(), Ordering::Relaxed);
            // SAFETY: all of it has just been written.
            unsafe { piece.assume_init_mut() }
        })
    }

    /// Pieces as those of [`par_pieces`](Self::par_pieces), each a copy of its part of as many values when it is taken.
    ///
    /// # Panics
    ///
    /// When there are not as many values.
    pub fn par_copies<'a>(
        &'a mut self,
        values: &'a [f32],
        size: usize,
    ) -> impl IndexedParallelIterator<Item = &'a mut [f32]> {
        assert_eq!(values.len(), self.length, "a value for each place");
        let (pieces, written) = self.unwritten(size);
        pieces.zip(values.par_chunks(size.max(1))).map(move |(piece, values)| {
            written.fetch_add(piece.len(), Ordering::Relaxed);
            piece.write_copy_of_slice(values)
        })
    }

    /// Pieces of the memory, none of which counts as written, and the number of values that are.
    fn unwritten(&mut self, size: usize) -> (ChunksMut<'_, MaybeUninit<f32>>, &AtomicUsize) {
        let Self { values, length, written } = self;
        *written.get_mut() = 0;
        (values.spare_capacity_mut()[..*length].par_chunks_mut(size.max(1)), written)
    }

    /// The values.
    ///
    /// # Panics
    ///
    /// When a piece has not been taken.
    pub fn finish(mut self) -> Vec<f32> {
        assert_eq!(*self.written.get_mut(), self.length, "all pieces are taken");
        // SAFETY: there is memory for so many, and each of them has been written: pieces share none.
        unsafe { self.values.set_len(self.length) };
        self.values
    }
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

/// Values of large memory that one thread writes at a time.
const AT_A_TIME: usize = 1 << 14;

/// Values from which on all threads write memory.
const SHARED: usize = 1 << 16;

/// Zeros, `[length]`, which all threads write where they are many: while one of them did, the others would wait.
pub fn zeros(length: usize) -> Vec<f32> {
    if length < SHARED {
        return vec![0.0; length];
    }
    let mut values = Fresh::new(length);
    values.par_pieces(AT_A_TIME).for_each(|_| ());
    values.finish()
}

/// The same values, `[length]`, which all threads copy where they are many.
pub fn copied(values: &[f32]) -> Vec<f32> {
    if values.len() < SHARED {
        return values.to_vec();
    }
    let mut copied = Fresh::new(values.len());
    copied.par_copies(values, AT_A_TIME).for_each(|_| ());
    copied.finish()
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
        for length in [0, 1, SHARED - 1, SHARED, SHARED + 1, 2 * SHARED + AT_A_TIME - 1] {
            let values: Vec<f32> = (0..length).map(|place| place as f32 + 1.0).collect();
            assert_eq!(copied(&values), values);
            assert_eq!(zeros(length), vec![0.0; length]);
        }
    }

    #[test]
    fn groups_of_pieces_go_through_all_rows_in_order() {
        for (rows, block) in [(0, 32), (1, 32), (100, 32), (4096, 128), (999, 64)] {
            let pieces = Pieces::new(rows, block);
            let (output, sum) = reduce_rows(
                2,
                &pieces,
                1,
                || (),
                |range, output, sum, ()| {
                    assert_eq!(output, vec![0.0; 2 * range.len()]);
                    for (row, output) in range.clone().zip(output.chunks_exact_mut(2)) {
                        output.fill(row as f32);
                    }
                    assert!(pieces.piece_at(range.start) < pieces.count());
                    assert!(pieces.group_at(range.start) < pieces.groups() && pieces.groups() <= GROUPS);
                    sum[0] += range.len() as f32;
                },
            );
            assert_eq!(sum, [rows as f32]);
            assert_eq!(output, (0..2 * rows).map(|place| (place / 2) as f32).collect::<Vec<f32>>());
        }
    }

    #[test]
    fn buffers_go_from_piece_to_piece() {
        let buffers = Buffers::new(Vec::new);
        (0..100).into_par_iter().with_max_len(1).for_each(|piece| buffers.with(|pieces| pieces.push(piece)));
        let spare = buffers.spare.into_inner().expect("nothing has panicked");
        assert!(spare.len() <= rayon::current_num_threads(), "{} buffers", spare.len());
        let mut pieces = spare.concat();
        pieces.sort_unstable();
        assert_eq!(pieces, (0..100).collect::<Vec<usize>>());
    }

    #[test]
    fn fresh_values_are_zeros_until_they_are_written() {
        let mut fresh = Fresh::new(1000);
        fresh.par_pieces(70).for_each(|piece| piece.fill(1.0));
        fresh
            .par_pieces(300)
            .enumerate()
            .filter(|(number, _)| *number == 1)
            .for_each(|(_, piece)| piece.fill(2.0));
        let values = fresh.finish();
        assert!(
            values
                .iter()
                .enumerate()
                .all(|(place, &value)| { value == if (300..600).contains(&place) { 2.0 } else { 0.0 } })
        );
        assert!(Fresh::new(0).finish().is_empty());
    }

    #[test]
    fn as_many_threads_share_pieces_evenly() {
        for (rows, expected) in
            [(0, 1), (3, 1), (100, 25), (256, 64), (257, 33), (512, 64), (2048, 64), (2049, 52)]
        {
            assert_eq!(even_rows(rows), expected, "{rows} rows");
            assert!(block_rows(rows).is_multiple_of(2 * LANES) && block_rows(rows) >= expected);
        }
    }

    #[test]
    #[should_panic(expected = "all pieces are taken")]
    fn values_that_nobody_has_taken_are_not_given() {
        let mut fresh = Fresh::new(1000);
        fresh.par_pieces(100).take(9).for_each(|piece| piece.fill(1.0));
        fresh.finish();
    }
}
