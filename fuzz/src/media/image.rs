//! Pictures.

use std::io::Write;

use any2any_adapter::{File, Part};
use any2any_image::Image;
use serde_json::json;

use crate::{Target, tokens};

#[allow(dead_code, reason = "the tests of pictures use the rest")]
#[path = "../../../crates/image/tests/image/jpeg_writer.rs"]
mod jpeg;

pub(super) fn targets() -> Vec<Target> {
    vec![
        Target::new("image_png", tokens::PNG, png, read).repaired_by(png_checksums),
        Target::new("image_jpeg", &["Adobe", "Exif\u{0}\u{0}II*\u{0}", "JFIF"], jpeg, read),
        Target::new("image_gif", tokens::GIF, gif, read),
        Target::new("image_bmp", &["BM"], bmp, read),
        Target::new("image_webp", tokens::RIFF, webp, read),
        Target::new("image_tiff", &["II*\u{0}", "MM\u{0}*"], tiff, read),
        Target::new("image_pnm", tokens::PNM, pnm, read),
        Target::new("image_idx", &[], || vec![idx()], item),
        Target::new("image_idx_gz", &[], || vec![gzip(&idx())], item),
    ]
}

fn read(bytes: &[u8]) -> bool {
    super::opens(Image, &json!({ "field": "picture", "colour": "rgb" }), File::in_memory("picture", bytes))
}

fn item(bytes: &[u8]) -> bool {
    let file = File::in_memory("pictures", bytes).part_of(Part::Item(1));
    super::opens(Image, &json!({ "field": "picture" }), file)
}

pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).expect("memory");
    encoder.finish().expect("memory")
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).expect("memory");
    encoder.finish().expect("memory")
}

/// Three pictures of 4 x 4 pixels.
pub(crate) fn idx() -> Vec<u8> {
    [&[0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 4][..], &(0..48).collect::<Vec<u8>>()].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

fn png_chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let body = [kind, content].concat();
    [&(content.len() as u32).to_be_bytes()[..], &body, &crc32(&body).to_be_bytes()].concat()
}

fn png() -> Vec<Vec<u8>> {
    let picture = |bits: u8, colour: u8, row: usize, more: &[Vec<u8>], interlaced: u8| {
        let header = [&[0, 0, 0, 8, 0, 0, 0, 8][..], &[bits, colour, 0, 0, interlaced]].concat();
        let rows: Vec<u8> = (0..8 * (row + 1))
            .map(|at| if at % (row + 1) == 0 { (at / (row + 1) % 5) as u8 } else { at as u8 })
            .collect();
        let rows = if interlaced == 1 { vec![0; 15 + 64 * 3] } else { rows };
        let head = b"\x89PNG\r\n\x1a\n".to_vec();
        let (data, end) = (png_chunk(b"IDAT", &zlib(&rows)), png_chunk(b"IEND", &[]));
        [head, png_chunk(b"IHDR", &header), more.concat(), data, end].concat()
    };
    let palette = [png_chunk(b"PLTE", &[7; 48]), png_chunk(b"tRNS", &[9; 4])];
    vec![
        picture(8, 2, 24, &[], 0),
        picture(8, 6, 32, &[png_chunk(b"gAMA", &[0, 0, 177, 143])], 0),
        picture(16, 0, 16, &[], 0),
        picture(1, 0, 1, &[], 0),
        picture(4, 3, 4, &palette, 0),
        picture(8, 2, 24, &[], 1),
    ]
}

/// Makes the checksum of every chunk right again.
fn png_checksums(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 4) {
        let len = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(body) = bytes.get(at + 4..at.saturating_add(8 + len)) else { return };
        let sum = crc32(body).to_be_bytes();
        at += 8 + len;
        match bytes.get_mut(at..at + 4) {
            Some(place) => place.copy_from_slice(&sum),
            None => return,
        }
        at += 4;
    }
}

fn jpeg() -> Vec<Vec<u8>> {
    let flat = |factors, scans, restart, progressive, adobe| {
        jpeg::Flat { units: (2, 2), factors, scans, restart, progressive, adobe }
            .write(|channel, x, y| (channel * 10 + x * 5 + y * 3) as i32 - 20)
    };
    let exif = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let plain = flat(&[(1, 1)], &[&[0]], 0, false, None);
    vec![
        [&plain[..2], exif, &plain[2..]].concat(),
        flat(&[(2, 2), (1, 1), (1, 1)], &[&[0, 1, 2]], 1, false, None),
        flat(&[(1, 1), (1, 1), (1, 1)], &[&[0, 1, 2]], 0, true, None),
        flat(&[(1, 1), (1, 1), (1, 1), (1, 1)], &[&[0], &[1], &[2], &[3]], 0, false, Some(2)),
    ]
}

fn gif() -> Vec<Vec<u8>> {
    let head = b"GIF89a\x04\0\x04\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    let control = b"!\xf9\x04\x01\0\0\0\0".to_vec();
    // Codes of three bits: clear, sixteen times 0 with clears between, end.
    let picture = b",\0\0\0\0\x04\0\x04\0\0\x02\x05\x84\x8f\xa9\xcb\x05\0".to_vec();
    vec![
        [head.clone(), control, picture.clone(), b";".to_vec()].concat(),
        [head, picture.clone(), picture, b";".to_vec()].concat(),
    ]
}

