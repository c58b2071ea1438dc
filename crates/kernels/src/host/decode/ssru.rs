//! One step of simpler simple recurrent units (Kim et al. 2019, "From Research to Production and Back").

use crate::host::simd::{mul_add, sigmoid, vectorized};

/// Takes one step of consecutive rows: `cell = f cell + (1 - f) candidate` with `f = sigmoid(forget)`, output
/// `relu(cell)`, all `[rows, width]`.
pub fn step(candidate: &[f32], forget: &[f32], cell: &mut [f32], output: &mut [f32]) {
    vectorized!({
        let given = candidate.iter().zip(forget);
        for ((&candidate, &forget), (cell, output)) in given.zip(cell.iter_mut().zip(output.iter_mut())) {
            let keep = sigmoid(forget);
            *cell = mul_add(keep, *cell - candidate, candidate);
            *output = cell.max(0.0);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_keeps_what_its_gate_says() {
        let (mut cell, mut output) = ([2.0, -4.0, 3.0], [0.0; 3]);
        step(&[6.0, 1.0, 8.0], &[0.0, 40.0, -40.0], &mut cell, &mut output);
        for (found, expected) in cell.iter().zip([4.0, -4.0, 8.0]) {
            assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
        }
        assert_eq!(output[1], 0.0);
    }
}
