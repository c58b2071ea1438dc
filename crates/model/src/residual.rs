//! The residual branch around every sub-layer, with the place of its normalisation and the scale of its sum.

use any2any_architecture::NormPlacement;
use any2any_kernels::Branch;
use burn::tensor::Tensor;

use crate::dropout::Dropout;
use crate::normalization::Normalization;
use crate::pass::Pass;

/// The residual sums of a layer; their normalisations have parameters and stand beside the sub-layers.
#[derive(Clone, Debug)]
pub(crate) struct Residual {
    pub(crate) dropout: Dropout,
    /// Multiplies the residual stream; 1 but for DeepNorm.
    pub(crate) scale: f64,
    pub(crate) placement: NormPlacement,
}

impl Residual {
    /// `x + dropout(sublayer(norm(x)))`, or `norm(x + dropout(sublayer(x)))` where the norm stands after the sum.
    /// `sublayer` gets the stream and the branch that joins it.
    ///
    /// # Shapes
    ///
    /// - stream and output: `[batch, positions, d_model]`
    pub(crate) fn forward(
        &self,
        norm: &Normalization,
        stream: Tensor<3>,
        pass: &mut Pass,
        sublayer: impl FnOnce(Tensor<3>, &Branch, &mut Pass) -> Tensor<3>,
    ) -> Tensor<3> {
        let branch = Branch {
            norm: (self.placement == NormPlacement::Pre).then(|| norm.parameters()),
            residual_scale: self.scale,
            mask: self.dropout.mask(pass),
            products: pass.products(),
        };
        if self.placement == NormPlacement::Pre {
            pass.record("norm", || branch.enter(stream.clone()));
        }
        let output = sublayer(stream, &branch, pass);
        pass.record("sum", || output.clone());
        match self.placement {
            NormPlacement::Pre => output,
            NormPlacement::Post => {
                let output = norm.forward(output);
                pass.record("norm", || output.clone());
                output
            }
        }
    }
}
