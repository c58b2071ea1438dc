//! Price of pictures: their memory and their patches, from headers alone, before anything is decoded.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use any2any_adapter::{AdapterError, File, Part, Price, Value};
use image::ImageDecoder;
use image::codecs::{bmp::BmpDecoder, pnm::PnmDecoder};

use crate::decoded::MOST_PIXELS;
use crate::format::Format;
use crate::grid::Grid;
use crate::idx::Idx;
use crate::options::{ImageOptions, Output};
use crate::picture::MOST_MEMORY;
use crate::{gif, jpeg, png, tiff, webp};

/// Largest file whose header is read, in bytes; the memory of a larger one is bounded by the limits of decoders.
const MOST_LOOKED_INTO: u64 = 1 << 28;

/// Size and decoding memory of a picture, from its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Peak memory of decoding, in bytes: the levels and the decoder's buffers.
    pub(crate) bytes: u64,
}

/// Number of pixels of a picture.
pub(crate) fn pixels((width, height): (usize, usize)) -> u64 {
    (width as u64).saturating_mul(height as u64)
}

/// Picture before it is brought to a size.
struct Unsized {
    /// Memory until it is converted to the colours of the options, in bytes.
    bytes: u64,
    /// Width and height, if the header has them.
    size: Option<(usize, usize)>,
}

/// The price of opening a value: of one picture, or of all that are joined.
pub(crate) fn price(options: &ImageOptions, value: &Value) -> Result<Price, AdapterError> {
    let Unsized { bytes, size } = before_size(options, value)?;
    let channels = options.colour.channels() as u64;
    // A header may claim a picture without a pixel, and a series may be empty: neither has proportions.
    let Some(size) = size.filter(|&size| pixels(size) > 0) else {
        // A picture that any option can make of it.
        return Ok(Price { bytes: bytes.saturating_add(MOST_PIXELS as u64 * channels), positions: None });
    };
    let (width, _) = size;
    // A margin that is cut off may leave a line of one pixel.
    let opened = match options.size {
        Some(size) if options.trim => {
            size.fixed().unwrap_or((width.saturating_mul(size.height()), size.height()))
        }
        Some(wanted) => wanted.of(size),
        None => size,
    };
    let most = |size| pixels(size).min(MOST_PIXELS as u64);
    // Scaling keeps four floats a pixel between its two directions, or less.
    let between = match options.size {
        Some(_) => 16 * most(options.resampling.between(size, opened)),
        None => 0,
    };
    let bytes = bytes.saturating_add(between).saturating_add(2 * channels * most(opened));
    let told = !options.trim || options.size.is_some_and(|size| size.fixed().is_some());
    let positions =
        Grid::new(&options.patches, opened, options.colour.channels()).ok().map(|grid| grid.len() as u64);
    let end = u64::from(matches!(options.output, Output::Codes(_)));
    Ok(Price { bytes, positions: positions.filter(|_| told).map(|positions| positions + end) })
}

fn before_size(options: &ImageOptions, value: &Value) -> Result<Unsized, AdapterError> {
    let channels = options.colour.channels() as u64;
    match value {
        Value::Image(image) => {
            let size = (image.width(), image.height());
            let bytes = image.pixels().len() as u64 + pixels(size) * channels;
            Ok(Unsized { bytes, size: Some(size) })
        }
        Value::File(file) => Ok(of_file(file, channels)),
        Value::Series(values) => {
            let mut all = Unsized { bytes: 0, size: Some((0, 0)) };
            for value in values.iter() {
                let Unsized { bytes, size } = before_size(options, value)?;
                all.bytes = all.bytes.saturating_add(bytes);
                all.size = all
                    .size
                    .zip(size)
                    .map(|((width, height), (own, other))| (width + own, height.max(other)));
            }
            if values.len() > 1 {
                let joined = all.size.map_or(MOST_PIXELS as u64, |size| pixels(size).min(MOST_PIXELS as u64));
                all.bytes = all.bytes.saturating_add(joined * channels);
            }
            Ok(all)
        }
        other => Err(AdapterError::other_medium("a picture", other)),
    }
}

