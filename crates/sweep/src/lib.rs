//! Sweeps: one training at every point of a grid over one or two options, as a map of convergence and its speed.
//!
//! The boundary between options that train and options that do not is intricate at every scale (Sohl-Dickstein
//! 2024, "The boundary of neural network trainability is fractal", arXiv 2402.06184); a [`Grid`] computes such a
//! map. Data is prepared once, each training has one thread, and as many run beside each other as the machine has
//! cores. A [`Sweep`] is the file that they write, `sweep.json`; one that was interrupted is gone on with.
//!
//! A cell trains as `any2any train` would with the same options, but without evaluation and checkpoints.

mod grid;
mod order;

pub use any2any_run::sweep::{Axis, Cell, Scale, Sweep, read};
pub use grid::{Grid, SweepProgress};
