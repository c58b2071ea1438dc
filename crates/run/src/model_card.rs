//! Model card of a run: the experiment, its training and its scores (after Mitchell et al. 2019).

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{AnyMedium, Kind};
use any2any_experiment::spec::Experiment;
use any2any_metrics::Score;
use serde_json::Value;

use crate::atomic_file;
use crate::checkpoint::State;
use crate::error::RunError;
use crate::run_folder::RunFolder;
use crate::task::Task;

/// A model card: an experiment, the state of its training, and its scores.
#[derive(Clone, Copy)]
pub struct ModelCard<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// The tasks, whose media say how they are used.
    pub tasks: &'a [Arc<Task>],
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
    /// If it cannot be written.
    pub fn write(&self, run: &RunFolder) -> Result<(), RunError> {
        let resolved = run.resolved()?;
        let packages = packages(&resolved);
        let program = if packages.iter().all(|line| is_built_in(line)) { None } else { own_program() };
        let text = self.text(program.as_deref().unwrap_or("any2any"), &packages);
        atomic_file::write(&run.card(), text.as_bytes())
    }

    fn text(&self, program: &str, packages: &[&str]) -> String {
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
        card += "## Use\n\n```\n";
        for task in self.tasks {
            let name = if self.tasks.len() > 1 { format!(" --task {}", task.name()) } else { String::new() };
            let _ = writeln!(card, "{program} {}", command(task, &name));
        }
        card += "```\n";
        card += "\n## Data\n\n";
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

/// True for a line about a package that ships with any2any.
fn is_built_in(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(_, package)| package.starts_with("any2any-"))
}

/// The name of the program that runs.
fn own_program() -> Option<String> {
    Some(std::env::current_exe().ok()?.file_stem()?.to_string_lossy().into_owned())
}

/// The command that uses a task, without the program: lines of texts come in and go out, everything else in files.
fn command(task: &Task, name: &str) -> String {
    let extension =
        |medium: &dyn AnyMedium| medium.extensions().first().map(|extension| (*extension).to_owned());
    let target = task.target_medium();
    let Some(source) = task.source_medium() else { return format!("complete .{name}") };
    let input = match (source.kind(), extension(source)) {
        (Kind::Text, None) => " < source.txt".to_owned(),
        (Kind::Text, Some(extension)) if extension == "txt" => " < source.txt".to_owned(),
        (_, extension) => format!(" source.{}", extension.unwrap_or_else(|| "file".to_owned())),
    };
    let output = match target.kind() {
        Kind::Text | Kind::Custom => " > target.txt",
        _ => " --output targets",
    };
    format!("translate .{name}{input}{output}")
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
