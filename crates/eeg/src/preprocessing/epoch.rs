//! Epochs: spans that are cut out of a prepared recording around an event.

use any2any_adapter::{Part, Signal};

use crate::error::EegError;
use crate::options::{EegOptions, Span, Standardize};
use crate::preprocessing::margin::Cut;
use crate::preprocessing::recording::Prepared;
use crate::preprocessing::standardize::{moments, standard};

/// The epoch around an event, in the units that the options ask for; it is timed by the event. `name` is the file and the
/// event.
pub(crate) fn cut(
    options: &EegOptions,
    prepared: &Prepared,
    event: Option<Part>,
    name: &str,
) -> Result<Signal, EegError> {
    let recording = &prepared.recording;
    let broken = |reason: String| EegError::Recording { file: name.to_owned(), reason };
    let event = match event {
        None | Some(Part::Item(_)) => 0.0,
        Some(Part::Sample(sample)) => sample as f64 / prepared.own_rate,
        Some(Part::Second(second)) if second.is_finite() => second,
        Some(_) => return Err(broken("a recording has no such part: give a sample or a second".to_owned())),
    };
    let (rate, len) = (recording.rate, recording.len());
    let place = |span: Span, option: &str| {
        let start = ((event + span.from) * rate).round();
        let samples = (span.seconds() * rate).round().max(1.0);
        if start < 0.0 || start + samples > len as f64 {
            return Err(broken(format!(
                "the {option} from {} to {} s around second {event:.3} leaves the recording of {:.3} s",
                span.from,
                span.to,
                len as f64 / rate
            )));
        }
        Ok((start as usize, samples as usize))
    };
    let (start, samples) = match options.epoch {
        Some(epoch) => place(epoch, "epoch")?,
        None if event * rate < len as f64 => {
            let start = (event * rate).round().max(0.0) as usize;
            (start, len - start.min(len))
        }
        None => return Err(broken(format!("second {event:.3} lies behind its end"))),
    };
    if samples == 0 {
        return Err(broken("has no samples".to_owned()));
    }
    let baseline = options.baseline.map(|span| place(span, "baseline")).transpose()?;
    let margin = Cut::new(options, rate).margin();
    let mut values = Vec::with_capacity(recording.samples.len() * (samples + 2 * margin));
    for (channel, microvolts) in recording.samples.iter().enumerate() {
        if let Some(most) = options.artefacts.peak_to_peak {
            let found = peak_to_peak(&microvolts[start..][..samples]);
            if found > most {
                let name = &recording.channels[channel];
                let reason =
                    format!("channel '{name}' changes by {found:.1} uV, more than {most}: an artefact");
                return Err(broken(reason));
            }
        }
        let source = prepared.standardized.as_ref().map_or(microvolts, |all| &all[channel]);
        let level = baseline.map_or(0.0, |(start, samples)| moments(&source[start..][..samples]).0);
        let epoch = &source[start..][..samples];
        let (mean, deviation) = match options.standardize {
            Standardize::Epoch => moments(epoch),
            _ => (level, 1.0),
        };
        // Margins beyond the recording repeat its first and its last sample.
        let wide = start as isize - margin as isize..(start + samples + margin) as isize;
        let sample = |place: isize| source[place.clamp(0, len as isize - 1) as usize];
        values.extend(wide.map(|place| standard(sample(place), (mean, deviation))));
    }
    let first = (start as f64 - margin as f64) / rate - event;
    Signal::new(rate, recording.channels.clone(), values)
        .map(|signal| signal.starting_at(first))
        .ok_or_else(|| broken("has no channel or no rate".to_owned()))
}

fn peak_to_peak(samples: &[f32]) -> f64 {
    let (least, greatest) =
        samples.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(least, greatest), &value| {
            (least.min(value), greatest.max(value))
        });
    f64::from(greatest) - f64::from(least)
}
