//! Wrong options, data that does not fit them, and broken state: each is said, and nothing panics.

use any2any_adapter::testing::Tested;
use any2any_adapter::{Frames, Sequence, Value};
use any2any_image::Image;
use serde_json::{Value as Json, json};

use crate::common::{fit, options, pictures};

#[test]
fn problems_point_at_their_option() {
    let patches = json!({ "patches": {} });
    let convolution = json!({ "convolution": { "layers": [{}, { "kernel": 4, "stride": 0 }] } });
    let gradients = json!({ "gradients": {} });
    let cases: [(Json, &[&str]); 28] = [
        (json!({}), &[]),
        (json!({ "field": "" }), &["/field"]),
        (json!({ "colors": "rgb" }), &["/colors"]),
        (json!({ "size": { "height": 0 } }), &["/size/height"]),
        (
            json!({ "size": { "pad": { "width": 0, "height": 9999 } } }),
            &["/size/pad/width", "/size/pad/height"],
        ),
        (json!({ "patches": { "width": 0, "height": 0 } }), &["/patches/width", "/patches/height"]),
        (json!({ "patches": { "width": 2, "stride_x": 3 } }), &["/patches/stride_x"]),
        (json!({ "stem": { "convolution": {} } }), &["/patches/height"]),
        (json!({ "stem": { "convolution": {} }, "patches": { "width": 1, "height": null } }), &[]),
        (
            json!({ "stem": convolution, "patches": { "width": 1, "height": null } }),
            &["/stem/convolution/layers/1/kernel", "/stem/convolution/layers/1/stride"],
        ),
        (json!({ "output": patches, "size": { "height": 32 } }), &["/size"]),
        (json!({ "output": patches, "coordinates": true }), &["/coordinates"]),
        (json!({ "output": patches, "normalize": "per_image" }), &["/normalize"]),
        (json!({ "output": patches, "patches": { "width": 4, "stride_x": 2 } }), &["/patches"]),
        (json!({ "output": patches, "stem": { "convolution": {} } }), &["/stem"]),
        (json!({ "output": patches, "stem": { "class_tokens": {} } }), &["/stem"]),
        (json!({ "stem": { "class_tokens": { "tokens": 2 } } }), &[]),
        (json!({ "normalize": { "given": { "mean": [0.5], "deviation": [0.5] } } }), &[]),
        (
            json!({ "colour": "rgb", "normalize": { "given": { "mean": [0.5], "deviation": [0.5, 0.0, 0.5] } } }),
            &["/normalize/given/mean", "/normalize/given/deviation"],
        ),
        (
            json!({ "features": gradients, "patches": { "width": 8, "height": 8 },
                "normalize": { "given": { "mean": [0.5], "deviation": [0.5] } } }),
            &["/normalize"],
        ),
        (json!({ "output": { "codes": { "codes": 1 } } }), &["/output/codes/codes"]),
        (json!({ "features": gradients, "patches": { "width": 8, "height": 8, "stride_x": 4 } }), &[]),
        (
            json!({ "features": gradients, "patches": { "width": 6, "height": 8, "stride_x": 3 } }),
            &["/patches/width", "/patches/stride_x"],
        ),
        (
            json!({ "features": { "gradients": { "cell": 1, "bins": 99 } } }),
            &["/features/gradients/cell", "/features/gradients/bins"],
        ),
        (
            json!({ "features": gradients, "output": patches, "normalize": "per_image" }),
            &["/features", "/normalize", "/normalize"],
        ),
        (json!({ "augment": { "hue": 9.0 } }), &["/augment/hue"]),
        (json!({ "augment": { "saturation": 0.5 } }), &["/augment/saturation"]),
        (json!({ "colour": "rgb", "augment": { "hue": 9.0, "saturation": 0.5 } }), &[]),
    ];
    for (rest, expected) in cases {
        let options = options(rest);
        let problems = Tested(Image).check(&options);
        let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(pointers, expected, "{options}");
        let opened = Tested(Image).open(&options, &pictures(4, 4, 1, 1)[0]);
        assert_eq!(opened.is_err(), !expected.is_empty(), "{options}");
    }
}

