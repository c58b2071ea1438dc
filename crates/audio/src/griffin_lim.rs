//! Griffin-Lim: a sound from the magnitudes of its spectra. Phases that fit each other are found by iteration
//! (Griffin and Lim 1984), with the momentum of Perraudin, Balazs and Søndergaard (2013).

use any2any_adapter::Seed;
use any2any_fourier::Complex;

use crate::spectrum::Spectrum;

/// Number of iterations.
const TURNS: usize = 60;
/// Momentum: the step of each iteration in the direction of the one before; Perraudin et al. found 0.99 best.
const MOMENTUM: f32 = 0.99;
/// Keeps divisions finite.
const TINY: f32 = 1e-16;

/// A sound whose spectra have nearly these magnitudes. The first phases are drawn from a fixed seed, so that the
/// same magnitudes give the same sound. A sound louder than full scale is made softer.
///
/// # Shapes
///
/// - magnitudes: `[frames, bins]`
pub(crate) fn sound(spectrum: &Spectrum, magnitudes: &[f32]) -> Vec<f32> {
    if magnitudes.is_empty() {
        return Vec::new();
    }
    let mut random = Seed(0).random("phases", 0);
    let phase =
        |magnitude: &f32| Complex::from_polar(*magnitude, (std::f64::consts::TAU * random.unit()) as f32);
    let mut estimate: Vec<Complex<f32>> = magnitudes.iter().map(phase).collect();
    let mut previous = vec![Complex::default(); magnitudes.len()];
    let weight = MOMENTUM / (1.0 + MOMENTUM);
    for _ in 0..TURNS {
        let samples = spectrum.synthesise(&estimate);
        spectrum.analyse(&samples, |frame, rebuilt| {
            let here = frame * rebuilt.len()..(frame + 1) * rebuilt.len();
            let (estimate, previous) = (&mut estimate[here.clone()], &mut previous[here.clone()]);
            let bins = estimate.iter_mut().zip(previous).zip(rebuilt).zip(&magnitudes[here]);
            for (((estimate, previous), rebuilt), magnitude) in bins {
                let goal = rebuilt - *previous * weight;
                *estimate = goal * (magnitude / (goal.norm() + TINY));
                *previous = *rebuilt;
            }
        });
    }
    let mut samples = spectrum.synthesise(&estimate);
    let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    if peak > 1.0 {
        samples.iter_mut().for_each(|sample| *sample /= peak);
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mel::Mel;

    fn magnitudes(spectrum: &Spectrum, samples: &[f32]) -> Vec<f32> {
        let mut all = Vec::new();
        spectrum.analyse(samples, |_, frame| all.extend(frame.iter().map(|value| value.norm())));
        all
    }

    #[test]
    fn the_sound_has_the_magnitudes() {
        let spectrum = Spectrum::new(&Mel { hop: 0.00625, ..Mel::default() }, 8000);
        let samples: Vec<f32> = (0..4000)
            .map(|n| 0.4 * (n as f32 * 0.3).sin() + 0.2 * ((n as f32).powf(1.6) * 0.004).sin())
            .collect();
        let wanted = magnitudes(&spectrum, &samples);
        let written = sound(&spectrum, &wanted);
        let found = magnitudes(&spectrum, &written);
        assert_eq!(found.len(), wanted.len());
        let error: f32 = wanted.iter().zip(&found).map(|(a, b)| (a - b).powi(2)).sum();
        let energy: f32 = wanted.iter().map(|a| a.powi(2)).sum();
        let convergence = (error / energy).sqrt();
        assert!(convergence < 0.1, "spectral convergence {convergence}");
        assert_eq!(written, sound(&spectrum, &wanted));
    }

    #[test]
    fn a_sound_stays_within_full_scale() {
        let spectrum = Spectrum::new(&Mel::default(), 8000);
        let loud = sound(&spectrum, &vec![1e5; 5 * spectrum.bins()]);
        assert!(loud.iter().all(|sample| sample.abs() <= 1.0));
        assert!(sound(&spectrum, &vec![0.0; 3 * spectrum.bins()]).iter().all(|&sample| sample == 0.0));
        assert_eq!(sound(&spectrum, &[]), Vec::<f32>::new());
    }
}
