//! Long short-term memory over whole sequences (Hochreiter and Schmidhuber 1997, with the forget gate of Gers
//! et al. 2000), and its backward pass through time.
//!
//! The inputs' part of the gates is one matrix product for all positions. The recurrence runs over some
//! sequences at a time, each group on its own, so that threads never wait for one another within a sequence.

use rayon::prelude::*;

use crate::host::blocks::{Fresh, Pieces, block_rows, reduce_rows};
use crate::host::matrix::{Accumulate, Matrix, MatrixMut, multiply};
use crate::host::products::Products;
use crate::host::rows::{Linear, LinearGradients};
use crate::host::simd::{add, exp, sigmoid, vectorized};
use crate::host::train::linear::{Direction, LinearMap};

/// One layer of cells in one direction, over a batch of sequences.
#[derive(Clone, Copy, Debug)]
pub struct LstmLayer<'a> {
    /// From the input to the gates input, forget, candidate and output, `[d_input, 4 * width]`.
    pub input: Linear<'a>,
    /// From the hidden state to the gates, `[width, 4 * width]`.
    pub hidden: Linear<'a>,
    /// Sequences.
    pub batch: usize,
    /// Positions of each.
    pub positions: usize,
    /// The number of positions of each sequence, `[batch]`; later ones leave the state as it is.
    pub lengths: Option<&'a [usize]>,
    /// The last position comes first.
    pub backwards: bool,
}

/// The state before the first position, `[batch, width]` each.
#[derive(Clone, Copy, Debug)]
pub struct First<'a> {
    /// The hidden state, `[batch, width]`.
    pub hidden: &'a [f32],
    /// The cell state, `[batch, width]`.
    pub cell: &'a [f32],
}

/// Results of the forward pass.
#[derive(Clone, Copy, Debug)]
pub struct Results<'a> {
    /// Hidden and cell states, `[batch, positions, 2 * width]`.
    pub states: &'a [f32],
    /// Gates after their activation, `[batch, positions, 4 * width]`.
    pub gates: &'a [f32],
}

/// Sequences that one thread runs through together.
const GROUP: usize = 64;

/// The gradients of all inputs of a layer of cells.
#[derive(Clone, Debug)]
pub struct LstmGradients {
    /// Of the input, `[batch, positions, d_input]`.
    pub sequence: Vec<f32>,
    /// Of the first hidden state, `[batch, width]`.
    pub first_hidden: Vec<f32>,
    /// Of the first cell, `[batch, width]`.
    pub first_cell: Vec<f32>,
    /// Of the map from the input to the gates.
    pub input: LinearGradients,
    /// Of the map from the hidden state to the gates.
    pub hidden: LinearGradients,
}

