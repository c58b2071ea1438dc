//! Decoding of a file to one channel of samples.

use any2any_adapter::{Contents, Magnitude, Part};

use crate::channel::Channel;
use crate::error::AudioError;
use crate::formats::{self, Track};
use crate::resampling::RATES;

/// The samples of one channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Mono {
    /// Samples a second, in hertz.
    pub(crate) rate: usize,
    pub(crate) samples: Vec<f32>,
    /// Warnings about the sound, and about decisions in reading it.
    pub(crate) warnings: Vec<String>,
}

/// Largest overshoot of a plausible sound: floats exceed full scale by a few times if a mix was not limited.
const OVERSHOOT: Magnitude = Magnitude {
    most: 16.0,
    unit: "",
    bound: "times full scale, which is -1 to 1, that a sound may overshoot",
    cause: "integers may have been written as floats; divide 16 bits by 32768, 24 bits by 8388608",
};

/// Largest magnitude of a sample: floats that overshoot full scale, or hold 16 bit integers, lie well below.
const POSSIBLE: Magnitude = Magnitude { most: 65_536.0, ..OVERSHOOT };

/// Warns of samples beyond any plausible overshoot. `values` are `[samples, channels]`, row-major.
pub(crate) fn warn_of_overshoot(
    values: &[f32],
    channels: usize,
    channel: Channel,
    (start, rate): (usize, f64),
    warnings: &mut Vec<String>,
) {
    if OVERSHOOT.holds(values) {
        return;
    }
    let places = values.iter().enumerate().map(|(at, value)| (at % channels, start + at / channels, *value));
    let heard = places.filter(|(number, ..)| channel.hears(*number, channels));
    warnings.extend(OVERSHOOT.warning(heard, &[], Some(rate)));
}

/// True if all samples have a possible magnitude.
pub(crate) fn believable(samples: &[f32]) -> bool {
    POSSIBLE.holds(samples)
}

/// A rate in whole hertz, if it is one that can be resampled.
pub(crate) fn whole_rate(rate: f64) -> Result<usize, AudioError> {
    let (least, most) = (*RATES.start(), *RATES.end());
    let whole = rate.round();
    let fits = (least as f64..=most as f64).contains(&whole);
    if fits { Ok(whole as usize) } else { Err(AudioError::Rate { rate, least, most }) }
}

/// Excerpt of a sound that is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// The part at which it begins.
    pub(crate) part: Option<Part>,
    /// Longest duration that is taken, in seconds.
    pub(crate) take: Option<f64>,
    /// Longest duration that is allowed, in seconds: a longer sound is an error, and not decoded.
    pub(crate) longest: Option<f64>,
}

impl Wanted {
    /// Offset of the first sample.
    pub(crate) fn start(&self, rate: usize) -> Result<usize, AudioError> {
        match self.part {
            None => Ok(0),
            Some(Part::Sample(sample)) => Ok(usize::try_from(sample).unwrap_or(usize::MAX)),
            Some(Part::Second(second)) if second >= 0.0 => Ok((second * rate as f64).round() as usize),
            Some(Part::Second(_)) => Ok(0),
            Some(_) => Err(AudioError::Part),
        }
    }

    /// The most samples that are taken.
    pub(crate) fn taken(&self, rate: usize) -> usize {
        self.take.map_or(usize::MAX, |seconds| crate::mel::samples(seconds, rate))
    }

    /// The most samples that are decoded: one more than are allowed.
    pub(crate) fn most(&self, rate: usize) -> usize {
        let longest = self
            .longest
            .map_or(usize::MAX, |seconds| ((seconds * rate as f64).floor() as usize).saturating_add(1));
        self.taken(rate).min(longest)
    }
}

/// One channel of a file.
pub(crate) fn decode(bytes: &[u8], wanted: Wanted, channel: Channel) -> Result<Mono, AudioError> {
    let track = formats::find(bytes)?;
    let rate = whole_rate(track.rate)?;
    let start = wanted.start(rate)?;
    let excerpt = track.excerpt(start, wanted.most(rate))?;
    let seconds = |samples: usize| samples as f64 / rate as f64;
    if let Some(longest) = wanted.longest
        && seconds(excerpt.values.len() / track.channels) > longest
    {
        let whole = track.len().saturating_sub(start).min(wanted.taken(rate));
        return Err(AudioError::TooLong { seconds: seconds(whole), longest });
    }
    if excerpt.values.is_empty() {
        return Err(match excerpt.seen {
            0 => AudioError::Empty,
            seen => AudioError::Outside { seconds: seconds(seen) },
        });
    }
    let mut warnings = track.warnings;
    warnings.extend(excerpt.warnings);
    let samples = channel.of(&excerpt.values, track.channels, &mut warnings)?;
    warn_of_overshoot(&excerpt.values, track.channels, channel, (start, track.rate), &mut warnings);
    Ok(Mono { rate, samples, warnings })
}

/// The contents of a file, all channels, before any option is applied.
pub(crate) fn contents(bytes: &[u8]) -> Result<Contents, AudioError> {
    let track = formats::find(bytes)?;
    let excerpt = track.excerpt(0, usize::MAX)?;
    let Track { format, rate, channels, names, mut warnings, .. } = track;
    warnings.extend(excerpt.warnings);
    if excerpt.values.is_empty() {
        return Err(AudioError::Empty);
    }
    Channel::Mean.warn(&excerpt.values, channels, &mut warnings);
    if !believable(&excerpt.values) {
        warnings.push(AudioError::Sample.to_string());
    }
    warn_of_overshoot(&excerpt.values, channels, Channel::Mean, (0, rate), &mut warnings);
    Ok(Contents {
        format,
        axes: vec![("samples", excerpt.values.len() / channels), ("channels", channels)],
        values: excerpt.values,
        rate: Some(rate),
        channels: names,
        unit: "",
        warnings,
    })
}
