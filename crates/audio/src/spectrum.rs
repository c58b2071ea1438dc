//! Spectrum of a sound over time, and the sound of given spectra.

use std::sync::Arc;

use any2any_fourier::{Complex, ComplexToReal, Real, RealToComplex};

use crate::mel::{Mel, Padding};

/// The short-time Fourier transform with a periodic Hann window, and its inverse. The plans are made once.
pub(crate) struct Spectrum {
    fft: usize,
    hop: usize,
    /// The window, as long as the transform, with zeros on both sides.
    window: Vec<f32>,
    padding: Padding,
    drop_last: bool,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

/// Least sum of the windows' weights: below it, the sound is unknown.
const LEAST_WEIGHT: f32 = 1e-3;

/// Number of frames of a sound of so many samples, with `hop` samples from one to the next.
pub(crate) fn frames(samples: usize, hop: usize, drop_last: bool) -> usize {
    let hops = samples / hop;
    if drop_last { hops.max(1) } else { hops + 1 }
}

impl Spectrum {
    /// The transform of some options.
    pub(crate) fn new(mel: &Mel, rate: usize) -> Self {
        let (fft, hop, len) = (mel.fft_samples(rate), mel.hop_samples(rate), mel.window_samples(rate));
        let mut window = vec![0.0; fft];
        let start = fft.saturating_sub(len) / 2;
        for (number, value) in window[start..].iter_mut().take(len).enumerate() {
            let turn = std::f64::consts::TAU * number as f64 / len as f64;
            *value = (0.5 - 0.5 * turn.cos()) as f32;
        }
        let (forward, inverse) = (f32::forward(fft), f32::inverse(fft));
        Self { fft, hop, window, padding: mel.padding, drop_last: mel.drop_last, forward, inverse }
    }

    /// Number of values of a frame's spectrum.
    pub(crate) fn bins(&self) -> usize {
        self.fft / 2 + 1
    }

    /// Number of frames of a sound of so many samples.
    pub(crate) fn frames(&self, samples: usize) -> usize {
        frames(samples, self.hop, self.drop_last)
    }

    /// Number of samples that are written for so many frames: the middle of all lengths with that number of frames.
    pub(crate) fn samples(&self, frames: usize) -> usize {
        match frames.checked_sub(1) {
            None => 0,
            Some(hops) => hops * self.hop + self.hop / 2,
        }
    }

    pub(crate) fn hop(&self) -> usize {
        self.hop
    }

    /// Calls `each` with the spectrum of every frame, one after the other.
    ///
    /// # Shapes
    ///
    /// - each spectrum: `[bins]`
    pub(crate) fn analyse(&self, samples: &[f32], mut each: impl FnMut(usize, &[Complex<f32>])) {
        let mut input = vec![0.0; self.fft];
        let mut output = self.forward.make_output_vec();
        let mut scratch = self.forward.make_scratch_vec();
        for frame in 0..self.frames(samples.len()) {
            self.cut(samples, frame, &mut input);
            // The spectrum of silence is known; half of what a model with windows of one length hears may be silence.
            if input.iter().all(|&value| value == 0.0) {
                output.fill(Complex::default());
                each(frame, &output);
                continue;
            }
            // Cannot fail: all buffers were made for this length.
            if self.forward.process_with_scratch(&mut input, &mut output, &mut scratch).is_ok() {
                each(frame, &output);
            }
        }
    }

    /// One window of a sound, weighted.
    fn cut(&self, samples: &[f32], frame: usize, input: &mut [f32]) {
        let (middle, half) = (frame * self.hop, self.fft / 2);
        let before = half.saturating_sub(middle);
        let start = (middle + before).saturating_sub(half);
        let inside = samples.len().saturating_sub(start).min(self.fft - before);
        input[..before].fill(0.0);
        input[before + inside..].fill(0.0);
        let weights = &self.window[before..];
        let inputs = &mut input[before..before + inside];
        for ((input, sample), weight) in inputs.iter_mut().zip(&samples[start..]).zip(weights) {
            *input = sample * weight;
        }
        if self.padding == Padding::Reflect && !samples.is_empty() {
            let first = middle as isize - half as isize;
            for place in (0..before).chain(before + inside..self.fft) {
                input[place] = samples[reflected(first + place as isize, samples.len())] * self.window[place];
            }
        }
    }

