//! Evaluations during training: scores of the validation splits, and the choice of the best checkpoint.

use std::sync::atomic::Ordering;

use any2any_adapter::{Cancellation, Cancelled};
use any2any_run::Ranked;
use any2any_translate::evaluate::{DecodedSplit, Part, TeacherForced};
use any2any_translate::{HeldOut, TranslateError, Translator, evaluate};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Trainer;
use crate::error::TrainError;
use crate::log::Log;
use crate::observer::{Event, Observer, TaskEvaluation};
use crate::schedule::LearningRate;

impl Trainer {
    /// Evaluates the current step, unless the training is stopped meanwhile: then a resumed training evaluates first.
    pub(super) fn evaluate_until_stopped(
        &mut self,
        log: Option<&mut Log>,
        rate: &mut LearningRate,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainError> {
        match self.evaluate(log, observer) {
            Ok(improved) => {
                rate.evaluated(improved);
                self.state.plateau = rate.plateau();
                self.state.unevaluated = false;
            }
            Err(TrainError::Translate(TranslateError::Cancelled(_))) => {
                self.state.unevaluated = true;
                self.stopping = true;
            }
            Err(error) => return Err(error),
        }
        if !self.ranks.is_alone() {
            // The first alone has scored.
            self.state = self.ranks.broadcast(self.state.clone())?;
            let stopping = self.ranks.all_gather(self.stop.load(Ordering::Relaxed))?;
            self.stopping |= stopping.contains(&true);
            *rate = self.learning_rate();
        }
        Ok(())
    }

    /// Evaluates on the validation splits, which all ranks share, and tells whether the checkpoint is the best so far.
    /// The first rank scores what all have decoded, and has a log; on all others nothing is the best. Nothing is changed
    /// or written if the training is stopped meanwhile.
    fn evaluate(&mut self, log: Option<&mut Log>, observer: &mut dyn Observer) -> Result<bool, TrainError> {
        let settings = &self.experiment.evaluation;
        let (mut evaluations, mut written) = (Vec::new(), Vec::new());
        let translator = Translator::new(self.experiment.clone(), self.adapters.clone(), self.merged())
            .until(Cancellation::by_flag(self.stop.clone()));
        let part = Part { number: self.ranks.rank(), of: self.ranks.size() };
        for (prepared, task) in self.tasks.iter().zip(self.adapters.tasks()) {
            let Some(split) = &prepared.validation else { continue };
            let tokens = self.experiment.training.batch.tokens;
            let losses = TeacherForced::of_part(&translator, task, split, tokens, part);
            let forced = TeacherForced::of_parts(&translator, task, self.of_all(losses)?);
            let metrics = task.metrics().to_vec();
            let scores = if task.source().is_some() && (settings.show > 0 || !metrics.is_empty()) {
                // Without metrics, only the samples that are shown are decoded.
                let few =
                    metrics.is_empty().then(|| split.some(settings.show)).transpose()?.map(HeldOut::new);
                let split = few.as_ref().unwrap_or(split);
                let decoded = DecodedSplit::of_groups(
                    split,
                    (settings.decode_at_most, settings.show),
                    |split, places| {
                        let outputs =
                            DecodedSplit::of_part(&translator, task, (split, places), task.decoding(), part);
                        let outputs = self.of_all(outputs)?;
                        let of_first = || DecodedSplit::of_parts(task, split, outputs);
                        Ok::<_, TrainError>(log.is_some().then(of_first).transpose()?)
                    },
                )?;
                let Some((decoded, shown)) = decoded else { continue };
                written.push((task, shown));
                decoded.scores(&metrics)?
            } else {
                Vec::new()
            };
            evaluations.push(TaskEvaluation { task: task.name().to_owned(), forced, metrics, scores });
        }
        let Some(log) = log else { return Ok(false) };
        for (task, shown) in written {
            log.samples(self.state.step, task.name(), shown, task.target().as_ref())?;
        }
        if evaluations.is_empty() {
            self.state.best = vec![Ranked { step: self.state.step, value: 0.0, loss: 0.0 }];
            return Ok(true);
        }
        let (value, larger) = self.deciding(&evaluations);
        let ranked = Ranked { step: self.state.step, value, loss: mean_loss(&evaluations) };
        let place = self.state.best.iter().position(|other| ranked.is_better(other, larger));
        let place = place.unwrap_or(self.state.best.len());
        let improved = place == 0;
        self.state.best.insert(place, ranked);
        self.state.best.truncate(settings.keep_best);
        self.state.waited = if improved { 0 } else { self.state.waited + 1 };
        log.evaluation(self.state.step, self.state.seconds, &evaluations)?;
        observer.event(Event::Evaluated { step: self.state.step, evaluations: &evaluations, best: improved });
        Ok(improved)
    }

    /// What all ranks have found of an evaluation; all give it up if one is stopped meanwhile.
    fn of_all<T: Serialize + DeserializeOwned>(
        &self,
        mine: Result<T, TranslateError>,
    ) -> Result<Vec<T>, TrainError> {
        let mine = match mine {
            Ok(found) => Some(found),
            Err(TranslateError::Cancelled(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let all: Option<Vec<T>> = self.ranks.all_gather(mine)?.into_iter().collect();
        all.ok_or_else(|| TranslateError::Cancelled(Cancelled).into())
    }

    /// The value that decides on the best checkpoint, the mean over the tasks that have it, and whether larger is
    /// better.
    fn deciding(&self, evaluations: &[TaskEvaluation]) -> (f64, bool) {
        let Some(metric) = &self.experiment.evaluation.best_by else {
            return (mean_loss(evaluations), false);
        };
        let values: Vec<f64> =
            evaluations.iter().filter_map(|task| task.score(metric)).map(|score| score.value).collect();
        match mean(&values) {
            Some(value) => (value, evaluate::larger_is_better(metric)),
            None => (mean_loss(evaluations), false),
        }
    }
}

/// The mean teacher-forced loss of the tasks.
fn mean_loss(evaluations: &[TaskEvaluation]) -> f64 {
    let losses: Vec<f64> = evaluations.iter().map(|task| task.forced.loss).collect();
    mean(&losses).unwrap_or_default()
}

/// The mean of some values; `None` without any.
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
