//! A whole attention sub-layer: normalisation, projections, heads, output matrix, dropout and residual sum.

use rayon::prelude::*;

use super::attention::{Gradients, Inputs, Results, Shape, Visibility};
use crate::host::blocks::{block_rows, reduce_rows, split};
use crate::host::dropout::Mask;
use crate::host::head_rows::HeadRows;
use crate::host::matrix::Accumulate;
use crate::host::rotation::Rotation;
use crate::host::rows::{Branch, Joined, Linear, LinearGradients, NormGradients, unjoin};
use crate::host::simd::vectorized;

/// The parameters and settings of an attention sub-layer.
#[derive(Clone, Copy, Debug)]
pub struct AttentionLayer<'a> {
    /// How it joins the residual stream.
    pub branch: Branch<'a>,
    /// Projects queries.
    pub query: Linear<'a>,
    /// Projects keys.
    pub key: Linear<'a>,
    /// Projects values.
    pub value: Linear<'a>,
    /// Mixes the heads.
    pub output: Linear<'a>,
    /// Which keys count.
    pub visibility: Visibility<'a>,
    /// Turns queries and keys of a sequence that attends to itself.
    pub rotation: Option<&'a Rotation>,
    /// Drops attention weights.
    pub mask: Option<Mask>,
    /// The sizes.
    pub shape: Shape,
}

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Projected queries, `[batch * queries, d_model]`; with keys and values beside them,
    /// `[batch * queries, 3 d_model]`, when a sequence attends to itself.
    query: Vec<f32>,
    /// Projected keys and values, `[batch * keys, 2 d_model]`, when it attends to another.
    memory: Option<Vec<f32>>,
    /// The heads' output, `[batch * queries, d_model]`.
    context: Vec<f32>,
    log_sums: Vec<f32>,
}

/// The gradients of what an attention sub-layer reads.
#[derive(Clone, Debug)]
pub struct AttentionGradients {
    /// Of the residual stream, `[batch * queries, d_model]`.
    pub stream: Vec<f32>,
    /// Of the memory, `[batch * keys, d_model]`, where it is not the stream.
    pub memory: Option<Vec<f32>>,
    /// Of the normalisation, where there is one.
    pub norm: Option<NormGradients>,
    /// Of the map to queries.
    pub query: LinearGradients,
    /// Of the map to keys.
    pub key: LinearGradients,
    /// Of the map to values.
    pub value: LinearGradients,
    /// Of the map that mixes the heads.
    pub output: LinearGradients,
}

