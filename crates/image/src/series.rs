//! Pictures that follow each other, as one: from left to right, centred from top to bottom.

use any2any_adapter::Image;

use crate::decoded::check_size;
use crate::error::ImageError;

/// Joins several pictures into one; all have as many channels as the background.
pub(crate) fn join(images: &[Image], background: &[u8]) -> Result<Image, ImageError> {
    if let [only] = images {
        return Ok(only.clone());
    }
    let height = images.iter().map(Image::height).max().ok_or(ImageError::NoPicture)?;
    let width = images.iter().fold(0_usize, |width, image| width.saturating_add(image.width()));
    check_size(width, height)?;
    let channels = background.len();
    let mut pixels = background.repeat(width * height);
    let mut left = 0;
    for image in images {
        let top = (height - image.height()) / 2;
        let rows = image.pixels().chunks_exact(image.width() * channels);
        for (y, row) in rows.enumerate() {
            pixels[((top + y) * width + left) * channels..][..row.len()].copy_from_slice(row);
        }
        left += image.width();
    }
    Image::new(width, height, channels, pixels).ok_or(ImageError::NoPicture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_side_by_side() {
        let tall = Image::new(1, 3, 1, vec![1, 2, 3]).expect("three pixels");
        let wide = Image::new(2, 1, 1, vec![4, 5]).expect("two pixels");
        let joined = join(&[tall.clone(), wide], &[9]).expect("two pictures");
        assert_eq!((joined.width(), joined.height()), (3, 3));
        assert_eq!(joined.pixels(), [1, 9, 9, 2, 4, 5, 3, 9, 9]);
        assert_eq!(join(std::slice::from_ref(&tall), &[9]), Ok(tall));
        assert_eq!(join(&[], &[9]), Err(ImageError::NoPicture));
    }
}
