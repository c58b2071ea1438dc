//! Rows of a table, looked up and added to.

use rayon::prelude::*;

use crate::host::blocks::{Fresh, block_rows};
use crate::host::dropout::Mask;
use crate::host::simd::{add, add_rows, vectorized};

/// The rows of the table that the tokens name, times `scale`.
///
/// # Shapes
///
/// - table: `[vocabulary, d_model]`; tokens: `[rows]`; output: `[rows, d_model]`
///
/// # Panics
///
/// When a token is not below the vocabulary's size.
pub fn forward(table: &[f32], d_model: usize, tokens: &[u32], scale: f32) -> Vec<f32> {
    let mut output = Vec::with_capacity(tokens.len() * d_model);
    for &token in tokens {
        let row = &table[token as usize * d_model..][..d_model];
        output.extend(row.iter().map(|value| value * scale));
    }
    output
}

/// Adds the gradient of each looked-up row to its row of the table's gradient, rows that occur several times
/// in the order of their places.
///
/// Threads share the table by ranges of tokens, so that no two write the same row.
///
/// # Shapes
///
/// - table gradient: `[vocabulary, d_model]`; tokens: `[rows]`; gradient: `[rows, d_model]`
///
/// # Panics
///
/// When a token is not below the vocabulary's size.
pub fn backward(table_gradient: &mut [f32], d_model: usize, tokens: &[u32], gradient: &[f32], scale: f32) {
    if d_model == 0 {
        return;
    }
    let vocabulary = table_gradient.len() / d_model;
    let range = vocabulary.div_ceil(rayon::current_num_threads()).max(1);
    table_gradient.par_chunks_mut(range * d_model).enumerate().for_each(|(number, table_gradient)| {
        let first = number * range;
        let rows = table_gradient.len() / d_model;
        vectorized!({
            for (&token, gradient) in tokens.iter().zip(gradient.chunks_exact(d_model)) {
                let Some(row) = (token as usize).checked_sub(first).filter(|row| *row < rows) else {
                    continue;
                };
                for (sum, &gradient) in table_gradient[row * d_model..][..d_model].iter_mut().zip(gradient) {
                    *sum = gradient.mul_add(scale, *sum);
                }
            }
        });
    });
    assert!(
        tokens.iter().all(|&token| (token as usize) < vocabulary),
        "a token lies beyond the {vocabulary} rows of the table"
    );
}

/// Embeddings plus the vectors of their positions, with elements dropped.
///
/// # Shapes
///
/// - input and output: `[batch * positions, d_model]`; vectors: `[positions, d_model]`
pub fn add_positions(input: &[f32], vectors: &[f32], d_model: usize, mask: Option<Mask>) -> Vec<f32> {
    let d_model = d_model.max(1);
    let positions = (vectors.len() / d_model).max(1);
    let block = block_rows(input.len() / d_model);
    let mut sums = Fresh::new(input.len());
    sums.par_copies(input, block * d_model).enumerate().for_each(|(number, output)| {
        vectorized!({
            for (row, output) in output.chunks_exact_mut(d_model).enumerate() {
                let row = number * block + row;
                add(output, &vectors[row % positions * d_model..][..d_model]);
                if let Some(mask) = mask {
                    mask.row(row).apply(output);
                }
            }
        });
    });
    sums.finish()
}

/// The sum of consecutive pieces, `[batch, length]` to `[length]`.
pub fn sum_over_sequences(values: &[f32], length: usize) -> Vec<f32> {
    let mut sum = vec![0.0; length];
    vectorized!(add_rows(&mut sum, values));
    sum
}
