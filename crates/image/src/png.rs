//! PNG (ISO/IEC 15948), with checksums treated as other programs do. A wrong one over a chunk that is needed to
//! understand the pixels is an error; one over the pixels is not, because these carry a checksum of their own inside.

use std::io::Cursor;

use ::png::{ColorType, DecodeOptions, Decoder, Limits, Transformations};
use flate2::Crc;

use crate::decoded::Pixels;
use crate::error::ImageError;
use crate::orientation::Orientation;
use crate::picture::{MOST_MEMORY, Picture, broken, check_plausible, colours, shallow};
use crate::price::{Header, pixels};

/// No byte of a file stands for more pixels: deflate shrinks to a 1032nd at best, and 8 pixels of one bit
/// share a byte.
const MOST_PIXELS_A_BYTE: usize = 8 * 1032;

pub(crate) fn read(bytes: &[u8]) -> Result<Picture, ImageError> {
    let chunks = Chunks::new(bytes)?;
    let mut options = DecodeOptions::default();
    options.set_ignore_crc(true);
    options.set_ignore_adler32(false);
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let whole = chunks.whole.as_deref().unwrap_or(bytes);
    let mut decoder = Decoder::new_with_options(Cursor::new(whole), options);
    decoder.set_limits(Limits { bytes: MOST_MEMORY });
    decoder.set_transformations(Transformations::EXPAND);
    let header = decoder.read_header_info().map_err(broken)?;
    let (width, height) = (header.width as usize, header.height as usize);
    let (colour, depth) = (header.color_type, header.bit_depth as u8);
    check_plausible((width, height), bytes.len(), MOST_PIXELS_A_BYTE)?;
    let mut reader = decoder.read_info().map_err(broken)?;
    let size = reader.output_buffer_size().filter(|size| *size <= MOST_MEMORY);
    let mut values = vec![0; size.ok_or_else(|| broken("it needs too much memory"))?];
    let frame = reader.next_frame(&mut values).map_err(broken)?;
    values.truncate(frame.buffer_size());
    if depth == 16 {
        values = values.as_chunks().0.iter().map(|level| shallow(u16::from_be_bytes(*level))).collect();
    }
    let channels = frame.color_type.samples();
    if values.len() != width * height * channels {
        return Err(broken("its first picture has another size than its header says"));
    }
    let name = match colour {
        ColorType::Indexed => "palette",
        _ => colours(channels),
    };
    let pixels = Pixels { width, height, channels, values: values.into() };
    let pixels = Orientation::new(chunks.exif.as_deref(), chunks.xmp).apply(pixels);
    Ok(Picture { pixels, format: format!("PNG, {depth} bits, {name}"), warnings: chunks.warnings })
}

/// Size and decoding memory of a file, from its header.
pub(crate) fn header(bytes: &[u8]) -> Option<Header> {
    let chunks = Chunks::new(bytes).ok()?;
    let mut options = DecodeOptions::default();
    options.set_ignore_crc(true);
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_limits(Limits { bytes: MOST_MEMORY });
    decoder.set_transformations(Transformations::EXPAND);
    let header = decoder.read_header_info().ok()?;
    let size = (header.width as usize, header.height as usize);
    // Colours of a palette, or what is transparent, stand behind the first header.
    let channels = decoder.read_info().map_or(4, |reader| reader.output_color_type().0.samples());
    let (width, height) = Orientation::new(chunks.exif.as_deref(), chunks.xmp).upright(size);
    // Levels as they are decoded, of 8 bits, and turned upright.
    Some(Header { width, height, bytes: 3 * channels as u64 * pixels(size) })
}

/// Metadata and repairs of a file, from its chunks.
#[derive(Default)]
struct Chunks<'a> {
    exif: Option<Vec<u8>>,
    xmp: Option<&'a [u8]>,
    /// The file with an end, where it has none.
    whole: Option<Vec<u8>>,
    warnings: Vec<String>,
}

