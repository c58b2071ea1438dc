//! Epochs with margins, so that a random shift moves real samples in.
//!
//! An opened epoch has a margin on both sides when `augment.time_shift` asks for it. Several epochs that stand for
//! one value are opened one after the other, with a gap of zeros between. Each epoch is encoded without its margins,
//! moved by a shift within them.
//!
//! ```text
//! opened  |margin|----epoch----|margin|gap|margin|----epoch----|margin|
//! seen           |----epoch----|      gap        |----epoch----|
//! ```

use any2any_adapter::Signal;

use crate::error::EegError;
use crate::options::EegOptions;

/// Layout of epochs in an opened signal, in samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The samples of an epoch; `None`: whole recordings, all of them one piece without margins.
    epoch: Option<usize>,
    margin: usize,
    gap: usize,
}

impl Cut {
    /// The cut that the options ask for at a rate in hertz.
    pub(crate) fn new(options: &EegOptions, rate: f64) -> Self {
        let samples = |seconds: f64| (seconds * rate).round().max(0.0) as usize;
        let epoch = options.epoch.map(|epoch| samples(epoch.seconds()));
        let margin = if epoch.is_some() { samples(options.margin()) } else { 0 };
        Self { epoch, margin, gap: samples(options.gap) }
    }

    /// Largest shift of an epoch, in samples.
    pub(crate) fn margin(self) -> usize {
        self.margin
    }

    /// The gap between two values that stand for one, in samples.
    pub(crate) fn gap(self) -> usize {
        self.gap
    }

    /// The samples that are encoded, channel after channel, each epoch moved by its shift.
    pub(crate) fn view(
        self,
        signal: &Signal,
        mut shift: impl FnMut() -> isize,
    ) -> Result<Vec<Vec<f32>>, EegError> {
        let channels = 0..signal.channels().len();
        let Some(epoch) = self.epoch.filter(|_| self.margin > 0) else {
            return Ok(channels.map(|channel| signal.channel(channel).to_vec()).collect());
        };
        let piece = epoch + 2 * self.margin;
        if !(signal.len() + self.gap).is_multiple_of(piece + self.gap) || signal.is_empty() {
            let reason = format!("{signal} does not divide into epochs: was it opened with these options?");
            return Err(EegError::value(reason));
        }
        let count = (signal.len() + self.gap) / (piece + self.gap);
        let starts: Vec<usize> = (0..count)
            .map(|number| {
                let margin = self.margin as isize;
                number * (piece + self.gap) + (margin + shift().clamp(-margin, margin)) as usize
            })
            .collect();
        let seen = |channel| {
            let samples = signal.channel(channel);
            let mut seen = Vec::with_capacity(count * (epoch + self.gap));
            for (number, &start) in starts.iter().enumerate() {
                seen.resize(number * (epoch + self.gap), 0.0);
                seen.extend_from_slice(&samples[start..][..epoch]);
            }
            seen
        };
        Ok(channels.map(seen).collect())
    }

    /// Place in the opened signal of a sample of the unshifted view.
    pub(crate) fn original(self, sample: usize) -> usize {
        match self.epoch.filter(|_| self.margin > 0) {
            None => sample,
            Some(epoch) => {
                let (number, within) = (sample / (epoch + self.gap), sample % (epoch + self.gap));
                let margins = if within < epoch { self.margin } else { 2 * self.margin };
                number * (epoch + 2 * self.margin + self.gap) + margins + within
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_seen_without_their_margins() {
        let cut = Cut { epoch: Some(3), margin: 1, gap: 2 };
        let samples = [9.0, 1.0, 2.0, 3.0, 8.0, 0.0, 0.0, 7.0, 4.0, 5.0, 6.0, 8.0];
        let signal = Signal::mono(1.0, samples).expect("a rate");
        let seen = cut.view(&signal, || 0).expect("two epochs");
        assert_eq!(seen, [[1.0, 2.0, 3.0, 0.0, 0.0, 4.0, 5.0, 6.0]]);
        for (sample, value) in seen[0].iter().enumerate() {
            assert_eq!(samples[cut.original(sample)], *value, "sample {sample}");
        }
        let mut shifts = [-1, 5].into_iter();
        let shifted = cut.view(&signal, || shifts.next().expect("two epochs")).expect("two epochs");
        assert_eq!(shifted, [[9.0, 1.0, 2.0, 0.0, 0.0, 5.0, 6.0, 8.0]]);
        assert!(cut.view(&Signal::mono(1.0, vec![0.0; 6]).expect("a rate"), || 0).is_err());
        let whole = Cut { epoch: None, ..cut };
        assert_eq!(whole.view(&signal, || 0).expect("one piece"), [samples]);
    }
}
