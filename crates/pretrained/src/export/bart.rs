//! Encoders and decoders in the words of BART: of its families, the one whose layers are the model's.
//!
//! | family | norms | positions | embeddings normalised |
//! | --- | --- | --- | --- |
//! | Marian | after sums | sines and cosines, of which files may say others | no |
//! | Pegasus | before sub-layers | sines and cosines, which files say | no |
//! | M2M-100 | before sub-layers | sines and cosines with both ends, from behind padding on | no |
//! | Blenderbot | before sub-layers | learned | no |
//! | BART | after sums | learned | yes |
//! | mBART | before sub-layers | learned | yes |

use any2any_architecture::{
    Attention, Norm, NormPlacement, Positions, Stack, StackKind, TransformerLayers, WaveLayout, names,
    sinusoidal,
};
use serde_json::{Map, Value, json};

use super::halves::in_halves;
use super::options::{self, HuggingFace, refused, require_layer_norm, side};
use super::tables::{self, Placed};
use super::{Disassembly, ExportError, HUGGING_FACE, Outgoing, layers};
use crate::families::encoder_decoder::Form;
use crate::families::text::{LEARNED_OFFSET, LOGITS_BIAS};
use crate::family::Family;
use crate::mapping::Mapping;
use crate::pretrained::Tensor;

/// The family of two stacks.
fn family(encoder: &Stack, decoder: &Stack) -> Result<Family, ExportError> {
    let of = |stack: &Stack| {
        let placement = layers(HUGGING_FACE, stack)?.placement;
        let normalised = stack.embedding_norm.is_some();
        match (placement, stack.positions, normalised) {
            (NormPlacement::Post, Positions::Sinusoidal { offset: 0, .. }, false) => Ok(Family::Marian),
            (NormPlacement::Pre, Positions::Sinusoidal { offset: 0, .. }, false) => Ok(Family::Pegasus),
            (
                NormPlacement::Pre,
                Positions::Sinusoidal { layout: WaveLayout::HalfSplitClosed, .. },
                false,
            ) => Ok(Family::M2m100),
            (NormPlacement::Pre, Positions::Learned { .. }, false) => Ok(Family::Blenderbot),
            (NormPlacement::Post, Positions::Learned { .. }, true) => Ok(Family::Bart),
            (NormPlacement::Pre, Positions::Learned { .. }, true) => Ok(Family::Mbart),
            (_, Positions::Rotary, _) => Err(refused("positions: rotary", NO_FAMILY)),
            (_, Positions::Alibi, _) => Err(refused("positions: alibi", NO_FAMILY)),
            (_, Positions::None, _) => Err(refused("positions: none", NO_FAMILY)),
            _ => Err(refused("norm_placement", "no family has these positions with norms at this place")),
        }
    };
    let (of_encoder, of_decoder) = (of(encoder)?, of(decoder)?);
    match of_encoder == of_decoder && encoder.d_model == decoder.d_model {
        true => Ok(of_decoder),
        false => {
            Err(refused("model.architecture", "encoder and decoder must be of one family and one width"))
        }
    }
}

const NO_FAMILY: &str = "no family of encoders and decoders has them";

/// The class and the `model_type` of a family.
fn words(family: Family) -> (&'static str, &'static str) {
    match family {
        Family::Marian => ("MarianMTModel", "marian"),
        Family::Pegasus => ("PegasusForConditionalGeneration", "pegasus"),
        Family::M2m100 => ("M2M100ForConditionalGeneration", "m2m_100"),
        Family::Blenderbot => ("BlenderbotForConditionalGeneration", "blenderbot"),
        Family::Mbart => ("MBartForConditionalGeneration", "mbart"),
        _ => ("BartForConditionalGeneration", "bart"),
    }
}

pub(crate) fn write(model: &Outgoing, encoder: &Stack) -> Result<HuggingFace, ExportError> {
    let family = family(encoder, &model.architecture.decoder)?;
    let halved;
    let model = match in_halves(&model.architecture, &model.weights) {
        Some((architecture, weights)) => {
            halved = Outgoing { architecture, weights, ..model.clone() };
            &halved
        }
        None => model,
    };
    let Some(encoder) = &model.architecture.encoder else {
        return Err(refused("decoder_only", "this family has an encoder"));
    };
    let stacks = [(StackKind::Encoder, encoder), (StackKind::Decoder, &model.architecture.decoder)];
    let (kind, model_type) = words(family);
    let mut options = Map::new();
    for (kind, stack) in stacks {
        check_positions(model, family, stack)?;
        stack_options(&mut options, kind, stack)?;
    }
    let mut into = Disassembly::new(&model.weights, true);
    let placed = tables::place(model, &mut into, HUGGING_FACE, family == Family::Marian)?;
    let mut limits = Vec::new();
    for (kind, stack) in stacks {
        limits.push(write_positions(model, &mut into, family, kind, stack)?);
        let placement = layers(HUGGING_FACE, stack)?.placement;
        let form = Form { placement, embedding_norm: stack.embedding_norm.is_some(), key_bias: true };
        form.map(&mut into, "model.", kind, stack)?;
    }
    write_biases(model, &mut into, family, &placed)?;
    if limits[0] != limits[1] {
        return Err(refused("positions", "encoder and decoder must have as many learned positions"));
    }
    options.extend(table_options(family, &placed, limits[0]));
    let config = options::config(model, kind, model_type, true, Value::Object(options));
    let tensors = into.finish()?;
    let source_offset = placed.source_offset;
    Ok(HuggingFace { kind, config, tensors, source_offset, without_padding: false })
}

