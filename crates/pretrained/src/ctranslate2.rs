//! Whisper (Radford et al. 2022) in CTranslate2's layout (Klein et al. 2020): `model.bin` with its variables, `config.json`
//! with tokens that are not written, a vocabulary.
//!
//! Its variables are those of Hugging Face's layout under other names, some of them one below the other in one matrix, so
//! the family's reader reads them through their places.

mod binary;
pub(crate) mod layout;
mod names;
mod sizes;
mod vocabulary;

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::Config;
use crate::error::PretrainedError;
use crate::families::{self, Model};
use crate::family::Family;
use crate::generation::{Generation, Tokens};
use crate::pretrained::Pretrained;
use crate::safetensors::Checkpoint;

use names::Names;

/// The specification that is known, and its revision.
const SPECIFICATION: (&str, u32) = ("WhisperSpec", 3);

/// The token that ends an output.
const END: &str = "<|endoftext|>";
/// The token that an output begins with.
const START: &str = "<|startoftranscript|>";

/// True for a folder with a model in this layout.
pub(crate) fn recognises(folder: &Path) -> bool {
    folder.join(layout::MODEL).is_file() && !Checkpoint::is_in(folder)
}

/// Reads a model. `generation_config.json` is no file of this layout, but some folders have it.
pub(crate) fn read(
    folder: &Path,
    config: &Config,
    generation: Option<&Config>,
) -> Result<Pretrained, PretrainedError> {
    let path = folder.join(layout::MODEL);
    let variables = binary::read(&path)?;
    let (known, revision) = SPECIFICATION;
    if variables.specification != known || variables.revision != revision {
        let problem = format!(
            "{} holds revision {} of a \"{}\", and revision {revision} of a \"{known}\" is known of CTranslate2's models; \
             import the model from Hugging Face's layout",
            layout::MODEL,
            variables.revision,
            variables.specification
        );
        return Err(PretrainedError::Files { folder: folder.to_owned(), problem });
    }
    let options = sizes::options(&path, &variables)?;
    let names = Names::of(&variables, &options)?;
    let tensors = names.tensors(&variables.tensors);
    let checkpoint = variables.tensors.with(tensors);
    let Model { architecture, weights, parts, positions } =
        families::read(Family::Whisper, &options, &checkpoint).map_err(|error| names.of_error(error))?;

    let tokens = vocabulary::read(folder)?;
    let rows = architecture.outputs(0);
    if tokens.len() > rows {
        let reason = format!("its vocabulary has {} tokens, and its table {rows} rows", tokens.len());
        return Err(PretrainedError::damaged(folder, reason));
    }
    let number = |wanted: &str| tokens.iter().position(|name| name == wanted).map(|position| position as u32);
    let sources: Vec<&Config> = generation.into_iter().collect();
    let generation = Generation(&sources);
    let mut roles = generation.roles(rows)?;
    roles.decoder_start = roles.decoder_start.or(number(START));
    if roles.end.is_empty() {
        roles.end.extend(number(END));
    }
    // What CTranslate2 itself goes by.
    for (option, of) in
        [("suppress_ids", &mut roles.suppressed), ("suppress_ids_begin", &mut roles.begin_suppressed)]
    {
        if config.get(option).is_some() {
            *of = Tokens { config, option, vocabulary: rows }.list()?;
        }
    }
    let mut decoding = generation.defaults()?;
    if decoding.max_new_tokens.is_none() {
        // There is no position for more.
        decoding.max_length = decoding.max_length.or(positions);
    }
    Ok(Pretrained {
        family: Family::Whisper,
        architecture,
        weights,
        tokens: roles,
        decoding,
        positions,
        parts: names.of_parts(parts),
        scales: BTreeMap::new(),
        vocabularies: None,
        shortlist: None,
    })
}
