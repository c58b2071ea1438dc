//! Class tokens: an entrance of frames with learned vectors in front of them, which stand for the whole, as in vision
//! transformers (Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words").
//!
//! They stand in front, so that the padding of a batch is behind them as it is behind the frames.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::module::linear;

use crate::initializer::Initializer;

/// The deviation of fresh class tokens, that of the paper's program.
const DEVIATION: f64 = 0.02;

/// A linear projection behind class tokens. Its parameters have the names of a projection's without them.
#[derive(Module, Debug)]
pub struct ClassTokens {
    class_tokens: Param<Tensor<2>>,
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl ClassTokens {
    pub(crate) fn init(width: usize, tokens: usize, d_model: usize, initializer: &Initializer) -> Self {
        let projection = initializer.linear("projection", width, d_model, 1.0);
        let zeros = || initializer.child("projection").child("bias").constant([d_model], 0.0);
        Self {
            class_tokens: initializer.child("class_tokens").normal([tokens, d_model], DEVIATION),
            weight: projection.weight,
            bias: projection.bias.unwrap_or_else(zeros),
        }
    }

    /// The number of class tokens.
    pub fn tokens(&self) -> usize {
        let [tokens, _] = self.class_tokens.dims();
        tokens
    }

    /// Projects frames, with the class tokens in front.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, frames, width]`
    /// - output: `[batch, positions, d_model]`, positions being class tokens and frames
    pub fn forward(&self, frames: Tensor<3>) -> Tensor<3> {
        let [batch, _, _] = frames.dims();
        let projected = linear(frames, self.weight.val(), Some(self.bias.val()));
        let tokens = self.class_tokens.val().unsqueeze::<3>().repeat_dim(0, batch);
        Tensor::cat(vec![tokens, projected], 1)
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn class_tokens_stand_in_front_of_every_row() {
        let device = Device::default();
        let stem = ClassTokens::init(3, 2, 4, &Initializer::new(Seed(1), &device));
        let frames = Tensor::<3>::from_data([[[1.0, 2.0, 3.0]], [[0.0, 0.0, 0.0]]], &device);
        let rows = stem.forward(frames);
        assert_eq!(rows.dims(), [2, 3, 4]);
        let values = |tensor: Tensor<3>| tensor.into_data().try_to_vec::<f32>().expect("32-bit floats");
        let tokens = stem.class_tokens.val().into_data().try_to_vec::<f32>().expect("32-bit floats");
        for row in 0..2 {
            let row = rows.clone().narrow(0, row, 1);
            assert_eq!(values(row.narrow(1, 0, 2)), tokens);
        }
        // A frame of zeros becomes the bias, which starts at 0.
        assert_eq!(values(rows.narrow(0, 1, 1).narrow(1, 2, 1)), [0.0; 4]);
    }
}
