//! Extraction of features from windows of samples.

use std::ops::Range;

use crate::error::EegError;
use crate::features::Grid;
use crate::features::options::Features;
use crate::features::power::{FLOOR, Periodogram, against_neighbours};
use crate::features::rhythms::Rhythms;

/// The most samples of a window, so that a fine resolution or an odd rate does not fill the memory.
const MOST: usize = 1 << 24;

/// Extractor of the features of the options, for signals of one rate and number of channels.
pub(crate) struct Extractor {
    rate: f64,
    channels: usize,
    window: usize,
    hop: usize,
    kind: Kind,
}

enum Kind {
    Raw,
    Bands { periodogram: Periodogram, bands: Vec<Range<usize>> },
    Spectrum { periodogram: Periodogram, bins: Range<usize>, per_channel: bool, reach: Option<usize> },
    Rhythms { rhythms: Rhythms, low: f64, resolution: f64 },
}

impl Extractor {
    /// The extractor of signals of a rate in hertz.
    pub(crate) fn new(features: &Features, rate: f64, channels: usize) -> Result<Self, EegError> {
        let samples = |seconds: f64| (seconds * rate).round().max(1.0) as usize;
        let (window, hop) = features.window_and_hop();
        let (window, hop) = (samples(window), samples(hop));
        let length = |option, resolution: Option<f64>| match resolution.map(|step| (rate / step).round()) {
            None => Ok(window),
            Some(length) if length < MOST as f64 => Ok((length as usize).max(window)),
            Some(_) => Err(EegError::option(option, "makes too many frequencies: choose a wider step")),
        };
        if window > MOST {
            return Err(EegError::value(format!("a window of {window} samples at {rate} Hz is too long")));
        }
        let kind = match features {
            Features::Raw(_) => Kind::Raw,
            Features::BandPowers(options) => {
                let periodogram = Periodogram::new(window, window, rate);
                let mut bands = Vec::with_capacity(options.bands.len());
                for (name, &[low, high]) in &options.bands {
                    let band = periodogram.bins(low, high);
                    if band.is_empty() {
                        return Err(EegError::option(
                            "features.band_powers.bands",
                            format!(
                                "'{name}' holds no frequency of a window of {window} samples at {rate} Hz"
                            ),
                        ));
                    }
                    bands.push(band);
                }
                Kind::Bands { periodogram, bands }
            }
            Features::Spectrum(options) => {
                let length = length("features.spectrum.resolution", options.resolution)?;
                let periodogram = Periodogram::new(window, length, rate);
                let bins = periodogram.bins(options.low, options.high);
                if bins.is_empty() {
                    return Err(EegError::option(
                        "features.spectrum",
                        format!("no frequency lies between {} and {} Hz", options.low, options.high),
                    ));
                }
                let reach = |hertz: f64| (hertz / periodogram.resolution()).round().max(1.0) as usize;
                let reach = options.neighbours.map(reach);
                Kind::Spectrum { periodogram, bins, per_channel: options.per_channel, reach }
            }
            Features::Rhythms(options) => {
                let resolution = options.resolution.unwrap_or(rate / window as f64 / 2.0);
                let count = ((options.high - options.low) / resolution + 1e-6).floor() + 1.0;
                if options.high >= rate / 2.0
                    || count < 1.0
                    || 2.0 * (count * window as f64) * options.harmonics as f64 > MOST as f64 * 4.0
                {
                    let reason = format!(
                        "{} to {} Hz in steps of {resolution} Hz do not fit windows at {rate} Hz",
                        options.low, options.high
                    );
                    return Err(EegError::option("features.rhythms", reason));
                }
                let frequencies: Vec<f64> =
                    (0..count as usize).map(|number| options.low + resolution * number as f64).collect();
                let rhythms = Rhythms::new(&frequencies, options.harmonics, window, rate);
                Kind::Rhythms { rhythms, low: options.low, resolution }
            }
        };
        Ok(Self { rate, channels, window, hop, kind })
    }

    /// Number of channels that have features of their own.
    pub(crate) fn channels(&self) -> usize {
        match self.kind {
            Kind::Rhythms { .. } | Kind::Spectrum { per_channel: false, .. } => 1,
            _ => self.channels,
        }
    }

    /// Number of features of a channel in a window.
    pub(crate) fn block(&self) -> usize {
        match &self.kind {
            Kind::Raw => self.window,
            Kind::Bands { bands, .. } => bands.len(),
            Kind::Spectrum { bins, .. } => bins.len(),
            Kind::Rhythms { rhythms, .. } => rhythms.len(),
        }
    }

    /// The features of a block between two frequencies; empty if features are not frequencies.
    pub(crate) fn between(&self, low: f64, high: f64) -> Range<usize> {
        let (first, step) = match &self.kind {
            Kind::Raw | Kind::Bands { .. } => return 0..0,
            Kind::Spectrum { periodogram, bins, .. } => {
                (bins.start as f64 * periodogram.resolution(), periodogram.resolution())
            }
            Kind::Rhythms { low, resolution, .. } => (*low, *resolution),
        };
        let place =
            |frequency: f64| (((frequency - first) / step).ceil().max(0.0) as usize).min(self.block());
        place(low)..place(high).max(place(low))
    }

    /// The lowest and the highest frequency of a block; `None` if features are not frequencies.
    pub(crate) fn frequencies(&self) -> Option<(f64, f64)> {
        let (first, step) = match &self.kind {
            Kind::Raw | Kind::Bands { .. } => return None,
            Kind::Spectrum { periodogram, bins, .. } => {
                (bins.start as f64 * periodogram.resolution(), periodogram.resolution())
            }
            Kind::Rhythms { low, resolution, .. } => (*low, *resolution),
        };
        Some((first, first + step * (self.block() - 1) as f64))
    }

