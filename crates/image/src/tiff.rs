//! TIFF (revision 6.0): strips and tiles of grey, colours and palettes, plain or compressed without loss.
//!
//! The `tiff` crate unpacks the samples. It does not know palettes, and is given them as grey.

mod directory;

use std::io::Cursor;

use ::tiff::decoder::{Decoder, DecodingResult, Limits};
use directory::{Directory, Order};

use crate::decoded::Pixels;
use crate::error::ImageError;
use crate::jpeg::inks;
use crate::orientation::Orientation;
use crate::picture::{MOST_MEMORY, Picture, broken, check_plausible, shallow};
use crate::price::{Header, pixels};

/// Deflate shrinks to a 1032nd at best, and LZW to less; 8 pixels of one bit share a byte. A line of a fax may be
/// the line before.
const MOST_PIXELS_A_BYTE: usize = 1 << 16;

const SUBFILE: u16 = 254;
const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const FILL_ORDER: u16 = 266;
const MAKE: u16 = 271;
const ORIENTATION: u16 = 274;
const SAMPLES: u16 = 277;
const PLANES: u16 = 284;
const COLOUR_MAP: u16 = 320;
const TILE_WIDTH: u16 = 322;
const SUB_DIRECTORIES: u16 = 330;
const INK_SET: u16 = 332;
const EXTRA_SAMPLES: u16 = 338;
const SAMPLE_FORMAT: u16 = 339;
const XMP: u16 = 700;
const DNG_VERSION: u16 = 50706;

fn refused(format: impl std::fmt::Display) -> ImageError {
    ImageError::refused(format!("a TIFF of {format}"), "magick FILE -depth 8 -compress zip FILE.png")
}

/// Colour space of the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colours {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    Cmyk,
}

/// Layout of the samples, from the directory.
struct Layout {
    width: usize,
    height: usize,
    bits: usize,
    samples: usize,
    colours: Colours,
    /// Meaning of the first sample beside the colours, the tag ExtraSamples.
    extra: Option<u64>,
}

impl Layout {
    fn new(directory: &Directory) -> Result<Self, ImageError> {
        let compression = match directory.value(COMPRESSION).unwrap_or(1) {
            1 | 4 | 5 | 8 | 32773 | 32946 => None,
            2 | 3 => Some("fax codes of group 3"),
            6 | 7 => Some("JPEG"),
            34712 => Some("JPEG 2000"),
            34925 => Some("LZMA"),
            50000 => Some("Zstandard"),
            50001 => Some("WebP"),
            _ => Some("an unknown kind"),
        };
        if let Some(compression) = compression {
            return Err(refused(format!("samples compressed by {compression}")));
        }
        let bits = directory.values(BITS);
        let depth = bits.first().copied().unwrap_or(1);
        if bits.iter().any(|other| *other != depth) {
            return Err(refused("samples of different depths"));
        }
        if directory.values(SAMPLE_FORMAT).iter().any(|format| !matches!(format, 1 | 4)) {
            return Err(refused("signed numbers or numbers with a point"));
        }
        let samples = directory.value(SAMPLES).unwrap_or(1) as usize;
        let (colours, own, depths) = match directory.value(PHOTOMETRIC) {
            Some(0) => (Colours::WhiteIsZero, 1, &[1, 2, 4, 8, 16][..]),
            Some(1) | None => (Colours::BlackIsZero, 1, &[1, 2, 4, 8, 16][..]),
            Some(2) => (Colours::Rgb, 3, &[8, 16][..]),
            Some(3) => (Colours::Palette, 1, &[1, 2, 4, 8][..]),
            Some(5) if directory.value(INK_SET).unwrap_or(1) == 1 => (Colours::Cmyk, 4, &[8][..]),
            Some(4) => return Err(refused("a mask")),
            Some(6) => return Err(refused("YCbCr colours")),
            Some(8..=10) => return Err(refused("Lab colours")),
            Some(32803 | 34892) => {
                return Err(ImageError::refused("the raw data of a camera", "dcraw_emu -T FILE"));
            }
            Some(_) => return Err(refused("unknown colours")),
        };
        if !depths.contains(&depth) {
            return Err(refused(format!("{depth} bits a sample")));
        }
        let extra = directory.value(EXTRA_SAMPLES).or((samples > own).then_some(0));
        let alpha = matches!(extra, Some(1 | 2));
        let known = match colours {
            Colours::Palette | Colours::Cmyk => samples == own,
            _ => samples == own || samples == own + 1 && (depth == 8 || depth == 16),
        };
        if !known || (colours == Colours::WhiteIsZero && samples > 1) || (alpha && samples == own) {
            return Err(refused(format!("{samples} channels")));
        }
        if directory.value(FILL_ORDER) == Some(2) {
            return Err(refused("bits in the reverse order"));
        }
        if directory.value(PLANES) == Some(2) && directory.has(TILE_WIDTH) {
            return Err(refused("tiles of one channel each"));
        }
        let side = |tag| directory.value(tag).and_then(|side| usize::try_from(side).ok()).unwrap_or(0);
        let (width, height) = (side(WIDTH), side(HEIGHT));
        Ok(Self {
            width,
            height,
            bits: depth as usize,
            samples,
            colours,
            extra: extra.filter(|_| samples > own),
        })
    }

