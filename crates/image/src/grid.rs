//! Grid of the patches of a picture, in raster order, and the way from pixels to patches and back.

use any2any_adapter::Region;

use crate::error::ImageError;
use crate::options::Patches;
use crate::raster::Raster;

/// The most values of one sequence.
const MOST_VALUES: usize = 1 << 28;

/// The patches of pictures of one size.
///
/// # Shapes
///
/// - each patch: `[patch height, patch width, channels]`, row-major
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    width: usize,
    height: usize,
    channels: usize,
    patch_width: usize,
    patch_height: usize,
    stride_x: usize,
    stride_y: usize,
    columns: usize,
    rows: usize,
}

impl Grid {
    /// The patches of a picture of this size; as high as the picture when the options say so.
    pub(crate) fn new(
        patches: &Patches,
        (width, height): (usize, usize),
        channels: usize,
    ) -> Result<Self, ImageError> {
        let patch_width = patches.width.max(1);
        let patch_height = patches.height.unwrap_or(height).max(1);
        let stride_x = patches.stride_x.unwrap_or(patch_width).max(1);
        let stride_y = patches.stride_y.unwrap_or(patch_height).max(1);
        let count = |side: usize, patch: usize, stride| side.saturating_sub(patch).div_ceil(stride) + 1;
        let grid = Self {
            width,
            height,
            channels,
            patch_width,
            patch_height,
            stride_x,
            stride_y,
            columns: count(width, patch_width, stride_x),
            rows: count(height, patch_height, stride_y),
        };
        let values = grid.len().checked_mul(grid.patch());
        if values.is_none_or(|values| values > MOST_VALUES) {
            return Err(ImageError::TooLong { frames: grid.len(), width: grid.patch() });
        }
        Ok(grid)
    }

    /// Number of patches. Sides that a run or a header names may be beyond any picture: such a grid is refused.
    pub(crate) fn len(&self) -> usize {
        self.columns.saturating_mul(self.rows)
    }

