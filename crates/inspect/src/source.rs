//! Sources for inspection: opened and encoded, with a label for each position.

use any2any_adapter::{OpenedValue, Value};
use any2any_run::Task;
use any2any_translate::TranslateError;

use super::{Position, ReadSource};

impl ReadSource {
    /// Opens and encodes a source.
    ///
    /// # Errors
    ///
    /// If the task has no source, or its medium cannot read the value.
    pub fn of(task: &Task, value: &Value) -> Result<Self, TranslateError> {
        let OpenedValue { value, warnings } = task.sides().opened_source(value)?;
        // Of a source that is read in several windows, the first is looked at.
        let (value, mut warnings) = (value, warnings);
        let mut windows = task.encode_windows(&value)?;
        if let [_, next, ..] = &windows[..] {
            warnings.push(format!(
                "only its first {:.1} seconds, which the model reads at once, are shown",
                next.0
            ));
        }
        let (_, encoded) = windows.swap_remove(0);
        let adapter = task.source();
        let unknown = adapter.map(|adapter| adapter.unknown(&encoded, &value)).unwrap_or_default();
        let tokens = encoded.sequence.tokens();
        let label = |place: usize| Some(adapter?.show(*tokens?.get(place)?));
        let positions = encoded.regions.into_iter().enumerate();
        let positions = positions.map(|(place, region)| Position { label: label(place), region }).collect();
        Ok(Self { value, positions, sequence: encoded.sequence, unknown, warnings })
    }
}
