//! One forward pass, with all that it carries besides its input: the randomness of dropout, the tensors that are kept
//! of it, and its ablations.

use std::borrow::Cow;
use std::sync::Arc;

use any2any_adapter::{Cancellation, Random, Seed};
use any2any_architecture::StackKind;
use any2any_kernels::Products;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::ablation::Ablations;
use crate::intervention::{self, AttentionEdit, Patch, Stream};
use crate::layer_listener::{self, LayerListener};
use crate::record::{Recorder, Site, SiteRole};
use crate::trace::{Place, Trace};

/// One forward pass.
///
/// Training draws dropout from it; a traced pass collects attention weights, and a recorded one every tensor. A
/// plain evaluation does none of this and pays for none.
#[derive(Debug, Default)]
pub struct Pass {
    dropout: Option<Random>,
    trace: Option<Trace>,
    recorder: Option<Recorder>,
    ablations: Option<Ablations>,
    edits: Vec<AttentionEdit>,
    patches: Vec<Patch>,
    streams: Option<Vec<Stream>>,
    cancellation: Cancellation,
    recomputes: bool,
    listener: Option<Arc<dyn LayerListener>>,
    products: Products,
}

impl Pass {
    /// A pass without dropout.
    pub fn evaluation() -> Self {
        Self::default()
    }

    /// A pass with dropout that depends on the seed and the step alone.
    pub fn training(seed: Seed, step: u64) -> Self {
        Self { dropout: Some(seed.random("dropout", step)), ..Self::default() }
    }

    /// The pass, whose transformer layers keep their inputs alone for the backward pass and are computed again in it.
    #[must_use]
    pub fn recomputing_layers(self) -> Self {
        Self { recomputes: true, ..self }
    }

    /// The pass, whose listener is told the gradients of each layer while the backward pass goes on to those below.
    #[must_use]
    pub fn listened_by(self, listener: Arc<dyn LayerListener>) -> Self {
        Self { listener: Some(listener), ..self }
    }

    /// The pass, whose products with matrices of weights have this arithmetic.
    #[must_use]
    pub fn multiplying_in(self, products: Products) -> Self {
        Self { products, ..self }
    }

    /// The arithmetic of products with matrices of weights.
    pub(crate) fn products(&self) -> Products {
        self.products
    }

    /// A pass without dropout that keeps the attention weights of every layer and head.
    pub fn traced() -> Self {
        Self { trace: Some(Trace::default()), ..Self::default() }
    }

    /// A traced pass that keeps all tensors on their way through the model, too.
    pub fn recorded() -> Self {
        Self { recorder: Some(Recorder::new()), ..Self::traced() }
    }

    /// The pass, hiding positions of the encoder and of the decoder: one list for each row of the batch, or one for
    /// all. A hidden position is embedded as zeros and no attention sees it; one of the decoder only where the whole
    /// target is known.
    #[must_use]
    pub fn hiding(mut self, source: Vec<Vec<usize>>, target: Vec<Vec<usize>>) -> Self {
        let others = self.ablations.unwrap_or_default();
        self.ablations = Some(Ablations { source, target, ..others });
        self
    }

    /// The pass with some heads ablated: their context is zero.
    #[must_use]
    pub fn ablating(mut self, heads: Vec<(Place, usize)>) -> Self {
        let others = self.ablations.unwrap_or_default();
        self.ablations = Some(Ablations { heads, ..others });
        self
    }

    /// The pass with attention weights that are set by hand, in this order.
    #[must_use]
    pub fn editing(self, edits: Vec<AttentionEdit>) -> Self {
        Self { edits, ..self }
    }

    /// The pass with states that are put into the residual streams of its transformer stacks.
    #[must_use]
    pub fn patching(self, patches: Vec<Patch>) -> Self {
        Self { patches, ..self }
    }

    /// The pass, keeping the residual streams of its transformer stacks.
    #[must_use]
    pub fn keeping_streams(self) -> Self {
        Self { streams: Some(Vec::new()), ..self }
    }

    /// The streams that were kept so far, in the order of computation; none are left in the pass.
    pub fn take_streams(&mut self) -> Vec<Stream> {
        self.streams.take().unwrap_or_default()
    }

    /// The pass, until it is given up: no further layer is computed then, and its output means nothing. Whoever
    /// began it looks at the cancellation before taking the output.
    #[must_use]
    pub fn until(self, cancellation: Cancellation) -> Self {
        Self { cancellation, ..self }
    }

    /// True when the pass is given up.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }

    /// The weights and tensors that a traced or recorded pass has kept.
    pub fn into_trace(self) -> Trace {
        let trace = self.trace.unwrap_or_default();
        trace.with_records(self.recorder.map_or_else(Vec::new, |recorder| recorder.records))
    }