impl LstmLayer<'_> {
    fn width(&self) -> usize {
        self.hidden.inputs()
    }

    /// Positions in the order of the recurrence.
    fn order(&self) -> impl DoubleEndedIterator<Item = usize> + use<> {
        let (positions, backwards) = (self.positions, self.backwards);
        (0..positions).map(move |step| if backwards { positions - 1 - step } else { step })
    }

    fn is_there(&self, sequence: usize, position: usize) -> bool {
        self.lengths.is_none_or(|lengths| position < lengths[sequence])
    }

    /// The map from inputs to gates; a recurrence has no large products but this one, and its own are 32-bit floats.
    fn map(&self, direction: Direction) -> LinearMap<'_> {
        LinearMap::new(&[self.input], self.input.inputs(), Products::Float32, direction)
    }

    /// Hidden and cell states of all positions, and the gates.
    ///
    /// # Shapes
    ///
    /// - input: `[batch * positions, d_input]`
    /// - states: `[batch, positions, 2 * width]`; gates: `[batch, positions, 4 * width]`
    pub fn forward(&self, input: &[f32], first: First<'_>) -> (Vec<f32>, Vec<f32>) {
        let (width, positions) = (self.width(), self.positions);
        let mut gates = self.map(Direction::Forward).forward(input, None);
        let mut states = Fresh::new(self.batch * positions * 2 * width);
        if states.is_empty() {
            return (states.finish(), gates);
        }
        let groups = gates.par_chunks_mut(GROUP * positions * 4 * width);
        groups.zip(states.par_pieces(GROUP * positions * 2 * width)).enumerate().for_each(
            |(group, (gates, states))| {
                let start = group * GROUP;
                let rows = gates.len() / (positions * 4 * width);
                let places = start * width..(start + rows) * width;
                let mut hidden = first.hidden[places.clone()].to_vec();
                let mut cell = first.cell[places].to_vec();
                for position in self.order() {
                    multiply(
                        MatrixMut::strided(
                            &mut gates[position * 4 * width..],
                            rows,
                            4 * width,
                            positions * 4 * width,
                        ),
                        Accumulate::Add,
                        Matrix::new(&hidden, rows, width),
                        Matrix::new(self.hidden.weight, width, 4 * width),
                    );
                    vectorized!({
                        for row in 0..rows {
                            let place = row * positions + position;
                            let hidden = &mut hidden[row * width..][..width];
                            let cell = &mut cell[row * width..][..width];
                            if self.is_there(start + row, position) {
                                let gates = &mut gates[place * 4 * width..][..4 * width];
                                add(gates, self.hidden.bias);
                                step(gates, hidden, cell);
                            }
                            let state = &mut states[place * 2 * width..][..2 * width];
                            state[..width].copy_from_slice(hidden);
                            state[width..].copy_from_slice(cell);
                        }
                    });
                }
            },
        );
        (states.finish(), gates)
    }

    /// The gradients of all inputs of [`forward`](Self::forward), from that of the states.
    ///
    /// # Shapes
    ///
    /// - input: `[batch * positions, d_input]`; gradient: `[batch, positions, 2 * width]`
    pub fn backward(
        &self,
        input: &[f32],
        first: First<'_>,
        results: Results<'_>,
        gradient: &[f32],
    ) -> LstmGradients {
        let (width, positions) = (self.width(), self.positions);
        let sequence = positions * 4 * width;
        let mut of_gates = Fresh::new(results.gates.len());
        let mut of_hidden = vec![0.0; first.hidden.len()];
        let mut of_cell = vec![0.0; first.cell.len()];
        if !of_gates.is_empty() {
            of_gates
                .par_pieces(GROUP * sequence)
                .zip(of_hidden.par_chunks_mut(GROUP * width).zip(of_cell.par_chunks_mut(GROUP * width)))
                .enumerate()
                .for_each(|(group, (of_gates, (of_hidden, of_cell)))| {
                    self.backward_group(
                        group * GROUP,
                        first,
                        results,
                        gradient,
                        of_gates,
                        of_hidden,
                        of_cell,
                    );
                });
        }

        let of_gates = of_gates.finish();

        let before = self.hidden_before(first, results);
        let inputs = self.input.inputs();
        let map = self.map(Direction::Backward);
        let (rows, block) = (self.batch * positions, block_rows(self.batch * positions));
        let recurrent = LinearMap::new(&[self.hidden], width, Products::Float32, Direction::Backward);
        let pieces = Pieces::new(rows, block);
        let of_weight = map.weight_gradient(&pieces);
        let of_recurrent = recurrent.weight_gradient(&pieces);
        let (of_input, bias) = reduce_rows(
            inputs,
            &pieces,
            4 * width,
            || map.scratch(),
            |rows, of_input, bias, packed| {
                let of_gates = &of_gates[rows.start * 4 * width..rows.end * 4 * width];
                let input = &input[rows.start * inputs..rows.end * inputs];
                of_weight.add_with_bias(rows.start, input, of_gates, bias);
                of_recurrent.add(rows.start, &before[rows.start * width..rows.end * width], of_gates);
                map.input_gradient(of_gates, of_input, packed);
            },
        );
        LstmGradients {
            sequence: of_input,
            first_hidden: of_hidden,
            first_cell: of_cell,
            input: LinearGradients { weight: of_weight.finish(), bias: bias.clone() },
            hidden: LinearGradients { weight: of_recurrent.finish(), bias },
        }
    }

    /// Writes the gradients of the gates and of the first states of a group of sequences from `start` on.
    ///
    /// # Shapes
    ///
    /// - gradient, of all sequences: `[batch, positions, 2 * width]`
    /// - gradients of gates: `[rows, positions, 4 * width]`; of the first hidden and cell state: `[rows, width]`
    #[allow(clippy::too_many_arguments)] // inputs and outputs of a group
    fn backward_group(
        &self,
        start: usize,
        first: First<'_>,
        results: Results<'_>,
        gradient: &[f32],
        of_gates: &mut [f32],
        of_hidden: &mut [f32],
        of_cell: &mut [f32],
    ) {
        let (width, positions) = (self.width(), self.positions);
        let rows = of_hidden.len() / width;
        let mut passed = vec![0.0; rows * width];
        let order: Vec<usize> = self.order().collect();
        for (step, &position) in order.iter().enumerate().rev() {
            let previous = step.checked_sub(1).map(|step| order[step]);
            vectorized!({
                for row in 0..rows {
                    let place = (start + row) * positions + position;
                    let of_state = &gradient[place * 2 * width..][..2 * width];
                    let of_hidden = &mut of_hidden[row * width..][..width];
                    let of_cell = &mut of_cell[row * width..][..width];
                    add(of_hidden, &of_state[..width]);
                    add(of_cell, &of_state[width..]);
                    if self.is_there(start + row, position) {
                        let before = match previous {
                            None => &first.cell[(start + row) * width..][..width],
                            Some(previous) => {
                                let place = (start + row) * positions + previous;
                                &results.states[place * 2 * width + width..][..width]
                            }
                        };
                        step_backward(
                            &results.gates[place * 4 * width..][..4 * width],
                            &results.states[place * 2 * width + width..][..width],
                            before,
                            of_hidden,
                            of_cell,
                            &mut of_gates[(row * positions + position) * 4 * width..][..4 * width],
                        );
                    }
                }
            });
            let of_position = &of_gates[position * 4 * width..];
            multiply(
                MatrixMut::new(&mut passed, rows, width),
                Accumulate::Replace,
                Matrix::strided(of_position, rows, 4 * width, positions * 4 * width),
                Matrix::new(self.hidden.weight, width, 4 * width).transposed(),
            );
            for row in (0..rows).filter(|&row| self.is_there(start + row, position)) {
                let places = row * width..(row + 1) * width;
                of_hidden[places.clone()].copy_from_slice(&passed[places]);
            }
        }
    }

    /// The hidden state before each position, `[batch, positions, width]`.
    fn hidden_before(&self, first: First<'_>, results: Results<'_>) -> Vec<f32> {
        let (width, positions) = (self.width(), self.positions);
        let mut before = Fresh::new(self.batch * positions * width);
        before.par_pieces(positions * width).enumerate().for_each(|(sequence, before)| {
            let mut hidden = &first.hidden[sequence * width..][..width];
            for position in self.order() {
                before[position * width..][..width].copy_from_slice(hidden);
                hidden = &results.states[(sequence * positions + position) * 2 * width..][..width];
            }
        });
        before.finish()
    }
}

