//! Whisper (Radford et al. 2022): two convolutions over frames of log mel energies, an encoder with sines and cosines, a
//! decoder with learned positions, keys without a bias, norms before sub-layers.
//!
//! Its encoder reads thirty seconds, shorter sounds filled up with silence: an adapter must give it as many frames, which
//! the model does not say of itself.

use any2any_architecture::{
    Convolution, NormPlacement, Positions, Stack, StackKind, Stem, WaveLayout, names,
};

use super::encoder_decoder::{Form, learned};
use super::{Model, architecture};
use crate::assembly::{Assembly, are_sinusoids};
use crate::config::Config;
use crate::error::PretrainedError;
use crate::pretrained::LeftOut;
use crate::safetensors::Checkpoint;
use crate::tables::Tables;

pub(crate) const FORM: Form = Form { placement: NormPlacement::Pre, embedding_norm: false, key_bias: false };

/// Convolutions, the second of which halves the number of frames.
pub(crate) const CONVOLUTIONS: [Convolution; 2] =
    [Convolution { kernel: 3, stride: 1 }, Convolution { kernel: 3, stride: 2 }];

pub(crate) fn read(config: &Config, checkpoint: &Checkpoint) -> Result<Model, PretrainedError> {
    config.require(&[("is_encoder_decoder", true), ("scale_embedding", false)])?;
    let d_model = config.size("d_model")?;
    let tables = Tables::of(config)?;
    let width = config.size("num_mel_bins")?;
    let ends = tables.ends_behind(Stem::Convolution { width, layers: CONVOLUTIONS.to_vec() });
    let prefix = if checkpoint.names().any(|name| name.starts_with("model.")) { "model." } else { "" };
    let limit = config.size("max_target_positions")?;
    let encoder = Some(FORM.stack(
        config,
        StackKind::Encoder,
        positions_of_encoder(config, checkpoint, prefix, d_model)?,
    )?);
    let decoder = FORM.stack(config, StackKind::Decoder, Positions::Learned { limit, offset: 0 })?;
    let architecture = architecture(config, encoder, decoder, ends)?;
    let mut assembly = Assembly::new(checkpoint, &architecture);
    for (number, convolution) in CONVOLUTIONS.iter().enumerate() {
        let theirs = format!("{prefix}encoder.conv{}", number + 1);
        let ours = format!("{}.{}.{}.{number}", names::STEMS, architecture.stems[0].name, names::LAYERS);
        assembly.convolution(&theirs, &ours, convolution.kernel)?;
    }
    tables.read_behind(&mut assembly, &format!("{prefix}decoder.embed_tokens.weight"), "proj_out.weight")?;
    for (kind, stack) in architecture.stacks() {
        read_positions(&mut assembly, prefix, kind, stack)?;
        FORM.map(&mut assembly, prefix, kind, stack)?;
    }
    let (weights, parts) = assembly.finish()?;
    Ok(Model { architecture, weights, parts, positions: Some(limit) })
}

/// The formula where the file holds its values, and a table where somebody trained them. A file in F16 holds them rounded;
/// the formula's are not, which moves the logits of Whisper tiny.en by up to 0.01 from those of its stored table.
fn positions_of_encoder(
    config: &Config,
    checkpoint: &Checkpoint,
    prefix: &str,
    d_model: usize,
) -> Result<Positions, PretrainedError> {
    let layout = WaveLayout::HalfSplitClosed;
    let limit = config.size("max_source_positions")?;
    let theirs = format!("{prefix}encoder.embed_positions.weight");
    let computed =
        checkpoint.shape(&theirs).is_none() || are_sinusoids(checkpoint, &theirs, layout, 0, d_model)?;
    Ok(match computed {
        true => Positions::Sinusoidal { layout, offset: 0 },
        false => Positions::Learned { limit, offset: 0 },
    })
}

fn read_positions(
    assembly: &mut Assembly<'_>,
    prefix: &str,
    kind: StackKind,
    stack: &Stack,
) -> Result<(), PretrainedError> {
    match stack.positions {
        // They were compared when the architecture was chosen.
        Positions::Sinusoidal { .. } => {
            assembly.leave_out(&format!("{prefix}encoder.embed_positions.weight"), LeftOut::Sinusoidal);
            Ok(())
        }
        _ => learned(assembly, prefix, kind),
    }
}
