//! Encoders and decoders with relative positions, in the words of T5.

use any2any_architecture::{
    Activation, Attention, Norm, NormKind, NormPlacement, Positions, Stack, StackKind, names,
};
use serde_json::json;

use super::options::{self, HuggingFace, refused};
use super::{Disassembly, ExportError, HUGGING_FACE, Outgoing, layers, tables};
use crate::families::t5;

const KIND: &str = "T5ForConditionalGeneration";

pub(crate) fn write(model: &Outgoing) -> Result<HuggingFace, ExportError> {
    let decoder = &model.architecture.decoder;
    let Some(encoder) = &model.architecture.encoder else {
        return Err(refused("decoder_only", "T5 has an encoder"));
    };
    for stack in [encoder, decoder] {
        check(stack)?;
    }
    let shared = |stack: &Stack| {
        let layers = stack.transformer().map(|layers| (layers.feed_forward, layers.norm));
        (stack.d_model, stack.positions, stack.self_attention().copied(), layers)
    };
    if shared(encoder) != shared(decoder) {
        return Err(refused("model.architecture", "the stacks of T5 differ in their number of layers alone"));
    }
    let (d_model, positions, attention, _) = shared(decoder);
    let (Positions::Relative { buckets, max_distance }, Some(attention)) = (positions, attention) else {
        return Err(refused("positions", "T5 has relative ones"));
    };
    let of = layers(HUGGING_FACE, decoder)?;
    let parts = model.parts();
    let softmax = model.softmax(HUGGING_FACE)?;
    if parts.source != Some(parts.target) {
        return Err(refused("joint_vocabulary: false", "T5 has one vocabulary for source and target"));
    }
    if model.embedding_scale(HUGGING_FACE, parts.target)? != 1.0 {
        return Err(refused("embedding_scale", "T5 does not scale embeddings"));
    }
    let tied = softmax.tied.is_some();
    let scale = if tied { (d_model as f64).powf(-0.5) } else { 1.0 };
    if softmax.scale != scale {
        let reason = format!("it is {}, and {scale} where the softmax is tied: {tied}", softmax.scale);
        return Err(refused("output_scale", reason));
    }
    if !tables::forbid_alone(model, &softmax)? {
        return Err(refused("output_bias", "T5 has none"));
    }
    let mut into = Disassembly::new(&model.weights, false);
    let (table, head) = (model.stem_table(parts.target), model.head_table(&softmax));
    into.put("shared.weight", model.tensor(&table)?.clone(), &[&table]);
    if !tied {
        into.put("lm_head.weight", model.tensor(&head)?.clone(), &[&head]);
    }
    if softmax.bias {
        into.pass_over(&model.of_head(names::BIAS));
    }
    for (kind, stack) in [(StackKind::Encoder, encoder), (StackKind::Decoder, decoder)] {
        t5::map_stack(&mut into, kind, stack)?;
    }
    let config = options::config(
        model,
        KIND,
        "t5",
        true,
        json!({
            "vocab_size": softmax.vocabulary,
            "d_model": d_model,
            "d_kv": attention.d_head,
            "d_ff": of.feed_forward.d_ff,
            "num_layers": encoder.layers(),
            "num_decoder_layers": decoder.layers(),
            "num_heads": attention.heads,
            "relative_attention_num_buckets": buckets,
            "relative_attention_max_distance": max_distance,
            "feed_forward_proj": activation(of.feed_forward.activation)?,
            "layer_norm_epsilon": of.norm.epsilon,
            "tie_word_embeddings": tied,
        }),
    );
    let tensors = into.finish()?;
    Ok(HuggingFace { kind: KIND, config, tensors, source_offset: 0, without_padding: false })
}

/// Refuses layers that are none of T5's.
fn check(stack: &Stack) -> Result<(), ExportError> {
    let layers = layers(HUGGING_FACE, stack)?;
    let attention = stack.self_attention().copied().unwrap_or(Attention::new(stack.d_model, 1));
    let cross = layers.cross_attention.unwrap_or(attention);
    let bare = |of: &Attention| !(of.query_bias || of.key_bias || of.value_bias || of.output_bias);
    if !(bare(&attention) && bare(&cross)) || layers.feed_forward.bias {
        return Err(refused("bias", "T5, the family with relative positions, has none"));
    }
    if attention.scaled || cross.scaled {
        return Err(refused("scaled: true", "T5, the family with relative positions, does not scale scores"));
    }
    if cross != attention {
        return Err(refused("cross_attention", "that of T5 has the heads of self-attention"));
    }
    let is_rms =
        |norm: &Norm| norm.kind == NormKind::RmsNorm && !norm.bias && norm.epsilon == layers.norm.epsilon;
    let before = layers.placement == NormPlacement::Pre && stack.embedding_norm.is_none();
    if !before || !is_rms(&layers.norm) || !stack.final_norm.as_ref().is_some_and(is_rms) {
        return Err(refused("norm", "T5, the family with relative positions, has RMSNorm before sub-layers"));
    }
    Ok(())
}

fn activation(activation: Activation) -> Result<&'static str, ExportError> {
    match activation {
        Activation::Relu => Ok("relu"),
        Activation::Geglu => Ok("gated-gelu"),
        Activation::Swiglu => Ok("gated-silu"),
        _ => Err(refused("activation", "T5 has relu, geglu or swiglu")),
    }
}