impl AttentionLayer<'_> {
    fn inputs<'b>(&'b self, query: &'b [f32], memory: Option<&'b [f32]>) -> Inputs<'b> {
        let d_model = self.shape.d_model();
        let place = |values: &'b [f32], stride: usize, column: usize| HeadRows {
            values,
            stride: stride * d_model,
            column: column * d_model,
        };
        let (query, key, value) = match memory {
            None => (place(query, 3, 0), place(query, 3, 1), place(query, 3, 2)),
            Some(memory) => (place(query, 1, 0), place(memory, 2, 0), place(memory, 2, 1)),
        };
        Inputs { query, key, value, visibility: self.visibility, mask: self.mask, shape: self.shape }
    }

    /// The residual stream after the sub-layer.
    ///
    /// # Shapes
    ///
    /// - stream: `[batch * queries, d_model]`; memory, when it is not the stream: `[batch * keys, d_model]`
    pub fn forward(&self, stream: &[f32], memory: Option<&[f32]>) -> (Vec<f32>, Saved) {
        let d_model = self.shape.d_model();
        let (query, projected) = match memory {
            None => {
                let joined = Joined::new(&[self.query, self.key, self.value], d_model);
                let mut projected = joined.linear().forward(stream, self.branch.norm);
                if let Some(rotation) = self.rotation {
                    rotation.apply_rotary(&mut projected, 3 * d_model, 2 * self.shape.heads, false);
                }
                (projected, None)
            }
            Some(memory) => {
                let joined = Joined::new(&[self.key, self.value], d_model);
                (self.query.forward(stream, self.branch.norm), Some(joined.linear().forward(memory, None)))
            }
        };
        let (context, log_sums) = self.inputs(&query, projected.as_deref()).forward();
        let mut output = vec![0.0; stream.len()];
        let block = block_rows(stream.len() / d_model.max(1));
        let blocks = output.par_chunks_mut((block * d_model).max(1)).enumerate();
        blocks.for_each(|(number, output)| {
            let places = number * block * d_model..number * block * d_model + output.len();
            self.output.apply(&context[places.clone()], output);
            vectorized!(self.branch.join(number * block, &stream[places], output, d_model));
        });
        (output, Saved { query, memory: projected, context, log_sums })
    }

    /// The gradients of what [`forward`](Self::forward) has read, from that of its output, `[batch * queries, d_model]`.
    pub fn backward(
        &self,
        stream: &[f32],
        memory: Option<&[f32]>,
        saved: &Saved,
        gradient: &[f32],
    ) -> AttentionGradients {
        let Shape { batch, queries, keys, .. } = self.shape;
        let d_model = self.shape.d_model();
        let square = d_model * d_model;

        let block = block_rows(gradient.len() / d_model.max(1));
        let mut of_context = vec![0.0; gradient.len()];
        let of_output = reduce_rows(
            &mut of_context,
            d_model,
            block,
            square + d_model,
            || vec![0.0; block * d_model],
            |rows, of_context, sums, scratch| {
                let places = rows.start * d_model..rows.end * d_model;
                let of_layer = &mut scratch[..places.len()];
                vectorized!(self.branch.split(rows.start, &gradient[places.clone()], of_layer, d_model));
                let (weight, bias) = sums.split_at_mut(square);
                self.output.add_parameter_gradients(&saved.context[places], of_layer, weight, bias);
                self.output.input_gradient(of_layer, Accumulate::Replace, of_context);
            },
        );

        let mut of_query = vec![0.0; saved.query.len()];
        let mut of_memory = saved.memory.as_ref().map(|memory| vec![0.0; memory.len()]);
        let crossed = of_memory.is_some();
        self.inputs(&saved.query, saved.memory.as_deref()).backward(
            Results { output: &saved.context, log_sums: &saved.log_sums, gradient: &of_context },
            Gradients {
                query: &mut of_query,
                query_stride: if crossed { d_model } else { 3 * d_model },
                query_column: 0,
                memory: of_memory.as_deref_mut().map(|memory| (memory, 2 * d_model)),
                key_column: if crossed { 0 } else { d_model },
                value_column: if crossed { d_model } else { 2 * d_model },
            },
        );
        drop(of_context);
        if let (Some(rotation), None) = (self.rotation, memory) {
            rotation.apply_rotary(&mut of_query, 3 * d_model, 2 * self.shape.heads, true);
        }

        let joined = match memory {
            None => Joined::new(&[self.query, self.key, self.value], d_model),
            Some(_) => Joined::new(&[self.query], d_model),
        };
        let mut of_stream = vec![0.0; batch * queries * d_model];
        let mut sums = projection_backward(&joined, self.branch, stream, &of_query, gradient, &mut of_stream);
        let norm = sums.split_off(sums.len() - self.branch.norm_values(d_model));
        let (weight, bias) = sums.split_at(joined.linear().weight.len());
        let (of_memory, [query, key, value]) = match (memory, of_memory) {
            (Some(memory), Some(gradient)) => {
                let [query] = unjoin(weight, bias);
                let joined = Joined::new(&[self.key, self.value], d_model);
                let plain = Branch { norm: None, residual_scale: 0.0, mask: None };
                let mut of_states = vec![0.0; batch * keys * d_model];
                let sums = projection_backward(&joined, plain, memory, &gradient, memory, &mut of_states);
                let (weight, bias) = sums.split_at(joined.linear().weight.len());
                let [key, value] = unjoin(weight, bias);
                (Some(of_states), [query, key, value])
            }
            _ => (None, unjoin(weight, bias)),
        };
        let (weight, bias) = of_output.split_at(square);
        AttentionGradients {
            stream: of_stream,
            memory: of_memory,
            norm: NormGradients::of_sums(&norm),
            query,
            key,
            value,
            output: LinearGradients { weight: weight.to_vec(), bias: bias.to_vec() },
        }
    }
}

/// Writes the gradient of the input of joined projections; gives the gradients of weight, bias, and gain and
/// bias of the normalisation, one after the other.
fn projection_backward(
    joined: &Joined,
    branch: Branch<'_>,
    input: &[f32],
    gradient: &[f32],
    carried: &[f32],
    input_gradient: &mut [f32],
) -> Vec<f32> {
    let linear = joined.linear();
    let (inputs, outputs) = (linear.inputs(), linear.outputs());
    let block = block_rows(gradient.len() / outputs.max(1));
    let norm_values = branch.norm_values(inputs);
    reduce_rows(
        input_gradient,
        inputs,
        block,
        linear.weight.len() + outputs + norm_values,
        Vec::new,
        |rows, input_gradient, sums, scratch: &mut Vec<f32>| {
            let places = rows.start * inputs..rows.end * inputs;
            let gradient = &gradient[rows.start * outputs..rows.end * outputs];
            let [weight, bias, norm] = split(sums, [linear.weight.len(), outputs, norm_values]);
            let normed = crate::host::rows::normalised(branch.norm, &input[places.clone()], scratch);
            linear.add_parameter_gradients(normed, gradient, weight, bias);
            linear.input_gradient(gradient, Accumulate::Replace, input_gradient);
            if branch.norm.is_some() || branch.residual_scale != 0.0 {
                vectorized!({
                    branch.rejoin(&input[places.clone()], &carried[places], input_gradient, norm, inputs);
                });
            }
        },
    )
}
