//! Layout of CTranslate2 (Klein et al. 2020, "Efficient and High-Quality Neural Machine Translation with OpenNMT").
//!
//! `model.bin` holds an encoder and a decoder (`TransformerSpec`) or a decoder alone (`TransformerDecoderSpec`) in words of
//! its own, `config.json` the tokens with a role, and a file of JSON each vocabulary. Norms may stand before or after
//! sub-layers, and computed positions become a table.

mod binary;
mod stack;
mod whisper;

use std::path::Path;

use any2any_architecture::{Norm, names};
use serde_json::{Value, json};

use super::tables::NEVER;
use super::{ExportError, Lists, Outgoing, Vocabulary, Written, files, layers};
use crate::ctranslate2::layout::MODEL;
use crate::pretrained::Tensor;
use binary::Variables;
use stack::StackWriter;

/// The name of this layout in errors.
const FORMAT: &str = "CTranslate2's layout";

/// Revisions of the specifications whose variables are written.
const TRANSFORMER: (&str, u32) = ("TransformerSpec", 7);
const DECODER: (&str, u32) = ("TransformerDecoderSpec", 8);

/// Writes `model.bin`, `config.json` and the vocabularies.
///
/// # Errors
///
/// The part that the layout cannot say, or a file that cannot be written.
pub fn ctranslate2(model: &Outgoing, folder: &Path) -> Result<Written, ExportError> {
    let model = &model.of_task();
    model.check(FORMAT)?;
    let epsilon = epsilon(model)?;
    if let Some((_, convolutions)) = super::whisper::stem(model) {
        return whisper::write(model, convolutions, epsilon, folder);
    }
    let mut variables = Variables::default();
    let parts = model.parts();
    let encoder = model.architecture.encoder.as_ref();
    let decoder = &model.architecture.decoder;
    let (positions, of_frames) = (model.positions, false);
    for (side, stack) in [(names::ENCODER, encoder), (names::DECODER, Some(decoder))] {
        if let Some(stack) = stack {
            StackWriter { model, variables: &mut variables, side, stack, positions, of_frames }.write()?;
        }
    }
    write_tables(model, &mut variables)?;
    let (name, revision) = if encoder.is_some() { TRANSFORMER } else { DECODER };
    variables.write(&folder.join(MODEL), name, revision)?;
    files::json(&folder.join("config.json"), &config(model, epsilon))?;
    let vocabulary = |name: &str, of: &Vocabulary| files::json(&folder.join(name), &json!(of.names));
    match &model.source {
        None => vocabulary("vocabulary.json", &model.target)?,
        Some(source) if parts.shares_stem() && source.names == model.target.names => {
            vocabulary("shared_vocabulary.json", source)?;
        }
        Some(source) => {
            vocabulary("source_vocabulary.json", source)?;
            vocabulary("target_vocabulary.json", &model.target)?;
        }
    }
    if let Some((shortlist, source)) = model.shortlist.as_ref().zip(model.source.as_ref()) {
        let map = vocabulary_map(shortlist, parts.shares_stem(), source, &model.target);
        let path = folder.join("vmap.txt");
        std::fs::write(&path, map).map_err(ExportError::write(&path))?;
    }
    Ok(Written { kind: name.to_owned(), source_offset: 0, without_padding: false, notes: Vec::new() })
}

/// A shortlist as a vocabulary map: a line each source token with its name, a tab, and the names of those that may be written
/// for it; those that may always be written stand behind no name.
fn vocabulary_map(lists: &Lists, shared: bool, source: &Vocabulary, target: &Vocabulary) -> String {
    // A name with white space is several there.
    let is_one = |name: &String| !name.is_empty() && !name.contains(char::is_whitespace);
    let name = |vocabulary: &Vocabulary, token: u32| {
        vocabulary.names.get(token as usize).filter(|name| is_one(name)).cloned()
    };
    let names = |tokens: &[u32]| -> String {
        tokens.iter().filter_map(|&token| name(target, token)).collect::<Vec<_>>().join(" ")
    };
    let mut map = format!("\t{}\n", names(&lists.always));
    for (token, list) in (0..).zip(&lists.of_source) {
        let mut list = list.clone();
        if shared && !list.contains(&token) {
            list.push(token);
        }
        let listed = names(&list);
        if let Some(name) = name(source, token).filter(|_| !listed.is_empty()) {
            map += &format!("{name}\t{listed}\n");
        }
    }
    map
}

fn config(model: &Outgoing, epsilon: f64) -> Value {
    let target = &model.target;
    let name = |token: u32| target.name(token);
    let mut config = json!({
        "bos_token": name(target.begin),
        "eos_token": name(target.end),
        "unk_token": name(target.unknown.unwrap_or(target.end)),
        "layer_norm_epsilon": epsilon,
    });
    if model.parts().source.is_some() {
        config["decoder_start_token"] = json!(name(target.begin));
        // What the tokenizer gives ends with its end.
        config["add_source_bos"] = json!(false);
        config["add_source_eos"] = json!(false);
    }
    config
}

/// Writes embeddings and the softmax. By its biases, the tokens that are never written here are not written there.
fn write_tables(model: &Outgoing, variables: &mut Variables) -> Result<(), ExportError> {
    const TARGET: &str = "decoder/embeddings/weight";
    const SOURCE: &str = "encoder/embeddings_0/weight";
    const HEAD: &str = "decoder/projection/weight";
    let parts = model.parts();
    let softmax = model.softmax(FORMAT)?;
    variables.tensor(TARGET, model.tensor(&model.stem_table(parts.target))?);
    variables.number("decoder/scale_embeddings", model.embedding_scale(FORMAT, parts.target)?);
    if let Some(source) = parts.source {
        variables.number("encoder/scale_embeddings", model.embedding_scale(FORMAT, source)?);
        match source == parts.target {
            true => variables.alias(SOURCE, TARGET),
            false => variables.tensor(SOURCE, model.tensor(&model.stem_table(source))?),
        }
    }
    match softmax.tied {
        Some(stem) if stem == parts.target => variables.alias(HEAD, TARGET),
        _ => variables.tensor(HEAD, model.tensor(&model.head_table(&softmax))?),
    }
    if softmax.scale != 1.0 {
        variables.number("decoder/scale_outputs", softmax.scale);
    }
    let mut bias = match softmax.bias {
        true => model.tensor(&model.of_head(names::BIAS))?.values.clone(),
        false => vec![0.0; softmax.vocabulary],
    };
    for &token in &model.target.forbidden {
        if let Some(bias) = bias.get_mut(token as usize) {
            *bias = NEVER;
        }
    }
    variables.tensor("decoder/projection/bias", &Tensor { shape: vec![bias.len()], values: bias });
    Ok(())
}

/// The constant of all normalisations.
fn epsilon(model: &Outgoing) -> Result<f64, ExportError> {
    let mut found: Option<f64> = None;
    for (_, stack) in model.architecture.stacks() {
        let norm = layers(FORMAT, stack)?.norm;
        for norm in [Some(norm), stack.final_norm, stack.embedding_norm].into_iter().flatten() {
            if found.is_some_and(|epsilon| epsilon != norm.epsilon) {
                return Err(ExportError::refused(
                    FORMAT,
                    "norm.epsilon",
                    "it has one for all normalisations",
                ));
            }
            found = Some(norm.epsilon);
        }
    }
    Ok(found.unwrap_or(Norm::LAYER.epsilon))
}
