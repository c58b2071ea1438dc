//! Files of many kinds have the pixels that Pillow reads from them: `golden/make.py` asked it.

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, Value};
use any2any_image::Image;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Case {
    name: String,
    file: String,
    colour: String,
    background: [u8; 3],
    size: serde_json::Value,
    width: usize,
    height: usize,
    pixels: String,
    /// Tolerance of a level: decoders of JPEG and filters round in different places.
    tolerance: u8,
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks_exact(2).map(|pair| std::str::from_utf8(pair).expect("two digits"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("two digits")).collect()
}

#[test]
fn pixels_are_those_of_pillow() {
    let lines = include_str!("../golden/golden.jsonl").lines();
    let cases: Vec<Case> = lines.map(|line| serde_json::from_str(line).expect("a case")).collect();
    assert!(cases.len() > 40);
    for case in cases {
        let options = json!({
            "field": "image",
            "colour": case.colour,
            "background": { "rgb": case.background },
            "size": case.size,
        });
        let file = File::in_memory(case.name.clone(), bytes(&case.file));
        let opened = Tested(Image).open(&options, &Value::File(file)).map(|opened| opened.value);
        let Ok(Value::Image(image)) = opened else { panic!("{}: {opened:?}", case.name) };
        assert_eq!((image.width(), image.height()), (case.width, case.height), "{}", case.name);
        let expected = bytes(&case.pixels);
        assert_eq!(image.pixels().len(), expected.len(), "{}", case.name);
        for (number, (found, expected)) in image.pixels().iter().zip(&expected).enumerate() {
            let distance = found.abs_diff(*expected);
            assert!(distance <= case.tolerance, "{}: value {number}: {found}, not {expected}", case.name);
        }
    }
}
