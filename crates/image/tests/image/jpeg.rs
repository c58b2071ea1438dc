//! Kinds of JPEG that cameras and programs write, and that decoders often get wrong, with the right levels.

use any2any_adapter::{File, Medium};
use any2any_image::Image;

use crate::jpeg_writer::Flat;

/// The levels of a JPEG, its format, and what is odd about it.
fn read(bytes: Vec<u8>) -> Result<(Vec<f32>, String, Vec<String>), String> {
    let contents = Image.contents(&File::in_memory("a.jpg", bytes)).map_err(|error| error.to_string())?;
    Ok((contents.values, contents.format, contents.warnings))
}

/// Brightness that differs from block to block, and two colours that do not.
fn level(channel: usize, x: usize, y: usize) -> i32 {
    match channel {
        0 => ((37 * x + 91 * y) % 200) as i32 - 100,
        1 => 30,
        2 => -50,
        _ => 60,
    }
}

/// Levels of [`level`] in a picture, by the definition of JFIF.
fn expected(width: usize, height: usize) -> Vec<f32> {
    let mut values = Vec::new();
    for index in 0..width * height {
        let y = f64::from(level(0, index % width / 8, index / width / 8) + 128);
        let (blue, red) = (f64::from(level(1, 0, 0)), f64::from(level(2, 0, 0)));
        let rgb = [y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue];
        values.extend(rgb.map(|level| level.round().clamp(0.0, 255.0) as f32));
    }
    values
}

const TOGETHER: &[&[usize]] = &[&[0, 1, 2]];
const APART: &[&[usize]] = &[&[0], &[1], &[2]];
const MIXED: &[&[usize]] = &[&[2], &[0, 1]];

