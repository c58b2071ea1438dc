//! The queue of jobs that wait for one model, and the rule of which are translated in one batch.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use any2any_adapter::Cancellation;
use any2any_experiment::spec::Decoding;
use any2any_translate::{EncodedSource, Translated, Translator};
use tokio::sync::oneshot;

use crate::api_error::ApiError;
use crate::protocol::Languages;

/// The time that a thread waits for a job before it is idle.
const PAUSE: Duration = Duration::from_secs(1);

/// The channel of an answer; closed when nobody waits for it any more.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, ApiError>>;

/// A job for a model.
pub(crate) enum Job {
    /// A translation, which may be done together with others.
    Translate(Box<Translate>),
    /// Any other work on the model.
    Ask(Box<dyn Ask>),
}

/// A translation that waits.
pub(crate) struct Translate {
    /// Number of the task.
    pub task: usize,
    pub languages: Languages,
    /// The sources; empty for a decoder-only model.
    pub sources: Vec<EncodedSource>,
    pub decoding: Decoding,
    pub prefix: Vec<u32>,
    /// Cancelled when nobody waits for the answer any more.
    pub cancellation: Cancellation,
    pub reply: Reply<Vec<Translated>>,
}

impl Translate {
    /// True if both may be done in one batch with the same results. Sampling depends on a source's number in its batch,
    /// so sampled translations stay alone.
    fn joins(&self, other: &Self) -> bool {
        !self.decoding.draws()
            && !self.sources.is_empty()
            && !other.sources.is_empty()
            && self.task == other.task
            && self.languages == other.languages
            && self.prefix == other.prefix
            && self.decoding == other.decoding
    }

    fn positions(&self) -> usize {
        self.sources.iter().map(EncodedSource::positions).sum()
    }
}

/// Work on a model that is done alone.
pub(crate) trait Ask: Send {
    /// True if nobody waits for the answer any more.
    fn is_void(&self) -> bool;

    /// Does the work on the model, or answers with the error for which there is none.
    fn ask(self: Box<Self>, model: Result<&Translator, ApiError>);
}

/// A function as work on a model.
pub(crate) struct Question<F, T> {
    pub work: F,
    pub cancellation: Cancellation,
    pub reply: Reply<T>,
}

impl<F, T> Ask for Question<F, T>
where
    F: FnOnce(&Translator) -> Result<T, ApiError> + Send,
    T: Send,
{
    fn is_void(&self) -> bool {
        self.reply.is_closed()
    }

    fn ask(self: Box<Self>, model: Result<&Translator, ApiError>) {
        let Self { work, cancellation, reply } = *self;
        // A client that has left does not need the answer.
        let _ = reply.send(model.and_then(|model| work(&model.until(cancellation))));
    }
}

impl Job {
    fn is_void(&self) -> bool {
        match self {
            Job::Translate(translate) => translate.reply.is_closed(),
            Job::Ask(ask) => ask.is_void(),
        }
    }
}

/// The jobs that a worker takes at a time.
pub(crate) enum Taken {
    /// Translations to do together; at least one.
    Batch(Vec<Translate>),
    /// Work that is done alone.
    Ask(Box<dyn Ask>),
}

