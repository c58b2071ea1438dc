//! `any2any sweep`: one training at every point of a grid over one or two options.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use any2any_adapter::{Registry, grouped};
use any2any_sweep::{Grid, Sweep, SweepProgress};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::arguments::SweepArguments;
use crate::output::{self, duration};
use crate::threads;

pub(crate) fn run(arguments: SweepArguments, registry: &Registry) -> anyhow::Result<()> {
    let root = arguments.root.find()?;
    let config = &arguments.config;
    let grid = Grid::new(&config.config, &config.overrides, arguments.over, arguments.steps, registry)?;
    output::warnings(grid.document());
    threads::start(&grid.document().experiment.device);
    let name = &grid.document().experiment.name;
    let folder = arguments.run.unwrap_or_else(|| PathBuf::from("runs").join(name));
    let prepared = crate::preparation::prepare(grid.document(), registry, &root)?;
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    // Finished work is written to disk in any case; a second Ctrl-C loses two seconds of work.
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })?;
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let threads = arguments.threads.map_or(cores, |threads| threads.get());
    eprintln!("the map goes to {}", folder.display());
    let began = Instant::now();
    let mut display = Display::new();
    let sweep = grid.train(&folder, prepared, threads, &stop, &mut |progress| display.show(progress))?;
    display.end();
    let whole: usize = sweep.axes.iter().map(|axis| axis.values.len()).product();
    let converged = sweep.cells.iter().filter(|cell| cell.converged).count();
    if arguments.json {
        return output::json(&json!({
            "run": folder,
            "axes": sweep.axes,
            "steps": sweep.steps,
            "cells": whole,
            "trained": sweep.cells.len(),
            "converged": converged,
            "best": best(&sweep),
        }));
    }
    if sweep.cells.len() < whole {
        eprintln!("stopped; the same command goes on with it");
    }
    output::line(format!(
        "{} of {} trainings in {}: {} converged, {} did not",
        grouped(sweep.cells.len() as u64),
        grouped(whole as u64),
        duration(began.elapsed().as_secs_f64()),
        grouped(converged as u64),
        grouped((sweep.cells.len() - converged) as u64)
    ))?;
    if let Some(best) = best(&sweep) {
        output::line(format!("lowest last loss: {best}"))?;
    }
    output::line(format!("see the map with: any2any explore {}", folder.display()))
}

/// The options of the cell with the lowest last loss, and that loss.
fn best(sweep: &Sweep) -> Option<String> {
    let lasts = sweep.cells.iter().filter_map(|cell| Some((cell, cell.loss?)));
    let (cell, loss) = lasts.min_by(|one, other| one.1.total_cmp(&other.1))?;
    let options: Vec<String> = sweep.axes.iter().zip(&cell.at).map(|(axis, &at)| axis.setting(at)).collect();
    Some(format!("{loss:.4} at {}", options.join(" ")))
}

/// Shows the progress of a sweep on standard error: a bar on a terminal, a line now and then elsewhere.
struct Display {
    bar: Option<ProgressBar>,
    began: Instant,
    said: Option<Instant>,
}

/// The time between two lines if there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

impl Display {
    fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(0).with_style(style)
        });
        Self { bar, began: Instant::now(), said: None }
    }

    fn show(&mut self, SweepProgress { done, before, cells, converged }: SweepProgress) {
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = (done - before) as f64 / seconds.max(1e-9);
        let left = duration((cells - done) as f64 / rate.max(1e-9));
        let message = match done > before {
            true => format!("{converged} converged  {rate:.1} trainings/s  {left} left"),
            false => format!("{converged} converged"),
        };
        if let Some(bar) = &self.bar {
            bar.set_length(cells as u64);
            bar.set_position(done as u64);
            bar.set_message(message);
        } else if done == cells || self.said.is_none_or(|said| said.elapsed() > EVERY) {
            eprintln!("{done}/{cells}  {message}");
            self.said = Some(Instant::now());
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
