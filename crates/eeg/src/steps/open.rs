//! Values opened: a file read and prepared, an epoch cut, a series joined.

use any2any_adapter::{AdapterError, Signal, Value};

use crate::error::EegError;
use crate::files::Recording;
use crate::options::EegOptions;
use crate::steps::cache::prepared;
use crate::steps::epoch::cut;
use crate::steps::margin::Cut;
use crate::steps::recording::{channels, prepare};

/// A value as the adapter takes it: a signal.
pub(crate) fn open(options: &EegOptions, value: &Value) -> Result<Value, AdapterError> {
    Ok(Value::Signal(signal(options, value)?))
}

fn signal(options: &EegOptions, value: &Value) -> Result<Signal, AdapterError> {
    match value {
        Value::File(file) => {
            let prepared = prepared(options, file)?;
            Ok(cut(options, &prepared, file.part(), &file.to_string())?)
        }
        Value::Signal(signal) => {
            let channels = channels(options);
            let name = signal.to_string();
            let recording = Recording::from_signal(signal, channels.as_deref())
                .map_err(|reason| EegError::Recording { file: name.clone(), reason })?;
            let prepared = prepare(options, recording, &name)?;
            Ok(cut(options, &prepared, None, &name)?)
        }
        Value::Series(values) => {
            let signals = values.iter().map(|value| signal_of(options, value));
            Ok(join(options, &signals.collect::<Result<Vec<_>, _>>()?)?)
        }
        other => Err(AdapterError::other_medium("a recording", other)),
    }
}

/// A value of a series; a series in a series is not one.
fn signal_of(options: &EegOptions, value: &Value) -> Result<Signal, AdapterError> {
    match value {
        Value::Series(_) => Err(EegError::value("a series within a series cannot be joined").into()),
        _ => signal(options, value),
    }
}

/// Signals one after the other, with the gap between them.
fn join(options: &EegOptions, signals: &[Signal]) -> Result<Signal, EegError> {
    let first = signals.first().ok_or_else(|| EegError::value("a series without a recording"))?;
    if let Some(other) =
        signals.iter().find(|other| other.rate() != first.rate() || other.channels() != first.channels())
    {
        return Err(EegError::value(format!(
            "{first} and {other} cannot be joined: choose 'channels' and 'resample' so that they fit"
        )));
    }
    let gap = Cut::new(options, first.rate()).gap();
    let len = signals.iter().map(|signal| signal.len() + gap).sum::<usize>();
    let mut samples = Vec::with_capacity(first.channels().len() * len);
    for channel in 0..first.channels().len() {
        for (number, signal) in signals.iter().enumerate() {
            samples.extend(std::iter::repeat_n(0.0, if number == 0 { 0 } else { gap }));
            samples.extend_from_slice(signal.channel(channel));
        }
    }
    Signal::new(first.rate(), first.channels(), samples)
        .ok_or_else(|| EegError::value("a series without a channel"))
}
