//! A plain PyTorch transformer gives the logits that ours gives with its weights: `golden/transformer.py` made them.

use std::collections::BTreeMap;
use std::path::Path;

use any2any_adapter::Seed;
use any2any_architecture::{Architecture, NormPlacement, Stack};
use any2any_model::{Initializer, ModelConfig, Pass, Source};
use any2any_run::parameters::{under_current_names, with_weights};
use any2any_run::{Weights, read_weights};
use burn::tensor::Device;

#[test]
fn logits_equal_pytorchs() {
    for (file, norm) in [
        ("transformer_pre.safetensors", NormPlacement::Pre),
        ("transformer_post.safetensors", NormPlacement::Post),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
        let mut golden = read_weights(&path).expect("the golden file");
        let source = golden.remove("input/source").expect("what goes in");
        let target = golden.remove("input/target").expect("what goes in");
        let expected = golden.remove("output/logits").expect("what comes out");

        let device = Device::default();
        let architecture = architecture(norm);
        let golden = under_current_names(&architecture, golden);
        let fresh = ModelConfig::new(architecture).init(&Initializer::new(Seed(1), &device));
        let model = with_weights(fresh, &golden).expect("the same parameters");
        let tokens =
            |weights: &Weights| -> Vec<i32> { weights.values.iter().map(|&value| value as i32).collect() };
        let source_tokens = tokens(&source);
        let rows = source_tokens.chunks(source.shape[1]);
        let lengths = rows.map(|row| row.iter().filter(|&&token| token != 0).count()).collect();
        let source = Source { input: model.tokens(source_tokens, source.shape[0]), lengths };
        let decoder_input = model.tokens(tokens(&target), target.shape[0]);
        let hidden = model.forward(0, Some(source), decoder_input, &mut Pass::evaluation());
        let logits = model.logits(0, hidden);

        assert_eq!(logits.dims().to_vec(), expected.shape);
        let logits: Vec<f32> = logits.into_data().try_into_vec().expect("32-bit floats");
        let vocabulary = expected.shape[2];
        let worst = tokens(&target)
            .iter()
            .zip(logits.chunks(vocabulary).zip(expected.values.chunks(vocabulary)))
            // PyTorch was not told about padding in the target: positions after it are compared too.
            .flat_map(|(_, (ours, theirs))| {
                ours.iter().zip(theirs).map(|(ours, theirs)| (ours - theirs).abs())
            })
            .fold(0.0, f32::max);
        assert!(worst < 1e-4, "{file}: logits differ by up to {worst}");
    }
}

#[test]
fn weights_of_another_model_are_refused() {
    let device = Device::default();
    let fresh = ModelConfig::new(architecture(NormPlacement::Pre)).init(&Initializer::new(Seed(1), &device));
    let error = with_weights(fresh, &BTreeMap::new()).expect_err("nothing there");
    assert!(error.contains("is missing"), "{error}");
}

fn architecture(norm: NormPlacement) -> Architecture {
    let stack = || Stack::of_transformer(16, 24, 4, 2).normalised(norm);
    Architecture::of_text(Some(stack()), stack().attending(), 19)
}
