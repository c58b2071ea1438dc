//! Long short-term memory, and the additive attention that came with it.

use burn::tensor::{Tensor, TensorData, activation, module};

use super::masked_softmax::masked_softmax;

/// The parameters of one layer of cells; the four gates are those of input, forget, candidate and output.
#[derive(Clone, Debug)]
pub struct LstmParameters {
    /// Weight and bias from the input to the gates, `[d_input, 4 * width]` and `[4 * width]`.
    pub input: (Tensor<2>, Tensor<1>),
    /// Weight and bias from the hidden state to the gates, `[width, 4 * width]` and `[4 * width]`.
    pub hidden: (Tensor<2>, Tensor<1>),
}

/// Hidden and cell state of a layer of cells, `[batch, width]` each.
#[derive(Clone, Debug)]
pub struct CellState {
    /// The hidden state.
    pub hidden: Tensor<2>,
    /// The cell state.
    pub cell: Tensor<2>,
}

/// The order of a recurrence over sequences.
#[derive(Clone, Debug, Default)]
pub struct LstmOrder {
    /// The number of positions of each sequence, `[batch]`; later ones leave the state as it is. None when all are
    /// there.
    pub lengths: Option<Vec<usize>>,
    /// The last position comes first.
    pub backwards: bool,
}

/// One layer of cells over whole sequences (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et
/// al. 2000).
///
/// # Shapes
///
/// - input: `[batch, positions, d_input]`; first: `[batch, width]` each
/// - output: the hidden and then the cell state at every position, `[batch, positions, 2 * width]`
pub fn lstm(input: Tensor<3>, first: CellState, parameters: LstmParameters, order: LstmOrder) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if super::fused::applies(&input.device()) {
        return on_flex(input, first, parameters, order);
    }
    primitive(input, first, parameters, order)
}

/// A layer of cells as a composition of primitives.
///
/// # Shapes
///
/// - input: `[batch, positions, d_input]`; first: `[batch, width]` each; output: `[batch, positions, 2 * width]`
pub fn primitive(
    input: Tensor<3>,
    first: CellState,
    parameters: LstmParameters,
    order: LstmOrder,
) -> Tensor<3> {
    let [batch, positions, _] = input.dims();
    let [_, width] = first.hidden.dims();
    let device = input.device();
    let mut outputs = Vec::with_capacity(positions);
    let CellState { mut hidden, mut cell } = first;
    for step in 0..positions {
        let position = if order.backwards { positions - 1 - step } else { step };
        let token: Tensor<2> = input.clone().narrow(1, position, 1).squeeze_dim(1);
        let (weight, bias) = parameters.input.clone();
        let (recurrent, recurrent_bias) = parameters.hidden.clone();
        let gates = module::linear(token, weight, Some(bias))
            + module::linear(hidden.clone(), recurrent, Some(recurrent_bias));
        let gate = |number: usize| gates.clone().narrow(1, number * width, width);
        let kept = activation::sigmoid(gate(1)) * cell.clone();
        let new_cell = kept + activation::sigmoid(gate(0)) * gate(2).tanh();
        let new_hidden = activation::sigmoid(gate(3)) * new_cell.clone().tanh();
        (hidden, cell) = match &order.lengths {
            None => (new_hidden, new_cell),
            Some(lengths) => {
                let there = lengths.iter().map(|&length| f32::from(u8::from(position < length)));
                let there: Vec<f32> = there.collect();
                let there = Tensor::<2>::from_data(TensorData::new(there, [batch, 1]), &device);
                let mix = |old: Tensor<2>, new: Tensor<2>| old.clone() + (new - old) * there.clone();
                (mix(hidden, new_hidden), mix(cell, new_cell))
            }
        };
        outputs.push(Tensor::cat(vec![hidden.clone(), cell.clone()], 1));
    }
    if order.backwards {
        outputs.reverse();
    }
    Tensor::stack(outputs, 1)
}

