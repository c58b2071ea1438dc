//! A whole feed-forward sub-layer: normalisation, two matrices with the activation between them, dropout and
//! residual sum.

use any2any_architecture::Activation;
use rayon::prelude::*;

use crate::host::activation;
use crate::host::blocks::{Buffers, Fresh, Pieces, block_rows, reduce_rows, split};
use crate::host::dropout::Mask;
use crate::host::products::Rows;
use crate::host::rows::{Branch, Linear, LinearGradients, NormGradients, normalised};
use crate::host::simd::vectorized;
use crate::host::train::linear::{Direction, LinearMap, unjoin};

/// The parameters and settings of a feed-forward sub-layer:
/// `residual_scale * x + dropout(activation(norm(x) W1 + b1) W2 + b2)`.
#[derive(Clone, Copy, Debug)]
pub struct FeedForwardLayer<'a> {
    /// The branch around it.
    pub branch: Branch<'a>,
    /// Leads in, `[d_model, d_ff]`.
    pub inner: Linear<'a>,
    /// Leads in beside `inner`, of a gated activation, `[d_model, d_ff]`.
    pub gate: Option<Linear<'a>>,
    /// Leads out, `[d_ff, d_model]`.
    pub outer: Linear<'a>,
    /// The activation.
    pub activation: Activation,
    /// Drops activated values.
    pub mask: Option<Mask>,
}

/// The gradients of all inputs of a feed-forward sub-layer.
#[derive(Clone, Debug)]
pub struct FeedForwardGradients {
    /// Of the residual stream, `[rows, d_model]`.
    pub stream: Vec<f32>,
    /// Of the normalisation, where there is one.
    pub norm: Option<NormGradients>,
    /// Of the map that leads in.
    pub inner: LinearGradients,
    /// Of the gate's map, of a gated activation.
    pub gate: Option<LinearGradients>,
    /// Of the map that leads out.
    pub outer: LinearGradients,
}

