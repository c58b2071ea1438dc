//! Features of a picture: its pixels, or histograms of oriented gradients, which hardly change from one artist's
//! palette and light to another's.

use std::borrow::Cow;
use std::f32::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ImageError;
use crate::grid::Grid;
use crate::options::Patches;
use crate::raster::Raster;
use crate::yiq;

/// Energy that each pixel of a cell adds before a histogram is scaled by the energy, so that even places stay near 0.
const LEAST_ENERGY: f32 = 0.003125;
/// The largest side of the smallest cells, in pixels.
pub(crate) const LARGEST_CELL: usize = 64;
/// The most sizes of cells.
pub(crate) const MOST_LEVELS: usize = 5;

/// Features of a picture, which become its frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Features {
    /// Its pixels.
    #[default]
    Pixels,
    /// The directions of its edges, cell by cell, and the mean colour of each of the smallest cells: its brightness,
    /// and for colour pictures two axes of colour (YIQ), so that one can tell light from paint.
    Gradients(Gradients),
}

/// Histograms of oriented gradients (Dalal and Triggs 2005), unsigned, each scaled by the cells around it; with
/// several levels a pyramid of them (Bosch et al. 2007).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Gradients {
    /// The side of the smallest cells in pixels; sides and strides of patches are whole numbers of the largest.
    #[schemars(range(min = 2, max = 64))]
    pub cell: usize,
    /// Number of directions into which half a turn is divided.
    #[schemars(range(min = 2, max = 36))]
    pub bins: usize,
    /// Number of sizes of cells, each twice as large as the one before.
    #[schemars(range(min = 1, max = 5))]
    pub levels: usize,
}

impl Default for Gradients {
    fn default() -> Self {
        Self { cell: 4, bins: 9, levels: 1 }
    }
}

impl Features {
    /// The side of a cell in pixels, level by level.
    fn cells(self) -> impl Iterator<Item = usize> {
        let (cell, levels) = match self {
            Self::Pixels => (1, 1),
            Self::Gradients(gradients) => {
                (gradients.cell.clamp(1, LARGEST_CELL), gradients.levels.clamp(1, MOST_LEVELS))
            }
        };
        (0..levels).map(move |level| cell << level)
    }

    /// The side of a cell of the last level, in pixels.
    pub(crate) fn coarsest(self) -> usize {
        self.cells().last().unwrap_or(1)
    }

    /// Number of values of a patch, if its height is known.
    pub(crate) fn width(self, patches: &Patches, colours: usize) -> Option<usize> {
        self.cells().enumerate().try_fold(0_usize, |width, (level, cell)| {
            let patches = places(patches, cell);
            let values =
                patches.width.checked_mul(patches.height?)?.checked_mul(self.channels(level, colours))?;
            width.checked_add(values)
        })
    }

    /// Number of channels of a cell of one level; only the first level has the mean colours.
    fn channels(self, level: usize, colours: usize) -> usize {
        match self {
            Self::Pixels => colours,
            Self::Gradients(gradients) if level == 0 => gradients.bins + colours,
            Self::Gradients(gradients) => gradients.bins,
        }
    }

    /// Computes the features of a picture, from which patches are cut.
    pub(crate) fn read<'a>(
        self,
        raster: &'a Raster,
        patches: &Patches,
        background: &'a [f32],
    ) -> Result<Reading<'a>, ImageError> {
        let levels = self.cells().enumerate().map(|(number, cell)| {
            let (read, background) = match self {
                Self::Pixels => (Cow::Borrowed(raster), Cow::Borrowed(background)),
                Self::Gradients(gradients) => {
                    let mut beside = [&vec![0.0; gradients.bins], background].concat();
                    beside.truncate(self.channels(number, background.len()));
                    paint(&mut beside, gradients.bins);
                    (Cow::Owned(gradients.of(raster, cell, number == 0)), Cow::Owned(beside))
                }
            };
            let grid = Grid::new(&places(patches, cell), (read.width, read.height), read.channels)?;
            Ok(Level { raster: read, background, grid })
        });
        Ok(Reading { levels: levels.collect::<Result<_, ImageError>>()? })
    }
}

/// Patches, measured in cells rather than pixels.
fn places(patches: &Patches, cell: usize) -> Patches {
    let places = |pixels: usize| pixels.div_ceil(cell);
    Patches {
        width: places(patches.width),
        height: patches.height.map(places),
        stride_x: patches.stride_x.map(places),
        stride_y: patches.stride_y.map(places),
    }
}

/// The features of one picture, level by level.
pub(crate) struct Reading<'a> {
    levels: Vec<Level<'a>>,
}