    /// `TIFF, 8 bits, RGB`
    fn format(&self) -> String {
        let colours = match (self.colours, self.extra) {
            (Colours::WhiteIsZero | Colours::BlackIsZero, Some(1 | 2)) => "grey and alpha",
            (Colours::WhiteIsZero | Colours::BlackIsZero, _) => "grey",
            (Colours::Rgb, Some(1 | 2)) => "RGBA",
            (Colours::Rgb, _) => "RGB",
            (Colours::Palette, _) => "palette",
            (Colours::Cmyk, _) => "CMYK",
        };
        format!("TIFF, {} bits, {colours}", self.bits)
    }
}

/// Size and decoding memory of a file, from its directory.
pub(crate) fn header(bytes: &[u8]) -> Option<Header> {
    let directory = Directory::new(bytes)?;
    let layout = Layout::new(&directory).ok()?;
    let size = (layout.width, layout.height);
    let (width, height) = orientation(&directory).upright(size);
    // The file once more, samples unpacked, widened and sorted, and levels with alpha, turned upright.
    let samples = pixels(size).saturating_mul(5 * layout.samples as u64 + 12);
    Some(Header { width, height, bytes: samples.saturating_add(bytes.len() as u64) })
}

/// Orientation in which the camera was held.
fn orientation(directory: &Directory) -> Orientation {
    match directory.value(ORIENTATION) {
        Some(orientation) => Orientation::of_exif(orientation),
        None => {
            let xmp: Vec<u8> = directory.values(XMP).iter().map(|&byte| byte as u8).collect();
            Orientation::new(None, Some(&xmp))
        }
    }
}

pub(crate) fn read(bytes: &[u8]) -> Result<Picture, ImageError> {
    let directory = Directory::new(bytes).ok_or_else(|| broken("its directory is cut off"))?;
    let raw = directory.has(SUB_DIRECTORIES) && directory.has(MAKE) && directory.value(SUBFILE) == Some(1);
    if directory.has(DNG_VERSION) || raw {
        return Err(ImageError::refused("the raw data of a camera", "dcraw_emu -T FILE"));
    }
    let layout = Layout::new(&directory)?;
    check_plausible((layout.width, layout.height), bytes.len(), MOST_PIXELS_A_BYTE)?;
    let samples = samples(bytes, &directory, &layout)?;
    let (channels, values) = colours(&samples, &directory, &layout)?;
    let mut warnings = Vec::new();
    if directory.more {
        warnings.push("the TIFF has several pages: its first is read".to_owned());
    }
    let pixels = Pixels { width: layout.width, height: layout.height, channels, values: values.into() };
    Ok(Picture { pixels: orientation(&directory).apply(pixels), format: layout.format(), warnings })
}

