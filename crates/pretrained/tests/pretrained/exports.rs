//! What goes out comes back, is the same function, and is read by other people's code.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use any2any_adapter::{Cancellation, Seed, Sequence};
use any2any_architecture::{Activation, Architecture, Mixer, NormPlacement, Positions, Stack, WaveLayout};
use any2any_inference::{Engine, EngineStepper, Precision};
use any2any_pretrained::export::{Outgoing, Prompt, Vocabulary, Written, ctranslate2, hugging_face};
use any2any_pretrained::{GenerationDefaults, Pretrained, Tensor, read};
use any2any_search::Stepper;
use safetensors::tensor::SafeTensors;

use crate::families::Named;
use crate::golden::{MODELS, folder, golden};

/// A vocabulary of so many tokens in which these have a role.
fn vocabulary(tokens: usize, [padding, begin, end]: [u32; 3], forbidden: &[u32]) -> Vocabulary {
    let names = (0..tokens).map(|token| format!("token{token}")).collect();
    let (forbidden, forbidden_first) = (forbidden.to_vec(), Vec::new());
    Vocabulary { names, padding, begin, end, unknown: None, forbidden, forbidden_first }
}

pub(crate) fn outgoing(pretrained: &Pretrained) -> Outgoing {
    let tokens = &pretrained.tokens;
    let end = tokens.end.first().copied().unwrap_or(0);
    let padding = tokens.padding.unwrap_or(end);
    let roles = [padding, tokens.decoder_start.or(tokens.begin).unwrap_or(end), end];
    let of = |size| vocabulary(size, roles, &tokens.suppressed);
    let architecture = pretrained.architecture.clone();
    let task = &architecture.tasks[0];
    let source = task.source.map(|stem| of(architecture.stems[stem].part.vocabulary().unwrap_or(1)));
    Outgoing {
        source,
        target: of(architecture.outputs(0)),
        architecture,
        task: 0,
        weights: pretrained.weights.clone(),
        prompt: Prompt::default(),
        sound: None,
        decoding: GenerationDefaults::default(),
        positions: pretrained.positions.unwrap_or(32),
        shortlist: None,
    }
}

fn written(model: &Outgoing, folder: &Path) -> Written {
    hugging_face(model, folder).unwrap_or_else(|error| panic!("{error}"))
}

/// True for models that read pictures, which no layout says yet.
fn is_of_pictures(model: &str) -> bool {
    model.starts_with("vision_")
}

#[test]
fn class_tokens_are_refused_by_name() {
    let model = outgoing(&read(&folder("vision_trocr")).expect("a golden model"));
    let place = tempfile::tempdir().expect("a temporary folder");
    for said in [hugging_face(&model, place.path()), ctranslate2(&model, place.path())] {
        let said = said.expect_err("it reads pictures").to_string();
        assert!(said.contains("`class_tokens`"), "{said}");
    }
}

/// Tensors of a file, by name, with their bytes.
fn stored(path: &Path) -> BTreeMap<String, (String, Vec<usize>, Vec<u8>)> {
    let bytes = std::fs::read(path).expect("a file of tensors");
    let file = SafeTensors::deserialize(&bytes).expect("a file of tensors");
    let tensors = file.tensors().into_iter();
    tensors
        .map(|(name, view)| {
            (name, (format!("{:?}", view.dtype()), view.shape().to_vec(), view.data().to_vec()))
        })
        .collect()
}

#[test]
fn what_goes_out_in_the_layout_of_hugging_face_comes_back_as_it_was() {
    for model in MODELS.into_iter().filter(|model| !is_of_pictures(model)) {
        let before = read(&folder(model)).expect("a golden model");
        let place = tempfile::tempdir().expect("a temporary folder");
        written(&outgoing(&before), place.path());
        let after = read(place.path()).unwrap_or_else(|error| panic!("{model}: {error}"));
        assert_eq!(after.family, before.family, "{model}");
        assert_eq!(after.architecture.difference(&before.architecture), None, "{model}");
        assert_eq!(after.weights, before.weights, "{model}");
        assert_eq!(after.tokens.decoder_start, before.tokens.decoder_start, "{model}");
        assert_eq!(after.tokens.end, before.tokens.end, "{model}");
        // Byte for byte, where the file that came in has 32-bit floats too.
        let original = folder(model).join("model.safetensors");
        if original.exists() {
            let (theirs, ours) = (stored(&original), stored(&place.path().join("model.safetensors")));
            let comparable = theirs.iter().filter(|(name, of)| of.0 == "F32" && ours.contains_key(*name));
            for (name, tensor) in comparable {
                assert!(name.ends_with("embed_positions.weight") || ours[name] == *tensor, "{model}: {name}");
            }
        }
    }
}

