//! Gaussian blur, along rows and then along columns; the edge pixels go on outside.

use crate::raster::Raster;

/// Weights of the pixels around one, the middle first; the sum over both sides is 1.
fn kernel(deviation: f32) -> Vec<f32> {
    let radius = (3.0 * deviation).ceil().max(1.0) as usize;
    let weight = |distance: usize| (-0.5 * (distance as f32 / deviation).powi(2)).exp();
    let mut kernel: Vec<f32> = (0..=radius).map(weight).collect();
    let total = kernel[0] + 2.0 * kernel[1..].iter().sum::<f32>();
    kernel.iter_mut().for_each(|weight| *weight /= total);
    kernel
}

/// Blurs a picture by a deviation in pixels.
pub(crate) fn blur(raster: &mut Raster, deviation: f32) {
    if deviation < 0.05 {
        return;
    }
    let kernel = kernel(deviation);
    let Raster { width, height, channels, .. } = *raster;
    let mut line = Vec::new();
    for y in 0..height {
        for channel in 0..channels {
            along(&mut raster.values, &kernel, y * width * channels + channel, channels, width, &mut line);
        }
    }
    for first in 0..width * channels {
        along(&mut raster.values, &kernel, first, width * channels, height, &mut line);
    }
}

/// Blurs `len` values, `step` apart.
fn along(values: &mut [f32], kernel: &[f32], first: usize, step: usize, len: usize, line: &mut Vec<f32>) {
    line.clear();
    line.extend((0..len).map(|place| values[first + place * step]));
    for place in 0..len {
        let mut sum = kernel[0] * line[place];
        for (distance, weight) in kernel.iter().enumerate().skip(1) {
            let before = line[place.saturating_sub(distance)];
            let after = line[(place + distance).min(len - 1)];
            sum += weight * (before + after);
        }
        values[first + place * step] = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_becomes_a_bell_and_an_even_picture_stays() {
        let mut values = vec![0.0; 15 * 15 * 3];
        values[(7 * 15 + 7) * 3 + 1] = 1.0;
        let mut point = Raster { width: 15, height: 15, channels: 3, values };
        blur(&mut point, 1.0);
        let at = |x: usize, y: usize| point.values[(y * 15 + x) * 3 + 1];
        // The density of the normal distribution of two dimensions.
        assert!((at(7, 7) - 0.1592).abs() < 1e-3, "{}", at(7, 7));
        assert!((at(8, 7) / at(7, 7) - (-0.5_f32).exp()).abs() < 1e-4);
        assert!((point.values.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert!(point.values.iter().step_by(3).all(|&red| red == 0.0));

        let mut even = Raster { width: 3, height: 2, channels: 1, values: vec![0.7; 6] };
        blur(&mut even, 2.5);
        assert!(even.values.iter().all(|value| (value - 0.7).abs() < 1e-6), "{:?}", even.values);
    }
}
