//! Families of encoders and decoders of text in the words of BART.
//!
//! | family | norms | positions | embeddings normalised |
//! | --- | --- | --- | --- |
//! | BART (Lewis et al. 2020) | after sums | learned, from the third vector on | yes |
//! | mBART (Liu et al. 2020) | before sub-layers | learned, from the third vector on | yes |
//! | Blenderbot (Roller et al. 2021) | before sub-layers | learned | no |
//! | Marian (Junczys-Dowmunt et al. 2018) | after sums | sines, then cosines | no |
//! | Pegasus (Zhang et al. 2020) | before sub-layers | sines, then cosines | no |
//! | M2M-100 (Fan et al. 2021), NLLB (NLLB Team 2022) | before sub-layers | sines, then cosines, from behind padding on | no |

use any2any_architecture::{NormPlacement, Positions, Stack, StackKind, WaveLayout, names};

use super::encoder_decoder::{Form, learned};
use super::{Model, architecture};
use crate::assembly::{Assembly, are_sinusoids};
use crate::config::Config;
use crate::error::PretrainedError;
use crate::family::Family;
use crate::pretrained::LeftOut;
use crate::safetensors::Checkpoint;
use crate::tables::{TableNames, Tables};

/// Biases of the softmax.
pub(crate) const LOGITS_BIAS: &str = "final_logits_bias";

/// The vectors of BART's learned positions that no position has.
pub(crate) const LEARNED_OFFSET: usize = 2;

pub(crate) fn read(
    family: Family,
    config: &Config,
    checkpoint: &Checkpoint,
) -> Result<Model, PretrainedError> {
    check_options(family, config)?;
    let form = form(family);
    let limit = config.size("max_position_embeddings")?;
    let prefix = if checkpoint.names().any(|name| name.starts_with("model.")) { "model." } else { "" };
    let positions = positions(family, config, checkpoint, prefix)?;
    let tables = tables(family, config, checkpoint)?;
    let ends = tables.ends();
    let encoder = Some(form.stack(config, StackKind::Encoder, positions)?);
    let decoder = form.stack(config, StackKind::Decoder, positions)?;
    let architecture = architecture(config, encoder, decoder, ends)?;
    let mut assembly = Assembly::new(checkpoint, &architecture);
    let files = TableNames {
        shared: &[format!("{prefix}shared.weight")],
        source: &format!("{prefix}encoder.embed_tokens.weight"),
        target: &format!("{prefix}decoder.embed_tokens.weight"),
        head: "lm_head.weight",
    };
    tables.read(&mut assembly, &files)?;
    for (kind, stack) in architecture.stacks() {
        read_positions(&mut assembly, prefix, kind, stack)?;
        form.map(&mut assembly, prefix, kind, stack)?;
    }
    match tables.bias {
        true => assembly
            .row(LOGITS_BIAS, &format!("{}.{}.{}", names::HEADS, architecture.heads[0].name, names::BIAS))?,
        false => assembly.leave_out(LOGITS_BIAS, LeftOut::Zeros),
    }
    for stack in ["encoder", "decoder"] {
        assembly.leave_out(&format!("{prefix}{stack}.version"), LeftOut::Constant);
    }
    if !tables.shared {
        // Of nobody's, where both sides have one of their own.
        assembly.leave_out(&files.shared[0], LeftOut::Unused);
    }
    let (weights, parts) = assembly.finish()?;
    Ok(Model { architecture, weights, parts, positions: Some(limit) })
}

/// Refuses options of which the family's layers know one value: earlier files say them, and nothing reads them any more,
/// so a model that says another would be run as what it is not.
fn check_options(family: Family, config: &Config) -> Result<(), PretrainedError> {
    let form = form(family);
    let pre = form.placement == NormPlacement::Pre;
    config.require(&[
        ("is_encoder_decoder", true),
        ("tie_encoder_decoder", false),
        ("normalize_before", pre),
        ("add_final_layer_norm", pre),
        ("normalize_embedding", form.embedding_norm),
        ("static_position_embeddings", !matches!(family, Family::Bart | Family::Blenderbot | Family::Mbart)),
        ("add_bias_logits", false),
        ("do_blenderbot_90_layernorm", false),
    ])
}

