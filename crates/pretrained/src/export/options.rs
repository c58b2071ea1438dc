//! Options of Hugging Face's layout: `config.json` and `generation_config.json`.

use std::collections::BTreeMap;

use any2any_architecture::{Activation, Norm, NormKind, NormPlacement, Stack, StackKind};
use serde_json::{Map, Value, json};

use super::{ExportError, HUGGING_FACE, Outgoing, layers};
use crate::pretrained::Tensor;

/// A model in the words of a family of transformers.
pub(crate) struct HuggingFace {
    /// The name of the family's class.
    pub(crate) kind: &'static str,
    pub(crate) config: Value,
    pub(crate) tensors: BTreeMap<String, Tensor>,
    pub(crate) source_offset: u32,
    pub(crate) without_padding: bool,
}

/// The error of a part that no family says.
pub(crate) fn refused(part: &str, reason: impl Into<String>) -> ExportError {
    ExportError::refused(HUGGING_FACE, part, reason)
}

/// An activation by its name in transformers.
pub(crate) fn activation(activation: Activation) -> Result<&'static str, ExportError> {
    Ok(match activation {
        Activation::Relu => "relu",
        Activation::Gelu => "gelu",
        Activation::GeluTanh => "gelu_new",
        Activation::ReluSquared => "relu2",
        Activation::Silu => "silu",
        Activation::Swiglu | Activation::Geglu => {
            return Err(refused("activation", "T5 alone has gated activations, with relative positions"));
        }
    })
}

/// The word of a stack in names of options and tensors.
pub(crate) fn side(kind: StackKind) -> &'static str {
    match kind {
        StackKind::Encoder => "encoder",
        StackKind::Decoder => "decoder",
    }
}

/// A note about a model whose normalisations add another constant to variances than its family's layers do: Marian's own
/// program adds 0.000001, and transformers 0.00001 to whatever it has converted from there. Behind sums, variances are
/// near 1, so the difference is that of a few roundings.
pub(crate) fn other_epsilon(stacks: [&Stack; 2]) -> Option<String> {
    let theirs = Norm::LAYER.epsilon;
    let mut norms = stacks.into_iter().filter_map(|stack| layers(HUGGING_FACE, stack).ok());
    let other = norms.find(|layers| layers.norm.epsilon != theirs)?.norm.epsilon;
    Some(format!(
        "normalisations add {other} to variances here and {theirs} there: where two outputs are about as likely, the other one \
         may be written"
    ))
}

/// True for a constant of normalisations behind sums that stands for the usual one.
pub(crate) fn is_near_usual(placement: NormPlacement, epsilon: f64) -> bool {
    placement == NormPlacement::Post && (epsilon - Norm::LAYER.epsilon).abs() <= Norm::LAYER.epsilon
}

/// Refuses a normalisation that is none of mean and variance with this constant.
pub(crate) fn require_layer_norm(norm: &Norm, epsilon: Option<f64>) -> Result<(), ExportError> {
    if norm.kind != NormKind::LayerNorm {
        return Err(refused("norm: rms_norm", "T5 alone has RMSNorm, with relative positions"));
    }
    match epsilon {
        Some(epsilon) if norm.epsilon != epsilon => {
            let reason = format!("it is {}, and this family's layers have {epsilon}", norm.epsilon);
            Err(refused("norm.epsilon", reason))
        }
        _ => Ok(()),
    }
}

/// The options that tokens and words of a framework need in every family.
pub(crate) fn config(model: &Outgoing, kind: &str, model_type: &str, padded: bool, options: Value) -> Value {
    let target = &model.target;
    let mut config = json!({
        "architectures": [kind],
        "model_type": model_type,
        // The dtype of weights, under its name before version 4.56.
        "torch_dtype": "float32",
        "bos_token_id": target.begin,
        "eos_token_id": target.end,
        "pad_token_id": padded.then_some(target.padding),
    });
    if model.parts().source.is_some() {
        config["is_encoder_decoder"] = json!(true);
        config["decoder_start_token_id"] = json!(target.begin);
        // Of some families, the end is forced by default at a number of tokens.
        config["forced_eos_token_id"] = Value::Null;
    }
    if let (Value::Object(config), Value::Object(options)) = (&mut config, options) {
        config.extend(options);
    }
    config
}

/// The options of decoding, the token among them that every output begins with.
pub(crate) fn generation(model: &Outgoing, config: &Value) -> Result<Value, ExportError> {
    let mut options = decoding(model, config, model.positions);
    match (&model.prompt.target[..], model.prompt.in_any_language) {
        // Whoever translates names the language.
        ([], _) | ([_], true) => {}
        ([first], false) => options["forced_bos_token_id"] = json!(first),
        _ => return Err(refused("prompt.target", "of tokens that every output begins with, it has one")),
    }
    Ok(options)
}

/// The options of decoding of outputs that have a most number of positions.
pub(crate) fn decoding(model: &Outgoing, config: &Value, most: usize) -> Value {
    let mut options = Map::new();
    for token in ["bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id"] {
        if let Some(value) = config.get(token).filter(|value| !value.is_null()) {
            options.insert(token.to_owned(), value.clone());
        }
    }
    let decoding = &model.decoding;
    let padded = config["pad_token_id"].is_u64();
    let forbidden: Vec<u32> = model
        .target
        .forbidden
        .iter()
        .copied()
        .filter(|&token| padded || token != model.target.padding)
        .collect();
    if !forbidden.is_empty() {
        options.insert("suppress_tokens".to_owned(), json!(forbidden));
    }
    if !model.target.forbidden_first.is_empty() {
        options.insert("begin_suppress_tokens".to_owned(), json!(model.target.forbidden_first));
    }
    options.insert("max_length".to_owned(), json!(decoding.max_length.unwrap_or(most).min(most)));
    if let Some(size) = decoding.num_beams.filter(|&size| size > 1) {
        options.insert("num_beams".to_owned(), json!(size));
        options.insert("length_penalty".to_owned(), json!(decoding.length_penalty.unwrap_or(1.0)));
        options.insert("early_stopping".to_owned(), json!("never"));
    }
    if let Some(length) = decoding.no_repeat_ngram_size.filter(|&length| length > 0) {
        options.insert("no_repeat_ngram_size".to_owned(), json!(length));
    }
    if let Some(penalty) = decoding.repetition_penalty.filter(|&penalty| penalty != 1.0) {
        options.insert("repetition_penalty".to_owned(), json!(penalty));
    }
    Value::Object(options)
}