    /// Number of values of a patch.
    pub(crate) fn patch(&self) -> usize {
        self.patch_width.saturating_mul(self.patch_height).saturating_mul(self.channels)
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// The left and upper edge of a patch.
    fn corner(&self, number: usize) -> (usize, usize) {
        (number % self.columns * self.stride_x, number / self.columns * self.stride_y)
    }

    /// The part of a patch that lies in the picture: width and height.
    fn inside(&self, (left, top): (usize, usize)) -> (usize, usize) {
        (self.patch_width.min(self.width - left), self.patch_height.min(self.height - top))
    }

    /// The rectangle of the picture that a patch covers.
    pub(crate) fn region(&self, number: usize) -> Region {
        let (left, top) = self.corner(number);
        let (width, height) = self.inside((left, top));
        Region::Rectangle { left: left as f32, top: top as f32, width: width as f32, height: height as f32 }
    }

    /// The middle of a patch, from -1 at the left and upper edge of the picture to 1 at the others.
    pub(crate) fn middle(&self, number: usize) -> (f32, f32) {
        let (left, top) = self.corner(number);
        let (width, height) = self.inside((left, top));
        let scaled = |start: usize, len: usize, side: usize| (2 * start + len) as f32 / side as f32 - 1.0;
        (scaled(left, width, self.width), scaled(top, height, self.height))
    }

    /// Appends one patch of a picture to `frames`, padded with background.
    pub(crate) fn cut(&self, raster: &Raster, background: &[f32], number: usize, frames: &mut Vec<f32>) {
        let (left, top) = self.corner(number);
        let (width, height) = self.inside((left, top));
        for y in 0..self.patch_height {
            let mut filled = 0;
            if y < height {
                let start = ((top + y) * self.width + left) * self.channels;
                frames.extend_from_slice(&raster.values[start..][..width * self.channels]);
                filled = width;
            }
            for _ in filled..self.patch_width {
                frames.extend_from_slice(background);
            }
        }
    }

    /// Puts a patch into the values of a picture.
    pub(crate) fn put(&self, patch: &[f32], number: usize, values: &mut [f32]) {
        let (left, top) = self.corner(number);
        let (width, height) = self.inside((left, top));
        for (y, row) in patch.chunks_exact(self.patch_width * self.channels).take(height).enumerate() {
            let start = ((top + y) * self.width + left) * self.channels;
            values[start..][..width * self.channels].copy_from_slice(&row[..width * self.channels]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patches(width: usize, height: Option<usize>, stride_x: Option<usize>) -> Patches {
        Patches { width, height, stride_x, stride_y: None }
    }

    fn numbered(width: usize, height: usize, channels: usize) -> Raster {
        let values = (0..width * height * channels).map(|value| value as f32).collect();
        Raster { width, height, channels, values }
    }

    #[test]
    fn sides_beyond_any_picture_are_refused() {
        for size in [(usize::MAX, usize::MAX), (1 << 40, 1 << 40), (1, usize::MAX)] {
            for patches in [patches(4, Some(4), Some(1)), patches(usize::MAX, Some(usize::MAX), None)] {
                if let Ok(grid) = Grid::new(&patches, size, 3) {
                    assert!(grid.len().checked_mul(grid.patch()).is_some_and(|values| values <= MOST_VALUES));
                }
            }
            assert!(Grid::new(&patches(4, Some(4), None), size, 3).is_err(), "{size:?}");
        }
    }

    #[test]
    fn patches_cover_every_pixel() {
        // Size of the picture, patches, how many.
        let cases = [
            ((28, 28), patches(4, Some(4), None), 49),
            ((5, 3), patches(2, Some(2), None), 6),
            ((1, 1), patches(4, Some(4), None), 1),
            ((10, 32), patches(3, None, None), 4),
            ((10, 32), patches(4, None, Some(2)), 4),
            ((11, 32), patches(4, None, Some(2)), 5),
            ((4, 4), patches(4, Some(4), Some(1)), 1),
        ];
        for (size, patches, expected) in cases {
            let grid = Grid::new(&patches, size, 1).expect("small");
            assert_eq!(grid.len(), expected, "{size:?} {patches:?}");
            let raster = numbered(size.0, size.1, 1);
            let mut values = vec![-1.0; raster.values.len()];
            for number in 0..grid.len() {
                let mut patch = Vec::new();
                grid.cut(&raster, &[-1.0], number, &mut patch);
                assert_eq!(patch.len(), grid.patch());
                grid.put(&patch, number, &mut values);
            }
            assert_eq!(values, raster.values, "{size:?} {patches:?}");
        }
    }

    #[test]
    fn a_patch_over_the_edge_is_filled_up() {
        let grid = Grid::new(&patches(2, Some(2), None), (3, 3), 1).expect("small");
        let mut frame = Vec::new();
        grid.cut(&numbered(3, 3, 1), &[9.5], 3, &mut frame);
        assert_eq!(frame, [8.0, 9.5, 9.5, 9.5]);
        assert_eq!(grid.region(3), Region::Rectangle { left: 2.0, top: 2.0, width: 1.0, height: 1.0 });
        let wide = Grid::new(&patches(2, Some(2), None), (8, 4), 1).expect("small");
        assert_eq!([wide.middle(0), wide.middle(6)], [(-0.75, -0.5), (0.25, 0.5)]);
    }

    #[test]
    fn channels_stay_together() {
        let grid = Grid::new(&patches(1, Some(2), None), (2, 2), 3).expect("small");
        let mut frame = Vec::new();
        grid.cut(&numbered(2, 2, 3), &[0.0; 3], 1, &mut frame);
        assert_eq!(frame, [3.0, 4.0, 5.0, 9.0, 10.0, 11.0]);
    }

    #[test]
    fn too_many_patches_are_an_error() {
        let greedy = Patches { width: 1024, height: Some(1024), stride_x: Some(1), stride_y: Some(1) };
        assert!(matches!(Grid::new(&greedy, (4096, 4096), 3), Err(ImageError::TooLong { .. })));
    }
}
