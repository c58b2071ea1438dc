//! Progress of a training on standard error: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;

use any2any_adapter::grouped;
use any2any_train::{Event, Observer, Progress, Stopped, TaskEvaluation};
use any2any_translate::evaluate::metric_name;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::duration;

/// Shows a training on standard error.
pub(crate) struct Display {
    bar: Option<ProgressBar>,
    started: std::time::Instant,
    first_step: u64,
}

impl Display {
    pub(crate) fn new() -> Self {
        Self { bar: None, started: std::time::Instant::now(), first_step: 0 }
    }

    fn say(&self, text: String) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }

    fn evaluation(step: u64, evaluation: &TaskEvaluation, best: bool) -> String {
        let decoded: String = evaluation
            .metrics
            .iter()
            .zip(&evaluation.scores)
            .map(|(metric, score)| format!("  {} {:.2}", metric_name(metric), score.value))
            .collect();
        let decoded = if decoded.is_empty() { decoded } else { format!("  decoded:{decoded}") };
        format!(
            "step {step}  validation {}  teacher-forced: {}{decoded}{}",
            evaluation.task,
            evaluation.forced,
            if best { "  (best)" } else { "" },
        )
    }

    fn remaining(&self, progress: &Progress) -> String {
        let done = progress.step - self.first_step;
        let rate = self.started.elapsed().as_secs_f64() / done.max(1) as f64;
        duration(rate * (progress.steps - progress.step) as f64)
    }
}

impl Observer for Display {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Started { parameters, step, steps, tasks, batches_an_epoch } => {
                for (task, samples) in tasks {
                    self.say(format!("task {task}: {samples}"));
                }
                self.say(format!(
                    "{} parameters; {} batches an epoch; steps {} to {}",
                    grouped(parameters as u64),
                    grouped(batches_an_epoch as u64),
                    grouped(step + 1),
                    grouped(steps)
                ));
                self.started = std::time::Instant::now();
                self.first_step = step;
                if std::io::stderr().is_terminal() {
                    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}")
                        .unwrap_or_else(|_| ProgressStyle::default_bar());
                    self.bar = Some(ProgressBar::new(steps).with_position(step).with_style(style));
                }
            }
            Event::Step { progress, .. } => {
                if let Some(bar) = &self.bar {
                    bar.set_position(progress.step);
                    bar.set_message(format!(
                        "loss {:.3}  {} tokens/s  {} left",
                        progress.loss,
                        grouped(progress.tokens_per_second as u64),
                        self.remaining(progress)
                    ));
                }
            }
            Event::Logged(progress) if self.bar.is_none() => {
                let accuracy = progress.accuracy.map(|accuracy| format!("  accuracy {accuracy:.1} %"));
                let aligned = progress.alignment_loss.map(|loss| format!("  alignment {loss:.3}"));
                self.say(format!(
                    "step {}/{}  loss {:.3}{}{}  gradient {:.2}  rate {:.2e}  {} tokens/s  {} left",
                    progress.step,
                    progress.steps,
                    progress.loss,
                    aligned.unwrap_or_default(),
                    accuracy.unwrap_or_default(),
                    progress.gradient_norm,
                    progress.learning_rate,
                    grouped(progress.tokens_per_second as u64),
                    self.remaining(progress)
                ));
            }
            Event::Evaluated { step, evaluations, best } => {
                for evaluation in evaluations {
                    self.say(Self::evaluation(step, evaluation, best));
                }
            }
            Event::SetAside { to } => self.say(format!(
                "warning: a folder that had the name of this checkpoint is kept as {}",
                to.display()
            )),
            Event::Stopped { step, why } => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
                match why {
                    Stopped::Finished => {}
                    Stopped::Patience => self.say(format!(
                        "stopped after step {step}: evaluations brought nothing better for as long as `evaluation.patience` says"
                    )),
                    Stopped::Interrupted => self.say(format!("interrupted; step {step} is saved")),
                }
            }
            _ => {}
        }
    }
}
