//! Opening of values: a file is read and prepared, an epoch cut, a series joined.

use any2any_adapter::{AdapterError, OpenedValue, Signal, Value};

use crate::error::EegError;
use crate::files::{Recording, order};
use crate::options::EegOptions;
use crate::preprocessing::cache::Cache;
use crate::preprocessing::epoch::cut;
use crate::preprocessing::margin::Cut;
use crate::preprocessing::recording::{channels, prepare};

/// A value as the adapter takes it: a signal.
pub(crate) fn open(options: &EegOptions, cache: &Cache, value: &Value) -> Result<OpenedValue, AdapterError> {
    let mut warnings = Vec::new();
    let value = Value::Signal(signal(options, cache, value, &mut warnings)?);
    Ok(OpenedValue { value, warnings })
}

fn signal(
    options: &EegOptions,
    cache: &Cache,
    value: &Value,
    warnings: &mut Vec<String>,
) -> Result<Signal, AdapterError> {
    match value {
        Value::File(file) => {
            let prepared = cache.prepared(options, file)?;
            add(&prepared.recording.warnings, warnings);
            Ok(cut(options, &prepared, file.part(), &file.to_string())?)
        }
        Value::Signal(signal) => {
            let channels = channels(options);
            let name = signal.to_string();
            let recording = Recording::from_signal(signal, channels.as_deref())
                .map_err(|reason| EegError::Recording { file: name.clone(), reason })?;
            let prepared = prepare(options, recording, &name)?;
            add(&prepared.recording.warnings, warnings);
            Ok(cut(options, &prepared, None, &name)?)
        }
        Value::Series(values) => {
            let signals = values.iter().map(|value| signal_of(options, cache, value, warnings));
            Ok(join(options, &signals.collect::<Result<Vec<_>, _>>()?)?)
        }
        other => Err(AdapterError::other_medium("a recording", other)),
    }
}

/// Adds the warnings that are not there yet.
fn add(new: &[String], warnings: &mut Vec<String>) {
    for warning in new {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
}

/// A value of a series; a series in a series is not one.
fn signal_of(
    options: &EegOptions,
    cache: &Cache,
    value: &Value,
    warnings: &mut Vec<String>,
) -> Result<Signal, AdapterError> {
    match value {
        Value::Series(_) => Err(EegError::value("a series within a series cannot be joined").into()),
        _ => signal(options, cache, value, warnings),
    }
}

/// Signals one after the other, with the gap between them; all are timed by the event of the first.
fn join(options: &EegOptions, signals: &[Signal]) -> Result<Signal, EegError> {
    let first = signals.first().ok_or_else(|| EegError::value("a series without a recording"))?;
    let unfit = |other: &Signal, reason: &str| {
        EegError::value(format!(
            "{first} and {other}{reason} cannot be joined: choose 'channels' and 'resample' so that they fit"
        ))
    };
    if let Some(other) = signals.iter().find(|other| other.rate() != first.rate()) {
        return Err(unfit(other, ""));
    }
    // The places of the first signal's channels in each.
    let places = signals.iter().map(|other| {
        order(first.channels(), other.channels())
            .map_err(|reason| unfit(other, &format!(", which {reason},")))
    });
    let places = places.collect::<Result<Vec<_>, _>>()?;
    let gap = Cut::new(options, first.rate()).gap();
    let len = signals.iter().map(|signal| signal.len() + gap).sum::<usize>();
    let mut samples = Vec::with_capacity(first.channels().len() * len);
    for channel in 0..first.channels().len() {
        for (number, (signal, places)) in signals.iter().zip(&places).enumerate() {
            samples.extend(std::iter::repeat_n(0.0, if number == 0 { 0 } else { gap }));
            samples.extend_from_slice(signal.channel(places[channel]));
        }
    }
    Signal::new(first.rate(), first.channels(), samples)
        .map(|signal| signal.starting_at(first.start()))
        .ok_or_else(|| EegError::value("a series without a channel"))
}
