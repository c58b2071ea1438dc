//! What is to be known about the data of a task before the first step: what is left out, passed over or odd.

use any2any_translate::{Oddities, Split};
use serde::Serialize;

use crate::prepare::PreparedTask;

/// The data of one task: what is left out of it, passed over or odd.
#[derive(Clone, Debug, Serialize)]
pub struct TaskReport {
    /// The task.
    pub task: String,
    /// Training samples within the limits.
    pub kept: usize,
    /// Training samples that are left out as too long.
    pub too_long: usize,
    /// The splits that there are.
    pub splits: Vec<SplitReport>,
    /// All that a person should know, in words; nothing when the data is sound.
    pub warnings: Vec<String>,
}

/// One split.
#[derive(Clone, Debug, Serialize)]
pub struct SplitReport {
    /// Its role.
    pub split: &'static str,
    /// Samples that can be read.
    pub samples: usize,
    /// Samples that cannot be read and are left out.
    pub unreadable: usize,
    /// What is wrong with the first of them.
    pub reasons: Vec<String>,
    /// Texts that are probably not meant.
    #[serde(flatten)]
    pub oddities: Oddities,
}

impl PreparedTask {
    /// What is to be known about the data.
    pub fn report(&self) -> TaskReport {
        let splits = self.splits();
        let mut warnings = Vec::new();
        if self.selection.left_out() > 0 {
            warnings.push(format!("train: {}", self.selection));
        }
        for &(name, split) in &splits {
            warnings.extend(split.warnings().into_iter().map(|words| format!("{name}: {words}")));
        }
        let passed_over = any2any_data::passed_over(splits.iter().map(|(_, split)| &split.flaws));
        warnings.extend(passed_over.iter().map(ToString::to_string));
        TaskReport {
            task: self.name.clone(),
            kept: self.selection.kept.len(),
            too_long: self.selection.left_out(),
            splits: splits.iter().map(|&(name, split)| SplitReport::of(name, split)).collect(),
            warnings,
        }
    }

    /// Each split that there is, by its role.
    fn splits(&self) -> Vec<(&'static str, &Split)> {
        let splits = [("train", Some(&self.train)), ("validation", self.validation.as_ref())];
        let splits = splits.into_iter().chain([("test", self.test.as_ref())]);
        splits.filter_map(|(name, split)| Some((name, split?))).collect()
    }
}

impl SplitReport {
    fn of(role: &'static str, split: &Split) -> Self {
        Self {
            split: role,
            samples: split.references.len(),
            unreadable: split.broken.count,
            reasons: split.broken.reasons.clone(),
            oddities: split.oddities,
        }
    }
}
