//! Grid of the features of one sample, by window and channel, before they are frames.

use any2any_adapter::{Frames, Region};

use crate::features::options::{Layout, Within};

/// Features by window and channel.
///
/// # Shapes
///
/// - values: `[windows, channels, block]`, row-major
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grid {
    /// Number of channels that have features of their own: one when they are made of all channels together.
    pub channels: usize,
    /// Number of features of a channel in a window.
    pub block: usize,
    pub values: Vec<f32>,
}

impl Grid {
    /// Number of features of all channels of a window.
    pub(crate) fn width(&self) -> usize {
        self.channels * self.block
    }

    /// Brings features to mean 0 and deviation 1 within the sample.
    pub(crate) fn normalize(&mut self, within: Within) {
        let (width, block) = (self.width(), self.block);
        match within {
            Within::None => {}
            Within::Bins => {
                self.values.chunks_exact_mut(block).for_each(|block| standardize(block, 0, 1));
            }
            Within::Columns => (0..width).for_each(|column| standardize(&mut self.values, column, width)),
        }
    }

    /// The width of frames in a layout: with the number of the channel behind the features of one channel.
    pub(crate) fn frame_width(channels: usize, block: usize, layout: Layout) -> usize {
        match layout {
            Layout::Windows => channels * block,
            Layout::Channels => block + channels,
        }
    }

    /// The frames of a layout.
    pub(crate) fn frames(self, layout: Layout) -> Option<Frames> {
        let width = Self::frame_width(self.channels, self.block, layout);
        let values = match layout {
            Layout::Windows => self.values,
            Layout::Channels => {
                let mut values = Vec::with_capacity(self.values.len() / self.block * width);
                for (number, block) in self.values.chunks_exact(self.block).enumerate() {
                    values.extend_from_slice(block);
                    let one = number % self.channels;
                    values.extend((0..self.channels).map(|channel| if channel == one { 1.0 } else { 0.0 }));
                }
                values
            }
        };
        Frames::new(width, values)
    }
}

/// The region of each frame of a layout, from the seconds of each window.
pub(crate) fn regions(
    windows: impl Iterator<Item = (f64, f64)>,
    grid_channels: usize,
    signal_channels: usize,
    layout: Layout,
) -> Vec<Region> {
    let region = |channels, (start, end)| Region::Window { channels, start, end };
    windows
        .flat_map(|window| match layout {
            Layout::Channels if grid_channels == signal_channels => {
                (0..signal_channels).map(|channel| region(channel..channel + 1, window)).collect::<Vec<_>>()
            }
            _ => vec![region(0..signal_channels, window)],
        })
        .collect()
}

/// Brings every `step`-th value from `start` on to mean 0 and deviation 1.
fn standardize(values: &mut [f32], start: usize, step: usize) {
    let some = || values.iter().skip(start).step_by(step).map(|&value| f64::from(value));
    let count = some().count().max(1) as f64;
    let mean = some().sum::<f64>() / count;
    let deviation = (some().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
    let scale = if deviation < 1e-6 { 1.0 } else { deviation };
    values
        .iter_mut()
        .skip(start)
        .step_by(step)
        .for_each(|value| *value = ((f64::from(*value) - mean) / scale) as f32);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        Grid { channels: 2, block: 2, values: vec![1.0, 3.0, 10.0, 30.0, 5.0, 5.0, 30.0, 10.0] }
    }

    #[test]
    fn features_are_normalized_within_the_sample() {
        let cases = [
            (Within::None, grid().values),
            (Within::Bins, vec![-1.0, 1.0, -1.0, 1.0, 0.0, 0.0, 1.0, -1.0]),
            (Within::Columns, vec![-1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0, -1.0]),
        ];
        for (within, expected) in cases {
            let mut found = grid();
            found.normalize(within);
            assert_eq!(found.values, expected, "{within:?}");
        }
    }

    #[test]
    fn layouts_decide_what_a_frame_and_a_region_cover() {
        let frames = grid().frames(Layout::Windows).expect("whole rows");
        assert_eq!((frames.len(), frames.width()), (2, 4));
        let frames = grid().frames(Layout::Channels).expect("whole rows");
        assert_eq!((frames.len(), frames.width()), (4, 4));
        assert_eq!(frames.values()[4..8], [10.0, 30.0, 0.0, 1.0]);
        let windows = || [(0.0, 1.0), (0.5, 1.5)].into_iter();
        let all = regions(windows(), 2, 2, Layout::Windows);
        assert_eq!(all[1], Region::Window { channels: 0..2, start: 0.5, end: 1.5 });
        let each = regions(windows(), 2, 2, Layout::Channels);
        assert_eq!((each.len(), &each[3]), (4, &Region::Window { channels: 1..2, start: 0.5, end: 1.5 }));
    }
}
