//! A decoder alone with rotary positions, in the words of GPT-NeoX (Black et al. 2022), with one residual sum after the
//! other.

use any2any_architecture::{NormPlacement, TransformerLayers, names};
use serde_json::json;

use super::options::{self, HuggingFace, refused, require_layer_norm};
use super::{Disassembly, ExportError, HUGGING_FACE, Outgoing, layers, tables};
use crate::mapping::Mapping;
use crate::orientation::transposed;
use crate::pretrained::Tensor;

const KIND: &str = "GPTNeoXForCausalLM";

pub(crate) fn write(model: &Outgoing) -> Result<HuggingFace, ExportError> {
    let stack = &model.architecture.decoder;
    let of: &TransformerLayers = layers(HUGGING_FACE, stack)?;
    let (heads, d_head) = stack.heads();
    if heads * d_head != stack.d_model {
        return Err(refused("d_head", "the heads of GPT-NeoX divide d_model"));
    }
    if of.placement != NormPlacement::Pre || stack.final_norm.is_none() || stack.embedding_norm.is_some() {
        let reason = "GPT-NeoX has norms before sub-layers and after the last, and no other";
        return Err(refused("norm_placement", reason));
    }
    for norm in [Some(of.norm), stack.final_norm].iter().flatten() {
        require_layer_norm(norm, Some(of.norm.epsilon))?;
    }
    if stack.self_attention().is_some_and(|attention| !attention.scaled) {
        return Err(refused("scaled: false", "GPT-NeoX scales the scores of attention"));
    }
    let softmax = model.softmax(HUGGING_FACE)?;
    if softmax.scale != 1.0 {
        return Err(refused("output_scale", "GPT-NeoX does not scale the states before the softmax"));
    }
    if !tables::forbid_alone(model, &softmax)? {
        return Err(refused("output_bias", "GPT-NeoX has none"));
    }
    let mut into = Disassembly::new(&model.weights, true);
    let [stem, head] = [model.stem_table(model.parts().target), model.head_table(&softmax)];
    // Its embeddings are not scaled, and its softmax has a table of its own.
    let scale = model.embedding_scale(HUGGING_FACE, model.parts().target)?;
    into.put("gpt_neox.embed_in.weight", tables::rescaled(model.tensor(&stem)?, scale), &[&stem]);
    into.put("embed_out.weight", model.tensor(&head)?.clone(), &[&head]);
    if softmax.bias {
        into.pass_over(&model.of_head(names::BIAS));
    }
    for number in 0..of.layers {
        let theirs = format!("gpt_neox.layers.{number}");
        let ours = format!("{}.{}.{number}", names::DECODER, names::LAYERS);
        layer(model, &mut into, &theirs, &ours, heads)?;
    }
    into.norm("gpt_neox.final_layer_norm", &format!("{}.{}", names::DECODER, names::FINAL_NORM))?;
    let config = json!({
        "vocab_size": softmax.vocabulary,
        "max_position_embeddings": model.positions,
        "hidden_size": stack.d_model,
        "num_hidden_layers": of.layers,
        "num_attention_heads": heads,
        "intermediate_size": of.feed_forward.d_ff,
        "hidden_act": options::activation(of.feed_forward.activation)?,
        "layer_norm_eps": of.norm.epsilon,
        "rotary_pct": 1.0,
        "rotary_emb_base": 10_000,
        "use_parallel_residual": false,
        "attention_bias": true,
        "tie_word_embeddings": false,
    });
    let config = options::config(model, KIND, "gpt_neox", true, config);
    let tensors = into.finish()?;
    Ok(HuggingFace { kind: KIND, config, tensors, source_offset: 0, without_padding: false })
}

fn layer(
    model: &Outgoing,
    into: &mut Disassembly<'_>,
    theirs: &str,
    ours: &str,
    heads: usize,
) -> Result<(), ExportError> {
    let attention = format!("{ours}.{}", names::SELF_ATTENTION);
    let feed_forward = format!("{ours}.{}", names::FEED_FORWARD);
    let norm = |sub_layer| format!("{ours}.{}", names::norm_of(sub_layer));
    into.norm(&format!("{theirs}.input_layernorm"), &norm(names::SELF_ATTENTION))?;
    side_by_side(model, into, &format!("{theirs}.attention.query_key_value"), &attention, heads)?;
    into.linear(&format!("{theirs}.attention.dense"), &format!("{attention}.{}", names::OUTPUT))?;
    into.norm(&format!("{theirs}.post_attention_layernorm"), &norm(names::FEED_FORWARD))?;
    into.linear(&format!("{theirs}.mlp.dense_h_to_4h"), &format!("{feed_forward}.{}", names::INNER))?;
    into.linear(&format!("{theirs}.mlp.dense_4h_to_h"), &format!("{feed_forward}.{}", names::OUTER))?;
    Ok(())
}

/// Writes queries, keys and values as one matrix, head after head.
fn side_by_side(
    model: &Outgoing,
    into: &mut Disassembly<'_>,
    theirs: &str,
    ours: &str,
    heads: usize,
) -> Result<(), ExportError> {
    let (mut rows, mut biases, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    let mut inputs = 0;
    for map in [names::QUERY, names::KEY, names::VALUE] {
        let [weight, bias] = [names::WEIGHT, names::BIAS].map(|part| format!("{ours}.{map}.{part}"));
        let matrix = model.tensor(&weight)?;
        inputs = matrix.shape[0];
        let width = matrix.shape[1];
        rows.push(transposed(&matrix.values, width));
        biases.push(model.weights.get(&bias).map_or_else(|| vec![0.0; width], |bias| bias.values.clone()));
        taken.extend([weight, bias]);
    }
    let by_head = |parts: &[Vec<f32>]| -> Vec<f32> {
        let of_head = |head: usize| {
            parts.iter().flat_map(move |part| &part[head * part.len() / heads..][..part.len() / heads])
        };
        (0..heads).flat_map(of_head).copied().collect()
    };
    let (values, bias) = (by_head(&rows), by_head(&biases));
    let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
    into.put(&format!("{theirs}.weight"), Tensor { shape: vec![bias.len(), inputs], values }, &taken);
    into.put(&format!("{theirs}.bias"), Tensor { shape: vec![bias.len()], values: bias }, &[]);
    Ok(())
}