fn flat(factors: &'static [(usize, usize)], scans: &'static [&'static [usize]]) -> Flat {
    Flat { units: (3, 2), factors, scans, restart: 0, progressive: false, adobe: None }
}

#[test]
fn channels_come_in_any_order_of_scans() {
    const FACTORS: [&[(usize, usize)]; 6] = [
        &[(1, 1), (1, 1), (1, 1)],
        &[(2, 1), (1, 1), (1, 1)],
        &[(2, 2), (1, 1), (1, 1)],
        &[(1, 2), (1, 1), (1, 1)],
        &[(4, 1), (1, 1), (1, 1)],
        &[(2, 2), (2, 1), (1, 2)],
    ];
    for factors in FACTORS {
        for scans in [TOGETHER, APART, MIXED] {
            for restart in [0, 1, 2] {
                for progressive in [false, true] {
                    let picture = Flat { restart, progressive, ..flat(factors, scans) };
                    let (values, format, warnings) = read(picture.write(level)).expect("a sound picture");
                    let (width, height) = (24 * factors[0].0, 16 * factors[0].1);
                    let case = format!("{factors:?}, {scans:?}, restart {restart}, {format}");
                    assert!(values == expected(width, height), "{case}");
                    assert_eq!(warnings, [""; 0], "{case}");
                    let kind = if progressive { "progressive" } else { "baseline" };
                    assert_eq!(format, format!("JPEG, {kind}, YCbCr"));
                }
            }
        }
    }
}

#[test]
fn colours_are_named_by_markers() {
    let four: &[(usize, usize)] = &[(1, 1); 4];
    let cases: [(Flat, &str, [f32; 3]); 5] = [
        (flat(&[(1, 1)], &[&[0]]), "JPEG, baseline, grey", [28.0; 3]),
        (Flat { adobe: Some(0), ..flat(&[(1, 1); 3], TOGETHER) }, "JPEG, baseline, RGB", [28.0, 158.0, 78.0]),
        (Flat { adobe: Some(1), ..flat(&[(1, 1); 3], TOGETHER) }, "JPEG, baseline, YCbCr", [0.0, 53.0, 81.0]),
        // Inks upside down: 255 less each, times the light that black leaves.
        (
            Flat { adobe: Some(0), ..flat(four, &[&[0, 1, 2, 3]]) },
            "JPEG, baseline, CMYK",
            [21.0, 116.0, 58.0],
        ),
        (
            Flat { adobe: Some(2), ..flat(four, &[&[0, 1, 2, 3]]) },
            "JPEG, baseline, YCCK",
            [188.0, 149.0, 128.0],
        ),
    ];
    for (picture, expected_format, expected) in cases {
        let (values, format, _) = read(picture.write(level)).expect("a sound picture");
        assert_eq!(format, expected_format);
        let first =
            if picture.factors.len() == 1 { [values[0]; 3] } else { [values[0], values[1], values[2]] };
        assert_eq!(first, expected, "{format}");
    }
}

#[test]
fn what_stands_behind_the_end_is_not_read() {
    let whole = flat(&[(2, 2), (1, 1), (1, 1)], APART).write(level);
    let sound = expected(48, 32);
    let film: Vec<u8> =
        (0..4000_u32).flat_map(|number| [0xff, (number % 256) as u8, (number / 7) as u8]).collect();
    let missing = "the end marker of the JPEG is missing; its pixels are all there";
    let behind = "bytes behind the end of the JPEG are not read (a film or another picture)";
    let without_end = &whole[..whole.len() - 2];
    let cases: [(&[u8], &[u8], &[&str]); 6] = [
        (&whole, b"", &[]),
        (&whole, &[0; 100], &[]),
        (&whole, &film, &[behind]),
        (&whole, &whole, &[behind]),
        (without_end, b"", &[missing]),
        (without_end, &[0xff], &[missing]),
    ];
    for (start, end, expected) in cases {
        let (values, _, warnings) = read([start, end].concat()).expect("all pixels are there");
        assert!(values == sound, "{expected:?}");
        assert_eq!(warnings, expected);
    }
}

#[test]
fn what_is_cut_off_or_of_another_kind_is_refused() {
    let whole = flat(&[(1, 1); 3], TOGETHER).write(level);
    let progressive = Flat { progressive: true, ..flat(&[(1, 1); 3], TOGETHER) }.write(level);
    let restarted = Flat { restart: 2, ..flat(&[(1, 1); 3], TOGETHER) }.write(level);
    let frame = whole.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
    let with = |place: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[frame + place] = byte;
        bytes
    };
    let last_scan = progressive.windows(2).rposition(|pair| pair == [0xff, 0xda]).expect("a scan");
    let marker = restarted.windows(2).position(|pair| pair == [0xff, 0xd1]).expect("a restart");
    let mut out_of_order = restarted.clone();
    out_of_order[marker + 1] = 0xd3;
    let ended = |bytes: &[u8]| [bytes, &[0xff, 0xd9]].concat();
    let cases = [
        (ended(&whole[..whole.len() - 6]), "its pixels end too early"),
        (whole[..whole.len() - 6].to_vec(), "its pixels end too early"),
        (progressive[..last_scan].to_vec(), "its end is missing"),
        (ended(&progressive[..last_scan]), "its last scans are missing, so that it is only a coarse view"),
        (ended(&restarted[..marker + 3]), "its pixels end too early"),
        (out_of_order, "a part of its pixels is missing"),
        (with(1, 0xc3), "it is a lossless JPEG, which is not read here: convert it, for instance with `"),
        (with(1, 0xc9), "it is a JPEG with arithmetic codes, which is not read here"),
        (with(1, 0xc5), "it is a hierarchical JPEG, which is not read here"),
        (with(4, 12), "it is a JPEG of 12 bits a sample, which is not read here"),
        (with(9, 2), "it is a JPEG of 2 channels, which is not read here"),
        (with(6, 0), "it is a JPEG that says its height only behind its pixels, which is not read here"),
    ];
    for (bytes, expected) in cases {
        let error = read(bytes).expect_err(expected);
        assert!(
            error.starts_with("cannot read a.jpg") && error.contains(expected),
            "{error}, not {expected}"
        );
    }
}
