//! Vision transformers as encoders: ViT (Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words") and DeiT (Touvron et al.
//! 2021), which has a second token in front. Norms before sub-layers, learned positions over tokens and patches.

use any2any_architecture::{
    Attention, FeedForward, Layers, Mixer, Norm, NormPlacement, Positions, Stack, Stem, TransformerLayers,
    names,
};

use crate::assembly::Assembly;
use crate::config::Config;
use crate::error::PretrainedError;
use crate::pretrained::LeftOut;

/// Red, green and blue.
const CHANNELS: usize = 3;

/// An encoder of pictures of one size.
pub(crate) struct Vit {
    pub(crate) stack: Stack,
    pub(crate) stem: Stem,
    /// The tensors of class tokens, in their order.
    tokens: &'static [&'static str],
    /// The side of a patch in pixels.
    patch: usize,
}

impl Vit {
    /// The encoder as its options say it.
    pub(crate) fn of(config: &Config) -> Result<Self, PretrainedError> {
        const TYPE: &str = "model_type";
        let tokens: &[&str] = match config.text(TYPE)? {
            Some("vit") => &["cls_token"],
            Some("deit") => &["cls_token", "distillation_token"],
            found => {
                let found = found.map_or("missing".to_owned(), |found| format!("\"{found}\""));
                let problem = format!("is {found}; known encoders of pictures are vit, deit");
                return Err(config.refuse(TYPE, problem));
            }
        };
        if config.size_or("num_channels", CHANNELS)? != CHANNELS {
            return Err(config.refuse("num_channels", "is not 3: pictures are red, green and blue"));
        }
        let (side, patch) = (config.size_or("image_size", 224)?, config.size_or("patch_size", 16)?);
        if !side.is_multiple_of(patch) {
            let problem = format!("is {patch}, which does not divide the picture's side of {side} pixels");
            return Err(config.refuse("patch_size", problem));
        }
        let patches = (side / patch).checked_pow(2);
        let limit = patches.and_then(|patches| patches.checked_add(tokens.len()));
        let Some(limit) = limit else { return Err(config.refuse("image_size", "is too large")) };
        let d_model = config.size("hidden_size")?;
        let heads = config.heads("num_attention_heads", d_model)?;
        let bias = config.flag_or("qkv_bias", true)?;
        let attention = Attention {
            query_bias: bias,
            key_bias: bias,
            value_bias: bias,
            ..Attention::new(d_model, heads)
        };
        let norm = Norm { epsilon: config.number("layer_norm_eps")?.unwrap_or(1e-12), ..Norm::LAYER };
        let stack = Stack {
            d_model,
            positions: Positions::Learned { limit, offset: 0 },
            embedding_norm: None,
            layers: Layers::Transformer(TransformerLayers {
                layers: config.layers("num_hidden_layers")?,
                mixer: Mixer::SelfAttention(attention),
                cross_attention: None,
                feed_forward: FeedForward {
                    d_ff: config.size("intermediate_size")?,
                    activation: config.activation("hidden_act", "gelu")?,
                    bias: true,
                },
                norm,
                placement: NormPlacement::Pre,
                residual_scale: 1.0,
            }),
            final_norm: Some(norm),
        };
        let stem = Stem::ClassTokens { width: CHANNELS * patch * patch, tokens: tokens.len() };
        Ok(Self { stack, stem, tokens, patch })
    }

    /// Reads entrance and layers; tensors begin with a prefix.
    pub(crate) fn read(
        &self,
        assembly: &mut Assembly<'_>,
        prefix: &str,
        stem: &str,
    ) -> Result<(), PretrainedError> {
        let embeddings = format!("{prefix}embeddings");
        let tokens: Vec<String> = self.tokens.iter().map(|token| format!("{embeddings}.{token}")).collect();
        let stem = format!("{}.{stem}", names::STEMS);
        assembly.stacked(&tokens, &format!("{stem}.{}", names::CLASS_TOKENS))?;
        // Patches are cut row by row, with the channels of a pixel beside one another.
        let kernel = [self.patch, self.patch];
        assembly.kernels(&format!("{embeddings}.patch_embeddings.projection"), &stem, &kernel)?;
        let positions = format!("{}.{}.{}", names::ENCODER, names::POSITIONS, names::TABLE);
        assembly.row(&format!("{embeddings}.position_embeddings"), &positions)?;
        assembly.leave_out(&format!("{embeddings}.mask_token"), LeftOut::Unused);
        for number in 0..self.stack.layers() {
            let ours = format!("{}.{}.{number}", names::ENCODER, names::LAYERS);
            layer(assembly, &format!("{prefix}encoder.layer.{number}"), &ours)?;
        }
        let norm = format!("{}.{}", names::ENCODER, names::FINAL_NORM);
        assembly.norm(&format!("{prefix}layernorm"), &norm)?;
        for part in [names::WEIGHT, names::BIAS] {
            assembly.leave_out(&format!("{prefix}pooler.dense.{part}"), LeftOut::Unused);
        }
        Ok(())
    }
}

fn layer(assembly: &mut Assembly<'_>, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
    let attention = |map: &str| format!("{ours}.{}.{map}", names::SELF_ATTENTION);
    let feed_forward = |map: &str| format!("{ours}.{}.{map}", names::FEED_FORWARD);
    let norm = |sub_layer| format!("{ours}.{}", names::norm_of(sub_layer));
    for (of_theirs, of_ours) in [
        ("attention.attention.query", attention(names::QUERY)),
        ("attention.attention.key", attention(names::KEY)),
        ("attention.attention.value", attention(names::VALUE)),
        ("attention.output.dense", attention(names::OUTPUT)),
        ("intermediate.dense", feed_forward(names::INNER)),
        ("output.dense", feed_forward(names::OUTER)),
    ] {
        assembly.linear(&format!("{theirs}.{of_theirs}"), &of_ours)?;
    }
    assembly.norm(&format!("{theirs}.layernorm_before"), &norm(names::SELF_ATTENTION))?;
    assembly.norm(&format!("{theirs}.layernorm_after"), &norm(names::FEED_FORWARD))
}
