//! Stacks in the words of BART, which Marian, mBART, M2M-100, Pegasus and Whisper share: their options and tensors.

use any2any_architecture::{
    Attention, FeedForward, Layers, Mixer, Norm, NormPlacement, Positions, Stack, StackKind,
    TransformerLayers, names,
};

use crate::config::Config;
use crate::error::PretrainedError;
use crate::mapping::Mapping;

/// What stacks of these families differ in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) placement: NormPlacement,
    /// Embeddings with their positions are normalised.
    pub(crate) embedding_norm: bool,
    /// Keys have a bias.
    pub(crate) key_bias: bool,
}

pub(crate) fn word(kind: StackKind) -> &'static str {
    match kind {
        StackKind::Encoder => "encoder",
        StackKind::Decoder => "decoder",
    }
}

impl Form {
    /// A stack, by the options of its side.
    pub(crate) fn stack(
        self,
        config: &Config,
        kind: StackKind,
        positions: Positions,
    ) -> Result<Stack, PretrainedError> {
        let word = word(kind);
        let d_model = config.size("d_model")?;
        let heads = config.heads(&format!("{word}_attention_heads"), d_model)?;
        let attention = Attention { key_bias: self.key_bias, ..Attention::new(d_model, heads) };
        let layers = TransformerLayers {
            layers: config.layers(&format!("{word}_layers"))?,
            mixer: Mixer::SelfAttention(attention),
            cross_attention: (kind == StackKind::Decoder).then_some(attention),
            feed_forward: FeedForward {
                d_ff: config.size(&format!("{word}_ffn_dim"))?,
                activation: config.activation("activation_function", "gelu")?,
                bias: true,
            },
            norm: Norm::LAYER,
            placement: self.placement,
            residual_scale: 1.0,
        };
        Ok(Stack {
            d_model,
            positions,
            embedding_norm: self.embedding_norm.then_some(Norm::LAYER),
            layers: Layers::Transformer(layers),
            final_norm: (self.placement == NormPlacement::Pre).then_some(Norm::LAYER),
        })
    }

    /// Maps the layers of a stack and the normalisations at its ends; tensors begin with a prefix.
    pub(crate) fn map(
        self,
        mapping: &mut dyn Mapping,
        prefix: &str,
        kind: StackKind,
        stack: &Stack,
    ) -> Result<(), PretrainedError> {
        let theirs = format!("{prefix}{}", word(kind));
        let ours = if kind == StackKind::Encoder { names::ENCODER } else { names::DECODER };
        if self.embedding_norm {
            mapping.norm(
                &format!("{theirs}.layernorm_embedding"),
                &format!("{ours}.{}", names::EMBEDDING_NORM),
            )?;
        }
        for number in 0..stack.layers() {
            let (theirs, ours) =
                (format!("{theirs}.layers.{number}"), format!("{ours}.{}.{number}", names::LAYERS));
            attention(mapping, [&theirs, "self_attn"], &ours, names::SELF_ATTENTION)?;
            if kind == StackKind::Decoder {
                attention(mapping, [&theirs, "encoder_attn"], &ours, names::CROSS_ATTENTION)?;
            }
            let inner = format!("{ours}.{}", names::FEED_FORWARD);
            mapping.linear(&format!("{theirs}.fc1"), &format!("{inner}.{}", names::INNER))?;
            mapping.linear(&format!("{theirs}.fc2"), &format!("{inner}.{}", names::OUTER))?;
            let norm = names::norm_of(names::FEED_FORWARD);
            mapping.norm(&format!("{theirs}.final_layer_norm"), &format!("{ours}.{norm}"))?;
        }
        if stack.final_norm.is_some() {
            mapping.norm(&format!("{theirs}.layer_norm"), &format!("{ours}.{}", names::FINAL_NORM))?;
        }
        Ok(())
    }
}

/// An attention and its normalisation.
fn attention(
    mapping: &mut dyn Mapping,
    [layer, theirs]: [&str; 2],
    ours: &str,
    kind: &str,
) -> Result<(), PretrainedError> {
    let maps = [
        ("q_proj", names::QUERY),
        ("k_proj", names::KEY),
        ("v_proj", names::VALUE),
        ("out_proj", names::OUTPUT),
    ];
    for (of_theirs, of_ours) in maps {
        mapping.linear(&format!("{layer}.{theirs}.{of_theirs}"), &format!("{ours}.{kind}.{of_ours}"))?;
    }
    mapping.norm(&format!("{layer}.{theirs}_layer_norm"), &format!("{ours}.{}", names::norm_of(kind)))
}

/// Learned positions of a stack.
pub(crate) fn learned(
    mapping: &mut dyn Mapping,
    prefix: &str,
    kind: StackKind,
) -> Result<(), PretrainedError> {
    let ours = if kind == StackKind::Encoder { names::ENCODER } else { names::DECODER };
    let theirs = format!("{prefix}{}.embed_positions.weight", word(kind));
    mapping.same(&theirs, &format!("{ours}.{}.{}", names::POSITIONS, names::TABLE))
}
