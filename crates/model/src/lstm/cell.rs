//! Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000).

use any2any_kernels::{CellState, LstmOrder, LstmParameters, lstm};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Tensor, activation};

use crate::initializer::{Initializer, weight_and_bias};
use crate::pass::Pass;

/// One layer of LSTM cells.
#[derive(Module, Debug)]
pub(crate) struct LstmCell {
    /// From the input to the gates: input, forget, candidate, output.
    input: Linear,
    /// From the hidden state to the gates.
    hidden: Linear,
    width: usize,
}

/// A state of zeros, `[batch, width]` each, on the device of a tensor.
pub(crate) fn zeros(batch: usize, width: usize, like: &Tensor<3>) -> CellState {
    let zeros = Tensor::zeros([batch, width], &like.device());
    CellState { hidden: zeros.clone(), cell: zeros }
}

impl LstmCell {
    /// A cell with fresh weights. The forget gate's bias starts at 1 (Jozefowicz et al. 2015).
    pub(crate) fn new(d_input: usize, width: usize, initializer: &Initializer) -> Self {
        let mut hidden = initializer.linear("hidden", width, 4 * width, 1.0);
        let mut biases = (0..4).flat_map(move |gate| std::iter::repeat_n(f32::from(gate == 1_u8), width));
        hidden.bias = Some(initializer.parameter([4 * width], move || biases.next().unwrap_or_default()));
        Self { input: initializer.linear("input", d_input, 4 * width, 1.0), hidden, width }
    }

    /// The state after one input, `[batch, d_input]` to `[batch, width]` each.
    pub(crate) fn step(&self, input: Tensor<2>, state: &CellState, pass: &mut Pass) -> CellState {
        let (_, last) = self.run_from(input.unsqueeze_dim(1), state.clone(), LstmOrder::default(), pass);
        last
    }

    /// The hidden states of a whole sequence and the last one. Positions past a row's length leave its state
    /// as it was.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, positions, d_input]`; lengths: `[batch]`
    /// - output: `[batch, positions, width]` and `[batch, width]`
    pub(crate) fn run(
        &self,
        input: Tensor<3>,
        lengths: Option<Vec<usize>>,
        backwards: bool,
        pass: &mut Pass,
    ) -> (Tensor<3>, Tensor<2>) {
        let [batch, _, _] = input.dims();
        let first = zeros(batch, self.width, &input);
        let (outputs, last) = self.run_from(input, first, LstmOrder { lengths, backwards }, pass);
        (outputs, last.hidden)
    }

    /// The hidden states of a sequence after a state, and the state after it.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, positions, d_input]`; first: `[batch, width]` each
    /// - output: `[batch, positions, width]`, and `[batch, width]` each
    pub(crate) fn run_from(
        &self,
        input: Tensor<3>,
        first: CellState,
        order: LstmOrder,
        pass: &mut Pass,
    ) -> (Tensor<3>, CellState) {
        let [_, positions, _] = input.dims();
        let before = pass.is_recorded().then(|| (input.clone(), first.hidden.clone(), order.backwards));
        let last = if order.backwards { 0 } else { positions - 1 };
        let parameters =
            LstmParameters { input: weight_and_bias(&self.input), hidden: weight_and_bias(&self.hidden) };
        let states = lstm(input, first, parameters, order);
        if let Some((input, first, backwards)) = before {
            self.record(input, first, states.clone(), backwards, pass);
        }
        let end: Tensor<2> = states.clone().narrow(1, last, 1).squeeze_dim(1);
        let end = CellState {
            hidden: end.clone().narrow(1, 0, self.width),
            cell: end.narrow(1, self.width, self.width),
        };
        (states.narrow(2, 0, self.width), end)
    }

    /// Keeps gates and states of a sequence; the gates are computed again from the input and the hidden state of each
    /// step.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, positions, d_input]`; first: `[batch, width]`; states: `[batch, positions, 2 * width]`
    fn record(
        &self,
        input: Tensor<3>,
        first: Tensor<2>,
        states: Tensor<3>,
        backwards: bool,
        pass: &mut Pass,
    ) {
        let [_, positions, _] = input.dims();
        let hidden = states.clone().narrow(2, 0, self.width);
        let first = first.unsqueeze_dim::<3>(1);
        let before = match (positions > 1, backwards) {
            (false, _) => first,
            (true, false) => Tensor::cat(vec![first, hidden.clone().narrow(1, 0, positions - 1)], 1),
            (true, true) => Tensor::cat(vec![hidden.clone().narrow(1, 1, positions - 1), first], 1),
        };
        let gates = self.input.forward(input) + self.hidden.forward(before);
        let gate = |number: usize| gates.clone().narrow(2, number * self.width, self.width);
        pass.record("input gate", || activation::sigmoid(gate(0)));
        pass.record("forget gate", || activation::sigmoid(gate(1)));
        pass.record("candidate", || gate(2).tanh());
        pass.record("output gate", || activation::sigmoid(gate(3)));
        pass.record("cell", || states.narrow(2, self.width, self.width));
        pass.record("hidden", || hidden);
    }
}
