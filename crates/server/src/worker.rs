//! A loaded model at work on two threads: quick jobs do not wait for long ones, and async requests wait for either
//! without blocking a thread that serves connections.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use any2any_adapter::{Cancellation, Registry};
use any2any_experiment::spec::Decoding;
use any2any_run::RunFolder;
use any2any_translate::{EncodedSource, Translated, Translator};
use tokio::sync::oneshot;

use crate::api_error::ApiError;
use crate::budget::Lane;
use crate::metrics::Metrics;
use crate::probed::Probed;
use crate::protocol::Languages;
use crate::queue::{Job, Question, Queue, Taken, Translate};

/// The most sources of one batch: enough for every core, few enough for the first to be answered soon.
const SOURCES: usize = 256;
/// The most source positions of one batch.
const POSITIONS: usize = 16_384;

/// A model on two threads, one for each lane. When dropped, it finishes the jobs that wait, and ends.
pub(crate) struct Worker {
    quick: Arc<Queue>,
    long: Arc<Queue>,
    shared: Arc<Shared>,
}

/// The run and checkpoint that a worker loads, and loads again after a panic.
pub(crate) struct Plan {
    pub run: RunFolder,
    pub probed: Arc<Probed>,
    pub checkpoint: String,
    pub registry: Registry,
}

/// A request to translate: the sources of one task, and the decoding options.
pub(crate) struct Translation {
    /// Number of the task.
    pub task: usize,
    pub languages: Languages,
    pub sources: Vec<EncodedSource>,
    pub decoding: Decoding,
    pub prefix: Vec<u32>,
}

impl Worker {
    /// Starts both threads, the first of which loads the model. A thread that has been idle for a while calls
    /// `when_idle`.
    pub(crate) fn start(plan: Plan, metrics: Arc<Metrics>, when_idle: fn()) -> Self {
        let shared =
            Arc::new(Shared { plan, model: Mutex::default(), metrics, broken: AtomicBool::new(false) });
        let lane = || {
            let queue = Arc::new(Queue::default());
            let thread = Thread { queue: queue.clone(), shared: shared.clone(), when_idle };
            std::thread::spawn(move || thread.run());
            queue
        };
        Self { quick: lane(), long: lane(), shared }
    }

    /// True if the model could not be loaded.
    pub(crate) fn is_broken(&self) -> bool {
        self.shared.broken.load(Ordering::Relaxed)
    }

    /// Translates sources, together with others where that changes nothing. The work ends when this future is dropped.
    pub(crate) async fn translate(
        &self,
        lane: Lane,
        translation: Translation,
    ) -> Result<Vec<Translated>, ApiError> {
        let (reply, answer) = oneshot::channel();
        let cancellation = Cancellation::new();
        let _waiting = cancellation.on_drop();
        let Translation { task, languages, sources, decoding, prefix } = translation;
        let job = Translate { task, languages, sources, decoding, prefix, cancellation, reply };
        self.push(lane, Job::Translate(Box::new(job)))?;
        answer.await.unwrap_or_else(|_| Err(lost()))
    }

    /// Runs a function on the model. The work ends when this future is dropped.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&Translator) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (reply, answer) = oneshot::channel();
        let cancellation = Cancellation::new();
        let _waiting = cancellation.on_drop();
        self.push(lane, Job::Ask(Box::new(Question { work, cancellation, reply })))?;
        answer.await.unwrap_or_else(|_| Err(lost()))
    }

    fn push(&self, lane: Lane, job: Job) -> Result<(), ApiError> {
        let queued = &self.shared.metrics.queued;
        queued.fetch_add(1, Ordering::Relaxed);
        let queue = match lane {
            Lane::Quick => &self.quick,
            Lane::Long => &self.long,
        };
        if queue.push(job) {
            return Ok(());
        }
        queued.fetch_sub(1, Ordering::Relaxed);
        Err(ApiError::stopping())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.quick.close();
        self.long.close();
    }
}

/// The error of a job whose thread panicked over it.
fn lost() -> ApiError {
    ApiError::internal("the model failed over this request, and is loaded anew")
}

/// The state that both threads of a worker share.
struct Shared {
    plan: Plan,
    model: Mutex<Option<Result<Translator, ApiError>>>,
    metrics: Arc<Metrics>,
    broken: AtomicBool,
}

