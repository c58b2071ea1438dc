//! `any2any shortlist`: the tokens that may be written for each token of a source, learned from the pairs of a run.

use std::sync::Arc;

use any2any_adapter::{Registry, Stem, grouped};
use any2any_data::DataRoot;
use any2any_run::{RunFolder, Shortlist, Task, atomic_file};
use any2any_train::{ShortlistOptions, learn_shortlist};
use any2any_translate::{Example, Precision, Translator};
use serde::Serialize;
use serde_json::json;

use crate::arguments::ShortlistArguments;
use crate::output;

/// The split on which lists are tried: the one that a training is watched on.
const TRIED_ON: &str = "validation";

pub(crate) fn run(arguments: ShortlistArguments, registry: &Registry) -> anyhow::Result<()> {
    let folder = RunFolder::new(&arguments.run);
    let translator = super::translator(&arguments.run, "best", registry, Precision::Float32)?;
    let task = translator.task(arguments.task.as_deref())?.clone();
    let vocabularies = vocabularies(&translator, &task)?;
    let file = folder.shortlist_file(task.name());
    if file.exists() && !arguments.replace {
        anyhow::bail!(
            "{} is there already: `--replace` learns another in its place; without the file, all of the vocabulary may be written",
            file.display()
        );
    }
    let root = arguments.root.find()?;
    let pairs = translator.load_split(&task, &arguments.split, Some(arguments.limit), &root)?;
    pairs.findings().warnings().iter().for_each(output::warn);
    let pairs = pairs.select(&(0..pairs.len()).collect::<Vec<_>>())?;
    let options = ShortlistOptions {
        frequent: arguments.frequent,
        best: arguments.best,
        iterations: arguments.iterations,
    };
    let shortlist = learn_shortlist(&tokens(&pairs.examples), vocabularies.source, task.end(), options);
    atomic_file::write(&file, &shortlist.to_bytes())?;
    let coverage = Coverage::of(&translator, &task, &shortlist, vocabularies, &root)?;
    if arguments.json {
        return output::json(&json!({
            "task": task.name(),
            "file": file,
            "pairs": pairs.examples.len(),
            "vocabulary": vocabularies.target,
            "tried": coverage,
        }));
    }
    output::line(format!("{}: learned from {} pairs", file.display(), grouped(pairs.examples.len())))?;
    match coverage {
        Some(coverage) => output::line(coverage.said(vocabularies.target)),
        None => Ok(()),
    }
}

/// Sizes of the vocabularies of a task.
#[derive(Clone, Copy)]
struct Vocabularies {
    source: usize,
    target: usize,
    /// True where both are one.
    shared: bool,
}

/// Fails for tasks that no list bounds.
fn vocabularies(translator: &Translator, task: &Arc<Task>) -> anyhow::Result<Vocabularies> {
    task.require_source()?;
    task.require_tokens()?;
    let stem = task.source().map(|source| source.stem());
    let (Some(Stem::Lookup { vocabulary: source, .. }), Some(target)) = (stem, task.vocabulary()) else {
        anyhow::bail!("task '{}' reads no tokens: lists are of the tokens of a source", task.name());
    };
    if task.is_per_position() {
        anyhow::bail!(
            "task '{}' writes a label for every position and searches for nothing: a list would save no time",
            task.name()
        );
    }
    if translator.architecture().decoder.transformer().is_none() {
        anyhow::bail!("only transformers decode with the engine that has lists; this model is recurrent");
    }
    let parts = &translator.architecture().tasks[task.number()];
    Ok(Vocabularies { source, target, shared: parts.shares_stem() })
}

fn tokens(examples: &[Example]) -> Vec<(&[u32], &[u32])> {
    examples.iter().map(|example| (example.source_tokens(), example.target_tokens())).collect()
}

/// How much of the targets of a split a shortlist has in its lists.
#[derive(Serialize)]
struct Coverage {
    split: &'static str,
    samples: usize,
    /// The tokens of all targets.
    tokens: usize,
    /// Those of them that are in the list of their source.
    listed_tokens: usize,
    /// The targets that can be written whole.
    whole_targets: usize,
    /// The mean number of tokens in the list of a source.
    mean_list: f64,
}

impl Coverage {
    /// That of the validation split, if there is one.
    fn of(
        translator: &Translator,
        task: &Arc<Task>,
        shortlist: &Shortlist,
        vocabularies: Vocabularies,
        root: &DataRoot,
    ) -> anyhow::Result<Option<Self>> {
        if !translator.has_split(task, TRIED_ON, root)? {
            return Ok(None);
        }
        let split = translator.load_split(task, TRIED_ON, None, root)?;
        let mut found = Self {
            split: TRIED_ON,
            samples: 0,
            tokens: 0,
            listed_tokens: 0,
            whole_targets: 0,
            mean_list: 0.0,
        };
        for group in split.groups(None) {
            let split = split.select(&group)?;
            for (source, target) in tokens(&split.examples) {
                let list = shortlist.listed(source, vocabularies.shared, vocabularies.target);
                let listed = target.iter().filter(|token| list.binary_search(token).is_ok()).count();
                found.samples += 1;
                found.tokens += target.len();
                found.listed_tokens += listed;
                found.whole_targets += usize::from(listed == target.len());
                found.mean_list += list.len() as f64;
            }
        }
        found.mean_list /= found.samples.max(1) as f64;
        Ok(Some(found))
    }

    fn said(&self, vocabulary: usize) -> String {
        let percent = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
        format!(
            "{} split: {:.0} of {} tokens in the list of a source on average, {:.2} % of {} target tokens among them; {:.1} % \
             of {} targets can be written whole",
            self.split,
            self.mean_list,
            grouped(vocabulary),
            percent(self.listed_tokens, self.tokens),
            grouped(self.tokens),
            percent(self.whole_targets, self.samples),
            grouped(self.samples),
        )
    }
}
