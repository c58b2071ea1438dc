//! Options of Marian's transformers, as an architecture says them.

use any2any_architecture::{
    Activation, Architecture, Attention, FeedForward, Layers, Mixer, Norm, NormPlacement, Positions, Stack,
    StackKind, TransformerLayers, WaveLayout,
};

use crate::config::Config;
use crate::error::PretrainedError;
use crate::families;
use crate::safetensors::Checkpoint;
use crate::tables::Tables;

use super::tensors::OUTPUT_BIAS;

/// Marian's normalisation.
const NORM: Norm = Norm { epsilon: 1e-6, ..Norm::LAYER };

/// What is done to the input or output of a sub-layer, dropout aside.
const PRE: &str = "transformer-preprocess";
const POST: &str = "transformer-postprocess";
const EMBEDDINGS: &str = "transformer-postprocess-emb";
const TOP: &str = "transformer-postprocess-top";

/// Options of a model that its tensors depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) placement: NormPlacement,
    pub(super) tables: Tables,
}

impl Options {
    /// Reads the options of tables and norms, and refuses kinds of models that no architecture can be.
    pub(super) fn read(config: &Config) -> Result<Self, PretrainedError> {
        check(config)?;
        let placement = match (steps(config, PRE, "")?.as_str(), steps(config, POST, "an")?.as_str()) {
            ("", "an") => NormPlacement::Post,
            ("n", "a") => NormPlacement::Pre,
            (pre, post) => {
                let problem = format!(
                    "is \"{post}\" after sub-layers and \"{pre}\" before, dropout aside; known are \"an\" and \"\", and \
                     \"a\" and \"n\""
                );
                return Err(config.refuse(POST, problem));
            }
        };
        let [source, target] = vocabularies(config)?;
        let all = config.flag_or("tied-embeddings-all", false)?;
        let shared = all || config.flag_or("tied-embeddings-src", false)?;
        if shared && source != target {
            let problem = format!("says {source} and {target}, but source and target share a table");
            return Err(config.refuse("dim-vocabs", problem));
        }
        let tables = Tables {
            source,
            target,
            shared,
            tied: all || config.flag_or("tied-embeddings", false)?,
            scale: (config.size("dim-emb")? as f64).sqrt(),
            head_scale: 1.0,
            bias: !config.flag_or("output-omit-bias", false)?,
        };
        Ok(Self { placement, tables })
    }

    /// The architecture of a model with these options and tensors.
    pub(super) fn architecture(
        &self,
        config: &Config,
        checkpoint: &Checkpoint,
    ) -> Result<Architecture, PretrainedError> {
        let bias = checkpoint.shape(OUTPUT_BIAS).is_some() && self.tables.bias;
        let ends = Tables { bias, ..self.tables }.ends();
        let encoder = self.stack(config, StackKind::Encoder)?;
        let decoder = self.stack(config, StackKind::Decoder)?;
        families::architecture(config, Some(encoder), decoder, ends)
    }

    fn stack(&self, config: &Config, kind: StackKind) -> Result<Stack, PretrainedError> {
        let d_model = config.size("dim-emb")?;
        let attention = Attention::new(d_model, config.heads("transformer-heads", d_model)?);
        let decodes = kind == StackKind::Decoder;
        let mixer = if decodes { mixer(config, attention)? } else { Mixer::SelfAttention(attention) };
        let mut d_ff = config.size("transformer-dim-ffn")?;
        if decodes && let Some(own) = config.count("transformer-decoder-dim-ffn")?.filter(|&own| own > 0) {
            d_ff = own;
        }
        let layers = TransformerLayers {
            layers: config.layers(if decodes { "dec-depth" } else { "enc-depth" })?,
            mixer,
            cross_attention: decodes.then_some(attention),
            feed_forward: FeedForward { d_ff, activation: activation(config)?, bias: true },
            norm: NORM,
            placement: self.placement,
            residual_scale: 1.0,
        };
        Ok(Stack {
            d_model,
            positions: Positions::Sinusoidal { layout: WaveLayout::HalfSplitClosed, offset: 0 },
            embedding_norm: norm(config, EMBEDDINGS)?,
            layers: Layers::Transformer(layers),
            final_norm: norm(config, TOP)?,
        })
    }
}

