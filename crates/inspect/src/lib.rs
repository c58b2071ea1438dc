//! Interpretability of a trained model: attention, activations, attribution, the logit lens, activation patching, beam
//! traces, and ablations of input positions and heads.
//!
//! The interface has no type of burn: sequences go in, arrays come out ([`Array`]). Forward passes use compositions of
//! primitives, whose attention weights can be read, or, for gradients, the backward passes of the fused operations. The
//! model itself is never changed.

mod activations;
mod array;
mod assessment;
mod attribution;
mod beam_trace;
mod explained;
mod input;
mod inspector;
mod lens;
mod parts;
mod patching;
mod source;
mod states;

use any2any_adapter::{FrameCount, Head, Region, Sequence, Value};
use any2any_model::{Pass, write_frames};
use any2any_run::Task;
use any2any_search::log_sum_exp;
use any2any_translate::batch::{self, Batch};
use any2any_translate::{Example, TranslateError};

use input::{Fed, ModelInput};

pub use activations::{Part, PartKind, PartParameter, PartValues};
pub use any2any_architecture::StackKind;
pub use any2any_model::{AttentionChange, AttentionEdit, AttentionKind, Place};
pub use any2any_portable::{BeamTrace, NodeFate, SearchNode};
pub use array::Array;
pub use assessment::{Assessment, Confusion};
pub use attribution::{Attribution, Integral, Method};
pub use explained::Explained;
pub use inspector::Inspector;
pub use lens::{Lens, LensToken};
pub use patching::{Other, PatchEffects};
pub use states::{Neighbour, nearest};

/// Ablations in a forward pass, and attention that is edited by hand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ablations {
    /// Masked source positions, embedded as zeros and hidden from attention as if they were padding. The recurrent part
    /// of an LSTM still takes a step there, over an input of zeros.
    pub masked: Vec<usize>,
    /// Ablated heads, whose context is zero, each with its layer.
    pub ablated: Vec<(Place, usize)>,
    /// Attention weights that are set by hand, in this order. A query that is not written yet stays as it is.
    pub edited: Vec<AttentionEdit>,
}

/// Attention and logits of one forward pass over a source and the target so far.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Look {
    /// The target.
    pub target: Written,
    /// The attention weights of every layer, encoder first, from the first layer to the last.
    pub attention: Vec<Attention>,
    /// The logits behind the first `i` tokens, `[tokens + 1, vocabulary]`; `None` for a task that writes frames.
    ///  In a per-position task, only the end follows the last position.
    pub logits: Option<Array>,
}

/// An opened and encoded source; [`ReadSource::of`] makes it, on any thread.
#[derive(Clone, Debug)]
pub struct ReadSource {
    /// The value, as its medium opened it, or its window; regions are parts of it.
    pub value: Value,
    /// The window that was read, of a source that is read in several.
    pub window: Option<SourceWindow>,
    /// The input of the stem.
    pub sequence: Sequence,
    /// The positions that the encoder sees.
    pub positions: Vec<Position>,
    /// The words that hold pieces unknown to the model.
    pub unknown: Vec<String>,
    /// Warnings about the value, from its medium.
    pub warnings: Vec<String>,
}

/// A window of a source that is read in several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceWindow {
    /// Its number, from 0.
    pub number: usize,
    /// The number of windows.
    pub count: usize,
    /// Its start in the whole source, in seconds.
    pub start: f64,
    /// Its end in the whole source, in seconds.
    pub end: f64,
}

/// A position of the encoder.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Position {
    /// The token's text; `None` for frames.
    pub label: Option<String>,
    /// The position's region in the value.
    pub region: Region,
}

/// The target of a forward pass.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Written {
    /// The value; `None` if the sequence is not whole yet.
    pub value: Option<Value>,
    /// The tokens or frames.
    pub sequence: Sequence,
    /// One position for each token or frame.
    pub positions: Vec<WrittenPosition>,
}

/// A position of the target.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WrittenPosition {
    /// The token; `None` for a frame.
    pub token: Option<u32>,
    /// The token's text; `None` for a frame.
    pub label: Option<String>,
    /// The position's region in the value.
    pub region: Region,
    /// The log-probability of the token after those before it; `None` for a frame.
    pub log_probability: Option<f32>,
}

/// The weights of one attention layer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attention {
    /// The layer.
    pub place: Place,
    /// The weights, `[heads, queries, keys]`; each row sums to one, or to zero if all keys are masked.
    ///  The queries and keys of the decoder are its inputs: the begin token and then every token, or a frame of zeros
    /// and then every frame but the last. In a per-position task they are positions of the source: one for each token,
    /// and for the next as long as there is one.
    pub weights: Array,
}