#[inline(always)]
fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// Activates the gates, `[4 * width]`, and moves hidden and cell state, `[width]` each, on by a step.
#[inline(always)]
fn step(gates: &mut [f32], hidden: &mut [f32], cell: &mut [f32]) {
    let width = hidden.len();
    let (input, rest) = gates.split_at_mut(width);
    let (forget, rest) = rest.split_at_mut(width);
    let (candidate, output) = rest.split_at_mut(width);
    for at in 0..width {
        input[at] = sigmoid(input[at]);
        forget[at] = sigmoid(forget[at]);
        candidate[at] = tanh(candidate[at]);
        output[at] = sigmoid(output[at]);
        cell[at] = forget[at].mul_add(cell[at], input[at] * candidate[at]);
        hidden[at] = output[at] * tanh(cell[at]);
    }
}

/// Writes the gradients of the gates before their activation; `of_cell` becomes the gradient of the cell state before
/// the step.
///
/// # Shapes
///
/// - gates and their gradients: `[4 * width]`; cell, the cell before, and the gradients of both states: `[width]`
#[inline(always)]
fn step_backward(
    gates: &[f32],
    cell: &[f32],
    before: &[f32],
    of_hidden: &[f32],
    of_cell: &mut [f32],
    of_gates: &mut [f32],
) {
    let width = cell.len();
    let (input, rest) = gates.split_at(width);
    let (forget, rest) = rest.split_at(width);
    let (candidate, output) = rest.split_at(width);
    let (of_input, rest) = of_gates.split_at_mut(width);
    let (of_forget, rest) = rest.split_at_mut(width);
    let (of_candidate, of_output) = rest.split_at_mut(width);
    for at in 0..width {
        let open = tanh(cell[at]);
        let through = of_cell[at] + of_hidden[at] * output[at] * (1.0 - open * open);
        of_output[at] = of_hidden[at] * open * output[at] * (1.0 - output[at]);
        of_input[at] = through * candidate[at] * input[at] * (1.0 - input[at]);
        of_forget[at] = through * before[at] * forget[at] * (1.0 - forget[at]);
        of_candidate[at] = through * input[at] * (1.0 - candidate[at] * candidate[at]);
        of_cell[at] = through * forget[at];
    }
}

