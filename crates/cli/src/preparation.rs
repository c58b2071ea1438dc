//! Progress of a preparation on standard error, for data that is read, encoded, and waited for.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use any2any_adapter::{Registry, grouped};
use any2any_data::DataRoot;
use any2any_experiment::Document;
use any2any_train::{Prepared, Preparing, Ranks, TrainError};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::duration;

/// The time between two lines if there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// Prepares a training, and shows how far it is.
pub(crate) fn prepare(
    document: &Document,
    registry: &Registry,
    root: &DataRoot,
) -> Result<Prepared, TrainError> {
    prepare_among(&Ranks::alone(), document, registry, root)
}

/// Prepares a training on one of several ranks, of which the first shows how far it is.
pub(crate) fn prepare_among(
    ranks: &Ranks,
    document: &Document,
    registry: &Registry,
    root: &DataRoot,
) -> Result<Prepared, TrainError> {
    let mut shown = Preparation::of(ranks);
    any2any_train::prepare_watched(document, registry, root, &mut |part| shown.show(part))
}

/// Shows a preparation on standard error: a line that changes on a terminal, a line from time to time elsewhere.
pub(crate) struct Preparation {
    bar: Option<ProgressBar>,
    /// True for the ranks that say nothing: all but the first.
    silent: bool,
    /// The task that is encoded, since when, and the samples that it had then.
    encoding: Option<(String, Instant, usize)>,
    said: Instant,
}

impl Preparation {
    /// What the first of some ranks shows, and all others do not.
    pub(crate) fn of(ranks: &Ranks) -> Self {
        Self { bar: None, silent: !ranks.is_first(), encoding: None, said: Instant::now() }
    }

    pub(crate) fn show(&mut self, part: Preparing<'_>) {
        if self.silent {
            return;
        }
        match part {
            Preparing::Fitting { task } => eprintln!("task {task}: reading samples for its vocabularies"),
            Preparing::Drawn { task, samples, of } => eprintln!(
                "task {task}: its vocabularies and the like are fitted to {} of {} samples, drawn at random",
                grouped(samples),
                grouped(of)
            ),
            Preparing::Waiting { task } => {
                eprintln!("task {task}: waiting for another process that encodes the same samples");
            }
            Preparing::Encoding { task, samples, of } => self.encoded(task, samples, of),
            _ => {}
        }
    }

    fn encoded(&mut self, task: &str, samples: usize, of: Option<usize>) {
        let (since, before) = match &self.encoding {
            Some((of, since, before)) if of == task => (*since, *before),
            _ => {
                eprintln!("task {task}: encoding its samples once, for the cache");
                self.encoding = Some((task.to_owned(), Instant::now(), samples));
                self.said = Instant::now();
                if std::io::stderr().is_terminal() {
                    let (bar, form) = match of {
                        Some(all) => (ProgressBar::new(all as u64), "{bar:30} {percent} %  {msg}"),
                        None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
                    };
                    let style = ProgressStyle::with_template(form);
                    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
                    self.bar = Some(bar.with_style(style));
                }
                return;
            }
        };
        let rate = (samples - before) as f64 / since.elapsed().as_secs_f64().max(1e-9);
        let mut words = grouped(samples);
        if let Some(all) = of {
            words += &format!(" of {}", grouped(all));
        }
        words += &format!(" samples, {} a second", grouped(rate as usize));
        if let Some(rest) = of.and_then(|all| all.checked_sub(samples)) {
            words += &format!(", {} left", duration(rest as f64 / rate.max(1e-9)));
        }
        match &self.bar {
            Some(bar) => {
                bar.set_message(words);
                bar.set_position(samples as u64);
            }
            None if self.said.elapsed() > EVERY => {
                eprintln!("task {task}: {words}");
                self.said = Instant::now();
            }
            None => {}
        }
    }
}

impl Drop for Preparation {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
