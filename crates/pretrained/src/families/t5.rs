//! T5 (Raffel et al. 2020): relative positions that all layers of a stack share, RMSNorm, scores that are not scaled, no
//! bias anywhere. Version 1.1 has gated activations (Shazeer 2020), and mT5 (Xue et al. 2021) and ByT5 (Xue et al. 2022) a
//! table of their own for the softmax.

use any2any_architecture::{
    Activation, Attention, FeedForward, Layers, Mixer, Norm, NormPlacement, Positions, Stack, StackKind,
    TransformerLayers, names,
};

use super::{Model, architecture};
use crate::assembly::Assembly;
use crate::config::Config;
use crate::error::PretrainedError;
use crate::mapping::Mapping;
use crate::pretrained::LeftOut;
use crate::safetensors::Checkpoint;
use crate::tables::{TableNames, Tables};

pub(crate) fn read(config: &Config, checkpoint: &Checkpoint) -> Result<Model, PretrainedError> {
    config.require(&[("is_encoder_decoder", true), ("tie_encoder_decoder", false)])?;
    let d_model = config.size("d_model")?;
    let mut tables = Tables::of(config)?;
    if tables.tied {
        tables.head_scale = (d_model as f64).powf(-0.5);
    }
    let ends = tables.ends();
    let layers = config.layers("num_layers")?;
    let of_decoder = match config.get("num_decoder_layers") {
        Some(_) => config.layers("num_decoder_layers")?,
        None => layers,
    };
    let encoder = Some(stack(config, d_model, layers, StackKind::Encoder)?);
    let decoder = stack(config, d_model, of_decoder, StackKind::Decoder)?;
    let architecture = architecture(config, encoder, decoder, ends)?;
    let mut assembly = Assembly::new(checkpoint, &architecture);
    let files = TableNames {
        shared: &["shared.weight".to_owned()],
        source: "encoder.embed_tokens.weight",
        target: "decoder.embed_tokens.weight",
        head: "lm_head.weight",
    };
    tables.read(&mut assembly, &files)?;
    for (kind, stack) in architecture.stacks() {
        map_stack(&mut assembly, kind, stack)?;
    }
    // Cross-attention knows no distances; the first files carry a bias for it that nothing ever read.
    assembly
        .leave_out("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight", LeftOut::Unused);
    let (weights, parts) = assembly.finish()?;
    Ok(Model { architecture, weights, parts, positions: config.count("n_positions")? })
}

fn stack(config: &Config, d_model: usize, layers: usize, kind: StackKind) -> Result<Stack, PretrainedError> {
    let attention = Attention {
        heads: config.size("num_heads")?,
        d_head: config.size("d_kv")?,
        query_bias: false,
        key_bias: false,
        value_bias: false,
        output_bias: false,
        scaled: false,
    };
    let epsilon = config.number("layer_norm_epsilon")?.unwrap_or(Norm::RMS.epsilon);
    let norm = Norm { epsilon, ..Norm::RMS };
    let layers = TransformerLayers {
        layers,
        mixer: Mixer::SelfAttention(attention),
        cross_attention: (kind == StackKind::Decoder).then_some(attention),
        feed_forward: FeedForward {
            d_ff: config.size("d_ff")?,
            activation: activation(config)?,
            bias: false,
        },
        norm,
        placement: NormPlacement::Pre,
        residual_scale: 1.0,
    };
    Ok(Stack {
        d_model,
        positions: Positions::Relative {
            buckets: config.size_or("relative_attention_num_buckets", 32)?,
            max_distance: config.size_or("relative_attention_max_distance", 128)?,
        },
        embedding_norm: None,
        layers: Layers::Transformer(layers),
        final_norm: Some(norm),
    })
}

fn activation(config: &Config) -> Result<Activation, PretrainedError> {
    const OPTION: &str = "feed_forward_proj";
    Ok(match config.text(OPTION)?.unwrap_or("relu") {
        "relu" => Activation::Relu,
        "gated-gelu" => Activation::Geglu,
        "gated-silu" => Activation::Swiglu,
        other => {
            let problem =
                format!("is \"{other}\", which is not known here; known are: relu, gated-gelu, gated-silu");
            return Err(config.refuse(OPTION, problem));
        }
    })
}

/// Maps a stack.
pub(crate) fn map_stack(
    mapping: &mut dyn Mapping,
    kind: StackKind,
    stack: &Stack,
) -> Result<(), PretrainedError> {
    let (theirs, ours) = match kind {
        StackKind::Encoder => ("encoder", names::ENCODER),
        StackKind::Decoder => ("decoder", names::DECODER),
    };
    let bias = format!("{theirs}.block.0.layer.0.SelfAttention.relative_attention_bias.weight");
    mapping.same(&bias, &format!("{ours}.{}.{}", names::POSITIONS, names::TABLE))?;
    let gated = stack.transformer().is_some_and(|layers| layers.feed_forward.activation.is_gated());
    for number in 0..stack.layers() {
        let (block, ours) =
            (format!("{theirs}.block.{number}.layer"), format!("{ours}.{}.{number}", names::LAYERS));
        let norm = |sub_layer| format!("{ours}.{}", names::norm_of(sub_layer));
        attention(
            mapping,
            &format!("{block}.0.SelfAttention"),
            &format!("{ours}.{}", names::SELF_ATTENTION),
        )?;
        mapping.norm(&format!("{block}.0.layer_norm"), &norm(names::SELF_ATTENTION))?;
        let mut last = 1;
        if kind == StackKind::Decoder {
            attention(
                mapping,
                &format!("{block}.1.EncDecAttention"),
                &format!("{ours}.{}", names::CROSS_ATTENTION),
            )?;
            mapping.norm(&format!("{block}.1.layer_norm"), &norm(names::CROSS_ATTENTION))?;
            last = 2;
        }
        let (dense, inner) =
            (format!("{block}.{last}.DenseReluDense"), format!("{ours}.{}", names::FEED_FORWARD));
        if gated {
            mapping.linear(&format!("{dense}.wi_0"), &format!("{inner}.{}", names::GATE))?;
        }
        let into = if gated { "wi_1" } else { "wi" };
        mapping.linear(&format!("{dense}.{into}"), &format!("{inner}.{}", names::INNER))?;
        mapping.linear(&format!("{dense}.wo"), &format!("{inner}.{}", names::OUTER))?;
        mapping.norm(&format!("{block}.{last}.layer_norm"), &norm(names::FEED_FORWARD))?;
    }
    mapping.norm(&format!("{theirs}.final_layer_norm"), &format!("{ours}.{}", names::FINAL_NORM))
}

fn attention(mapping: &mut dyn Mapping, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
    for (of_theirs, of_ours) in
        [("q", names::QUERY), ("k", names::KEY), ("v", names::VALUE), ("o", names::OUTPUT)]
    {
        mapping.linear(&format!("{theirs}.{of_theirs}"), &format!("{ours}.{of_ours}"))?;
    }
    Ok(())
}