/// The features of cells of one size.
struct Level<'a> {
    raster: Cow<'a, Raster>,
    /// The features of a cell outside the picture.
    background: Cow<'a, [f32]>,
    grid: Grid,
}

impl Reading<'_> {
    /// Number of patches.
    pub(crate) fn len(&self) -> usize {
        self.levels.first().map_or(0, |level| level.grid.len())
    }

    /// Number of values of a patch.
    pub(crate) fn width(&self) -> usize {
        self.levels.iter().map(|level| level.grid.patch()).sum()
    }

    /// Appends one patch to `frames`, level after level.
    pub(crate) fn cut(&self, number: usize, frames: &mut Vec<f32>) {
        for level in &self.levels {
            level.grid.cut(&level.raster, &level.background, number, frames);
        }
    }
}

impl Gradients {
    /// A raster of cells, whose channels are the directions and then, if wanted, the mean colours.
    fn of(self, raster: &Raster, cell: usize, coloured: bool) -> Raster {
        let bins = self.bins.max(1);
        let (width, height) = (raster.width.div_ceil(cell), raster.height.div_ceil(cell));
        let channels = bins + if coloured { raster.channels } else { 0 };
        let mut cells = vec![0.0; width * height * channels];
        for y in 0..raster.height {
            for x in 0..raster.width {
                let place = &mut cells[((y / cell) * width + x / cell) * channels..][..channels];
                let (directions, colours) = place.split_at_mut(bins);
                let (size, direction) = steepest(raster, x, y);
                // Between two directions, each gets its share; behind the last comes the first.
                let at = direction / PI * bins as f32;
                let (low, share) = (at.floor(), at - at.floor());
                directions[low as usize % bins] += size * (1.0 - share);
                directions[(low as usize + 1) % bins] += size * share;
                let inside = |start: usize, side: usize| cell.min(side - start / cell * cell);
                let pixels = (inside(x, raster.width) * inside(y, raster.height)) as f32;
                let pixel = &raster.values[(y * raster.width + x) * raster.channels..];
                colours.iter_mut().zip(pixel).for_each(|(mean, value)| *mean += value / pixels);
            }
        }
        let least = LEAST_ENERGY * (cell * cell) as f32;
        scale(&mut cells, (width, height), (bins, channels), least);
        cells.chunks_exact_mut(channels).for_each(|place| paint(place, bins));
        Raster { width, height, channels, values: cells }
    }
}

/// Size and direction, from 0 to half a turn, of the steepest gradient among a pixel's channels.
fn steepest(raster: &Raster, x: usize, y: usize) -> (f32, f32) {
    let value = |x: usize, y: usize, channel: usize| {
        raster.values[(y * raster.width + x) * raster.channels + channel]
    };
    let (left, right) = (x.saturating_sub(1), (x + 1).min(raster.width - 1));
    let (above, below) = (y.saturating_sub(1), (y + 1).min(raster.height - 1));
    let gradients = (0..raster.channels).map(|channel| {
        let across = value(right, y, channel) - value(left, y, channel);
        let down = value(x, below, channel) - value(x, above, channel);
        (across.hypot(down), across, down)
    });
    let steepest = gradients.max_by(|a, b| a.0.total_cmp(&b.0));
    steepest.map_or((0.0, 0.0), |(size, across, down)| (size, down.atan2(across).rem_euclid(PI)))
}

/// Converts the red, green and blue behind a cell's directions, if there are any, to YIQ.
fn paint(cell: &mut [f32], bins: usize) {
    if let Some(colour) = cell.get_mut(bins..).and_then(|colour| <&mut [f32; 3]>::try_from(colour).ok()) {
        *colour = yiq::of_rgb(*colour);
    }
}

