//! Resampling of pictures as Pillow does it, with the filter widened when a picture shrinks: first along rows, then along
//! columns, levels of 8 bits in between, factors as whole numbers of 22 binary places. Levels are those of
//! Pillow up to 12 to the last bit, so that a model that was trained on its pictures sees the same ones here; 13 takes
//! columns before rows for some sizes, which moves a level by one here and there.

use any2any_adapter::Image;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Filter that pictures are scaled with, widened when a picture shrinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resampling {
    /// Lanczos's filter of three lobes.
    #[default]
    Lanczos,
    /// A triangle, as Pillow's `BILINEAR`, with its levels.
    Bilinear,
    /// A cubic of Keys (1981) with a = -0.5, as Pillow's `BICUBIC`, with its levels.
    Bicubic,
}

impl Resampling {
    /// The filter of Pillow, for levels that are Pillow's.
    pub(crate) fn filter(self) -> Option<Filter> {
        match self {
            Self::Lanczos => None,
            Self::Bilinear => Some(Filter::Triangle),
            Self::Bicubic => Some(Filter::Cubic),
        }
    }

    /// The width and height of the picture between both passes: rows come first here, columns with Lanczos's filter.
    pub(crate) fn between(self, from: (usize, usize), to: (usize, usize)) -> (usize, usize) {
        match self.filter() {
            Some(_) => (to.0, from.1),
            None => (from.0, to.1),
        }
    }
}

/// Filter of Pillow.
#[derive(Clone, Copy)]
pub(crate) enum Filter {
    Triangle,
    Cubic,
}

/// Binary places of a factor: a sum of levels of 8 bits, with a filter's overshoot, fits into 32 bits.
const PLACES: u32 = 22;

impl Filter {
    /// The distance from which on the filter is 0, in pixels of the smaller side.
    fn support(self) -> f64 {
        match self {
            Self::Triangle => 1.0,
            Self::Cubic => 2.0,
        }
    }

    fn at(self, distance: f64) -> f64 {
        const A: f64 = -0.5;
        let x = distance.abs();
        match self {
            Self::Triangle if x < 1.0 => 1.0 - x,
            Self::Cubic if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
            Self::Cubic if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
            _ => 0.0,
        }
    }
}

/// The pixels that one pixel of a scaled line is a sum of: from the first on, each with its factor.
struct Window {
    first: usize,
    factors: Vec<i32>,
}

/// The windows of a line of `from` pixels that becomes one of `to`.
fn windows(filter: Filter, from: usize, to: usize) -> Vec<Window> {
    let scale = from as f64 / to as f64;
    let widened = scale.max(1.0);
    let support = filter.support() * widened;
    let window = |pixel: usize| {
        let centre = (pixel as f64 + 0.5) * scale;
        // The casts cut off below zero.
        let first = (centre - support + 0.5) as usize;
        let end = ((centre + support + 0.5) as usize).min(from);
        let weight = |at: usize| filter.at((at as f64 - centre + 0.5) / widened);
        let weights: Vec<f64> = (first..end).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        let sum = if sum == 0.0 { 1.0 } else { sum };
        let factor = |weight: f64| (weight / sum * f64::from(1 << PLACES)).round() as i32;
        Window { first, factors: weights.into_iter().map(factor).collect() }
    };
    (0..to).map(window).collect()
}

/// The level of a sum of levels times factors.
fn level(sum: i64) -> u8 {
    ((sum + (1 << (PLACES - 1))) >> PLACES).clamp(0, 255) as u8
}

/// A picture scaled to a width and a height; none without a pixel.
pub(crate) fn resampled(image: &Image, filter: Filter, width: usize, height: usize) -> Option<Image> {
    let channels = image.channels();
    let row_of = |image: &Image| image.width() * channels;
    let wide = match image.width() == width {
        true => image.clone(),
        false => {
            let windows = windows(filter, image.width(), width);
            let mut pixels = Vec::with_capacity(width * image.height() * channels);
            for row in image.pixels().chunks_exact(row_of(image)) {
                for Window { first, factors } in &windows {
                    for channel in 0..channels {
                        let levels = row[first * channels + channel..].iter().step_by(channels);
                        let sum =
                            levels.zip(factors).map(|(&level, &factor)| i64::from(level) * i64::from(factor));
                        pixels.push(level(sum.sum()));
                    }
                }
            }
            Image::new(width, image.height(), channels, pixels)?
        }
    };
    if wide.height() == height {
        return Some(wide);
    }
    let row = row_of(&wide);
    let mut pixels = Vec::with_capacity(row * height);
    let mut sums = vec![0_i64; row];
    for Window { first, factors } in windows(filter, wide.height(), height) {
        sums.fill(0);
        for (levels, &factor) in wide.pixels()[first * row..].chunks_exact(row).zip(&factors) {
            for (sum, &level) in sums.iter_mut().zip(levels) {
                *sum += i64::from(level) * i64::from(factor);
            }
        }
        pixels.extend(sums.iter().map(|&sum| level(sum)));
    }
    Image::new(width, height, channels, pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(levels: &[u8]) -> Image {
        Image::new(levels.len(), 1, 1, levels.to_vec()).expect("a line")
    }

    fn scaled(levels: &[u8], filter: Filter, width: usize) -> Vec<u8> {
        resampled(&line(levels), filter, width, 1).expect("pixels").pixels().to_vec()
    }

    /// By hand: halving by a triangle takes an eighth of the outer, three eighths of the inner pixels; at the edges what is
    /// left of them.
    #[test]
    fn a_triangle_is_widened_when_pictures_shrink() {
        assert_eq!(scaled(&[80, 0, 160, 240], Filter::Triangle, 2), [57, 171]);
        assert_eq!(scaled(&[0, 100], Filter::Triangle, 4), [0, 25, 75, 100]);
    }

    #[test]
    fn even_pictures_stay_even_and_overshoot_is_cut_off() {
        for filter in [Filter::Triangle, Filter::Cubic] {
            let image = Image::new(7, 5, 3, vec![200; 105]).expect("7 x 5");
            let scaled = resampled(&image, filter, 3, 11).expect("pixels");
            assert_eq!((scaled.width(), scaled.height()), (3, 11));
            assert!(scaled.pixels().iter().all(|&level| level == 200));
        }
        let edge = scaled(&[0, 0, 255, 255], Filter::Cubic, 16);
        assert_eq!((edge[0], edge[15]), (0, 255));
        assert!(edge.is_sorted(), "what is beyond black and white is cut off: {edge:?}");
    }
}
