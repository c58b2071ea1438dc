//! `any2any translate`: translates lines or files, in order, as they come in. One line in is one line out: a line that
//! cannot be read leaves an empty one in its place.

mod subtitles;

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};

use any2any_adapter::{Adapter, Kind, Registry, Value, WrittenFile};
use any2any_run::Task;
use any2any_translate::{AlignmentHeads, DetectedLanguage, Output, Terms, Translated, Translator};
use anyhow::Context;
use serde_json::json;

use crate::arguments::{AlignmentArguments, TranslateArguments, Usage};
use crate::chain::{Chain, Step};
use crate::inputs::{Batch, Input, Inputs};
use crate::output;
use crate::output_folder::OutputFolder;
use crate::way_out::of_source;

pub(crate) fn run(arguments: TranslateArguments, registry: &Registry) -> anyhow::Result<()> {
    let mut chain = Chain::load(&arguments, registry)?;
    if let Some(format) = arguments.subtitles {
        return subtitles::run(chain, format.into(), &arguments);
    }
    let last = chain.last_mut();
    if arguments.terms.is_some() && last.decoding.draws() {
        return Err(Usage(
            "--terms cannot be forced into what is drawn at random: search with --greedy or --beam".into(),
        )
        .into());
    }
    let translator = with_ensemble(last.translator.clone(), &last.task, &arguments, registry)?;
    let translator = with_terms(translator, &last.task, &arguments)?;
    last.translator = with_alignments(translator, &last.task, &arguments.alignments)?;
    let prefix = arguments.prefix.as_deref().map(Value::from);
    let mut inputs = inputs_of(&chain, &arguments)?;
    let last = &chain.last().task;
    let mut results = Results {
        chain: &chain,
        adapter: last.target().as_ref(),
        folder: folder(&arguments, last.target_medium().kind())?,
        named: inputs.are_files(),
        n_best: arguments.search.n_best.is_some(),
        alignments: Alignments::new(&arguments.alignments)?,
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

/// The translator with the other runs of an ensemble.
fn with_ensemble(
    translator: Translator,
    task: &Task,
    arguments: &TranslateArguments,
    registry: &Registry,
) -> anyhow::Result<Translator> {
    let mut others = Vec::new();
    for run in &arguments.ensemble {
        if run.is_file() {
            let run = run.display();
            return Err(Usage(format!(
                "--ensemble takes folders of runs, and {run} is a file: name the inputs before --ensemble, or behind `--`"
            ))
            .into());
        }
        others.push(super::translator(
            run,
            &arguments.model.checkpoint,
            registry,
            arguments.precision.precision(),
        )?);
    }
    if others.is_empty() { Ok(translator) } else { Ok(translator.with_ensemble(task, others)?) }
}

/// The translator with a list of terms, and a warning for each that cannot be written.
fn with_terms(
    translator: Translator,
    task: &Task,
    arguments: &TranslateArguments,
) -> anyhow::Result<Translator> {
    let Some(path) = &arguments.terms else { return Ok(translator) };
    let place = path.display();
    let terms = Terms::parse(&super::read_lines(path)?).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(|error| format!("{place}: {error}")).collect();
        anyhow::anyhow!("{}", errors.join("\n"))
    })?;
    let (translator, warnings) = translator.with_terms(task, terms)?;
    warnings.iter().for_each(|warning| output::warn(format_args!("{place}: {warning}")));
    Ok(translator)
}

/// The translator that aligns words, if that is asked for.
fn with_alignments(
    translator: Translator,
    task: &Task,
    arguments: &AlignmentArguments,
) -> anyhow::Result<Translator> {
    if arguments.alignments.is_none() {
        return Ok(translator);
    }
    let AlignmentArguments { alignment_layer, alignment_heads, .. } = arguments;
    let heads = AlignmentHeads { layer: *alignment_layer, heads: alignment_heads.clone() };
    Ok(translator.with_alignments(task, heads)?)
}

/// The place of alignments: behind the text of each line, or in a file of their own.
enum Alignments {
    None,
    Behind,
    File(std::io::BufWriter<std::fs::File>),
}

impl Alignments {
    fn new(arguments: &AlignmentArguments) -> anyhow::Result<Self> {
        Ok(match &arguments.alignments {
            None => Self::None,
            Some(None) => Self::Behind,
            Some(Some(path)) => {
                let file = std::fs::File::create(path).with_context(|| path.display().to_string())?;
                Self::File(std::io::BufWriter::new(file))
            }
        })
    }
}