    /// The sound whose spectra come nearest to those given, in the sense of least squares (Griffin and Lim
    /// 1984, equation 6).
    ///
    /// # Shapes
    ///
    /// - spectra: `[frames, bins]`
    pub(crate) fn synthesise(&self, spectra: &[Complex<f32>]) -> Vec<f32> {
        let frames = spectra.len() / self.bins();
        let len = self.samples(frames);
        let mut padded = vec![0.0; frames.saturating_sub(1) * self.hop + self.fft.max(self.fft / 2 + len)];
        let mut weights = vec![0.0; padded.len()];
        let mut input = self.inverse.make_input_vec();
        let mut output = self.inverse.make_output_vec();
        let mut scratch = self.inverse.make_scratch_vec();
        for (frame, spectrum) in spectra.chunks_exact(self.bins()).enumerate() {
            input.copy_from_slice(spectrum);
            // The spectrum of a real sound has no imaginary part at either end.
            input[0].im = 0.0;
            input[self.fft / 2].im = 0.0;
            if self.inverse.process_with_scratch(&mut input, &mut output, &mut scratch).is_err() {
                continue;
            }
            let start = frame * self.hop;
            let sums = padded[start..].iter_mut().zip(&mut weights[start..]);
            for (((sum, weight), value), window) in sums.zip(&output).zip(&self.window) {
                *sum += value * window / self.fft as f32;
                *weight += window * window;
            }
        }
        let sound = padded[self.fft / 2..].iter().zip(&weights[self.fft / 2..]).take(len);
        sound.map(|(sum, weight)| if *weight > LEAST_WEIGHT { sum / weight } else { 0.0 }).collect()
    }
}

/// The sample that stands at a place beyond the ends of a sound of so many, where mirrors stand at the first and the last.
fn reflected(place: isize, samples: usize) -> usize {
    let last = samples - 1;
    if last == 0 {
        return 0;
    }
    let place = place.rem_euclid(2 * last as isize) as usize;
    place.min(2 * last - place)
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;

    use super::*;

    fn spectra(spectrum: &Spectrum, samples: &[f32]) -> Vec<Complex<f32>> {
        let mut all = Vec::new();
        spectrum.analyse(samples, |_, frame| all.extend_from_slice(frame));
        all
    }

    #[test]
    fn a_sound_comes_back_from_its_spectra() {
        let mut random = Seed(1).random("sound", 0);
        for (fft, len) in [(None, 1000), (Some(300), 999), (Some(200), 3), (None, 1), (None, 80), (None, 79)]
        {
            let spectrum = Spectrum::new(&Mel { fft, ..Mel::default() }, 8000);
            let samples: Vec<f32> = (0..len).map(|_| random.unit() as f32 - 0.5).collect();
            let back = spectrum.synthesise(&spectra(&spectrum, &samples));
            let shared = back.len().min(len);
            assert!(back.len().abs_diff(len) <= 40, "{} for {len}", back.len());
            assert_eq!(spectrum.frames(back.len()), spectrum.frames(len));
            for (number, (found, expected)) in back.iter().zip(&samples).take(shared).enumerate() {
                assert!((found - expected).abs() < 1e-4, "sample {number} of {len}: {found} {expected}");
            }
        }
    }

    #[test]
    fn a_tone_lies_in_its_bin() {
        let spectrum = Spectrum::new(&Mel::default(), 8000);
        let tone: Vec<f32> = (0..4000)
            .map(|n| (std::f64::consts::TAU * 1000.0 * f64::from(n) / 8000.0).sin() as f32)
            .collect();
        spectrum.analyse(&tone, |frame, bins| {
            let loudest = (0..bins.len()).max_by(|&a, &b| bins[a].norm().total_cmp(&bins[b].norm()));
            assert_eq!(loudest, Some(32), "frame {frame}");
        });
    }

    #[test]
    fn mirrors_stand_at_the_first_and_the_last_sample() {
        let cases: [(usize, &[usize]); 4] = [
            (4, &[3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]),
            (3, &[1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1]),
            (2, &[1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]),
            (1, &[0; 11]),
        ];
        for (samples, expected) in cases {
            let found: Vec<usize> = (-3..8).map(|place| reflected(place, samples)).collect();
            assert_eq!(found, expected, "{samples} samples");
        }
    }

    #[test]
    fn a_window_over_an_end_sees_the_mirrored_sound() {
        let mel = Mel { padding: Padding::Reflect, fft: Some(200), ..Mel::default() };
        let mirrored = Spectrum::new(&mel, 8000);
        let plain = Spectrum::new(&Mel { padding: Padding::Zeros, ..mel }, 8000);
        let sound: Vec<f32> = (0..250).map(|n| ((n * n) as f32 * 0.01).sin()).collect();
        let by_hand: Vec<f32> = (-160..410).map(|place| sound[reflected(place, 250)]).collect();
        let (found, expected) = (spectra(&mirrored, &sound), spectra(&plain, &by_hand));
        // 160 samples are two hops: the frame of the first sample is the third of the longer sound.
        assert_eq!(found, expected[2 * plain.bins()..][..found.len()]);
    }

    #[test]
    fn the_last_frame_is_dropped_unless_it_is_the_only_one() {
        let cases = [(0, 1, 1), (79, 1, 1), (80, 2, 1), (159, 2, 1), (160, 3, 2), (480_000, 6001, 6000)];
        for (samples, all, dropped) in cases {
            assert_eq!((frames(samples, 80, false), frames(samples, 80, true)), (all, dropped), "{samples}");
        }
    }

    #[test]
    fn no_frame_is_no_sound() {
        let spectrum = Spectrum::new(&Mel::default(), 8000);
        assert_eq!(spectrum.synthesise(&[]), Vec::<f32>::new());
    }
}