impl Shared {
    /// The model, loaded on first use.
    fn model(&self) -> Result<Translator, ApiError> {
        let mut model = self.lock();
        model.get_or_insert_with(|| self.load()).clone()
    }

    fn load(&self) -> Result<Translator, ApiError> {
        let Plan { run, probed, checkpoint, registry } = &self.plan;
        let load = || {
            probed.check()?;
            Translator::load(run, checkpoint, registry).map_err(ApiError::from)
        };
        let model = catch_unwind(AssertUnwindSafe(load))
            .unwrap_or_else(|_| Err(ApiError::internal("the model cannot be loaded")));
        self.broken.store(model.is_err(), Ordering::Relaxed);
        model
    }

    /// Forgets a model that has panicked: it may have been left in any state.
    fn forget(&self) {
        self.metrics.panics.fetch_add(1, Ordering::Relaxed);
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Result<Translator, ApiError>>> {
        // The value behind the lock is replaced whole, so a panic leaves nothing half done.
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread of a worker, with the queue of its lane.
struct Thread {
    queue: Arc<Queue>,
    shared: Arc<Shared>,
    when_idle: fn(),
}

impl Thread {
    fn run(self) {
        // Requests ask for the model soon.
        let _ = self.shared.model();
        while let Some((taken, left)) = self.queue.take(SOURCES, POSITIONS, || self.idle()) {
            self.shared.metrics.queued.fetch_sub(left, Ordering::Relaxed);
            match taken {
                Taken::Batch(batch) => self.translate(batch),
                Taken::Ask(ask) => {
                    let model = self.shared.model();
                    let model = model.as_ref().map_err(Clone::clone);
                    if catch_unwind(AssertUnwindSafe(|| ask.ask(model))).is_err() {
                        self.shared.forget();
                    }
                }
            }
        }
    }

    /// Tells this thread, and those that compute for it, that there is nothing to do.
    fn idle(&self) {
        (self.when_idle)();
        rayon::broadcast(|_| (self.when_idle)());
    }

    /// Translates a batch, and answers each of its jobs.
    fn translate(&self, batch: Vec<Translate>) {
        let model = self.shared.model();
        match catch_unwind(AssertUnwindSafe(|| translated(&model, &batch))) {
            Ok(outputs) => {
                self.shared.metrics.batch(batch.iter().map(|job| job.sources.len()).sum());
                self.answer(batch, outputs);
            }
            Err(_) => {
                self.shared.forget();
                // One source that the model cannot take must not keep the others from their answers.
                if batch.len() > 1 {
                    batch.into_iter().for_each(|job| self.translate(vec![job]));
                }
            }
        }
    }

    fn answer(&self, batch: Vec<Translate>, outputs: Result<Vec<Translated>, ApiError>) {
        match outputs {
            Ok(outputs) => {
                let written = outputs.iter().flat_map(|translated| &translated.outputs);
                let tokens = written.map(|output| output.tokens().len() as u64).sum();
                self.shared.metrics.tokens.fetch_add(tokens, Ordering::Relaxed);
                let mut outputs = outputs.into_iter();
                for job in batch {
                    // A client that has left does not need the answer.
                    let own = outputs.by_ref().take(job.results()).collect();
                    let _ = job.reply.send(Ok(own));
                }
            }
            Err(failure) => {
                for job in batch {
                    let _ = job.reply.send(Err(failure.clone()));
                }
            }
        }
    }
}

/// The outputs of all sources of a batch, in order.
fn translated(
    model: &Result<Translator, ApiError>,
    batch: &[Translate],
) -> Result<Vec<Translated>, ApiError> {
    let model = model.as_ref().map_err(Clone::clone)?;
    let model = model.until(Cancellation::of_all(batch.iter().map(|job| &job.cancellation)));
    let Translate { task, languages, decoding, prefix, .. } = &batch[0];
    let task = &languages.of(&model.adapters.tasks()[*task])?;
    let sources: Vec<&EncodedSource> = batch.iter().flat_map(|job| &job.sources).collect();
    Ok(match sources.is_empty() {
        true => {
            let outputs = model.complete_tokens(task, prefix, decoding, 1)?.into_iter();
            outputs.map(|outputs| Translated { outputs, ..Translated::default() }).collect()
        }
        false => model.translate_encoded(task, &sources, decoding, prefix)?,
    })
}

impl Translate {
    /// The number of results: one for each source, or one without a source.
    fn results(&self) -> usize {
        self.sources.len().max(1)
    }
}
