//! Log of a training: `metrics.jsonl` and TensorBoard's event files.

use std::fs::{File, OpenOptions};
use std::io::Write;

use any2any_adapter::{Adapter, WrittenFile};
use any2any_run::{RunError, RunFolder, atomic_file, written_stem};
use any2any_translate::evaluate::{ShownSample, metric_name};
use serde::Serialize;
use serde_json::{Value, json};

use crate::observer::{Progress, TaskEvaluation};
use crate::tensorboard::EventWriter;

/// The log of a training.
pub(crate) struct Log {
    file: File,
    path: std::path::PathBuf,
    events: EventWriter,
    run: RunFolder,
}

impl Log {
    /// Opens the log at a step; lines of later steps, which will be made again, are dropped.
    pub(crate) fn open(run: &RunFolder, step: u64) -> Result<Self, RunError> {
        let path = run.metrics();
        if path.exists() {
            let kept: String = atomic_file::read(&path)?
                .lines()
                .filter(|line| step_of(line).is_some_and(|of| of <= step))
                .flat_map(|line| [line, "\n"])
                .collect();
            atomic_file::write(&path, kept.as_bytes())?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(RunError::io(&path))?;
        Ok(Self { file, path, events: EventWriter::create(&run.events())?, run: run.clone() })
    }

    /// Adds a line about training steps.
    pub(crate) fn progress(&mut self, progress: &Progress) -> Result<(), RunError> {
        self.line("train", progress)?;
        let scalars = [
            ("train/loss", progress.loss),
            ("train/smoothed_loss", progress.smoothed_loss),
            ("train/gradient_norm", progress.gradient_norm),
            ("train/learning_rate", progress.learning_rate),
            ("train/tokens_per_second", progress.tokens_per_second),
        ];
        let accuracy = progress.accuracy.map(|accuracy| ("train/accuracy_teacher_forced", accuracy));
        for (tag, value) in scalars.into_iter().chain(accuracy) {
            self.events.scalar(tag, progress.step, value)?;
        }
        self.events.flush()
    }

    /// Adds a line about the validation of each task.
    pub(crate) fn evaluation(
        &mut self,
        step: u64,
        seconds: f64,
        evaluations: &[TaskEvaluation],
    ) -> Result<(), RunError> {
        for evaluation in evaluations {
            let forced = &evaluation.forced;
            let mut scores = serde_json::Map::new();
            for (metric, score) in evaluation.metrics.iter().zip(&evaluation.scores) {
                scores.insert(metric_name(metric), json!(score.value));
            }
            self.line(
                "validation",
                &json!({
                    "step": step,
                    "seconds": seconds,
                    "task": evaluation.task,
                    "teacher_forced": forced,
                    "decoded": scores,
                }),
            )?;
            let prefix = format!("validation/{}", evaluation.task);
            self.events.scalar(&format!("{prefix}/loss"), step, forced.loss)?;
            self.events.scalar(&format!("{prefix}/accuracy_teacher_forced"), step, forced.accuracy)?;
            for (name, value) in &scores {
                self.events.scalar(&format!("{prefix}/{name}"), step, value.as_f64().unwrap_or(f64::NAN))?;
            }
        }
        self.events.flush()
    }

    /// Adds a line with the outputs for a few samples of a task's validation split, and a file for each that is no
    /// text.
    pub(crate) fn samples(
        &mut self,
        step: u64,
        task: &str,
        mut samples: Vec<ShownSample>,
        target: &dyn Adapter,
    ) -> Result<(), RunError> {
        if samples.is_empty() {
            return Ok(());
        }
        let no_text = |sample: &&mut ShownSample| !matches!(sample.value, any2any_adapter::Value::Text(_));
        for sample in samples.iter_mut().filter(no_text) {
            // A value that no file can hold has only its description.
            let Ok(WrittenFile { extension, bytes }) = target.to_file(&sample.value) else { continue };
            let file = format!("{}.{extension}", written_stem(step, task, sample.number));
            atomic_file::write(&self.run.path().join(&file), &bytes)?;
            sample.file = Some(file);
        }
        self.line("samples", &json!({ "step": step, "task": task, "samples": samples }))
    }

    /// Flushes and syncs all files.
    pub(crate) fn close(mut self) -> Result<(), RunError> {
        self.events.flush()?;
        self.file.sync_all().map_err(RunError::io(&self.path))
    }

    fn line(&mut self, kind: &str, fields: &impl Serialize) -> Result<(), RunError> {
        let mut line = json!({ "kind": kind });
        if let (Value::Object(line), Ok(Value::Object(fields))) = (&mut line, serde_json::to_value(fields)) {
            line.extend(fields);
        }
        writeln!(self.file, "{line}").map_err(RunError::io(&self.path))
    }
}

fn step_of(line: &str) -> Option<u64> {
    serde_json::from_str::<Value>(line).ok()?.get("step")?.as_u64()
}
