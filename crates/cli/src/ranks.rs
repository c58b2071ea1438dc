//! Ranks of a command: one process of several that a launcher such as `mpirun` has started.

use any2any_train::Ranks;

/// An error that has been told, or that another rank tells, with the code to exit with.
#[derive(Debug, thiserror::Error)]
#[error("told")]
pub(crate) struct Told(pub(crate) u8);

/// Does the work of a command on all ranks, of which the first tells what is wrong on any.
pub(crate) fn together(work: impl FnOnce(&Ranks) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let ranks = Ranks::connect()?;
    let result = ranks.agree(work(&ranks));
    if ranks.is_alone() {
        return result;
    }
    // A launcher ends all ranks once one has failed, so the error is told before any of them goes: they go together.
    result.map_err(|error| Told(if ranks.is_first() { crate::tell(&error) } else { 1 }).into())
}
