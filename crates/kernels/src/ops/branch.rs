//! The residual branch around a sub-layer.

use any2any_architecture::NormKind;
use burn::tensor::Tensor;

use crate::host::dropout::Mask;
use crate::host::products::Products;

/// A normalisation with its gain and bias, `[d_model]` each.
#[derive(Clone, Debug)]
pub struct NormParameters {
    /// The factor, `[d_model]`.
    pub gain: Tensor<1>,
    /// The addend, `[d_model]`.
    pub bias: Tensor<1>,
    /// The statistic that it divides by.
    pub kind: NormKind,
    /// The constant under the root, beside the variance.
    pub epsilon: f64,
}

impl NormParameters {
    /// Layer normalisation with an epsilon of 1e-5, gain and bias `[d_model]` each.
    pub fn layer(gain: Tensor<1>, bias: Tensor<1>) -> Self {
        Self { gain, bias, kind: NormKind::LayerNorm, epsilon: 1e-5 }
    }
}

/// `residual_scale * x + dropout(layer(norm(x)))`.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Normalises the layer's input.
    pub norm: Option<NormParameters>,
    /// Multiplies the residual stream, which passes the layer by.
    pub residual_scale: f64,
    /// Drops elements of the layer's output.
    pub mask: Option<Mask>,
    /// The arithmetic of the layer's products with its matrices.
    pub products: Products,
}

impl Branch {
    /// The input of the layer, for layers that are not fused, `[batch, positions, d_model]` in and out.
    #[must_use]
    pub fn enter(&self, stream: Tensor<3>) -> Tensor<3> {
        match &self.norm {
            None => stream,
            Some(norm) => super::layer_norm::layer_norm(stream, norm.clone()),
        }
    }

    /// The stream, joined with the output of the layer, for layers that are not fused, `[batch, positions, d_model]`
    /// each.
    #[must_use]
    pub fn join(&self, stream: Tensor<3>, output: Tensor<3>) -> Tensor<3> {
        let residual = if self.residual_scale == 1.0 { stream } else { stream * self.residual_scale };
        residual + super::dropout::dropout(output, self.mask)
    }

    /// The input of the layer as a composition of primitives, `[batch, positions, d_model]` in and out.
    pub(crate) fn primitive_input(&self, stream: Tensor<3>) -> Tensor<3> {
        match &self.norm {
            None => stream,
            Some(norm) => super::layer_norm::primitive(stream, norm.clone()),
        }
    }

    /// The stream, joined with the output of the layer as a composition of primitives, `[batch, positions, d_model]`
    /// each.
    pub(crate) fn primitive_join(&self, stream: Tensor<3>, output: Tensor<3>) -> Tensor<3> {
        stream * self.residual_scale + super::dropout::primitive(output, self.mask)
    }
}

#[cfg(feature = "flex")]
impl Branch {
    /// The inputs that the branch adds to those of its layer.
    pub(super) fn add_to(&self, inputs: super::fused::Inputs) -> super::fused::Inputs {
        match &self.norm {
            None => inputs,
            Some(norm) => inputs.and(norm.gain.clone()).and(norm.bias.clone()),
        }
    }

    /// The branch without its tensors, which have become inputs.
    pub(super) fn settings(&self) -> Settings {
        let norm = self.norm.as_ref().map(|norm| (norm.kind, norm.epsilon as f32));
        let Self { mask, products, .. } = *self;
        Settings { norm, residual_scale: self.residual_scale as f32, mask, products }
    }
}

/// A branch without its tensors.
#[cfg(feature = "flex")]
#[derive(Clone, Copy)]
pub(super) struct Settings {
    norm: Option<(NormKind, f32)>,
    residual_scale: f32,
    mask: Option<Mask>,
    products: Products,
}

#[cfg(feature = "flex")]
impl Settings {
    /// The branch over the inputs that [`Branch::add_to`] has added, `[d_model]` each, and the inputs after them.
    pub(super) fn host<'a, 'b>(
        &self,
        inputs: &'b [&'a [f32]],
    ) -> (crate::host::rows::Branch<'a>, &'b [&'a [f32]]) {
        let (norm, rest) = match (self.norm, inputs) {
            (Some((kind, epsilon)), [gain, bias, rest @ ..]) => {
                (Some(crate::host::layer_norm::NormLayer { gain, bias, kind, epsilon }), rest)
            }
            (_, rest) => (None, rest),
        };
        let Self { residual_scale, mask, products, .. } = *self;
        (crate::host::rows::Branch { norm, residual_scale, mask, products }, rest)
    }
}
