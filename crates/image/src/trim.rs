//! Trimming: the margin around a drawing is found and cut off.

use crate::decoded::{Area, Pixels};

/// Alpha up to here, of 255, is margin: the soft edge of a shadow.
const FAINT: u8 = 32;
/// Values up to here from the background's, of 255, are margin: the noise of a scan or a JPEG.
const NEAR: u8 = 16;

/// The smallest area that holds the whole drawing: the pixels that are not transparent, if some are, and otherwise
/// those that differ from the background's colour. An area with nothing on it stays whole.
pub(crate) fn trimmed(pixels: &Pixels, area: Area, background: [u8; 3]) -> Area {
    let channels = pixels.channels;
    let alpha = channels.is_multiple_of(2).then_some(channels - 1);
    let row = |y: usize| {
        let start = (y * pixels.width + area.left) * channels;
        pixels.values.get(start..start + area.width * channels).unwrap_or(&[])
    };
    let rows = || (area.top..area.top + area.height).map(|y| (y, row(y)));
    let mut pixels_of_rows = rows().flat_map(|(_, row)| row.chunks_exact(channels));
    let transparent = alpha.filter(|&alpha| pixels_of_rows.any(|pixel| pixel[alpha] <= FAINT));
    let drawn = |pixel: &[u8]| match transparent {
        Some(alpha) => pixel[alpha] > FAINT,
        None => {
            let far = |(value, background): (&u8, &u8)| value.abs_diff(*background) > NEAR;
            pixel[..channels - usize::from(alpha.is_some())].iter().zip(&background).any(far)
        }
    };
    let (mut left, mut right) = (usize::MAX, 0);
    let (mut top, mut bottom) = (usize::MAX, 0);
    for (y, row) in rows() {
        let mut places = row.chunks_exact(channels).map(drawn);
        let Some(first) = places.by_ref().position(|drawn| drawn) else { continue };
        let after = row.rchunks_exact(channels).position(drawn).unwrap_or(0);
        (left, right) = (left.min(first), right.max(area.width - after));
        (top, bottom) = (top.min(y), y + 1);
    }
    if bottom == 0 {
        return area;
    }
    Area { left: area.left + left, top, width: right - left, height: bottom - top }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoded::whole;

    fn pixels(width: usize, channels: usize, values: &[u8]) -> Pixels {
        Pixels { width, height: values.len() / width / channels, channels, values: values.into() }
    }

    #[test]
    fn what_differs_from_the_background_stays() {
        let paper = [250, 255, 255, 255, 240, 0, 250, 255, 255, 90, 245, 255, 255, 255, 255, 255];
        let found = trimmed(&pixels(4, 1, &paper), whole(&pixels(4, 1, &paper)), [255; 3]);
        assert_eq!(found, Area { left: 1, top: 1, width: 1, height: 2 });
        // Red on black, of which a part is looked at.
        let mut red = vec![0; 5 * 4 * 3];
        red[(5 + 1) * 3] = 200;
        red[(2 * 5 + 3) * 3] = 200;
        let of = |left, width| trimmed(&pixels(5, 3, &red), Area { left, top: 0, width, height: 4 }, [0; 3]);
        assert_eq!(of(0, 5), Area { left: 1, top: 1, width: 3, height: 2 });
        assert_eq!(of(2, 3), Area { left: 3, top: 2, width: 1, height: 1 });
        assert_eq!(of(4, 1), Area { left: 4, top: 0, width: 1, height: 4 }, "nothing on it: whole");
    }

    #[test]
    fn white_on_nothing_is_drawn_and_on_white_is_not() {
        let white = |alpha: [u8; 6]| -> Vec<u8> { alpha.iter().flat_map(|&alpha| [255, alpha]).collect() };
        let found = |alpha| {
            let pixels = pixels(3, 2, &white(alpha));
            trimmed(&pixels, whole(&pixels), [255; 3])
        };
        assert_eq!(found([0, 30, 0, 0, 255, 255]), Area { left: 1, top: 1, width: 2, height: 1 });
        assert_eq!(found([255; 6]), Area { left: 0, top: 0, width: 3, height: 2 });
    }
}
