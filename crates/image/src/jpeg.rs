//! JPEG (ITU-T Recommendation T.81): Huffman codes, at once or progressive, in any order of scans.
//!
//! Written here because the decoders of other crates mix up scans of one component each, fill missing parts with
//! grey, and upsample colours differently from libjpeg, the decoder of nearly all viewers: levels are the same as
//! libjpeg's, to the last bit.

mod bits;
mod colour;
mod frame;
mod huffman;
mod idct;
mod scan;
mod upsampling;

use crate::error::ImageError;
use crate::orientation::Orientation;
use crate::price::{Header, pixels};
use colour::Colours;
pub(crate) use colour::inks;
use frame::Frame;
use huffman::Huffman;
use scan::{Scan, Tables, ZIGZAG};

/// The most scans; a progressive picture has about ten.
const MOST_SCANS: usize = 500;

/// A decoded picture, with its metadata.
pub(crate) struct Jpeg<'a> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) channels: usize,
    /// `[height, width, channels]`
    pub(crate) values: Vec<u8>,
    /// `JPEG, progressive, YCbCr`
    pub(crate) format: String,
    pub(crate) exif: Option<&'a [u8]>,
    pub(crate) xmp: Option<&'a [u8]>,
    pub(crate) warnings: Vec<String>,
}

fn broken(reason: &str) -> ImageError {
    ImageError::Broken { reason: reason.to_owned() }
}

fn refused(format: String) -> ImageError {
    ImageError::refused(format, "magick FILE FILE.png")
}

/// The next marker at or behind a place, and the place behind it.
fn next_marker(bytes: &[u8], place: usize) -> Option<(u8, usize)> {
    let rest = bytes.get(place..)?;
    let found = rest.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff))?;
    Some((rest[found + 1], place + found + 2))
}

/// A picture from the bytes of a file.
///
/// # Errors
///
/// When bytes are missing or damaged, and for kinds of JPEG that hardly any program reads.
pub(crate) fn read(bytes: &[u8]) -> Result<Jpeg<'_>, ImageError> {
    let mut reader = Reader::default();
    let mut place = 2;
    let mut warnings = Vec::new();
    loop {
        let complete = reader.frame.as_ref().is_some_and(Frame::is_complete);
        let Some((marker, next)) = next_marker(bytes, place) else {
            if !complete {
                return Err(broken("its end is missing"));
            }
            warnings.push("the end marker of the JPEG is missing; its pixels are all there".to_owned());
            break;
        };
        // The end of the picture.
        if marker == 0xd9 {
            if bytes[next..].iter().any(|byte| *byte != 0) {
                warnings.push(
                    "bytes behind the end of the JPEG are not read (a film or another picture)".to_owned(),
                );
            }
            break;
        }
        match reader.segment(bytes, marker, next) {
            Ok(next) => place = next,
            Err(_) if complete => {
                warnings.push("the end marker of the JPEG is missing; its pixels are all there".to_owned());
                break;
            }
            Err(error) => return Err(error),
        }
    }
    reader.finish(warnings)
}

/// Size and decoding memory of a picture, from the segments in front of the first scan.
pub(crate) fn header(bytes: &[u8]) -> Option<Header> {
    let (mut reader, mut place, mut frame) = (Reader::default(), 2, None);
    while let Some((marker, next)) = next_marker(bytes, place) {
        place = next;
        match marker {
            0xd9 | 0xda => break,
            0x01 | 0xd0..=0xd8 => {}
            0xc0..=0xc2 => {
                let [_, _, _, h1, h0, w1, w0, count, ..] = *bytes.get(next..)? else { return None };
                let side = |high, low| usize::from(u16::from_be_bytes([high, low]));
                frame = frame.or(Some((marker == 0xc2, (side(w1, w0), side(h1, h0)), u64::from(count))));
                place += usize::from(u16::from_be_bytes([bytes[next], bytes[next + 1]]));
            }
            0xe1 => place = reader.segment(bytes, marker, next).ok()?,
            _ => place += usize::from(u16::from_be_bytes(*bytes.get(next..)?.first_chunk()?)),
        }
    }
    let (progressive, size, components) = frame?;
    // Levels of whole units of 32 x 32 pixels at most, their coefficients, and colours, turned upright.
    let padded = pixels((size.0.next_multiple_of(32), size.1.next_multiple_of(32)));
    let units = padded * components * if progressive { 3 } else { 1 };
    let (width, height) = Orientation::new(reader.exif, reader.xmp).upright(size);
    Some(Header { width, height, bytes: units + 9 * pixels(size) })
}

/// State of the reader: frame, tables and metadata read so far.
#[derive(Default)]
struct Reader<'a> {
    frame: Option<Frame>,
    tables: Tables,
    scans: usize,
    jfif: bool,
    adobe: Option<u8>,
    exif: Option<&'a [u8]>,
    xmp: Option<&'a [u8]>,
}

