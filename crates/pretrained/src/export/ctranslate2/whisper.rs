//! Recordings to text in CTranslate2's layout: `WhisperSpec` (Radford et al. 2022).

use std::path::Path;

use any2any_architecture::{Activation, Convolution, NormPlacement, Positions, Stack, names};
use serde_json::{Value, json};

use super::FORMAT;
use super::binary::Variables;
use super::stack::StackWriter;
use crate::ctranslate2::layout::MODEL;
use crate::export::{ExportError, Outgoing, Written, files, sound, tables, whisper};
use crate::orientation;
use crate::pretrained::Tensor;

/// The specification, and its revision.
const WHISPER: (&str, u32) = ("WhisperSpec", 3);

fn refused(part: &str, reason: &str) -> ExportError {
    ExportError::refused(FORMAT, part, reason)
}

/// Writes `model.bin`, `config.json`, the vocabulary and the options of frames.
pub(super) fn write(
    model: &Outgoing,
    convolutions: &[Convolution],
    epsilon: f64,
    folder: &Path,
) -> Result<Written, ExportError> {
    let Some(encoder) = &model.architecture.encoder else {
        return Err(refused("decoder_only", "Whisper has an encoder"));
    };
    whisper::check_stem(FORMAT, convolutions)?;
    check_encoder(encoder)?;
    let positions = whisper::positions(model, FORMAT)?;
    let mut variables = Variables::default();
    write_convolutions(model, &mut variables)?;
    let stacks = [
        (names::ENCODER, encoder, positions, true),
        (names::DECODER, &model.architecture.decoder, model.positions, false),
    ];
    for (side, stack, positions, of_frames) in stacks {
        StackWriter { model, variables: &mut variables, side, stack, positions, of_frames }.write()?;
    }
    write_tables(model, &mut variables)?;
    let (name, revision) = WHISPER;
    variables.write(&folder.join(MODEL), name, revision)?;
    files::json(&folder.join("config.json"), &config(model, epsilon)?)?;
    files::json(&folder.join("generation_config.json"), &generation(model)?)?;
    files::json(&folder.join("vocabulary.json"), &json!(model.target.names))?;
    if let Some(frames) = &model.sound {
        files::json(&folder.join(sound::FILE), &frames.config(model))?;
    }
    Ok(Written { kind: name.to_owned(), source_offset: 0, without_padding: false, notes: Vec::new() })
}

/// Refuses an encoder whose layers are none of Whisper's: no option says so here.
fn check_encoder(encoder: &Stack) -> Result<(), ExportError> {
    let layers = super::layers(FORMAT, encoder)?;
    if layers.placement != NormPlacement::Pre || encoder.final_norm.is_none() {
        return Err(refused("norm_placement", "the encoder of Whisper has norms before sub-layers alone"));
    }
    if layers.feed_forward.activation != Activation::Gelu {
        return Err(refused("activation", "that of Whisper's encoder is GELU"));
    }
    Ok(())
}

fn write_convolutions(model: &Outgoing, variables: &mut Variables) -> Result<(), ExportError> {
    let parts = model.parts();
    let stem = &model.architecture.stems[parts.source.unwrap_or(parts.target)].name;
    for (number, convolution) in crate::families::whisper::CONVOLUTIONS.iter().enumerate() {
        let ours = format!("{}.{stem}.{}.{number}", names::STEMS, names::LAYERS);
        let theirs = format!("encoder/conv{}", number + 1);
        let frames = model.tensor(&format!("{ours}.{}", names::WEIGHT))?;
        let outputs = frames.shape.last().copied().unwrap_or(0);
        let shape = [outputs, frames.shape[0] / convolution.kernel, convolution.kernel];
        let values = orientation::kernels_first(&frames.values, shape);
        variables.tensor(&format!("{theirs}/weight"), &Tensor { shape: shape.into(), values });
        let bias = model.tensor(&format!("{ours}.{}", names::BIAS))?;
        variables.tensor(&format!("{theirs}/bias"), bias);
    }
    Ok(())
}

/// Writes embeddings and the softmax. Tokens that are never written stand in the options.
fn write_tables(model: &Outgoing, variables: &mut Variables) -> Result<(), ExportError> {
    const TABLE: &str = "decoder/embeddings/weight";
    const HEAD: &str = "decoder/projection/weight";
    let target = model.parts().target;
    let softmax = model.softmax(FORMAT)?;
    if model.embedding_scale(FORMAT, target)? != 1.0 || softmax.scale != 1.0 {
        return Err(refused("embedding_scale", "Whisper scales neither embeddings nor outputs"));
    }
    if !tables::forbid_alone(model, &softmax)? {
        return Err(refused("output_bias", "Whisper has none"));
    }
    variables.tensor(TABLE, model.tensor(&model.stem_table(target))?);
    variables.flag("decoder/scale_embeddings", false);
    match softmax.tied {
        Some(stem) if stem == target => variables.alias(HEAD, TABLE),
        _ => variables.tensor(HEAD, model.tensor(&model.head_table(&softmax))?),
    }
    Ok(())
}

/// The options of decoding in the words of Hugging Face: nothing in this layout says what the model is told, and how long
/// its outputs are.
fn generation(model: &Outgoing) -> Result<Value, ExportError> {
    let target = &model.target;
    let limit = match model.architecture.decoder.positions {
        Positions::Learned { limit, offset } => limit - offset,
        _ => model.positions,
    };
    let tokens = json!({
        "bos_token_id": target.end,
        "eos_token_id": target.end,
        "pad_token_id": target.end,
        "decoder_start_token_id": target.begin,
        "max_target_positions": limit,
    });
    whisper::generation(model, &tokens)
}

fn config(model: &Outgoing, epsilon: f64) -> Result<Value, ExportError> {
    let told = whisper::Told::of(model, FORMAT)?;
    let mut languages: Vec<u32> = told.languages.into_values().collect();
    languages.sort_unstable();
    Ok(json!({
        "suppress_ids": model.target.forbidden,
        "suppress_ids_begin": model.target.forbidden_first,
        "lang_ids": languages,
        "alignment_heads": whisper::alignment_heads(model),
        "layer_norm_epsilon": epsilon,
    }))
}
