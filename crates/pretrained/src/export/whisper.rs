//! Sounds to text, in the words of Whisper: weights and options; what a sound becomes before them is its adapter's.

use any2any_architecture::{
    Convolution, NormPlacement, Positions, Stack, StackKind, Stem, WaveLayout, names, sinusoidal,
};
use serde_json::{Map, Value, json};

use super::bart::stack_options;
use super::options::{self, HuggingFace, refused, side};
use super::{Disassembly, ExportError, HUGGING_FACE, Outgoing, tables};
use crate::families::whisper::{CONVOLUTIONS, FORM};
use crate::mapping::Mapping;
use crate::pretrained::Tensor;

const KIND: &str = "WhisperForConditionalGeneration";

/// Positions of half a minute behind the convolutions, which Whisper's encoder always reads.
const HALF_A_MINUTE: usize = 1500;

pub(crate) fn write(
    model: &Outgoing,
    width: usize,
    convolutions: &[Convolution],
) -> Result<HuggingFace, ExportError> {
    let Some(encoder) = &model.architecture.encoder else {
        return Err(refused("decoder_only", "Whisper has an encoder"));
    };
    if convolutions != CONVOLUTIONS {
        return Err(refused(
            "stem",
            "Whisper has two convolutions of three frames, the second in steps of two",
        ));
    }
    let decoder = &model.architecture.decoder;
    let mut options = Map::new();
    for (kind, stack) in [(StackKind::Encoder, encoder), (StackKind::Decoder, decoder)] {
        check(stack)?;
        stack_options(&mut options, kind, stack)?;
    }
    let mut into = Disassembly::new(&model.weights, false);
    let parts = model.parts();
    let stem = parts.source.unwrap_or(parts.target);
    for (number, convolution) in CONVOLUTIONS.iter().enumerate() {
        let ours =
            format!("{}.{}.{}.{number}", names::STEMS, model.architecture.stems[stem].name, names::LAYERS);
        into.convolution(&format!("model.encoder.conv{}", number + 1), &ours, convolution.kernel)?;
    }
    let softmax = model.softmax(HUGGING_FACE)?;
    if model.embedding_scale(HUGGING_FACE, parts.target)? != 1.0 || softmax.scale != 1.0 {
        return Err(refused("embedding_scale", "Whisper scales neither embeddings nor outputs"));
    }
    if !tables::forbid_alone(model, &softmax)? {
        return Err(refused("output_bias", "Whisper has none"));
    }
    let (table, head) = (model.stem_table(parts.target), model.head_table(&softmax));
    into.same("model.decoder.embed_tokens.weight", &table)?;
    if softmax.tied.is_none() {
        into.same("proj_out.weight", &head)?;
    }
    if softmax.bias {
        into.pass_over(&model.of_head(names::BIAS));
    }
    let mut limits = Vec::new();
    for (kind, stack) in [(StackKind::Encoder, encoder), (StackKind::Decoder, decoder)] {
        limits.push(write_positions(&mut into, kind, stack)?);
        FORM.map(&mut into, "model.", kind, stack)?;
    }
    options.insert("num_mel_bins".to_owned(), json!(width));
    options.insert("vocab_size".to_owned(), json!(softmax.vocabulary));
    options.insert("max_source_positions".to_owned(), json!(limits[0]));
    options.insert("max_target_positions".to_owned(), json!(limits[1]));
    options.insert("tie_word_embeddings".to_owned(), json!(softmax.tied.is_some()));
    options.insert("scale_embedding".to_owned(), json!(false));
    let config = options::config(model, KIND, "whisper", true, Value::Object(options));
    let tensors = into.finish()?;
    Ok(HuggingFace { kind: KIND, config, tensors, source_offset: 0, without_padding: false })
}

/// Refuses layers that are none of Whisper's; the other options are those of BART's families.
fn check(stack: &Stack) -> Result<(), ExportError> {
    let pre = stack.transformer().is_some_and(|layers| layers.placement == NormPlacement::Pre);
    if !pre || stack.embedding_norm.is_some() {
        return Err(refused("norm_placement", "Whisper has norms before sub-layers alone"));
    }
    let attention = stack.self_attention().into_iter();
    let all = attention.chain(stack.transformer().and_then(|layers| layers.cross_attention.as_ref()));
    for attention in all {
        if attention.key_bias || !(attention.query_bias && attention.value_bias && attention.output_bias) {
            return Err(refused("key_bias", "of Whisper's attention, the keys alone have no bias"));
        }
    }
    Ok(())
}

/// Writes the positions of a stack as a table, and says how many it has.
fn write_positions(into: &mut Disassembly<'_>, kind: StackKind, stack: &Stack) -> Result<usize, ExportError> {
    let theirs = format!("model.{}.embed_positions.weight", side(kind));
    match stack.positions {
        Positions::Learned { limit, offset: 0 } => {
            into.same(&theirs, &format!("{}.{}.{}", side(kind), names::POSITIONS, names::TABLE))?;
            Ok(limit)
        }
        Positions::Sinusoidal { layout: WaveLayout::HalfSplitClosed, offset: 0 }
            if kind == StackKind::Encoder =>
        {
            let values = sinusoidal(WaveLayout::HalfSplitClosed, 0..HALF_A_MINUTE, stack.d_model);
            into.put(&theirs, Tensor { shape: vec![HALF_A_MINUTE, stack.d_model], values }, &[]);
            Ok(HALF_A_MINUTE)
        }
        _ => Err(refused("positions", "Whisper's are sines and cosines with both ends, then learned ones")),
    }
}

/// The width and the convolutions of a stem of frames.
pub(crate) fn stem(model: &Outgoing) -> Option<(usize, &[Convolution])> {
    match &model.architecture.stems[model.parts().source?].part {
        Stem::Convolution { width, layers } => Some((*width, layers)),
        Stem::Lookup { .. } | Stem::Projection { .. } | Stem::ClassTokens { .. } => None,
    }
}
