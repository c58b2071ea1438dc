//! How positions are told apart.

use any2any_kernels::{Mask, Rotation, add_positions, dropout};
use burn::module::{Module, Param};
use burn::tensor::TensorData;
use burn::tensor::{Device, Tensor};

use crate::initializer::Initializer;

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
    pub fn add(&self, input: Tensor<3>, offset: usize, mask: Option<Mask>) -> Tensor<3> {
        let [_, positions, d_model] = input.dims();
        let places = match (&self.table, self.config) {
            (Some(table), _) => {
                let [limit, _] = table.dims();
                let rows: Vec<i32> =
                    (offset..offset + positions).map(|at| at.min(limit - 1) as i32).collect();
                let rows = Tensor::from_data(TensorData::new(rows, [positions]), &input.device());
                Some(table.val().select(0, rows))
            }
            (None, PositionsConfig::Sinusoidal) => {
                Some(sinusoidal(offset, positions, d_model, &input.device()))
            }
            _ => None,
        };
        match places {
            Some(places) => add_positions(input, places, mask),
            None => dropout(input, mask),
        }
    }

    /// The rotation of `positions` positions from `offset`, for rotary positions.
    pub(crate) fn rotation(&self, offset: usize, positions: usize, d_head: usize) -> Option<Rotation> {
        (self.config == PositionsConfig::Rotary).then(|| Rotation::new(offset, positions, d_head))
    }

    /// What a step of distance costs each head, for ALiBi.
    pub(crate) fn slopes(&self, heads: usize) -> Option<Vec<f32>> {
        (self.config == PositionsConfig::Alibi)
            .then(|| (0..heads).map(|head| alibi_slope(head, heads)).collect())
    }
}

/// `2^(-8 (head + 1) / heads)`: the geometric sequence of the paper.
fn alibi_slope(head: usize, heads: usize) -> f32 {
    (-8.0 * (head + 1) as f32 / heads as f32).exp2()
}

/// `sin(position / 10000^(2i / d_model))` at even and the cosine at odd places, `[positions, d_model]`.
fn sinusoidal(offset: usize, positions: usize, d_model: usize, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = (offset..offset + positions)
        .flat_map(|position| {
            (0..d_model).map(move |place| {
                let frequency = 10_000_f64.powf(-((place - place % 2) as f64) / d_model as f64);
                let angle = position as f64 * frequency;
                (if place % 2 == 0 { angle.sin() } else { angle.cos() }) as f32
            })
        })
        .collect();
    Tensor::from_data(TensorData::new(values, [positions, d_model]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sinusoidal_follows_the_formula() {
        let table = sinusoidal(3, 1, 4, &Device::default());
        let expected = [3_f32.sin(), 3_f32.cos(), 0.03_f32.sin(), 0.03_f32.cos()];
        let values: Vec<f32> = table.into_data().try_to_vec().expect("32-bit floats");
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
        }
    }

    #[test]
    fn alibi_slopes_are_the_papers() {
        let slopes: Vec<f32> = (0..8).map(|head| alibi_slope(head, 8)).collect();
        assert_eq!(slopes, [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625]);
    }
}
