//! The translator: a trained model with its adapters, which decodes, scores and continues.

mod ensemble;
mod loading;
mod next_tokens;
mod requirements;
mod scoring;
mod sequences;
mod terms;

use std::path::PathBuf;
use std::sync::Arc;

use any2any_adapter::{Cancellation, Value};
use any2any_architecture::Architecture;
use any2any_data::DataRoot;
use any2any_experiment::spec::{Decoding, Experiment};
use any2any_inference::Engine;
use any2any_model::Model;
use any2any_run::{AdapterSet, LoadedModel, RunError, Task};
use any2any_search::SourceRow;
use burn::tensor::Device;

use crate::alignments::Aligner;
use crate::decode::Output;
use crate::error::TranslateError;
use crate::held_out::HeldOut;

pub use next_tokens::NextToken;
pub use scoring::PairScore;

/// A trained model with its adapters. Clones share all of it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Translator {
    /// The experiment of its training; [`on`](Self::on) gives a translator with another one.
    pub experiment: Arc<Experiment>,
    /// Its adapters.
    pub adapters: Arc<AdapterSet>,
    model: Arc<LoadedModel>,
    cancellation: Cancellation,
    longest_source: usize,
    /// The other members of the ensemble.
    ensemble: Arc<[Translator]>,
    /// Terms of a task that its outputs must have.
    terms: Option<Arc<terms::TaskTerms>>,
    /// The way in which outputs are aligned with their sources; `None`: they are not.
    aligner: Option<Aligner>,
    /// The folder of its run; `None` if it was not loaded from one.
    run: Option<PathBuf>,
}

impl Translator {
    /// The translator with the experiment of the same run on other files.
    ///
    /// # Errors
    ///
    /// If a task's prompt cannot be said in its vocabulary.
    pub fn on(&self, experiment: Experiment) -> Result<Self, RunError> {
        let adapters = Arc::new(self.adapters.for_experiment(&experiment)?);
        Ok(Self { experiment: experiment.into(), adapters, ..self.clone() })
    }

    /// A translator whose work ends with [`TranslateError::Cancelled`] when it is cancelled.
    #[must_use]
    pub fn until(&self, cancellation: Cancellation) -> Self {
        Self { cancellation, ..self.clone() }
    }

    /// A translator that refuses sources of more positions, if possible by their header, before they are decoded.
    #[must_use]
    pub fn up_to_positions(&self, longest_source: usize) -> Self {
        Self { longest_source, ..self.clone() }
    }

    /// True if the positions of a source are limited, so that its header has to be read.
    pub(crate) fn limits_sources(&self) -> bool {
        self.longest_source < usize::MAX
    }

    /// Fails for a source of more positions than the limit.
    pub(crate) fn require_short(&self, positions: u64) -> Result<(), TranslateError> {
        if positions <= self.longest_source as u64 {
            return Ok(());
        }
        Err(TranslateError::SourceTooLong { positions, limit: self.longest_source })
    }

    /// The cancellation of its work.
    pub fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// The task of a name; the only task, when no name is given.
    ///
    /// # Errors
    ///
    /// When there is no such task, or no name and several tasks.
    pub fn task(&self, name: Option<&str>) -> Result<&Arc<Task>, RunError> {
        self.adapters.task(name)
    }

    /// The model.
    pub fn model(&self) -> &Model {
        self.model.model()
    }

    /// The model's architecture.
    pub fn architecture(&self) -> &Architecture {
        self.model.architecture()
    }

    /// The device that the model is on.
    pub fn device(&self) -> &Device {
        self.model.device()
    }

    /// The loaded model.
    pub(crate) fn loaded(&self) -> &LoadedModel {
        &self.model
    }

    /// The engine that decodes on the CPU; `None` if the device or the kind of model has none.
    pub(crate) fn engine(&self) -> Option<&Engine> {
        self.model.engine()
    }

    /// The other members of the ensemble; none if it decodes alone.
    pub(crate) fn ensemble(&self) -> &[Translator] {
        &self.ensemble
    }

