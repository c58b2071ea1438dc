//! Readers of families: each says what an option means for the architecture, and which tensor is which parameter.

pub(crate) mod encoder_decoder;
pub(crate) mod gpt2;
pub(crate) mod t5;
pub(crate) mod text;
pub(crate) mod vision;
pub(crate) mod vit;
pub(crate) mod whisper;

use std::collections::BTreeMap;

use any2any_architecture::{Architecture, Stack};

use crate::config::Config;
use crate::error::PretrainedError;
use crate::family::Family;
use crate::pretrained::{Part, Tensor};
use crate::safetensors::Checkpoint;
use crate::tables::Ends;

/// A model as a family's reader gives it.
pub(crate) struct Model {
    pub(crate) architecture: Architecture,
    pub(crate) weights: BTreeMap<String, Tensor>,
    pub(crate) parts: Vec<Part>,
    pub(crate) positions: Option<usize>,
}

/// Reads a model of a family.
pub(crate) fn read(
    family: Family,
    config: &Config,
    checkpoint: &Checkpoint,
) -> Result<Model, PretrainedError> {
    match family {
        Family::Bart
        | Family::Blenderbot
        | Family::M2m100
        | Family::Marian
        | Family::Mbart
        | Family::Pegasus => text::read(family, config, checkpoint),
        Family::Gpt2 => gpt2::read(config, checkpoint),
        Family::T5 => t5::read(config, checkpoint),
        Family::VisionEncoderDecoder => vision::read(config, checkpoint),
        Family::Whisper => whisper::read(config, checkpoint),
    }
}

/// The architecture of stacks between entrances and exits, if a model can have it.
pub(crate) fn architecture(
    config: &Config,
    encoder: Option<Stack>,
    decoder: Stack,
    (stems, heads, tasks): Ends,
) -> Result<Architecture, PretrainedError> {
    let (encoder_blocks, alignments) = (Vec::new(), Vec::new());
    let architecture = Architecture { encoder, decoder, stems, encoder_blocks, heads, alignments, tasks };
    let path = || config.path().to_owned();
    architecture.check().map_err(|source| PretrainedError::Architecture { path: path(), source })?;
    Ok(architecture)
}
