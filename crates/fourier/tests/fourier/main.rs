//! Transforms beside their definition, and there and back.

use any2any_fourier::{Real, resample};

#[test]
fn a_cosine_has_its_frequency_alone_and_comes_back() {
    for length in [7_usize, 16, 400] {
        let wave: Vec<f64> =
            (0..length).map(|at| (std::f64::consts::TAU * 2.0 * at as f64 / length as f64).cos()).collect();
        let (forward, inverse) = (f64::forward(length), f64::inverse(length));
        let (mut input, mut spectrum) = (wave.clone(), forward.make_output_vec());
        forward.process(&mut input, &mut spectrum).expect("the plan's own lengths");
        assert_eq!(spectrum.len(), length / 2 + 1);
        for (number, value) in spectrum.iter().enumerate() {
            let expected = if number == 2 { length as f64 / 2.0 } else { 0.0 };
            assert!(
                (value.re - expected).abs() < 1e-9 && value.im.abs() < 1e-9,
                "{length}, {number}: {value}"
            );
        }
        inverse.process(&mut spectrum, &mut input).expect("the plan's own lengths");
        for (value, expected) in input.iter().zip(&wave) {
            assert!((value / length as f64 - expected).abs() < 1e-12);
        }
        let mut floats: Vec<f32> = wave.iter().map(|&value| value as f32).collect();
        let mut spectrum = f32::forward(length).make_output_vec();
        f32::forward(length).process(&mut floats, &mut spectrum).expect("the plan's own lengths");
        f32::inverse(length).process(&mut spectrum, &mut floats).expect("the plan's own lengths");
        for (value, expected) in floats.iter().zip(&wave) {
            assert!((value / length as f32 - *expected as f32).abs() < 1e-5);
        }
    }
}

#[test]
fn rates_that_cannot_be_are_refused() {
    let refused = resample(&[0.5; 8], 0, 16_000).expect_err("a rate of nothing");
    assert_eq!(refused.to_string(), "no sound has 0 Hz");
    assert_eq!(resample(&[0.5; 64], 8000, 16_000).map(|samples| samples.len()), Ok(128));
}
