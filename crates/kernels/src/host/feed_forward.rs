//! A whole feed-forward sub-layer: normalisation, two matrices with the activation between them, dropout and
//! residual sum.

use rayon::prelude::*;

use super::blocks::{block_rows, reduce_rows, split};
use super::dropout::Mask;
use super::matrix::Into;
use super::rows::{Branch, Joined, Linear, normalised, unjoin};
use super::simd::{erf, exp, sigmoid, vectorized};

/// The activation between the two matrices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// Rectified linear unit.
    #[default]
    Relu,
    /// Gaussian error linear unit, with the error function (Hendrycks and Gimpel 2016).
    Gelu,
    /// `swish(x W) * (x V)` (Shazeer 2020, "GLU Variants Improve Transformer").
    Swiglu,
}

impl Activation {
    /// How many matrices lead into the layer.
    pub fn inputs(self) -> usize {
        if self == Activation::Swiglu { 2 } else { 1 }
    }

    /// Activates a row of sums; for [`Swiglu`](Self::Swiglu) the row holds the values and then the gates.
    /// Elements are dropped by the mask's row.
    #[inline(always)]
    pub fn row(self, sums: &[f32], output: &mut [f32], mask: Option<Mask>, row: usize) {
        let width = output.len();
        match self {
            Activation::Relu => map(sums, output, |x| if x > 0.0 { x } else { 0.0 }),
            Activation::Gelu => {
                map(sums, output, |x| 0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2)))
            }
            Activation::Swiglu => {
                let (values, gates) = sums.split_at(width);
                for ((output, &value), &gate) in output.iter_mut().zip(values).zip(gates) {
                    *output = value * gate * sigmoid(gate);
                }
            }
        }
        if let Some(mask) = mask {
            mask.row(row).apply(output);
        }
    }

    /// Turns the gradient of an activated row into that of its sums.
    #[inline(always)]
    pub fn row_backward(
        self,
        sums: &[f32],
        gradient: &mut [f32],
        sums_gradient: &mut [f32],
        mask: Option<Mask>,
        row: usize,
    ) {
        if let Some(mask) = mask {
            mask.row(row).apply(gradient);
        }
        match self {
            Activation::Relu => {
                for ((output, &gradient), &x) in sums_gradient.iter_mut().zip(&*gradient).zip(sums) {
                    *output = if x > 0.0 { gradient } else { 0.0 };
                }
            }
            Activation::Gelu => {
                // 1 / sqrt(2 pi): the density of the normal distribution at 0.
                const DENSITY: f32 = 0.398_942_3;
                for ((output, &gradient), &x) in sums_gradient.iter_mut().zip(&*gradient).zip(sums) {
                    let below = 0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2));
                    *output = gradient * (x * DENSITY).mul_add(exp(-0.5 * x * x), below);
                }
            }
            Activation::Swiglu => {
                let width = gradient.len();
                let (values, gates) = sums.split_at(width);
                let (of_values, of_gates) = sums_gradient.split_at_mut(width);
                for at in 0..width {
                    let (value, gate, gradient) = (values[at], gates[at], gradient[at]);
                    let open = sigmoid(gate);
                    of_values[at] = gradient * gate * open;
                    of_gates[at] = gradient * value * open * (gate * (1.0 - open) + 1.0);
                }
            }
        }
    }
}

#[inline(always)]
fn map(input: &[f32], output: &mut [f32], function: impl Fn(f32) -> f32) {
    for (output, &input) in output.iter_mut().zip(input) {
        *output = function(input);
    }
}

/// The parameters and settings of a feed-forward sub-layer:
/// `carry * x + dropout(activation(norm(x) W1 + b1) W2 + b2)`.
#[derive(Clone, Copy, Debug)]
pub struct FeedForwardLayer<'a> {
    /// How it joins the residual stream.
    pub branch: Branch<'a>,
    /// Leads in.
    pub inner: Linear<'a>,
    /// Leads in beside `inner`, for [`Activation::Swiglu`].
    pub gate: Option<Linear<'a>>,
    /// Leads out.
    pub outer: Linear<'a>,
    /// The activation.
    pub activation: Activation,
    /// Drops activated values.
    pub mask: Option<Mask>,
}

