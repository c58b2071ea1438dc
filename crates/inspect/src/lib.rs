//! A look inside a model at work: what every head attends to, where the probabilities of the next token come
//! from, and what changes when a part of the input or of the model is taken away.
//!
//! Nothing of burn is in this interface: sequences go in, numbers with a shape come out ([`Array`]). Passes here
//! go through primitives, whose attention weights can be seen, or, where gradients are asked for, through the
//! fused operations' own backward passes. The model itself is never changed.

mod activations;
mod array;
mod attribution;
mod beam_trace;
mod input;
mod inspector;
mod parts;
mod source;

use any2any_adapter::{FrameCount, Head, Region, Sequence, Value};
use any2any_core::{Pass, write_frames};
use any2any_run::Task;
use any2any_search::log_sum_exp;
use any2any_translate::batch::{self, Batch};
use any2any_translate::{Example, TranslateError, source_missing};

use input::{Fed, Given};

pub use activations::{Part, PartKind, PartParameter, PartValues};
pub use any2any_architecture::StackKind;
pub use any2any_core::{AttentionKind, Place};
pub use array::Array;
pub use attribution::{Attribution, Explained, Method};
pub use beam_trace::{BeamTrace, NodeFate, SearchNode};
pub use inspector::Inspector;

/// What is taken away before a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ablations {
    /// Positions of the encoder that are embedded as zeros and that no attention sees, as if they were padding.
    /// The recurrent part of an LSTM still takes a step there, over an input of zeros.
    pub masked: Vec<usize>,
    /// Heads whose context is zero, each with its layer.
    pub ablated: Vec<(Place, usize)>,
}

/// What one pass over a source and what was written so far has shown.
#[derive(Clone, Debug)]
pub struct Look {
    /// What was written.
    pub target: Written,
    /// The attention of every layer, encoder first, from the first layer to the last.
    pub attention: Vec<Attention>,
    /// What follows the first `i` tokens, `[tokens + 1, vocabulary]`; none for a task that writes frames.
    ///
    /// Where the target has one token for every position of the source, nothing but the end follows the last.
    pub logits: Option<Array>,
}

/// A source that has been read; [`ReadSource::of`] makes it, on whatever thread.
#[derive(Clone, Debug)]
pub struct ReadSource {
    /// The value, as its medium opened it; regions are parts of it.
    pub value: Value,
    /// What the stem is fed.
    pub sequence: Sequence,
    /// The positions that the encoder sees.
    pub positions: Vec<Position>,
    /// The words that hold pieces unknown to the model.
    pub unknown: Vec<String>,
    /// What is odd about the value, by its medium.
    pub warnings: Vec<String>,
}

/// A position of the encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// How its token is shown; none for frames.
    pub label: Option<String>,
    /// What it covers in the value.
    pub region: Region,
}

/// A target.
#[derive(Clone, Debug)]
pub struct Written {
    /// The value; none when the sequence is not a whole one yet.
    pub value: Option<Value>,
    /// The tokens or frames.
    pub sequence: Sequence,
    /// One for each token or frame.
    pub positions: Vec<WrittenPosition>,
}

/// A position of the target.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenPosition {
    /// Its token; none for a frame.
    pub token: Option<u32>,
    /// How the token is shown; none for a frame.
    pub label: Option<String>,
    /// What it covers in the value.
    pub region: Region,
    /// How probable the token was after those before it; none for a frame.
    pub log_probability: Option<f32>,
}

/// The weights of one attention layer.
#[derive(Clone, Debug)]
pub struct Attention {
    /// Which layer.
    pub place: Place,
    /// The weights, `[heads, queries, keys]`; each row sums to one, or to zero where all keys are masked.
    ///
    /// A query or key of the decoder is what it was fed: the begin token and then every token, or a frame of zeros
    /// and then every frame but the last. Where the target has one token for every position of the source, it
    /// is a position of the source: one for each token, and for the next as long as there is one.
    pub weights: Array,
}

impl Inspector<'_> {
    /// Passes a source and the tokens written so far, without begin, through the model and keeps what it looks at.
    /// A task that writes frames is given no tokens: it writes, and what it wrote is passed through.
    ///
    /// # Errors
    ///
    /// When the task needs a source and is given none, or a token, position or head does not exist.
    pub fn look(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        tokens: &[u32],
        ablations: &Ablations,
    ) -> Result<Look, TranslateError> {
        self.check_ablations(source, ablations)?;
        let given = self.given_or_written(task, source, tokens, ablations)?;
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

    /// What the model is given, or, where it writes frames, what it has written.
    fn given_or_written(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        tokens: &[u32],
        ablations: &Ablations,
    ) -> Result<Given, TranslateError> {
        match task.target().head() {
            Some(Head::Regression { width, length }) => {
                self.written_frames(task, source, (width, length), ablations)
            }
            _ => self.given(task, source, tokens),
        }
    }

    /// What the model writes in frames, and what its decoder is fed to write it.
    fn written_frames(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        (width, length): (usize, FrameCount),
        ablations: &Ablations,
    ) -> Result<Given, TranslateError> {
        let source = source.ok_or_else(|| source_missing(task))?;
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
        Ok(Given {
            task: task.number(),
            source: self.embedded(task, Some(source)),
            fed: fed.expect("frames are fed to the decoder"),
            target: example.target,
            end: 0,
        })
    }

    /// What was written, with the probability of each token.
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
    /// A pass with these ablations; the pass as it is when there are none.
    fn on(&self, pass: Pass) -> Pass {
        let pass =
            if self.masked.is_empty() { pass } else { pass.hiding(vec![self.masked.clone()], Vec::new()) };
        if self.ablated.is_empty() { pass } else { pass.ablating(self.ablated.clone()) }
    }
}

impl Attention {
    fn new(attention: &any2any_core::AttentionWeights) -> Self {
        Self { place: attention.place, weights: Array::of_row(attention.weights.clone()) }
    }
}

/// The logarithm of a token's probability.
fn log_probability(logits: &[f32], token: usize) -> f32 {
    (f64::from(logits[token]) - log_sum_exp(logits)) as f32
}
