//! Exchange of gradients between ranks, such that the tree of [`GradientSum`] is the one of a single process.
//!
//! Each rank holds the sums of the nodes whose batches are all its own. All values are cut into buckets; of two ranks that
//! hold the two children of a node, one sends its part of a bucket and the other adds, and a bit of the bucket's number
//! says which, so that both send half and receive half. Totals go back on the same ways. Where the number of ranks and that
//! of batches are powers of two, this is recursive halving and doubling (Thakur, Rabenseifner and Gropp 2005): every rank
//! sends and receives less than twice the size of the model, however many there are.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use any2any_experiment::spec::Exchange;
use any2any_mpi::{Communicator, Receive, Send};
use any2any_run::parameters::Named;
use burn::tensor::{Device, Tensor, TensorData};

use crate::gradient_sum::GradientSum;
use crate::ranks::{RankFailure, Ranks};
use crate::wire::Wire;

/// Zero that changes no bit of what it is added to, not even the sign of another zero.
const NOTHING: f32 = -0.0;

/// A message of one bucket: the sum of one node, which is added to that of the node beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Transfer {
    bucket: usize,
    from: usize,
    to: usize,
    /// The first batch of the node that is sent.
    sent: usize,
    /// The first batch of the node that it is added to.
    kept: usize,
}

/// Two nodes of one rank that are added to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Merge {
    bucket: usize,
    rank: usize,
    left: usize,
    right: usize,
}

/// The additions that make the nodes of one level of the tree, leaves first.
#[derive(Debug, Default)]
struct Level {
    merges: Vec<Merge>,
    transfers: Vec<Transfer>,
}

/// Parameters by name, with their lengths.
pub(crate) type Layout = BTreeMap<String, usize>;

impl GradientSum {
    /// The parameters that some batch so far has a gradient of.
    pub(crate) fn layout(&self) -> Layout {
        let gradients = self.partial().iter().flat_map(|node| &node.gradients);
        gradients.map(|(name, gradient)| (name.clone(), gradient.dims()[0])).collect()
    }

    /// The sum over the batches of all ranks, of which there are so many, of the parameters of a layout that all ranks
    /// have. A parameter that no rank has a gradient of gets zeros.
    pub(crate) fn all_reduce(
        self,
        communicator: &dyn Communicator,
        layout: &Layout,
        batches: usize,
        wire: Exchange,
    ) -> Named {
        let partial = self.into_partial();
        let device = partial.iter().flat_map(|node| node.gradients.values()).next().map(Tensor::device);
        let buckets = communicator.size().next_power_of_two();
        let sums = partial.into_iter().map(|node| (node.start, flat(node.gradients, layout)));
        let total = exchange(communicator, batches, buckets, sums.collect(), Wire(wire));
        named(&total, layout, &device.unwrap_or_default())
    }
}

/// The parameters in the layout of some rank.
///
/// # Errors
///
/// If another rank has failed.
pub(crate) fn union(ranks: &Ranks, mut layout: Layout) -> Result<Layout, RankFailure> {
    let lines: String = layout.iter().map(|(name, length)| format!("{length} {name}\n")).collect();
    // Most often all have the same.
    if !all_say(ranks, lines.as_bytes())? {
        for other in ranks.all_gather_bytes(lines.as_bytes())? {
            let lines = String::from_utf8_lossy(&other).into_owned();
            let pairs = lines.lines().filter_map(|line| line.split_once(' '));
            layout.extend(pairs.filter_map(|(length, name)| Some((name.to_owned(), length.parse().ok()?))));
        }
    }
    Ok(layout)
}