impl<'a> FeedForwardLayer<'a> {
    /// The maps that lead in, side by side, and the one that leads out.
    fn maps(&self, direction: Direction) -> (LinearMap<'a>, LinearMap<'a>) {
        let map =
            |parts: &[Linear<'a>]| LinearMap::new(parts, parts[0].inputs(), self.branch.products, direction);
        let into = match self.gate {
            None => map(&[self.inner]),
            Some(gate) => map(&[self.inner, gate]),
        };
        (into, map(&[self.outer]))
    }

    /// The residual stream after the sub-layer, and the sums before the activation, which the backward pass needs.
    ///
    /// # Shapes
    ///
    /// - stream and output: `[rows, d_model]`; sums: `[rows, d_ff]`, or `[rows, 2 * d_ff]` of a gated activation
    pub fn forward(&self, stream: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (d_model, d_ff) = (self.inner.inputs(), self.inner.outputs());
        let (into, out) = self.maps(Direction::Forward);
        let width = into.outputs();
        let block = block_rows(stream.len() / d_model.max(1));
        let mut output = Fresh::new(stream.len());
        let mut sums = Fresh::new(stream.len() / d_model.max(1) * width);
        let pieces = output.par_pieces(block * d_model).zip(sums.par_pieces(block * width));
        let pieces = pieces.zip(stream.par_chunks((block * d_model).max(1))).enumerate();
        let buffers = Buffers::new(|| (Vec::new(), vec![0.0; block * d_ff], into.scratch()));
        pieces.with_max_len(1).for_each(|(number, ((output, sums), stream))| {
            let first = number * block;
            buffers.with(|(scratch, active, packed)| {
                into.apply(normalised(self.branch.norm, stream, scratch), sums, packed);
                let active = &mut active[..output.len() / d_model * d_ff];
                vectorized!(self.activate(first, sums, active));
                out.apply(active, output, packed);
            });
            vectorized!(self.branch.join(first, stream, output, d_model));
        });
        (output.finish(), sums.finish())
    }

    /// Activates sums, `[rows, d_ff]` or `[rows, 2 * d_ff]`, of rows from `first` into `[rows, d_ff]`.
    #[inline(always)]
    fn activate(&self, first: usize, sums: &[f32], active: &mut [f32]) {
        let d_ff = self.inner.outputs();
        let width = d_ff * self.activation.inputs();
        for (row, (sums, active)) in sums.chunks_exact(width).zip(active.chunks_exact_mut(d_ff)).enumerate() {
            activation::row(self.activation, sums, active, self.mask, first + row);
        }
    }

    /// The gradients of all inputs of [`forward`](Self::forward), from that of its output.
    ///
    /// # Shapes
    ///
    /// - stream and gradient: `[rows, d_model]`; sums: `[rows, d_ff]`, or `[rows, 2 * d_ff]` of a gated activation
    pub fn backward(&self, stream: &[f32], sums: &[f32], gradient: &[f32]) -> FeedForwardGradients {
        let (d_model, d_ff) = (self.inner.inputs(), self.inner.outputs());
        let (into, out) = self.maps(Direction::Backward);
        let width = into.outputs();
        let block = block_rows(stream.len() / d_model.max(1));
        let norm_values = self.branch.norm_values(d_model);
        let rows = stream.len() / d_model.max(1);
        let pieces = Pieces::new(rows, block);
        let (of_into, of_out) = (into.weight_gradient(&pieces), out.weight_gradient(&pieces));
        let parameters = [width, d_model, norm_values];
        let scratch = || Backward {
            normed: Vec::new(),
            of_layer: vec![0.0; block * d_model],
            active: vec![0.0; block * d_ff],
            of_sums: vec![0.0; block * width],
            packed: into.scratch(),
        };
        let (of_stream, mut totals) = reduce_rows(
            d_model,
            &pieces,
            parameters.iter().sum(),
            scratch,
            |rows, of_stream, totals, scratch| {
                let [bias, outer_bias, norm] = split(totals, parameters);
                let places = rows.start * d_model..rows.end * d_model;
                let sums = &sums[rows.start * width..rows.end * width];
                let of_layer = &mut scratch.of_layer[..places.len()];
                let active = &mut scratch.active[..rows.len() * d_ff];
                let of_sums = &mut scratch.of_sums[..rows.len() * width];
                vectorized!({
                    self.branch.split(rows.start, &gradient[places.clone()], of_layer, d_model);
                    self.activate(rows.start, sums, active);
                });
                let packed = &mut scratch.packed;
                of_out.add_with_bias(rows.start, active, of_layer, outer_bias);
                out.input_gradient(of_layer, active, packed);
                vectorized!({
                    let rows_of = active.chunks_exact_mut(d_ff).zip(of_sums.chunks_exact_mut(width));
                    for (row, ((active, of_sums), sums)) in rows_of.zip(sums.chunks_exact(width)).enumerate()
                    {
                        let at = rows.start + row;
                        activation::row_backward(self.activation, sums, active, of_sums, self.mask, at);
                    }
                });
                let normed = normalised(self.branch.norm, &stream[places.clone()], &mut scratch.normed);
                of_into.add_with_bias(rows.start, normed, of_sums, bias);
                into.input_gradient(of_sums, of_stream, packed);
                vectorized!({
                    self.branch.rejoin(&stream[places.clone()], &gradient[places], of_stream, norm, d_model);
                });
            },
        );
        let [bias, outer_bias, norm] = split(&mut totals, parameters);
        let joined = LinearGradients { weight: of_into.finish(), bias: bias.to_vec() };
        let (inner, gate) = match self.gate {
            None => (joined, None),
            Some(_) => {
                let [inner, gate] = unjoin(&joined);
                (inner, Some(gate))
            }
        };
        FeedForwardGradients {
            stream: of_stream,
            norm: NormGradients::of_sums(norm),
            inner,
            gate,
            outer: LinearGradients { weight: of_out.finish(), bias: outer_bias.to_vec() },
        }
    }
}

/// Buffers of one thread.
struct Backward {
    normed: Vec<f32>,
    of_layer: Vec<f32>,
    active: Vec<f32>,
    of_sums: Vec<f32>,
    packed: Rows,
}