/// Additive attention of one query a sequence (Bahdanau, Cho and Bengio 2015): scores
/// `weight . tanh(query + key)`.
#[derive(Clone, Copy, Debug)]
pub struct Additive<'a> {
    /// Queries, `[batch, d_model]`.
    pub query: &'a [f32],
    /// Keys, `[batch, keys, d_model]`.
    pub keys: &'a [f32],
    /// The weights of a score, `[d_model]`.
    pub weight: &'a [f32],
    /// Values, `[batch, keys, d_model]`.
    pub values: &'a [f32],
    /// The number of keys of each sequence, `[batch]`.
    pub lengths: Option<&'a [usize]>,
}

/// The gradients of all inputs of additive attention.
#[derive(Clone, Debug)]
pub struct AdditiveGradients {
    /// Of the queries, `[batch, d_model]`.
    pub query: Vec<f32>,
    /// Of the keys, `[batch, keys, d_model]`.
    pub keys: Vec<f32>,
    /// Of the weights of a score, `[d_model]`.
    pub weight: Vec<f32>,
    /// Of the values, `[batch, keys, d_model]`.
    pub values: Vec<f32>,
}

impl Additive<'_> {
    /// The context, `[batch, d_model]`, and the weights, `[batch, keys]`.
    pub fn forward(&self) -> (Vec<f32>, Vec<f32>) {
        let (d_model, keys) = self.sizes();
        let mut context = vec![0.0; self.query.len()];
        let mut weights = vec![0.0; self.query.len() / d_model * keys];
        if weights.is_empty() {
            return (context, weights);
        }
        context.par_chunks_mut(d_model).zip(weights.par_chunks_mut(keys)).enumerate().for_each(
            |(sequence, (context, weights))| {
                vectorized!({
                    let query = &self.query[sequence * d_model..][..d_model];
                    let weights = &mut weights[..self.seen(sequence, keys)];
                    for (key, score) in weights.iter_mut().enumerate() {
                        let key = &self.keys[(sequence * keys + key) * d_model..][..d_model];
                        let mut sums = [0.0_f32; 16];
                        let (of_query, query_rest) = query.as_chunks::<16>();
                        let (of_key, key_rest) = key.as_chunks::<16>();
                        let (of_weight, weight_rest) = self.weight.as_chunks::<16>();
                        for ((query, key), weight) in of_query.iter().zip(of_key).zip(of_weight) {
                            for lane in 0..16 {
                                sums[lane] = weight[lane].mul_add(tanh(query[lane] + key[lane]), sums[lane]);
                            }
                        }
                        let mut sum = 0.0;
                        for ((query, key), weight) in query_rest.iter().zip(key_rest).zip(weight_rest) {
                            sum += weight * tanh(query + key);
                        }
                        *score = sum + sums.iter().sum::<f32>();
                    }
                    let highest = crate::host::simd::maximum(weights);
                    let scale = 1.0 / crate::host::simd::exponentials(weights, highest);
                    for (key, weight) in weights.iter_mut().enumerate() {
                        *weight *= scale;
                        let value = &self.values[(sequence * keys + key) * d_model..][..d_model];
                        for (context, &value) in context.iter_mut().zip(value) {
                            *context = weight.mul_add(value, *context);
                        }
                    }
                });
            },
        );
        (context, weights)
    }

    /// The gradients of all inputs of [`forward`](Self::forward), from that of the context.
    ///
    /// # Shapes
    ///
    /// - weights: `[batch, keys]`; gradient: `[batch, d_model]`
    pub fn backward(&self, weights: &[f32], gradient: &[f32]) -> AdditiveGradients {
        let (d_model, keys) = self.sizes();
        let mut of_query = vec![0.0; self.query.len()];
        let mut of_keys = vec![0.0; self.keys.len()];
        let mut of_values = vec![0.0; self.values.len()];
        let mut of_weight = vec![0.0; d_model];
        if weights.is_empty() {
            return AdditiveGradients {
                query: of_query,
                keys: of_keys,
                weight: of_weight,
                values: of_values,
            };
        }
        let places = of_keys.par_chunks_mut(keys * d_model).zip(of_values.par_chunks_mut(keys * d_model));
        let of_weights: Vec<Vec<f32>> = of_query
            .par_chunks_mut(d_model)
            .zip(places)
            .enumerate()
            .map(|(sequence, (of_query, (of_keys, of_values)))| {
                let mut of_weight = vec![0.0; d_model];
                vectorized!({
                    let query = &self.query[sequence * d_model..][..d_model];
                    let gradient = &gradient[sequence * d_model..][..d_model];
                    let weights = &weights[sequence * keys..][..self.seen(sequence, keys)];
                    let value = |key: usize| &self.values[(sequence * keys + key) * d_model..][..d_model];
                    let mut mean = 0.0;
                    for (key, &weight) in weights.iter().enumerate() {
                        mean = weight.mul_add(crate::host::simd::dot(gradient, value(key)), mean);
                    }
                    for (key, &weight) in weights.iter().enumerate() {
                        let of_score = weight * (crate::host::simd::dot(gradient, value(key)) - mean);
                        let of_value = &mut of_values[key * d_model..][..d_model];
                        let of_key = &mut of_keys[key * d_model..][..d_model];
                        let key = &self.keys[(sequence * keys + key) * d_model..][..d_model];
                        for at in 0..d_model {
                            let open = tanh(query[at] + key[at]);
                            let of_sum = of_score * self.weight[at] * (1.0 - open * open);
                            of_value[at] = weight * gradient[at];
                            of_key[at] = of_sum;
                            of_query[at] += of_sum;
                            of_weight[at] = of_score.mul_add(open, of_weight[at]);
                        }
                    }
                });
                of_weight
            })
            .collect();
        of_weights.iter().for_each(|part| add(&mut of_weight, part));
        AdditiveGradients { query: of_query, keys: of_keys, weight: of_weight, values: of_values }
    }

    /// The width, and the keys of each sequence.
    fn sizes(&self) -> (usize, usize) {
        let d_model = self.weight.len().max(1);
        (d_model, self.keys.len() / self.query.len().max(1))
    }

    fn seen(&self, sequence: usize, keys: usize) -> usize {
        self.lengths.map_or(keys, |lengths| lengths[sequence].min(keys))
    }
}