/// True if all ranks say the same.
///
/// # Errors
///
/// If another rank has failed.
pub(crate) fn all_say(ranks: &Ranks, bytes: &[u8]) -> Result<bool, RankFailure> {
    let sum = crc32c::crc32c(bytes);
    let sums = ranks.all_gather_bytes(&[sum.to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat())?;
    Ok(sums.iter().all(|other| *other == sums[0]))
}

fn flat(mut gradients: Named, layout: &Layout) -> Vec<f32> {
    let mut values = Vec::with_capacity(layout.values().sum());
    for (name, &length) in layout {
        match gradients.remove(name) {
            None => values.resize(values.len() + length, NOTHING),
            Some(gradient) => {
                let data = gradient.into_data().convert::<f32>();
                values.extend_from_slice(data.as_slice().expect("converted to 32-bit floats"));
            }
        }
    }
    values
}

fn named(values: &[f32], layout: &Layout, device: &Device) -> Named {
    let mut rest = values;
    let mut take = |length: usize| {
        let (taken, behind) = rest.split_at(length);
        rest = behind;
        Tensor::from_data(TensorData::new(taken.to_vec(), [length]), device)
    };
    layout.iter().map(|(name, &length)| (name.clone(), take(length))).collect()
}

/// The total of the sums of all ranks, from those of this one, each with the first batch of its node.
fn exchange(
    communicator: &dyn Communicator,
    batches: usize,
    buckets: usize,
    sums: Vec<(usize, Vec<f32>)>,
    wire: Wire,
) -> Vec<f32> {
    let me = communicator.rank();
    let length = sums.first().map_or(0, |(_, values)| values.len());
    let parts = Parts { length, buckets };
    let mut held: BTreeMap<(usize, usize), Vec<f32>> = BTreeMap::new();
    for (start, values) in sums {
        held.extend((0..buckets).map(|bucket| ((bucket, start), values[parts.of(bucket)].to_vec())));
    }
    let levels = levels(batches, communicator.size(), buckets);
    for Level { merges, transfers } in &levels {
        for merge in merges.iter().filter(|merge| merge.rank == me) {
            // Of nodes that this rank has added already while it computed, only the left one is there.
            if let Some(right) = held.remove(&(merge.bucket, merge.right)) {
                add(&mut held, (merge.bucket, merge.left), &right);
            }
        }
        let given = transfers.iter().filter(|of| of.from == me);
        let given: Vec<(usize, Vec<f32>)> =
            given.map(|of| (of.to, held.remove(&(of.bucket, of.sent)).unwrap_or_default())).collect();
        let sent: Vec<(usize, Cow<'_, [f32]>)> =
            given.iter().map(|(to, values)| (*to, wire.packed(values))).collect();
        let received = transfers.iter().filter(|of| of.to == me);
        let mut received: Vec<(Transfer, Vec<f32>)> =
            received.map(|of| (*of, vec![0.0; wire.length(parts.of(of.bucket).len())])).collect();
        communicator.exchange(
            sent.iter().map(|(to, values)| Send { to: *to, values }).collect(),
            received.iter_mut().map(|(of, values)| Receive { from: of.from, values }).collect(),
        );
        for (of, values) in received {
            let values = wire.unpacked(&values, parts.of(of.bucket).len());
            add(&mut held, (of.bucket, of.kept), &values);
            if let Some(sum) = held.remove(&(of.bucket, of.kept)) {
                held.insert((of.bucket, of.kept.min(of.sent)), sum);
            }
        }
    }
    let mut total = vec![0.0; length];
    for ((bucket, _), values) in held {
        // Rounded by who has it too, so that all ranks have the same.
        let length = values.len();
        total[parts.of(bucket)].copy_from_slice(&wire.unpacked(&wire.packed(&values), length));
    }
    give_back(communicator, &levels, parts, &mut total, wire);
    total
}

/// Gives every rank the buckets whose totals others hold.
fn give_back(communicator: &dyn Communicator, levels: &[Level], parts: Parts, total: &mut [f32], wire: Wire) {
    let me = communicator.rank();
    // Who has got the total of which bucket: a rank that has given away sums of several nodes gets it once.
    let mut there = BTreeSet::new();
    for Level { transfers, .. } in levels.iter().rev() {
        // Ways of this level that are gone back: no rank passes on what it gets in the same exchange.
        let back: Vec<&Transfer> = transfers.iter().filter(|of| there.insert((of.bucket, of.from))).collect();
        let mut received: Vec<(usize, usize, Vec<f32>)> = back
            .iter()
            .filter(|of| of.from == me)
            .map(|of| (of.to, of.bucket, vec![0.0; wire.length(parts.of(of.bucket).len())]))
            .collect();
        let sent = back.iter().filter(|of| of.to == me);
        let sent: Vec<(usize, Cow<'_, [f32]>)> =
            sent.map(|of| (of.from, wire.packed(&total[parts.of(of.bucket)]))).collect();
        communicator.exchange(
            sent.iter().map(|(to, values)| Send { to: *to, values }).collect(),
            received.iter_mut().map(|(from, _, values)| Receive { from: *from, values }).collect(),
        );
        for (_, bucket, values) in received {
            let range = parts.of(bucket);
            let length = range.len();
            total[range].copy_from_slice(&wire.unpacked(&values, length));
        }
    }
}

/// The division of all values into buckets.
#[derive(Clone, Copy, Debug)]
struct Parts {
    length: usize,
    buckets: usize,
}

impl Parts {
    fn of(self, bucket: usize) -> Range<usize> {
        let each = self.length.div_ceil(self.buckets);
        (bucket * each).min(self.length)..((bucket + 1) * each).min(self.length)
    }
}

fn add(held: &mut BTreeMap<(usize, usize), Vec<f32>>, to: (usize, usize), values: &[f32]) {
    for (sum, value) in held.get_mut(&to).into_iter().flatten().zip(values) {
        *sum += value;
    }
}

/// All additions of an update between ranks that share its batches evenly, by levels of the tree from the leaves up.
fn levels(batches: usize, ranks: usize, buckets: usize) -> Vec<Level> {
    let each = batches / ranks;
    // Above this level most nodes have batches of several ranks.
    let lowest = each.max(1).ilog2();
    let bits = buckets.max(2).ilog2();
    let mut levels: Vec<Level> = Vec::new();
    for bucket in 0..buckets {
        // The rank that holds each node of the level below.
        let mut holders: Vec<usize> = (0..batches).map(|batch| batch / each).collect();
        for level in 0.. {
            if holders.len() == 1 {
                break;
            }
            if levels.len() <= level {
                levels.push(Level::default());
            }
            let bit = (level as u32 + bits - lowest % bits) % bits;
            let gives_to_right = bucket >> bit & 1 == 1;
            let node = |(at, children): (usize, &[usize])| {
                let (left, right) = (at << (level + 1), (2 * at + 1) << level);
                match *children {
                    [holder, other] if holder == other => {
                        levels[level].merges.push(Merge { bucket, rank: holder, left, right });
                        holder
                    }
                    [from, to] if gives_to_right => {
                        levels[level].transfers.push(Transfer { bucket, from, to, sent: left, kept: right });
                        to
                    }
                    [to, from] => {
                        levels[level].transfers.push(Transfer { bucket, from, to, sent: right, kept: left });
                        to
                    }
                    _ => children[0],
                }
            };
            holders = holders.chunks(2).enumerate().map(node).collect();
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::gradient_sum::tests::{batch, values};
    use crate::ranks::tests::Threads;

    /// The sums of all ranks of an update.
    fn sums(batches: usize, ranks: usize, wire: Exchange) -> Vec<Vec<(String, Vec<u32>)>> {
        let each = batches / ranks;
        let rank = |communicator: Threads| {
            let ranks = Ranks::new(Arc::new(communicator));
            let first = ranks.rank() * each;
            let mut sum = GradientSum::from_batch(first);
            (first..first + each).for_each(|number| sum.add_named(batch(number)));
            let layout = union(&ranks, sum.layout()).expect("no rank fails");
            values(&sum.all_reduce(ranks.communicator(), &layout, batches, wire))
        };
        Threads::run(ranks, rank)
    }

    #[test]
    fn any_number_of_ranks_has_the_sum_of_one() {
        for batches in 1..=16 {
            let alone = sums(batches, 1, Exchange::Float32).remove(0);
            for ranks in (2..=batches).filter(|ranks| batches.is_multiple_of(*ranks)) {
                for (rank, sum) in sums(batches, ranks, Exchange::Float32).into_iter().enumerate() {
                    assert_eq!(sum, alone, "{batches} batches, rank {rank} of {ranks}");
                }
            }
        }
    }

    #[test]
    fn all_ranks_have_the_same_sums_of_numbers_of_sixteen_bits() {
        let exact = sums(8, 1, Exchange::Float32).remove(0);
        for ranks in [2, 4, 8] {
            let of_ranks = sums(8, ranks, Exchange::Bfloat16);
            assert!(of_ranks.iter().all(|of| of == &of_ranks[0]), "{ranks} ranks");
            for ((name, exact), (_, near)) in exact.iter().zip(&of_ranks[0]) {
                for (exact, near) in
                    exact.iter().zip(near).map(|(a, b)| (f32::from_bits(*a), f32::from_bits(*b)))
                {
                    // Each of up to 8 terms of a thousand, and each sum of them, is off by 2^-9 of itself at most.
                    assert!((exact - near).abs() <= 8000.0 / 64.0, "{name}: {near}, not {exact}");
                }
            }
            assert_ne!(of_ranks[0], exact, "it would not show");
        }
    }

    #[test]
    fn every_rank_sends_less_than_twice_the_model() {
        for ranks in [2, 4, 8, 64] {
            let levels = levels(2 * ranks, ranks, ranks);
            for rank in 0..ranks {
                let sent = |of: &&Transfer| of.from == rank || of.to == rank;
                let buckets = levels.iter().flat_map(|level| &level.transfers).filter(sent).count();
                assert_eq!(buckets, 2 * (ranks - 1), "rank {rank} sends or gets half of these each way");
            }
        }
    }
}
