//! GIF (89a): the first picture, laid on the screen as Pillow lays it.

use std::io::Cursor;
use std::num::NonZeroU64;

use ::gif::{ColorOutput, DecodeOptions, MemoryLimit};

use crate::decoded::Pixels;
use crate::error::ImageError;
use crate::picture::{MOST_MEMORY, Picture, broken, check_plausible};
use crate::price::{Header, pixels};

/// A code of LZW has 3 bits at least and stands for 4096 pixels at most.
const MOST_PIXELS_A_BYTE: usize = 3 * 4096;

/// Size and decoding memory of a file, from its header and that of its first picture.
pub(crate) fn header(bytes: &[u8]) -> Option<Header> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    let mut decoder = options.read_info(Cursor::new(bytes)).ok()?;
    let screen = (usize::from(decoder.width()), usize::from(decoder.height()));
    let frame = decoder.next_frame_info().ok()??;
    let right = usize::from(frame.left) + usize::from(frame.width);
    let bottom = usize::from(frame.top) + usize::from(frame.height);
    let (width, height) = (screen.0.max(right), screen.1.max(bottom));
    // Indices of the picture and of the screen, and colours with alpha, twice.
    Some(Header { width, height, bytes: 10 * pixels((width, height)) })
}

pub(crate) fn read(bytes: &[u8]) -> Result<Picture, ImageError> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    let most = NonZeroU64::new(MOST_MEMORY as u64);
    options.set_memory_limit(most.map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes));
    let mut decoder = options.read_info(Cursor::new(bytes)).map_err(broken)?;
    let screen = (usize::from(decoder.width()), usize::from(decoder.height()));
    let none = || broken("it has no picture");
    let frame = decoder.next_frame_info().map_err(broken)?.ok_or_else(none)?;
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let (right, bottom) = (left + usize::from(frame.width), top + usize::from(frame.height));
    // The screen grows where its first picture is larger.
    let (width, height) = (screen.0.max(right), screen.1.max(bottom));
    check_plausible((right - left, bottom - top), bytes.len(), MOST_PIXELS_A_BYTE)?;
    check_plausible((width, height), bytes.len(), 1 << 24)?;
    let transparent = frame.transparent;
    let palette = frame.palette.clone();
    let mut indices = vec![0; decoder.buffer_size()];
    decoder.read_into_buffer(&mut indices).map_err(broken)?;
    let palette = palette.or_else(|| decoder.global_palette().map(<[u8]>::to_vec)).unwrap_or_default();
    let colours = palette.as_chunks::<3>().0;

    let mut screen = vec![transparent.unwrap_or(0); width * height];
    for (y, row) in indices.chunks_exact((right - left).max(1)).enumerate() {
        screen[(top + y) * width + left..][..row.len()].copy_from_slice(row);
    }
    let grey = colours
        .iter()
        .enumerate()
        .all(|(level, colour)| colour.iter().all(|part| usize::from(*part) == level));
    let colour = |index: u8| colours.get(usize::from(index)).copied().unwrap_or([index; 3]);
    let (channels, values): (usize, Vec<u8>) = match (transparent, grey) {
        (Some(transparent), _) => {
            let pixel = |&index: &u8| {
                let [red, green, blue] = colour(index);
                [red, green, blue, if index == transparent { 0 } else { 255 }]
            };
            (4, screen.iter().flat_map(pixel).collect())
        }
        (None, true) => (1, screen),
        (None, false) => (3, screen.iter().flat_map(|&index| colour(index)).collect()),
    };
    let mut warnings = Vec::new();
    if matches!(decoder.next_frame_info(), Ok(Some(_))) {
        warnings.push("the GIF is an animation: its first picture is read".to_owned());
    }
    let pixels = Pixels { width, height, channels, values: values.into() };
    Ok(Picture { pixels, format: format!("GIF, {} colours", colours.len()), warnings })
}
