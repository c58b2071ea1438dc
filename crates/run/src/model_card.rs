//! Model card of a run: the experiment, its training and its scores (after Mitchell et al. 2019).

use std::fmt::Write;
use std::path::Path;

use any2any_experiment::spec::Experiment;
use any2any_metrics::Score;
use serde_json::Value;

use crate::atomic_file;
use crate::checkpoint::State;
use crate::error::RunError;
use crate::run_folder::RunFolder;

/// A model card: an experiment, the state of its training, and its scores.
#[derive(Clone, Copy, Debug)]
pub struct ModelCard<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// The state of the training.
    pub state: &'a State,
    /// The scores of each task on held-out data.
    pub scores: &'a [CardScores<'a>],
}

/// The scores of a task on held-out data.
#[derive(Clone, Debug)]
pub struct CardScores<'a> {
    /// The task.
    pub task: &'a str,
    /// The split.
    pub split: &'a str,
    /// Teacher-forced figures, in words.
    pub forced: String,
    /// The metrics of the decoded outputs.
    pub scores: &'a [Score],
}

impl ModelCard<'_> {
    /// Writes the `README.md` of a run.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or the run's experiment cannot be read.
    pub fn write(&self, run: &RunFolder) -> Result<(), RunError> {
        let text = self.text(&packages(&run.resolved()?));
        atomic_file::write(&run.card(), text.as_bytes())
    }

    fn text(&self, packages: &[&str]) -> String {
        let mut card = format!("# {}\n\n", self.experiment.name);
        let best = self.state.best.first().map_or(self.state.step, |best| best.step);
        let _ = writeln!(
            card,
            "Trained with any2any {} for {} steps on {} target tokens in {:.1} minutes (seed {}); the best checkpoint is that of step {best}.\n",
            env!("CARGO_PKG_VERSION"),
            self.state.step,
            self.state.tokens,
            self.state.seconds / 60.0,
            self.experiment.seed,
        );
        card += "## Use\n\n```\nany2any translate . < source.txt > target.txt\n```\n\n## Data\n\n";
        for (name, task) in &self.experiment.tasks {
            let data = serde_json::to_value(&task.data).map(|data| without_folders(data).to_string());
            let data = data.unwrap_or_default();
            let media = match &task.source {
                Some(source) => format!("{} to {}", source.medium(), task.target.medium()),
                None => task.target.medium().to_owned(),
            };
            let _ = writeln!(card, "- {name}: {media}, `{data}`");
        }
        if !packages.is_empty() {
            let _ = writeln!(card, "\n## Packages\n\n- {}", packages.join("\n- "));
        }
        card += "\n## Scores\n";
        for task in self.scores {
            let _ = writeln!(card, "\n{} ({} split)\n", task.task, task.split);
            if !task.scores.is_empty() {
                card += "| decoded | value | signature |\n| --- | --- | --- |\n";
                for score in task.scores {
                    card += &row(score);
                }
                card.push('\n');
            }
            let _ = writeln!(card, "Teacher-forced, without search: {}.", task.forced);
        }
        card += "\nThe whole experiment is in `resolved.yaml`, every figure of its training in `metrics.jsonl`.\n";
        card
    }
}

/// The packages that media and plug-ins come from, as the first lines of a resolved experiment name them below its title.
fn packages(resolved: &str) -> Vec<&str> {
    resolved.lines().skip(1).map_while(|line| line.strip_prefix("# ")).collect()
}

/// The description of the data with its files by name alone: their folders are nobody else's business.
fn without_folders(data: Value) -> Value {
    match data {
        Value::String(text) => {
            let name = Path::new(&text).file_name().map(|name| name.to_string_lossy().into_owned());
            Value::String(name.filter(|_| text.contains(['/', '\\'])).unwrap_or(text))
        }
        Value::Array(items) => items.into_iter().map(without_folders).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, without_folders(value))).collect(),
        other => other,
    }
}

fn row(score: &Score) -> String {
    format!("| {} | {:.2} | {} |\n", score.name, score.value, score.signature.as_deref().unwrap_or(""))
}
