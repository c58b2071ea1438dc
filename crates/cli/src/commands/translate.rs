//! `any2any translate`: translates lines or files, in order, as they come in. One line in is one line out: a line that
//! cannot be read leaves an empty one in its place.

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};

use any2any_adapter::{Adapter, Kind, Registry, Value, WrittenFile};
use any2any_translate::{Output, Translated};
use serde_json::json;

use crate::arguments::{TranslateArguments, Usage};
use crate::inputs::{Batch, Input, Inputs};
use crate::output;
use crate::output_folder::OutputFolder;
use crate::way_out::of_source;

pub(crate) fn run(arguments: TranslateArguments, registry: &Registry) -> anyhow::Result<()> {
    let (translator, task) = super::load_in(&arguments.model, registry, arguments.precision.precision())?;
    let decoding = arguments.search.apply(task.decoding().clone())?;
    let translator = translator.up_to_positions(arguments.max_source);
    let prefix = arguments.prefix.as_deref().map(Value::from);
    let Some(medium) = task.source_medium() else {
        anyhow::bail!("task '{}' has no source to translate; use `complete`", task.name());
    };
    let mut inputs = Inputs::new(&arguments.inputs, medium)?;
    let mut results = Results {
        adapter: task.target().as_ref(),
        folder: folder(&arguments, task.target_medium().kind())?,
        named: inputs.are_files(),
        n_best: arguments.search.n_best.is_some(),
        json: arguments.json.then(Vec::new),
        failed: 0,
    };
    while let Some(Batch { inputs, remarks, failures }) = inputs.next_batch() {
        remarks.iter().for_each(output::warn);
        let values: Vec<Value> =
            inputs.iter().filter_map(|input| input.value.as_ref().ok().cloned()).collect();
        let mut found = translator.translate_each(&task, &values, &decoding, prefix.as_ref())?.into_iter();
        for input in &inputs {
            match &input.value {
                Err(error) => results.fail(input, None, error)?,
                Ok(value) => match found.next() {
                    Some(Ok(translated)) => results.add(input, value, &translated)?,
                    Some(Err(error)) => {
                        results.fail(
                            input,
                            Some(value),
                            format_args!("{}: {}", input.place, of_source(&error)),
                        )?;
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

/// Prints or writes the results, and counts the failures.
struct Results<'a> {
    adapter: &'a dyn Adapter,
    folder: Option<OutputFolder>,
    /// True if each line begins with the name of its source.
    named: bool,
    n_best: bool,
    json: Option<Vec<serde_json::Value>>,
    failed: usize,
}

impl Results<'_> {
    fn add(&mut self, input: &Input, value: &Value, translated: &Translated) -> anyhow::Result<()> {
        let Translated { outputs, warnings } = translated;
        for warning in warnings {
            output::warn(format_args!("{}: {warning}", input.place));
        }
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
            all.push(json!({ "source": source, "outputs": described, "warnings": warnings }));
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
