//! Dropout.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::host::dropout::{COUNTER, MIX, Mask};

/// The input with elements dropped and the others scaled (Srivastava et al. 2014).
///
/// Rows of the mask are those of the last dimension.
///
/// # Shapes
///
/// - input and output: `[..]`
pub fn dropout<const D: usize>(input: Tensor<D>, mask: Option<Mask>) -> Tensor<D> {
    let Some(mask) = mask else { return input };
    #[cfg(feature = "flex")]
    if super::fused::applies(&input.device()) {
        return on_flex(input, mask);
    }
    primitive(input, Some(mask))
}

/// Dropout as a composition of primitives, `[..]` in and out.
pub fn primitive<const D: usize>(input: Tensor<D>, mask: Option<Mask>) -> Tensor<D> {
    match mask {
        None => input,
        Some(mask) => {
            let (shape, device) = (input.dims(), input.device());
            input * factors(mask, shape, &device)
        }
    }
}

/// The factors of the elements of a tensor, `[..]`.
pub(crate) fn factors<const D: usize>(mask: Mask, shape: [usize; D], device: &Device) -> Tensor<D> {
    let columns = shape[D - 1];
    let rows = shape[..D - 1].iter().product();
    if shares_memory(device) {
        return Tensor::from_data(TensorData::new(mask.values(rows, columns), shape), device);
    }
    drawn_on_device(mask, rows, columns, device).reshape(shape)
}

/// True when tensors of a device are in this process's memory, where the host draws a mask faster than a composition of
/// primitives would.
fn shares_memory(device: &Device) -> bool {
    let device = device.clone().inner();
    #[cfg(feature = "flex")]
    if device == Device::flex() {
        return true;
    }
    #[cfg(feature = "tch")]
    if device == Device::libtorch() {
        return true;
    }
    let _ = device;
    false
}

/// The mask of [`Mask::values`], `[rows, columns]`, drawn where it is used: two numbers a row and one a column are all
/// that goes there.
fn drawn_on_device(mask: Mask, rows: usize, columns: usize, device: &Device) -> Tensor<2> {
    let put = |bits: Vec<u32>, shape: [usize; 2]| {
        let bits: Vec<i32> = bits.into_iter().map(|bits| bits as i32).collect();
        Bits::new(Tensor::from_data(TensorData::new(bits, shape), device)).expand([rows, columns])
    };
    let (low, high) = (0..rows).map(|row| mask.row(row).key()).unzip();
    let counters = (0..columns as u32).map(|column| column.wrapping_mul(COUNTER)).collect();
    let [first, second, third] = MIX.shifts;
    let mut bits = put(counters, [1, columns]).xor(put(low, [rows, 1]));
    bits = bits.clone().xor(bits.right(first)).times(MIX.factors[0]).plus(put(high, [rows, 1]));
    bits = bits.clone().xor(bits.right(second)).times(MIX.factors[1]);
    bits = bits.clone().xor(bits.right(third));
    bits.at_least(mask.threshold()) * f64::from(mask.scale())
}

/// Numbers of 32 bits in the whole numbers that a backend has: as many bits, with a sign, or 64.
#[derive(Clone)]
struct Bits {
    numbers: Tensor<2, Int>,
    wide: bool,
}

impl Bits {
    /// Numbers of 32 bits, `[rows, columns]`.
    fn new(numbers: Tensor<2, Int>) -> Self {
        let wide = matches!(numbers.dtype(), DType::I64 | DType::U64);
        Self { numbers, wide }.wrapped()
    }

    /// Wide numbers without the bits above the lowest 32.
    fn wrapped(self) -> Self {
        match self.wide {
            true => Self { numbers: self.numbers.bitwise_and_scalar(0xffff_ffff_i64), ..self },
            false => self,
        }
    }

    /// The numbers after a change, `[rows, columns]`.
    fn with(self, change: impl FnOnce(Tensor<2, Int>) -> Tensor<2, Int>) -> Self {
        Self { numbers: change(self.numbers), ..self }
    }

    fn expand(self, shape: [usize; 2]) -> Self {
        self.with(|numbers| numbers.expand(shape))
    }

    fn xor(self, other: Self) -> Self {
        self.with(|numbers| numbers.bitwise_xor(other.numbers))
    }

    fn times(self, factor: u32) -> Self {
        let factor = if self.wide { i64::from(factor) } else { i64::from(factor as i32) };
        self.with(|numbers| numbers * factor).wrapped()
    }

    fn plus(self, other: Self) -> Self {
        self.with(|numbers| numbers + other.numbers).wrapped()
    }

    /// Shifted towards the lowest bit, zeros coming in.
    fn right(self, places: u32) -> Self {
        let kept = i64::from(u32::MAX >> places);
        self.with(|numbers| numbers.bitwise_right_shift_scalar(places as i32).bitwise_and_scalar(kept))
    }

    /// 1 where a number is at least the limit, else 0, `[rows, columns]`.
    fn at_least(self, limit: u32) -> Tensor<2> {
        if self.wide {
            return self.numbers.greater_equal_elem(i64::from(limit)).float();
        }
        // Without the sign's bit, the order of numbers with a sign is that of numbers without.
        let numbers = self.numbers.bitwise_xor_scalar(i32::MIN);
        numbers.greater_equal_elem((limit ^ (1 << 31)) as i32).float()
    }
}

/// Dropout on flex, `[.., columns]` in and out.
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

/// Rows with elements dropped, `[rows, columns]` in and out.
#[cfg(feature = "flex")]
pub(super) fn masked(input: &[f32], columns: usize, mask: Option<Mask>) -> Vec<f32> {
    use crate::host::blocks::{Fresh, block_rows};
    use crate::host::simd::vectorized;
    use rayon::prelude::*;

    let columns = columns.max(1);
    let block = block_rows(input.len() / columns);
    let mut masked = Fresh::new(input.len());
    masked.par_copies(input, block * columns).enumerate().for_each(|(number, output)| {
        let Some(mask) = mask else { return };
        vectorized!({
            for (row, output) in output.chunks_exact_mut(columns).enumerate() {
                mask.row(number * block + row).apply(output);
            }
        });
    });
    masked.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_the_same_wherever_they_are_drawn() {
        let device = Device::default();
        for (rate, rows, columns) in [(0.3, 40, 50), (0.0, 3, 4), (0.95, 1, 300), (0.5, 300, 1)] {
            let mask = Mask::new(rate, 0xfeed_5eed_dead_beef);
            let drawn = drawn_on_device(mask, rows, columns, &device).into_data().try_into_vec::<f32>();
            assert_eq!(drawn.expect("32-bit floats"), mask.values(rows, columns));
        }
    }
}