fn form(family: Family) -> Form {
    let (placement, embedding_norm) = match family {
        Family::Bart => (NormPlacement::Post, true),
        Family::Mbart => (NormPlacement::Pre, true),
        Family::Marian => (NormPlacement::Post, false),
        _ => (NormPlacement::Pre, false),
    };
    Form { placement, embedding_norm, key_bias: true }
}

fn positions(
    family: Family,
    config: &Config,
    checkpoint: &Checkpoint,
    prefix: &str,
) -> Result<Positions, PretrainedError> {
    let limit = config.size("max_position_embeddings")?;
    Ok(match family {
        Family::Bart | Family::Mbart => {
            Positions::Learned { limit: limit + LEARNED_OFFSET, offset: LEARNED_OFFSET }
        }
        Family::Blenderbot => Positions::Learned { limit, offset: 0 },
        Family::M2m100 => {
            let padding = config.count("pad_token_id")?.unwrap_or(1);
            Positions::Sinusoidal { layout: WaveLayout::HalfSplitClosed, offset: padding + 1 }
        }
        _ if ends_at_ten_thousandth(config, checkpoint, prefix)? => {
            Positions::Sinusoidal { layout: WaveLayout::HalfSplitClosed, offset: 0 }
        }
        _ => Positions::Sinusoidal { layout: WaveLayout::HalfSplit, offset: 0 },
    })
}

/// True where tables of positions are stored and have the frequencies of Marian's own program, which its family does not
/// compute but takes from its files.
fn ends_at_ten_thousandth(
    config: &Config,
    checkpoint: &Checkpoint,
    prefix: &str,
) -> Result<bool, PretrainedError> {
    let (layout, d_model) = (WaveLayout::HalfSplitClosed, config.size("d_model")?);
    let mut found = false;
    for kind in [StackKind::Encoder, StackKind::Decoder] {
        let theirs = position_table(prefix, kind, "weight");
        if checkpoint.shape(&theirs).is_some() {
            if !are_sinusoids(checkpoint, &theirs, layout, 0, d_model)? {
                return Ok(false);
            }
            found = true;
        }
    }
    Ok(found)
}

fn position_table(prefix: &str, kind: StackKind, name: &str) -> String {
    let word = if kind == StackKind::Encoder { "encoder" } else { "decoder" };
    format!("{prefix}{word}.embed_positions.{name}")
}

fn tables(family: Family, config: &Config, checkpoint: &Checkpoint) -> Result<Tables, PretrainedError> {
    let mut tables = Tables::of(config)?;
    if config.flag_or("scale_embedding", family == Family::M2m100)? {
        tables.scale = (config.size("d_model")? as f64).sqrt();
    }
    if family == Family::Marian {
        tables.shared = config.flag_or("share_encoder_decoder_embeddings", true)?;
        tables.target = config.size_or("decoder_vocab_size", tables.source)?;
        if tables.shared && tables.target != tables.source {
            let problem = format!(
                "is {}, but source and target share a table of {}; where they do not, \
                 \"share_encoder_decoder_embeddings\" must be false",
                tables.target, tables.source
            );
            return Err(config.refuse("decoder_vocab_size", problem));
        }
    }
    let has_bias = checkpoint.shape(LOGITS_BIAS).is_some();
    tables.bias = has_bias && checkpoint.values(LOGITS_BIAS)?.iter().any(|&value| value != 0.0);
    Ok(tables)
}

fn read_positions(
    assembly: &mut Assembly<'_>,
    prefix: &str,
    kind: StackKind,
    stack: &Stack,
) -> Result<(), PretrainedError> {
    match stack.positions {
        Positions::Sinusoidal { layout, offset } => {
            for name in ["weight", "weights"] {
                let theirs = position_table(prefix, kind, name);
                assembly.sinusoids(&theirs, layout, offset, stack.d_model)?;
            }
            Ok(())
        }
        _ => learned(assembly, prefix, kind),
    }
}
