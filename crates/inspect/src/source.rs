//! Sources for inspection: opened and encoded, with a label for each position.

use any2any_adapter::{OpenedValue, Signal, Value, Window};
use any2any_run::Task;
use any2any_translate::TranslateError;

use super::input::wrong;
use super::{Position, ReadSource, SourceWindow};

impl ReadSource {
    /// Opens and encodes a source; of one that is read in several windows, the first.
    ///
    /// # Errors
    ///
    /// If the task has no source, or its medium cannot read the value.
    pub fn of(task: &Task, value: &Value) -> Result<Self, TranslateError> {
        Self::of_window(task, value, 0)
    }

    /// Opens and encodes a window of a source, by its number from 0. A source that is read at once is one window.
    ///
    /// # Errors
    ///
    /// If the task has no source, its medium cannot read the value, or there is no such window.
    pub fn of_window(task: &Task, value: &Value, number: usize) -> Result<Self, TranslateError> {
        let OpenedValue { value, warnings } = task.sides().opened_source(value)?;
        let mut windows = task.windows(&value)?;
        let count = windows.len().max(1);
        if number >= count {
            return Err(wrong(format!("there is no window {number}: the source is read in {count}, from 0")));
        }
        let end = windows.get(number + 1).map(|next| next.start);
        let (window, value) = match count {
            1 => (None, value),
            count => {
                let Window { value: of_window, start } = windows.swap_remove(number);
                let end = end.or(value.as_signal().map(Signal::seconds)).unwrap_or(start);
                (Some(SourceWindow { number, count, start, end }), of_window)
            }
        };
        let encoded = task.encode_source(&value)?;
        let adapter = task.source();
        let unknown = adapter.map(|adapter| adapter.unknown(&encoded, &value)).unwrap_or_default();
        let tokens = encoded.sequence.tokens();
        let label = |place: usize| Some(adapter?.show(*tokens?.get(place)?));
        let positions = encoded.regions.into_iter().enumerate();
        let positions = positions.map(|(place, region)| Position { label: label(place), region }).collect();
        Ok(Self { value, window, positions, sequence: encoded.sequence, unknown, warnings })
    }
}
