//! Coordinates of a patch in its picture, as numbers of its frame: a sequence has one direction, a picture two.
//!
//! Each axis gives the place itself, from -1 to 1, and sines and cosines of three wavelengths (Fourier
//! features, Tancik et al. 2020), so that a projection can tell neighbours from strangers.

use std::f32::consts::PI;

/// Waves an axis: two pictures' sides long, one, and half of one.
const WAVES: i32 = 3;
/// Number of values that [`add`] appends.
pub(crate) const WIDTH: usize = 2 * (1 + 2 * WAVES as usize);

/// Appends the coordinates of a place, whose axes both run from -1 to 1.
pub(crate) fn add((x, y): (f32, f32), frame: &mut Vec<f32>) {
    for place in [x, y] {
        frame.push(place);
        for wave in 0..WAVES {
            let (sine, cosine) = (PI * place * 2.0_f32.powi(wave - 1)).sin_cos();
            frame.extend([sine, cosine]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart() {
        let numbers = |x, y| {
            let mut frame = Vec::new();
            add((x, y), &mut frame);
            frame
        };
        assert_eq!(numbers(0.3, -0.5).len(), WIDTH);
        assert_eq!(numbers(0.0, 0.0), [0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0].repeat(2));
        // The left edge is not the right edge, though waves come round.
        let distance: f32 =
            numbers(-1.0, 0.0).iter().zip(numbers(1.0, 0.0)).map(|(a, b)| (a - b).abs()).sum();
        assert!(distance > 3.9, "{distance}");
        assert!(numbers(0.7, -1.0).iter().all(|number| number.abs() <= 1.0));
    }
}
