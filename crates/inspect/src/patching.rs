//! Activation patching (Meng et al. 2022, "Locating and Editing Factual Associations in GPT"; Zhang and Nanda 2024,
//! "Towards Best Practices of Activation Patching in Language Models"): states of a pass over one input, put into a
//! pass over another.

use any2any_adapter::Cancelled;
use any2any_architecture::StackKind;
use any2any_model::{EncoderOutput, Pass, Patch, RowSelection, Stream};
use any2any_run::Task;
use any2any_translate::TranslateError;
use burn::tensor::Tensor;

use super::array::Array;
use super::explained::{Explained, Goal};
use super::input::{ModelInput, decoded, wrong};
use super::{Ablations, ReadSource};
use crate::inspector::Inspector;

/// The input whose states are taken.
#[derive(Clone, Copy, Debug)]
pub struct Other<'a> {
    /// The source; `None` for a decoder-only model.
    pub source: Option<&'a ReadSource>,
    /// The tokens before the explained one; the explained token follows the last of them.
    pub tokens: &'a [u32],
}

/// The effects of patches on the explained number.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PatchEffects {
    /// The explained number of the input.
    pub base: f32,
    /// The explained number of the other input.
    pub other: f32,
    /// By how much each patch raises the explained number, `[depths, groups]`. Depth 0 is the embedded input with its
    /// positions.
    pub effect: Array,
    /// By how much it rises when all positions that both inputs have are patched, `[depths]`.
    pub whole: Vec<f32>,
    /// The number of neighbouring positions that are patched together; the last group may be smaller.
    pub group: usize,
    /// The number of positions that both inputs have, from the first: those that are patched.
    pub positions: usize,
}

/// The approximate number of one head's attention weights in a batch of patched variants.
const BATCH_WEIGHTS: usize = 1 << 22;

impl Inspector<'_> {
    /// The effect of states of another input, put into the pass over this one: for every layer of a stack, and every
    /// position or group of neighbours (`groups` at most). Heads are ablated in both passes; positions are masked
    /// and attention is edited in the pass over this input.
    ///
    /// # Errors
    ///
    /// Those of [`attribution`](Self::attribution) for either input, and if the stack is an LSTM or absent.
    pub fn patch_effects(
        &self,
        task: &Task,
        (source, tokens, explained): (Option<&ReadSource>, &[u32], Explained),
        other: Other<'_>,
        (stack, groups): (StackKind, usize),
        ablations: &Ablations,
    ) -> Result<PatchEffects, TranslateError> {
        self.check_ablations(task, source, ablations)?;
        let (given, goal) = self.goal(task, source, tokens, explained)?;
        let of_other = Ablations { masked: Vec::new(), edited: Vec::new(), ..ablations.clone() };
        let written = self.given(task, other.source, other.tokens)?;
        let mut pass = of_other.on(self.pass()).keeping_streams();
        let value = self.value(&written, goal, &mut pass)?;
        let streams: Vec<Stream> =
            pass.take_streams().into_iter().filter(|stream| stream.stack == stack).collect();
        if streams.is_empty() {
            let word = match stack {
                StackKind::Encoder => "encoder",
                StackKind::Decoder => "decoder",
            };
            return Err(wrong(format!(
                "activation patching replaces states of a residual stream, and this model has no {word} with one: \
                 layers of an LSTM share none"
            )));
        }
        let base = self.value(&given, goal, &mut ablations.on(self.pass()))?;
        let width = match stack {
            StackKind::Encoder => given.source.as_ref().map_or(0, |source| source.states.dims()[1]),
            StackKind::Decoder => given.width(),
        };
        let positions = width.min(streams[0].states.dims()[1]);
        let group = positions.div_ceil(groups.max(1)).max(1);
        let mut patched: Vec<Vec<usize>> =
            (0..positions).step_by(group).map(|at| (at..positions.min(at + group)).collect()).collect();
        patched.push((0..positions).collect());
        // A patch of the decoder leaves its encoder as it is.
        let encoded = match (stack, &given.source) {
            (StackKind::Decoder, Some(source)) => {
                self.model().encode_embedded(source.clone(), &mut ablations.on(self.pass()))
            }
            _ => None,
        };
        let (mut effect, mut whole) = (Vec::new(), Vec::new());
        for Stream { depth, states, .. } in &streams {
            let states = fitted(states.clone(), width);
            let patch = |positions: &[Vec<usize>]| Patch {
                stack,
                depth: *depth,
                positions: positions.to_vec(),
                states: states.clone(),
            };
            let mut found = self.patched(&given, goal, (encoded.as_ref(), &patched), &patch, ablations)?;
            found.iter_mut().for_each(|value| *value -= base);
            whole.extend(found.pop());
            effect.extend(found);
        }
        let effect = Array { shape: vec![streams.len(), patched.len() - 1], values: effect };
        Ok(PatchEffects { base, other: value, effect, whole, group, positions })
    }

    /// The explained number of one pass.
    fn value(&self, given: &ModelInput, goal: Goal, pass: &mut Pass) -> Result<f32, Cancelled> {
        let found = goal.values(self.model(), given.task, given.source.clone(), &given.fed, pass);
        self.cancellation().check()?;
        Ok(Array::of_data(found.into_data()).values[0])
    }

    /// The explained number of every patched variant, each a row of a batch; `encoded` is what the encoder makes of the
    /// source, where no patch changes it.
    fn patched(
        &self,
        given: &ModelInput,
        goal: Goal,
        (encoded, variants): (Option<&EncoderOutput>, &[Vec<usize>]),
        patch: &dyn Fn(&[Vec<usize>]) -> Patch,
        ablations: &Ablations,
    ) -> Result<Vec<f32>, Cancelled> {
        let source = given.source.as_ref().map_or(0, |source| source.states.dims()[1]);
        let longest = source.max(given.width());
        let rows = (BATCH_WEIGHTS / (longest * longest).max(1)).max(1);
        let mut found = Vec::with_capacity(variants.len());
        for now in variants.chunks(rows) {
            self.cancellation().check()?;
            let (source, fed) = given.repeated(now.len());
            let pass = &mut ablations.on(self.pass()).patching(vec![patch(now)]);
            let values = match encoded {
                Some(encoded) => {
                    let rows = RowSelection::new(&vec![0; now.len()], self.device());
                    let encoded = encoded.select(&rows);
                    let hidden = decoded(self.model(), given.task, Some(&encoded), &fed, pass);
                    goal.of_hidden(self.model(), given.task, hidden)
                }
                None => goal.values(self.model(), given.task, source, &fed, pass),
            };
            found.extend(Array::of_data(values.into_data()).values);
        }
        Ok(found)
    }
}

/// States with as many positions as the pass that they are put into, `[1, positions, d_model]`; those that are added are in
/// no patch.
fn fitted(states: Tensor<3>, width: usize) -> Tensor<3> {
    let [rows, positions, d_model] = states.dims();
    if positions >= width {
        return states.narrow(1, 0, width);
    }
    let rest = Tensor::zeros([rows, width - positions, d_model], &states.device());
    Tensor::cat(vec![states, rest], 1)
}
