//! Opening of frames: rows of a file or a text as a signal with a channel for each column.

use std::sync::Arc;

use any2any_adapter::{AdapterError, Part, Side, Signal, Value};

use super::options::{FramesOptions, MOST_WIDTH, Output};
use crate::error::ArrayError;
use crate::numbers;
use crate::source::{self, Source};

/// Names of the columns of the last width: those of all values share them.
#[derive(Default)]
struct Names(std::sync::Mutex<Arc<[String]>>);

/// Names of columns: their numbers, from 1.
pub(super) fn names(width: usize) -> Arc<[String]> {
    (1..=width).map(|number| number.to_string()).collect()
}

/// A value as a signal of sound frames.
pub(super) fn open(side: &Side<FramesOptions>, value: &Value) -> Result<Signal, AdapterError> {
    let signal = match value {
        Value::Signal(signal) => signal.clone(),
        // Vectors that follow each other are one sequence.
        Value::Series(values) => {
            let parts = values.iter().map(|value| open(side, value)).collect::<Result<Vec<_>, _>>()?;
            joined(side, &parts)?
        }
        other => source::read(other, "frames", |source, part| {
            let (width, rows) = rows(source, part, side.width)?;
            of_rows(side, width, &rows)
        })?,
    };
    Ok(signal)
}

/// Width and values, row after row, of a file or a text.
pub(super) fn rows(
    source: Source<'_>,
    part: Option<Part>,
    wanted: Option<usize>,
) -> Result<(usize, Vec<f32>), ArrayError> {
    let array = match source {
        Source::Text(text) => return numbers::rows(text),
        Source::Array(array) => array,
    };
    let (shape, strides, start) = source::item(&array, 2, part)?;
    let ((frames, width), (down, right)) = match (shape, strides) {
        // One frame, unless a frame has one value.
        (&[len], &[stride]) if wanted == Some(1) => ((len, 1), (stride, 0)),
        (&[width], &[stride]) => ((1, width), (0, stride)),
        (&[frames, width], &[down, right]) => ((frames, width), (down, right)),
        _ => return Err(ArrayError::broken("has no axis: a frame has a value at least")),
    };
    // As many values as the file has, whatever its header says.
    if frames.saturating_mul(width) == 0 {
        return Ok((width, Vec::new()));
    }
    let value = |frame: usize, column: usize| array.value(start + frame * down + column * right);
    let values = (0..frames).flat_map(|frame| (0..width).map(move |column| (frame, column)));
    Ok((width, values.map(|(frame, column)| value(frame, column)).collect()))
}

/// A signal of rows that the options allow.
fn of_rows(side: &Side<FramesOptions>, width: usize, rows: &[f32]) -> Result<Signal, ArrayError> {
    if rows.is_empty() || width == 0 {
        return Err(ArrayError::Empty { unit: "frame" });
    }
    let frames = rows.len() / width;
    check(side, frames, width)?;
    if let Some(place) = rows.iter().position(|value| !value.is_finite()) {
        let value = rows[place].to_string();
        return Err(ArrayError::NotFinite { value, frame: place / width, column: place % width });
    }
    let kept = side.kept().get::<Names>();
    let mut kept = kept.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if kept.len() != width {
        *kept = names(width);
    }
    signal(side.frames_a_second(), kept.clone(), rows).ok_or(ArrayError::Empty { unit: "frame" })
}

/// Checks the number of frames and their width against the options.
fn check(options: &FramesOptions, frames: usize, width: usize) -> Result<(), ArrayError> {
    if let Some(wanted) = options.width.filter(|wanted| *wanted != width) {
        return Err(ArrayError::Width { found: width, width: wanted });
    }
    if width > MOST_WIDTH {
        return Err(ArrayError::Width { found: width, width: MOST_WIDTH });
    }
    if frames > options.longest {
        return Err(ArrayError::Length { found: frames, option: "longest", allowed: options.longest });
    }
    match options.output {
        Some(Output::Frames(written)) if written.count.is_some_and(|count| count != frames) => {
            let allowed = written.count.unwrap_or_default();
            Err(ArrayError::Length { found: frames, option: "output.frames.count", allowed })
        }
        _ => Ok(()),
    }
}

/// A signal with a channel for each column.
pub(super) fn signal(rate: f64, names: Arc<[String]>, rows: &[f32]) -> Option<Signal> {
    let width = names.len().max(1);
    let column = |column: usize| rows.iter().skip(column).step_by(width).copied();
    let samples: Vec<f32> = (0..width).flat_map(column).collect();
    Signal::new(rate, names, samples)
}

/// The rows of a signal: its values, frame after frame.
pub(super) fn rows_of(signal: &Signal) -> Vec<f32> {
    let (width, frames) = (signal.channels().len(), signal.len());
    let samples = signal.samples();
    (0..frames).flat_map(|frame| (0..width).map(move |column| samples[column * frames + frame])).collect()
}

fn joined(side: &Side<FramesOptions>, parts: &[Signal]) -> Result<Signal, AdapterError> {
    let first = parts.first().ok_or(ArrayError::Empty { unit: "frame" })?;
    let width = first.channels().len();
    if let Some(other) = parts.iter().find(|part| part.channels().len() != width) {
        return Err(ArrayError::Width { found: other.channels().len(), width }.into());
    }
    let rows: Vec<f32> = parts.iter().flat_map(rows_of).collect();
    Ok(of_rows(side, width, &rows)?)
}
