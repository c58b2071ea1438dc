//! Segments of a transcript: what is said from when to when.

use any2any_adapter::{Adapter, AdapterError, Sequence, Value};
use any2any_run::Timestamps;

/// A piece of a transcript, with its time in the recording.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Segment {
    /// Its start in seconds.
    pub start: f64,
    /// Its end in seconds.
    pub end: f64,
    /// Its text.
    pub text: String,
}

/// The segments that tokens with timestamps among them say; tokens of the prompt have no part in it.
///
/// Text behind the last of them ends where a window does.
pub(crate) fn segments(
    tokens: &[u32],
    timestamps: &Timestamps,
    adapter: &dyn Adapter,
) -> Result<Vec<Segment>, AdapterError> {
    let mut segments = Vec::new();
    let (mut start, mut text) = (0.0, Vec::new());
    let mut finish = |start: f64, end: f64, text: &mut Vec<u32>| -> Result<(), AdapterError> {
        if text.is_empty() {
            return Ok(());
        }
        let decoded = adapter.decode(&Sequence::Tokens(std::mem::take(text)))?;
        if let Value::Text(text) = decoded.value
            && !text.trim().is_empty()
        {
            segments.push(Segment { start, end, text: text.trim().to_owned() });
        }
        Ok(())
    };
    for &token in tokens {
        match timestamps.seconds(token) {
            Some(timestamp) => {
                finish(start, timestamp, &mut text)?;
                start = timestamp;
            }
            None => text.push(token),
        }
    }
    let longest = f64::from(timestamps.count.saturating_sub(1)) * timestamps.step;
    finish(start, longest, &mut text)?;
    Ok(segments)
}