/// Divides each histogram by the length of all those in the three by three cells around it.
fn scale(cells: &mut [f32], (width, height): (usize, usize), (bins, channels): (usize, usize), least: f32) {
    let energy = |cell: &[f32]| cell[..bins].iter().map(|value| value * value).sum::<f32>();
    let energies: Vec<f32> = cells.chunks_exact(channels).map(energy).collect();
    for (number, cell) in cells.chunks_exact_mut(channels).enumerate() {
        let around = |at: usize, side: usize| [at.saturating_sub(1), at, (at + 1).min(side - 1)];
        let (x, y) = (number % width, number / width);
        let places = around(y, height).into_iter().flat_map(|y| around(x, width).map(|x| y * width + x));
        let all: f32 = places.map(|place| energies[place]).sum();
        let length = (all + least).sqrt();
        cell[..bins].iter_mut().for_each(|value| *value /= length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(
        width: usize,
        height: usize,
        channels: usize,
        of: impl Fn(usize, usize, usize) -> f32,
    ) -> Raster {
        let mut values = Vec::new();
        for y in 0..height {
            for x in 0..width {
                values.extend((0..channels).map(|channel| of(x, y, channel)));
            }
        }
        let gradients = Gradients { cell: 4, bins: 4, levels: 1 };
        gradients.of(&Raster { width, height, channels, values }, 4, true)
    }

    #[test]
    fn edges_vote_for_their_direction() {
        // Dark to light from the left, from above, and towards the lower right corner.
        let edges: [fn(usize, usize) -> bool; 3] = [|x, _| x > 3, |_, y| y > 3, |x, y| x + y > 7];
        for (edge, direction) in edges.into_iter().zip([0, 2, 1]) {
            let found = cells(8, 8, 1, |x, y, _| if edge(x, y) { 1.0 } else { 0.0 });
            assert_eq!((found.width, found.height, found.channels), (2, 2, 5));
            let votes: Vec<f32> =
                (0..4).map(|bin| found.values.iter().skip(bin).step_by(5).sum::<f32>()).collect();
            let others: f32 = votes.iter().sum::<f32>() - votes[direction];
            assert!(votes[direction] > 0.9 && others < votes[direction] / 2.0, "{direction}: {votes:?}");
        }
    }

    #[test]
    fn light_and_contrast_hardly_change_directions() {
        let picture = |x: usize, y: usize| ((x * 7 + y * 3) % 11) as f32 / 11.0;
        let plain = cells(12, 8, 1, |x, y, _| picture(x, y));
        let faint = cells(12, 8, 1, |x, y, _| 0.4 + 0.5 * picture(x, y));
        let negative = cells(12, 8, 1, |x, y, _| 1.0 - picture(x, y));
        for (number, value) in plain.values.iter().enumerate() {
            if number % 5 < 4 {
                assert!((value - faint.values[number]).abs() < 0.02);
                assert!((value - negative.values[number]).abs() < 1e-3);
            } else {
                assert!((0.4 + 0.5 * value - faint.values[number]).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn the_steepest_colour_votes_and_all_are_kept() {
        // Red changes from left to right, blue, more, from above.
        let found = cells(4, 4, 3, |x, y, channel| [0.01 * x as f32, 0.5, 0.1 * y as f32][channel]);
        assert!(found.values[2] > 10.0 * (found.values[0] + found.values[1] + found.values[3]));
        let colours = &found.values[4..];
        let [y, i, q] = [0.299 * 0.015 + 0.587 * 0.5 + 0.114 * 0.15, -0.1766, -0.2115];
        for (colour, expected) in colours.iter().zip([y, i, q]) {
            assert!((colour - expected).abs() < 1e-4, "{colours:?}");
        }
    }

    #[test]
    fn cells_over_the_edge_and_even_pictures_are_read() {
        let even = cells(5, 9, 1, |_, _, _| 0.25);
        assert_eq!((even.width, even.height), (2, 3));
        for cell in even.values.chunks_exact(5) {
            assert_eq!(cell[..4], [0.0; 4]);
            assert!((cell[4] - 0.25).abs() < 1e-6);
        }
    }

    #[test]
    fn levels_are_read_one_after_the_other() {
        let (width, height) = (12, 8);
        let values = (0..width * height * 3).map(|value| (value * 37 % 101) as f32 / 101.0).collect();
        let raster = Raster { width, height, channels: 3, values };
        let patches = Patches { width: 8, height: Some(8), stride_x: Some(4), stride_y: None };
        let of = |cell, levels| Features::Gradients(Gradients { cell, bins: 4, levels });
        let cut = |features: Features, number: usize| {
            let reading = features.read(&raster, &patches, &[1.0; 3]).expect("small");
            assert_eq!(reading.len(), 2);
            let mut frame = Vec::new();
            reading.cut(number, &mut frame);
            assert_eq!((Some(frame.len()), frame.len()), (features.width(&patches, 3), reading.width()));
            frame
        };
        for number in [0, 1] {
            let (fine, both) = (cut(of(2, 1), number), cut(of(2, 2), number));
            assert_eq!(both.len(), 16 * (4 + 3) + 4 * 4);
            assert_eq!(both[..fine.len()], fine, "the first level is what there was without a second");
            // Of the larger cells the directions alone.
            let coarse = cut(of(4, 1), number);
            let directions: Vec<f32> = coarse.chunks_exact(7).flat_map(|cell| cell[..4].to_vec()).collect();
            assert_eq!(both[fine.len()..], directions);
        }
    }
}
