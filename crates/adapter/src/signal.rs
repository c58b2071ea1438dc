//! Signals: channels sampled over time.

use std::fmt;
use std::sync::Arc;

/// One or more channels, sampled together at a steady rate. Cloning shares the samples.
///
/// ```
/// use any2any_adapter::Signal;
///
/// let electrodes = ["Oz", "O1"].map(str::to_owned);
/// let microvolts = vec![12.0, -7.5, 3.0, 8.0, 9.5, 11.0];
/// let recording = Signal::new(256.0, electrodes.clone(), microvolts).expect("two rows of three");
/// assert_eq!(recording.channel(1), [8.0, 9.5, 11.0]);
/// assert_eq!(recording.to_string(), "0.01 s of 2 channels at 256 Hz");
/// // Five samples do not divide into two channels.
/// assert!(Signal::new(256.0, electrodes, vec![0.0; 5]).is_none());
/// ```
///
/// # Shapes
///
/// - samples: `[channels, samples]`, row-major; sounds in -1 to 1, an EEG in microvolts
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    rate: f64,
    channels: Arc<[String]>,
    samples: Arc<[f32]>,
    start: f64,
}

impl Signal {
    /// A signal from its samples, channel after channel. `rate` is in hertz.
    ///
    /// Returns `None` when the rate is not positive and finite, there is no channel, or the samples do not
    /// divide into channels.
    pub fn new(
        rate: f64,
        channels: impl Into<Arc<[String]>>,
        samples: impl Into<Arc<[f32]>>,
    ) -> Option<Self> {
        let (channels, samples) = (channels.into(), samples.into());
        let sound = rate.is_finite() && rate > 0.0 && !channels.is_empty();
        (sound && samples.len().is_multiple_of(channels.len())).then_some(Self {
            rate,
            channels,
            samples,
            start: 0.0,
        })
    }

    /// A signal of one channel, called `mono`.
    ///
    /// Returns `None` when the rate is not positive and finite.
    pub fn mono(rate: f64, samples: impl Into<Arc<[f32]>>) -> Option<Self> {
        Self::new(rate, ["mono".to_owned()], samples)
    }

    /// The signal with another time of its first sample, in seconds after what the signal is timed by: the event that it was
    /// cut out around, where there is one. Times that are drawn below it count from there.
    ///
    /// ```
    /// use any2any_adapter::Signal;
    ///
    /// let recording = Signal::mono(100.0, vec![0.0; 150]).expect("a rate");
    /// assert_eq!(recording.starting_at(-0.5).start(), -0.5);
    /// ```
    #[must_use]
    pub fn starting_at(self, start: f64) -> Self {
        Self { start, ..self }
    }

    /// The time of the first sample, in seconds: 0 unless [`Signal::starting_at`] says otherwise.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// Samples a second, in hertz.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The names of the channels.
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// Number of samples of each channel.
    pub fn len(&self) -> usize {
        self.samples.len() / self.channels.len()
    }

    /// True if there is no sample.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// The duration in seconds.
    pub fn seconds(&self) -> f64 {
        self.len() as f64 / self.rate
    }

    /// The samples of one channel.
    ///
    /// # Panics
    ///
    /// When there is no channel of that number.
    pub fn channel(&self, number: usize) -> &[f32] {
        let len = self.len();
        &self.samples[number * len..][..len]
    }

    /// All samples, channel after channel.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.channels.len() == 1 { "" } else { "s" };
        let channels = self.channels.len();
        write!(f, "{:.2} s of {channels} channel{plural} at {} Hz", self.seconds(), self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_divide_into_channels() {
        let names = ["Oz".to_owned(), "O1".to_owned()];
        let signal = Signal::new(2.0, names.clone(), vec![1.0, 2.0, 3.0, 4.0]).expect("two by two");
        assert_eq!((signal.len(), signal.seconds(), signal.channel(1)), (2, 1.0, &[3.0, 4.0][..]));
        assert_eq!(signal.to_string(), "1.00 s of 2 channels at 2 Hz");
        assert!(Signal::new(2.0, names, vec![1.0, 2.0, 3.0]).is_none());
        assert!(Signal::mono(0.0, vec![1.0]).is_none());
        assert!(Signal::mono(f64::NAN, vec![1.0]).is_none());
    }
}
