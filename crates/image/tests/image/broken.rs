//! Files that are cut off or damaged give errors that name them, never a panic or a huge allocation.

use std::io::Write;

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, Medium, Part, Seed, Value};
use any2any_image::Image;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use serde_json::json;

const SIDE: u32 = 12;

fn pixels() -> Vec<u8> {
    (0..SIDE * SIDE * 3).map(|number| (number * 37 % 251) as u8).collect()
}

fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new(&mut bytes);
    encoder.write_image(&pixels(), SIDE, SIDE, ExtendedColorType::Rgb8).expect("memory takes everything");
    bytes
}

fn jpeg() -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new(&mut bytes);
    encoder.write_image(&pixels(), SIDE, SIDE, ExtendedColorType::Rgb8).expect("memory takes everything");
    bytes
}

fn idx() -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 12, 0, 0, 0, 12];
    bytes.extend(&pixels()[..3 * 144]);
    bytes
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn open(bytes: Vec<u8>, part: Option<Part>) -> Result<Value, String> {
    let file = File::in_memory("folder/broken.bin", bytes);
    let file = part.map_or(file.clone(), |part| file.part_of(part));
    let opened =
        Tested(Image).open(&json!({ "field": "image", "size": { "height": 8 } }), &Value::File(file));
    opened.map(|opened| opened.value).map_err(|error| error.to_string())
}

/// Whole files of every kind, with the part to read.
fn kinds() -> [(&'static str, Vec<u8>, Option<Part>); 4] {
    let cell = Part::Rectangle { left: 1, top: 1, width: 4, height: 4 };
    [
        ("png", png(), Some(cell)),
        ("jpeg", jpeg(), None),
        ("idx", idx(), Some(Part::Item(2))),
        ("idx.gz", gzip(&idx()), Some(Part::Item(2))),
    ]
}

#[test]
fn cut_off_files_are_errors_that_name_them() {
    for (kind, whole, part) in kinds() {
        open(whole.clone(), part).expect("the whole file is sound");
        for len in 0..whole.len() {
            match open(whole[..len].to_vec(), part) {
                // The last bytes, end marker and checksums, carry no pixels: all of these are there.
                Ok(_) => {
                    assert!(kind != "idx" && len + 32 > whole.len(), "{kind} cut off at {len}");
                    let all = |bytes: &[u8]| {
                        open(bytes.to_vec(), part.filter(|_| kind == "idx.gz")).expect("the whole picture")
                    };
                    assert_eq!(all(&whole[..len]), all(&whole), "{kind} cut off at {len}");
                }
                Err(error) => assert!(error.starts_with("cannot read folder/broken.bin"), "{error}"),
            }
        }
    }
}

/// A PNG without its first chunks of a kind, or with a wrong checksum over them.
fn png_with(kind: &[u8; 4], wrong: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let whole = png();
    let place = whole.windows(4).position(|window| window == kind).expect("a chunk") - 4;
    let length = u32::from_be_bytes(whole[place..place + 4].try_into().expect("four bytes")) as usize;
    let mut chunk = whole[place..place + length + 12].to_vec();
    wrong(&mut chunk);
    [&whole[..place], &chunk, &whole[place + length + 12..]].concat()
}

/// A chunk with its checksum.
fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(content);
    [&(content.len() as u32).to_be_bytes()[..], kind, content, &crc.sum().to_be_bytes()].concat()
}

#[test]
fn checksums_of_png_are_treated_as_others_do() {
    let last = |chunk: &mut Vec<u8>| *chunk.last_mut().expect("a checksum") ^= 1;
    let odd = |kind: &[u8; 4]| {
        let mut chunk = chunk(kind, &[0; 5]);
        last(&mut chunk);
        png_with(b"IDAT", |old| *old = [&chunk[..], old].concat())
    };
    let adler = png_with(b"IDAT", |old| {
        let mut content = old[8..old.len() - 4].to_vec();
        last(&mut content);
        *old = chunk(b"IDAT", &content);
    });
    let read = [
        (png(), None),
        (
            png_with(b"IDAT", last),
            Some("a checksum over the pixels of the PNG is wrong; the one inside them is right"),
        ),
        (odd(b"tEXt"), Some("the checksum of the PNG's chunk tEXt is wrong; its pixels are not touched")),
        (png_with(b"IEND", Vec::clear), Some("the end of the PNG is missing; its pixels are all there")),
        ([&png()[..], b"more"].concat(), None),
    ];
    for (bytes, warning) in read {
        let opened =
            Tested(Image).open(&json!({ "field": "image" }), &Value::File(File::in_memory("a.png", bytes)));
        let opened = opened.expect("sound pixels");
        assert_eq!(opened.warnings.first().map(String::as_str), warning);
        assert_eq!(opened.value, open_whole(png()));
    }
    let refused = [
        (png_with(b"IHDR", last), "the checksum of its chunk IHDR is wrong"),
        (odd(b"eXIf"), "the checksum of its chunk eXIf is wrong"),
        (adler, "WrongChecksum"),
        (png_with(b"IDAT", Vec::clear), "it is broken or cut off"),
    ];
    for (bytes, expected) in refused {
        let error = open(bytes, None).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    }
}

fn open_whole(bytes: Vec<u8>) -> Value {
    let file = Value::File(File::in_memory("a.png", bytes));
    Tested(Image).open(&json!({ "field": "image" }), &file).expect("a sound picture").value
}

