//! Batches of a training: the samples of every task, preprocessed and put together ahead of the step.

use any2any_adapter::Seed;
use any2any_data::Prefetch;
use any2any_run::RunError;
use any2any_translate::batch::Batch;
use any2any_translate::{Example, Split};

use super::Trainer;
use crate::augmentation::Augmentation;
use crate::batch_sampler::{BatchSampler, TaskExamples};
use crate::error::TrainError;
use crate::phases::Phase;
use crate::source_dropout::SourceDropout;
use crate::training_examples::{InMemory, OnDisk, TrainingExamples};

impl Trainer {
    /// This rank's batches of all updates after `steps`, prepared ahead.
    pub(crate) fn prefetch(&self, sampler: BatchSampler, steps: u64) -> Prefetch<Result<Batch, RunError>> {
        let (all, share) = (self.experiment.training.accumulate as u64, self.share.clone());
        let numbers =
            (steps..).flat_map(move |update| share.clone().map(move |number| update * all + number as u64));
        Prefetch::new(self.experiment.training.batch.prefetch, sampler.batches(numbers))
    }

    /// This rank's batches of the next update, or the error of samples that cannot be read.
    pub(crate) fn next_update(
        &mut self,
        batches: &mut impl Iterator<Item = Result<Batch, RunError>>,
    ) -> Result<Vec<Batch>, RunError> {
        let update = batches.by_ref().take(self.share.len()).collect();
        self.phases.end(Phase::Data);
        update
    }

    /// The batch sampler, which takes the training examples over, and a description of each task's samples.
    pub(crate) fn batch_sampler(&mut self) -> Result<(BatchSampler, Vec<(String, String)>), TrainError> {
        let mut tasks = Vec::new();
        let mut described = Vec::new();
        for (prepared, task) in self.tasks.iter_mut().zip(self.adapters.tasks()) {
            // The selection reports itself which samples it leaves out.
            let selection = format!("train: {}", prepared.selection);
            let report = prepared.report();
            let filtered = report.filtered().map(ToString::to_string);
            let warnings = report.warnings.into_iter().filter(|words| *words != selection);
            let first = [prepared.selection.to_string()].into_iter();
            let mut words = filtered.into_iter().chain(first).chain(warnings).collect::<Vec<_>>().join("; ");
            let seed = Seed(self.experiment.seed);
            let augmentation = Augmentation::new(task, seed);
            let kept = &prepared.selection.kept;
            let mut examples = match &prepared.stored {
                Some(stored) => TrainingExamples::Disk(OnDisk::new(stored.clone(), kept)),
                None => TrainingExamples::Memory(in_memory(&mut prepared.train, kept, augmentation.as_ref())),
            };
            let unaligned = self.objective.unaligned(task, &examples)?;
            if let (TrainingExamples::Memory(InMemory { examples, .. }), Some(augmentation)) =
                (&mut examples, &augmentation)
            {
                augmentation.forget(examples);
            }
            if unaligned > 0 {
                words = format!("{words}; {unaligned} have too few positions for the alignment loss");
            }
            described.push((task.name().to_owned(), words));
            tasks.push(TaskExamples {
                examples,
                augmentation,
                source_dropout: SourceDropout::new(task.name(), task.spec().source_dropout, seed),
                framing: task.framing(),
                weight: task.spec().weight,
            });
        }
        let training = &self.experiment.training;
        let sampler =
            BatchSampler::new(tasks, training.batch.tokens, &training.mixing, Seed(self.experiment.seed))?;
        Ok((sampler, described))
    }
}

/// The examples of a split that are kept, with their values where they are augmented.
fn in_memory(train: &mut Split, kept: &[u32], augmentation: Option<&Augmentation>) -> InMemory {
    let examples = keep(std::mem::take(&mut train.examples), kept);
    let lengths = examples.iter().map(Example::lengths).collect();
    let (sources, targets) = (std::mem::take(&mut train.sources), std::mem::take(&mut train.references));
    let [of_sources, of_targets] = augmentation.map_or([false; 2], Augmentation::changes);
    let values = |changes: bool, values| if changes { keep(values, kept) } else { Vec::new() };
    InMemory { examples, lengths, values: [values(of_sources, sources), values(of_targets, targets)] }
}

/// The items at some indices.
fn keep<T>(items: Vec<T>, places: &[u32]) -> Vec<T> {
    let mut places = places.iter().copied().peekable();
    let items = (0..).zip(items);
    items.filter_map(|(at, item)| places.next_if_eq(&at).map(|_| item)).collect()
}
