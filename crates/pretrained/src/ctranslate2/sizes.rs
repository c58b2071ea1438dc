//! Options of a Whisper in the words of Hugging Face's `config.json`, from the shapes of CTranslate2's variables and the
//! numbers among them.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::binary::Variables;
use super::layout::GELU;
use crate::config::Config;
use crate::error::PretrainedError;

/// Numbers that may have one value alone.
const FIXED: [(&str, i64, &str); 5] = [
    ("decoder/activation", GELU as i64, "the activation of Whisper is GELU"),
    ("decoder/pre_norm", 1, "norms of Whisper stand before sub-layers"),
    ("decoder/scale_embeddings", 0, "embeddings of Whisper have no factor"),
    ("decoder/alibi", 0, "positions of Whisper are a table"),
    ("decoder/start_from_zero_embedding", 0, "outputs of Whisper begin with a token"),
];

/// Numbers that say nothing here: those of alignments, and of positions that Whisper has not.
const UNUSED: [&str; 4] = [
    "decoder/alignment_heads",
    "decoder/alignment_layer",
    "decoder/alibi_use_positive_positions",
    "decoder/scale_alibi",
];

/// The options of a model.
pub(super) fn options(path: &Path, variables: &Variables) -> Result<Config, PretrainedError> {
    let numbers = &variables.numbers;
    for (name, wanted, reason) in FIXED {
        let found = numbers.get(name).and_then(|value| value.as_i64()).unwrap_or(wanted);
        if found != wanted {
            return Err(numbers.refuse(name, format!("is {found}, not {wanted}: {reason}")));
        }
    }
    let heads = ["encoder/num_heads", "decoder/num_heads"];
    let is_known = |name: &str| {
        heads.contains(&name) || UNUSED.contains(&name) || FIXED.iter().any(|(known, ..)| *known == name)
    };
    let unknown: Vec<String> =
        variables.names_of_numbers.iter().filter(|name| !is_known(name)).cloned().collect();
    if !unknown.is_empty() {
        return Err(PretrainedError::Unexpected { path: path.to_owned(), tensors: unknown });
    }
    let size = |name: &str, dimension: usize| {
        let missing = || PretrainedError::Missing { path: path.to_owned(), tensor: name.to_owned() };
        let shape = variables.tensors.shape(name).ok_or_else(missing)?;
        shape.get(dimension).copied().ok_or_else(|| {
            PretrainedError::damaged(path, format!("{name} has the shape {shape:?}, which lacks a dimension"))
        })
    };
    let d_model = size("decoder/embeddings/weight", 1)?;
    let [encoder_heads, decoder_heads] = heads.map(|name| numbers.heads(name, d_model));
    let projection = "decoder/projection/weight";
    let is_tied = variables.tensors.shape(projection).is_none()
        || variables.aliases.get(projection).is_some_and(|of| of == "decoder/embeddings/weight");
    let layers = |side: &str| {
        let is_there = |number: &usize| {
            variables.tensors.shape(&first_linear(side, *number, "self_attention")).is_some()
        };
        (0..).take_while(is_there).count()
    };
    let options: [(&str, Value); 13] = [
        ("d_model", json!(d_model)),
        ("vocab_size", json!(size("decoder/embeddings/weight", 0)?)),
        ("num_mel_bins", json!(size("encoder/conv1/weight", 1)?)),
        ("max_source_positions", json!(size("encoder/position_encodings/encodings", 0)?)),
        ("max_target_positions", json!(size("decoder/position_encodings/encodings", 0)?)),
        ("encoder_layers", json!(layers("encoder"))),
        ("decoder_layers", json!(layers("decoder"))),
        ("encoder_attention_heads", json!(encoder_heads?)),
        ("decoder_attention_heads", json!(decoder_heads?)),
        ("encoder_ffn_dim", json!(size(&first_linear("encoder", 0, "ffn"), 0)?)),
        ("decoder_ffn_dim", json!(size(&first_linear("decoder", 0, "ffn"), 0)?)),
        ("activation_function", json!("gelu")),
        ("tie_word_embeddings", json!(is_tied)),
    ];
    let options = options.into_iter().map(|(name, value)| (name.to_owned(), value));
    Ok(Config::of(path, options.collect::<Map<_, _>>()))
}

/// The first matrix of a sub-layer.
fn first_linear(side: &str, layer: usize, sub_layer: &str) -> String {
    format!("{side}/layer_{layer}/{sub_layer}/linear_0/weight")
}