#[test]
fn damaged_files_do_no_harm() {
    let mut random = Seed(1).random("damage", 0);
    for (_, whole, part) in kinds() {
        for _ in 0..3000 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random.below(4) {
                let place = random.below(bytes.len());
                bytes[place] = random.below(256) as u8;
            }
            let _ = open(bytes, part);
        }
    }
}

#[test]
fn pictures_too_large_are_refused_before_memory_is_taken() {
    // A header of PNG with a right checksum, and nothing behind it.
    let header = |width: u32, height: u32| {
        let mut chunk = b"IHDR".to_vec();
        chunk.extend(width.to_be_bytes());
        chunk.extend(height.to_be_bytes());
        chunk.extend([8, 6, 0, 0, 0]);
        let mut crc = flate2::Crc::new();
        crc.update(&chunk);
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
        bytes.extend(chunk);
        bytes.extend(crc.sum().to_be_bytes());
        bytes.extend(b"\0\0\0\x04IDAT");
        bytes
    };
    let cases = [
        (header(1 << 30, 1 << 30), ""),
        (header(100_000, 100_000), "100000 x 100000 pixels are more than"),
        (header(8000, 8000), "8000 x 8000 pixels do not fit into"),
    ];
    for (bytes, expected) in cases {
        let error = open(bytes, None).expect_err("too large");
        assert!(error.contains(expected), "{error}");
    }
}

/// A TIFF of one pixel, with one more entry.
fn tiff_with(tag: u16, count: u32) -> Vec<u8> {
    let entries =
        [(256_u16, 1, 1), (257, 1, 1), (258, 1, 8), (262, 1, 1), (273, 1, 200), (279, 1, 1), (tag, count, 1)];
    let mut bytes = b"II*\0\x08\0\0\0\x07\0".to_vec();
    for (tag, count, value) in entries {
        bytes.extend([tag.to_le_bytes(), 3_u16.to_le_bytes()].concat());
        bytes.extend([count, value].map(u32::to_le_bytes).concat());
    }
    bytes.resize(200, 0);
    bytes.push(77);
    bytes
}

/// The decoder would make room for 2^31 values, and end the process.
#[test]
fn values_that_no_file_has_are_not_waited_for() {
    const SAMPLE_FORMAT: u16 = 339;
    let contents = |bytes: Vec<u8>| Image.contents(&File::in_memory("a.tiff", bytes));
    for count in [1, 0x7fff_ffff] {
        // A tag of no use is passed over, as Pillow does.
        assert_eq!(contents(tiff_with(SAMPLE_FORMAT, count)).expect("a pixel").values, [77.0], "{count}");
    }
    const STRIP_OFFSETS: u16 = 273;
    let mut bytes = tiff_with(SAMPLE_FORMAT, 1);
    let offsets = 10 + 4 * 12;
    assert_eq!(bytes[offsets..offsets + 2], STRIP_OFFSETS.to_le_bytes());
    bytes[offsets + 4..offsets + 8].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    assert!(contents(bytes).is_err());
}

#[test]
fn archives_are_not_unpacked_before_they_are_known() {
    let zeros = vec![0; 64 << 20];
    let head = |items: u32| [&[0, 0, 8, 3][..], &items.to_be_bytes(), &[0, 0, 0, 28, 0, 0, 0, 28]].concat();
    let cases = [
        (gzip(&zeros), "what is inside is no IDX archive of pictures: unpack it with `gzip -d`"),
        (gzip(&[head(2), zeros.clone()].concat()), "bytes are not 2 pictures of 28 x 28"),
        (gzip(&head(1_000_000)), "bytes are not 1000000 pictures of 28 x 28"),
        (gzip(&[head(u32::MAX), zeros].concat()), "bytes are not 4294967295 pictures of 28 x 28"),
    ];
    for (bytes, expected) in cases {
        let error = open(bytes, Some(Part::Item(0))).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn wrong_parts_are_named() {
    let cell = |left, width| Part::Rectangle { left, top: 0, width, height: 4 };
    let cases = [
        (png(), Some(cell(9, 4)), "4 x 4 pixels at 9, 0: the picture has 12 x 12 pixels only"),
        (png(), Some(cell(0, 0)), "the picture has 12 x 12 pixels only"),
        (png(), Some(cell(usize::MAX, 4)), "the picture has 12 x 12 pixels only"),
        (png(), Some(Part::Item(0)), "item 1: a picture has rectangles"),
        (idx(), Some(Part::Item(3)), "item 4: the archive holds 3 pictures only"),
        (idx(), Some(cell(0, 4)), "an IDX archive has items"),
        (idx(), None, "an archive of 3 pictures: name one of its items"),
        (
            b"\0\0\0\x18ftypheic\0\0\0\0mif1".to_vec(),
            None,
            "it is a HEIC picture, which is not read here: convert it",
        ),
        (b"hello".to_vec(), None, "its first bytes are those of no known picture: read are PNG, JPEG, GIF"),
        (b"GIF89a".to_vec(), None, "it is broken or cut off"),
        (
            gzip(b"hello"),
            Some(Part::Item(0)),
            "it is compressed by gzip, and what is inside is no IDX archive",
        ),
        (Vec::new(), None, "its first bytes are those of no known picture"),
    ];
    for (bytes, part, expected) in cases {
        let error = open(bytes, part).expect_err(expected);
        assert!(error.starts_with("cannot read folder/broken.bin"), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let file = Value::File(File::on_disk("no/such/file.png"));
    let error = Tested(Image).open(&json!({ "field": "image" }), &file).expect_err("missing");
    assert!(error.to_string().starts_with("cannot read no/such/file.png: "), "{error}");
}
