//! Geometric augmentation: shift, rotation, scale and shear as one affine map, with one resampling.

use any2any_adapter::Random;

use crate::raster::Raster;

/// Affine map of the plane: `source = matrix · (target - middle) + middle + shift`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Warp {
    pub(crate) matrix: [f32; 4],
    pub(crate) shift: (f32, f32),
}

/// Largest size of each geometric change.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Reach {
    /// Shift, in pixels.
    pub(crate) shift: f64,
    /// Rotation, in degrees.
    pub(crate) rotate: f64,
    /// Scaling, as a share: 0.1 is from 1 / 1.1 to 1.1.
    pub(crate) scale: f64,
    /// Shear, as a share of the height.
    pub(crate) shear: f64,
}

impl Warp {
    /// A map within reach; each change is drawn evenly.
    pub(crate) fn draw(reach: &Reach, random: &mut Random) -> Self {
        let mut within = |most: f64| most * (2.0 * random.unit() - 1.0);
        let angle = within(reach.rotate).to_radians();
        // Enlarging and shrinking by the same factor are as likely.
        let scale = within(reach.scale.ln_1p()).exp();
        let shear = within(reach.shear);
        let shift = (within(reach.shift) as f32, within(reach.shift) as f32);
        // The inverse of scale · rotation · shear: from the target back to the source.
        let (sine, cosine) = angle.sin_cos();
        let back = [cosine, sine, -sine, cosine].map(|value| value / scale);
        let matrix = [back[0] - shear * back[2], back[1] - shear * back[3], back[2], back[3]];
        Self { matrix: matrix.map(|value| value as f32), shift }
    }

    /// The picture that the map makes: bilinear, with background where it reaches over the edge.
    pub(crate) fn apply(&self, raster: &Raster, background: &[f32]) -> Raster {
        let Raster { width, height, channels, .. } = *raster;
        let middle = ((width as f32 - 1.0) / 2.0, (height as f32 - 1.0) / 2.0);
        let [a, b, c, d] = self.matrix;
        let mut values = raster.blank(background);
        for (number, pixel) in values.chunks_exact_mut(channels).enumerate() {
            let (x, y) = ((number % width) as f32 - middle.0, (number / width) as f32 - middle.1);
            let from_x = a * x + b * y + middle.0 + self.shift.0;
            let from_y = c * x + d * y + middle.1 + self.shift.1;
            sample(raster, background, (from_x, from_y), pixel);
        }
        Raster { values, ..*raster }
    }
}

/// The value between four pixels; those outside are background, which `pixel` holds already.
fn sample(raster: &Raster, background: &[f32], (x, y): (f32, f32), pixel: &mut [f32]) {
    let Raster { width, height, channels, ref values } = *raster;
    let (left, top) = (x.floor(), y.floor());
    if left < -1.0 || top < -1.0 || left >= width as f32 || top >= height as f32 {
        return;
    }
    let (right_share, lower_share) = (x - left, y - top);
    let (left, top) = (left as isize, top as isize);
    let at = |x: isize, y: isize| -> &[f32] {
        if (0..width as isize).contains(&x) && (0..height as isize).contains(&y) {
            &values[(y as usize * width + x as usize) * channels..][..channels]
        } else {
            background
        }
    };
    let corners = [at(left, top), at(left + 1, top), at(left, top + 1), at(left + 1, top + 1)];
    for (channel, value) in pixel.iter_mut().enumerate() {
        let [a, b, c, d] = corners.map(|corner| corner[channel]);
        let (upper, lower) = (a + (b - a) * right_share, c + (d - c) * right_share);
        *value = upper + (lower - upper) * lower_share;
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;

    use super::*;

    const PICTURE: [f32; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

    #[test]
    fn maps_worked_by_hand() {
        let raster = Raster { width: 3, height: 3, channels: 1, values: PICTURE.to_vec() };
        let none = [1.0, 0.0, 0.0, 1.0];
        let cases = [
            ("identity", none, (0.0, 0.0), PICTURE),
            ("one to the left", none, (1.0, 0.0), [0.2, 0.3, 0.0, 0.5, 0.6, 0.0, 0.8, 0.9, 0.0]),
            ("half a pixel up", none, (0.0, 0.5), [0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.35, 0.4, 0.45]),
            ("far away", none, (9.0, -9.0), [0.0; 9]),
            (
                "a quarter turn",
                [0.0, 1.0, -1.0, 0.0],
                (0.0, 0.0),
                [0.7, 0.4, 0.1, 0.8, 0.5, 0.2, 0.9, 0.6, 0.3],
            ),
        ];
        for (name, matrix, shift, expected) in cases {
            let warped = Warp { matrix, shift }.apply(&raster, &[0.0]);
            for (found, expected) in warped.values.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{name}: {:?}", warped.values);
            }
        }
    }

    #[test]
    fn maps_stay_within_reach() {
        let mut random = Seed(3).random("warp", 0);
        for _ in 0..1000 {
            let reach = Reach { shift: 2.0, rotate: 10.0, scale: 0.2, shear: 0.0 };
            let Warp { matrix: [a, b, c, d], shift } = Warp::draw(&reach, &mut random);
            assert!(shift.0.abs() <= 2.0 && shift.1.abs() <= 2.0);
            let scale = 1.0 / (a * d - b * c).sqrt();
            assert!((1.0 / 1.21..1.21).contains(&scale), "{scale}");
            assert!(b.atan2(a).to_degrees().abs() < 10.01);
        }
        let still = Warp::draw(&Reach::default(), &mut random);
        assert_eq!(still, Warp { matrix: [1.0, 0.0, 0.0, 1.0], shift: (0.0, 0.0) });
    }
}
