//! Pictures brought to a size have the levels that Pillow gives them (`golden/resampling.py`).

use any2any_adapter::testing::Tested;
use any2any_adapter::{Image as Opened, Value};
use any2any_image::Image;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Scaled {
    size: (usize, usize),
    to: (usize, usize),
    resampling: String,
    levels: Vec<u8>,
}

/// The picture of resampling.py.
fn picture((width, height): (usize, usize)) -> Value {
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            pixels.extend((0..3).map(|c| ((x * x * 3 + y * 7 * (c + 1) + x * y * 5 + 40 * c) % 256) as u8));
        }
    }
    Value::Image(Opened::new(width, height, 3, pixels).expect("a picture"))
}

#[test]
fn levels_are_those_of_pillow() {
    let all: Vec<Scaled> =
        serde_json::from_str(include_str!("../golden/resampling.json")).expect("written by resampling.py");
    assert_eq!(all.len(), 10);
    for Scaled { size, to: (width, height), resampling, levels } in all {
        let options = json!({
            "field": "picture", "colour": "rgb", "size": { "resize": { "width": width, "height": height } },
            "resampling": resampling,
        });
        let Value::Image(opened) = Tested(Image).open(&options, &picture(size)).expect("a picture").value
        else {
            panic!("no picture")
        };
        assert_eq!((opened.width(), opened.height()), (width, height));
        assert_eq!(opened.pixels(), levels, "{size:?} to {width} x {height}, {resampling}");
    }
}
