//! Listener to the gradients of single layers: what it is told of a layer is whole before the backward pass has ended.

use std::fmt::Debug;
use std::sync::Arc;

use any2any_kernels::GradientListener;
use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::Tensor;

/// Listener to the layers of a pass, first on their way up and then on the way back.
///
/// A parameter that is used in two places of a pass is announced twice, and each time only a part of its gradient is told.
pub trait LayerListener: Debug + Send + Sync {
    /// Announces a layer in the forward pass, by those of its parameters that learn and their numbers of elements.
    fn layer(&self, parameters: Vec<(ParamId, usize)>);

    /// Tells the gradient of a parameter, `[elements]`, in the backward pass. Nothing is told of a parameter from which no
    /// way leads to the loss.
    fn gradient(&self, parameter: ParamId, gradient: Tensor<1>);
}

/// The layer, whose gradients the listener is told once the backward pass has come to its inputs: the stream, and the
/// encoder's states where it reads them, `[batch, positions, d_model]`. The first decoder layer would else be told after
/// all of the encoder, which its own input does not come from.
pub(crate) fn listened<M: Module>(
    layer: &M,
    inputs: [Option<&Tensor<3>>; 2],
    listener: &Arc<dyn LayerListener>,
) -> M {
    let mut mapper = Listened { inputs, listener, parameters: Vec::new() };
    let listened = layer.clone().map(&mut mapper);
    listener.layer(mapper.parameters);
    listened
}

struct Listened<'a> {
    inputs: [Option<&'a Tensor<3>>; 2],
    listener: &'a Arc<dyn LayerListener>,
    parameters: Vec<(ParamId, usize)>,
}

impl ModuleMapper for Listened<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.val().is_tracked() {
            return param;
        }
        let (id, listener) = (param.id, self.listener.clone());
        self.parameters.push((id, param.val().shape().num_elements()));
        let tell = GradientListener::new(move |gradient| listener.gradient(id, gradient));
        param.map(|value| any2any_kernels::listened(value, self.inputs.map(Option::<&_>::cloned), tell))
    }
}
