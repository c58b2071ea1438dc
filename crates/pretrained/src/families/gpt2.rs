//! GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"): a decoder alone, learned positions,
//! norms before sub-layers, matrices that stand as ours do, those of queries, keys and values side by side.

use any2any_architecture::{
    Attention, FeedForward, Layers, Mixer, Norm, NormPlacement, Positions, Stack, TransformerLayers, names,
};

use super::{Model, architecture};
use crate::assembly::Assembly;
use crate::config::Config;
use crate::error::PretrainedError;
use crate::mapping::Mapping;
use crate::pretrained::LeftOut;
use crate::safetensors::Checkpoint;
use crate::tables::Tables;

pub(crate) fn read(config: &Config, checkpoint: &Checkpoint) -> Result<Model, PretrainedError> {
    config.require(&[("add_cross_attention", false)])?;
    let limit = config.size("n_positions")?;
    let tables = Tables::of(config)?;
    let ends = tables.ends_of_language_model();
    let encoder = None;
    let decoder = stack(config, limit)?;
    let architecture = architecture(config, encoder, decoder, ends)?;
    let mut assembly = Assembly::new(checkpoint, &architecture);
    let prefix =
        if checkpoint.names().any(|name| name.starts_with("transformer.")) { "transformer." } else { "" };
    tables.read_language_model(&mut assembly, &format!("{prefix}wte.weight"), "lm_head.weight")?;
    map(&mut assembly, prefix, &architecture.decoder)?;
    let (weights, parts) = assembly.finish()?;
    Ok(Model { architecture, weights, parts, positions: Some(limit) })
}

/// The stack as its options say it, alone.
pub(crate) fn stack(config: &Config, limit: usize) -> Result<Stack, PretrainedError> {
    config.require(&[("is_encoder_decoder", false), ("scale_attn_by_inverse_layer_idx", false)])?;
    let d_model = config.size("n_embd")?;
    let heads = config.heads("n_head", d_model)?;
    let scaled = config.flag_or("scale_attn_weights", true)?;
    let norm =
        Norm { epsilon: config.number("layer_norm_epsilon")?.unwrap_or(Norm::LAYER.epsilon), ..Norm::LAYER };
    let layers = TransformerLayers {
        layers: config.layers("n_layer")?,
        mixer: Mixer::SelfAttention(Attention { scaled, ..Attention::new(d_model, heads) }),
        cross_attention: None,
        feed_forward: FeedForward {
            d_ff: config.size_or("n_inner", 4 * d_model)?,
            activation: config.activation("activation_function", "gelu_new")?,
            bias: true,
        },
        norm,
        placement: NormPlacement::Pre,
        residual_scale: 1.0,
    };
    Ok(Stack {
        d_model,
        positions: Positions::Learned { limit, offset: 0 },
        embedding_norm: None,
        layers: Layers::Transformer(layers),
        final_norm: Some(norm),
    })
}

/// Maps all but the table of tokens; tensors begin with a prefix.
pub(crate) fn map(mapping: &mut dyn Mapping, prefix: &str, stack: &Stack) -> Result<(), PretrainedError> {
    let ours = names::DECODER;
    mapping.same(&format!("{prefix}wpe.weight"), &format!("{ours}.{}.{}", names::POSITIONS, names::TABLE))?;
    for number in 0..stack.layers() {
        let (theirs, ours) = (format!("{prefix}h.{number}"), format!("{ours}.{}.{number}", names::LAYERS));
        map_layer(mapping, &theirs, &ours)?;
        if stack.transformer().is_some_and(|layers| layers.cross_attention.is_some()) {
            map_cross_attention(mapping, &theirs, &ours)?;
        }
    }
    mapping.norm(&format!("{prefix}ln_f"), &format!("{ours}.{}", names::FINAL_NORM))
}

fn map_layer(mapping: &mut dyn Mapping, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
    let attention = |map: &str| format!("{ours}.{}.{map}", names::SELF_ATTENTION);
    let feed_forward = |map: &str| format!("{ours}.{}.{map}", names::FEED_FORWARD);
    let norm = |sub_layer| format!("{ours}.{}", names::norm_of(sub_layer));
    mapping.norm(&format!("{theirs}.ln_1"), &norm(names::SELF_ATTENTION))?;
    let maps = [names::QUERY, names::KEY, names::VALUE].map(attention);
    mapping.columns(&format!("{theirs}.attn.c_attn"), &maps)?;
    mapping.columns(&format!("{theirs}.attn.c_proj"), &[attention(names::OUTPUT)])?;
    mapping.norm(&format!("{theirs}.ln_2"), &norm(names::FEED_FORWARD))?;
    mapping.columns(&format!("{theirs}.mlp.c_fc"), &[feed_forward(names::INNER)])?;
    mapping.columns(&format!("{theirs}.mlp.c_proj"), &[feed_forward(names::OUTER)])?;
    // The first files carry the causal mask and what it puts in the place of scores.
    for constant in ["bias", "masked_bias"] {
        mapping.leave_out(&format!("{theirs}.attn.{constant}"), LeftOut::Constant);
    }
    Ok(())
}

/// Attention to an encoder, whose keys and values stand side by side.
fn map_cross_attention(mapping: &mut dyn Mapping, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
    let attention = |map: &str| format!("{ours}.{}.{map}", names::CROSS_ATTENTION);
    let norm = format!("{ours}.{}", names::norm_of(names::CROSS_ATTENTION));
    mapping.norm(&format!("{theirs}.ln_cross_attn"), &norm)?;
    mapping.columns(&format!("{theirs}.crossattention.q_attn"), &[attention(names::QUERY)])?;
    let maps = [names::KEY, names::VALUE].map(attention);
    mapping.columns(&format!("{theirs}.crossattention.c_attn"), &maps)?;
    mapping.columns(&format!("{theirs}.crossattention.c_proj"), &[attention(names::OUTPUT)])?;
    for constant in ["bias", "masked_bias"] {
        mapping.leave_out(&format!("{theirs}.crossattention.{constant}"), LeftOut::Constant);
    }
    Ok(())
}
