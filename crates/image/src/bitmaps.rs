//! Bitmaps: BMP of Windows, and the family of PBM, PGM, PPM and PAM, with levels as Pillow scales them.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::codecs::pnm::PnmDecoder;
use image::{DynamicImage, ImageDecoder, Limits};

use crate::decoded::Pixels;
use crate::error::ImageError;
use crate::picture::{MOST_MEMORY, Picture, broken, check_plausible, colours, shallow};

/// Runs of a bitmap jump over as many pixels as they like.
const MOST_PIXELS_A_BYTE: usize = 1 << 16;

pub(crate) fn bmp(bytes: &[u8]) -> Result<Picture, ImageError> {
    let mut pixels = decode(BmpDecoder::new(Cursor::new(bytes)).map_err(broken)?, bytes)?;
    let header = Header::new(bytes).ok_or_else(|| broken("its header is cut off"))?;
    let mut values = pixels.values.to_vec();
    if let Some(depths) = header.short_pixels().filter(|_| pixels.channels == 3) {
        // Levels of 5 or 6 bits are scaled by another rounding than the decoder's.
        for pixel in values.as_chunks_mut::<3>().0 {
            for (level, depth) in pixel.iter_mut().zip(depths) {
                let most = (1_u32 << depth) - 1;
                *level = ((u32::from(*level) * most + 127) / 255 * 255 / most) as u8;
            }
        }
    }
    if pixels.channels == 3 && header.is_grey(bytes) {
        values = values.as_chunks::<3>().0.iter().map(|pixel| pixel[0]).collect();
        pixels.channels = 1;
    }
    pixels.values = values.into();
    let format = format!("BMP, {} bits, {}", header.bits, colours(pixels.channels));
    Ok(Picture { pixels, format, warnings: Vec::new() })
}

/// The colour fields of a BMP's header.
struct Header {
    /// Length of the second header, which the palette follows.
    length: usize,
    bits: u16,
    compression: u32,
    /// Masks of red, green and blue, where there are any.
    masks: Option<[u32; 3]>,
    /// Colours of the palette.
    colours: usize,
}

impl Header {
    fn new(bytes: &[u8]) -> Option<Self> {
        let long = |place: usize| bytes.get(place..)?.first_chunk().map(|number| u32::from_le_bytes(*number));
        let short =
            |place: usize| bytes.get(place..)?.first_chunk().map(|number| u16::from_le_bytes(*number));
        let length = long(14)? as usize;
        if length < 40 {
            let bits = short(24)?;
            return Some(Self { length, bits, compression: 0, masks: None, colours: 1 << bits.min(8) });
        }
        let (bits, compression, colours) = (short(28)?, long(30)?, long(46)? as usize);
        let masks = if compression == 3 { Some([long(54)?, long(58)?, long(62)?]) } else { None };
        let colours = if colours == 0 { 1 << bits.min(8) } else { colours.min(256) };
        Some(Self { length, bits, compression, masks, colours })
    }

    /// Bits of red, green and blue in pixels of 16 bits.
    fn short_pixels(&self) -> Option<[u32; 3]> {
        match (self.bits, self.compression, self.masks) {
            (16, 0, _) | (16, 3, Some([0x7c00, 0x3e0, 0x1f])) => Some([5, 5, 5]),
            (16, 3, Some([0xf800, 0x7e0, 0x1f])) => Some([5, 6, 5]),
            _ => None,
        }
    }

    /// True if the colours of the palette are the levels of grey in their order.
    fn is_grey(&self, bytes: &[u8]) -> bool {
        let width = if self.length == 12 { 3 } else { 4 };
        let palette = bytes.get(14 + self.length..).unwrap_or_default();
        let level = |index: usize| if self.colours == 2 { 255 * index } else { index };
        let grey = |index: usize| {
            let colour = palette.get(width * index..width * index + 3);
            colour.is_some_and(|colour| colour.iter().all(|part| usize::from(*part) == level(index)))
        };
        matches!((self.bits, self.colours), (1, 2) | (8, _)) && (0..self.colours).all(grey)
    }
}

pub(crate) fn pnm(bytes: &[u8]) -> Result<Picture, ImageError> {
    let mut pixels = decode(PnmDecoder::new(Cursor::new(bytes)).map_err(broken)?, bytes)?;
    // The decoder rounds halves up, others to even.
    if let Some(most) = most_level(bytes).filter(|most| *most < 255) {
        let scaled = |&level: &u8| {
            let sample = (u32::from(level) * most + 127) / 255;
            (f64::from(sample) / f64::from(most) * 255.0).round_ties_even() as u8
        };
        pixels.values = pixels.values.iter().map(scaled).collect();
    }
    let name = match bytes.get(1) {
        Some(b'1' | b'4') => "PBM",
        Some(b'2' | b'5') => "PGM",
        Some(b'3' | b'6') => "PPM",
        _ => "PAM",
    };
    let format = format!("{name}, {}", colours(pixels.channels));
    Ok(Picture { pixels, format, warnings: Vec::new() })
}

