//! Values opened as the options say, and written as files again.

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, Image as Picture, Medium, Value};
use any2any_image::Image;
use serde_json::{Value as Json, json};

use crate::common::{fit, options, pictures};

#[test]
fn a_picture_is_opened_as_the_options_say() {
    let dark = Picture::new(2, 1, 1, vec![10, 20]).expect("2 x 1");
    let tall = Picture::new(1, 3, 1, vec![30, 40, 50]).expect("1 x 3");
    let series = Value::Series([dark.clone().into(), tall.into()].into());
    type Case = (Json, Value, (usize, usize), &'static [u8]);
    let cases: [Case; 6] = [
        (json!({}), dark.clone().into(), (2, 1), &[10, 20]),
        (json!({ "invert": true }), dark.clone().into(), (2, 1), &[245, 235]),
        (json!({ "colour": "rgb" }), dark.clone().into(), (2, 1), &[10, 10, 10, 20, 20, 20]),
        (json!({ "background": "black" }), series.clone(), (3, 3), &[0, 0, 30, 10, 20, 40, 0, 0, 50]),
        (
            json!({ "invert": true, "size": { "pad": { "width": 3, "height": 1 } } }),
            series,
            (3, 1),
            &[245, 235, 215],
        ),
        (
            json!({ "invert": true, "size": { "pad": { "width": 4, "height": 1 } } }),
            dark.into(),
            (4, 1),
            &[0, 245, 235, 0],
        ),
    ];
    for (rest, value, size, pixels) in cases {
        let options = options(rest);
        let opened = Tested(Image).open(&options, &value).expect("a picture").value;
        let Value::Image(image) = opened else { panic!("a picture") };
        assert_eq!((image.width(), image.height()), size, "{options}");
        assert_eq!(image.pixels(), pixels, "{options}");
    }
}

#[test]
fn corruption_is_the_same_each_time() {
    for corrupt in [json!({ "gaussian": {} }), json!({ "salt_and_pepper": {} }), json!({ "downscale": {} })] {
        let options = options(json!({ "corrupt": corrupt }));
        for value in pictures(9, 9, 1, 3) {
            let once = Tested(Image).open(&options, &value).expect("a picture").value;
            assert_eq!(once, Tested(Image).open(&options, &value).expect("a picture").value, "{options}");
            assert_ne!(once, value, "{options}");
        }
    }
}

#[test]
fn a_written_picture_is_a_file_that_can_be_opened() {
    for (colour, channels) in [("grey", 1), ("rgb", 3)] {
        let options = options(json!({ "colour": colour }));
        let (adapter, opened) = fit(&options, &pictures(7, 5, channels, 2));
        let written = adapter.to_file(&opened[1]).expect("a picture");
        assert!(Image.extensions().contains(&written.extension.as_str()));
        let file = File::in_memory("written.png", written.bytes);
        assert_eq!(
            Tested(Image).open(&options, &Value::File(file)).ok().map(|opened| opened.value).as_ref(),
            Some(&opened[1])
        );
    }
}
