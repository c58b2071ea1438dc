//! The feed-forward sub-layer.

use any2any_architecture::Activation;
use burn::tensor::{Tensor, activation};

use super::branch::Branch;
use crate::host::dropout::Mask;

/// The parameters of a feed-forward sub-layer.
#[derive(Clone, Debug)]
pub struct FeedForwardParameters {
    /// Weight and bias that lead in, `[d_model, d_ff]` and `[d_ff]`.
    pub inner: (Tensor<2>, Tensor<1>),
    /// Weight and bias of the gate, of a gated activation, `[d_model, d_ff]` and `[d_ff]`.
    pub gate: Option<(Tensor<2>, Tensor<1>)>,
    /// Weight and bias that lead out, `[d_ff, d_model]` and `[d_model]`.
    pub outer: (Tensor<2>, Tensor<1>),
}

/// `residual_scale * x + dropout(activation(norm(x) W1 + b1) W2 + b2)` at every position.
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
    assert_eq!(activation.is_gated(), parameters.gate.is_some(), "a gate belongs to a gated activation");
    #[cfg(feature = "flex")]
    if super::fused::applies(&stream.device()) {
        return on_flex(stream, parameters, branch, activation, mask);
    }
    primitive(stream, parameters, branch, activation, mask)
}

/// The feed-forward sub-layer as a composition of primitives.
///
/// # Shapes
///
/// - stream and output: `[batch, positions, d_model]`
pub fn primitive(
    stream: Tensor<3>,
    parameters: FeedForwardParameters,
    branch: &Branch,
    activation: Activation,
    mask: Option<Mask>,
) -> Tensor<3> {
    let input = branch.primitive_input(stream.clone());
    let linear = |input, parameters| super::linear::linear(input, parameters, branch.products);
    let gate = parameters.gate.map(|gate| linear(input.clone(), gate));
    let active = activated(activation, linear(input, parameters.inner), gate);
    let output = linear(super::dropout::primitive(active, mask), parameters.outer);
    branch.primitive_join(stream, output)
}

/// Activated sums in burn's primitives, `[batch, positions, d_ff]` each; a gated activation without a gate takes the
/// sums for one.
pub fn activated(function: Activation, sums: Tensor<3>, gate: Option<Tensor<3>>) -> Tensor<3> {
    match function {
        Activation::Relu => activation::relu(sums),
        Activation::Gelu => activation::gelu(sums),
        Activation::GeluTanh => gelu_tanh(sums),
        Activation::ReluSquared => activation::relu(sums).square(),
        Activation::Silu => activation::silu(sums),
        Activation::Swiglu => match gate {
            Some(gate) => activation::silu(gate) * sums,
            None => activation::silu(sums),
        },
        Activation::Geglu => match gate {
            Some(gate) => gelu_tanh(gate) * sums,
            None => gelu_tanh(sums),
        },
    }
}

/// GELU by the hyperbolic tangent, `[batch, positions, d_ff]` in and out.
fn gelu_tanh(x: Tensor<3>) -> Tensor<3> {
    let angle = (x.clone().powi_scalar(3) * 0.044715 + x.clone()) * std::f64::consts::FRAC_2_PI.sqrt();
    x * (angle.tanh() + 1.0) * 0.5
}

/// The feed-forward sub-layer on flex.
///
/// # Shapes
///
/// - stream and output: `[batch, positions, d_model]`
#[cfg(feature = "flex")]
fn on_flex(
    stream: Tensor<3>,
    parameters: FeedForwardParameters,
    branch: &Branch,
    activation: Activation,
    mask: Option<Mask>,
) -> Tensor<3> {
    use crate::host::rows::Linear;
    use crate::host::train::feed_forward::{FeedForwardGradients, FeedForwardLayer};

    let [batch, positions, d_model] = stream.dims();
    let mut inputs = branch.add_to(super::fused::Inputs::new(stream));
    let linears = std::iter::once(parameters.inner).chain(parameters.gate).chain([parameters.outer]);
    for (weight, bias) in linears {
        inputs = inputs.and(weight).and(bias);
    }
    let settings = branch.settings();
    /// The sub-layer over its inputs: stream `[rows, d_model]`, normalisation and parameters.
    fn layer<'a>(
        settings: super::branch::Settings,
        activation: Activation,
        mask: Option<Mask>,
        inputs: &[&'a [f32]],
    ) -> FeedForwardLayer<'a> {
        let (branch, linears) = settings.host(&inputs[1..]);
        let linear = |number: usize| Linear { weight: linears[2 * number], bias: linears[2 * number + 1] };
        let gated = activation.is_gated();
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
        [batch, positions, d_model],
        move |inputs| layer(settings, activation, mask, inputs).forward(inputs[0]),
        move |inputs, sums, gradient| {
            let FeedForwardGradients { stream, norm, inner, gate, outer } =
                layer(settings, activation, mask, inputs).backward(inputs[0], sums, gradient);
            let mut all = vec![stream];
            all.extend(norm.into_iter().flat_map(|norm| [norm.gain, norm.bias]));
            let linears = std::iter::once(inner).chain(gate).chain([outer]);
            all.extend(linears.flat_map(|linear| [linear.weight, linear.bias]));
            all
        },
    )
}
