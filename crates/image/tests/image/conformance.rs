//! Every promise of the seam, tried on pictures with every kind of sequence.

use any2any_adapter::testing::conforms;
use any2any_adapter::{File, Value};
use any2any_image::Image;
use serde_json::json;

use crate::common::{options, pictures};

/// Pictures of one size, in grey and in colour.
fn mixed() -> Vec<Value> {
    let mut values = pictures(12, 8, 1, 2);
    values.extend(pictures(12, 8, 3, 2));
    values
}

#[test]
fn every_picture_that_is_read_conforms() {
    let layers = json!({ "convolution": { "layers": [{ "kernel": 3, "stride": 2 }, {}] } });
    for own in [
        json!({}),
        json!({ "colour": "rgb", "normalize": "per_image", "background": { "rgb": [1, 2, 3] } }),
        json!({ "normalize": "none", "invert": true, "trim": true, "coordinates": true }),
        json!({ "patches": { "width": 5, "height": 3, "stride_x": 2, "stride_y": 3 } }),
        json!({ "patches": { "width": 2, "height": null }, "size": { "height": 6 }, "stem": layers }),
        json!({ "features": { "gradients": { "cell": 2, "bins": 6, "levels": 2 } }, "coordinates": true }),
        json!({ "patches": { "width": 5, "height": 3 }, "stem": { "class_tokens": { "tokens": 2 } } }),
        json!({ "normalize": { "given": { "mean": [0.5], "deviation": [0.25] } }, "resampling": "bicubic" }),
        json!({ "size": { "fit": { "width": 9, "height": 10 } }, "corrupt": { "gaussian": {} } }),
        json!({ "size": { "pad": { "width": 9, "height": 10 } }, "corrupt": { "salt_and_pepper": {} } }),
        json!({ "size": { "resize": { "width": 9, "height": 10 } }, "corrupt": { "downscale": {} } }),
    ] {
        conforms(Image, options(own), &mixed());
    }
}

#[test]
fn every_change_conforms() {
    for (name, most) in [
        ("shift", 2.0),
        ("rotate", 20.0),
        ("scale", 0.2),
        ("shear", 0.2),
        ("contrast", 0.5),
        ("brightness", 0.3),
        ("hue", 30.0),
        ("saturation", 0.5),
        ("blur", 1.0),
        ("noise", 0.1),
    ] {
        conforms(Image, options(json!({ "colour": "rgb", "augment": { name: most } })), &mixed());
    }
    let cutout = json!({ "cutout": { "boxes": 2, "size": 3 } });
    for output in [json!("frames"), json!({ "patches": {} }), json!({ "codes": { "codes": 8 } })] {
        conforms(Image, options(json!({ "augment": cutout, "output": output })), &mixed());
    }
}

#[test]
fn every_picture_that_is_written_conforms() {
    for own in [
        json!({ "output": { "patches": {} } }),
        json!({ "output": { "patches": {} }, "colour": "rgb", "patches": { "width": 5, "height": 3 } }),
        json!({ "output": { "patches": {} }, "normalize": "none", "patches": { "width": 3, "height": null } }),
        json!({ "output": { "patches": {} }, "size": { "pad": { "width": 9, "height": 13 } }, "invert": true }),
        json!({ "output": { "codes": { "codes": 16 } } }),
        json!({ "output": { "codes": { "codes": 5 } }, "colour": "rgb", "patches": { "width": 5, "height": 3 } }),
        json!({ "output": { "codes": {} }, "normalize": "per_image", "size": { "fit": { "width": 8, "height": 8 } } }),
    ] {
        conforms(Image, options(own), &mixed());
    }
}

#[test]
fn every_kind_of_value_conforms() {
    let ramp = (0..48).map(|pixel| pixel * 5).collect::<Vec<u8>>();
    let ppm = |header: &str, pixels: &[u8]| {
        Value::File(File::in_memory("a.ppm", [header.as_bytes(), pixels].concat()))
    };
    let values = [
        ppm("P5 8 6 255\n", &ramp),
        ppm("P6 4 4 255\n", &ramp),
        Value::Series(pictures(6, 8, 1, 2).into()),
        // Of other sizes: codes of them can be read, but not written.
        pictures(7, 9, 3, 1).remove(0),
    ];
    let sizes = json!({ "resize": { "width": 10, "height": 6 } });
    for own in [
        json!({}),
        json!({ "output": { "codes": { "codes": 8 } } }),
        json!({ "output": { "patches": {} }, "size": sizes }),
        json!({ "output": { "codes": { "codes": 8 } }, "size": sizes }),
    ] {
        conforms(Image, options(own), &values);
    }
}
