//! Random changes that leave the meaning of a picture alone, so that a model never sees the same one twice.

use any2any_adapter::Random;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::blur::blur;
use crate::raster::Raster;
use crate::warp::{Reach, Warp};
use crate::yiq;

/// Random changes of a picture, each drawn evenly up to the limit given here; 0 switches one off.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Augmentation {
    /// Largest shift to each side, in pixels.
    #[schemars(range(min = 0.0, max = 1024.0))]
    pub shift: f64,
    /// Largest rotation about the middle to each side, in degrees.
    #[schemars(range(min = 0.0, max = 180.0))]
    pub rotate: f64,
    /// Largest scaling up or down: 0.1 is from 1 / 1.1 to 1.1.
    #[schemars(range(min = 0.0, max = 4.0))]
    pub scale: f64,
    /// Largest shear to each side, as a share of the height.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub shear: f64,
    /// Largest change of contrast: 0.5 is from 1 / 1.5 to 1.5.
    #[schemars(range(min = 0.0, max = 4.0))]
    pub contrast: f64,
    /// Largest change of brightness, as a share of the way from black to white.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub brightness: f64,
    /// Largest rotation of hue to each side, in degrees, at the same brightness.
    #[schemars(range(min = 0.0, max = 180.0))]
    pub hue: f64,
    /// Largest change of saturation: 1 is from grey to twice as strong.
    #[schemars(range(min = 0.0, max = 4.0))]
    pub saturation: f64,
    /// Largest standard deviation of a Gaussian blur, in pixels.
    #[schemars(range(min = 0.0, max = 16.0))]
    pub blur: f64,
    /// Largest standard deviation of noise, as a share of the way from black to white.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub noise: f64,
    /// Squares that become background (DeVries and Taylor 2017).
    pub cutout: Cutout,
}

/// Squares of a picture that become background.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Cutout {
    /// Number of squares.
    #[schemars(range(min = 0, max = 64))]
    pub boxes: usize,
    /// Largest side of a square in pixels; the least is 1.
    #[schemars(range(min = 1, max = 1024))]
    pub size: usize,
}

impl Default for Cutout {
    fn default() -> Self {
        Self { boxes: 0, size: 8 }
    }
}

impl Augmentation {
    /// True if any change is switched on.
    pub(crate) fn changes(&self) -> bool {
        let Self { shift, rotate, scale, shear, contrast, brightness, hue, saturation, blur, noise, cutout } =
            *self;
        let most = [shift, rotate, scale, shear, contrast, brightness, hue, saturation, blur, noise];
        most.iter().any(|&most| most > 0.0) || cutout.boxes > 0
    }

    /// Applies geometry and blur, then light and colour, then noise and cutout.
    pub(crate) fn apply(&self, mut raster: Raster, background: &[f32], random: &mut Random) -> Raster {
        let reach = Reach { shift: self.shift, rotate: self.rotate, scale: self.scale, shear: self.shear };
        if reach != Reach::default() {
            raster = Warp::draw(&reach, random).apply(&raster, background);
        }
        if self.blur > 0.0 {
            blur(&mut raster, (self.blur * random.unit()) as f32);
        }
        self.light(&mut raster, random);
        self.colour(&mut raster, random);
        if self.noise > 0.0 {
            let deviation = self.noise * random.unit();
            raster.values.iter_mut().for_each(|value| *value += (deviation * random.normal()) as f32);
        }
        for _ in 0..self.cutout.boxes {
            cut_out(&mut raster, background, self.cutout.size, random);
        }
        raster.values.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        raster
    }

    fn light(&self, raster: &mut Raster, random: &mut Random) {
        if self.contrast > 0.0 || self.brightness > 0.0 {
            let contrast = (self.contrast.ln_1p() * (2.0 * random.unit() - 1.0)).exp() as f32;
            let brightness = (self.brightness * (2.0 * random.unit() - 1.0)) as f32;
            let mean = raster.values.iter().sum::<f32>() / raster.values.len() as f32;
            let lit = |value: f32| (value - mean) * contrast + mean + brightness;
            raster.values.iter_mut().for_each(|value| *value = lit(*value));
        }
    }

    /// Changes hue and saturation; does nothing to a grey picture.
    fn colour(&self, raster: &mut Raster, random: &mut Random) {
        if raster.channels != 3 || (self.hue == 0.0 && self.saturation == 0.0) {
            return;
        }
        let mut within = |most: f64| most * (2.0 * random.unit() - 1.0);
        let (sine, cosine) = within(self.hue).to_radians().sin_cos();
        let strength = (1.0 + within(self.saturation)).max(0.0);
        let (sine, cosine) = ((sine * strength) as f32, (cosine * strength) as f32);
        let (pixels, _) = raster.values.as_chunks_mut::<3>();
        for pixel in pixels {
            let [y, i, q] = yiq::of_rgb(*pixel);
            *pixel = yiq::to_rgb([y, cosine * i - sine * q, sine * i + cosine * q]);
        }
    }
}

