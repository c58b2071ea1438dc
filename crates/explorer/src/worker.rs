//! A loaded model at work, on a thread of its own: a model is not shared between threads, and whoever asks one
//! waits for it without keeping anybody else from being served.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use any2any_adapter::{Registry, Sequence};
use any2any_train::{Output, RunFolder, Translator};
use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::queue::{Job, Question, Queue, Taken, Translate};

/// Sources of one batch at most: enough for every core, few enough for the first to be answered soon.
const SOURCES: usize = 256;
/// Source positions of one batch at most.
const POSITIONS: usize = 16_384;

/// A model on a thread of its own. Dropped, it finishes what waits and ends.
pub(crate) struct Worker {
    queue: Arc<Queue>,
    metrics: Arc<Metrics>,
    broken: Arc<AtomicBool>,
}

/// What a worker needs to load its model, again when it must.
pub(crate) struct Plan {
    pub run: RunFolder,
    pub checkpoint: String,
    pub registry: Registry,
}

impl Worker {
    /// Starts a thread, which loads the model.
    pub(crate) fn start(plan: Plan, metrics: Arc<Metrics>) -> Self {
        let queue = Arc::new(Queue::default());
        let broken = Arc::new(AtomicBool::new(false));
        let thread = Thread { plan, queue: queue.clone(), metrics: metrics.clone(), broken: broken.clone() };
        std::thread::spawn(move || thread.run());
        Self { queue, metrics, broken }
    }

    /// Whether its model could not be loaded.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Translates sources, together with others where that changes nothing.
    pub(crate) async fn translate(
        &self,
        translate: impl FnOnce(oneshot::Sender<Result<Vec<Vec<Output>>, Failure>>) -> Translate,
    ) -> Result<Vec<Vec<Output>>, Failure> {
        let (reply, answer) = oneshot::channel();
        self.push(Job::Translate(translate(reply)))?;
        answer.await.unwrap_or_else(|_| Err(lost()))
    }

    /// Asks the model something.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Translator) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (reply, answer) = oneshot::channel();
        self.push(Job::Ask(Box::new(Question { work, reply })))?;
        answer.await.unwrap_or_else(|_| Err(lost()))
    }

    fn push(&self, job: Job) -> Result<(), Failure> {
        self.metrics.queued.fetch_add(1, Ordering::Relaxed);
        if self.queue.push(job) {
            return Ok(());
        }
        self.metrics.queued.fetch_sub(1, Ordering::Relaxed);
        Err(Failure::stopping())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// The job was lost: its thread panicked over it.
fn lost() -> Failure {
    Failure::internal("the model failed over this request, and is loaded anew")
}

/// What runs on the thread.
struct Thread {
    plan: Plan,
    queue: Arc<Queue>,
    metrics: Arc<Metrics>,
    broken: Arc<AtomicBool>,
}

impl Thread {
    fn run(self) {
        let mut model = self.load();
        while let Some((taken, left)) = self.queue.take(SOURCES, POSITIONS) {
            self.metrics.queued.fetch_sub(left, Ordering::Relaxed);
            let sound = match taken {
                Taken::Batch(batch) => self.translate(&mut model, batch),
                Taken::Ask(ask) => {
                    let model = model.as_ref().map_err(Clone::clone);
                    catch_unwind(AssertUnwindSafe(|| ask.ask(model))).is_ok()
                }
            };
            if !sound {
                model = self.reload();
            }
        }
    }

    fn load(&self) -> Result<Translator, Failure> {
        let Plan { run, checkpoint, registry } = &self.plan;
        let load = || Translator::load(run, checkpoint, registry).map_err(Failure::from);
        let model = catch_unwind(AssertUnwindSafe(load))
            .unwrap_or_else(|_| Err(Failure::internal("the model cannot be loaded")));
        self.broken.store(model.is_err(), Ordering::Relaxed);
        model
    }

    /// A model that has panicked may have been left in any state.
    fn reload(&self) -> Result<Translator, Failure> {
        self.metrics.panics.fetch_add(1, Ordering::Relaxed);
        self.load()
    }

    /// Translates a batch; `false` when the model panicked and has not been loaded anew since.
    fn translate(&self, model: &mut Result<Translator, Failure>, batch: Vec<Translate>) -> bool {
        match catch_unwind(AssertUnwindSafe(|| translated(model, &batch))) {
            Ok(outputs) => {
                self.metrics.batch(batch.iter().map(|job| job.sources.len()).sum());
                self.answer(batch, outputs);
                true
            }
            // One source that the model cannot take must not keep the others from their answers.
            Err(_) if batch.len() > 1 => {
                let mut sound = false;
                for job in batch {
                    if !sound {
                        *model = self.reload();
                    }
                    sound = self.translate(model, vec![job]);
                }
                sound
            }
            Err(_) => false,
        }
    }

    fn answer(&self, batch: Vec<Translate>, outputs: Result<Vec<Vec<Output>>, Failure>) {
        match outputs {
            Ok(outputs) => {
                let tokens = outputs.iter().flatten().map(|output| output.tokens().len() as u64).sum();
                self.metrics.tokens.fetch_add(tokens, Ordering::Relaxed);
                let mut outputs = outputs.into_iter();
                for job in batch {
                    // Whoever left in the meantime does not need the answer.
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
fn translated(model: &Result<Translator, Failure>, batch: &[Translate]) -> Result<Vec<Vec<Output>>, Failure> {
    let model = model.as_ref().map_err(Clone::clone)?;
    let Translate { task, decoding, prefix, .. } = &batch[0];
    let sources: Vec<&Sequence> = batch.iter().flat_map(|job| &job.sources).collect();
    let outputs = match sources.is_empty() {
        true => model.complete_tokens(*task, prefix, decoding, 1),
        false => model.translate_sequences(*task, &sources, decoding, prefix),
    };
    Ok(outputs?)
}

impl Translate {
    /// How many sources, or writings without one, it asks for.
    fn results(&self) -> usize {
        self.sources.len().max(1)
    }
}
