//! Recordings to text, in the words of Whisper (Radford et al. 2022): weights and options.

mod told;

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
pub(crate) use told::Told;

const KIND: &str = "WhisperForConditionalGeneration";

/// Positions of half a minute behind the convolutions, which Whisper's encoder reads if nobody says otherwise.
const HALF_A_MINUTE: usize = 1500;

/// The number of positions that the encoder always reads; it has no mask.
pub(crate) fn positions(model: &Outgoing, format: &'static str) -> Result<usize, ExportError> {
    let Some(sound) = &model.sound else { return Ok(HALF_A_MINUTE) };
    let (frames, stride) = (sound.frames(), CONVOLUTIONS[1].stride);
    if frames == 0 || !frames.is_multiple_of(stride) || !sound.samples.is_multiple_of(sound.hop_length) {
        let reason = format!("a window has a multiple of {stride} frames");
        return Err(ExportError::refused(format, "pad_to", reason));
    }
    Ok(frames / stride)
}

/// Refuses an entrance that is none of Whisper's.
pub(crate) fn check_stem(format: &'static str, convolutions: &[Convolution]) -> Result<(), ExportError> {
    let reason = "Whisper has two convolutions of three frames, the second in steps of two";
    match convolutions == CONVOLUTIONS {
        true => Ok(()),
        false => Err(ExportError::refused(format, "stem", reason)),
    }
}

pub(crate) fn write(
    model: &Outgoing,
    width: usize,
    convolutions: &[Convolution],
) -> Result<HuggingFace, ExportError> {
    let Some(encoder) = &model.architecture.encoder else {
        return Err(refused("decoder_only", "Whisper has an encoder"));
    };
    check_stem(HUGGING_FACE, convolutions)?;
    let of_encoder = positions(model, HUGGING_FACE)?;
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
        limits.push(write_positions(&mut into, kind, stack, of_encoder)?);
        FORM.map(&mut into, "model.", kind, stack)?;
    }
    if limits[0] != of_encoder && model.sound.is_some() {
        let reason = format!("it is {} positions, and the encoder has learned {}", of_encoder, limits[0]);
        return Err(refused("pad_to", reason));
    }
    options.insert("num_mel_bins".to_owned(), json!(width));
    options.insert("vocab_size".to_owned(), json!(softmax.vocabulary));
    options.insert("max_source_positions".to_owned(), json!(limits[0]));
    options.insert("max_target_positions".to_owned(), json!(limits[1]));
    options.insert("tie_word_embeddings".to_owned(), json!(softmax.tied.is_some()));
    options.insert("scale_embedding".to_owned(), json!(false));
    // A batch is filled up with the end, as Whisper's program does it.
    for option in ["pad_token_id", "bos_token_id"] {
        options.insert(option.to_owned(), json!(model.target.end));
    }
    let config = options::config(model, KIND, "whisper", true, Value::Object(options));
    let tensors = into.finish()?;
    Ok(HuggingFace { kind: KIND, config, tensors, source_offset: 0, without_padding: false })
}

/// The options of decoding: what Whisper is told, and the tokens that it does not write.
pub(crate) fn generation(model: &Outgoing, config: &Value) -> Result<Value, ExportError> {
    let most = config["max_target_positions"].as_u64().map_or(model.positions, |most| most as usize);
    let mut options = options::decoding(model, config, most);
    Told::of(model, HUGGING_FACE)?.say(&mut options);
    options["return_timestamps"] = json!(false);
    options["alignment_heads"] = json!(alignment_heads(model));
    Ok(options)
}

/// The heads of the cross-attention whose weights say when a word is spoken, as layer and head: those of the upper half of
/// the decoder, where nobody has measured which do.
pub(crate) fn alignment_heads(model: &Outgoing) -> Vec<[usize; 2]> {
    let layers = model.architecture.decoder.transformer();
    let Some((layers, cross)) = layers.and_then(|of| Some((of.layers, of.cross_attention?))) else {
        return Vec::new();
    };
    (layers / 2..layers).flat_map(|layer| (0..cross.heads).map(move |head| [layer, head])).collect()
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
fn write_positions(
    into: &mut Disassembly<'_>,
    kind: StackKind,
    stack: &Stack,
    of_encoder: usize,
) -> Result<usize, ExportError> {
    let theirs = format!("model.{}.embed_positions.weight", side(kind));
    match stack.positions {
        Positions::Learned { limit, offset: 0 } => {
            into.same(&theirs, &format!("{}.{}.{}", side(kind), names::POSITIONS, names::TABLE))?;
            Ok(limit)
        }
        Positions::Sinusoidal { layout: WaveLayout::HalfSplitClosed, offset: 0 }
            if kind == StackKind::Encoder =>
        {
            let values = sinusoidal(WaveLayout::HalfSplitClosed, 0..of_encoder, stack.d_model);
            into.put(&theirs, Tensor { shape: vec![of_encoder, stack.d_model], values }, &[]);
            Ok(of_encoder)
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
