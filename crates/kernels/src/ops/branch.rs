//! How a sub-layer joins the residual stream.

use burn::tensor::Tensor;

use crate::host::dropout::Mask;

/// Gain and bias of a layer normalisation, `[d_model]` each.
#[derive(Clone, Debug)]
pub struct Norm {
    /// Multiplies.
    pub gain: Tensor<1>,
    /// Is added.
    pub bias: Tensor<1>,
}

/// `carry * x + dropout(layer(norm(x)))`.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Normalises what the layer reads.
    pub norm: Option<Norm>,
    /// Multiplies what is carried past the layer.
    pub carry: f64,
    /// Drops elements of what the layer gives.
    pub mask: Option<Mask>,
}

impl Branch {
    /// What the layer reads, for layers that are not fused.
    #[must_use]
    pub fn enter(&self, stream: Tensor<3>) -> Tensor<3> {
        match &self.norm {
            None => stream,
            Some(norm) => super::layer_norm::layer_norm(stream, norm.gain.clone(), norm.bias.clone()),
        }
    }

    /// The stream, joined with what the layer gives, for layers that are not fused.
    #[must_use]
    pub fn join(&self, stream: Tensor<3>, output: Tensor<3>) -> Tensor<3> {
        let carried = if self.carry == 1.0 { stream } else { stream * self.carry };
        carried + super::dropout::dropout(output, self.mask)
    }

    /// What the layer reads.
    pub(crate) fn primitive_input(&self, stream: Tensor<3>) -> Tensor<3> {
        match &self.norm {
            None => stream,
            Some(norm) => super::layer_norm::primitive(stream, norm.gain.clone(), norm.bias.clone()),
        }
    }

    /// The stream, joined with what the layer gives.
    pub(crate) fn primitive_join(&self, stream: Tensor<3>, output: Tensor<3>) -> Tensor<3> {
        stream * self.carry + super::dropout::primitive(output, self.mask)
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

    /// What remains of the branch when its tensors have become inputs.
    pub(super) fn settings(&self) -> Settings {
        Settings { normalises: self.norm.is_some(), carry: self.carry as f32, mask: self.mask }
    }
}

/// A branch without its tensors.
#[cfg(feature = "flex")]
#[derive(Clone, Copy)]
pub(super) struct Settings {
    normalises: bool,
    carry: f32,
    mask: Option<Mask>,
}

#[cfg(feature = "flex")]
impl Settings {
    /// The branch over the inputs that [`Branch::add_to`] has added, and the inputs after them.
    pub(super) fn host<'a, 'b>(
        &self,
        inputs: &'b [&'a [f32]],
    ) -> (crate::host::rows::Branch<'a>, &'b [&'a [f32]]) {
        let (norm, rest) = match inputs {
            [gain, bias, rest @ ..] if self.normalises => {
                (Some(crate::host::layer_norm::Norm { gain, bias }), rest)
            }
            rest => (None, rest),
        };
        (crate::host::rows::Branch { norm, carry: self.carry, mask: self.mask }, rest)
    }
}
