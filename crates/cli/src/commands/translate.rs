//! `any2any translate`: translates lines or files, in order, as they come in. One line in is one line out: a line that
//! cannot be read leaves an empty one in its place.

mod subtitles;

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};

use any2any_adapter::{Adapter, Kind, Registry, Value, WrittenFile};
use any2any_translate::{Output, Translated};
use serde_json::json;

use crate::arguments::{TranslateArguments, Usage};
use crate::chain::{Chain, Step};
use crate::inputs::{Batch, Input, Inputs};
use crate::output;
use crate::output_folder::OutputFolder;
use crate::way_out::of_source;

pub(crate) fn run(arguments: TranslateArguments, registry: &Registry) -> anyhow::Result<()> {
    let chain = Chain::load(&arguments, registry)?;
    if let Some(format) = arguments.subtitles {
        return subtitles::run(chain, format.into(), &arguments);
    }
    let prefix = arguments.prefix.as_deref().map(Value::from);
    let mut inputs = inputs_of(&chain, &arguments)?;
    let last = &chain.last().task;
    let mut results = Results {
        chain: &chain,
        adapter: last.target().as_ref(),
        folder: folder(&arguments, last.target_medium().kind())?,
        named: inputs.are_files(),
        n_best: arguments.search.n_best.is_some(),
        json: arguments.json.then(Vec::new),
        failed: 0,
    };
    while let Some(Batch { inputs, remarks, failures }) = inputs.next_batch() {
        remarks.iter().for_each(output::warn);
        let values: Vec<Value> =
            inputs.iter().filter_map(|input| input.value.as_ref().ok().cloned()).collect();
        let mut found = chain.through(&values, prefix.as_ref())?.into_iter();
        for input in &inputs {
            match &input.value {
                Err(error) => results.fail(input, None, error)?,
                Ok(value) => match found.next() {
                    Some(Ok(steps)) => results.add(input, value, &steps)?,
                    Some(Err((step, error))) => {
                        let place = chain.place(input, step);
                        results.fail(input, Some(value), format_args!("{place}: {}", of_source(&error)))?;
                    }
                    None => {}
                },
            }
        }
        failures.iter().for_each(|error| results.count(error));
        std::io::stdout().lock().flush()?;
    }
    results.finish()
}

/// The inputs behind the runs of the chain.
fn inputs_of(chain: &Chain, arguments: &TranslateArguments) -> anyhow::Result<Inputs> {
    let task = &chain.first().task;
    let medium = task.source_medium().ok_or_else(|| task.source_missing())?;
    Inputs::new(&arguments.inputs[chain.steps().len() - 1..], medium)
}

/// The folder for results, which those that are neither texts nor rows of items need.
fn folder(arguments: &TranslateArguments, kind: Kind) -> anyhow::Result<Option<OutputFolder>> {
    match (&arguments.output, kind) {
        (Some(folder), _) => Ok(Some(OutputFolder::new(folder, arguments.overwrite))),
        (None, Kind::Text | Kind::Custom) => Ok(None),
        (None, _) => {
            Err(Usage("this task does not write text: name a folder for its files with --output".into())
                .into())
        }
    }
}

impl Chain {
    /// The place of a message about an input: of a chain, with the run that it is about.
    fn place(&self, input: &Input, step: usize) -> String {
        match self.is_long() {
            true => format!("{}, in {}", input.place, self.steps()[step].run.display()),
            false => input.place.clone(),
        }
    }
}

/// Prints or writes the results, and counts the failures.
struct Results<'a> {
    chain: &'a Chain,
    /// That of the last step's target.
    adapter: &'a dyn Adapter,
    folder: Option<OutputFolder>,
    /// True if each line begins with the name of its source.
    named: bool,
    n_best: bool,
    json: Option<Vec<serde_json::Value>>,
    failed: usize,
}

