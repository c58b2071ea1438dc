//! Pictures to frames and tokens, and back.

use any2any_adapter::testing::Tested;
use any2any_adapter::{Convolution, FrameCount, Frames, Head, Region, Seed, Sequence, Stem, Value};
use any2any_frames::CodeTokens;
use any2any_image::Image;
use serde_json::json;

use crate::common::{fit, options, pictures};

fn regression(width: usize, frames: usize) -> Option<Head> {
    Some(Head::Regression { width, length: FrameCount::Fixed(frames) })
}

#[test]
fn options_decide_about_stem_head_and_length() {
    let grey = |width, height| pictures(width, height, 1, 3);
    let two = vec![Convolution { kernel: 5, stride: 2 }, Convolution { kernel: 3, stride: 2 }];
    let layers = json!([{}, { "kernel": 3 }]);
    let cases = [
        (json!({}), grey(28, 28), Stem::Projection { width: 16 }, None, 49),
        (json!({ "coordinates": true }), grey(28, 28), Stem::Projection { width: 30 }, None, 49),
        (json!({ "colour": "rgb" }), grey(28, 28), Stem::Projection { width: 48 }, None, 49),
        (json!({ "features": { "gradients": {} } }), grey(28, 28), Stem::Projection { width: 10 }, None, 49),
        (
            json!({
                "features": { "gradients": { "cell": 4, "bins": 6 } }, "coordinates": true,
                "patches": { "width": 8, "height": 8, "stride_x": 4, "stride_y": 4 },
            }),
            grey(30, 19),
            Stem::Projection { width: 4 * 7 + 14 },
            None,
            28,
        ),
        (
            json!({ "patches": { "width": 2, "height": null } }),
            grey(31, 12),
            Stem::Projection { width: 24 },
            None,
            16,
        ),
        (
            json!({ "patches": { "width": 1, "height": null }, "stem": { "convolution": { "layers": layers } } }),
            grey(31, 12),
            Stem::Convolution { width: 12, layers: two },
            None,
            31,
        ),
        (
            json!({ "output": { "patches": {} }, "size": { "pad": { "width": 30, "height": 29 } } }),
            grey(28, 28),
            Stem::Projection { width: 16 },
            regression(16, 64),
            64,
        ),
        (
            json!({ "output": { "patches": {} }, "colour": "rgb", "patches": { "width": 7, "height": 4 } }),
            grey(28, 28),
            Stem::Projection { width: 84 },
            regression(84, 28),
            28,
        ),
        (
            json!({ "output": { "codes": { "codes": 16 } } }),
            grey(28, 28),
            CodeTokens::new(16).stem(),
            Some(CodeTokens::new(16).head()),
            50,
        ),
    ];
    for (rest, values, stem, head, len) in cases {
        let options = options(rest);
        let (adapter, opened) = fit(&options, &values);
        assert_eq!((adapter.stem(), adapter.head()), (stem, head), "{options}");
        let encoded = adapter.encode(&opened[1]).expect("a picture of the training split");
        assert_eq!(encoded.sequence.len(), len, "{options}");
        assert_eq!(encoded.regions.len(), adapter.stem().positions(len), "{options}");
        assert_eq!(encoded.sequence.tokens().is_some(), options["output"]["codes"].is_object());

        let folder = tempfile::tempdir().expect("a folder");
        adapter.save(folder.path()).expect("saved");
        let loaded = Tested(Image).load(&options, folder.path()).expect("saved before");
        assert_eq!((loaded.stem(), loaded.head()), (adapter.stem(), adapter.head()), "{options}");
        assert_eq!(loaded.encode(&opened[2]).ok(), adapter.encode(&opened[2]).ok(), "{options}");
    }
}

#[test]
fn frames_are_normalised() {
    let frames = |normalize: &str| {
        let options = options(json!({ "normalize": normalize }));
        let (adapter, opened) = fit(&options, &pictures(8, 8, 1, 20));
        let encode = |value| adapter.encode(value).expect("a picture").sequence.frames().cloned();
        opened.iter().filter_map(encode).collect::<Vec<Frames>>()
    };
    let moments = |values: &[f32]| {
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>();
        (mean, (squares / values.len() as f32).sqrt())
    };
    let all: Vec<f32> = frames("fitted").iter().flat_map(|frames| frames.values().to_vec()).collect();
    let (mean, deviation) = moments(&all);
    assert!(mean.abs() < 1e-5 && (deviation - 1.0).abs() < 1e-5, "{mean} {deviation}");
    for frames in frames("per_image") {
        let (mean, deviation) = moments(frames.values());
        assert!(mean.abs() < 1e-5 && (deviation - 1.0).abs() < 1e-5, "{mean} {deviation}");
    }
    for frames in frames("none") {
        assert!(frames.values().iter().all(|value| (0.0..=1.0).contains(value)));
    }
}