/// Pairs of words as Pharaoh wrote them: `0-0 1-2`, the source first.
fn pharaoh(alignment: &[(usize, usize)]) -> String {
    let pairs: Vec<String> = alignment.iter().map(|(source, target)| format!("{source}-{target}")).collect();
    pairs.join(" ")
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
    alignments: Alignments,
    json: Option<Vec<serde_json::Value>>,
    failed: usize,
}

impl Results<'_> {
    /// Writes what the steps wrote for an input.
    fn add(&mut self, input: &Input, value: &Value, steps: &[Translated]) -> anyhow::Result<()> {
        for (number, step) in steps.iter().enumerate() {
            let place = self.chain.place(input, number);
            for warning in &step.warnings {
                output::warn(format_args!("{place}: {warning}"));
            }
            if let Some(detected) = &step.detected {
                tell_language(&place, detected);
            }
        }
        let Some(Translated { outputs, warnings, detected, .. }) = steps.last() else { return Ok(()) };
        // Only the command line decides on the number of printed outputs: one line in is one line out.
        let printed = if self.n_best || self.json.is_some() { outputs.len() } else { 1 };
        let mut described = Vec::new();
        for (rank, output) in outputs.iter().enumerate().take(printed) {
            let file = self.write(input, rank, output)?;
            let alignment = &output.alignment;
            if self.json.is_some() {
                let mut output = describe(output, self.adapter);
                if let Some(file) = &file {
                    output["file"] = json!(file);
                }
                if !matches!(self.alignments, Alignments::None) {
                    output["alignment"] = json!(alignment);
                }
                described.push(output);
                continue;
            }
            let shown = match &file {
                Some(file) => file.display().to_string(),
                None => output.decoded.value.to_string(),
            };
            self.print(input, &shown, output.score, alignment)?;
        }
        self.write_alignment(outputs.first().map_or(&[], |best| &best.alignment))?;
        if let Some(all) = &mut self.json {
            let source = if self.named { input.name.clone() } else { value.to_string() };
            let mut translation = json!({ "source": source, "outputs": described, "warnings": warnings });
            if let Some(detected) = detected {
                translation["detected"] = json!(detected);
            }
            if self.chain.is_long() {
                translation["steps"] = self.chain.steps().iter().zip(steps).map(described_step).collect();
            }
            all.push(translation);
        }
        Ok(())
    }

    /// Prints a result as a line.
    fn print(
        &self,
        input: &Input,
        shown: &str,
        score: f64,
        alignment: &[(usize, usize)],
    ) -> anyhow::Result<()> {
        let (name, shown) = (output::one_line(&input.name), output::one_line(shown));
        let behind = match self.alignments {
            Alignments::Behind => format!(" ||| {}", pharaoh(alignment)),
            _ => String::new(),
        };
        output::line(match (self.n_best, self.named) {
            (true, _) => format!("{name} ||| {shown} ||| {score:.4}{behind}"),
            (false, true) => format!("{name}\t{shown}{behind}"),
            (false, false) => format!("{shown}{behind}"),
        })
    }

    /// Writes the alignment of a source's best output, if alignments have a file of their own.
    fn write_alignment(&mut self, alignment: &[(usize, usize)]) -> anyhow::Result<()> {
        if let Alignments::File(file) = &mut self.alignments {
            writeln!(file, "{}", pharaoh(alignment))?;
        }
        Ok(())
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
        self.write_alignment(&[])?;
        match &mut self.json {
            None => self.print(input, "", 0.0, &[]),
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

    fn finish(mut self) -> anyhow::Result<()> {
        if let Alignments::File(file) = &mut self.alignments {
            file.flush()?;
        }
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
    let mut described = json!({
        "run": step.run,
        "task": step.task.name(),
        "outputs": outputs,
        "warnings": translated.warnings,
    });
    if let Some(detected) = &translated.detected {
        described["detected"] = json!(detected);
    }
    described
}

/// Says on standard error in which language a source is, where the model was to tell it.
fn tell_language(place: &str, detected: &DetectedLanguage) {
    let DetectedLanguage { language, probability, .. } = detected;
    eprintln!("{place}: the language is {language} (probability {probability:.3})");
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
