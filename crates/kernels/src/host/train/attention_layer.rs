//! A whole attention sub-layer: normalisation, projections, heads, output matrix, dropout and residual sum.

use rayon::prelude::*;

use super::attention::{Inputs, Places, Results, Shape, Visibility};
use crate::host::blocks::{Buffers, Fresh, Pieces, block_rows, reduce_rows, split};
use crate::host::dropout::Mask;
use crate::host::head_rows::HeadRows;
use crate::host::products::Products;
use crate::host::rotation::Rotation;
use crate::host::rows::{Branch, Linear, LinearGradients, NormGradients, normalised};
use crate::host::simd::vectorized;
use crate::host::train::linear::{Direction, LinearMap, unjoin};

/// The parameters and settings of an attention sub-layer.
#[derive(Clone, Copy, Debug)]
pub struct AttentionLayer<'a> {
    /// The branch around it.
    pub branch: Branch<'a>,
    /// Projects queries, `[d_model, d_model]`.
    pub query: Linear<'a>,
    /// Projects keys, `[d_model, d_model]`.
    pub key: Linear<'a>,
    /// Projects values, `[d_model, d_model]`.
    pub value: Linear<'a>,
    /// Mixes the heads, `[d_model, d_model]`.
    pub output: Linear<'a>,
    /// The keys that count.
    pub visibility: Visibility<'a>,
    /// Rotates queries and keys, of self-attention.
    pub rotation: Option<&'a Rotation>,
    /// Drops attention weights.
    pub mask: Option<Mask>,
    /// The sizes.
    pub shape: Shape,
}

/// Results of the forward pass that the backward pass needs.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Projected queries, `[batch * queries, d_model]`; with keys and values beside them,
    /// `[batch * queries, 3 * d_model]`, of self-attention.
    query: Vec<f32>,
    /// Projected keys and values, `[batch * keys, 2 * d_model]`, of cross-attention.
    key_value: Option<Vec<f32>>,
    /// The heads' output, `[batch * queries, d_model]`.
    context: Vec<f32>,
    /// The logarithms of the sums of exponentials, `[batch * queries, heads]`.
    log_sums: Vec<f32>,
}