    /// The ranges of the windows in `len` samples.
    pub(crate) fn windows(&self, len: usize) -> impl Iterator<Item = Range<usize>> {
        let last = len.checked_sub(self.window);
        let (window, hop) = (self.window, self.hop);
        let starts = last.into_iter().flat_map(move |last| (0..=last).step_by(hop));
        starts.map(move |start| start..start + window)
    }

    /// The features of samples, channel after channel.
    pub(crate) fn extract(&self, samples: &[Vec<f32>]) -> Result<Grid, EegError> {
        let len = samples.first().map_or(0, Vec::len);
        if len < self.window {
            return Err(EegError::value(format!(
                "it has {:.3} s and a frame needs {:.3}: make the window shorter or the epoch longer",
                len as f64 / self.rate,
                self.window as f64 / self.rate
            )));
        }
        Ok(Grid { channels: self.channels(), block: self.block(), values: self.values(samples) })
    }

    /// Features, window after window and in a window channel after channel.
    fn values(&self, samples: &[Vec<f32>]) -> Vec<f32> {
        let windows = self.windows(samples.first().map_or(0, Vec::len));
        let channels = |window: Range<usize>| samples.iter().map(move |channel| &channel[window.clone()]);
        let log = |power: f64| (power + FLOOR).ln();
        match &self.kind {
            Kind::Raw => windows.flat_map(channels).flatten().copied().collect(),
            Kind::Bands { periodogram, bands } => {
                let features = |channel: &[f32]| {
                    let powers = periodogram.powers(channel);
                    let mean =
                        |band: &Range<usize>| powers[band.clone()].iter().sum::<f64>() / band.len() as f64;
                    bands.iter().map(|band| log(mean(band)) as f32).collect::<Vec<f32>>()
                };
                windows.flat_map(channels).flat_map(features).collect()
            }
            Kind::Spectrum { periodogram, bins, per_channel, reach } => {
                let powers = |channel: &[f32]| periodogram.powers(channel)[bins.clone()].to_vec();
                let features = |powers: Vec<f64>| {
                    let logs: Vec<f64> = powers.into_iter().map(log).collect();
                    let logs = reach.map_or_else(|| logs.clone(), |reach| against_neighbours(&logs, reach));
                    logs.into_iter().map(|value| value as f32)
                };
                let mean = |window: Range<usize>| {
                    let add = |sum: Vec<f64>, other| sum.iter().zip(other).map(|(a, b)| a + b).collect();
                    let sum = channels(window).map(powers).reduce(add).unwrap_or_default();
                    sum.into_iter().map(|power| power / samples.len() as f64).collect()
                };
                if *per_channel {
                    windows.flat_map(channels).map(powers).flat_map(features).collect()
                } else {
                    windows.map(mean).flat_map(features).collect()
                }
            }
            Kind::Rhythms { rhythms, .. } => {
                rhythms.correlations(samples, windows).into_iter().map(|value| value as f32).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::options::{BandPowers, Raw, Spectrum};

    fn waves(hertz: [f64; 2]) -> Vec<Vec<f32>> {
        let angle = |hertz: f64, n: usize| 2.0 * std::f64::consts::PI * hertz * n as f64 / 64.0;
        hertz.map(|hertz| (0..256).map(|n| angle(hertz, n).sin() as f32).collect()).into()
    }

    #[test]
    fn every_kind_has_the_shape_it_says() {
        let cases = [
            (Features::Raw(Raw { window: 0.5, hop: 0.25 }), 2, 32, 15),
            (Features::BandPowers(BandPowers { window: 2.0, hop: 1.0, ..BandPowers::default() }), 2, 5, 3),
            (Features::Spectrum(Spectrum { low: 4.0, high: 20.0, ..Spectrum::default() }), 2, 33, 5),
            (
                Features::Spectrum(Spectrum { per_channel: false, high: 20.0, ..Spectrum::default() }),
                1,
                33,
                5,
            ),
            (Features::Rhythms(crate::features::options::Rhythms::default()), 1, 145, 1),
        ];
        for (mut features, channels, block, windows) in cases {
            if let Features::BandPowers(options) = &mut features {
                options.bands.insert("gamma".to_owned(), [28.0, 31.0]);
            }
            let extractor = Extractor::new(&features, 64.0, 2).expect("options that fit");
            let grid = extractor.extract(&waves([10.0, 12.0])).expect("long enough");
            assert_eq!((grid.channels, grid.block), (channels, block), "{features:?}");
            assert_eq!((extractor.channels(), extractor.block()), (channels, block));
            assert_eq!(grid.values.len(), windows * channels * block, "{features:?}");
            assert_eq!(extractor.windows(256).count(), windows);
            assert!(extractor.extract(&[vec![0.0; 10], vec![0.0; 10]]).is_err());
        }
    }

    #[test]
    fn spectra_peak_where_the_wave_is() {
        let options = Spectrum { low: 4.0, high: 20.0, neighbours: Some(2.0), ..Spectrum::default() };
        let extractor = Extractor::new(&Features::Spectrum(options), 64.0, 2).expect("options that fit");
        let grid = extractor.extract(&waves([10.0, 12.0])).expect("long enough");
        for (block, hertz) in grid.values.chunks_exact(33).zip([10.0, 12.0, 10.0, 12.0]) {
            let peak = (0..33).max_by(|&a, &b| block[a].total_cmp(&block[b])).expect("bins");
            assert_eq!(4.0 + 0.5 * peak as f64, hertz);
        }
        assert_eq!(extractor.between(4.0, 5.0), 0..2);
        assert_eq!(extractor.between(19.0, 99.0), 30..33);
        assert_eq!(extractor.frequencies(), Some((4.0, 20.0)));
    }
}