#[test]
fn written_patches_are_the_picture_again() {
    let cases = [
        json!({}),
        json!({ "normalize": "none", "patches": { "width": 5, "height": 3 } }),
        json!({ "patches": { "width": 3, "height": null }, "invert": true }),
        json!({ "colour": "rgb", "background": { "rgb": [1, 2, 3] } }),
        json!({ "size": { "pad": { "width": 9, "height": 21 } }, "background": "black" }),
    ];
    for rest in cases {
        let mut rest = rest;
        rest["output"] = json!({ "patches": {} });
        let options = options(rest);
        let (adapter, opened) = fit(&options, &pictures(13, 10, 1, 5));
        for value in &opened {
            let encoded = adapter.encode(value).expect("a picture");
            let decoded = adapter.decode(&encoded.sequence).expect("its frames");
            assert_eq!((&decoded.value, &decoded.regions), (value, &encoded.regions), "{options}");
        }
    }
}

#[test]
fn missing_patches_are_background_and_surplus_is_ignored() {
    let options = options(json!({
        "output": { "patches": {} }, "normalize": "none", "background": { "grey": 51 },
        "patches": { "width": 1, "height": 1 },
    }));
    let (adapter, _) = fit(&options, &pictures(2, 2, 1, 2));
    let decode = |values: Vec<f32>| {
        let frames = Sequence::Frames(Frames::new(1, values).expect("frames of one"));
        let decoded = adapter.decode(&frames).expect("frames of the width");
        let Value::Image(image) = decoded.value else { panic!("a picture") };
        (image.pixels().to_vec(), decoded.regions)
    };
    assert_eq!(decode(vec![]).0, [51; 4]);
    assert_eq!(decode(vec![1.0, 0.2]).0, [255, 51, 51, 51]);
    let (pixels, regions) = decode(vec![-3.0, 7.0, f32::NAN, 0.0, 1.0, 1.0]);
    assert_eq!(pixels, [0, 255, 0, 0]);
    let last = Region::Rectangle { left: 1.0, top: 1.0, width: 1.0, height: 1.0 };
    assert_eq!(regions[3..], [last, Region::Nothing, Region::Nothing]);
}

#[test]
fn codes_write_what_the_codebook_knows() {
    let codes = options(json!({
        "output": { "codes": { "codes": 64 } }, "patches": { "width": 2, "height": 2 }
    }));
    // Three pictures of 16 patches: every patch gets a code of its own.
    let (adapter, opened) = fit(&codes, &pictures(8, 8, 1, 3));
    assert_eq!(adapter.longest(), Some(16), "search writes a whole picture");
    for value in &opened {
        let encoded = adapter.encode(value).expect("a picture");
        let tokens = encoded.sequence.tokens().expect("tokens").to_vec();
        assert_eq!((tokens.len(), tokens.last()), (17, Some(&CodeTokens::END)));
        let written = adapter.decode(&Sequence::Tokens(tokens[..16].to_vec())).expect("codes");
        assert_eq!((&written.value, &written.regions[..]), (value, &encoded.regions[..16]));

        let few = adapter.decode(&Sequence::Tokens(tokens[..3].to_vec())).expect("codes");
        let Value::Image(image) = few.value else { panic!("a picture") };
        assert!(image.pixels()[16..].iter().all(|&pixel| pixel == 255));
    }
    let error = adapter.decode(&Sequence::Tokens(vec![3, 999])).expect_err("no such token");
    assert!(error.to_string().contains("token 999 is outside the vocabulary"), "{error}");
    assert_eq!((adapter.show(2), adapter.show(5)), ("<end>".to_owned(), "<code 2>".to_owned()));

    // Pictures of many sizes can be read as codes, but not written.
    let mut mixed = pictures(8, 8, 1, 2);
    mixed.extend(pictures(6, 4, 1, 2));
    let (adapter, opened) = fit(&codes, &mixed);
    assert_eq!(adapter.head(), None);
    assert_eq!(adapter.encode(&opened[3]).expect("a picture").sequence.len(), 7);
}

#[test]
fn augmentation_changes_frames_and_keeps_regions() {
    let augment = json!({ "rotate": 10, "shift": 2, "noise": 0.1 });
    let (adapter, opened) = fit(&options(json!({ "augment": augment })), &pictures(8, 8, 1, 2));
    let sample = |seed| adapter.augment(&opened[0], &mut Seed(seed).random("augment", 0)).expect("a picture");
    assert!(adapter.augments());
    assert_eq!(sample(1), sample(1));
    assert_ne!(sample(1).sequence, sample(2).sequence);
    assert_eq!(sample(1).regions, adapter.encode(&opened[0]).expect("a picture").regions);
    let (plain, _) = fit(&options(json!({})), &pictures(8, 8, 1, 2));
    assert!(!plain.augments());
    let still = plain.augment(&opened[0], &mut Seed(1).random("augment", 0));
    assert_eq!(still.ok(), plain.encode(&opened[0]).ok());
}
