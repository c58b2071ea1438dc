//! A recording in memory, from any kind of file.

use any2any_adapter::{File, Magnitude, Signal};

use crate::error::EegError;
use crate::files::format;
use crate::files::names::matching;

/// Largest plausible voltage: the range of an amplifier, with the offset of its electrodes, is some 0.4 V.
const AMPLIFIER: Magnitude = Magnitude {
    most: 1e6,
    unit: " uV",
    bound: "(1 V) that no amplifier records",
    cause: "the numbers may be counts of a converter, or of another unit than was read; multiply them so that they are \
            microvolts, or name their unit in the file",
};

/// Warns of samples beyond any plausible voltage; without a rate they are counted.
pub(crate) fn warn_of_volts(
    samples: &[Vec<f32>],
    channels: &[String],
    rate: Option<f64>,
    warnings: &mut Vec<String>,
) {
    if samples.iter().all(|samples| AMPLIFIER.holds(samples)) {
        return;
    }
    let places = samples.iter().enumerate().flat_map(|(channel, samples)| {
        samples.iter().enumerate().map(move |(sample, value)| (channel, sample, *value))
    });
    warnings.extend(AMPLIFIER.warning(places, channels, rate));
}

/// Channels sampled together at one rate.
///
/// # Shapes
///
/// - samples: `[channels][samples]`, in microvolts where the file says so
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recording {
    /// Samples a second.
    pub rate: f64,
    /// The names of the channels.
    pub channels: Vec<String>,
    /// The samples of each channel; all are equally many.
    pub samples: Vec<Vec<f32>>,
    /// Warnings about the file, and about decisions in reading it.
    pub warnings: Vec<String>,
}

/// The contents of a file, before any option adds to them.
///
/// # Shapes
///
/// - samples: `[channels][samples]`, in microvolts where the file says so
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Decoded {
    /// The format, with its variant: `EDF+C, 16 bit integers`.
    pub format: String,
    /// Samples a second, if the file has them.
    pub rate: Option<f64>,
    /// True if the rate was measured from the times of samples, so that the option `rate` is preferred.
    pub measured: bool,
    /// The names of the channels.
    pub channels: Vec<String>,
    /// The samples of each channel; all are equally many.
    pub samples: Vec<Vec<f32>>,
    /// Warnings about the file, and about decisions in reading it.
    pub warnings: Vec<String>,
}

/// Request to a reader: channels and rate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    /// The channels; `None`: all that are EEG.
    pub channels: Option<&'a [String]>,
    /// The rate of files that have none.
    pub rate: Option<f64>,
}

/// Treatment of channels of several rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Rates {
    /// Refuses several rates: the user chooses among the channels before training.
    #[default]
    One,
    /// Brings all channels to the highest rate, to be displayed.
    Highest,
}

impl Recording {
    /// The channels that are wanted, in their order.
    pub(crate) fn read(file: &File, wanted: Wanted<'_>) -> Result<Self, EegError> {
        let Decoded { rate, measured, channels, samples, mut warnings, .. } =
            Decoded::read(file, wanted.channels, Rates::One)?;
        if let (Some(given), Some(own)) = (wanted.rate, rate)
            && (given / own - 1.0).abs() > 0.01
        {
            let counts = if measured { given } else { own };
            warnings.push(format!("the file has {own} Hz and 'rate' is {given} Hz: {counts} Hz is taken"));
        }
        let rate = if measured { wanted.rate.or(rate) } else { rate.or(wanted.rate) };
        let rate = rate.ok_or_else(|| {
            EegError::option("rate", format!("{file} does not say its rate: give it in hertz"))
        })?;
        Ok(Self { rate, channels, samples, warnings })
    }

    /// The channels of a signal that are wanted, in their order.
    pub(crate) fn from_signal(signal: &Signal, wanted: Option<&[String]>) -> Result<Self, String> {
        let chosen = match wanted {
            Some(wanted) => matching(signal.channels(), wanted)?,
            None => (0..signal.channels().len()).collect(),
        };
        let channels = chosen.iter().map(|&number| signal.channels()[number].clone()).collect();
        let samples = chosen.iter().map(|&number| signal.channel(number).to_vec()).collect();
        Ok(Self { rate: signal.rate(), channels, samples, warnings: Vec::new() })
    }

    /// Number of samples of each channel.
    pub(crate) fn len(&self) -> usize {
        self.samples.first().map_or(0, Vec::len)
    }
}

impl Decoded {
    /// The channels of a file that are wanted, in their order.
    pub(crate) fn read(file: &File, channels: Option<&[String]>, rates: Rates) -> Result<Self, EegError> {
        format::read(file, channels, rates).map_err(|reason| EegError::recording(file, reason))
    }

    /// Number of samples of each channel.
    pub(crate) fn len(&self) -> usize {
        self.samples.first().map_or(0, Vec::len)
    }
}
