//! Ranks of a training: the processes that share the batches of its updates, and how they come to one end.
//!
//! Whatever ranks tell each other, they also tell whether something has failed, so that an error of one ends all of them:
//! none waits for a rank that has given up. The first rank alone writes and speaks.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use any2any_mpi::{Alone, Communicator, ConnectError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::TrainError;

/// The first byte of a message of a rank that goes on.
const FINE: u8 = 0;
/// The first byte of a message with the reason why a rank gives up.
const FAILED: u8 = 1;

/// The ranks that a process is one of.
#[derive(Clone, Debug)]
pub struct Ranks {
    communicator: Arc<dyn Communicator>,
    /// True once a rank has failed, and all of them know it: from then on nothing is said any more.
    ended: Arc<AtomicBool>,
}

/// An error of another rank, which ends this one too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rank {rank} of {size}: {reason}")]
pub struct RankFailure {
    /// The number of the rank, from 0.
    pub rank: usize,
    /// The number of ranks.
    pub size: usize,
    /// The error.
    pub reason: String,
}

impl Default for Ranks {
    fn default() -> Self {
        Self::alone()
    }
}

impl Ranks {
    /// The one rank of a training in one process.
    pub fn alone() -> Self {
        Self::new(Arc::new(Alone))
    }

    /// The ranks that `mpirun` or another launcher has started; alone without one.
    ///
    /// # Errors
    ///
    /// If a launcher has started this process beside others, and they cannot be spoken to.
    pub fn connect() -> Result<Self, ConnectError> {
        any2any_mpi::connect().map(Self::new)
    }

    /// Ranks that speak to each other in some way.
    pub fn new(communicator: Arc<dyn Communicator>) -> Self {
        Self { communicator, ended: Arc::default() }
    }

    /// The number of this rank, from 0.
    pub fn rank(&self) -> usize {
        self.communicator.rank()
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.communicator.size()
    }

    /// True in a training in one process.
    pub fn is_alone(&self) -> bool {
        self.size() == 1
    }

    /// True for the one rank that writes and speaks.
    pub fn is_first(&self) -> bool {
        self.rank() == 0
    }

    /// What this rank does of so many batches of an update.
    ///
    /// # Errors
    ///
    /// If the ranks cannot share them evenly.
    pub fn share(&self, batches: usize) -> Result<Range<usize>, TrainError> {
        let ranks = self.size();
        if !batches.is_multiple_of(ranks) {
            let fewer = (1..=batches.min(ranks)).rev().find(|fewer| batches.is_multiple_of(*fewer));
            return Err(TrainError::UnevenShares { ranks, batches, fewer: fewer.unwrap_or(1) });
        }
        let each = batches / ranks;
        Ok(self.rank() * each..(self.rank() + 1) * each)
    }