/// Refuses kinds of models and options that no architecture can be.
fn check(config: &Config) -> Result<(), PretrainedError> {
    match config.text("type")? {
        Some("transformer") => {}
        Some(other) => {
            let problem =
                format!("is \"{other}\", a kind of model that is not known here; known is: transformer");
            return Err(config.refuse("type", problem));
        }
        None => return Err(config.refuse("type", "is missing")),
    }
    config.require(&[
        ("right-left", false),
        ("ulr", false),
        ("transformer-no-projection", false),
        ("transformer-no-bias", false),
        ("transformer-no-affine", false),
        ("transformer-train-position-embeddings", false),
        ("transformer-train-positions", false),
        ("transformer-disable-position-embeddings", false),
        ("transformer-rnn-projection", false),
    ])?;
    for option in ["transformer-tied-layers", "input-types"] {
        let list = config.get(option).and_then(|list| list.as_array()).filter(|list| !list.is_empty());
        if let Some(list) = list {
            let problem = format!("has {} entries; models are known with none alone", list.len());
            return Err(config.refuse(option, problem));
        }
    }
    for (option, known) in [
        ("transformer-ffn-depth", &[2][..]),
        ("transformer-decoder-ffn-depth", &[0, 2]),
        ("lemma-dim-emb", &[0]),
        ("ulr-dim-emb", &[0]),
    ] {
        if let Some(found) = config.count(option)?.filter(|found| !known.contains(found)) {
            return Err(
                config.refuse(option, format!("is {found}; models are known with {} alone", known[0]))
            );
        }
    }
    Ok(())
}

/// The steps of an option, dropout aside, which decoding does not know.
fn steps(config: &Config, option: &str, default: &str) -> Result<String, PretrainedError> {
    Ok(config.text(option)?.unwrap_or(default).replace('d', ""))
}

fn norm(config: &Config, option: &str) -> Result<Option<Norm>, PretrainedError> {
    match steps(config, option, "")?.as_str() {
        "" => Ok(None),
        "n" => Ok(Some(NORM)),
        other => {
            Err(config.refuse(option, format!("is \"{other}\", dropout aside; known are \"\" and \"n\"")))
        }
    }
}

/// What a decoder reads its own output with.
fn mixer(config: &Config, attention: Attention) -> Result<Mixer, PretrainedError> {
    const OPTION: &str = "transformer-decoder-autoreg";
    match config.text(OPTION)?.unwrap_or("self-attention") {
        "self-attention" => Ok(Mixer::SelfAttention(attention)),
        "rnn" => {
            let cell = config.text("dec-cell")?.unwrap_or("gru");
            if cell != "ssru" {
                let problem = format!("is \"{cell}\"; of cells in a transformer, ssru is known");
                return Err(config.refuse("dec-cell", problem));
            }
            config.require(&[("layer-normalization", false)])?;
            Ok(Mixer::Ssru)
        }
        other => {
            let problem = format!(
                "is \"{other}\", which is not known here; known are: self-attention, and rnn of ssru"
            );
            Err(config.refuse(OPTION, problem))
        }
    }
}

fn activation(config: &Config) -> Result<Activation, PretrainedError> {
    const OPTION: &str = "transformer-ffn-activation";
    match config.text(OPTION)?.unwrap_or("swish") {
        "relu" => Ok(Activation::Relu),
        "swish" => Ok(Activation::Silu),
        other => {
            let problem = format!("is \"{other}\", which is not known here; known are: relu, swish");
            Err(config.refuse(OPTION, problem))
        }
    }
}

/// The sizes of both vocabularies.
fn vocabularies(config: &Config) -> Result<[usize; 2], PretrainedError> {
    const OPTION: &str = "dim-vocabs";
    /// Many times the size of any vocabulary.
    const MOST: u64 = 1 << 24;
    let sizes = config.get(OPTION).and_then(|list| list.as_array());
    let sizes: Option<Vec<usize>> = sizes.and_then(|list| {
        let size = |size: &serde_json::Value| {
            size.as_u64().filter(|size| (1..=MOST).contains(size)).map(|size| size as usize)
        };
        list.iter().map(size).collect()
    });
    let sizes = sizes.and_then(|sizes| <[usize; 2]>::try_from(sizes).ok());
    sizes.ok_or_else(|| config.refuse(OPTION, "is no list of the sizes of a source and a target vocabulary"))
}