/// Refuses options of a stack that the families' layers do not have, and says the others.
pub(crate) fn stack_options(
    options: &mut Map<String, Value>,
    kind: StackKind,
    stack: &Stack,
) -> Result<(), ExportError> {
    let layers: &TransformerLayers = layers(HUGGING_FACE, stack)?;
    let word = side(kind);
    let attention = stack.self_attention().copied().unwrap_or(Attention::new(stack.d_model, 1));
    let cross = layers.cross_attention.unwrap_or(attention);
    if [attention, cross].iter().any(|of| of.width() != stack.d_model || of.heads != attention.heads) {
        return Err(refused("d_head", "all attention of a stack has the same heads, which divide d_model"));
    }
    if !attention.scaled || !cross.scaled {
        return Err(refused("scaled: false", "T5 alone does not scale the scores of attention"));
    }
    for norm in [Some(layers.norm), stack.final_norm, stack.embedding_norm].iter().flatten() {
        let near = options::is_near_usual(layers.placement, norm.epsilon);
        require_layer_norm(norm, (!near).then_some(Norm::LAYER.epsilon))?;
    }
    if stack.final_norm.is_some() != (layers.placement == NormPlacement::Pre) {
        return Err(refused(
            "final_norm",
            "it follows the last layer exactly where norms stand before sub-layers",
        ));
    }
    let activation = options::activation(layers.feed_forward.activation)?;
    match options.insert("activation_function".to_owned(), json!(activation)) {
        Some(other) if other != json!(activation) => {
            return Err(refused("activation", "encoder and decoder must have the same"));
        }
        _ => {}
    }
    options.extend([
        ("d_model".to_owned(), json!(stack.d_model)),
        (format!("{word}_layers"), json!(layers.layers)),
        (format!("{word}_attention_heads"), json!(attention.heads)),
        (format!("{word}_ffn_dim"), json!(layers.feed_forward.d_ff)),
    ]);
    Ok(())
}

/// Refuses positions whose formula is not the family's.
fn check_positions(model: &Outgoing, family: Family, stack: &Stack) -> Result<(), ExportError> {
    match stack.positions {
        Positions::Sinusoidal { layout: WaveLayout::Interleaved, .. } => {
            let reason = "they alternate on both sides or on none, with an even d_model";
            Err(refused("positions.sinusoidal.layout", reason))
        }
        Positions::Sinusoidal { offset, .. }
            if family == Family::M2m100 && offset != model.target.padding as usize + 1 =>
        {
            let reason =
                format!("it is {offset}, and M2M-100 counts from behind padding, {}", model.target.padding);
            Err(refused("positions.sinusoidal.offset", reason))
        }
        _ => Ok(()),
    }
}

/// Writes learned positions, and says how many positions a text may have.
fn write_positions(
    model: &Outgoing,
    into: &mut Disassembly<'_>,
    family: Family,
    kind: StackKind,
    stack: &Stack,
) -> Result<usize, ExportError> {
    let theirs = format!("model.{}.embed_positions.weight", side(kind));
    let (limit, offset) = match stack.positions {
        Positions::Learned { limit, offset } => (limit, offset),
        // Pegasus asks for them though it computes them. Marian's own program ends its frequencies at 1/10000, which those
        // that its family computes do not, and takes what is stored.
        Positions::Sinusoidal { layout, offset }
            if family == Family::Pegasus
                || family == Family::Marian && layout == WaveLayout::HalfSplitClosed =>
        {
            let values = sinusoidal(layout, offset..offset + model.positions, stack.d_model);
            into.put(&theirs, Tensor { shape: vec![model.positions, stack.d_model], values }, &[]);
            return Ok(model.positions);
        }
        _ => return Ok(model.positions),
    };
    let ours = format!("{}.{}.{}", side(kind), names::POSITIONS, names::TABLE);
    let before = if family == Family::Blenderbot { 0 } else { LEARNED_OFFSET };
    if offset == before {
        into.same(&theirs, &ours)?;
    } else {
        let mut values = vec![0.0; before * stack.d_model];
        values.extend_from_slice(&model.tensor(&ours)?.values[offset * stack.d_model..]);
        let shape = vec![values.len() / stack.d_model, stack.d_model];
        into.put(&theirs, Tensor { shape, values }, &[&ours]);
    }
    Ok(limit - offset)
}

/// Writes the biases of the softmax, which M2M-100 alone has not.
fn write_biases(
    model: &Outgoing,
    into: &mut Disassembly<'_>,
    family: Family,
    placed: &Placed,
) -> Result<(), ExportError> {
    let softmax = model.softmax(HUGGING_FACE)?;
    let ours = model.of_head(names::BIAS);
    if family != Family::M2m100 {
        let biases = tables::biases(model, &softmax, placed.target)?;
        into.put(LOGITS_BIAS, biases, &[&ours]);
        return Ok(());
    }
    if placed.source_offset > 0 {
        return Err(refused("vocabularies", "M2M-100 has one for source and target"));
    }
    if !tables::forbid_alone(model, &softmax)? {
        return Err(refused("output_bias", "M2M-100 has none"));
    }
    into.pass_over(&ours);
    Ok(())
}

fn table_options(family: Family, placed: &Placed, limit: usize) -> Map<String, Value> {
    let mut options = Map::new();
    let mut set = |option: &str, value: Value| options.insert(option.to_owned(), value);
    set("vocab_size", json!(placed.source));
    set("tie_word_embeddings", json!(placed.tied));
    set("scale_embedding", json!(placed.scaled));
    set("max_position_embeddings", json!(limit));
    if family == Family::Blenderbot {
        // By default, what a source says is not said again.
        set("encoder_no_repeat_ngram_size", json!(0));
    }
    if family == Family::Marian {
        set("decoder_vocab_size", json!(placed.target));
        set("share_encoder_decoder_embeddings", json!(!placed.apart));
    }
    options
}
