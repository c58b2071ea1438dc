//! Communicator: what one rank can say to all others.

use std::fmt::Debug;

/// Ranks that work together, as one of them sees it. All of them call the collective operations in one order.
///
/// ```
/// use any2any_mpi::{Alone, Communicator};
///
/// let ranks = Alone;
/// assert_eq!((ranks.rank(), ranks.size()), (0, 1));
/// assert_eq!(ranks.all_gather(b"done"), [b"done".to_vec()]);
/// ```
pub trait Communicator: Debug + std::marker::Send + Sync {
    /// The number of this rank, from 0.
    fn rank(&self) -> usize;

    /// The number of ranks.
    fn size(&self) -> usize;

    /// The name of the machine that this rank runs on.
    fn machine(&self) -> String;

    /// Gives every rank some bytes of each, in the order of ranks. Collective; waits for all.
    fn all_gather(&self, bytes: &[u8]) -> Vec<Vec<u8>>;

    /// Sends to some ranks and receives from some, all at once. Between two ranks, what is sent first is received first,
    /// and both know its length.
    fn exchange(&self, sends: Vec<Send<'_>>, receives: Vec<Receive<'_>>);

    /// Ends all ranks at once, without regard to what they do.
    fn abort(&self) -> !;
}

/// Values that are sent to a rank.
#[derive(Debug)]
pub struct Send<'a> {
    /// The rank.
    pub to: usize,
    /// The values.
    pub values: &'a [f32],
}

/// Values that are received from a rank.
#[derive(Debug)]
pub struct Receive<'a> {
    /// The rank.
    pub from: usize,
    /// Where the values go to.
    pub values: &'a mut [f32],
}

/// The one rank of a process that nobody started others beside.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Communicator for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn machine(&self) -> String {
        String::new()
    }

    fn all_gather(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
        vec![bytes.to_vec()]
    }

    fn exchange(&self, sends: Vec<Send<'_>>, receives: Vec<Receive<'_>>) {
        debug_assert!(sends.is_empty() && receives.is_empty(), "a rank sends nothing to itself");
    }

    fn abort(&self) -> ! {
        std::process::exit(1)
    }
}
