//! Ranks of a training: the few operations by which processes that train together speak to each other.
//!
//! A [`Communicator`] is either [`Alone`], in a process that nobody started others beside, or MPI's world, with the feature
//! `mpi`. [`connect`] tells which by what the launcher (`mpirun`, `srun`) has left in the environment.

mod communicator;
mod launcher;
#[cfg(feature = "mpi")]
mod world;

pub use communicator::{Alone, Communicator, Receive, Send};
pub use launcher::{ConnectError, connect};
