//! Memory of one thread, used again from step to step.

pub(crate) use any2any_kernels::host::blocks::sized;
use any2any_kernels::host::decode::weights::Scratch;

/// Memory of one thread.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// Normalised rows.
    pub(crate) normed: Vec<f32>,
    /// What a sub-layer gives.
    pub(crate) output: Vec<f32>,
    /// What is inside of a sub-layer.
    pub(crate) inner: Inner,
}

/// Memory inside of a sub-layer.
#[derive(Debug, Default)]
pub(crate) struct Inner {
    /// Projections, or sums before an activation.
    pub(crate) wide: Vec<f32>,
    /// What heads gather, or activated values.
    pub(crate) narrow: Vec<f32>,
    /// Attention scores.
    pub(crate) scores: Vec<f32>,
    /// Rows in another form.
    pub(crate) rows: Scratch,
}