impl<'a> Chunks<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let mut chunks = Self::default();
        let mut warn = |text: &str| {
            if !chunks.warnings.iter().any(|known| known == text) {
                chunks.warnings.push(text.to_owned());
            }
        };
        let mut rest = bytes.get(8..).unwrap_or_default();
        loop {
            let Some(Chunk { kind, content, checksum, next }) = Chunk::new(rest) else {
                warn("the end of the PNG is missing; its pixels are all there");
                chunks.whole = Some(with_end(bytes, rest));
                break;
            };
            let mut crc = Crc::new();
            crc.update(kind);
            crc.update(content);
            if crc.sum() != checksum {
                let name = String::from_utf8_lossy(kind);
                match kind {
                    b"IHDR" | b"PLTE" | b"tRNS" | b"eXIf" => {
                        return Err(broken(format!("the checksum of its chunk {name} is wrong")));
                    }
                    b"IDAT" => {
                        warn("a checksum over the pixels of the PNG is wrong; the one inside them is right")
                    }
                    b"IEND" => {}
                    _ => warn(&format!(
                        "the checksum of the PNG's chunk {name} is wrong; its pixels are not touched"
                    )),
                }
            }
            match kind {
                b"acTL" => warn("the PNG is an animation: its first picture is read"),
                b"eXIf" => chunks.exif = Some(content.to_vec()),
                b"tEXt" | b"zTXt" if chunks.exif.is_none() => chunks.exif = raw_profile(kind, content),
                b"iTXt" => chunks.xmp = chunks.xmp.or_else(|| content.strip_prefix(b"XML:com.adobe.xmp\0")),
                b"IEND" => break,
                _ => {}
            }
            rest = next;
        }
        Ok(chunks)
    }
}

/// A file that breaks off at `rest`, with an end chunk added. The decoder finds out if pixels are missing.
fn with_end(bytes: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut whole = bytes[..bytes.len() - rest.len()].to_vec();
    if let [l3, l2, l1, l0, b'I', b'D', b'A', b'T', content @ ..] = rest {
        let content = &content[..content.len().min(u32::from_be_bytes([*l3, *l2, *l1, *l0]) as usize)];
        whole.extend((content.len() as u32).to_be_bytes());
        whole.extend(b"IDAT");
        whole.extend(content);
        whole.extend([0; 4]);
    }
    whole.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
    whole
}

/// Chunk of a PNG.
struct Chunk<'a> {
    kind: &'a [u8; 4],
    content: &'a [u8],
    checksum: u32,
    /// The bytes behind it.
    next: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// The chunk that bytes begin with; `None` where it is cut off.
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (kind, rest) = rest.split_first_chunk()?;
        let (content, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let (checksum, next) = rest.split_first_chunk()?;
        Some(Self { kind, content, checksum: u32::from_be_bytes(*checksum), next })
    }
}

/// EXIF as ImageMagick wrote it before PNG had a chunk for it: digits in a text of this name.
fn raw_profile(kind: &[u8; 4], content: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read;
    /// EXIF is never longer than a segment of JPEG.
    const LONGEST: u64 = 1 << 18;
    let text = content.strip_prefix(b"Raw profile type exif\0")?;
    let mut plain = Vec::new();
    if kind == b"zTXt" {
        let compressed = text.strip_prefix(&[0])?;
        flate2::read::ZlibDecoder::new(compressed).take(LONGEST).read_to_end(&mut plain).ok()?;
    } else {
        plain = text.to_vec();
    }
    // An empty line, the name, and the length come first.
    let digits = plain.split(|byte| *byte == b'\n').skip(3).flatten().filter(|byte| byte.is_ascii_hexdigit());
    let digits: Vec<u8> =
        digits.filter_map(|digit| char::from(*digit).to_digit(16)).map(|digit| digit as u8).collect();
    let exif: Vec<u8> = digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect();
    Some(exif.strip_prefix(b"Exif\0\0").map(<[u8]>::to_vec).unwrap_or(exif))
}
