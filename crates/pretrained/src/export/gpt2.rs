//! A decoder alone, in the words of GPT-2.

use any2any_architecture::{NormPlacement, Positions, names, sinusoidal};
use serde_json::json;

use super::options::{self, HuggingFace, refused, require_layer_norm};
use super::{Disassembly, ExportError, HUGGING_FACE, Outgoing, layers, tables};
use crate::families::gpt2;
use crate::pretrained::Tensor;

const KIND: &str = "GPT2LMHeadModel";

pub(crate) fn write(model: &Outgoing) -> Result<HuggingFace, ExportError> {
    let stack = &model.architecture.decoder;
    let layers = layers(HUGGING_FACE, stack)?;
    let (heads, d_head) = stack.heads();
    if heads * d_head != stack.d_model {
        return Err(refused("d_head", "the heads of GPT-2 divide d_model"));
    }
    if layers.placement != NormPlacement::Pre || stack.final_norm.is_none() || stack.embedding_norm.is_some()
    {
        return Err(refused(
            "norm_placement",
            "GPT-2 has norms before sub-layers and after the last, and no other",
        ));
    }
    for norm in [Some(layers.norm), stack.final_norm].iter().flatten() {
        require_layer_norm(norm, Some(layers.norm.epsilon))?;
    }
    let scaled = stack.self_attention().is_none_or(|attention| attention.scaled);
    let mut weights = model.weights.clone();
    let limit = positions(model, &mut weights)?;
    let without_padding = drop_padding(model, &mut weights)?;
    let softmax = model.softmax(HUGGING_FACE)?;
    let scale = model.embedding_scale(HUGGING_FACE, model.parts().target)?;
    if softmax.scale != 1.0 {
        return Err(refused("output_scale", "GPT-2 does not scale the states before the softmax"));
    }
    let bias = model.of_head(names::BIAS);
    if !tables::forbid_alone(model, &softmax)? {
        return Err(refused("output_bias", "GPT-2 has none"));
    }
    let [stem, head] = [model.stem_table(model.parts().target), model.head_table(&softmax)];
    let mut into = Disassembly::new(&weights, true);
    let table =
        |name: &str| weights.get(name).ok_or_else(|| ExportError::Weight { parameter: name.to_owned() });
    // Its embeddings are not scaled: a factor is part of their table, which the softmax then shares no more.
    let embeddings = tables::rescaled(table(&stem)?, scale);
    let rows = embeddings.shape[0];
    let tied = softmax.tied.is_some() && scale == 1.0;
    into.put("transformer.wte.weight", embeddings, &[&stem]);
    if !tied {
        into.put("lm_head.weight", table(&head)?.clone(), &[&head]);
    }
    if softmax.bias {
        into.pass_over(&bias);
    }
    gpt2::map(&mut into, "transformer.", stack)?;
    let config = options::config(
        model,
        KIND,
        "gpt2",
        !without_padding,
        json!({
            "vocab_size": rows,
            "n_positions": limit,
            "n_embd": stack.d_model,
            "n_layer": layers.layers,
            "n_head": heads,
            "n_inner": layers.feed_forward.d_ff,
            "activation_function": options::activation(layers.feed_forward.activation)?,
            "layer_norm_epsilon": layers.norm.epsilon,
            "scale_attn_weights": scaled,
            "tie_word_embeddings": tied,
        }),
    );
    let tensors = into.finish()?;
    Ok(HuggingFace { kind: KIND, config, tensors, source_offset: 0, without_padding })
}

/// Gives the model a table of positions where it computes them; the number of its rows.
fn positions(
    model: &Outgoing,
    weights: &mut std::collections::BTreeMap<String, Tensor>,
) -> Result<usize, ExportError> {
    let stack = &model.architecture.decoder;
    let name = format!("{}.{}.{}", names::DECODER, names::POSITIONS, names::TABLE);
    match stack.positions {
        Positions::Learned { limit, offset } => {
            if let Some(table) = weights.get_mut(&name) {
                table.values.drain(..offset * stack.d_model);
                table.shape[0] = limit - offset;
            }
            Ok(limit - offset)
        }
        Positions::Sinusoidal { layout, offset } => {
            let values = sinusoidal(layout, offset..offset + model.positions, stack.d_model);
            weights.insert(name, Tensor { shape: vec![model.positions, stack.d_model], values });
            Ok(model.positions)
        }
        Positions::Rotary => Err(refused("positions: rotary", "GPT-2 adds positions to embeddings")),
        Positions::Alibi => Err(refused("positions: alibi", "GPT-2 adds positions to embeddings")),
        Positions::None => Err(refused("positions: none", "GPT-2 adds positions to embeddings")),
        Positions::Relative { .. } => {
            Err(refused("positions: relative", "GPT-2 adds positions to embeddings"))
        }
    }
}

/// Takes away the padding that an import put behind the last token, which GPT-2 does not need; true where there was one.
fn drop_padding(
    model: &Outgoing,
    weights: &mut std::collections::BTreeMap<String, Tensor>,
) -> Result<bool, ExportError> {
    let softmax = model.softmax(HUGGING_FACE)?;
    let last = softmax.vocabulary - 1;
    let bias = model.of_head(names::BIAS);
    let never = weights.get(&bias).is_some_and(|bias| bias.values[last] <= tables::NEVER);
    if model.target.padding as usize != last || !never {
        return Ok(false);
    }
    for name in [model.stem_table(model.parts().target), model.head_table(&softmax), bias] {
        if let Some(tensor) = weights.get_mut(&name).filter(|tensor| tensor.shape[0] == softmax.vocabulary) {
            let row: usize = tensor.shape[1..].iter().product();
            tensor.values.truncate(last * row);
            tensor.shape[0] = last;
        }
    }
    Ok(true)
}
