//! The feed-forward sub-layer.

use burn::tensor::{Tensor, activation, module};

pub use crate::host::feed_forward::Activation;

use super::branch::Branch;
use crate::host::dropout::Mask;

/// The parameters of a feed-forward sub-layer.
#[derive(Clone, Debug)]
pub struct FeedForwardParameters {
    /// Weight and bias that lead in, `[d_model, d_ff]` and `[d_ff]`.
    pub inner: (Tensor<2>, Tensor<1>),
    /// The same of the gate, for [`Activation::Swiglu`].
    pub gate: Option<(Tensor<2>, Tensor<1>)>,
    /// Weight and bias that lead out, `[d_ff, d_model]` and `[d_model]`.
    pub outer: (Tensor<2>, Tensor<1>),
}

/// `carry * x + dropout(activation(norm(x) W1 + b1) W2 + b2)` at every position.
///
/// # Shapes
///
/// - stream and output: `[batch, positions, d_model]`
///
/// # Panics
///
/// When the activation asks for a gate that is not there.
pub fn feed_forward(
    stream: Tensor<3>,
    parameters: FeedForwardParameters,
    branch: &Branch,
    activation: Activation,
    mask: Option<Mask>,
) -> Tensor<3> {
    assert_eq!(activation == Activation::Swiglu, parameters.gate.is_some(), "a gate belongs to SwiGLU");
    #[cfg(feature = "flex")]
    if super::fused::applies(&stream.device()) {
        return on_flex(stream, parameters, branch, activation, mask);
    }
    primitive(stream, parameters, branch, activation, mask)
}

/// The same as a composition of primitives.
pub fn primitive(
    stream: Tensor<3>,
    parameters: FeedForwardParameters,
    branch: &Branch,
    activation: Activation,
    mask: Option<Mask>,
) -> Tensor<3> {
    let input = branch.primitive_input(stream.clone());
    let linear =
        |input: Tensor<3>, (weight, bias): (Tensor<2>, Tensor<1>)| module::linear(input, weight, Some(bias));
    let inner = linear(input.clone(), parameters.inner);
    let active = match (activation, parameters.gate) {
        (Activation::Relu, _) => activation::relu(inner),
        (Activation::Gelu, _) => activation::gelu(inner),
        (Activation::Swiglu, Some(gate)) => activation::silu(linear(input, gate)) * inner,
        (Activation::Swiglu, None) => activation::silu(inner),
    };
    let output = linear(super::dropout::primitive(active, mask), parameters.outer);
    branch.primitive_join(stream, output)
}

#[cfg(feature = "flex")]
fn on_flex(
    stream: Tensor<3>,
    parameters: FeedForwardParameters,
    branch: &Branch,
    activation: Activation,
    mask: Option<Mask>,
) -> Tensor<3> {
    use crate::host::feed_forward::FeedForwardLayer;
    use crate::host::rows::Linear;

    let shape = stream.dims();
    let mut inputs = branch.add_to(super::fused::Inputs::new(stream));
    let linears = std::iter::once(parameters.inner).chain(parameters.gate).chain([parameters.outer]);
    for (weight, bias) in linears {
        inputs = inputs.and(weight).and(bias);
    }
    let settings = branch.settings();
    /// The sub-layer over its inputs.
    fn layer<'a>(
        settings: super::branch::Settings,
        activation: Activation,
        mask: Option<Mask>,
        inputs: &[&'a [f32]],
    ) -> FeedForwardLayer<'a> {
        let (branch, linears) = settings.host(&inputs[1..]);
        let linear = |number: usize| Linear { weight: linears[2 * number], bias: linears[2 * number + 1] };
        let gated = activation == Activation::Swiglu;
        FeedForwardLayer {
            branch,
            inner: linear(0),
            gate: gated.then(|| linear(1)),
            outer: linear(1 + usize::from(gated)),
            activation,
            mask,
        }
    }
    inputs.run(
        shape,
        move |inputs| layer(settings, activation, mask, inputs).forward(inputs[0]),
        move |inputs, sums, gradient| {
            layer(settings, activation, mask, inputs).backward(inputs[0], sums, gradient)
        },
    )
}
