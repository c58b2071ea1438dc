//! The simpler simple recurrent unit (Kim et al. 2019, "From Research to Production and Back: Ludicrously Fast Neural
//! Machine Translation"), which stands in a decoder's layer for self-attention: a step costs the same however much has
//! been written.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Tensor, activation};

use crate::initializer::Initializer;

/// `f = sigmoid(x W_f + b_f)`, `c = f c' + (1 - f) (x W)`, output `relu(c)`.
#[derive(Module, Debug)]
pub(crate) struct Ssru {
    candidate: Linear,
    forget: Linear,
}

impl Ssru {
    pub(crate) fn init(d_model: usize, initializer: &Initializer) -> Self {
        let candidate = initializer.linear("candidate", d_model, d_model, 1.0);
        Self {
            candidate: Linear { bias: None, ..candidate },
            forget: initializer.linear("forget", d_model, d_model, 1.0),
        }
    }

    /// The outputs of consecutive positions after a cell, which then is that of the last; zeros before the first.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, positions, d_model]`; cell: `[batch, d_model]`
    pub(crate) fn forward(&self, input: Tensor<3>, cell: &mut Option<Tensor<2>>) -> Tensor<3> {
        let [batch, positions, d_model] = input.dims();
        let forget = activation::sigmoid(self.forget.forward(input.clone()));
        let candidate = self.candidate.forward(input.clone());
        let mut last = cell.take().unwrap_or_else(|| Tensor::zeros([batch, d_model], &input.device()));
        let mut cells = Vec::with_capacity(positions);
        for position in 0..positions {
            let at = |values: &Tensor<3>| values.clone().narrow(1, position, 1).squeeze_dim::<2>(1);
            let (forget, candidate) = (at(&forget), at(&candidate));
            last = forget * (last - candidate.clone()) + candidate;
            cells.push(last.clone());
        }
        *cell = Some(last);
        activation::relu(Tensor::stack(cells, 1))
    }
}
