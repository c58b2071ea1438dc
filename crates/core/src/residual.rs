//! The residual branch around every sub-layer: where the normalisation stands, and how the sum is weighed.

use any2any_kernels::{Branch, Norm, layer_norm};
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

    /// The stream after a sub-layer. `layer` gets the stream and how it is to be joined:
    /// `carry * x + dropout(layer(norm(x)))`, without the norm when it stands after the sum.
    ///
    /// # Shapes
    ///
    /// - stream and output: `[batch, positions, d_model]`
    pub fn forward(
        &self,
        stream: Tensor<3>,
        pass: &mut Pass,
        layer: impl FnOnce(Tensor<3>, &Branch, &mut Pass) -> Tensor<3>,
    ) -> Tensor<3> {
        let branch = Branch {
            norm: (self.placement == NormPlacement::Pre).then(|| gain_and_bias(&self.norm)),
            carry: self.carry,
            mask: self.dropout.mask(pass),
        };
        if self.placement == NormPlacement::Pre {
            pass.record("norm", || branch.enter(stream.clone()));
        }
        let output = layer(stream, &branch, pass);
        pass.record("sum", || output.clone());
        match self.placement {
            NormPlacement::Pre => output,
            NormPlacement::Post => {
                let output = normalise(&self.norm, output);
                pass.record("norm", || output.clone());
                output
            }
        }
    }
}

/// The parameters of a normalisation.
fn gain_and_bias(norm: &LayerNorm) -> Norm {
    let gain = norm.gamma.val();
    let bias = norm.beta.as_ref().map_or_else(|| gain.zeros_like(), |bias| bias.val());
    Norm { gain, bias }
}

/// A normalised stream.
pub(crate) fn normalise(norm: &LayerNorm, stream: Tensor<3>) -> Tensor<3> {
    let Norm { gain, bias } = gain_and_bias(norm);
    layer_norm(stream, gain, bias)
}