/// Covers a square around a random pixel with background; it may reach over the edge.
fn cut_out(raster: &mut Raster, background: &[f32], most: usize, random: &mut Random) {
    let side = 1 + random.below(most);
    let (x, y) = (random.below(raster.width), random.below(raster.height));
    let span = |middle: usize, end: usize| {
        let start = middle.saturating_sub(side / 2);
        start..(middle + side - side / 2).min(end)
    };
    for y in span(y, raster.height) {
        for x in span(x, raster.width) {
            let start = (y * raster.width + x) * raster.channels;
            raster.values[start..][..raster.channels].copy_from_slice(background);
        }
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;

    use super::*;

    fn picture() -> Raster {
        let values = (0..20 * 12 * 3).map(|n| (n % 17) as f32 / 16.0).collect();
        Raster { width: 20, height: 12, channels: 3, values }
    }

    fn apply(augmentation: &Augmentation, seed: u64) -> Raster {
        augmentation.apply(picture(), &[1.0, 0.5, 0.0], &mut Seed(seed).random("augment", 0))
    }

    #[test]
    fn every_change_changes_and_the_generator_decides() {
        let none = Augmentation::default;
        let cases = [
            Augmentation { shift: 2.0, ..none() },
            Augmentation { rotate: 10.0, ..none() },
            Augmentation { scale: 0.2, ..none() },
            Augmentation { shear: 0.2, ..none() },
            Augmentation { contrast: 0.5, ..none() },
            Augmentation { brightness: 0.2, ..none() },
            Augmentation { hue: 60.0, ..none() },
            Augmentation { saturation: 0.8, ..none() },
            Augmentation { blur: 2.0, ..none() },
            Augmentation { noise: 0.2, ..none() },
            Augmentation { cutout: Cutout { boxes: 2, size: 6 }, ..none() },
        ];
        for augmentation in cases {
            assert!(augmentation.changes());
            let first = apply(&augmentation, 1);
            assert_ne!(first, picture(), "{augmentation:?}");
            assert_eq!(first, apply(&augmentation, 1), "{augmentation:?}");
            assert_ne!(first, apply(&augmentation, 2), "{augmentation:?}");
            assert!(first.values.iter().all(|value| (0.0..=1.0).contains(value)), "{augmentation:?}");
        }
        assert!(!none().changes());
        assert_eq!(apply(&none(), 1), picture());
    }

    #[test]
    fn colours_turn_and_pale_and_stay_as_bright() {
        let red = || Raster { width: 1, height: 1, channels: 3, values: vec![0.6, 0.3, 0.3] };
        let bright = |values: &[f32]| 0.299 * values[0] + 0.587 * values[1] + 0.114 * values[2];
        let grey = Raster { values: vec![0.4; 3], ..red() };
        for seed in 0..20 {
            let turned = |augmentation: Augmentation, raster: Raster| {
                augmentation.apply(raster, &[1.0; 3], &mut Seed(seed).random("augment", 0)).values
            };
            let hue = || Augmentation { hue: 40.0, ..Augmentation::default() };
            let paler = Augmentation { saturation: 0.5, ..Augmentation::default() };
            assert!((bright(&turned(hue(), red())) - bright(&red().values)).abs() < 2e-3);
            let paler = turned(paler, red());
            assert!(paler[0] > paler[1] && (paler[1] - paler[2]).abs() < 2e-3, "{paler:?} is as red");
            assert!(turned(hue(), grey.clone()).iter().all(|value| (value - 0.4).abs() < 2e-3));
        }
    }

    #[test]
    fn tiny_pictures_survive_everything() {
        let all = Augmentation {
            shift: 100.0,
            rotate: 180.0,
            scale: 4.0,
            shear: 2.0,
            contrast: 4.0,
            brightness: 1.0,
            hue: 180.0,
            saturation: 4.0,
            blur: 16.0,
            noise: 1.0,
            cutout: Cutout { boxes: 64, size: 1024 },
        };
        for seed in 0..20 {
            let one = Raster { width: 1, height: 1, channels: 1, values: vec![0.5] };
            let changed = all.apply(one, &[1.0], &mut Seed(seed).random("augment", 0));
            assert_eq!(changed.values, [1.0]);
        }
    }
}
