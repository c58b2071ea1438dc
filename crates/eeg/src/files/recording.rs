//! A recording in memory, whatever file it came from.

use any2any_adapter::{File, Part, Signal};

use crate::error::EegError;
use crate::files::edf::Edf;
use crate::files::{EXTENSIONS, npy, table};

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
}

/// What is asked of a file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    /// The channels; `None`: all.
    pub channels: Option<&'a [String]>,
    /// The rate of files that do not say theirs.
    pub rate: Option<f64>,
}

impl Recording {
    /// The channels that are wanted, in their order.
    pub(crate) fn read(file: &File, wanted: Wanted<'_>) -> Result<Self, EegError> {
        let broken = |reason: String| EegError::recording(file, reason);
        let bytes = file.bytes().map_err(|error| broken(error.to_string()))?;
        let rate = || {
            wanted.rate.ok_or_else(|| {
                EegError::option("rate", format!("{file} does not say its rate: give it in hertz"))
            })
        };
        let recording = match file.extension().as_str() {
            "edf" | "bdf" => return Edf::new(bytes).and_then(|edf| edf.read(wanted)).map_err(broken),
            "npy" => {
                let trial = match file.part() {
                    Some(Part::Item(number)) => Some(number),
                    _ => None,
                };
                npy::read(&bytes, rate()?, trial).map_err(broken)?
            }
            "csv" => table::read(&bytes, rate()?).map_err(broken)?,
            other => {
                let known = EXTENSIONS.join(", ");
                return Err(broken(format!("'.{other}' is no recording that is known: use {known}")));
            }
        };
        recording.select(wanted.channels).map_err(broken)
    }

    /// The channels of a signal that are wanted, in their order.
    pub(crate) fn from_signal(signal: &Signal, wanted: Option<&[String]>) -> Result<Self, String> {
        let samples = (0..signal.channels().len()).map(|channel| signal.channel(channel).to_vec()).collect();
        Self { rate: signal.rate(), channels: signal.channels().to_vec(), samples }.select(wanted)
    }

    /// How many samples each channel has.
    pub(crate) fn len(&self) -> usize {
        self.samples.first().map_or(0, Vec::len)
    }

    fn select(mut self, wanted: Option<&[String]>) -> Result<Self, String> {
        let Some(wanted) = wanted else { return Ok(self) };
        let chosen: Vec<usize> = matching(&self.channels, wanted)?;
        let channels = chosen.iter().map(|&channel| self.channels[channel].clone()).collect();
        let samples = chosen.iter().map(|&channel| std::mem::take(&mut self.samples[channel])).collect();
        Ok(Self { rate: self.rate, channels, samples })
    }
}

/// The numbers of the channels of some names; each of them once.
pub(crate) fn matching(channels: &[String], wanted: &[String]) -> Result<Vec<usize>, String> {
    let there_are = || channels.join(", ");
    let mut chosen: Vec<usize> = Vec::with_capacity(wanted.len());
    for name in wanted {
        let exact = channels.iter().position(|channel| channel == name);
        let alike = || channels.iter().position(|channel| plain(channel) == plain(name));
        let number = exact.or_else(alike);
        let number = number.ok_or_else(|| format!("has no channel '{name}', but these: {}", there_are()))?;
        if chosen.contains(&number) {
            return Err(format!("channel '{name}' is asked for twice"));
        }
        chosen.push(number);
    }
    Ok(chosen)
}

/// A channel's name without what programs add to it: `EEG Fc5.` is `fc5`.
fn plain(name: &str) -> String {
    let lower = name.to_lowercase();
    lower.strip_prefix("eeg ").unwrap_or(&lower).trim_matches(['.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names, and the channels or the error that they give.
    type Case = (&'static [&'static str], Result<Vec<usize>, &'static str>);

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn channels_are_found_by_their_plain_names() {
        let there = names(&["EEG Fc5.", "Oz", "OZ"]);
        let cases: [Case; 5] = [
            (&["OZ", "fc5"], Ok(vec![2, 0])),
            (&["Oz"], Ok(vec![1])),
            (&["oz"], Ok(vec![1])),
            (&["Pz"], Err("has no channel 'Pz', but these: EEG Fc5., Oz, OZ")),
            (&["Oz", "oz"], Err("channel 'oz' is asked for twice")),
        ];
        for (wanted, expected) in cases {
            assert_eq!(matching(&there, &names(wanted)), expected.map_err(str::to_owned), "{wanted:?}");
        }
    }
}
