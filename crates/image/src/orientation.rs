//! Orientation in which a camera was held, by EXIF or XMP, and pixels turned upright.

use image::metadata::Orientation as Turn;

use crate::decoded::Pixels;

/// Orientation in which a camera was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Orientation(u8);

impl Orientation {
    /// Orientation by EXIF, from its TIFF header on, or else by XMP. Damaged metadata is no reason to lose the
    /// picture.
    pub(crate) fn new(exif: Option<&[u8]>, xmp: Option<&[u8]>) -> Self {
        let exif = exif.and_then(Turn::from_exif_chunk).map(Turn::to_exif);
        Self(exif.or_else(|| xmp.and_then(of_xmp)).unwrap_or(1))
    }

    /// Orientation by its number in EXIF, from 1 to 8; others say nothing.
    pub(crate) fn of_exif(number: u64) -> Self {
        Self(u8::try_from(number).ok().filter(|number| (1..=8).contains(number)).unwrap_or(1))
    }

    /// Width and height of a picture turned upright.
    pub(crate) fn upright(self, (width, height): (usize, usize)) -> (usize, usize) {
        if self.0 > 4 { (height, width) } else { (width, height) }
    }

    /// Pixels turned upright.
    pub(crate) fn apply(self, pixels: Pixels) -> Pixels {
        let Pixels { width, height, channels, .. } = pixels;
        let (new_width, new_height) = self.upright((width, height));
        let from = |x: usize, y: usize| match self.0 {
            2 => (width - 1 - x, y),
            3 => (width - 1 - x, height - 1 - y),
            4 => (x, height - 1 - y),
            5 => (y, x),
            6 => (y, height - 1 - x),
            7 => (width - 1 - y, height - 1 - x),
            _ => (width - 1 - y, x),
        };
        if !(2..=8).contains(&self.0) {
            return pixels;
        }
        let mut values = Vec::with_capacity(pixels.values.len());
        for y in 0..new_height {
            for x in 0..new_width {
                let (x, y) = from(x, y);
                values.extend_from_slice(&pixels.values[(y * width + x) * channels..][..channels]);
            }
        }
        Pixels { width: new_width, height: new_height, channels, values: values.into() }
    }
}

/// `tiff:Orientation="6"`, or the same as an element.
fn of_xmp(xmp: &[u8]) -> Option<u8> {
    const NAME: &[u8] = b"tiff:Orientation";
    let place = xmp.windows(NAME.len()).position(|window| window == NAME)?;
    match &xmp[place + NAME.len()..] {
        [b'=', b'"', digit @ b'1'..=b'8', ..] | [b'>', digit @ b'1'..=b'8', ..] => Some(digit - b'0'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_turned_upright() {
        // 1 2 3 over 4 5 6.
        let cases: [(u64, usize, &[u8]); 10] = [
            (0, 3, &[1, 2, 3, 4, 5, 6]),
            (1, 3, &[1, 2, 3, 4, 5, 6]),
            (2, 3, &[3, 2, 1, 6, 5, 4]),
            (3, 3, &[6, 5, 4, 3, 2, 1]),
            (4, 3, &[4, 5, 6, 1, 2, 3]),
            (5, 2, &[1, 4, 2, 5, 3, 6]),
            (6, 2, &[4, 1, 5, 2, 6, 3]),
            (7, 2, &[6, 3, 5, 2, 4, 1]),
            (8, 2, &[3, 6, 2, 5, 1, 4]),
            (9, 3, &[1, 2, 3, 4, 5, 6]),
        ];
        for (number, width, expected) in cases {
            let pixels = Pixels { width: 3, height: 2, channels: 1, values: (1..=6).collect() };
            let upright = Orientation::of_exif(number).apply(pixels);
            assert_eq!((upright.width, &*upright.values), (width, expected), "{number}");
        }
    }

    #[test]
    fn xmp_stands_in_for_exif() {
        let exif = |number| {
            [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(), &[number, 0, 0, 0, 0, 0, 0, 0]]
                .concat()
        };
        type Case = (Option<Vec<u8>>, Option<&'static [u8]>, u8);
        let cases: [Case; 6] = [
            (None, None, 1),
            (Some(exif(6)), None, 6),
            (Some(exif(6)), Some(b"tiff:Orientation=\"3\""), 6),
            (None, Some(b"<rdf tiff:Orientation=\"3\"/>"), 3),
            (None, Some(b"<tiff:Orientation>8</tiff:Orientation>"), 8),
            (Some(b"II*\0".to_vec()), Some(b"tiff:Orientation=\"x\""), 1),
        ];
        for (exif, xmp, expected) in cases {
            assert_eq!(Orientation::new(exif.as_deref(), xmp), Orientation(expected), "{xmp:?}");
        }
    }
}
