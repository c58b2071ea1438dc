//! Figures of pictures are those of scikit-image: `golden/image/make.py` asked it.

use any2any_adapter::Image;
use any2any_metrics::{mean_absolute_error, psnr, ssim};
use serde_json::Value as Json;

/// The pixels of a case, which stand in hexadecimal digits.
fn image(case: &Json, key: &str) -> Image {
    let number = |key: &str| case[key].as_u64().expect("a number") as usize;
    let digits = case[key].as_str().expect("digits").as_bytes();
    let byte =
        |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let pixels: Option<Vec<u8>> = digits.chunks_exact(2).map(byte).collect();
    let pixels = pixels.expect("digits");
    Image::new(number("width"), number("height"), number("channels"), pixels).expect("pixels")
}

#[test]
fn figures_are_those_of_scikit_image() {
    let lines = include_str!("../golden/image/golden.jsonl").lines();
    let cases: Vec<Json> = lines.map(|line| serde_json::from_str(line).expect("a case")).collect();
    assert!(cases.len() >= 45);
    for case in &cases {
        let (hypothesis, reference) = (image(case, "hypothesis"), image(case, "reference"));
        let scores = [
            ("psnr", psnr(&[&hypothesis], &[&reference])),
            ("ssim", ssim(&[&hypothesis], &[&reference])),
            ("mae", mean_absolute_error(&[&hypothesis], &[&reference])),
        ];
        for (name, score) in scores {
            let found = score.expect("one pair").value;
            // scikit-image gives infinitely many decibels to equal pictures.
            let expected = case[name].as_f64().unwrap_or(100.0);
            assert!((found - expected).abs() < 1e-9, "{name} of {}: {found}, not {expected}", case["name"]);
        }
    }
}