fn of_file(file: &File, channels: u64) -> Unsized {
    let len = file.size().unwrap_or(0);
    let unknown = Unsized { bytes: len.saturating_add(MOST_MEMORY as u64), size: None };
    if len > MOST_LOOKED_INTO {
        return unknown;
    }
    let Ok(bytes) = file.bytes() else { return Unsized { bytes: len, size: None } };
    if Idx::is_begun_by(&bytes) {
        let Some([items, height, width]) = Idx::promised(&bytes) else {
            return Unsized { bytes: len, size: None };
        };
        let one = pixels((width, height));
        let all = one.saturating_mul(items as u64).min(MOST_MEMORY as u64);
        // The archive grows as it is unpacked, and one of its pictures is cut out.
        return Unsized { bytes: len + 3 * all + one.min(all) * (1 + channels), size: Some((width, height)) };
    }
    // Decoders of other crates read these headers.
    let header = catch_unwind(AssertUnwindSafe(|| header(&bytes))).ok().flatten();
    let Some(Header { width, height, bytes: decoding }) = header else { return unknown };
    if pixels((width, height)) > MOST_PIXELS as u64 {
        // It is refused before anything of it is decoded.
        return Unsized { bytes: len, size: None };
    }
    let size = match file.part() {
        Some(Part::Rectangle { width: own, height: other, .. }) => (own.min(width), other.min(height)),
        _ => (width, height),
    };
    Unsized { bytes: len.saturating_add(decoding) + pixels(size) * channels, size: Some(size) }
}