    /// True when layers are computed again in the backward pass; a pass that keeps tensors or changes them keeps all.
    pub(crate) fn recomputes(&self) -> bool {
        let keeps = self.trace.is_some() || self.recorder.is_some() || self.streams.is_some();
        let changes = self.ablations.is_some() || !self.edits.is_empty() || !self.patches.is_empty();
        self.recomputes && !keeps && !changes
    }

    /// A pass that draws what this one draws next, and never computes again.
    pub(crate) fn repeated(&self) -> Self {
        Self { dropout: self.dropout.clone(), products: self.products, ..Self::default() }
    }

    /// A layer as the pass goes through it, from its stream and the encoder's states where it reads them, `[batch,
    /// positions, d_model]`.
    pub(crate) fn layer<'a, M: Module>(
        &self,
        layer: &'a M,
        stream: &Tensor<3>,
        encoded: Option<&Tensor<3>>,
    ) -> Cow<'a, M> {
        match &self.listener {
            None => Cow::Borrowed(layer),
            Some(listener) => Cow::Owned(layer_listener::listened(layer, [Some(stream), encoded], listener)),
        }
    }

    /// True when attention weights must be there as a tensor: to be kept, or to be changed.
    pub(crate) fn opens_attention(&self) -> bool {
        self.trace.is_some() || self.ablations.is_some() || !self.edits.is_empty()
    }

    /// The key of the next dropout mask; `None` outside training.
    pub(crate) fn next_mask(&mut self) -> Option<Seed> {
        self.dropout.as_mut().map(Random::fork)
    }

    /// Keeps attention weights, `[batch, heads, queries, keys]`, if this pass is traced.
    pub(crate) fn keep_attention(&mut self, place: Place, weights: &Tensor<4>) {
        if let Some(trace) = &mut self.trace {
            trace.push(place, weights.clone());
        }
        self.record("weights", || weights.clone());
    }

    /// The attention weights of a layer with those that are set by hand, `[batch, heads, queries, keys]` in and out;
    /// `first` is the number of the first query.
    pub(crate) fn edited(&self, place: Place, first: usize, weights: Tensor<4>) -> Tensor<4> {
        intervention::edited(&self.edits, place, first, weights)
    }

    /// A stack's stream behind `depth` of its layers, `[batch, positions, d_model]`, with the states that are put into
    /// it; it is kept if the pass keeps streams.
    pub(crate) fn stream(&mut self, stack: StackKind, depth: usize, states: Tensor<3>) -> Tensor<3> {
        let here = self.patches.iter().filter(|patch| patch.stack == stack && patch.depth == depth);
        let states = here.fold(states, |states, patch| patch.on(states));
        if let Some(streams) = &mut self.streams {
            streams.push(Stream { stack, depth, states: states.clone() });
        }
        states
    }

    /// 0 at the keys that a layer must not see and 1 at the others, `[batch, 1, 1, keys]`; none when it sees all.
    pub(crate) fn key_mask(&self, place: Place, keys: usize, device: &Device) -> Option<Tensor<4>> {
        self.ablations.as_ref()?.key_mask(place, keys, device)
    }

    /// The context of a layer's heads, `[batch, heads, queries, d_head]`, with that of ablated heads set to zero.
    pub(crate) fn mask_heads(&self, place: Place, context: Tensor<4>) -> Tensor<4> {
        let [_, heads, _, _] = context.dims();
        let ablations = self.ablations.as_ref();
        match ablations.and_then(|some| some.head_mask(place, heads, &context.device())) {
            None => context,
            Some(head_mask) => context * head_mask,
        }
    }

    /// The input of a stack, `[batch, positions, d_model]`, with hidden positions set to zero.
    pub(crate) fn embedded(&self, stack: StackKind, input: Tensor<3>) -> Tensor<3> {
        match &self.ablations {
            None => input,
            Some(ablations) => ablations.embedded(stack, input),
        }
    }

    /// True when this pass keeps all tensors.
    pub(crate) fn is_recorded(&self) -> bool {
        self.recorder.is_some()
    }

    /// Says which part of the model comes next.
    pub(crate) fn at(&mut self, stack: StackKind, layer: Option<usize>, role: SiteRole) {
        if let Some(recorder) = &mut self.recorder {
            recorder.site = Site { stack, layer, role };
        }
    }

    /// Keeps a tensor, `[batch, ..]`, if this pass is recorded.
    pub(crate) fn record<const D: usize>(&mut self, name: &'static str, values: impl FnOnce() -> Tensor<D>) {
        if let Some(recorder) = &mut self.recorder {
            recorder.keep(name, values());
        }
    }
}