/// Samples as the file has them, `[height, width, samples]`.
fn samples(bytes: &[u8], directory: &Directory, layout: &Layout) -> Result<Vec<u16>, ImageError> {
    let mut told = bytes.to_vec();
    if layout.colours != Colours::Rgb
        && let Some(place) = directory.place(PHOTOMETRIC)
        && let Some(value) = told.get_mut(place..place + 2)
    {
        value.copy_from_slice(&Order::of(bytes).short(1));
    }
    // The decoder makes room for whatever number of values an entry promises. Entries of a tag that nobody knows are
    // passed over, as Pillow does with those that lie outside.
    for &entry in &directory.impossible {
        if let Some(tag) = told.get_mut(entry..entry + 2) {
            tag.copy_from_slice(&[0xff; 2]);
        }
    }
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MOST_MEMORY;
    limits.intermediate_buffer_size = MOST_MEMORY;
    let mut decoder = Decoder::new(Cursor::new(told)).map_err(broken)?.with_limits(limits);
    let mut unpacked = DecodingResult::U8(Vec::new());
    let preference = decoder.read_image_to_buffer(&mut unpacked).map_err(broken)?;
    let plain: Vec<u16> = match unpacked {
        DecodingResult::U8(values) if layout.bits <= 8 => values.into_iter().map(u16::from).collect(),
        DecodingResult::U16(values) if layout.bits == 16 => values,
        _ => return Err(broken("its samples are of another kind than its directory says")),
    };
    let wrong = || broken("it has fewer samples than its directory says");
    let (width, height, count) = (layout.width, layout.height, layout.samples);
    let planes = preference.planes.max(1);
    let pixels = width * height;
    match (layout.bits, planes) {
        (8 | 16, 1) if plain.len() >= pixels * count => Ok(plain),
        (8 | 16, planes) if planes == count && plain.len() >= pixels * count => {
            let stride = plain.len() / planes;
            Ok((0..pixels * count).map(|index| plain[index % count * stride + index / count]).collect())
        }
        (bits @ (1 | 2 | 4), 1) if count == 1 => {
            let stride = (width * bits).div_ceil(8);
            if plain.len() < stride * height {
                return Err(wrong());
            }
            let sample = |index: usize| {
                let (x, y) = (index % width, index / width);
                plain[y * stride + x * bits / 8] >> (8 - bits - x * bits % 8) & ((1 << bits) - 1)
            };
            Ok((0..pixels).map(sample).collect())
        }
        _ => Err(wrong()),
    }
}

/// Channels, and levels of 8 bits.
fn colours(samples: &[u16], directory: &Directory, layout: &Layout) -> Result<(usize, Vec<u8>), ImageError> {
    let most = ((1_u32 << layout.bits) - 1) as u16;
    let level = |sample: u16| match layout.bits {
        16 => shallow(sample),
        8 => sample as u8,
        _ => (u32::from(sample) * 255 / u32::from(most)) as u8,
    };
    let pixels = samples.chunks_exact(layout.samples).take(layout.width * layout.height);
    let channels = match (layout.colours, layout.extra) {
        (Colours::WhiteIsZero | Colours::BlackIsZero, Some(1 | 2)) => 2,
        (Colours::WhiteIsZero | Colours::BlackIsZero, _) => 1,
        (Colours::Rgb, Some(1 | 2)) => 4,
        _ => 3,
    };
    let mut values = Vec::with_capacity(channels * layout.width * layout.height);
    let map = directory.values(COLOUR_MAP);
    let entries = 1 << layout.bits;
    if layout.colours == Colours::Palette && map.len() < 3 * entries {
        return Err(broken("its palette is missing or cut off"));
    }
    for pixel in pixels {
        match layout.colours {
            Colours::WhiteIsZero => values.push(255 - level(pixel[0])),
            Colours::Palette => {
                let parts = [0, 1, 2].map(|part| map[part * entries + usize::from(pixel[0])] >> 8);
                values.extend(parts.map(|part| part as u8));
            }
            Colours::Cmyk => values.extend(inks([0, 1, 2, 3].map(|ink| level(pixel[ink])))),
            // Colours that were multiplied by their alpha.
            _ if layout.extra == Some(1) => {
                let (alpha, colours) = pixel.split_last().unwrap_or((&0, &[]));
                let alpha = level(*alpha);
                let whole = |colour: u8| match alpha {
                    0 | 255 => colour,
                    _ => (255 * u32::from(colour) / u32::from(alpha)).min(255) as u8,
                };
                values.extend(colours.iter().map(|colour| whole(level(*colour))).chain([alpha]));
            }
            _ => values.extend(pixel[..channels].iter().map(|sample| level(*sample))),
        }
    }
    Ok((channels, values))
}
