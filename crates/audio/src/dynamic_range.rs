//! Limit to the dynamic range of a sound, of Whisper's feature extractor (Radford et al. 2022).

/// Dynamic range of a sound, in powers of ten of energy: 80 decibels.
const RANGE: f32 = 8.0;
/// Shift and divisor by which the values of speech come to lie between about -1 and 1.
const SCALE: f32 = 4.0;

/// Raises base 10 logarithms of energies to no less than the range below the loudest of the sound, and scales them.
pub(crate) fn apply(values: &mut [f32]) {
    let loudest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    values.iter_mut().for_each(|value| *value = (value.max(loudest - RANGE) + SCALE) / SCALE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_values_are_raised_to_the_range_below_the_loudest() {
        let mut values = [2.0, -10.0, -6.0, -5.0];
        apply(&mut values);
        assert_eq!(values, [1.5, -0.5, -0.5, -0.25]);
        let mut silence = [-10.0; 3];
        apply(&mut silence);
        assert_eq!(silence, [-1.5; 3]);
        apply(&mut []);
    }
}
