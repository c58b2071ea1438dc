//! The steps over a whole recording: reference, filter, resampling, standardisation.

use crate::error::EegError;
use crate::files::{Recording, Wanted, matching, warn_of_volts};
use crate::options::{EegOptions, Reference, Standardize};
use crate::preprocessing::filter::{forward_backward, sections};
use crate::preprocessing::resample::Resampler;
use crate::preprocessing::standardize::{moments, moving, standard};

/// A recording from which epochs can be cut.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Filtered and resampled, in microvolts.
    pub recording: Recording,
    /// Standardised values, where that is done over more than the epoch.
    pub standardized: Option<Vec<Vec<f32>>>,
    /// The rate before resampling.
    pub own_rate: f64,
}

/// The channels to read: those chosen, and the one they are measured against.
pub(crate) fn channels(options: &EegOptions) -> Option<Vec<String>> {
    let mut channels = options.channels.clone()?;
    if let Reference::Channel(reference) = &options.reference {
        channels.push(reference.clone());
    }
    Some(channels)
}

/// The request to the reader of a file.
pub(crate) fn wanted<'a>(options: &EegOptions, channels: &'a Option<Vec<String>>) -> Wanted<'a> {
    Wanted { channels: channels.as_deref(), rate: options.rate }
}

/// Prepares a whole recording. `name` is the file, for messages.
pub(crate) fn prepare(
    options: &EegOptions,
    mut recording: Recording,
    name: &str,
) -> Result<Prepared, EegError> {
    let broken = |reason: String| EegError::Recording { file: name.to_owned(), reason };
    if recording.samples.iter().flatten().any(|value| !value.is_finite()) {
        return Err(broken("has samples that are no numbers (NaN or infinite)".to_owned()));
    }
    let Recording { rate, channels, samples, warnings } = &mut recording;
    warn_of_volts(samples, channels, Some(*rate), warnings);
    rereference(&options.reference, &mut recording).map_err(broken)?;
    if let Some(filter) = &options.filter {
        for group in sections(filter, recording.rate)? {
            for samples in &mut recording.samples {
                *samples = forward_backward(&group, samples).ok_or_else(|| {
                    broken(format!("has {} samples, too few for the filter", samples.len()))
                })?;
            }
        }
    }
    let own_rate = recording.rate;
    if let Some(rate) = options.resample
        && let Some(resampler) = Resampler::new(own_rate, rate)?
    {
        for samples in &mut recording.samples {
            *samples = resampler.apply(samples)?;
        }
        recording.rate = rate;
    }
    let standardized = match &options.standardize {
        Standardize::None | Standardize::Epoch => None,
        Standardize::Recording => Some(each(&recording, |samples| {
            let moments = moments(samples);
            samples.iter().map(|&value| standard(value, moments)).collect()
        })),
        Standardize::Moving(options) => {
            let window = (options.seconds * recording.rate).round() as usize;
            Some(each(&recording, |samples| moving(samples, window)))
        }
    };
    Ok(Prepared { recording, standardized, own_rate })
}

fn each(recording: &Recording, standardize: impl Fn(&[f32]) -> Vec<f32>) -> Vec<Vec<f32>> {
    recording.samples.iter().map(|samples| standardize(samples)).collect()
}

/// Subtracts the reference from every channel; a channel that is the reference itself goes.
fn rereference(reference: &Reference, recording: &mut Recording) -> Result<(), String> {
    let subtracted: Vec<f32> = match reference {
        Reference::None => return Ok(()),
        Reference::Average => {
            let count = recording.samples.len() as f64;
            let mean = |sample: usize| {
                recording.samples.iter().map(|channel| f64::from(channel[sample])).sum::<f64>() / count
            };
            (0..recording.len()).map(|sample| mean(sample) as f32).collect()
        }
        Reference::Channel(name) => {
            let number = matching(&recording.channels, std::slice::from_ref(name))?[0];
            if recording.channels.len() == 1 {
                return Err(format!("has no channel but the reference '{name}'"));
            }
            recording.channels.remove(number);
            recording.samples.remove(number)
        }
    };
    for channel in &mut recording.samples {
        channel.iter_mut().zip(&subtracted).for_each(|(value, reference)| *value -= reference);
    }
    Ok(())
}
