//! `any2any new`: a commented experiment for a pair of files.

use std::path::{Path, PathBuf};

use any2any_adapter::{Registry, Value};
use any2any_data::{DataRoot, TextFile};
use any2any_experiment::{Template, template};
use any2any_run::RunError;
use any2any_text::{Bpe, TextOptions, Tokenizer, nearest_vocabulary};
use any2any_train::TrainError;

use crate::arguments::{NewArguments, Usage};
use crate::output;

pub(crate) fn run(arguments: NewArguments, registry: &Registry) -> anyhow::Result<()> {
    let config = &arguments.config;
    if config.exists() && !arguments.overwrite {
        return Err(
            Usage(format!("{} is already there; replace it with --overwrite", config.display())).into()
        );
    }
    let sources = TextFile::read(&arguments.source)?;
    let targets = TextFile::read(&arguments.target)?;
    super::require_parallel([(&arguments.source, &sources), (&arguments.target, &targets)])?;
    let absolute = |path: &Path| std::path::absolute(path);
    let pair =
        |source: &Option<PathBuf>, target: &Option<PathBuf>| -> std::io::Result<Option<(PathBuf, PathBuf)>> {
            match (source, target) {
                (Some(source), Some(target)) => Ok(Some((absolute(source)?, absolute(target)?))),
                _ => Ok(None),
            }
        };
    let (source_field, target_field) = fields(&arguments.source, &arguments.target);
    let stem = config.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut answers = Template {
        name: arguments.name.or(stem).unwrap_or_else(|| "experiment".to_owned()),
        source_field,
        target_field,
        train: (absolute(&arguments.source)?, absolute(&arguments.target)?),
        validation: pair(&arguments.validation_source, &arguments.validation_target)?,
        test: pair(&arguments.test_source, &arguments.test_target)?,
        lines: sources.lines.len(),
        vocab: None,
    };
    let text =
        fitting(&mut answers, config, registry, super::values(&[sources.lines, targets.lines].concat()))?;
    any2any_run::atomic_file::write(config, text.as_bytes())?;
    eprintln!("{}: written; train it with `any2any train {}`", config.display(), config.display());
    Ok(())
}

/// Sizes of vocabularies to fall back to if the data has too few different words for a larger one.
const SMALLER: [usize; 8] = [4000, 2000, 1000, 500, 250, 125, 80, 50];

/// The text of an experiment that passes every check, with the largest vocabulary that the data carries.
fn fitting(
    answers: &mut Template,
    config: &Path,
    registry: &Registry,
    texts: Vec<Value>,
) -> anyhow::Result<String> {
    let folder = config.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut smaller = SMALLER.into_iter();
    let mut texts = Some(texts);
    loop {
        let text = template(answers);
        let document =
            any2any_experiment::load_str(&config.display().to_string(), &text, folder, &[], registry)?;
        let problems = match any2any_train::check(&document, registry, &DataRoot::at(folder)) {
            Ok((reports, ..)) => {
                reports.iter().flat_map(|report| &report.warnings).for_each(output::warn);
                return Ok(text);
            }
            Err(TrainError::Run(RunError::Experiment(problems))) => problems,
            Err(error) => return Err(error.into()),
        };
        // Very few lines may carry none of these: then the size that the tokenizer reaches with them.
        answers.vocab = smaller.next().or_else(|| texts.take().and_then(|texts| carried(&texts)));
        if answers.vocab.is_none() {
            // The experiment is not written, so places in it would mean nothing to the user.
            let (source, target) = (answers.train.0.display(), answers.train.1.display());
            let reasons: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
            let message = format!("no experiment fits {source} and {target}: {}", reasons.join("; "));
            return Err(Usage(message).into());
        }
    }
}

/// The size of the vocabulary that few texts carry, nearest to the smallest fallback.
fn carried(texts: &[Value]) -> Option<usize> {
    let least = SMALLER[SMALLER.len() - 1];
    let tokenizer = Tokenizer::Bpe(Bpe { vocab: least, ..Bpe::default() });
    let options = TextOptions {
        field: String::new(),
        tokenizer,
        normalize: None,
        lowercase: false,
        added_tokens: Vec::new(),
        augment: Default::default(),
    };
    nearest_vocabulary(&options, &mut texts.iter()).ok()
}

/// The names of both fields by the files' endings, if these differ: `train.en` and `train.de`.
fn fields(source: &Path, target: &Path) -> (String, String) {
    let ending = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.trim_end_matches(".gz").rsplit_once('.').map(|(_, ending)| ending.to_owned())
    };
    match (ending(source), ending(target)) {
        (Some(source), Some(target)) if source != target => (source, target),
        _ => ("source".to_owned(), "target".to_owned()),
    }
}
