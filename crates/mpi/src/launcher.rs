//! Launchers of ranks, and what they leave in the environment of each.

use std::sync::Arc;

use crate::communicator::{Alone, Communicator};

/// Where launchers say how many ranks there are: `mpirun` of Open MPI and of MPICH, and `srun --mpi=pmi2`.
const SIZES: [&str; 2] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"];

/// Where launchers say which rank this is, among them those that say no number of ranks (`srun --mpi=pmix`).
const RANKS: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"];

/// A reason why ranks that were started together cannot train together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// A program without MPI.
    #[error(
        "{0} has started this program as one of several ranks, but it was built without MPI: build it with `--features mpi` (docs/scale.md), or start it alone"
    )]
    Without(&'static str),
    /// An MPI that gives no safety to a process with threads.
    #[error(
        "this MPI supports no process with several threads ({0}): use one that is built with MPI_THREAD_SERIALIZED, which Open MPI and MPICH of any Linux distribution are"
    )]
    Threads(String),
    /// An MPI that is at work in this process already.
    #[error("MPI has been started in this process already: it is started once, by the first training")]
    Twice,
}

/// The ranks that this process is one of: alone unless a launcher has started it.
///
/// # Errors
///
/// If a launcher has, and the program cannot speak to the others.
pub fn connect() -> Result<Arc<dyn Communicator>, ConnectError> {
    match launcher(|name| std::env::var(name).ok()) {
        None => Ok(Arc::new(Alone)),
        Some(launcher) => together(launcher),
    }
}

/// The launcher that has started this process, by a variable of it; `None` for a process that is alone.
fn launcher(variable: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let size = |name: &str| variable(name).and_then(|size| size.trim().parse::<usize>().ok());
    let sizes: Vec<(&str, usize)> = SIZES.into_iter().filter_map(|name| Some((name, size(name)?))).collect();
    match sizes.first() {
        Some(_) => sizes.into_iter().find(|(_, size)| *size > 1).map(|(name, _)| name),
        None => RANKS.into_iter().find(|name| variable(name).is_some()),
    }
}

#[cfg(feature = "mpi")]
fn together(_: &'static str) -> Result<Arc<dyn Communicator>, ConnectError> {
    Ok(Arc::new(crate::world::World::connect()?))
}

#[cfg(not(feature = "mpi"))]
fn together(launcher: &'static str) -> Result<Arc<dyn Communicator>, ConnectError> {
    Err(ConnectError::Without(launcher))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launchers_are_known_by_what_they_leave() {
        let with = |left: &[(&str, &str)]| {
            launcher(|name| {
                left.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(with(&[]), None);
        assert_eq!(with(&[("SLURM_PROCID", "0")]), None, "srun without an MPI starts copies");
        assert_eq!(with(&[("OMPI_COMM_WORLD_SIZE", "1"), ("OMPI_COMM_WORLD_RANK", "0")]), None);
        assert_eq!(with(&[("OMPI_COMM_WORLD_SIZE", "4"), ("PMIX_RANK", "0")]), Some("OMPI_COMM_WORLD_SIZE"));
        assert_eq!(with(&[("PMI_SIZE", "2"), ("PMI_RANK", "1")]), Some("PMI_SIZE"));
        assert_eq!(with(&[("PMIX_RANK", "3")]), Some("PMIX_RANK"));
    }
}
