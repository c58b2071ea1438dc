//! Buffers of one thread, used again from step to step.

pub(crate) use any2any_kernels::host::blocks::sized;
use any2any_kernels::host::decode::weights::Scratch;

use crate::look::Looking;

/// Buffers of one thread.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// Normalised rows, `[rows, d_model]`.
    pub(crate) normed: Vec<f32>,
    /// The output of a sub-layer, `[rows, d_model]`.
    pub(crate) output: Vec<f32>,
    /// Buffers inside of a sub-layer.
    pub(crate) inner: InnerBuffers,
}

/// Buffers inside of a sub-layer.
#[derive(Debug, Default)]
pub(crate) struct InnerBuffers {
    /// Projections, or sums before an activation, `[rows, ..]`.
    pub(crate) wide: Vec<f32>,
    /// The context of heads, `[rows, heads * d_head]`, or activated values, `[rows, d_ff]`.
    pub(crate) narrow: Vec<f32>,
    /// Attention scores.
    pub(crate) scores: Vec<f32>,
    /// Rows in the form that weights read.
    pub(crate) rows: Scratch,
    /// The look of a pass that is looked at.
    pub(crate) look: Option<Looking>,
}
