//! Chain of runs: what one writes, the next reads.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use any2any_adapter::{AnyMedium, Kind, Registry, Value};
use any2any_experiment::spec::Decoding;
use any2any_run::Task;
use any2any_translate::{DetectedLanguage, Segment, TranslateError, Translated, Translator};

use crate::arguments::{ModelArguments, TranslateArguments, Usage};

/// Run of a chain, with its task and how it decodes.
pub(crate) struct Step {
    pub run: PathBuf,
    pub translator: Translator,
    pub task: Arc<Task>,
    pub decoding: Decoding,
}

/// Runs in order, at least one.
pub(crate) struct Chain(Vec<Step>);

/// What every step wrote for a value, or the step that could not read it, and why.
pub(crate) type Through = Result<Vec<Translated>, (usize, TranslateError)>;

/// What is said from when to when, and in which language by the model's own account.
pub(crate) type Segments = (Vec<Segment>, Option<DetectedLanguage>);

/// Number of the inputs that are further runs of a chain: folders with a run, before any other input.
pub(crate) fn runs_among(inputs: &[PathBuf]) -> usize {
    inputs.iter().take_while(|input| input.join("resolved.yaml").is_file()).count()
}

impl Chain {
    /// Loads all runs.
    pub(crate) fn load(arguments: &TranslateArguments, registry: &Registry) -> anyhow::Result<Self> {
        let further = &arguments.inputs[..runs_among(&arguments.inputs)];
        let models = of_steps(&arguments.model, further)?;
        let mut steps: Vec<Step> = Vec::with_capacity(models.len());
        for model in models {
            let precision = arguments.precision.precision();
            let translator = crate::commands::translator(&model.run, &model.checkpoint, registry, precision)?;
            let task = match (steps.last(), &model.task) {
                (None, _) if further.is_empty() => model.task_of(&translator)?,
                (before, None) => fitting(before, &model, &translator)?,
                (_, Some(_)) => model.task_of(&translator)?,
            };
            let Some(medium) = task.source_medium() else {
                anyhow::bail!("task '{}' has no source to translate; use `complete`", task.name());
            };
            if let Some(before) = steps.last() {
                require_fit(before, &model.run, medium)?;
            }
            let decoding = arguments.search.apply(task.decoding().clone())?;
            let translator = translator.up_to_positions(arguments.max_source);
            steps.push(Step { run: model.run, translator, task, decoding });
        }
        Ok(Self(steps))
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    pub(crate) fn first(&self) -> &Step {
        &self.0[0]
    }

    pub(crate) fn last(&self) -> &Step {
        &self.0[self.0.len() - 1]
    }

    pub(crate) fn last_mut(&mut self) -> &mut Step {
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// True if there are several runs.
    pub(crate) fn is_long(&self) -> bool {
        self.0.len() > 1
    }

    /// Writes down when each piece of an output is spoken, where the first model can say so.
    pub(crate) fn with_times(&mut self) {
        let first = &mut self.0[0];
        first.decoding.timestamps |= first.task.timestamps().is_ok();
    }

    /// Takes values through all steps, the best output of each step to the next. `prefix` begins the outputs of the last.
    pub(crate) fn through(&self, values: &[Value], prefix: Option<&Value>) -> anyhow::Result<Vec<Through>> {
        let mut all: Vec<Through> = values.iter().map(|_| Ok(Vec::new())).collect();
        for (number, Step { translator, task, decoding, .. }) in self.0.iter().enumerate() {
            let prefix = prefix.filter(|_| number + 1 == self.0.len());
            let given: Vec<Value> = (all.iter().zip(values))
                .filter_map(|(done, value)| Some(best(done.as_ref().ok()?).unwrap_or(value).clone()))
                .collect();
            let mut found = translator.translate_each(task, &given, decoding, prefix)?.into_iter();
            for place in &mut all {
                let Ok(done) = place else { continue };
                match found.next() {
                    Some(Ok(translated)) => done.push(translated),
                    Some(Err(error)) => *place = Err((number, error)),
                    None => {}
                }
            }
        }
        Ok(all)
    }

    /// The segments of a recording, with their texts as the last step writes them, and the language that the first model
    /// told of it.
    pub(crate) fn segments(&self, value: &Value) -> anyhow::Result<Result<Segments, TranslateError>> {
        let first = Self::of_one(&self.0[0]);
        let translated =
            match first.0.translate_each(first.1, std::slice::from_ref(value), first.2, None)?.pop() {
                Some(Ok(translated)) => translated,
                Some(Err(error)) => return Ok(Err(error)),
                None => return Ok(Ok((Vec::new(), None))),
            };
        let mut segments =
            translated.outputs.first().map(|output| translated.segments(output)).unwrap_or_default();
        for Step { translator, task, decoding, .. } in &self.0[1..] {
            let texts: Vec<Value> = segments.iter().map(|segment| segment.text.as_str().into()).collect();
            let found = translator.translate(task, &texts, decoding, None)?;
            for (segment, outputs) in segments.iter_mut().zip(found) {
                segment.text =
                    outputs.first().map(|output| output.decoded.value.to_string()).unwrap_or_default();
            }
        }
        Ok(Ok((segments, translated.detected)))
    }

    fn of_one(step: &Step) -> (&Translator, &Task, &Decoding) {
        (&step.translator, &step.task, &step.decoding)
    }
}

/// The best output of the last step that is done.
fn best(done: &[Translated]) -> Option<&Value> {
    done.last()?.outputs.first().map(|output| &output.decoded.value)
}

/// The arguments of each run's model. In a chain, an option of a model names one for each run, with commas between them;
/// an empty one is as if it were left out.
fn of_steps(model: &ModelArguments, further: &[PathBuf]) -> anyhow::Result<Vec<ModelArguments>> {
    let runs: Vec<&PathBuf> = std::iter::once(&model.run).chain(further).collect();
    let checkpoint = Some(model.checkpoint.clone());
    let each = |option: &str, given: &Option<String>| -> anyhow::Result<Vec<Option<String>>> {
        let Some(given) = given else { return Ok(vec![None; runs.len()]) };
        if runs.len() == 1 {
            return Ok(vec![Some(given.clone())]);
        }
        let parts: Vec<&str> = given.split(',').collect();
        if parts.len() != runs.len() {
            let example = vec!["A"; runs.len()].join(",");
            return Err(Usage(format!(
                "{option} '{given}' names {}, and the chain has {} runs: name one for each, as in `{option} {example}`; \
                 an empty one is left out",
                parts.len(),
                runs.len()
            ))
            .into());
        }
        Ok(parts.into_iter().map(|part| (!part.is_empty()).then(|| part.to_owned())).collect())
    };
    let checkpoints = match model.checkpoint.contains(',') {
        true => each("--checkpoint", &checkpoint)?,
        // One for all: `best` and `last` are in every run.
        false => vec![checkpoint; runs.len()],
    };
    let tasks = each("--task", &model.task)?;
    let sources = each("--source-language", &model.source_language)?;
    let targets = each("--target-language", &model.target_language)?;
    let step = |(number, run): (usize, &PathBuf)| ModelArguments {
        run: run.clone(),
        checkpoint: checkpoints[number].clone().unwrap_or_else(|| "best".to_owned()),
        task: tasks[number].clone(),
        source_language: sources[number].clone(),
        target_language: targets[number].clone(),
    };
    Ok(runs.into_iter().enumerate().map(step).collect())
}

/// The first task that reads what the run before writes, in the languages that are asked for; the only one of a run that
/// has no such task, so that the error is about that one.
fn fitting(
    before: Option<&Step>,
    model: &ModelArguments,
    translator: &Translator,
) -> anyhow::Result<Arc<Task>> {
    let reads = |task: &&Arc<Task>| match (before, task.source_medium()) {
        (Some(before), Some(medium)) => fits(before.task.target_medium(), medium),
        (None, medium) => medium.is_some(),
        (Some(_), None) => false,
    };
    let tasks = translator.adapters.tasks();
    let task = tasks.iter().find(reads).unwrap_or(&tasks[0]).name().to_owned();
    let model = ModelArguments {
        run: model.run.clone(),
        checkpoint: model.checkpoint.clone(),
        task: Some(task),
        source_language: model.source_language.clone(),
        target_language: model.target_language.clone(),
    };
    model.task_of(translator)
}

/// True if values that one medium writes are values that another opens.
fn fits(written: &dyn AnyMedium, read: &dyn AnyMedium) -> bool {
    written.name() == read.name() || (written.kind() == read.kind() && read.kind() != Kind::Custom)
}

fn require_fit(before: &Step, run: &Path, read: &dyn AnyMedium) -> Result<(), Usage> {
    let written = before.task.target_medium();
    if fits(written, read) {
        return Ok(());
    }
    Err(Usage(format!(
        "{} writes {}, and {} reads {}: in a chain, each run reads what the one before it writes",
        before.run.display(),
        written.name(),
        run.display(),
        read.name()
    )))
}