#[test]
fn resolved_options_say_everything_and_stay() {
    let resolved = Tested(Image).resolve(&json!({ "field": "digit" }));
    assert_eq!(
        resolved,
        json!({
            "field": "digit", "colour": "grey", "background": "white", "invert": false,
            "trim": false, "size": null,
            "corrupt": null,
            "patches": { "width": 4, "height": 4, "stride_x": null, "stride_y": null },
            "features": "pixels",
            "resampling": "lanczos", "normalize": "fitted", "coordinates": false, "stem": "projection",
            "augment": {
                "shift": 0.0, "rotate": 0.0, "scale": 0.0, "shear": 0.0, "contrast": 0.0, "brightness": 0.0,
                "hue": 0.0, "saturation": 0.0, "blur": 0.0, "noise": 0.0, "cutout": { "boxes": 0, "size": 8 },
            },
            "output": "frames",
        })
    );
    assert_eq!(Tested(Image).resolve(&resolved), resolved);
    assert_eq!(Tested(Image).fields(&resolved), ["digit"]);
    let other = Tested(Image).resolve(&json!({ "field": "another" }));
    assert_eq!(
        Tested(Image).sharing(&resolved),
        Tested(Image).sharing(&other),
        "all but the field is the same"
    );
}

#[test]
fn data_that_does_not_fit_the_options_is_refused() {
    let mut mixed = pictures(8, 8, 1, 2);
    mixed.extend(pictures(6, 4, 1, 2));
    let cases = [
        (json!({}), vec![], "field: there is no picture"),
        (json!({}), pictures(4, 4, 3, 1), "cannot read this value"),
        (json!({ "output": { "patches": {} } }), mixed.clone(), "size: pictures of many sizes"),
        (json!({ "patches": { "width": 2, "height": null } }), mixed, "patches.height: "),
    ];
    for (rest, values, expected) in cases {
        let error = Tested(Image).fit(&options(rest), &mut values.iter()).err().expect(expected);
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn broken_state_is_refused() {
    let codes = options(json!({ "output": { "codes": { "codes": 4 } } }));
    let (adapter, _) = fit(&codes, &pictures(8, 8, 1, 2));
    let folder = tempfile::tempdir().expect("a folder");
    adapter.save(folder.path()).expect("saved");
    let path = folder.path().join("image.json");
    let sound: Json = serde_json::from_slice(&std::fs::read(&path).expect("saved")).expect("JSON");
    let changes = [
        ("/codebook", json!(null)),
        ("/codebook/width", json!(0)),
        ("/codebook/centres", json!([])),
        ("/normalization/mean", json!([0.0])),
        ("/size", json!([0, 8])),
        ("/size", json!("large")),
    ];
    for (pointer, value) in changes {
        let mut broken = sound.clone();
        *broken.pointer_mut(pointer).expect(pointer) = value;
        std::fs::write(&path, broken.to_string()).expect("written");
        let error = Tested(Image).load(&codes, folder.path()).err().expect(pointer);
        assert!(error.to_string().contains("image.json"), "{error}");
    }
}

#[test]
fn what_cannot_be_read_or_written_is_said() {
    let (source, _) = fit(&options(json!({})), &pictures(8, 8, 1, 2));
    let (lines, _) =
        fit(&options(json!({ "patches": { "width": 2, "height": null } })), &pictures(8, 8, 1, 2));
    let (target, _) = fit(&options(json!({ "output": { "patches": {} } })), &pictures(8, 8, 1, 2));
    let frames = |width| Sequence::Frames(Frames::new(width, vec![0.0; width]).expect("one frame"));
    let picture = |width, height, channels| pictures(width, height, channels, 1).remove(0);
    let cases = [
        (source.decode(&frames(16)).err(), "cannot be written: set 'output'"),
        (target.decode(&frames(15)).err(), "frames of 16 values were expected"),
        (target.decode(&Sequence::Tokens(vec![3])).err(), "frames of 16 values were expected"),
        (source.encode(&Value::from("text")).err(), "an opened picture was expected, but this is a text"),
        (source.encode(&picture(8, 8, 3)).err(), "3 channels, but those of the training split have 1"),
        (
            lines.encode(&picture(8, 9, 1)).err(),
            "a height of 9 pixels, but those of the training split have 8",
        ),
        (target.encode(&picture(8, 9, 1)).err(), "8 x 9 pixels, but those of the training split have 8 x 8"),
        (source.to_file(&Value::from("text")).err(), "an opened picture was expected"),
        (
            Tested(Image).open(&options(json!({})), &Value::from("text")).err(),
            "a picture was expected, but this is a text",
        ),
        (Tested(Image).open(&options(json!({})), &Value::Series([].into())).err(), "the series is empty"),
    ];
    for (error, expected) in cases {
        let error = error.expect(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
}