/// A model with random weights.
fn random(architecture: Architecture) -> Outgoing {
    let mut random = Seed(7).random("weights", 0);
    let weights = architecture.parameters().into_iter().map(|parameter| {
        let count: usize = parameter.shape.iter().product();
        let centre = if parameter.name.ends_with("norm.weight") { 1.0 } else { 0.0 };
        let values = (0..count).map(|_| centre + 0.3 * (2.0 * random.unit() as f32 - 1.0)).collect();
        (parameter.name, Tensor { shape: parameter.shape, values })
    });
    let weights = weights.collect();
    let of = |tokens| vocabulary(tokens, [0, 2, 3], &[0, 1, 2]);
    let task = &architecture.tasks[0];
    let source = task.source.map(|stem| of(architecture.stems[stem].part.vocabulary().expect("of tokens")));
    let target = of(architecture.outputs(0));
    let decoding = GenerationDefaults::default();
    let (prompt, sound) = (Prompt::default(), None);
    Outgoing {
        architecture,
        task: 0,
        weights,
        source,
        target,
        prompt,
        sound,
        decoding,
        positions: 40,
        shortlist: None,
    }
}

/// The logits of some targets.
fn logits(
    architecture: &Architecture,
    weights: &BTreeMap<String, Tensor>,
    source: Option<&[u32]>,
) -> Vec<f32> {
    let engine = Engine::new(architecture, &Named(weights), Precision::Float32).expect("a transformer");
    let source = source.map(|tokens| Sequence::Tokens(tokens.to_vec()));
    let sources: Vec<&Sequence> = source.iter().collect();
    let mut stepper = EngineStepper::new(&engine, 0, &sources, &Cancellation::default());
    let mut all = Vec::new();
    for token in [2, 5, 7, 4, 6] {
        let Ok(found) = stepper.step(&[token]);
        all.extend(found);
    }
    all
}

/// Two vocabularies, of 11 and 13 tokens.
fn apart(mut architecture: Architecture) -> Architecture {
    use any2any_architecture::{Entry, Stem};
    let width = architecture.decoder.d_model;
    architecture.stems.push(Entry::new("text.source", Stem::lookup(11, width)));
    architecture.tasks[0].source = Some(1);
    architecture
}

#[test]
fn the_models_of_experiments_are_the_same_function_in_a_family() {
    let stack = || Stack::of_transformer(8, 12, 2, 2);
    let text = |change: fn(Stack) -> Stack| {
        Architecture::of_text(Some(change(stack())), change(stack().attending()), 13)
    };
    let learned = |stack: Stack| Stack { positions: Positions::Learned { limit: 9, offset: 0 }, ..stack };
    fn of_marian(stack: Stack) -> Stack {
        let positions = Positions::Sinusoidal { layout: WaveLayout::HalfSplitClosed, offset: 0 };
        Stack { positions, ..stack }
    }
    let bare = |stack: Stack| {
        stack.with(|layers| {
            layers.norm.bias = true;
            layers.feed_forward = any2any_architecture::FeedForward {
                bias: false,
                activation: Activation::Silu,
                ..layers.feed_forward
            };
        })
    };
    let cases = [
        ("PegasusForConditionalGeneration", text(|stack| stack)),
        ("PegasusForConditionalGeneration", apart(text(|stack| stack))),
        ("PegasusForConditionalGeneration", text(bare)),
        ("PegasusForConditionalGeneration", text(of_marian)),
        ("BlenderbotForConditionalGeneration", text(learned)),
        ("MarianMTModel", text(|stack| stack.normalised(NormPlacement::Post))),
        ("MarianMTModel", apart(text(|stack| stack.normalised(NormPlacement::Post)))),
        ("MarianMTModel", text(|stack| of_marian(stack.normalised(NormPlacement::Post)))),
        ("GPT2LMHeadModel", Architecture::of_text(None, stack(), 13)),
    ];
    for (kind, architecture) in cases {
        let model = random(architecture);
        let place = tempfile::tempdir().expect("a temporary folder");
        let written = written(&model, place.path());
        assert_eq!(written.kind, kind);
        let after = read(place.path()).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let source: Option<Vec<u32>> = model.source.as_ref().map(|_| vec![4, 8, 10, 3]);
        let shifted: Option<Vec<u32>> =
            source.as_ref().map(|tokens| tokens.iter().map(|token| token + written.source_offset).collect());
        let before = logits(&model.architecture, &model.weights, source.as_deref());
        let all = logits(&after.architecture, &after.weights, shifted.as_deref());
        // Behind the targets stand the sources of a joint table, which are never written.
        let width = all.len() / 5;
        let found: Vec<f32> = all.chunks(width).flat_map(|row| &row[..13]).copied().collect();
        assert!(all.chunks(width).all(|row| row[13..].iter().all(|&logit| logit < -1e8)), "{kind}");
        let worst = before.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(before.len() == found.len() && worst < 1e-4, "{kind}: logits differ by up to {worst}");
    }
}