    /// The way in which outputs are aligned with their sources; `None`: they are not.
    pub(crate) fn aligner(&self) -> Option<&Aligner> {
        self.aligner.as_ref()
    }

    /// The translator, aligning its outputs in this way.
    pub(crate) fn aligning_by(&self, aligner: Aligner) -> Self {
        Self { aligner: Some(aligner), ..self.clone() }
    }

    /// The data root for the data of the run, which may be anyone's.
    pub(crate) fn data_root(&self, root: &DataRoot) -> DataRoot {
        self.run.as_ref().map_or_else(|| root.clone(), |run| root.for_run(run))
    }

    /// A split of a task's data, or those of its first samples that can be read, encoded; sources may be read in several
    /// windows. Values that are files are read again when they are needed, if the experiment says so or they are large.
    ///
    /// # Errors
    ///
    /// If the data is missing, or a value cannot be encoded.
    pub fn load_split(
        &self,
        task: &Arc<Task>,
        split: &str,
        limit: Option<usize>,
        root: &DataRoot,
    ) -> Result<HeldOut, TranslateError> {
        let dataset =
            task.sides().dataset(&task.spec().data, &self.data_root(root)).map_err(RunError::data)?;
        let mut rows = limit;
        loop {
            let samples = dataset.beginning(split, rows).map_err(RunError::data)?;
            let are_all = rows.is_none_or(|rows| samples.len() < rows);
            let held_out = HeldOut::of(samples, task, true, limit);
            let are_enough =
                || held_out.as_ref().is_ok_and(|found| limit.is_none_or(|limit| found.len() >= limit));
            if are_all || are_enough() {
                return Ok(held_out?);
            }
            // Of the first rows, some cannot be read: others take their place.
            rows = rows.map(|rows| 2 * rows + 1);
        }
    }

    /// True if the data of a task has a split of this role or name.
    ///
    /// # Errors
    ///
    /// If the data is missing.
    pub fn has_split(&self, task: &Task, split: &str, root: &DataRoot) -> Result<bool, TranslateError> {
        let dataset = task.sides().dataset(&task.spec().data, &self.data_root(root));
        Ok(dataset.map_err(RunError::data)?.has_split(split))
    }

    /// The texts of one field of the dataset, for the samples of a split that can be read.
    ///
    /// # Errors
    ///
    /// If the data is missing, or has no such field.
    pub fn load_texts(
        &self,
        task: &Task,
        split: &str,
        field: &str,
        samples: &HeldOut,
        root: &DataRoot,
    ) -> Result<Vec<String>, TranslateError> {
        let dataset =
            task.sides().dataset(&task.spec().data, &self.data_root(root)).map_err(RunError::data)?;
        let rows = samples.numbers().next_back().map_or(0, |last| last + 1);
        let all = dataset.beginning(split, Some(rows)).map_err(RunError::data)?;
        let all = all.require(field)?;
        Ok(samples.numbers().map(|number| all[number].to_string()).collect())
    }

    /// Translates values in the order given; the best results of each first.
    ///
    /// All outputs begin with `prefix`.
    ///
    /// # Errors
    ///
    /// If a value cannot be read or a result cannot be written.
    pub fn translate(
        &self,
        task: &Task,
        values: &[Value],
        decoding: &Decoding,
        prefix: Option<&Value>,
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        let results = self.translate_each(task, values, decoding, prefix)?.into_iter();
        results.map(|result| Ok(result?.outputs)).collect()
    }

    /// Continues texts with a decoder-only model, or generates freely if `prefix` is empty.
    ///
    /// # Errors
    ///
    /// If the task has a source.
    pub fn complete(
        &self,
        task: &Task,
        prefix: &Value,
        decoding: &Decoding,
        results: usize,
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        if task.source().is_some() {
            return Err(TranslateError::Unsupported(
                "only a decoder-only model completes; use `translate` for a model with a source".to_owned(),
            ));
        }
        let prefix = task.read_prefix(Some(prefix))?;
        let rows: Vec<SourceRow> =
            (0..results).map(|number| self.row(task, number, None, &prefix, decoding)).collect();
        self.run_search(task, &[], &rows, decoding)
    }
}
