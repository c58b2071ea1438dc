//! Rows of a component at the width of the picture: components of half the size are smoothed by triangles, in whole
//! numbers as libjpeg does it, others are repeated.

use super::frame::{Component, Frame};

/// Row `y` of the picture from one component; `row` holds the width of the picture and a little more.
pub(super) fn row(frame: &Frame, component: &Component, y: usize, row: &mut Vec<u8>) {
    let stride = 8 * component.stride;
    let samples = |y: usize| &component.levels[y * stride..][..component.width];
    let (across, down) = (frame.across / component.across, frame.down / component.down);
    // The row on the other side of the edge that `y` lies at.
    let inner = y / down;
    let neighbour =
        || if y.is_multiple_of(2) { inner.saturating_sub(1) } else { (inner + 1).min(component.height - 1) };
    row.clear();
    match (across, down) {
        (1, 1) => row.extend_from_slice(samples(inner)),
        (2, 1) if component.width > 2 => smooth_across(samples(inner), row),
        (1, 2) => {
            let bias = if y.is_multiple_of(2) { 1 } else { 2 };
            let mixed = samples(inner).iter().zip(samples(neighbour()));
            row.extend(mixed.map(|(&near, &far)| ((3 * u16::from(near) + u16::from(far) + bias) >> 2) as u8));
        }
        (2, 2) if component.width > 2 => smooth_both(samples(inner), samples(neighbour()), row),
        _ => samples(inner).iter().for_each(|&sample| row.extend(std::iter::repeat_n(sample, across))),
    }
}

fn smooth_across(samples: &[u8], row: &mut Vec<u8>) {
    let mix = |near: u8, far: u8, bias: u16| ((3 * u16::from(near) + u16::from(far) + bias) >> 2) as u8;
    let (&[first, second, ..], &[.., before, last]) = (samples, samples) else { return };
    pairs(
        row,
        [first, mix(first, second, 2)],
        samples,
        |left, middle, right| [mix(middle, left, 1), mix(middle, right, 2)],
        [mix(last, before, 1), last],
    );
}

fn smooth_both(near: &[u8], far: &[u8], row: &mut Vec<u8>) {
    let sums: Vec<u16> =
        near.iter().zip(far).map(|(&near, &far)| 3 * u16::from(near) + u16::from(far)).collect();
    let mix = |near: u16, far: u16, bias: u16| ((3 * near + far + bias) >> 4) as u8;
    let (&[first, second, ..], &[.., before, last]) = (&sums[..], &sums[..]) else { return };
    pairs(
        row,
        [((4 * first + 8) >> 4) as u8, mix(first, second, 7)],
        &sums,
        |left, middle, right| [mix(middle, left, 8), mix(middle, right, 7)],
        [mix(last, before, 8), ((4 * last + 7) >> 4) as u8],
    );
}

/// Two levels for each sample: of the first, of those between by what stands on both sides, of the last.
#[inline(always)]
fn pairs<T: Copy>(
    row: &mut Vec<u8>,
    first: [u8; 2],
    samples: &[T],
    inner: impl Fn(T, T, T) -> [u8; 2],
    last: [u8; 2],
) {
    row.resize(2 * samples.len(), 0);
    let [start, middle @ .., end] = row.as_chunks_mut::<2>().0 else { return };
    (*start, *end) = (first, last);
    let neighbours = samples.iter().zip(&samples[1..]).zip(&samples[2..]);
    for (pair, ((&left, &centre), &right)) in middle.iter_mut().zip(neighbours) {
        *pair = inner(left, centre, right);
    }
}