impl<'a> Reader<'a> {
    /// Reads the segment of a marker; returns the offset from which to search the next marker.
    fn segment(&mut self, bytes: &'a [u8], marker: u8, place: usize) -> Result<usize, ImageError> {
        // Markers that stand alone.
        if matches!(marker, 0x01 | 0xd0..=0xd8) {
            return Ok(place);
        }
        let length = bytes.get(place..).and_then(|rest| rest.first_chunk::<2>());
        let length = length.map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
        let content = bytes.get(place + 2..place + length.max(2)).filter(|_| length >= 2);
        let content = content.ok_or_else(|| broken("a segment is cut off"))?;
        let next = place + length;
        match marker {
            0xc0..=0xc2 if self.frame.is_some() => return Err(broken("it has several frames")),
            0xc0..=0xc2 => self.frame = Some(Frame::new(content, marker == 0xc2, bytes.len())?),
            0xc3 | 0xcb => return Err(refused("a lossless JPEG".to_owned())),
            0xc5..=0xc7 | 0xcd..=0xcf | 0xde => return Err(refused("a hierarchical JPEG".to_owned())),
            0xc9 | 0xca | 0xcc => return Err(refused("a JPEG with arithmetic codes".to_owned())),
            0xf7 => return Err(refused("a JPEG-LS picture".to_owned())),
            0xc4 => self.huffman(content)?,
            0xdb => self.quantization(content)?,
            0xdd => match content {
                [high, low] => self.tables.restart = usize::from(u16::from_be_bytes([*high, *low])),
                _ => return Err(broken("the distance of restarts is no number")),
            },
            0xda => return self.scan(bytes, content, next),
            0xe0 if content.starts_with(b"JFIF\0") => self.jfif = true,
            0xe1 => {
                if let Some(exif) = content.strip_prefix(b"Exif\0") {
                    self.exif = self.exif.or(exif.get(1..));
                } else if let Some(xmp) = content.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0") {
                    self.xmp = self.xmp.or(Some(xmp));
                }
            }
            0xee if content.starts_with(b"Adobe") => self.adobe = content.get(11).copied(),
            _ => {}
        }
        Ok(next)
    }

    fn quantization(&mut self, mut content: &[u8]) -> Result<(), ImageError> {
        let wrong = || broken("a table of quantization is wrong");
        while let Some((&head, rest)) = content.split_first() {
            let wide = head >> 4 == 1;
            let (numbers, rest) = rest.split_at_checked(if wide { 128 } else { 64 }).ok_or_else(wrong)?;
            let table = self.tables.quantization.get_mut(usize::from(head & 15)).ok_or_else(wrong)?;
            let mut natural = [0; 64];
            for (index, &place) in ZIGZAG.iter().enumerate() {
                natural[usize::from(place)] = match wide {
                    true => u16::from_be_bytes([numbers[2 * index], numbers[2 * index + 1]]),
                    false => u16::from(numbers[index]),
                };
            }
            *table = Some(natural);
            content = rest;
        }
        Ok(())
    }

    fn huffman(&mut self, mut content: &[u8]) -> Result<(), ImageError> {
        let wrong = || broken("a table of Huffman codes is wrong");
        while let Some((&head, rest)) = content.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(wrong)?;
            let symbols = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(symbols).ok_or_else(wrong)?;
            let tables = match head >> 4 {
                0 => &mut self.tables.means,
                1 => &mut self.tables.waves,
                _ => return Err(wrong()),
            };
            *tables.get_mut(usize::from(head & 15)).ok_or_else(wrong)? = Some(Huffman::new(counts, symbols)?);
            content = rest;
        }
        Ok(())
    }

    fn scan(&mut self, bytes: &[u8], content: &[u8], place: usize) -> Result<usize, ImageError> {
        let frame = self.frame.as_mut().ok_or_else(|| broken("a scan comes before the frame"))?;
        self.scans += 1;
        if self.scans > MOST_SCANS {
            return Err(broken("it has more scans than any picture needs"));
        }
        Scan::new(content, frame)?.read(bytes, place, frame, &self.tables)
    }

    fn finish(self, warnings: Vec<String>) -> Result<Jpeg<'a>, ImageError> {
        let mut frame = self.frame.ok_or_else(|| broken("it has no picture"))?;
        if frame.components.iter().any(|component| component.missing[0].is_none()) {
            return Err(broken("the scan of a channel is missing"));
        }
        if !frame.is_complete() {
            return Err(broken("its last scans are missing, so that it is only a coarse view"));
        }
        let stride = |across: usize| 8 * across;
        for component in &mut frame.components {
            let Some(quantization) = component.quantization else { continue };
            let stride = stride(component.stride);
            for (number, block) in std::mem::take(&mut component.coefficients).iter().enumerate() {
                let place = component.place(number % component.stride, number / component.stride);
                idct::inverse(block, &quantization, &mut component.levels[place..], stride);
            }
        }
        let ids: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
        let colours = Colours::new(&ids, self.jfif, self.adobe);
        let (width, height, channels) = (frame.width, frame.height, colours.channels());
        let mut values = vec![0; width * height * channels];
        let mut rows = vec![Vec::with_capacity(2 * width + 8); ids.len()];
        for (y, pixels) in values.chunks_exact_mut(width * channels).enumerate() {
            for (component, row) in frame.components.iter().zip(&mut rows) {
                upsampling::row(&frame, component, y, row);
            }
            colours.convert(&rows, pixels);
        }
        let kind = if frame.progressive { "progressive" } else { "baseline" };
        let format = format!("JPEG, {kind}, {}", colours.name());
        Ok(Jpeg { width, height, channels, values, format, exif: self.exif, xmp: self.xmp, warnings })
    }
}