impl Results<'_> {
    /// Writes what the steps wrote for an input.
    fn add(&mut self, input: &Input, value: &Value, steps: &[Translated]) -> anyhow::Result<()> {
        for (number, step) in steps.iter().enumerate() {
            for warning in &step.warnings {
                output::warn(format_args!("{}: {warning}", self.chain.place(input, number)));
            }
        }
        let Some(Translated { outputs, warnings, .. }) = steps.last() else { return Ok(()) };
        // Only the command line decides on the number of printed outputs: one line in is one line out.
        let printed = if self.n_best || self.json.is_some() { outputs.len() } else { 1 };
        let mut described = Vec::new();
        for (rank, output) in outputs.iter().enumerate().take(printed) {
            let file = self.write(input, rank, output)?;
            if self.json.is_some() {
                let mut output = describe(output, self.adapter);
                if let Some(file) = &file {
                    output["file"] = json!(file);
                }
                described.push(output);
                continue;
            }
            let shown = match &file {
                Some(file) => file.display().to_string(),
                None => output.decoded.value.to_string(),
            };
            self.print(input, &shown, output.score)?;
        }
        if let Some(all) = &mut self.json {
            let source = if self.named { input.name.clone() } else { value.to_string() };
            let mut translation = json!({ "source": source, "outputs": described, "warnings": warnings });
            if self.chain.is_long() {
                translation["steps"] = self.chain.steps().iter().zip(steps).map(described_step).collect();
            }
            all.push(translation);
        }
        Ok(())
    }

    /// Prints a result as a line.
    fn print(&self, input: &Input, shown: &str, score: f64) -> anyhow::Result<()> {
        let (name, shown) = (output::one_line(&input.name), output::one_line(shown));
        output::line(match (self.n_best, self.named) {
            (true, _) => format!("{name} ||| {shown} ||| {score:.4}"),
            (false, true) => format!("{name}\t{shown}"),
            (false, false) => shown.into_owned(),
        })
    }

    /// Writes a result to a file named after its source, if results go to files.
    fn write(&mut self, input: &Input, rank: usize, output: &Output) -> anyhow::Result<Option<PathBuf>> {
        let Some(folder) = &mut self.folder else { return Ok(None) };
        let WrittenFile { extension, bytes } = self.adapter.to_file(&output.decoded.value)?;
        let stem = Path::new(&input.name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let rank = if rank == 0 { String::new() } else { format!("-{}", rank + 1) };
        Ok(Some(folder.write(&format!("{stem}{rank}.{extension}"), &bytes)?))
    }

    /// Counts and reports a source that cannot be read.
    fn fail(&mut self, input: &Input, value: Option<&Value>, error: impl Display) -> anyhow::Result<()> {
        self.count(&error);
        match &mut self.json {
            None => self.print(input, "", 0.0),
            Some(all) => {
                let source = if self.named { Some(input.name.clone()) } else { value.map(Value::to_string) };
                let error = error.to_string();
                all.push(json!({ "source": source, "outputs": [], "warnings": [], "error": error }));
                Ok(())
            }
        }
    }

    fn count(&mut self, error: &impl Display) {
        eprintln!("{error}");
        self.failed += 1;
    }

    fn finish(self) -> anyhow::Result<()> {
        if let Some(translations) = self.json {
            output::json(&json!({ "translations": translations }))?;
        }
        match self.failed {
            0 => Ok(()),
            failed => anyhow::bail!("{failed} of the sources could not be read"),
        }
    }
}

/// What a run of a chain wrote, as JSON.
fn described_step((step, translated): (&Step, &Translated)) -> serde_json::Value {
    let adapter = step.task.target().as_ref();
    let outputs: Vec<_> = translated.outputs.iter().map(|output| describe(output, adapter)).collect();
    json!({
        "run": step.run,
        "task": step.task.name(),
        "outputs": outputs,
        "warnings": translated.warnings,
    })
}

/// An output with its tokens, as JSON.
pub(super) fn describe(output: &Output, adapter: &dyn Adapter) -> serde_json::Value {
    let tokens: Vec<String> = output.tokens().iter().map(|&token| adapter.show(token)).collect();
    let mut described = json!({
        "text": output.decoded.value.to_string(),
        "score": output.score,
        "log_probability": output.log_probability,
        "tokens": tokens,
    });
    if !output.segments.is_empty() {
        described["segments"] = json!(output.segments);
    }
    described
}
