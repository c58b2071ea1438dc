//! A trained model as a portable file: what its tasks ask of a search, worked out and written down.

use any2any_inference::Precision;
use any2any_portable::{Bytes, Portable, PortableSide, PortableTask};
use any2any_run::{Task, TaskSide, Weights, product_outputs};

use crate::error::TranslateError;
use crate::translator::Translator;

impl Translator {
    /// The model as a portable file, with weights in a precision: those of its tasks that can be asked without the run.
    ///
    /// # Errors
    ///
    /// If the engine does not run the model, or none of its tasks can be asked so: the reason of the first.
    pub fn portable(&self, precision: Precision) -> Result<Portable, TranslateError> {
        let unsupported = |reason: &str| Err(TranslateError::Unsupported(reason.to_owned()));
        if self.engine().is_none() {
            return unsupported(
                "only transformers without blocks of a program's own are written into a portable file",
            );
        }
        let options = self.loaded().engine_options();
        if !options.scales.is_empty() {
            return unsupported("models with 8-bit products of another program are not portable");
        }
        let (mut tasks, mut first) = (Vec::new(), None);
        for task in self.adapters.tasks() {
            match self.portable_task(task) {
                Ok(task) => tasks.push(task),
                Err(error) => first = first.or(Some(error)),
            }
        }
        if let (true, Some(error)) = (tasks.is_empty(), first) {
            return Err(error);
        }
        let mut portable = Portable::new(self.architecture().clone(), tasks, self.adapters.states()?);
        let rounds = precision == Precision::Int8 || options.precision == Precision::Int8;
        for (name, Weights { shape, values }) in self.loaded().weights().iter() {
            let rounded = product_outputs(name, shape).filter(|_| rounds);
            portable.add(name, shape, values, rounded);
        }
        Ok(portable)
    }

    fn portable_task(&self, task: &Task) -> Result<PortableTask, TranslateError> {
        let name = task.name();
        let unsupported = |reason: &str| Err(TranslateError::Unsupported(format!("task '{name}' {reason}")));
        task.require_tokens()?;
        if task.is_per_position() {
            return unsupported("writes a token for every position of its source, which the engine does not");
        }
        if task.prompt().is_some() {
            return unsupported("has a prompt, which portable files do not know");
        }
        let decoding = task.decoding();
        if decoding.guidance != 1.0 || decoding.minimum_bayes_risk.is_some() || decoding.timestamps {
            return unsupported(
                "decodes with guidance, minimum Bayes risk or timestamps, which portable files do not know",
            );
        }
        let (source, target) = self.adapters.numbers(task);
        let names: Vec<&str> = self.adapters.named().map(|(name, _)| name).collect();
        let side = |side: &TaskSide, adapter: usize| PortableSide {
            medium: side.medium.name().to_owned(),
            options: side.with_options.options(),
            state: names[adapter].to_owned(),
        };
        let sides = task.sides();
        let shortlist = self.loaded().engine_options().shortlists.get(&task.number());
        Ok(PortableTask {
            name: name.to_owned(),
            number: task.number(),
            source: sides.source.as_ref().zip(source).map(|(of, adapter)| side(of, adapter)),
            target: side(&sides.target, target),
            plan: self.search_plan(task, decoding)?,
            shortlist: shortlist.map(|shortlist| Bytes(shortlist.to_bytes())),
        })
    }
}