/// The queue of one thread of a worker, in the order of arrival.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Adds a job; `false` when the queue is closed.
    pub(crate) fn push(&self, job: Job) -> bool {
        let mut waiting = self.lock();
        if waiting.closed {
            return false;
        }
        waiting.jobs.push_back(job);
        self.arrived.notify_one();
        true
    }

    /// Accepts no further job; those that wait are still done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Takes the next job, with all waiting ones that join it, up to a number of sources and of source positions. Waits
    /// for one; `None` when the queue is closed and empty. Also tells how many jobs have left the queue, those that
    /// nobody waits for counted. `when_idle` is called once when there has been none for a second.
    pub(crate) fn take(
        &self,
        sources: usize,
        positions: usize,
        when_idle: impl Fn(),
    ) -> Option<(Taken, usize)> {
        let mut waiting = self.lock();
        let mut left = 0;
        let mut was_idle = false;
        loop {
            let before = waiting.jobs.len();
            waiting.jobs.retain(|job| !job.is_void());
            left += before - waiting.jobs.len();
            match waiting.jobs.pop_front() {
                Some(Job::Ask(ask)) => return Some((Taken::Ask(ask), left + 1)),
                Some(Job::Translate(first)) => {
                    let batch = waiting.joined(*first, sources, positions);
                    left += batch.len();
                    return Some((Taken::Batch(batch), left));
                }
                None if waiting.closed => return None,
                None if was_idle => {
                    let woken = self.arrived.wait(waiting);
                    waiting = woken.unwrap_or_else(|poisoned| poisoned.into_inner());
                }
                None => {
                    let woken = self.arrived.wait_timeout(waiting, PAUSE);
                    let (guard, time) = woken.unwrap_or_else(|poisoned| poisoned.into_inner());
                    waiting = guard;
                    if time.timed_out() {
                        drop(waiting);
                        when_idle();
                        was_idle = true;
                        waiting = self.lock();
                    }
                }
            }
        }
    }
}

impl Waiting {
    /// Takes all translations that join this one out of the queue.
    fn joined(&mut self, first: Translate, sources: usize, positions: usize) -> Vec<Translate> {
        let mut all = (first.sources.len(), first.positions());
        let mut batch = vec![first];
        let mut others = VecDeque::with_capacity(self.jobs.len());
        for job in std::mem::take(&mut self.jobs) {
            match job {
                Job::Translate(translate)
                    if translate.joins(&batch[0])
                        && all.0 + translate.sources.len() <= sources
                        && all.1 + translate.positions() <= positions =>
                {
                    all = (all.0 + translate.sources.len(), all.1 + translate.positions());
                    batch.push(*translate);
                }
                job => others.push_back(job),
            }
        }
        self.jobs = others;
        batch
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Sequence;
    use any2any_experiment::spec::Sampling;

    use super::*;

    fn translation(task: usize, positions: usize, decoding: &Decoding) -> (Job, impl Sized + use<>) {
        let (reply, answer) = oneshot::channel();
        let sources = vec![Sequence::Tokens(vec![1; positions]).into()];
        let decoding = decoding.clone();
        (
            Job::Translate(Box::new(Translate {
                task,
                languages: Languages::default(),
                sources,
                decoding,
                prefix: Vec::new(),
                cancellation: Cancellation::default(),
                reply,
            })),
            answer,
        )
    }

    #[test]
    fn what_is_alike_is_taken_together_up_to_the_limits() {
        let greedy = Decoding::default();
        let drawn = Decoding { sampling: Some(Sampling::default()), ..Decoding::default() };
        let queue = Queue::default();
        let mut answers = Vec::new();
        for (task, positions, decoding) in [
            (0, 4, &greedy),
            (1, 4, &greedy),
            (0, 4, &greedy),
            (0, 90, &greedy),
            (0, 4, &drawn),
            (0, 4, &drawn),
        ] {
            let (job, answer) = translation(task, positions, decoding);
            answers.push(answer);
            assert!(queue.push(job));
        }
        let (job, gone) = translation(0, 4, &greedy);
        drop(gone);
        queue.push(job);
        queue.close();
        assert!(!queue.push(translation(0, 4, &greedy).0));
        let mut sizes = Vec::new();
        while let Some((taken, left)) = queue.take(8, 50, || ()) {
            let Taken::Batch(batch) = taken else { panic!("only translations were pushed") };
            sizes.push((batch[0].task, batch.len(), left));
        }
        assert_eq!(sizes, [(0, 2, 3), (1, 1, 1), (0, 1, 1), (0, 1, 1), (0, 1, 1)]);
    }
}
