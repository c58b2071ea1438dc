//! Activations of the model in one forward pass, by the boxes of the Transformer's figure.

use any2any_architecture::StackKind;
use any2any_model::{Pass, Record, Site};
use any2any_run::Task;
use any2any_translate::TranslateError;
use burn::tensor::{Tensor, activation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::array::Array;
use super::input::Fed;
use super::parts::Names;
use super::{Ablations, ReadSource};
use crate::inspector::Inspector;

/// A box of the figure.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Part {
    /// The identifier: `encoder.0.attention`.
    pub id: String,
    /// A title for people: `Self-attention`.
    pub name: String,
    /// The box's operation.
    pub kind: PartKind,
    /// The box's stack; `None` for the exit.
    pub stack: Option<StackKind>,
    /// The layer of that stack, from 0; `None` before and after the layers.
    pub layer: Option<usize>,
    /// The activations, in the order of computation.
    pub values: Vec<PartValues>,
    /// The learned parameters.
    pub parameters: Vec<PartParameter>,
}

/// The operation of a box of the figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PartKind {
    /// An embedding, from tokens or frames to vectors.
    Embedding,
    /// Positions, which carry the order of a sequence.
    Positions,
    /// Attention, of a transformer or of an LSTM's decoder.
    Attention,
    /// The sum with the residual, and its normalisation.
    AddNorm,
    /// A feed-forward block.
    FeedForward,
    /// A layer of LSTM cells.
    Cells,
    /// A linear layer, from the last vectors to logits or frames.
    Linear,
    /// The softmax, from logits to probabilities.
    Softmax,
}

/// An activation of a box.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PartValues {
    /// The name of the activation: `query`.
    pub name: String,
    /// The values, `[positions, d_model]`, or `[heads, positions, d_head]` inside attention.
    pub array: Array,
}

/// A parameter of a box; [`Inspector::parameter`] gives its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct PartParameter {
    /// The parameter's name in the model.
    pub name: String,
    /// The parameter's shape.
    pub shape: Vec<usize>,
}

impl Inspector<'_> {
    /// All boxes of the figure with the activations of one forward pass with ablations, in the order of computation. For a task that
    /// writes frames `tokens` is empty, as in [`look`](Self::look).
    ///
    /// # Errors
    ///
    /// Those of [`look`](Self::look).
    pub fn machine(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        tokens: &[u32],
        ablations: &Ablations,
    ) -> Result<Vec<Part>, TranslateError> {
        self.check_ablations(task, source, ablations)?;
        let given = self.input_or_written(task, source, tokens, ablations)?;
        let names = Names::new(self, task.number());
        let mut pass = ablations.on(Pass::recorded().until(self.cancellation().clone()));
        let hidden = given.hidden(self.model(), &mut pass);
        self.cancellation().check()?;
        let trace = pass.into_trace();
        let (encoder, decoder): (Vec<&Record>, Vec<&Record>) =
            trace.records().iter().partition(|record| record.site.stack == StackKind::Encoder);

        let mut parts = Vec::new();
        if let Some(source) = given.source {
            parts.push(names.embedding(StackKind::Encoder, one("embedded", source.states)));
            parts.extend(names.parts(&encoder));
        }
        if let Fed::Target(target) = given.fed {
            parts.push(names.embedding(StackKind::Decoder, one("embedded", target)));
        }
        parts.extend(names.parts(&decoder));
        if self.model().writes_frames(task.number()) {
            parts.push(names.linear(one("frames", self.model().frames(task.number(), hidden))));
        } else {
            let logits = self.model().logits(task.number(), hidden);
            parts.push(names.linear(one("logits", logits.clone())));
            parts.push(names.softmax(one("probabilities", activation::softmax(logits, 2))));
        }
        Ok(parts)
    }

    /// The values of a parameter by its name; `None` if the model has none of this name.
    pub fn parameter(&self, name: &str) -> Option<Array> {
        let weights = any2any_run::parameters::find(self.model(), name)?;
        Some(Array { shape: weights.shape, values: weights.values })
    }
}

/// The only activation of a box.
fn one(name: &str, values: Tensor<3>) -> Vec<PartValues> {
    vec![PartValues { name: name.to_owned(), array: Array::of_row(values) }]
}

/// The records of one site as activations, in the order of computation. Records of single steps are joined to one
/// sequence. What was kept step by step is one sequence again.
pub(super) fn values(records: &[&Record], site: Site) -> Vec<PartValues> {
    let mut all: Vec<PartValues> = Vec::new();
    for record in records.iter().filter(|record| record.site == site) {
        let mut array = Array::of_data(record.values.clone());
        array.shape.remove(0);
        match all.iter_mut().find(|values| values.name == record.name) {
            None => all.push(PartValues { name: record.name.to_owned(), array }),
            Some(before) => {
                before.array.values.extend(array.values);
                before.array.shape[0] += array.shape[0];
            }
        }
    }
    all
}
