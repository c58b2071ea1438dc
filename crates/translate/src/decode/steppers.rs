//! Steppers that search drives: the engine or the model, with guidance, alone or with the others of an ensemble.

use std::convert::Infallible;

use any2any_adapter::Sequence;
use any2any_inference::EngineStepper;
use any2any_model::{ModelStepper, PerPositionStepper};
use any2any_run::Task;
use any2any_search::{Ensemble, Guided, Stepper};

use crate::batch;
use crate::error::TranslateError;
use crate::example::absent_source;
use crate::translator::Translator;

impl Translator {
    /// The stepper that search uses: the engine if there is one, else the model; always the model for a per-position
    /// task.
    pub(crate) fn stepper<'a>(
        &'a self,
        task: &Task,
        sources: &[&Sequence],
    ) -> Box<dyn Stepper<Error = Infallible> + 'a> {
        let number = task.number();
        if let (Some(engine), false) = (self.engine(), task.is_per_position()) {
            return Box::new(EngineStepper::new(engine, number, sources, self.cancellation()));
        }
        let source = batch::sources(sources, task.framing(), self.device());
        let pass = &mut self.pass();
        let labels: Option<Vec<usize>> = sources.iter().map(|source| task.labels(source.len())).collect();
        match (labels, source) {
            (Some(labels), Some(source)) => {
                Box::new(PerPositionStepper::new(self.model(), number, source, labels, task.end(), pass))
            }
            (_, source) => Box::new(ModelStepper::new(self.model(), number, source, pass)),
        }
    }

    /// A stepper with classifier-free guidance (Ho and Salimans 2022): scores moved away from those without a source.
    fn guided_stepper<'a>(
        &'a self,
        task: &Task,
        sources: &[&Sequence],
        guidance: f64,
    ) -> Result<Box<dyn Stepper<Error = Infallible> + 'a>, TranslateError> {
        if guidance == 1.0 {
            return Ok(self.stepper(task, sources));
        }
        let name = task.name();
        if task.spec().source_dropout == 0.0 {
            let reason = "has not learned to write without a source, which guidance needs: train it with \
                          `source_dropout`, or leave guidance at 1";
            return Err(TranslateError::Unsupported(format!("task '{name}' {reason}")));
        }
        let silent: Vec<Sequence> = sources.iter().map(|source| absent_source(source)).collect();
        let silent: Vec<&Sequence> = silent.iter().collect();
        let (with, without) = (self.stepper(task, sources), self.stepper(task, &silent));
        Ok(Box::new(Guided::new(with, without, guidance as f32)))
    }

    /// A stepper of all members of the ensemble, or of the only model.
    pub(crate) fn joint_stepper<'a>(
        &'a self,
        task: &Task,
        sources: &[&Sequence],
        guidance: f64,
    ) -> Result<Box<dyn Stepper<Error = Infallible> + 'a>, TranslateError> {
        let own = self.guided_stepper(task, sources, guidance)?;
        if self.ensemble().is_empty() {
            return Ok(own);
        }
        let others = self.ensemble().iter().map(|other| {
            let task = other.ensemble_task(task)?;
            for source in sources {
                other.require_source_sequence(task, source)?;
            }
            other.guided_stepper(task, sources, guidance)
        });
        Ok(Box::new(Ensemble::new(own, others.collect::<Result<Vec<_>, TranslateError>>()?)))
    }
}
