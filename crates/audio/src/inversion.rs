//! Inversion of mel bands: spectra from their bands, by the multiplicative updates of Lee and Seung (2001).
//!
//! Of their two measures of distance, this is the divergence: it weighs errors against how loud a band is, as
//! logarithms and ears do, where least squares would see the loudest bands alone. There are fewer bands than
//! bins, so many spectra have the same bands; the updates start from an even one, and find one near it.

use crate::features::Features;

/// Number of updates of a frame's spectrum.
const UPDATES: usize = 50;
/// Keeps divisions finite.
const TINY: f32 = 1e-20;
/// The largest natural logarithm that is believed: a sound at full scale lies below 20.
const MOST: f32 = 25.0;

/// Magnitudes of spectra from log-mel frames; values that are no number count as silence.
///
/// # Shapes
///
/// - log-mel: `[frames, bands]`
/// - magnitudes: `[frames, bins]`
pub(crate) fn magnitudes(features: &Features, log_mel: &[f32]) -> Vec<f32> {
    let bank = &features.bank;
    let (bins, bands) = (bank.bins(), bank.bands());
    let mut all = vec![0.0; log_mel.len() / bands * bins];
    let mut wanted = vec![0.0; bands];
    let mut gathered = vec![0.0; bands];
    let mut numerator = vec![0.0; bins];
    let mut denominator = vec![0.0; bins];
    bank.spread(&vec![1.0; bands], &mut denominator);
    let floor = features.logarithm.of(features.floor);
    let most = features.logarithm.of(MOST.exp());
    for (frame, spectrum) in log_mel.chunks_exact(bands).zip(all.chunks_exact_mut(bins)) {
        for (wanted, value) in wanted.iter_mut().zip(frame) {
            let value = if value.is_nan() { floor } else { value.clamp(floor, floor.max(most)) };
            *wanted = features.logarithm.undo(value);
        }
        spectrum.fill(1.0);
        for _ in 0..=UPDATES {
            bank.gather(spectrum, &mut gathered);
            gathered.iter_mut().zip(&wanted).for_each(|(found, wanted)| *found = wanted / found.max(TINY));
            bank.spread(&gathered, &mut numerator);
            let parts = numerator.iter().zip(&denominator);
            for (value, (numerator, denominator)) in spectrum.iter_mut().zip(parts) {
                *value *= numerator / denominator.max(TINY);
            }
        }
        if features.power == 2 {
            spectrum.iter_mut().for_each(|value| *value = value.sqrt());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_spectra_have_the_bands() {
        for mel in [json!({}), json!({ "power": 1, "scale": "slaney", "norm": "slaney", "bands": 24 })] {
            let options = json!({ "field": "sound", "rate": 8000, "mel": mel });
            let features = Features::new(&serde_json::from_value(options).expect("options"));
            let samples: Vec<f32> = (0..1600).map(|n| 0.4 * ((n as f32).powf(1.5) * 0.02).sin()).collect();
            let bands = features.frames(&samples).expect("short");
            let magnitudes = magnitudes(&features, &bands);
            let mut gathered = vec![0.0; features.bank.bands()];
            let mut error = 0.0;
            let rows = bands.chunks_exact(features.bank.bands());
            for (row, spectrum) in rows.zip(magnitudes.chunks_exact(features.bank.bins())) {
                let powers: Vec<f32> =
                    spectrum.iter().map(|value| value.powi(features.power as i32)).collect();
                features.bank.gather(&powers, &mut gathered);
                error +=
                    gathered.iter().zip(row).map(|(found, wanted)| (found.ln() - wanted).abs()).sum::<f32>();
            }
            let mean = error / bands.len() as f32;
            assert!(mean < 0.01, "{mean}");
        }
    }

    #[test]
    fn nonsense_gives_finite_magnitudes() {
        let options = json!({ "field": "sound", "rate": 8000 });
        let features = Features::new(&serde_json::from_value(options).expect("options"));
        let values = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30];
        let frames: Vec<f32> = values.iter().copied().cycle().take(80).collect();
        assert!(magnitudes(&features, &frames).iter().all(|value| value.is_finite()));
        assert_eq!(magnitudes(&features, &[]), Vec::<f32>::new());
    }
}
