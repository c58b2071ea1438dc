//! Biases of scores by the distance between query and key.

use any2any_architecture::relative_bucket;

/// A bias of scores for each head and distance, over some range of distances.
#[derive(Clone, Debug, PartialEq)]
pub struct DistanceBias {
    /// The biases, `[heads, distances]`, the distance from query to key (key minus query) growing.
    values: Vec<f32>,
    /// The furthest key before a query.
    before: usize,
    /// The number of distances.
    width: usize,
}

/// The rule of a [`DistanceBias`].
#[derive(Clone, Debug, PartialEq)]
pub enum DistanceRule {
    /// The cost of a step for each head, `[heads]`, in both directions (Press et al. 2022, "ALiBi").
    Slopes(Vec<f32>),
    /// A learned value for each bucket of distances and head (Raffel et al. 2020, "T5").
    Buckets {
        /// The values, `[buckets, heads]`.
        table: Vec<f32>,
        /// The number of buckets.
        buckets: usize,
        /// The distance from which all fall into the last bucket.
        max_distance: usize,
        /// Keys after a query have buckets of their own.
        both: bool,
    },
}

impl DistanceRule {
    /// The biases of keys up to `before` positions before a query and `after` positions after it.
    pub fn between(&self, before: usize, after: usize) -> DistanceBias {
        let width = before + after + 1;
        let distances = (0..width).map(|at| at as isize - before as isize);
        let values = match self {
            Self::Slopes(slopes) => {
                let of_head = |slope: &f32| {
                    let slope = *slope;
                    distances.clone().map(move |distance| -slope * distance.unsigned_abs() as f32)
                };
                slopes.iter().flat_map(of_head).collect()
            }
            Self::Buckets { table, buckets, max_distance, both } => {
                let heads = table.len() / buckets.max(&1);
                let places: Vec<usize> = distances
                    .map(|distance| relative_bucket(distance, *both, *buckets, *max_distance))
                    .collect();
                (0..heads)
                    .flat_map(|head| places.iter().map(move |place| table[place * heads + head]))
                    .collect()
            }
        };
        DistanceBias { values, before, width }
    }
}

impl DistanceBias {
    /// The biases of a head for the keys from `first` on, seen from a query, `[keys]` or more.
    ///
    /// # Panics
    ///
    /// When a key is further away than there are distances.
    #[inline(always)]
    pub fn row(&self, head: usize, query: usize, first: usize) -> &[f32] {
        &self.values[head * self.width..(head + 1) * self.width][self.before + first - query..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_begin_at_a_key() {
        let slopes = DistanceRule::Slopes(vec![0.5, 2.0]).between(3, 3);
        assert_eq!(slopes.row(0, 2, 0)[..4], [-1.0, -0.5, 0.0, -0.5]);
        assert_eq!(slopes.row(1, 0, 0)[..4], [0.0, -2.0, -4.0, -6.0]);
        let table: Vec<f32> = (0..8).map(|value| value as f32).collect();
        let rule = DistanceRule::Buckets { table, buckets: 4, max_distance: 8, both: false };
        // One value for each of the distances 0 and 1, then logarithmic: 2 to 3, and 4 and more.
        assert_eq!(rule.between(4, 0).row(1, 4, 0), [7.0, 5.0, 5.0, 3.0, 1.0]);
    }
}
