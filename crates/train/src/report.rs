//! Report about the data of a task before the first step: samples left out or filtered, files passed over, oddities.

use std::borrow::Cow;

use any2any_data::Filtered;
use any2any_translate::{Oddities, Split};
use serde::Serialize;

use crate::prepare::PreparedTask;

/// The report about the data of one task.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct TaskReport {
    /// The task.
    pub task: String,
    /// The number of training samples within the limits.
    pub kept: usize,
    /// The number of training samples that are left out as too long.
    pub too_long: usize,
    /// The reports about the splits.
    pub splits: Vec<SplitReport>,
    /// All that a person should know, in words; empty if the data is sound.
    pub warnings: Vec<String>,
}

/// The report about one split.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SplitReport {
    /// The role of the split.
    pub split: &'static str,
    /// The number of samples that can be read.
    pub samples: usize,
    /// The number of samples that cannot be read and are left out.
    pub unreadable: usize,
    /// The first reasons why they cannot be read.
    pub reasons: Vec<String>,
    /// The samples that filters have left out; none of a split without filters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filtered: Option<Filtered>,
    /// Counts of texts that are probably mistakes.
    #[serde(flatten)]
    pub oddities: Oddities,
}

impl TaskReport {
    /// The samples that filters have left out of the training split; none without filters.
    pub fn filtered(&self) -> Option<&Filtered> {
        self.splits.iter().find_map(|split| split.filtered.as_ref())
    }
}

impl PreparedTask {
    /// The report about the data.
    pub fn report(&self) -> TaskReport {
        let splits = self.splits();
        let mut warnings = Vec::new();
        if self.selection.left_out() > 0 {
            warnings.push(format!("train: {}", self.selection));
        }
        for (name, split, _) in &splits {
            warnings.extend(split.warnings().into_iter().map(|words| format!("{name}: {words}")));
        }
        let passed_over = any2any_data::passed_over(splits.iter().map(|(_, split, _)| &split.flaws));
        warnings.extend(passed_over.iter().map(ToString::to_string));
        TaskReport {
            task: self.name.clone(),
            kept: self.selection.kept.len(),
            too_long: self.selection.left_out(),
            splits: splits
                .iter()
                .map(|(name, split, samples)| SplitReport::of(name, split, *samples))
                .collect(),
            warnings,
        }
    }

    /// What was found in the splits of the task, by their roles, and the number of samples of each.
    fn splits(&self) -> Vec<(&'static str, Cow<'_, Split>, usize)> {
        let held_out = [("validation", &self.validation), ("test", &self.test)].into_iter();
        let held_out = held_out.filter_map(|(name, split)| Some((name, split.as_ref()?)));
        let found = held_out.map(|(name, split)| (name, Cow::Owned(split.findings()), split.len()));
        std::iter::once(("train", Cow::Borrowed(&self.train), self.samples())).chain(found).collect()
    }
}

impl SplitReport {
    fn of(role: &'static str, split: &Split, samples: usize) -> Self {
        Self {
            split: role,
            samples,
            unreadable: split.broken.count,
            reasons: split.broken.reasons.clone(),
            filtered: split.flaws.filtered.is_any().then(|| split.flaws.filtered.clone()),
            oddities: split.oddities,
        }
    }
}