/// The gradients of all inputs of an attention sub-layer.
#[derive(Clone, Debug)]
pub struct AttentionGradients {
    /// Of the residual stream, `[batch * queries, d_model]`.
    pub stream: Vec<f32>,
    /// Of the states attended to, `[batch * keys, d_model]`, of cross-attention.
    pub attended: Option<Vec<f32>>,
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

impl<'a> AttentionLayer<'a> {
    /// The heads' inputs, of [saved](Saved) projections.
    ///
    /// # Shapes
    ///
    /// - query: `[batch * queries, d_model]`, or `[batch * queries, 3 * d_model]` of self-attention
    /// - key_value: `[batch * keys, 2 * d_model]` of cross-attention
    fn inputs<'b>(&'b self, query: &'b [f32], key_value: Option<&'b [f32]>) -> Inputs<'b> {
        let d_model = self.shape.d_model();
        let place = |values: &'b [f32], stride: usize, column: usize| HeadRows {
            values,
            stride: stride * d_model,
            column: column * d_model,
        };
        let (query, key, value) = match key_value {
            None => (place(query, 3, 0), place(query, 3, 1), place(query, 3, 2)),
            Some(key_value) => (place(query, 1, 0), place(key_value, 2, 0), place(key_value, 2, 1)),
        };
        Inputs { query, key, value, visibility: self.visibility, mask: self.mask, shape: self.shape }
    }

    /// Maps of one input, side by side.
    fn map(&self, parts: &[Linear<'a>], direction: Direction) -> LinearMap<'a> {
        LinearMap::new(parts, self.shape.d_model(), self.branch.products, direction)
    }

    /// The residual stream after the sub-layer.
    ///
    /// # Shapes
    ///
    /// - stream and output: `[batch * queries, d_model]`; attended, of cross-attention: `[batch * keys, d_model]`
    pub fn forward(&self, stream: &[f32], attended: Option<&[f32]>) -> (Vec<f32>, Saved) {
        let d_model = self.shape.d_model();
        let (query, projected) = match attended {
            None => {
                let map = self.map(&[self.query, self.key, self.value], Direction::Forward);
                let mut projected = map.forward(stream, self.branch.norm);
                if let Some(rotation) = self.rotation {
                    rotation.apply_rotary(&mut projected, 3 * d_model, 2 * self.shape.heads, false);
                }
                (projected, None)
            }
            Some(attended) => {
                let query = self.map(&[self.query], Direction::Forward);
                let key_value = self.map(&[self.key, self.value], Direction::Forward);
                (query.forward(stream, self.branch.norm), Some(key_value.forward(attended, None)))
            }
        };
        let (context, log_sums) = self.inputs(&query, projected.as_deref()).forward();
        let mut output = Fresh::new(stream.len());
        let block = block_rows(stream.len() / d_model.max(1));
        let map = self.map(&[self.output], Direction::Forward);
        let blocks = output.par_pieces(block * d_model).enumerate();
        let buffers = Buffers::new(|| map.scratch());
        blocks.with_max_len(1).for_each(|(number, output)| {
            let places = number * block * d_model..number * block * d_model + output.len();
            buffers.with(|packed| map.apply(&context[places.clone()], output, packed));
            vectorized!(self.branch.join(number * block, &stream[places], output, d_model));
        });
        (output.finish(), Saved { query, key_value: projected, context, log_sums })
    }

    /// The gradients of all inputs of [`forward`](Self::forward), from that of its output.
    ///
    /// # Shapes
    ///
    /// - stream and gradient: `[batch * queries, d_model]`; attended, of cross-attention: `[batch * keys, d_model]`
    pub fn backward(
        &self,
        stream: &[f32],
        attended: Option<&[f32]>,
        saved: &Saved,
        gradient: &[f32],
    ) -> AttentionGradients {
        let d_model = self.shape.d_model();

        let block = block_rows(gradient.len() / d_model.max(1));
        let map = self.map(&[self.output], Direction::Backward);
        let pieces = Pieces::new(gradient.len() / d_model.max(1), block);
        let of_weight = map.weight_gradient(&pieces);
        let (of_context, of_bias) = reduce_rows(
            d_model,
            &pieces,
            d_model,
            || (vec![0.0; block * d_model], map.scratch()),
            |rows, of_context, bias, (scratch, packed)| {
                let places = rows.start * d_model..rows.end * d_model;
                let of_layer = &mut scratch[..places.len()];
                vectorized!(self.branch.split(rows.start, &gradient[places.clone()], of_layer, d_model));
                of_weight.add_with_bias(rows.start, &saved.context[places], of_layer, bias);
                map.input_gradient(of_layer, of_context, packed);
            },
        );

        let places = if attended.is_some() { Places::Apart } else { Places::Joined };
        let (mut of_query, of_key_value) = self.inputs(&saved.query, saved.key_value.as_deref()).backward(
            Results { output: &saved.context, log_sums: &saved.log_sums, gradient: &of_context },
            places,
        );
        drop(of_context);
        if let (Some(rotation), None) = (self.rotation, attended) {
            rotation.apply_rotary(&mut of_query, 3 * d_model, 2 * self.shape.heads, true);
        }

        let map = match attended {
            None => self.map(&[self.query, self.key, self.value], Direction::Backward),
            Some(_) => self.map(&[self.query], Direction::Backward),
        };
        let (of_stream, joined, norm) = projection_backward(&map, self.branch, stream, &of_query, gradient);
        let (of_attended, [query, key, value]) = match (attended, of_key_value) {
            (Some(attended), Some(gradient)) => {
                let map = self.map(&[self.key, self.value], Direction::Backward);
                let plain =
                    Branch { norm: None, residual_scale: 0.0, mask: None, products: Products::Float32 };
                let (of_states, of_both, _) = projection_backward(&map, plain, attended, &gradient, attended);
                let [key, value] = unjoin(&of_both);
                (Some(of_states), [joined, key, value])
            }
            _ => (None, unjoin(&joined)),
        };
        AttentionGradients {
            stream: of_stream,
            attended: of_attended,
            norm: NormGradients::of_sums(&norm),
            query,
            key,
            value,
            output: LinearGradients { weight: of_weight.finish(), bias: of_bias },
        }
    }
}

/// The gradients of the input of joined projections, `[rows, d_input]`, of their weights, and of gain and bias of the
/// normalisation, one after the other.
///
/// # Shapes
///
/// - input and residual gradient: `[rows, d_input]`; gradient: `[rows, d_output]`
fn projection_backward(
    map: &LinearMap<'_>,
    branch: Branch<'_>,
    input: &[f32],
    gradient: &[f32],
    residual_gradient: &[f32],
) -> (Vec<f32>, LinearGradients, Vec<f32>) {
    let (inputs, outputs) = (map.inputs(), map.outputs());
    let rows = input.len() / inputs.max(1);
    let block = block_rows(rows);
    let pieces = Pieces::new(rows, block);
    let of_weight = map.weight_gradient(&pieces);
    let parts = [outputs, branch.norm_values(inputs)];
    let (input_gradient, mut sums) = reduce_rows(
        inputs,
        &pieces,
        parts.iter().sum(),
        || (Vec::new(), map.scratch()),
        |rows, input_gradient, sums, (scratch, packed)| {
            let places = rows.start * inputs..rows.end * inputs;
            let gradient = &gradient[rows.start * outputs..rows.end * outputs];
            let [bias, norm] = split(sums, parts);
            let normed = normalised(branch.norm, &input[places.clone()], scratch);
            of_weight.add_with_bias(rows.start, normed, gradient, bias);
            map.input_gradient(gradient, input_gradient, packed);
            if branch.norm.is_some() || branch.residual_scale != 0.0 {
                vectorized!({
                    branch.rejoin(
                        &input[places.clone()],
                        &residual_gradient[places],
                        input_gradient,
                        norm,
                        inputs,
                    );
                });
            }
        },
    );
    let [bias, norm] = split(&mut sums, parts);
    (input_gradient, LinearGradients { weight: of_weight.finish(), bias: bias.to_vec() }, norm.to_vec())
}