fn bmp() -> Vec<Vec<u8>> {
    let file = |bits: u16, compression: u32, colours: u32, data: &[u8]| {
        let offset = 54 + 4 * colours;
        let mut bytes = b"BM".to_vec();
        bytes.extend([offset + data.len() as u32, 0, offset, 40, 4, 4].map(u32::to_le_bytes).concat());
        bytes.extend([1, bits].map(u16::to_le_bytes).concat());
        bytes.extend([compression, data.len() as u32, 2835, 2835, colours, 0].map(u32::to_le_bytes).concat());
        bytes.extend((0..4 * colours).map(|number| number as u8));
        bytes.extend(data);
        bytes
    };
    vec![
        file(24, 0, 0, &[200; 48]),
        file(8, 0, 16, &[3; 16]),
        file(1, 0, 2, &[0x50, 0, 0, 0].repeat(4)),
        file(8, 1, 16, &[4, 1, 0, 0, 4, 2, 0, 0, 4, 3, 0, 0, 4, 4, 0, 0, 0, 1]),
        file(32, 0, 0, &[90; 64]),
    ]
}

fn pnm() -> Vec<Vec<u8>> {
    vec![
        b"P1\n# bits\n3 2\n1 0 1\n0 1 0\n".to_vec(),
        b"P2\n3 2\n15\n1 2 3\n4 5 6\n".to_vec(),
        b"P3\n1 2\n255\n1 2 3\n4 5 6\n".to_vec(),
        b"P4\n9 2\n\x50\x80\xa0\0".to_vec(),
        b"P5\n3 2\n255\nabcdef".to_vec(),
        b"P6\n1 2\n255\nabcdef".to_vec(),
        b"P5\n1 2\n65535\nabcd".to_vec(),
        b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\nabcdef".to_vec(),
    ]
}

fn tiff() -> Vec<Vec<u8>> {
    let entry = |tag: u16, kind: u16, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &1_u32.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let file = |compression: u32, photometric: u32, data: &[u8]| {
        let entries = [
            (256, 4),
            (257, 4),
            (258, 8),
            (259, compression),
            (262, photometric),
            (273, 200),
            (274, 6),
            (277, 1),
            (278, 4),
            (279, data.len() as u32),
        ];
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend((entries.len() as u16).to_le_bytes());
        entries.iter().for_each(|&(tag, value)| {
            bytes.extend(entry(tag, if tag == 273 || tag == 279 { 4 } else { 3 }, value))
        });
        bytes.resize(200, 0);
        bytes.extend(data);
        bytes
    };
    vec![
        file(1, 1, &(0..16).collect::<Vec<u8>>()),
        file(8, 1, &zlib(&(0..16).collect::<Vec<u8>>())),
        file(32_773, 0, &[241, 9]),
        file(5, 1, &lzw()),
    ]
}

/// LZW of 16 pixels, nine bits a code: clear, each pixel by itself, end.
fn lzw() -> Vec<u8> {
    let codes = std::iter::once(256).chain((0..16).map(|pixel| pixel * 15)).chain([257]);
    let bits: Vec<bool> =
        codes.flat_map(|code: u32| (0..9).rev().map(move |bit| code >> bit & 1 == 1)).collect();
    let byte = |bits: &[bool]| (0..8).fold(0, |byte, at| byte << 1 | u8::from(bits.get(at) == Some(&true)));
    bits.chunks(8).map(byte).collect()
}

/// Lossless WebP of one colour: codes of one symbol each, which take no bits.
fn webp() -> Vec<Vec<u8>> {
    let bits: [(u32, u32); 23] = [
        (0x2f, 8),
        (3, 14),
        (3, 14),
        (0, 1),
        (0, 3),
        (0, 1),
        (0, 1),
        (0, 1),
        (1, 1),
        (0, 1),
        (1, 1),
        (80, 8),
        (1, 1),
        (0, 1),
        (1, 1),
        (120, 8),
        (1, 1),
        (0, 1),
        (1, 1),
        (200, 8),
        (1, 1),
        (0, 1),
        (1, 1),
    ];
    let rest: [(u32, u32); 5] = [(255, 8), (1, 1), (0, 1), (0, 1), (0, 1)];
    let (mut data, mut held, mut count) = (Vec::new(), 0_u64, 0);
    for (value, width) in bits.into_iter().chain(rest) {
        held |= u64::from(value) << count;
        count += width;
        while count >= 8 {
            data.push(held as u8);
            held >>= 8;
            count -= 8;
        }
    }
    data.extend([held as u8, 0, 0, 0]);
    if data.len() % 2 == 1 {
        data.push(0);
    }
    let chunk =
        |mark: &[u8; 4], content: &[u8]| [&mark[..], &(content.len() as u32).to_le_bytes(), content].concat();
    let file = |chunks: Vec<u8>| chunk(b"RIFF", &[b"WEBP".to_vec(), chunks].concat());
    let extended = chunk(b"VP8X", &[0, 0, 0, 0, 3, 0, 0, 3, 0, 0]);
    let noted = chunk(b"VP8X", &[8, 0, 0, 0, 3, 0, 0, 3, 0, 0]);
    // Notes that say to be much longer than the file.
    let endless = [b"EXIF", &0xffff_fff0_u32.to_le_bytes()[..], b"Exif\0\0"].concat();
    vec![
        file(chunk(b"VP8L", &data)),
        file([extended, chunk(b"VP8L", &data)].concat()),
        file([noted, chunk(b"VP8L", &data), endless].concat()),
    ]
}
