//! A layer of which training keeps the input alone, and which the backward pass computes again.

use any2any_kernels::{Operand, recomputed};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

use super::layer::{LayerInput, TransformerLayer};
use crate::attention::Scope;
use crate::encoder_output::EncoderOutput;
use crate::pass::Pass;

impl TransformerLayer {
    /// The stream after all sub-layers, as [`forward`](Self::forward) gives it to the last bit.
    ///
    /// # Shapes
    ///
    /// - stream and output: `[batch, positions, d_model]`
    pub(super) fn recomputed(
        &self,
        stream: Tensor<3>,
        scope: &Scope,
        cross: &Scope,
        encoded: Option<&EncoderOutput>,
        pass: &mut Pass,
    ) -> Tensor<3> {
        let mut inputs = vec![Operand::new(stream)];
        inputs.extend(scope.visibility.bias.clone().map(Operand::new));
        inputs.extend(encoded.map(|encoded| Operand::new(encoded.states.clone())));
        let mut parameters = Parameters(inputs);
        self.visit(&mut parameters);
        // What is kept for the backward pass holds no tensor of this graph but as an input.
        let layer = Detached {
            layer: self.valid(),
            scope: scope.clone().without_bias(),
            has_bias: scope.visibility.bias.is_some(),
            cross: cross.clone(),
            lengths: encoded.map(|encoded| encoded.lengths.clone()),
        };
        let mut repeated = pass.repeated();
        let again = layer.clone();
        recomputed(
            parameters.0,
            |inputs| layer.forward(inputs, pass),
            move |inputs| again.forward(inputs, &mut repeated),
        )
    }
}

/// A layer and all that it reads beside its operands.
#[derive(Clone, Debug)]
struct Detached {
    layer: TransformerLayer,
    scope: Scope,
    has_bias: bool,
    cross: Scope,
    /// The lengths of the encoder's output; `None` without an encoder.
    lengths: Option<Option<Vec<usize>>>,
}

impl Detached {
    /// The output over stream, biases of distances, the encoder's states and parameters, where there are any,
    /// `[batch, positions, d_model]`.
    fn forward(self, inputs: Vec<Operand>, pass: &mut Pass) -> Tensor<3> {
        let mut inputs = inputs.into_iter();
        let mut next = || inputs.next().expect("as many operands as were given");
        let stream = next().into_tensor();
        let mut scope = self.scope;
        scope.visibility.bias = self.has_bias.then(|| next().into_tensor());
        let encoded = self.lengths.map(|lengths| EncoderOutput {
            states: next().into_tensor(),
            lengths,
            last: Vec::new(),
        });
        let layer = self.layer.map(&mut Replaced(inputs));
        let input = LayerInput { scope: &scope, cross: &self.cross, encoded: encoded.as_ref(), cache: None };
        layer.forward(stream, input, pass)
    }
}

/// Gathers the parameters of a layer behind its other operands.
struct Parameters(Vec<Operand>);

impl ModuleVisitor for Parameters {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(Operand::new(param.val()));
    }
}

/// Replaces the parameters of a layer, in the order of [`Parameters`].
struct Replaced<I>(I);

impl<I: Iterator<Item = Operand>> ModuleMapper for Replaced<I> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let value = self.0.next().expect("as many operands as the layer has parameters").into_tensor();
        param.map(|_| value)
    }
}
