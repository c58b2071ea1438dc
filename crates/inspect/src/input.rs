//! Checked and embedded input of a model for an inspection.

use any2any_adapter::{Head, Sequence};
use any2any_architecture::{Architecture, Layers, LstmAttention, StackKind};
use any2any_model::{
    AttentionChange, AttentionEdit, AttentionKind, Embedded, EncoderOutput, IMPOSSIBLE, Model, Pass, Place,
};
use any2any_run::Task;
use any2any_translate::{TranslateError, batch};
use burn::tensor::Tensor;

use super::array::Array;
use super::{Ablations, ReadSource};
use crate::inspector::Inspector;

/// The input of a model, as a batch of one row.
pub(super) struct ModelInput {
    /// Number of the task.
    pub task: usize,
    /// The source; `None` for a decoder-only model.
    pub source: Option<Embedded>,
    pub fed: Fed,
    /// The target so far.
    pub target: Sequence,
    /// The end token.
    pub end: u32,
}

/// The input of the decoder.
#[derive(Clone)]
#[allow(clippy::large_enum_variant)] // one a look
pub(super) enum Fed {
    /// The target so far, embedded, `[1, target, d_model]`.
    Target(Tensor<3>),
    /// The first so many positions of the encoder (a per-position task).
    Source(usize),
}

impl ModelInput {
    /// Hidden states of the decoder's positions, `[1, target, d_model]`.
    pub(super) fn hidden(&self, model: &Model, pass: &mut Pass) -> Tensor<3> {
        hidden(model, self.task, self.source.clone(), &self.fed, pass)
    }

    /// The source and the decoder's input, in so many rows.
    pub(super) fn repeated(&self, rows: usize) -> (Option<Embedded>, Fed) {
        let source = self.source.as_ref().map(|source| Embedded {
            states: source.states.clone().repeat_dim(0, rows),
            lengths: source.lengths.repeat(rows),
        });
        let fed = match &self.fed {
            Fed::Target(target) => Fed::Target(target.clone().repeat_dim(0, rows)),
            Fed::Source(width) => Fed::Source(*width),
        };
        (source, fed)
    }

    /// The number of decoder positions.
    pub(super) fn width(&self) -> usize {
        match &self.fed {
            Fed::Target(target) => target.dims()[1],
            Fed::Source(width) => *width,
        }
    }

    /// Logits with a row behind every token. In a per-position task, only the end follows the last position of the
    /// source.
    pub(super) fn with_end(&self, mut logits: Array) -> Array {
        if logits.rows() <= self.target.len() {
            let from = logits.values.len();
            logits.values.resize(from + logits.shape[1], IMPOSSIBLE);
            logits.values[from + self.end as usize] = 0.0;
            logits.shape[0] += 1;
        }
        logits
    }
}

/// Hidden states of the decoder's positions, `[batch, target, d_model]`.
pub(super) fn hidden(
    model: &Model,
    task: usize,
    source: Option<Embedded>,
    fed: &Fed,
    pass: &mut Pass,
) -> Tensor<3> {
    let encoded = source.and_then(|source| model.encode_embedded(source, pass));
    decoded(model, task, encoded.as_ref(), fed, pass)
}

/// Hidden states of the decoder's positions over what the encoder made of the source, `[batch, target, d_model]`.
pub(super) fn decoded(
    model: &Model,
    task: usize,
    encoded: Option<&EncoderOutput>,
    fed: &Fed,
    pass: &mut Pass,
) -> Tensor<3> {
    match (fed, encoded) {
        (Fed::Target(target), encoded) => model.decode_embedded(task, encoded, target.clone(), pass),
        (Fed::Source(width), Some(encoded)) => model.decode_per_position(task, encoded, *width, pass),
        (Fed::Source(_), None) => unreachable!("a per-position target has a source"),
    }
}

