//! Another run as a judge: it recognises what this one drew or spoke.

use std::sync::Arc;

use any2any_adapter::Registry;
use any2any_data::DataRoot;
use any2any_metrics::{Bootstrap, ExactMatch, Score, score_with_interval};
use any2any_run::Task;
use any2any_translate::evaluate::DecodedSplit;
use any2any_translate::{HeldOut, Precision, TranslateError, Translated, Translator};

use crate::arguments::EvaluateArguments;

/// A judge, and the right names.
pub(super) struct Judge {
    translator: Translator,
    task: Arc<Task>,
    /// The right name of each sample.
    names: Vec<String>,
    /// The name of its score.
    title: String,
}

impl Judge {
    /// Loads the judge that the arguments name, if any.
    pub(super) fn load(
        arguments: &EvaluateArguments,
        registry: &Registry,
        root: &DataRoot,
        (translator, task, split): (&Translator, &Task, &HeldOut),
    ) -> anyhow::Result<Option<Self>> {
        let (Some(run), Some(field)) = (&arguments.judge, &arguments.judge_field) else { return Ok(None) };
        let names = translator.load_texts(task, &arguments.split, field, split, root)?;
        let translator = super::translator(run, "best", registry, Precision::Float32)?;
        let task = translator.task(arguments.judge_task.as_deref())?.clone();
        Ok(Some(Self { translator, task, names, title: format!("named by {}", run.display()) }))
    }

    /// The share of outputs that the judge recognises rightly, with its 95 % bootstrap interval.
    pub(super) fn score(&self, decoded: &DecodedSplit) -> anyhow::Result<Score> {
        let values: Vec<_> = decoded.hypotheses.iter().map(|output| output.decoded.value.clone()).collect();
        let verdicts = self.translator.translate_each(&self.task, &values, self.task.decoding(), None)?;
        // An output that the judge cannot read counts as wrong.
        let name = |verdict: Result<Translated, TranslateError>| {
            let verdict = verdict.unwrap_or_default();
            verdict.outputs.first().map_or_else(String::new, |output| output.decoded.value.to_string())
        };
        let verdicts: Vec<String> = verdicts.into_iter().map(name).collect();
        let mut score = score_with_interval(&ExactMatch, &verdicts, &[&self.names], &Bootstrap::default())?;
        score.name.clone_from(&self.title);
        Ok(score)
    }
}
