//! The residual branch around every sub-layer: where the normalisation stands, and how the sum is weighed.

use burn::module::Module;
use burn::nn::LayerNorm;
use burn::tensor::Tensor;

use crate::dropout::Dropout;
use crate::initializer::Initializer;
use crate::pass::Pass;

/// Where layer normalisation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NormPlacement {
    /// `x + dropout(layer(norm(x)))` (Xiong et al. 2020).
    #[default]
    Pre,
    /// `norm(x + dropout(layer(x)))`, as in the paper's figure (Vaswani et al. 2017).
    Post,
}

/// A residual branch.
#[derive(Module, Debug)]
pub struct Residual {
    norm: LayerNorm,
    dropout: Dropout,
    /// What multiplies the carried input; 1 but for DeepNorm.
    carry: f64,
    #[module(skip)]
    placement: NormPlacement,
}

impl Residual {
    /// A branch with fresh weights.
    pub fn new(
        d_model: usize,
        dropout: f64,
        placement: NormPlacement,
        carry: f64,
        initializer: &Initializer,
    ) -> Self {
        Self { norm: initializer.layer_norm(d_model), dropout: Dropout::new(dropout), carry, placement }
    }

    /// The input, joined with what `layer` makes of it.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, positions, d_model]`
    pub fn forward(
        &self,
        input: Tensor<3>,
        pass: &mut Pass,
        layer: impl FnOnce(Tensor<3>, &mut Pass) -> Tensor<3>,
    ) -> Tensor<3> {
        let carried = if self.carry == 1.0 { input.clone() } else { input.clone() * self.carry };
        match self.placement {
            NormPlacement::Pre => {
                let branch = layer(self.norm.forward(input), pass);
                carried + self.dropout.forward(branch, pass)
            }
            NormPlacement::Post => {
                let branch = layer(input, pass);
                self.norm.forward(carried + self.dropout.forward(branch, pass))
            }
        }
    }
}