impl FeedForwardLayer<'_> {
    fn joined(&self) -> Joined {
        match self.gate {
            None => Joined::new(&[self.inner], self.inner.inputs()),
            Some(gate) => Joined::new(&[self.inner, gate], self.inner.inputs()),
        }
    }

    /// The residual stream after the sub-layer, and the sums before the activation,
    /// `[rows, inputs * d_ff]`, which the backward pass needs.
    ///
    /// # Shapes
    ///
    /// - stream: `[rows, d_model]`
    pub fn forward(&self, stream: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (d_model, d_ff) = (self.inner.inputs(), self.inner.outputs());
        let joined = self.joined();
        let width = joined.linear().outputs();
        let block = block_rows(stream.len() / d_model.max(1));
        let mut output = vec![0.0; stream.len()];
        let mut sums = vec![0.0; stream.len() / d_model.max(1) * width];
        output
            .par_chunks_mut((block * d_model).max(1))
            .zip(sums.par_chunks_mut((block * width).max(1)))
            .zip(stream.par_chunks((block * d_model).max(1)))
            .enumerate()
            .for_each_init(
                || (Vec::new(), vec![0.0; block * d_ff]),
                |(scratch, active), (number, ((output, sums), stream))| {
                    let first = number * block;
                    joined.linear().apply(normalised(self.branch.norm, stream, scratch), sums);
                    let active = &mut active[..output.len() / d_model * d_ff];
                    vectorized!(self.activate(first, sums, active));
                    self.outer.apply(active, output);
                    vectorized!(self.branch.join(first, stream, output, d_model));
                },
            );
        (output, sums)
    }

    #[inline(always)]
    fn activate(&self, first: usize, sums: &[f32], active: &mut [f32]) {
        let d_ff = self.inner.outputs();
        let width = d_ff * self.activation.inputs();
        for (row, (sums, active)) in sums.chunks_exact(width).zip(active.chunks_exact_mut(d_ff)).enumerate() {
            self.activation.row(sums, active, self.mask, first + row);
        }
    }

    /// The gradients of: the stream; gain and bias of the normalisation, if there is one; weight and bias of
    /// `inner`, of `gate` if there is one, and of `outer`.
    pub fn backward(&self, stream: &[f32], sums: &[f32], gradient: &[f32]) -> Vec<Vec<f32>> {
        let (d_model, d_ff) = (self.inner.inputs(), self.inner.outputs());
        let joined = self.joined();
        let into = joined.linear();
        let width = into.outputs();
        let block = block_rows(stream.len() / d_model.max(1));
        let norm_values = self.branch.norm_values(d_model);
        let parameters = [into.weight.len(), width, self.outer.weight.len(), d_model, norm_values];
        let mut of_stream = vec![0.0; stream.len()];
        let scratch = || Backward {
            normed: Vec::new(),
            of_layer: vec![0.0; block * d_model],
            active: vec![0.0; block * d_ff],
            of_sums: vec![0.0; block * width],
        };
        let totals = reduce_rows(
            &mut of_stream,
            d_model,
            block,
            parameters.iter().sum(),
            scratch,
            |rows, of_stream, totals, scratch| {
                let [weight, bias, outer_weight, outer_bias, norm] = split(totals, parameters);
                let places = rows.start * d_model..rows.end * d_model;
                let sums = &sums[rows.start * width..rows.end * width];
                let of_layer = &mut scratch.of_layer[..places.len()];
                let active = &mut scratch.active[..rows.len() * d_ff];
                let of_sums = &mut scratch.of_sums[..rows.len() * width];
                vectorized!({
                    self.branch.split(rows.start, &gradient[places.clone()], of_layer, d_model);
                    self.activate(rows.start, sums, active);
                });
                self.outer.add_parameter_gradients(active, of_layer, outer_weight, outer_bias);
                self.outer.input_gradient(of_layer, Into::Replace, active);
                vectorized!({
                    let rows_of = active.chunks_exact_mut(d_ff).zip(of_sums.chunks_exact_mut(width));
                    for (row, ((active, of_sums), sums)) in rows_of.zip(sums.chunks_exact(width)).enumerate()
                    {
                        self.activation.row_backward(sums, active, of_sums, self.mask, rows.start + row);
                    }
                });
                let normed = normalised(self.branch.norm, &stream[places.clone()], &mut scratch.normed);
                into.add_parameter_gradients(normed, of_sums, weight, bias);
                into.input_gradient(of_sums, Into::Replace, of_stream);
                vectorized!({
                    self.branch.rejoin(&stream[places.clone()], &gradient[places], of_stream, norm, d_model);
                });
            },
        );
        let mut totals = totals;
        let [weight, bias, outer_weight, outer_bias, norm] = split(&mut totals, parameters);
        let mut all = vec![of_stream];
        if norm_values > 0 {
            let (gain, bias) = norm.split_at(d_model);
            all.extend([gain.to_vec(), bias.to_vec()]);
        }
        all.extend(unjoin(weight, bias, self.activation.inputs()));
        all.extend([outer_weight.to_vec(), outer_bias.to_vec()]);
        all
    }
}

/// Memory of one thread.
struct Backward {
    normed: Vec<f32>,
    of_layer: Vec<f32>,
    active: Vec<f32>,
    of_sums: Vec<f32>,
}