impl Inspector<'_> {
    /// Runs a forward pass over a source and the tokens so far, without the begin token, and keeps its attention. For a
    /// task that writes frames `tokens` is empty: the model writes the frames first.
    ///
    /// # Errors
    ///
    /// If a source is missing, or a token, position or head does not exist.
    pub fn look(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        tokens: &[u32],
        ablations: &Ablations,
    ) -> Result<Look, TranslateError> {
        self.check_ablations(task, source, ablations)?;
        let given = self.input_or_written(task, source, tokens, ablations)?;
        let mut pass = ablations.on(Pass::traced().until(self.cancellation().clone()));
        let hidden = given.hidden(self.model(), &mut pass);
        self.cancellation().check()?;
        let logits = (!self.model().writes_frames(task.number())).then(|| {
            let logits = Array::of_row(self.model().logits(task.number(), hidden));
            given.with_end(logits)
        });
        let attention = pass.into_trace().attention().iter().map(Attention::new).collect();
        Ok(Look { target: self.written(task, &given.target, logits.as_ref()), attention, logits })
    }

    /// The model's input, or for a task that writes frames, its output as the input.
    fn input_or_written(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        tokens: &[u32],
        ablations: &Ablations,
    ) -> Result<ModelInput, TranslateError> {
        match task.target().head() {
            Some(Head::Regression { width, length }) => {
                self.written_frames(task, source, (width, length), ablations)
            }
            _ => self.given(task, source, tokens),
        }
    }

    /// The frames that the model writes, and the decoder's input for them.
    fn written_frames(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        (width, length): (usize, FrameCount),
        ablations: &Ablations,
    ) -> Result<ModelInput, TranslateError> {
        self.require_own(task)?;
        let source = source.ok_or_else(|| task.source_missing())?;
        if !source.sequence.is_empty() {
            self.require_source_sequence(task, &source.sequence)?;
        }
        let framing = task.framing();
        let batch = batch::sources(&[&source.sequence], framing, self.device());
        let mut pass = ablations.on(self.pass());
        let written =
            batch.map(|batch| write_frames(self.model(), task.number(), batch, width, length, &mut pass));
        self.cancellation().check()?;
        let Some(frames) = written.and_then(|mut rows| rows.pop()) else {
            return Err(TranslateError::Unsupported(
                "there is nothing to read in an empty source".to_owned(),
            ));
        };
        let sequence = Some(source.sequence.clone());
        let example = Example { sample: 0, source: sequence, target: Sequence::Frames(frames) };
        let input = Batch::new(task.number(), [&example], framing).decoder_input(self.device());
        let fed = input.map(|input| Fed::Target(self.model().embed_target(task.number(), input)));
        Ok(ModelInput {
            task: task.number(),
            source: self.embedded(task, Some(source)),
            fed: fed.expect("frames are fed to the decoder"),
            target: example.target,
            end: 0,
        })
    }

    /// The target with the log-probability of each token.
    fn written(&self, task: &Task, sequence: &Sequence, logits: Option<&Array>) -> Written {
        let adapter = task.target();
        // A part of a sequence need not be a value of every medium.
        let decoded = adapter.decode(sequence).ok();
        let regions = decoded.as_ref().map_or(&[][..], |decoded| &decoded.regions);
        let position = |place: usize| {
            let token = sequence.tokens().map(|tokens| tokens[place]);
            WrittenPosition {
                token,
                label: token.map(|token| adapter.show(token)),
                region: regions.get(place).cloned().unwrap_or(Region::Nothing),
                log_probability: token
                    .zip(logits)
                    .map(|(token, logits)| log_probability(logits.row(place), token as usize)),
            }
        };
        let positions = (0..sequence.len()).map(position).collect();
        Written { value: decoded.map(|decoded| decoded.value), sequence: sequence.clone(), positions }
    }
}

impl Ablations {
    /// The pass with these ablations, if there are any.
    fn on(&self, pass: Pass) -> Pass {
        let pass =
            if self.masked.is_empty() { pass } else { pass.hiding(vec![self.masked.clone()], Vec::new()) };
        let pass = if self.ablated.is_empty() { pass } else { pass.ablating(self.ablated.clone()) };
        if self.edited.is_empty() { pass } else { pass.editing(self.edited.clone()) }
    }
}

impl Attention {
    fn new(attention: &any2any_model::AttentionWeights) -> Self {
        Self { place: attention.place, weights: Array::of_row(attention.weights.clone()) }
    }
}

/// The log-probability of a token.
fn log_probability(logits: &[f32], token: usize) -> f32 {
    (f64::from(logits[token]) - log_sum_exp(logits)) as f32
}