/// Reads the header of a file, if it is a picture of a known format.
fn header(bytes: &[u8]) -> Option<Header> {
    // The `image` crate's pictures of up to 16 bits and four channels, and the same as levels of 8 bits.
    let other = |(width, height): (u32, u32)| {
        let (width, height) = (width as usize, height as usize);
        Some(Header { width, height, bytes: 16 * pixels((width, height)) })
    };
    match Format::of(bytes)? {
        Format::Png => png::header(bytes),
        Format::Jpeg => jpeg::header(bytes),
        Format::Gif => gif::header(bytes),
        Format::WebP => webp::header(bytes),
        Format::Tiff => tiff::header(bytes),
        Format::Bmp => other(BmpDecoder::new(Cursor::new(bytes)).ok()?.dimensions()),
        Format::Pnm => other(PnmDecoder::new(Cursor::new(bytes)).ok()?.dimensions()),
        Format::Other(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Part;
    use any2any_adapter::testing::Tested;
    use serde_json::json;

    use super::*;
    use crate::Image;

    /// A black picture in the format of an extension.
    fn encoded(extension: &str, width: u32, height: u32) -> Vec<u8> {
        let pixels = vec![0; (width * height * 3) as usize];
        let mut bytes = Cursor::new(Vec::new());
        match extension {
            "gif" => {
                let (width, height) = (width as u16, height as u16);
                let mut encoder = ::gif::Encoder::new(&mut bytes, width, height, &[0; 6]).expect("a header");
                let pixels = pixels[..pixels.len() / 3].to_vec();
                encoder
                    .write_frame(&::gif::Frame::from_indexed_pixels(width, height, pixels, None))
                    .expect("a frame");
            }
            "webp" => {
                let encoder = image_webp::WebPEncoder::new(&mut bytes);
                encoder.encode(&pixels, width, height, image_webp::ColorType::Rgb8).expect("a picture");
            }
            "tiff" => {
                let mut encoder = ::tiff::encoder::TiffEncoder::new(&mut bytes).expect("a header");
                encoder
                    .write_image::<::tiff::encoder::colortype::RGB8>(width, height, &pixels)
                    .expect("a picture");
            }
            _ => {
                let format = image::ImageFormat::from_extension(extension).expect("a format");
                image::DynamicImage::new_rgb8(width, height).write_to(&mut bytes, format).expect("a picture");
            }
        }
        bytes.into_inner()
    }

    /// A PNG of one bit a pixel.
    fn bits(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(::png::ColorType::Grayscale);
        encoder.set_depth(::png::BitDepth::One);
        let mut writer = encoder.write_header().expect("a header");
        let pixels = vec![0; width.div_ceil(8) as usize * height as usize];
        writer.write_image_data(&pixels).expect("memory takes everything");
        writer.finish().expect("an end");
        bytes
    }

    fn price_of(options: serde_json::Value, value: &Value) -> Price {
        let mut all = json!({ "field": "picture" });
        for (key, option) in options.as_object().expect("a mapping") {
            all[key] = option.clone();
        }
        Tested(Image).price(&all, value).expect("a price")
    }

    fn file(extension: &str, bytes: Vec<u8>) -> File {
        File::in_memory(format!("a.{extension}"), bytes)
    }

    #[test]
    fn small_files_of_large_pictures_are_dear() {
        let png = bits(8192, 8192);
        assert!(png.len() < 30_000, "{} bytes", png.len());
        let png = Value::File(file("png", png));
        let price = price_of(json!({}), &png);
        assert_eq!(price.positions, Some(2048 * 2048));
        assert!((3 << 26..1 << 29).contains(&price.bytes), "{price:?}");
        let small = price_of(json!({ "size": { "fit": { "width": 32, "height": 16 } } }), &png);
        assert_eq!(small.positions, Some(8 * 4));
        assert!(small.bytes >= 3 << 26, "{small:?}");

        let long = Value::File(file("jpg", encoded("jpg", 43_104, 96)));
        let price =
            price_of(json!({ "size": { "height": 32 }, "patches": { "width": 4, "height": null } }), &long);
        assert_eq!(price.positions, Some(43_104 / 3 / 4));
        assert!((1 << 22..1 << 27).contains(&price.bytes), "{price:?}");
        let high = Value::File(file("jpg", encoded("jpg", 96, 43_104)));
        assert_eq!(price_of(json!({}), &high).positions, Some(24 * 10_776));
    }

    #[test]
    fn prices_are_those_of_what_is_opened() {
        let formats = ["png", "jpg", "gif", "bmp", "webp", "tiff", "ppm"];
        for (extension, options) in formats.into_iter().flat_map(|format| {
            let sizes = [
                json!({}),
                json!({ "size": { "height": 20 } }),
                json!({ "colour": "rgb" }),
                json!({ "output": { "codes": {} } }),
            ];
            sizes.map(|options| (format, options))
        }) {
            let value = Value::File(file(extension, encoded(extension, 50, 30)));
            let price = price_of(options.clone(), &value);
            let mut all = options;
            all["field"] = json!("picture");
            let parsed: ImageOptions = serde_json::from_value(all.clone()).expect("options");
            let opened = Tested(Image).open(&all, &value).expect("a picture").value;
            let opened = opened.as_image().expect("a picture");
            let grid = Grid::new(&parsed.patches, (opened.width(), opened.height()), opened.channels());
            let codes = u64::from(parsed.output != Output::Frames);
            assert_eq!(
                price.positions,
                Some(grid.expect("small").len() as u64 + codes),
                "{extension}, {all}"
            );
            let least = opened.pixels().len() as u64 + 1500;
            assert!((least..200_000).contains(&price.bytes), "{extension}: {price:?}");
        }
    }

    #[test]
    fn parts_series_and_what_cannot_be_read_have_a_price() {
        let sheet = file("png", bits(64, 32));
        let part = Part::Rectangle { left: 8, top: 8, width: 16, height: 8 };
        let cell = Value::File(sheet.part_of(part));
        assert_eq!(price_of(json!({}), &cell).positions, Some(8));
        let series = Value::Series([cell.clone(), Value::File(sheet.clone()), cell].into());
        let one = price_of(json!({}), &Value::File(sheet));
        let all = price_of(json!({}), &series);
        // Side by side: 96 x 32 pixels.
        assert_eq!(all.positions, Some(24 * 8));
        assert!(all.bytes > 2 * one.bytes);
        // A margin that is cut off is not known before.
        let options = json!({ "trim": true, "size": { "height": 32 } });
        assert_eq!(price_of(options, &series).positions, None);

        let mut idx = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 4];
        idx.extend([0; 64]);
        let item = Value::File(file("idx", idx).part_of(Part::Item(1)));
        assert_eq!(price_of(json!({}), &item).positions, Some(2));

        let unknown = Value::File(file("png", b"no picture".to_vec()));
        let missing = Value::File(File::on_disk("no/such.png"));
        let cut = Value::File(file("jpg", encoded("jpg", 9, 9)[..10].to_vec()));
        let flat = Value::File(file("idx", vec![0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4]));
        for value in [unknown, missing, cut, flat, Value::Series([].into())] {
            for options in [json!({}), json!({ "size": { "height": 20 } })] {
                assert_eq!(price_of(options, &value).positions, None, "{value}");
            }
        }
        assert!(Tested(Image).price(&json!({ "field": "picture" }), &Value::from("text")).is_err());
    }
}
