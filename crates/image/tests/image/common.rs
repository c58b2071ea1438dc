//! Pictures and options for tests.

use std::sync::Arc;

use any2any_adapter::testing::Tested;
use any2any_adapter::{Adapter, Image as Picture, Value};
use any2any_image::Image;
use serde_json::{Value as Json, json};

/// Pictures with some structure, all different.
pub(crate) fn pictures(width: usize, height: usize, channels: usize, count: usize) -> Vec<Value> {
    let pixel = |picture: usize, place: usize| ((place * (7 + picture) + place / 5 * 31) % 256) as u8;
    let pixels =
        |picture| (0..width * height * channels).map(|place| pixel(picture, place)).collect::<Vec<_>>();
    let picture = |number| Picture::new(width, height, channels, pixels(number)).expect("pixels");
    (0..count).map(|number| Value::Image(picture(number))).collect()
}

/// Options with the field, and whatever else.
pub(crate) fn options(rest: Json) -> Json {
    let mut options = json!({ "field": "image" });
    let rest = rest.as_object().cloned().expect("a mapping");
    options.as_object_mut().expect("a mapping").extend(rest);
    options
}

/// An adapter, and the opened pictures that it learned from.
pub(crate) fn fit(options: &Json, values: &[Value]) -> (Arc<dyn Adapter>, Vec<Value>) {
    assert_eq!(Tested(Image).check(options), [], "{options}");
    let opened: Vec<Value> =
        values.iter().map(|value| Tested(Image).open(options, value).expect("a picture").value).collect();
    let adapter = Tested(Image).fit(options, &mut opened.iter()).expect("an adapter");
    (adapter, opened)
}
