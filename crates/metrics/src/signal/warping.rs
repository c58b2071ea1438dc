//! Dynamic time warping of two sequences of frames (Sakoe and Chiba, "Dynamic programming algorithm optimization for
//! spoken word recognition", 1978).

/// Frames of a fixed width, frame after frame, and never none.
pub(super) struct Features {
    pub(super) width: usize,
    pub(super) values: Vec<f64>,
}

impl Features {
    pub(super) fn len(&self) -> usize {
        self.values.len() / self.width
    }

    fn frame(&self, at: usize) -> &[f64] {
        &self.values[at * self.width..][..self.width]
    }
}

/// The most frames that a path may lie away from the straight line: it bounds what long sequences cost.
const RADIUS: usize = 256;

/// The distance along the best path, of their symmetric form without a slope constraint: a step along one sequence
/// weighs 1, a step along both 2, and the sum is divided by the sum of the weights, which is that of both lengths. The
/// distance of two frames is Euclid's.
///
/// A path stays near the straight line from corner to corner: within a fifth of the shorter sequence, counted in its
/// frames, at least 1 and at most 256. So the time is proportional to the longer sequence, and the memory to the shorter.
pub(super) fn warped_distance(one: &Features, other: &Features) -> f64 {
    let (rows, columns) = if one.len() >= other.len() { (one, other) } else { (other, one) };
    let radius = columns.len().div_ceil(5).clamp(1, RADIUS);
    let mut before = vec![f64::INFINITY; columns.len()];
    let mut sums = before.clone();
    for row in 0..rows.len() {
        // Rows are the longer side, so the line moves by at most one column a row and the band is never torn.
        let line = rounded_ratio(row * (columns.len() - 1), rows.len() - 1);
        let band = line.saturating_sub(radius)..(line + radius + 1).min(columns.len());
        // The band of this row and a column on each side of it are all that the next row looks at.
        sums[band.start.saturating_sub(1)..(band.end + 1).min(columns.len())].fill(f64::INFINITY);
        for column in band {
            let distance = euclidean(rows.frame(row), columns.frame(column));
            let above = before[column] + distance;
            let (left, diagonal) = match column.checked_sub(1) {
                Some(left) => (sums[left] + distance, before[left] + 2.0 * distance),
                None if row == 0 => (2.0 * distance, 2.0 * distance),
                None => (f64::INFINITY, f64::INFINITY),
            };
            sums[column] = above.min(left).min(diagonal);
        }
        std::mem::swap(&mut before, &mut sums);
    }
    before[columns.len() - 1] / (rows.len() + columns.len()) as f64
}

/// A ratio rounded to a whole number, halves up; 0 if the second number is.
fn rounded_ratio(part: usize, whole: usize) -> usize {
    if whole == 0 { 0 } else { (2 * part + whole) / (2 * whole) }
}

fn euclidean(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(one: &[f64], other: &[f64]) -> f64 {
        let features = |values: &[f64]| Features { width: 1, values: values.to_vec() };
        warped_distance(&features(one), &features(other))
    }

    #[test]
    fn paths_by_hand() {
        // [0, 1, 3] against [0, 3, 3]: 0-0 weighs 2 and costs 0, 1-0 weighs 1 and costs 1, 3-3 costs 0 twice.
        assert_eq!(distance(&[0.0, 1.0, 3.0], &[0.0, 3.0, 3.0]), 1.0 / 6.0);
        // One frame against many: every one of them is compared with it, the first twice.
        assert_eq!(distance(&[1.0], &[4.0, 1.0, 2.0]), (2.0 * 3.0 + 0.0 + 1.0) / 4.0);
        assert_eq!(distance(&[1.0], &[3.0]), 2.0);
        // Twice as slow is equal.
        assert_eq!(distance(&[1.0, 2.0, 5.0], &[1.0, 1.0, 2.0, 2.0, 5.0, 5.0]), 0.0);
    }

    #[test]
    fn paths_stay_in_the_band() {
        let impulse = |at: usize| (0..100).map(|place| f64::from(u8::from(place == at))).collect::<Vec<_>>();
        // A fifth of 100 frames can be caught up with, not more.
        assert_eq!(distance(&impulse(30), &impulse(50)), 0.0);
        assert_eq!(distance(&impulse(30), &impulse(51)), 2.0 / 200.0);
        let late = |at: usize| (0..4000).map(|place| f64::from(u8::from(place == at))).collect::<Vec<_>>();
        assert_eq!(distance(&late(1000), &late(1256)), 0.0);
        assert_eq!(distance(&late(1000), &late(1257)), 2.0 / 8000.0);
    }

    #[test]
    fn no_pair_of_lengths_is_without_a_path() {
        for rows in 1..40 {
            for columns in 1..40 {
                let (one, other) = (vec![1.0; rows], vec![3.0; columns]);
                assert_eq!(distance(&one, &other), 2.0, "{rows} {columns}");
            }
        }
    }
}