#[test]
fn what_a_layout_cannot_say_is_refused_by_name() {
    let stack = || Stack::of_transformer(8, 12, 2, 1);
    let text = |change: fn(Stack) -> Stack| {
        random(Architecture::of_text(Some(change(stack())), change(stack().attending()), 13))
    };
    let place = tempfile::tempdir().expect("a temporary folder");
    let rotary = text(|stack| Stack { positions: Positions::Rotary, ..stack });
    let squared = text(|stack| stack.with(|layers| layers.feed_forward.activation = Activation::ReluSquared));
    let alibi = text(|stack| Stack { positions: Positions::Alibi, ..stack });
    let deep = text(|stack| stack.with(|layers| layers.residual_scale = 1.5));
    let ssru = {
        let decoder = stack().attending().with(|layers| layers.mixer = Mixer::Ssru);
        random(Architecture::of_text(Some(stack()), decoder, 13))
    };
    for (model, of_hugging_face, of_ctranslate2) in [
        (&rotary, Some("positions: rotary"), None),
        (&squared, None, Some("activation: relu_squared")),
        (&alibi, Some("positions: alibi"), Some("positions: alibi")),
        (&deep, Some("residual_scale"), Some("residual_scale")),
        (&ssru, Some("mixer: ssru"), Some("mixer: ssru")),
    ] {
        let found = [hugging_face(model, place.path()), ctranslate2(model, place.path())];
        for (found, refused) in found.into_iter().zip([of_hugging_face, of_ctranslate2]) {
            match (found, refused) {
                (Ok(_), None) => {}
                (Err(error), Some(part)) => {
                    assert!(error.to_string().contains(&format!("cannot say `{part}`")), "{error}");
                }
                (found, refused) => panic!("{found:?}, and {refused:?} was to be refused"),
            }
        }
    }
}

#[test]
fn the_files_of_ctranslate2_name_what_it_looks_for() {
    let stack = Stack::of_transformer(8, 12, 2, 1);
    let model = random(apart(Architecture::of_text(Some(stack.clone()), stack.attending(), 13)));
    let place = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(ctranslate2(&model, place.path()).expect("written").kind, "TransformerSpec");
    let file = std::fs::read(place.path().join("model.bin")).expect("a model");
    assert_eq!(file[..4], 6_u32.to_le_bytes());
    let has = |bytes: &[u8]| file.windows(bytes.len()).any(|window| window == bytes);
    // A name, its end, two dimensions of so many rows and columns.
    let matrix = |name: &str, [rows, columns]: [u32; 2]| {
        [name.as_bytes(), &[0, 2], &rows.to_le_bytes(), &columns.to_le_bytes()].concat()
    };
    for (name, shape) in [
        ("encoder/embeddings_0/weight", [11, 8]),
        ("decoder/embeddings/weight", [13, 8]),
        ("encoder/position_encodings/encodings", [40, 8]),
        ("encoder/layer_0/self_attention/linear_0/weight", [24, 8]),
        ("decoder/layer_0/attention/linear_1/weight", [16, 8]),
        ("decoder/layer_0/ffn/linear_0/weight", [12, 8]),
    ] {
        assert!(has(&matrix(name, shape)), "{name} {shape:?}");
    }
    // The table of the softmax is that of targets.
    assert!(has(b"decoder/projection/weight\0\x1a\0decoder/embeddings/weight\0"));
    let names = std::fs::read(place.path().join("source_vocabulary.json")).expect("a vocabulary");
    let names: Vec<String> = serde_json::from_slice(&names).expect("a list");
    assert_eq!((names.len(), names[10].as_str()), (11, "token10"));
    let config = std::fs::read(place.path().join("config.json")).expect("options");
    let config: serde_json::Value = serde_json::from_slice(&config).expect("options");
    assert_eq!(config["decoder_start_token"], "token2");
}

/// With a Python that has transformers and ctranslate2, each golden model goes out, and both write what its file says.
#[test]
fn transformers_and_ctranslate2_write_the_same_tokens() {
    let Some(python) = std::env::var_os("ANY2ANY_PRETRAINED_PYTHON") else {
        println!("ANY2ANY_PRETRAINED_PYTHON names no Python with transformers and ctranslate2");
        return;
    };
    let place = tempfile::tempdir().expect("a temporary folder");
    for model in MODELS.into_iter().filter(|model| !is_of_pictures(model)) {
        let pretrained = read(&folder(model)).expect("a golden model");
        let mut outgoing = outgoing(&pretrained);
        outgoing.decoding.max_length = pretrained.decoding.max_length;
        for layout in ["huggingface", "ctranslate2"] {
            let of_frames = golden(model).inputs.iter().any(|input| input.sequence().tokens().is_none());
            if layout == "ctranslate2" && of_frames {
                continue;
            }
            let folder = place.path().join(layout).join(model);
            std::fs::create_dir_all(&folder).expect("a folder");
            let found = match layout {
                "huggingface" => hugging_face(&outgoing, &folder),
                _ => ctranslate2(&outgoing, &folder),
            };
            found.unwrap_or_else(|error| panic!("{model}: {error}"));
        }
    }
    let script = folder("exported.py");
    let ran = Command::new(python).arg(script).arg(place.path()).output().expect("Python runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    println!("{said}");
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
}