    /// The number of threads of this rank where the experiment says none: its cores, divided by the ranks that have the
    /// same ones. `None` for a rank that is alone.
    ///
    /// # Errors
    ///
    /// If another rank has failed.
    pub fn threads(&self) -> Result<Option<usize>, RankFailure> {
        if self.is_alone() {
            return Ok(None);
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mine = format!("{} {}", self.communicator.machine(), allowed_cores());
        let all = self.all_gather_bytes(mine.as_bytes())?;
        let beside = all.iter().filter(|other| **other == mine.as_bytes()).count();
        Ok(Some((cores / beside.max(1)).max(1)))
    }

    /// Does something on the first rank, and afterwards on all others, which find what the first has made.
    ///
    /// # Errors
    ///
    /// If it fails here, or on the first.
    pub fn first<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        E: std::fmt::Display + From<RankFailure>,
    {
        if self.is_first() {
            self.agree(work())
        } else {
            self.agree(Ok(()))?;
            work()
        }
    }

    /// Ends all ranks if one has failed. Whoever fails calls this in the end; all others learn of it here, or in whatever
    /// else they ask the ranks for.
    ///
    /// # Errors
    ///
    /// This rank's error, or else that of the first rank that has one.
    pub fn agree<T, E>(&self, result: Result<T, E>) -> Result<T, E>
    where
        E: std::fmt::Display + From<RankFailure>,
    {
        if self.is_alone() || self.ended.load(Ordering::Relaxed) {
            return result;
        }
        match result {
            Ok(value) => self.all_gather_bytes(&[]).map(|_| value).map_err(E::from),
            Err(error) => {
                // Told to the others, who answer with what this rank does not need any more.
                let _ = self.tell(FAILED, format!("{error:#}").as_bytes());
                Err(error)
            }
        }
    }

    /// Gives every rank the value of the first.
    ///
    /// # Errors
    ///
    /// If another rank has failed.
    pub(crate) fn broadcast<T: Serialize + DeserializeOwned>(&self, value: T) -> Result<T, RankFailure> {
        if self.is_alone() {
            return Ok(value);
        }
        let written = if self.is_first() { serde_json::to_vec(&value) } else { Ok(Vec::new()) };
        let failed = |error: serde_json::Error| RankFailure {
            rank: 0,
            size: self.size(),
            reason: format!("its state cannot be told to the other ranks: {error}"),
        };
        let all = self.all_gather_bytes(&written.map_err(failed)?)?;
        if self.is_first() { Ok(value) } else { serde_json::from_slice(&all[0]).map_err(failed) }
    }

    /// Gives every rank the value of each, in the order of ranks.
    ///
    /// # Errors
    ///
    /// If another rank has failed.
    pub(crate) fn all_gather<T: Serialize + DeserializeOwned>(
        &self,
        value: T,
    ) -> Result<Vec<T>, RankFailure> {
        if self.is_alone() {
            return Ok(vec![value]);
        }
        let failed = |rank: usize, error: serde_json::Error| RankFailure {
            rank,
            size: self.size(),
            reason: format!("what it has found cannot be told to the other ranks: {error}"),
        };
        let mine = serde_json::to_vec(&value).map_err(|error| failed(self.rank(), error))?;
        let all = self.all_gather_bytes(&mine)?.into_iter().enumerate();
        all.map(|(rank, told)| serde_json::from_slice(&told).map_err(|error| failed(rank, error))).collect()
    }

    /// Gives every rank some bytes of each, in the order of ranks.
    ///
    /// # Errors
    ///
    /// If another rank has failed.
    pub(crate) fn all_gather_bytes(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, RankFailure> {
        if self.is_alone() {
            return Ok(vec![bytes.to_vec()]);
        }
        self.tell(FINE, bytes)
    }

    fn tell(&self, kind: u8, bytes: &[u8]) -> Result<Vec<Vec<u8>>, RankFailure> {
        let message: Vec<u8> = std::iter::once(kind).chain(bytes.iter().copied()).collect();
        let mut all = self.communicator.all_gather(&message);
        let failed = all.iter().position(|message| message.first() == Some(&FAILED));
        if let Some(rank) = failed {
            self.ended.store(true, Ordering::Relaxed);
            let reason = String::from_utf8_lossy(&all[rank][1..]).into_owned();
            return Err(RankFailure { rank, size: self.size(), reason });
        }
        all.iter_mut().for_each(|message| {
            message.remove(0);
        });
        Ok(all)
    }

    /// The way to the other ranks.
    pub(crate) fn communicator(&self) -> &dyn Communicator {
        &*self.communicator
    }
}

/// The cores that the system lets this process run on, in words that are the same for processes with the same ones; empty
/// where no system says so.
fn allowed_cores() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed:"));
    line.unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, Sender, channel};

    use any2any_mpi::{Receive, Send};

    use super::*;

    /// One end of each way from and to another rank.
    type Ways<T> = Vec<(Sender<T>, Mutex<Receiver<T>>)>;

    /// Ranks that are threads of one process.
    #[derive(Debug)]
    pub(crate) struct Threads {
        rank: usize,
        bytes: Ways<Vec<u8>>,
        values: Ways<Vec<f32>>,
    }

