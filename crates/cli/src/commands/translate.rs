//! `any2any translate`: lines or files in, lines or files out, in order, as they come in.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use any2any_adapter::{Adapter, Kind, Registry, Value};
use any2any_train::Output;
use serde_json::json;

use crate::arguments::{TranslateArguments, Usage};
use crate::inputs::{Input, Inputs};
use crate::output;

pub(crate) fn run(arguments: TranslateArguments, registry: &Registry) -> anyhow::Result<()> {
    let (translator, task) = super::load_in(&arguments.model, registry, arguments.precision.precision())?;
    let decoding = arguments.search.apply(translator.decoding(task).clone())?;
    let prefix = arguments.prefix.as_deref().map(Value::from);
    let names = &translator.adapters.tasks()[task];
    let Some(medium) = names.source_medium() else {
        anyhow::bail!("task '{}' has no source to translate; use `complete`", names.name);
    };
    let mut inputs = Inputs::new(&arguments.inputs, medium)?;
    let mut results = Results {
        adapter: translator.adapters.adapter(names.target),
        folder: folder(&arguments, names.target_medium().kind())?,
        overwrite: arguments.overwrite,
        written: HashSet::new(),
        named: inputs.are_files(),
        n_best: arguments.search.n_best.is_some(),
        json: arguments.json.then(Vec::new),
        failed: 0,
    };
    while let Some(batch) = inputs.next_batch()? {
        let values: Vec<Value> = batch.iter().map(|input| input.value.clone()).collect();
        let found = translator.translate_each(task, &values, &decoding, prefix.as_ref())?;
        for (input, found) in batch.iter().zip(found) {
            match found {
                Ok(outputs) => results.add(input, &outputs)?,
                Err(error) => results.fail(input, &error),
            }
        }
        std::io::stdout().lock().flush()?;
    }
    results.finish()
}

/// Where results that are not text go.
fn folder(arguments: &TranslateArguments, kind: Kind) -> anyhow::Result<Option<PathBuf>> {
    match (&arguments.output, kind) {
        (Some(folder), _) => Ok(Some(folder.clone())),
        (None, Kind::Text) => Ok(None),
        (None, _) => {
            Err(Usage("this task does not write text: name a folder for its files with --output".into())
                .into())
        }
    }
}

/// Results as they are printed or written.
struct Results<'a> {
    adapter: &'a dyn Adapter,
    folder: Option<PathBuf>,
    /// Whether files that are there may be replaced.
    overwrite: bool,
    /// What has been written.
    written: HashSet<PathBuf>,
    /// Whether each line begins with the name of its source.
    named: bool,
    n_best: bool,
    json: Option<Vec<serde_json::Value>>,
    failed: usize,
}

impl Results<'_> {
    fn add(&mut self, input: &Input, outputs: &[Output]) -> anyhow::Result<()> {
        let mut described = Vec::new();
        for (rank, output) in outputs.iter().enumerate() {
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
            let mut out = std::io::stdout().lock();
            match (self.n_best, self.named) {
                (true, _) => writeln!(out, "{} ||| {shown} ||| {:.4}", input.name, output.score)?,
                (false, true) => writeln!(out, "{}\t{shown}", input.name)?,
                (false, false) => writeln!(out, "{shown}")?,
            }
        }
        if let Some(all) = &mut self.json {
            let source = if self.named { input.name.clone() } else { input.value.to_string() };
            all.push(json!({ "source": source, "outputs": described }));
        }
        Ok(())
    }

    /// Writes a result to a file named after its source, when results go to files.
    fn write(&mut self, input: &Input, rank: usize, output: &Output) -> anyhow::Result<Option<PathBuf>> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let (extension, bytes) = self.adapter.to_file(&output.decoded.value)?;
        let stem = Path::new(&input.name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let rank = if rank == 0 { String::new() } else { format!("-{}", rank + 1) };
        let path = folder.join(format!("{stem}{rank}.{extension}"));
        if !self.written.insert(path.clone()) {
            let path = path.display();
            anyhow::bail!("two sources would be written to {path}: translate them into different folders");
        }
        if path.exists() && !self.overwrite {
            anyhow::bail!("{} is already there; choose another folder, or add --overwrite", path.display());
        }
        any2any_train::write_file(&path, &bytes)?;
        Ok(Some(path))
    }

    fn fail(&mut self, input: &Input, error: &any2any_train::TrainError) {
        eprintln!("{}: {error}", input.name);
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

/// One output with its tokens.
pub(super) fn describe(output: &Output, adapter: &dyn Adapter) -> serde_json::Value {
    let tokens: Vec<String> = output.tokens().iter().map(|&token| adapter.show(token)).collect();
    json!({
        "text": output.decoded.value.to_string(),
        "score": output.score,
        "log_probability": output.log_probability,
        "tokens": tokens,
    })
}
