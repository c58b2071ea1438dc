//! Orientation of matrices and kernels: from the order in which a file holds them to ours.

use std::ops::Range;

/// Rows that are transposed together, so that what is read stays in a core's cache.
const ROWS: usize = 16;

/// A matrix `[.., columns]`, transposed.
pub(crate) fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = values.len() / columns.max(1);
    let mut transposed = vec![0.0; values.len()];
    for first in (0..rows).step_by(ROWS) {
        let last = (first + ROWS).min(rows);
        for column in 0..columns {
            let places = &mut transposed[column * rows..][first..last];
            for (row, place) in (first..last).zip(places) {
                *place = values[row * columns + column];
            }
        }
    }
    transposed
}

/// A tensor whose values stand `strides` apart along each dimension, row-major.
pub(crate) fn strided(values: &[f32], shape: &[usize], strides: &[usize]) -> Vec<f32> {
    let count = shape.iter().product();
    let (mut place, mut index) = (0, vec![0; shape.len()]);
    let mut row_major = Vec::with_capacity(count);
    for _ in 0..count {
        row_major.push(values[place]);
        for ((index, &size), &stride) in index.iter_mut().zip(shape).zip(strides).rev() {
            *index += 1;
            place += stride;
            if *index < size {
                break;
            }
            place -= stride * size;
            *index = 0;
        }
    }
    row_major
}

/// Some columns of a matrix `[.., width]`.
pub(crate) fn columns(values: &[f32], width: usize, range: Range<usize>) -> Vec<f32> {
    values.chunks_exact(width.max(1)).flat_map(|row| &row[range.clone()]).copied().collect()
}

/// Kernels of a convolution over frames, `[outputs, inputs, kernel]`, as a matrix of the frames that a position sees side
/// by side, `[kernel * inputs, outputs]`.
pub(crate) fn frames_first(kernels: &[f32], [outputs, inputs, kernel]: [usize; 3]) -> Vec<f32> {
    let mut values = Vec::with_capacity(kernels.len());
    for offset in 0..kernel {
        for input in 0..inputs {
            values.extend((0..outputs).map(|output| kernels[(output * inputs + input) * kernel + offset]));
        }
    }
    values
}

/// The reverse of [`frames_first`].
pub(crate) fn kernels_first(values: &[f32], [outputs, inputs, kernel]: [usize; 3]) -> Vec<f32> {
    let mut kernels = Vec::with_capacity(values.len());
    for output in 0..outputs {
        for input in 0..inputs {
            kernels.extend((0..kernel).map(|offset| values[(offset * inputs + input) * outputs + output]));
        }
    }
    kernels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_transposed() {
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let values: Vec<f32> = (0..35 * 18).map(|value| value as f32).collect();
        assert_eq!(transposed(&transposed(&values, 18), 35), values);
        assert!(transposed(&[], 0).is_empty());
    }

    #[test]
    fn columns_are_taken_out_of_each_row() {
        assert_eq!(columns(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, 1..3), [2.0, 3.0, 5.0, 6.0]);
        assert!(columns(&[], 0, 0..0).is_empty());
    }

    #[test]
    fn frames_of_a_kernel_stand_side_by_side() {
        // Two outputs, one input, three frames: the first frame's weights for both outputs, then the second's.
        let kernels = [1.0, 2.0, 3.0, 10.0, 20.0, 30.0];
        assert_eq!(frames_first(&kernels, [2, 1, 3]), [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
        let kernels: Vec<f32> = (0..2 * 4 * 3).map(|value| value as f32).collect();
        assert_eq!(kernels_first(&frames_first(&kernels, [2, 4, 3]), [2, 4, 3]), kernels);
    }
}