    impl Threads {
        /// What every rank gives back.
        pub(crate) fn run<T: std::marker::Send>(ranks: usize, work: impl Fn(Self) -> T + Sync) -> Vec<T> {
            let ends = ways(ranks).into_iter().zip(ways(ranks)).enumerate();
            let ends: Vec<Self> = ends.map(|(rank, (bytes, values))| Self { rank, bytes, values }).collect();
            std::thread::scope(|scope| {
                let work = &work;
                let threads: Vec<_> = ends.into_iter().map(|end| scope.spawn(move || work(end))).collect();
                threads.into_iter().map(|thread| thread.join().expect("a rank")).collect()
            })
        }
    }

    fn ways<T>(ranks: usize) -> Vec<Ways<T>> {
        let pairs = (0..ranks * ranks).map(|_| channel());
        let (senders, receivers): (Vec<Sender<T>>, Vec<Receiver<T>>) = pairs.unzip();
        let mut receivers: Vec<Option<Receiver<T>>> = receivers.into_iter().map(Some).collect();
        let way = |mine: usize, other: usize, receivers: &mut Vec<Option<Receiver<T>>>| {
            let receiver = receivers[other * ranks + mine].take().expect("taken once");
            (senders[mine * ranks + other].clone(), Mutex::new(receiver))
        };
        (0..ranks).map(|mine| (0..ranks).map(|other| way(mine, other, &mut receivers)).collect()).collect()
    }

    impl Communicator for Threads {
        fn rank(&self) -> usize {
            self.rank
        }

        fn size(&self) -> usize {
            self.bytes.len()
        }

        fn machine(&self) -> String {
            "here".to_owned()
        }

        fn all_gather(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
            self.bytes.iter().for_each(|(to, _)| to.send(bytes.to_vec()).expect("it is there"));
            let receive = |(_, from): &(_, Mutex<Receiver<Vec<u8>>>)| {
                from.lock().expect("one thread").recv().expect("it is there")
            };
            self.bytes.iter().map(receive).collect()
        }

        fn exchange(&self, sends: Vec<Send<'_>>, receives: Vec<Receive<'_>>) {
            for Send { to, values } in sends {
                self.values[to].0.send(values.to_vec()).expect("it is there");
            }
            for Receive { from, values } in receives {
                let sent = self.values[from].1.lock().expect("one thread").recv().expect("it is there");
                values.copy_from_slice(&sent);
            }
        }

        fn abort(&self) -> ! {
            panic!("rank {} aborts", self.rank)
        }
    }

    fn together<T: std::marker::Send>(ranks: usize, work: impl Fn(Ranks) -> T + Sync) -> Vec<T> {
        Threads::run(ranks, |communicator| work(Ranks::new(Arc::new(communicator))))
    }

    #[test]
    fn batches_are_shared_evenly_or_not_at_all() {
        let shares = together(4, |ranks| ranks.share(8).expect("two each"));
        assert_eq!(shares, [0..2, 2..4, 4..6, 6..8]);
        let refused = together(4, |ranks| ranks.share(6).expect_err("one and a half").to_string());
        assert!(
            refused[3].starts_with("4 ranks cannot share the 6 batches of an update evenly")
                && refused[3].contains("start 3 of them"),
            "{}",
            refused[3]
        );
    }

    #[test]
    fn an_error_of_one_rank_ends_all_wherever_they_are() {
        let ends = together(4, |ranks| {
            let work = || match ranks.rank() {
                1 => Err(TrainError::Unsupported("the disk is full".to_owned())),
                2 => ranks.broadcast(0).map(|_| ()).map_err(TrainError::from),
                _ => ranks.all_gather_bytes(b"tokens").map(|_| ()).map_err(TrainError::from),
            };
            let end = ranks.agree(work()).expect_err("rank 1 fails").to_string();
            // What is asked after the end waits for nobody.
            assert!(ranks.agree(Ok::<_, TrainError>(())).is_ok());
            end
        });
        let told = "rank 1 of 4: the disk is full";
        assert_eq!(ends, [told, "the disk is full", told, told]);
    }

    #[test]
    fn all_ranks_have_what_the_first_has() {
        assert_eq!(together(3, |ranks| ranks.broadcast(ranks.rank() * 10 + 7).expect("told")), [7, 7, 7]);
        assert_eq!(together(2, |ranks| ranks.threads().expect("told").is_some()), [true, true]);
        assert_eq!(Ranks::alone().threads(), Ok(None));
    }
}
