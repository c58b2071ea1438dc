//! Windows of a source: searched for one after the other, their outputs joined; what a transcript leaves of a window is
//! read once more.

use std::borrow::Cow;

use any2any_adapter::{Region, Sequence, Signal, Value, Window};
use any2any_run::Task;

use crate::decode::Output;
use crate::error::TranslateError;
use crate::segments::Segment;

/// A source, or a window of one, that is searched for.
pub(crate) struct Waiting<'a> {
    /// The number of the source among all.
    pub(crate) number: usize,
    /// The window; none of a source that is read at once.
    pub(crate) window: Option<Cow<'a, Window>>,
    pub(crate) sequence: Cow<'a, Sequence>,
}

/// Least duration by which a window has to go on, in seconds.
const PROGRESS: f64 = 1.0;

/// Least duration of what is read once more, in seconds.
const LEAST_REST: f64 = 0.3;

/// The rest of a window whose transcript stops before it: one that ends with two timestamps, of which the second begins a
/// piece that the model did not write any more.
pub(crate) fn rest(task: &Task, window: &Window, output: &Output) -> Option<Window> {
    let timestamps = task.timestamps().ok()?;
    let (&last, before) = output.tokens().split_last()?;
    let (start, _) = (timestamps.seconds(last)?, timestamps.seconds(*before.last()?)?);
    let signal = window.value.as_signal()?;
    let from = (start * signal.rate()) as usize;
    if start < PROGRESS || signal.len() as f64 / signal.rate() < start + LEAST_REST {
        return None;
    }
    let samples = signal.channel(0).get(from..)?.to_vec();
    let value = Value::Signal(Signal::mono(signal.rate(), samples)?);
    Some(Window { value, start: window.start + start })
}

/// The outputs of a source: all of one that was read at once, and else the best of each window, joined.
pub(crate) fn of_windows(
    task: &Task,
    mut found: Vec<(Option<f64>, Vec<Output>)>,
) -> Result<Vec<Output>, TranslateError> {
    found.sort_by(|(a, _), (b, _)| a.unwrap_or(0.0).total_cmp(&b.unwrap_or(0.0)));
    if let [(start, outputs)] = &mut found[..] {
        let outputs = std::mem::take(outputs);
        return match *start {
            None => Ok(outputs),
            Some(start) => outputs.into_iter().map(|output| joined(task, [(start, output)])).collect(),
        };
    }
    let best = found.into_iter().filter_map(|(start, outputs)| Some((start?, outputs.into_iter().next()?)));
    Ok(vec![joined(task, best)?])
}

/// Outputs of the windows of one source, joined to one, without spaces before it.
///
/// # Errors
///
/// If the target is no text: nothing else can be joined.
fn joined(task: &Task, windows: impl IntoIterator<Item = (f64, Output)>) -> Result<Output, TranslateError> {
    let mut all = Output::empty();
    let (mut text, mut tokens) = (String::new(), Vec::new());
    for (seconds, output) in windows {
        let Value::Text(of_window) = &output.decoded.value else {
            let reason =
                "is read in several windows, whose outputs are no texts that could be joined: cut it shorter";
            return Err(TranslateError::Unsupported(format!(
                "this source of task '{}' {reason}",
                task.name()
            )));
        };
        let of_window_trimmed = of_window.trim_start();
        if !text.is_empty() && !of_window_trimmed.is_empty() {
            text.push(' ');
        }
        // Where the text of the window begins in the whole, less the spaces that are not taken over.
        let (start, cut) = (text.len(), of_window.len() - of_window_trimmed.len());
        text.push_str(of_window_trimmed);
        let shifted = |region: &Region| match region {
            Region::Bytes(range) => {
                let moved = |at: usize| at.saturating_sub(cut) + start;
                Region::Bytes(moved(range.start)..moved(range.end))
            }
            other => other.clone(),
        };
        all.decoded.regions.extend(output.decoded.regions.iter().map(shifted));
        tokens.extend_from_slice(output.tokens());
        all.segments.extend(output.segments.into_iter().map(|segment| Segment {
            start: segment.start + seconds,
            end: segment.end + seconds,
            ..segment
        }));
        all.score += output.score;
        all.log_probability += output.log_probability;
    }
    all.decoded.value = Value::Text(text);
    all.sequence = Sequence::Tokens(tokens);
    Ok(all)
}
