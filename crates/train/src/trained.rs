//! A training that has ended: its best checkpoint, and how good that is on held-out data.

use any2any_data::Broken;
use any2any_experiment::spec::Experiment;
use any2any_run::{AdapterSet, CardScores, ModelCard, RunFolder, State};
use any2any_translate::evaluate::{self, TeacherForced};
use any2any_translate::{Split, Translator};
use burn::tensor::Device;
use serde_json::{Value, json};

use crate::error::TrainError;
use crate::observer::Stopped;
use crate::prepare::PreparedTask;

/// A training that has ended.
pub struct Trained {
    /// Its folder.
    pub run: RunFolder,
    /// Its experiment.
    pub experiment: Experiment,
    /// Its adapters.
    pub adapters: AdapterSet,
    /// Its data; the training examples have been used up.
    pub tasks: Vec<PreparedTask>,
    /// Where it stopped.
    pub state: State,
    /// Why it stopped.
    pub stopped: Stopped,
    pub(crate) device: Device,
}

/// The scores of a finished run on one task's held-out split.
pub struct FinalScores {
    /// The task.
    pub task: String,
    /// `test`, or `validation` when there is no test split.
    pub split: &'static str,
    /// Teacher-forced figures.
    pub forced: TeacherForced,
    /// Metrics of what was decoded.
    pub scores: Vec<any2any_metrics::Score>,
    /// Source, output and reference of some samples.
    pub samples: Vec<[String; 3]>,
    /// Samples of the split that cannot be read.
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
    /// When it cannot be written.
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
        let card = ModelCard { experiment: &self.experiment, state: &self.state, scores: &scores };
        Ok(card.write(&self.run)?)
    }

    /// The best checkpoint, ready to translate.
    ///
    /// # Errors
    ///
    /// When its files cannot be read.
    pub fn translator(&self) -> Result<Translator, TrainError> {
        let model = self.run.model(&self.experiment, &self.adapters, "best", &self.device)?;
        Ok(Translator::new(self.experiment.clone(), self.adapters.clone(), model))
    }

    /// Scores the best checkpoint on each task's test split, or validation split.
    ///
    /// # Errors
    ///
    /// When the checkpoint cannot be read.
    pub fn score(&self) -> Result<Vec<FinalScores>, TrainError> {
        let translator = self.translator()?;
        let settings = &self.experiment.evaluation;
        let mut all = Vec::new();
        for (prepared, task) in self.tasks.iter().zip(self.adapters.tasks()) {
            let held_out: Option<(&'static str, &Split)> = match (&prepared.test, &prepared.validation) {
                (Some(split), _) => Some(("test", split)),
                (None, Some(split)) => Some(("validation", split)),
                (None, None) => None,
            };
            let Some((name, split)) = held_out else { continue };
            let tokens = self.experiment.training.batch.tokens;
            let forced = evaluate::teacher_forced(&translator, task, &split.examples, tokens)?;
            let (scores, samples) = if task.source().is_some() {
                let decoded = evaluate::decode(&translator, task, split, task.decoding(), None)?;
                let shown = decoded.shown(split, settings.show).into_iter();
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
                broken: split.broken.clone(),
            });
        }
        Ok(all)
    }
}
