//! Regions of positions that convolutions or stacking make of several frames.
//!
//! Under a convolution a position has two regions: the frames of its stride, by which all positions together cover
//! everything once ([`merged`]), and all frames that its kernels see, by which neighbours overlap ([`seen`]). Each
//! medium has its own union of two regions.

use any2any_adapter::{Convolution, Region};

/// Regions of groups of neighbouring positions, as many as a stride, one stride after the other; the last group may
/// be smaller. Together they cover what the given ones cover, and none overlaps another that did not before.
pub fn merged(
    mut regions: Vec<Region>,
    strides: impl IntoIterator<Item = usize>,
    union: impl Fn(&Region, &Region) -> Region,
) -> Vec<Region> {
    for stride in strides {
        regions = regions.chunks(stride.max(1)).map(|group| joined(group, &union)).collect();
    }
    regions
}

/// The receptive fields of the positions that convolutions make of frames: each covers the frames that its kernels
/// see, cut off at the ends.
pub fn seen(
    mut regions: Vec<Region>,
    layers: &[Convolution],
    union: impl Fn(&Region, &Region) -> Region,
) -> Vec<Region> {
    for layer in layers {
        let region = |position: usize| {
            let centre = position * layer.stride;
            let end = (centre + layer.kernel / 2 + 1).min(regions.len());
            joined(&regions[centre.saturating_sub(layer.kernel / 2)..end], &union)
        };
        regions = (0..layer.positions(regions.len())).map(region).collect();
    }
    regions
}

/// The regions of positions behind so many class tokens, each of which covers all.
pub fn behind_class_tokens(
    tokens: usize,
    regions: Vec<Region>,
    union: impl Fn(&Region, &Region) -> Region,
) -> Vec<Region> {
    let all = joined(&regions, &union);
    std::iter::repeat_n(all, tokens).chain(regions).collect()
}

/// The union of all regions; those of nothing add nothing.
fn joined(regions: &[Region], union: impl Fn(&Region, &Region) -> Region) -> Region {
    let some = regions.iter().filter(|region| **region != Region::Nothing).cloned();
    some.reduce(|one, other| union(&one, &other)).unwrap_or(Region::Nothing)
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Stem;

    use super::*;

    type Pairs = &'static [(usize, usize)];

    /// Bytes stand in for any medium.
    fn bytes(edges: &[(usize, usize)]) -> Vec<Region> {
        edges.iter().map(|&(start, end)| Region::Bytes(start..end)).collect()
    }

    fn union(one: &Region, other: &Region) -> Region {
        match (one, other) {
            (Region::Bytes(one), Region::Bytes(other)) => {
                Region::Bytes(one.start.min(other.start)..one.end.max(other.end))
            }
            other => panic!("{other:?}"),
        }
    }

    fn frames(len: usize) -> Vec<Region> {
        bytes(&(0..len).map(|start| (start, start + 1)).collect::<Vec<_>>())
    }

    #[test]
    fn groups_are_those_of_the_stride() {
        let cases: [(usize, &[usize], Pairs); 6] = [
            (3, &[], &[(0, 1), (1, 2), (2, 3)]),
            (3, &[1], &[(0, 1), (1, 2), (2, 3)]),
            (3, &[0], &[(0, 1), (1, 2), (2, 3)]),
            (5, &[2], &[(0, 2), (2, 4), (4, 5)]),
            (7, &[2, 3], &[(0, 6), (6, 7)]),
            (0, &[2], &[]),
        ];
        for (len, strides, expected) in cases {
            let merged = merged(frames(len), strides.iter().copied(), union);
            assert_eq!(merged, bytes(expected), "{len} frames, {strides:?}");
        }
        let gaps = [Region::Nothing, Region::Bytes(1..2), Region::Nothing, Region::Nothing];
        assert_eq!(merged(gaps.to_vec(), [2], union), [Region::Bytes(1..2), Region::Nothing]);
    }

    #[test]
    fn kernels_see_their_neighbours() {
        let cases: [(usize, Pairs, Pairs); 5] = [
            (2, &[], &[(0, 1), (1, 2)]),
            (3, &[(1, 1)], &[(0, 1), (1, 2), (2, 3)]),
            (5, &[(3, 2)], &[(0, 2), (1, 4), (3, 5)]),
            (8, &[(3, 2), (3, 2)], &[(0, 4), (1, 8)]),
            (1, &[(63, 16)], &[(0, 1)]),
        ];
        for (len, layers, expected) in cases {
            let layers: Vec<Convolution> =
                layers.iter().map(|&(kernel, stride)| Convolution { kernel, stride }).collect();
            assert_eq!(seen(frames(len), &layers, union), bytes(expected), "{len} frames, {layers:?}");
        }
    }

    #[test]
    fn class_tokens_cover_everything() {
        assert_eq!(
            behind_class_tokens(2, frames(3), union),
            bytes(&[(0, 3), (0, 3), (0, 1), (1, 2), (2, 3)])
        );
        assert_eq!(behind_class_tokens(0, frames(2), union), frames(2));
        let stem = Stem::ClassTokens { width: 32, tokens: 2 };
        assert_eq!(behind_class_tokens(2, frames(7), union).len(), stem.positions(7));
    }

    #[test]
    fn regions_are_as_many_as_positions() {
        let layers = vec![Convolution { kernel: 5, stride: 2 }, Convolution { kernel: 3, stride: 3 }];
        let stem = Stem::Convolution { width: 32, layers: layers.clone() };
        for len in 0..40 {
            assert_eq!(merged(frames(len), [2, 3], union).len(), stem.positions(len), "{len} frames");
            assert_eq!(seen(frames(len), &layers, union).len(), stem.positions(len), "{len} frames");
        }
    }
}
