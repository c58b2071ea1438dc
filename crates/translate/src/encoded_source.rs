//! Encoded source: what a model reads of a value, all at once or in windows.

use any2any_adapter::{Encoded, OpenedValue, Sequence, Value, Window};
use any2any_run::{RunError, Task};

use crate::error::TranslateError;

/// What a model reads of a source, each with its window; none of a source that is read at once.
#[derive(Clone, Debug)]
pub struct EncodedSource(Vec<(Option<Window>, Sequence)>);

/// Windows of a source with their sequences.
pub(crate) type SourceWindows<'s> = Vec<(Option<&'s Window>, &'s Sequence)>;

impl From<Sequence> for EncodedSource {
    fn from(sequence: Sequence) -> Self {
        Self(vec![(None, sequence)])
    }
}

impl EncodedSource {
    /// Encodes an opened source.
    ///
    /// # Errors
    ///
    /// If the task has no source, or its medium or adapter cannot read the value.
    pub fn of(task: &Task, opened: &Value) -> Result<Self, RunError> {
        let windows = task.encode_windows(opened)?.into_iter();
        Ok(Self(windows.map(|(window, encoded)| (window, encoded.sequence)).collect()))
    }

    /// Opens and encodes a source; also gives the words of it that hold pieces unknown to the model, and warnings of its
    /// medium.
    ///
    /// # Errors
    ///
    /// Those of [`of`](Self::of).
    pub fn read(task: &Task, value: &Value) -> Result<(Self, Vec<String>, Vec<String>), TranslateError> {
        let OpenedValue { value, warnings } = task.sides().opened_source(value)?;
        let windows = task.encode_windows(&value)?;
        let unknown = |(_, encoded): &(Option<Window>, Encoded)| {
            task.source().map(|adapter| adapter.unknown(encoded, &value)).unwrap_or_default()
        };
        let unknown = windows.iter().flat_map(unknown).collect();
        let windows = windows.into_iter().map(|(window, encoded)| (window, encoded.sequence)).collect();
        Ok((Self(windows), unknown, warnings))
    }

    /// The sequences, one for each window.
    pub fn sequences(&self) -> impl ExactSizeIterator<Item = &Sequence> {
        self.0.iter().map(|(_, sequence)| sequence)
    }

    /// The number of positions of each window.
    pub fn lengths(&self) -> impl ExactSizeIterator<Item = usize> {
        self.sequences().map(Sequence::len)
    }

    /// The number of positions of all windows.
    pub fn positions(&self) -> usize {
        self.lengths().sum()
    }

    /// True if it is read in several windows.
    pub fn is_long(&self) -> bool {
        self.0.len() > 1
    }

    /// The windows with their sequences.
    pub(crate) fn windows(&self) -> SourceWindows<'_> {
        self.0.iter().map(|(window, sequence)| (window.as_ref(), sequence)).collect()
    }

    /// The same windows with other sequences.
    pub(crate) fn with_sequences(&self, sequences: impl IntoIterator<Item = Sequence>) -> Self {
        let windows = self.0.iter().map(|(window, _)| window.clone());
        Self(windows.zip(sequences).collect())
    }
}