/// The level of white in a PGM or PPM, the third number of its header.
fn most_level(bytes: &[u8]) -> Option<u32> {
    let [b'P', b'2' | b'3' | b'5' | b'6', rest @ ..] = bytes else { return None };
    let mut comment = false;
    let plain = rest.iter().filter(|byte| {
        comment = **byte == b'#' || comment && **byte != b'\n';
        !comment
    });
    let start: Vec<u8> = plain.take(200).copied().collect();
    let number = start.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).nth(2)?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// Decodes the pixels of a format without metadata.
fn decode(mut decoder: impl ImageDecoder, bytes: &[u8]) -> Result<Pixels, ImageError> {
    let (width, height) = decoder.dimensions();
    check_plausible((width as usize, height as usize), bytes.len(), MOST_PIXELS_A_BYTE)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY as u64);
    decoder.set_limits(limits).map_err(broken)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let channels = usize::from(picture.color().channel_count());
    let deep = |values: Vec<u16>| values.into_iter().map(shallow).collect();
    let values: Vec<u8> = match picture {
        DynamicImage::ImageLuma16(picture) => deep(picture.into_raw()),
        DynamicImage::ImageLumaA16(picture) => deep(picture.into_raw()),
        DynamicImage::ImageRgb16(picture) => deep(picture.into_raw()),
        DynamicImage::ImageRgba16(picture) => deep(picture.into_raw()),
        other => other.into_bytes(),
    };
    if values.len() != width * height * channels {
        return Err(broken("its samples are of an unknown kind"));
    }
    Ok(Pixels { width, height, channels, values: values.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_scaled_as_others_scale_them() {
        for (most, samples, expected) in [
            (100, [10, 30, 50, 70, 100], [26, 76, 128, 178, 255]),
            (7, [0, 1, 2, 6, 7], [0, 36, 73, 219, 255]),
            (255, [0, 1, 128, 254, 255], [0, 1, 128, 254, 255]),
        ] {
            let head = format!("P5 # {most} shades\n5 1\n{most}\n");
            let picture = pnm(&[head.as_bytes(), &samples].concat()).expect("a sound picture");
            assert_eq!(*picture.pixels.values, expected, "of {most}");
            assert_eq!(picture.format, "PGM, grey");
        }
    }

    /// A bitmap of one row.
    fn bitmap(bits: u16, compression: u32, width: u32, palette: &[u8], pixels: &[u8]) -> Vec<u8> {
        let start = 54 + palette.len() as u32;
        let mut bytes = b"BM".to_vec();
        let colours = if bits > 8 { 0 } else { palette.len() as u32 / 4 };
        bytes.extend([start + pixels.len() as u32, 0, start, 40, width, 1].map(u32::to_le_bytes).concat());
        bytes.extend([1, bits].map(u16::to_le_bytes).concat());
        bytes.extend([compression, pixels.len() as u32, 0, 0, colours, 0].map(u32::to_le_bytes).concat());
        [&bytes, palette, pixels].concat()
    }

    #[test]
    fn colours_of_bitmaps_are_those_of_pillow() {
        let masks = [0xf800_u32, 0x7e0, 0x1f].map(u32::to_le_bytes).concat();
        let short = |pixels: [u16; 2]| pixels.map(u16::to_le_bytes).concat();
        let grey = [0, 0, 0, 0, 1, 1, 1, 0, 2, 2, 2, 0];
        let two = [0, 0, 0, 0, 255, 255, 255, 0];
        let red = [0, 0, 9, 0, 255, 255, 255, 0];
        let cases: [(Vec<u8>, usize, &[u8]); 6] = [
            (
                bitmap(16, 0, 2, &[], &short([0x7fff, 3 << 10 | 11 << 5 | 29])),
                3,
                &[255, 255, 255, 24, 90, 238],
            ),
            (
                bitmap(16, 3, 2, &masks, &short([0xffff, 3 << 11 | 11 << 5 | 29])),
                3,
                &[255, 255, 255, 24, 44, 238],
            ),
            (bitmap(8, 0, 3, &grey, &[2, 0, 1, 0]), 1, &[2, 0, 1]),
            (bitmap(1, 0, 3, &two, &[0b1010_0000, 0, 0, 0]), 1, &[255, 0, 255]),
            (bitmap(1, 0, 2, &red, &[0b0100_0000, 0, 0, 0]), 3, &[9, 0, 0, 255, 255, 255]),
            (bitmap(24, 0, 1, &[], &[1, 2, 3, 0]), 3, &[3, 2, 1]),
        ];
        for (bytes, channels, expected) in cases {
            let picture = bmp(&bytes).expect("a sound bitmap");
            assert_eq!(
                (picture.pixels.channels, &*picture.pixels.values),
                (channels, expected),
                "{}",
                picture.format
            );
        }
    }
}
