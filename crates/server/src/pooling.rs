//! Pooling of large arrays, so that they are small enough to be sent and drawn.

use std::ops::Range;

use any2any_inspect::Array;

use crate::protocol::{Floats, Parameter};

/// The largest side of a parameter in an answer.
const PARAMETER: usize = 128;
/// The most attention weights of one head that are sent without pooling.
const WEIGHTS: usize = 1 << 20;
/// The largest side of a head's pooled weights.
const HEAD: usize = 512;

/// The range of block `at`, if `all` numbers are pooled to `shown` blocks.
fn block(at: usize, shown: usize, all: usize) -> Range<usize> {
    at * all / shown..(at + 1) * all / shown
}

/// Mean pooling of a matrix, row-major.
fn means(values: &[f32], [rows, columns]: [usize; 2], [shown_rows, shown_columns]: [usize; 2]) -> Vec<f32> {
    let mut means = Vec::with_capacity(shown_rows * shown_columns);
    for row in 0..shown_rows {
        let own = block(row, shown_rows, rows);
        // Row after row, since the matrix is row-major in memory.
        let mut sums = vec![0.0_f64; shown_columns];
        for row in own.clone() {
            let values = &values[row * columns..][..columns];
            for (column, sum) in sums.iter_mut().enumerate() {
                let block = &values[block(column, shown_columns, columns)];
                *sum += block.iter().map(|&value| f64::from(value)).sum::<f64>();
            }
        }
        means.extend(sums.iter().enumerate().map(|(column, sum)| {
            let count = own.len() * block(column, shown_columns, columns).len();
            (sum / count as f64) as f32
        }));
    }
    means
}

/// A parameter, pooled to the largest side of an answer.
pub(crate) fn parameter(array: &Array) -> Parameter {
    let full_shape = array.shape.clone();
    Parameter { floats: pooled(&full_shape, &array.values, PARAMETER), full_shape }
}

/// Pools an array to sides of at most `side`. An array of more than two dimensions becomes a matrix of its last one.
pub(crate) fn pooled(shape: &[usize], values: &[f32], side: usize) -> Floats {
    let columns = shape.last().copied().unwrap_or(1).max(1);
    let full = [values.len() / columns, columns];
    let shown = full.map(|all| all.min(side));
    let pooled_shape = if shape.len() < 2 { vec![shown[1]] } else { shown.to_vec() };
    Floats::new(pooled_shape, &means(values, full, shown))
}

/// Attention weights of a layer, `[heads, queries, keys]`. Of a head with very many, a row is the mean of several
/// queries, and a column the sum of several keys, so that rows still sum to one.
pub(crate) fn attention(array: &Array) -> Floats {
    let &[heads, queries, keys] = &array.shape[..] else {
        return Floats::new(array.shape.clone(), &array.values);
    };
    if queries * keys <= WEIGHTS {
        return Floats::new(array.shape.clone(), &array.values);
    }
    let shown = [queries.min(HEAD), keys.min(HEAD)];
    let mut values = Vec::with_capacity(heads * shown[0] * shown[1]);
    for head in array.values.chunks_exact(queries * keys) {
        let means = means(head, [queries, keys], shown);
        let width = |at: usize| block(at % shown[1], shown[1], keys).len() as f32;
        values.extend(means.into_iter().enumerate().map(|(at, mean)| mean * width(at)));
    }
    Floats::new(vec![heads, shown[0], shown[1]], &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sides_of_parameters_are_pooled_by_the_mean() {
        let small = Array { shape: vec![2, 2], values: vec![1.0, 2.0, 3.0, 4.0] };
        assert_eq!(parameter(&small).floats, Floats::new(vec![2, 2], &small.values));
        let long = Array { shape: vec![256], values: (0..256).map(|value| value as f32).collect() };
        let pooled = parameter(&long);
        assert_eq!((pooled.floats.shape.clone(), pooled.full_shape), (vec![128], vec![256]));
        assert_eq!(pooled.floats.values()[..2], [0.5, 2.5]);
        let wide = Array { shape: vec![3, 300], values: vec![2.0; 900] };
        let pooled = parameter(&wide);
        assert_eq!(pooled.floats, Floats::new(vec![3, 128], &[2.0; 384]));
    }

    #[test]
    fn rows_of_pooled_attention_sum_to_one() {
        let (heads, queries, keys) = (2, 1100, 1300);
        let row = |row: usize| (0..keys).map(move |key| if key == row % keys { 1.0 } else { 0.0 });
        let values = (0..heads * queries).flat_map(row).collect();
        let pooled = attention(&Array { shape: vec![heads, queries, keys], values });
        assert_eq!(pooled.shape, [2, 512, 512]);
        for row in pooled.values().chunks_exact(512) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{row:?}");
        }
        let few = Array { shape: vec![1, 2, 2], values: vec![1.0, 0.0, 0.25, 0.75] };
        assert_eq!(attention(&few), Floats::new(vec![1, 2, 2], &few.values));
    }
}