impl Inspector<'_> {
    /// The input for a source and the tokens so far, for a task that writes tokens.
    pub(super) fn given(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        tokens: &[u32],
    ) -> Result<ModelInput, TranslateError> {
        self.require_own(task)?;
        task.require_tokens()?;
        let Some(Head::Softmax { vocabulary, begin, end, .. }) = task.target().head() else {
            unreachable!("only a softmax writes tokens")
        };
        if let Some(token) = tokens.iter().find(|&&token| token as usize >= vocabulary) {
            return Err(wrong(format!("there is no token {token}: the vocabulary has {vocabulary}")));
        }
        if task.source().is_some() {
            let source = source.ok_or_else(|| task.source_missing())?;
            if source.sequence.is_empty() {
                return Err(wrong("there is nothing to read in an empty source".to_owned()));
            }
            self.require_source_sequence(task, &source.sequence)?;
        }
        let fed = match source.and_then(|source| task.labels(source.sequence.len())) {
            Some(width) => {
                if width == 0 || tokens.len() > width {
                    let given = tokens.len();
                    return Err(wrong(format!("{given} tokens for {width} positions of the source")));
                }
                Fed::Source(width.min(tokens.len() + 1))
            }
            None => {
                let row = std::iter::once(begin).chain(tokens.iter().copied());
                let input = self.model().tokens(row.map(|token| token as i32).collect(), 1);
                Fed::Target(self.model().embed_target(task.number(), input))
            }
        };
        Ok(ModelInput {
            task: task.number(),
            source: self.embedded(task, source),
            fed,
            target: Sequence::Tokens(tokens.to_vec()),
            end,
        })
    }

    /// The embedded source; `None` for a decoder-only model.
    pub(super) fn embedded(&self, task: &Task, source: Option<&ReadSource>) -> Option<Embedded> {
        let batch = batch::sources(&[&source?.sequence], task.framing(), self.device())?;
        self.model().embed(task.number(), batch)
    }

    /// Fails if a masked position, a head, or an edited query or key does not exist.
    pub(super) fn check_ablations(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        ablations: &Ablations,
    ) -> Result<(), TranslateError> {
        let positions = source.map_or(0, |source| source.positions.len());
        if let Some(position) = ablations.masked.iter().find(|&&position| position >= positions) {
            return Err(wrong(format!(
                "there is no position {position} to mask: the source has {positions}"
            )));
        }
        let architecture = self.architecture();
        let absent = |place, head| head >= heads(architecture, place);
        if let Some(&(place, head)) = ablations.ablated.iter().find(|&&(place, head)| absent(place, head)) {
            return Err(wrong(format!("there is no head {head} to mute at {place:?}")));
        }
        for AttentionEdit { place, head, change } in &ablations.edited {
            if absent(*place, *head) {
                return Err(wrong(format!("there is no head {head} to edit at {place:?}")));
            }
            let reads_source =
                (place.stack, place.kind) != (StackKind::Decoder, AttentionKind::SelfAttention);
            let queries = (place.stack == StackKind::Encoder).then_some(positions);
            check_change(change, reads_source.then_some(positions), queries)?;
            let is_row = matches!(change, AttentionChange::Row { .. });
            if is_row && place.stack == StackKind::Decoder && self.model().writes_frames(task.number()) {
                return Err(wrong(
                    "weights of a decoder's query are set where tokens are written: frames are written one \
                     after the other, and the queries change with them; silence a key of the head instead"
                        .to_owned(),
                ));
            }
        }
        Ok(())
    }
}

/// Fails if the weights are none, or the source has no such query or key; `keys` are the source's positions where the layer
/// attends to the source, and `queries` where it reads the source too.
fn check_change(
    change: &AttentionChange,
    keys: Option<usize>,
    queries: Option<usize>,
) -> Result<(), TranslateError> {
    match change {
        AttentionChange::Row { query, .. } if queries.is_some_and(|queries| *query >= queries) => {
            let positions = keys.unwrap_or(0);
            Err(wrong(format!("there is no query {query} to edit: the source has {positions} positions")))
        }
        AttentionChange::Row { query, weights } => {
            if let Some(weight) = weights.iter().find(|weight| !(weight.is_finite() && **weight >= 0.0)) {
                return Err(wrong(format!("a weight of attention is 0 or more, and {weight} is given")));
            }
            // A decoder's query sees the positions up to its own.
            let most = keys.unwrap_or(query + 1);
            if weights.len() > most {
                let given = weights.len();
                return Err(wrong(format!("{given} weights are given for the {most} keys of query {query}")));
            }
            Ok(())
        }
        AttentionChange::Silence { key } => match keys {
            Some(keys) if *key >= keys => {
                Err(wrong(format!("there is no key {key} to silence: the source has {keys} positions")))
            }
            _ => Ok(()),
        },
    }
}

/// The number of heads at a place; 0 if there is no such place.
fn heads(architecture: &Architecture, place: Place) -> usize {
    let Some(stack) = architecture.stack(place.stack) else { return 0 };
    let (layers, heads) = match (&stack.layers, place.kind) {
        (Layers::Transformer(layers), kind) => {
            let attention = match kind {
                AttentionKind::SelfAttention => stack.self_attention(),
                AttentionKind::CrossAttention => layers.cross_attention.as_ref(),
            };
            (layers.layers, attention.map_or(0, |attention| attention.heads))
        }
        (Layers::Lstm(lstm), AttentionKind::CrossAttention) => {
            (1, usize::from(lstm.attention != LstmAttention::None))
        }
        (Layers::Lstm(_), AttentionKind::SelfAttention) => (0, 0),
    };
    if place.layer < layers { heads } else { 0 }
}

pub(super) fn wrong(reason: String) -> TranslateError {
    TranslateError::Unsupported(reason)
}
