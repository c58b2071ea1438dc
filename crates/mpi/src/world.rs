//! World of MPI: the ranks that one launcher has started.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mpi::Threading;
use mpi::collective::CommunicatorCollectives;
use mpi::environment::Universe;
use mpi::point_to_point::{Destination, Source};
use mpi::request::{LocalScope, Request};
use mpi::topology::Communicator as _;

use crate::communicator::{Communicator, Receive, Send};
use crate::launcher::ConnectError;

/// How long a wait asks again and again, before it begins to sleep between two questions.
const EAGER: Duration = Duration::from_micros(500);

/// The sleep between two questions: what waits for a slow rank leaves its core to others.
const PAUSE: Duration = Duration::from_micros(100);

/// The most values of one message, since MPI counts in 32 bits, and a transfer of a large one is cut by it anyway.
const MOST: usize = 1 << 20;

/// The ranks of MPI's world; MPI ends with it.
pub(crate) struct World {
    rank: usize,
    size: usize,
    /// Locked during each operation: MPI was promised that one thread at a time calls it.
    universe: Mutex<Universe>,
}

impl World {
    /// Starts MPI.
    pub(crate) fn connect() -> Result<Self, ConnectError> {
        let (universe, threading) =
            mpi::initialize_with_threading(Threading::Serialized).ok_or(ConnectError::Twice)?;
        if threading < Threading::Serialized {
            return Err(ConnectError::Threads(format!("{threading:?}")));
        }
        let world = universe.world();
        // MPI numbers ranks by integers of C that are never negative.
        let (rank, size) = (world.rank().unsigned_abs() as usize, world.size().unsigned_abs() as usize);
        Ok(Self { rank, size, universe: Mutex::new(universe) })
    }

    /// Does something while no other thread calls MPI.
    fn with<T>(&self, work: impl FnOnce(&mpi::topology::SimpleCommunicator) -> T) -> T {
        let universe = self.universe.lock().unwrap_or_else(PoisonError::into_inner);
        work(&universe.world())
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "rank {} of {}", self.rank, self.size)
    }
}

impl Communicator for World {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn machine(&self) -> String {
        mpi::environment::processor_name().unwrap_or_default()
    }

    fn all_gather(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.with(|world| {
            let length = [bytes.len() as u64];
            let mut lengths = vec![0_u64; self.size];
            mpi::request::scope(|scope| {
                wait(vec![world.immediate_all_gather_into(scope, &length[..], &mut lengths[..])]);
            });
            // All are as long as the longest, so that one operation serves for all.
            let longest = lengths.iter().max().map_or(0, |&longest| longest as usize);
            if longest == 0 {
                return vec![Vec::new(); self.size];
            }
            let mut padded = bytes.to_vec();
            padded.resize(longest, 0);
            let mut all = vec![0_u8; longest * self.size];
            mpi::request::scope(|scope| {
                wait(vec![world.immediate_all_gather_into(scope, &padded[..], &mut all[..])]);
            });
            all.chunks(longest).zip(lengths).map(|(of, length)| of[..length as usize].to_vec()).collect()
        })
    }

    fn exchange(&self, sends: Vec<Send<'_>>, receives: Vec<Receive<'_>>) {
        self.with(|world| {
            let process = |rank: usize| world.process_at_rank(rank as mpi::Rank);
            mpi::request::scope(|scope| {
                let mut requests = Vec::new();
                for Receive { from, values } in receives {
                    for part in values.chunks_mut(MOST) {
                        requests.push(process(from).immediate_receive_into(scope, part));
                    }
                }
                for Send { to, values } in sends {
                    for part in values.chunks(MOST) {
                        requests.push(process(to).immediate_send(scope, part));
                    }
                }
                wait(requests);
            });
        });
    }

    fn abort(&self) -> ! {
        // Without the lock, which another thread may hold while it waits for a rank that is gone.
        mpi::topology::SimpleCommunicator::world().abort(1)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The others would wait for a rank that has panicked.
        if std::thread::panicking() {
            self.abort();
        }
    }
}

/// Waits until all requests are complete, first eagerly and then asleep.
fn wait<'a, D: ?Sized>(mut requests: Vec<Request<'a, D, &LocalScope<'a>>>) {
    let mut began = Instant::now();
    while !requests.is_empty() {
        let before = requests.len();
        requests = requests.into_iter().filter_map(|request| request.test().err()).collect();
        if requests.len() < before {
            began = Instant::now();
        } else if began.elapsed() < EAGER {
            std::thread::yield_now();
        } else {
            std::thread::sleep(PAUSE);
        }
    }
}
