//! Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000).

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::Tensor;
use burn::tensor::activation;

use crate::initializer::Initializer;

/// One layer of LSTM cells.
#[derive(Module, Debug)]
pub(crate) struct LstmCell {
    /// From the input to the gates: input, forget, candidate, output.
    input: Linear,
    /// From the hidden state to the gates.
    hidden: Linear,
    width: usize,
}

/// What a cell carries from step to step, both `[batch, width]`.
#[derive(Clone, Debug)]
pub(crate) struct CellState {
    pub hidden: Tensor<2>,
    pub cell: Tensor<2>,
}

impl CellState {
    /// A state of zeros.
    pub(crate) fn zeros(batch: usize, width: usize, like: &Tensor<3>) -> Self {
        let zeros = Tensor::zeros([batch, width], &like.device());
        Self { hidden: zeros.clone(), cell: zeros }
    }

    /// `other` where `keep` is 1, this state where it is 0; keep: `[batch, 1]`.
    fn unless(self, other: Self, keep: &Tensor<2>) -> Self {
        let mix = |old: Tensor<2>, new: Tensor<2>| old.clone() + (new - old) * keep.clone();
        Self { hidden: mix(self.hidden, other.hidden), cell: mix(self.cell, other.cell) }
    }
}

impl LstmCell {
    /// A cell with fresh weights. The forget gate's bias starts at 1 (Jozefowicz et al. 2015).
    pub(crate) fn new(d_input: usize, width: usize, initializer: &Initializer) -> Self {
        let mut hidden = initializer.linear("hidden", width, 4 * width, 1.0);
        let bias: Vec<f32> = (0..4 * width).map(|at| if at / width == 1 { 1.0 } else { 0.0 }).collect();
        hidden.bias = Some(Param::from_data(bias.as_slice(), initializer.device()));
        Self { input: initializer.linear("input", d_input, 4 * width, 1.0), hidden, width }
    }

    /// The state after one input, `[batch, d_input]`.
    pub(crate) fn step(&self, input: Tensor<2>, state: &CellState) -> CellState {
        let gates = self.input.forward(input) + self.hidden.forward(state.hidden.clone());
        let gate = |number: usize| gates.clone().narrow(1, number * self.width, self.width);
        let kept = activation::sigmoid(gate(1)) * state.cell.clone();
        let cell = kept + activation::sigmoid(gate(0)) * gate(2).tanh();
        let hidden = activation::sigmoid(gate(3)) * cell.clone().tanh();
        CellState { hidden, cell }
    }

    /// The hidden states of a whole sequence and the last state. Positions past a row's length leave its
    /// state as it was.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, positions, d_input]`; present: `[batch, positions]`, 1 or 0
    /// - output: `[batch, positions, width]`
    pub(crate) fn run(
        &self,
        input: &Tensor<3>,
        present: Option<&Tensor<2>>,
        backwards: bool,
    ) -> (Tensor<3>, CellState) {
        let [batch, positions, _] = input.dims();
        let mut state = CellState::zeros(batch, self.width, input);
        let mut outputs = Vec::with_capacity(positions);
        for step in 0..positions {
            let at = if backwards { positions - 1 - step } else { step };
            let new = self.step(input.clone().narrow(1, at, 1).squeeze_dim(1), &state);
            state = match present {
                None => new,
                Some(present) => state.unless(new, &present.clone().narrow(1, at, 1)),
            };
            outputs.push(state.hidden.clone());
        }
        if backwards {
            outputs.reverse();
        }
        (Tensor::stack(outputs, 1), state)
    }
}
