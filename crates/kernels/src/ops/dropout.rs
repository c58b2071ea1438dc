//! Dropout.

use burn::tensor::{Device, Tensor, TensorData};

use crate::host::dropout::Mask;

/// The input with elements dropped and the others scaled (Srivastava et al. 2014).
///
/// Rows of the mask are those of the last dimension.
///
/// # Shapes
///
/// - input and output: any, the same
pub fn dropout<const D: usize>(input: Tensor<D>, mask: Option<Mask>) -> Tensor<D> {
    let Some(mask) = mask else { return input };
    #[cfg(feature = "flex")]
    if super::fused::applies(&input.device()) {
        return on_flex(input, mask);
    }
    primitive(input, Some(mask))
}

/// The same as a composition of primitives.
pub fn primitive<const D: usize>(input: Tensor<D>, mask: Option<Mask>) -> Tensor<D> {
    match mask {
        None => input,
        Some(mask) => {
            let (shape, device) = (input.dims(), input.device());
            input * factors(mask, shape, &device)
        }
    }
}

/// What elements of a tensor are multiplied by.
pub(crate) fn factors<const D: usize>(mask: Mask, shape: [usize; D], device: &Device) -> Tensor<D> {
    let columns = shape[D - 1];
    let rows = shape[..D - 1].iter().product();
    Tensor::from_data(TensorData::new(mask.values(rows, columns), shape), device)
}

#[cfg(feature = "flex")]
fn on_flex<const D: usize>(input: Tensor<D>, mask: Mask) -> Tensor<D> {
    let shape = input.dims();
    let columns = shape[D - 1];
    super::fused::Inputs::new(input).run(
        shape,
        move |inputs| (masked(inputs[0], columns, Some(mask)), ()),
        move |_, (), gradient| vec![masked(gradient, columns, Some(mask))],
    )
}

/// Rows with elements dropped.
#[cfg(feature = "flex")]
pub(super) fn masked(input: &[f32], columns: usize, mask: Option<Mask>) -> Vec<f32> {
    use crate::host::blocks::block_rows;
    use crate::host::simd::vectorized;
    use rayon::prelude::*;

    let mut output = input.to_vec();
    let (columns, block) = (columns.max(1), block_rows(columns));
    if let Some(mask) = mask {
        output.par_chunks_mut(block * columns).enumerate().for_each(|(number, output)| {
            vectorized!({
                for (row, output) in output.chunks_exact_mut(columns).enumerate() {
                    mask.row(number * block + row).apply(output);
                }
            });
        });
    }
    output
}
