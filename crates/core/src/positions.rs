//! How positions are told apart.

use std::ops::Range;

use any2any_kernels::{Mask, Rotation, add_positions, dropout};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

use crate::initializer::Initializer;
use crate::pass::Pass;

/// A way to tell positions apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositionsConfig {
    /// Sines and cosines added to the embeddings (Vaswani et al. 2017).
    Sinusoidal,
    /// A learned vector for each position up to a limit.
    Learned {
        /// The most positions that can be told apart; later ones share the last vector.
        limit: usize,
    },
    /// Queries and keys of self-attention rotated by their position (Su et al. 2021, "RoFormer").
    Rotary,
    /// A penalty on self-attention that grows with the distance (Press et al. 2022, "Train Short, Test Long").
    Alibi,
}

impl PositionsConfig {
    /// The positions of one stack.
    pub fn init(self, d_model: usize, initializer: &Initializer) -> Positions {
        let table = match self {
            PositionsConfig::Learned { limit } => {
                Some(initializer.child("positions").normal([limit, d_model], (d_model as f64).powf(-0.5)))
            }
            _ => None,
        };
        Positions { table, config: self }
    }
}

/// The positions of one stack.
#[derive(Module, Debug)]
pub struct Positions {
    table: Option<Param<Tensor<2>>>,
    #[module(skip)]
    config: PositionsConfig,
}

impl Positions {
    /// Adds what is added to embeddings and drops elements; `offset` is the first position's number.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, positions, d_model]`
    pub(crate) fn add(
        &self,
        input: Tensor<3>,
        offset: usize,
        mask: Option<Mask>,
        pass: &mut Pass,
    ) -> Tensor<3> {
        let [_, positions, d_model] = input.dims();
        let output = match self.places(offset..offset + positions, d_model, &input.device()) {
            Some(places) => {
                pass.record("positions", || places.clone().unsqueeze::<3>());
                add_positions(input, places, mask)
            }
            None => dropout(input, mask),
        };
        pass.record("sum", || output.clone());
        output
    }

    /// What is added to embeddings, `[positions, d_model]`, where anything is.
    fn places(&self, positions: Range<usize>, d_model: usize, device: &Device) -> Option<Tensor<2>> {
        let count = positions.len();
        match (&self.table, self.config) {
            (Some(table), _) => {
                let [limit, _] = table.dims();
                let rows: Vec<i32> = positions.map(|at| at.min(limit - 1) as i32).collect();
                Some(table.val().select(0, Tensor::from_data(TensorData::new(rows, [count]), device)))
            }
            (None, PositionsConfig::Sinusoidal) => {
                let values = sinusoidal(positions, d_model);
                Some(Tensor::from_data(TensorData::new(values, [count, d_model]), device))
            }
            _ => None,
        }
    }

    /// The rotation of `positions` positions from `offset`, for rotary positions.
    pub(crate) fn rotation(&self, offset: usize, positions: usize, d_head: usize) -> Option<Rotation> {
        (self.config == PositionsConfig::Rotary).then(|| Rotation::new(offset, positions, d_head))
    }

    /// What a step of distance costs each head, for ALiBi.
    pub(crate) fn slopes(&self, heads: usize) -> Option<Vec<f32>> {
        (self.config == PositionsConfig::Alibi).then(|| alibi_slopes(heads))
    }
}

/// What a step of distance costs each head: `2^(-8 (head + 1) / heads)`, the geometric sequence of the ALiBi paper.
pub fn alibi_slopes(heads: usize) -> Vec<f32> {
    (1..=heads).map(|head| (-8.0 * head as f32 / heads as f32).exp2()).collect()
}

/// `sin(position / 10000^(2i / d_model))` at even and the cosine at odd places, of consecutive positions,
/// `[positions.len(), d_model]`.
pub fn sinusoidal(positions: Range<usize>, d_model: usize) -> Vec<f32> {
    let frequencies: Vec<f64> =
        (0..d_model).step_by(2).map(|place| 10_000_f64.powf(-(place as f64) / d_model as f64)).collect();
    let mut values = Vec::with_capacity(positions.len() * d_model);
    for position in positions {
        let waves = frequencies.iter().flat_map(|frequency| {
            let (sin, cos) = (position as f64 * frequency).sin_cos();
            [sin as f32, cos as f32]
        });
        values.extend(waves.take(d_model));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sinusoidal_follows_the_formula() {
        let values = sinusoidal(3..4, 4);
        assert_eq!(sinusoidal(2..5, 4)[4..8], values);
        assert_eq!(sinusoidal(3..4, 3)[..2], values[..2]);
        let expected = [3_f32.sin(), 3_f32.cos(), 0.03_f32.sin(), 0.03_f32.cos()];
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
        }
    }

    #[test]
    fn alibi_slopes_are_the_papers() {
        assert_eq!(alibi_slopes(8), [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625]);
    }
}