/// A layer of cells on flex, in the shapes of [`lstm`].
///
/// # Shapes
///
/// - input: `[batch, positions, d_input]`; output: `[batch, positions, 2 * width]`
#[cfg(feature = "flex")]
fn on_flex(input: Tensor<3>, first: CellState, parameters: LstmParameters, order: LstmOrder) -> Tensor<3> {
    use crate::host::rows::Linear;
    use crate::host::train::lstm::{First, LstmGradients, LstmLayer, Results};

    let [batch, positions, _] = input.dims();
    let [_, width] = first.hidden.dims();
    /// The layer over its inputs: sequences `[batch * positions, d_input]`, first states and parameters.
    fn layer<'a>(order: &'a LstmOrder, inputs: &[&'a [f32]], sizes: [usize; 2]) -> LstmLayer<'a> {
        LstmLayer {
            input: Linear { weight: inputs[3], bias: inputs[4] },
            hidden: Linear { weight: inputs[5], bias: inputs[6] },
            batch: sizes[0],
            positions: sizes[1],
            lengths: order.lengths.as_deref(),
            backwards: order.backwards,
        }
    }
    let again = order.clone();
    let mut inputs = super::fused::Inputs::new(input).and(first.hidden).and(first.cell);
    for (weight, bias) in [parameters.input, parameters.hidden] {
        inputs = inputs.and(weight).and(bias);
    }
    inputs.run(
        [batch, positions, 2 * width],
        move |inputs| {
            let first = First { hidden: inputs[1], cell: inputs[2] };
            let (states, gates) = layer(&order, inputs, [batch, positions]).forward(inputs[0], first);
            (states.clone(), (states, gates))
        },
        move |inputs, (states, gates), gradient| {
            let first = First { hidden: inputs[1], cell: inputs[2] };
            let results = Results { states, gates };
            let LstmGradients { sequence, first_hidden, first_cell, input, hidden } =
                layer(&again, inputs, [batch, positions]).backward(inputs[0], first, results, gradient);
            let mut all = vec![sequence, first_hidden, first_cell];
            all.extend([input, hidden].into_iter().flat_map(|linear| [linear.weight, linear.bias]));
            all
        },
    )
}

/// Inputs of additive attention.
#[derive(Clone, Debug)]
pub struct AdditiveInputs {
    /// One query a sequence, `[batch, d_model]`.
    pub query: Tensor<2>,
    /// Keys, `[batch, keys, d_model]`.
    pub keys: Tensor<3>,
    /// The weights of a score, `[d_model]`.
    pub weight: Tensor<1>,
    /// Values, `[batch, keys, d_model]`.
    pub values: Tensor<3>,
}

/// Additive attention of one query a sequence (Bahdanau, Cho and Bengio 2015): values weighed by the softmax of
/// `weight . tanh(query + key)`. Every sequence has a key.
///
/// # Shapes
///
/// - lengths: `[batch]`; output: `[batch, d_model]`
pub fn additive_attention(inputs: AdditiveInputs, lengths: Option<Vec<usize>>) -> Tensor<2> {
    #[cfg(feature = "flex")]
    if super::fused::applies(&inputs.query.device()) {
        return additive_on_flex(inputs, lengths);
    }
    let values = inputs.values.clone();
    let weights = additive_weights(inputs, lengths.as_deref(), None);
    weights.matmul(values).squeeze_dim(1)
}

/// The weights of additive attention in burn's primitives; a row without any key sums to 0.
///
/// # Shapes
///
/// - lengths: `[batch]`; key_mask: `[batch, 1, keys]`, 0 at keys that are hidden besides and 1 at the others
/// - output: `[batch, 1, keys]`
pub fn additive_weights(
    inputs: AdditiveInputs,
    lengths: Option<&[usize]>,
    key_mask: Option<Tensor<3>>,
) -> Tensor<3> {
    let AdditiveInputs { query, keys, weight, values: _ } = inputs;
    let [_, _, d_model] = keys.dims();
    let open = (keys + query.unsqueeze_dim::<3>(1)).tanh();
    let scores = open.matmul(weight.reshape([1, d_model, 1])).swap_dims(1, 2);
    masked_softmax(scores, lengths, key_mask)
}

/// Additive attention on flex.
///
/// # Shapes
///
/// - lengths: `[batch]`; output: `[batch, d_model]`
#[cfg(feature = "flex")]
fn additive_on_flex(inputs: AdditiveInputs, lengths: Option<Vec<usize>>) -> Tensor<2> {
    use crate::host::train::lstm::{Additive, AdditiveGradients};

    let AdditiveInputs { query, keys, weight, values } = inputs;
    let [batch, d_model] = query.dims();
    /// The attention over its inputs, in the shapes of [`AdditiveInputs`], such as `[batch, d_model]` of the query.
    fn attention<'a>(inputs: &[&'a [f32]], lengths: Option<&'a [usize]>) -> Additive<'a> {
        Additive { query: inputs[0], keys: inputs[1], weight: inputs[2], values: inputs[3], lengths }
    }
    let again = lengths.clone();
    super::fused::Inputs::new(query).and(keys).and(weight).and(values).run(
        [batch, d_model],
        move |inputs| attention(inputs, lengths.as_deref()).forward(),
        move |inputs, weights, gradient| {
            let AdditiveGradients { query, keys, weight, values } =
                attention(inputs, again.as_deref()).backward(weights, gradient);
            vec![query, keys, weight, values]
        },
    )
}
