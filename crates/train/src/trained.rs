//! Result of a training: its best checkpoint, and the scores on held-out data.

use any2any_data::Broken;
use any2any_experiment::spec::Experiment;
use any2any_run::{AdapterSet, CardScores, ModelCard, RunFolder, State};
use any2any_translate::evaluate::{self, TeacherForced};
use any2any_translate::{HeldOut, Translator};
use burn::tensor::Device;
use serde_json::{Value, json};

use crate::error::TrainError;
use crate::observer::Stopped;
use crate::prepare::PreparedTask;

/// A training that has ended.
#[non_exhaustive]
pub struct Trained {
    /// The run's folder.
    pub run: RunFolder,
    /// The run's experiment.
    pub experiment: Experiment,
    /// The run's adapters.
    pub adapters: AdapterSet,
    /// The run's data; the training examples have been used up.
    pub tasks: Vec<PreparedTask>,
    /// The state at the end.
    pub state: State,
    /// The reason of the end.
    pub stopped: Stopped,
    pub(crate) device: Device,
}

/// The scores of a finished run on one task's held-out split.
#[non_exhaustive]
pub struct FinalScores {
    /// The task.
    pub task: String,
    /// `test`, or `validation` without a test split.
    pub split: &'static str,
    /// The teacher-forced loss and accuracy.
    pub forced: TeacherForced,
    /// The metrics of the decoded outputs.
    pub scores: Vec<any2any_metrics::Score>,
    /// Source, output and reference of some samples.
    pub samples: Vec<[String; 3]>,
    /// The samples of the split that cannot be read.
    pub broken: Broken,
}

impl FinalScores {
    /// The scores as JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "task": self.task,
            "split": self.split,
            "decoded": self.scores,
            "teacher_forced": self.forced,
            "samples": self.samples,
        })
    }
}

impl Trained {
    /// Writes the run's `README.md`.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write_card(&self, scores: &[FinalScores]) -> Result<(), TrainError> {
        let scores: Vec<CardScores<'_>> = scores
            .iter()
            .map(|of| CardScores {
                task: &of.task,
                split: of.split,
                forced: of.forced.to_string(),
                scores: &of.scores,
            })
            .collect();
        let (experiment, state, tasks) = (&self.experiment, &self.state, self.adapters.tasks());
        let card = ModelCard { experiment, tasks, state, scores: &scores };
        Ok(card.write(&self.run)?)
    }

    /// A translator with the best checkpoint.
    ///
    /// # Errors
    ///
    /// If its files cannot be read.
    pub fn translator(&self) -> Result<Translator, TrainError> {
        let model = self.run.model(&self.experiment, &self.adapters, "best", &self.device)?;
        Ok(Translator::new(self.experiment.clone(), self.adapters.clone(), model))
    }

    /// Scores the best checkpoint on each task's test split, or validation split.
    ///
    /// # Errors
    ///
    /// If the checkpoint cannot be read.
    pub fn score(&self) -> Result<Vec<FinalScores>, TrainError> {
        let translator = self.translator()?;
        let settings = &self.experiment.evaluation;
        let mut all = Vec::new();
        for (prepared, task) in self.tasks.iter().zip(self.adapters.tasks()) {
            let held_out: Option<(&'static str, &HeldOut)> = match (&prepared.test, &prepared.validation) {
                (Some(split), _) => Some(("test", split)),
                (None, Some(split)) => Some(("validation", split)),
                (None, None) => None,
            };
            let Some((name, split)) = held_out else { continue };
            let tokens = self.experiment.training.batch.tokens;
            let forced = evaluate::teacher_forced(&translator, task, split, tokens)?;
            let (scores, samples) = if task.source().is_some() {
                let wanted = (None, settings.show);
                let (decoded, shown) = evaluate::decode(&translator, task, split, task.decoding(), wanted)?;
                let shown = shown.into_iter();
                let samples = shown.map(|sample| [sample.source, sample.output, sample.reference]);
                (decoded.scores(task.metrics())?, samples.collect())
            } else {
                (Vec::new(), Vec::new())
            };
            all.push(FinalScores {
                task: task.name().to_owned(),
                split: name,
                forced,
                scores,
                samples,
                broken: split.findings().broken,
            });
        }
        Ok(all)
    }
}
