//! The encoder: sequences of all lengths, one after the other in the same rows, without padding.

use any2any_adapter::Cancellation;
use any2any_architecture::{Attention, Stack, StackKind, TransformerLayers, names};

use crate::attention::SelfAttention;
use crate::branch::{Branch, Norm};
use crate::buffers::Buffers;
use crate::error::EngineError;
use crate::feed_forward::FeedForward;
use crate::parameters::Reader;
use crate::positions::Positions;

/// The encoder.
#[derive(Debug)]
pub(crate) struct Encoder {
    layers: Vec<Layer>,
    norm: Option<Norm>,
    embedding_norm: Option<Norm>,
    positions: Positions,
    pub(crate) d_model: usize,
}

#[derive(Debug)]
struct Layer {
    self_attention: SelfAttention,
    self_attention_branch: Branch,
    feed_forward: FeedForward,
    feed_forward_branch: Branch,
}

impl Encoder {
    pub(crate) fn read(
        stack: &Stack,
        (layers, heads): (&TransformerLayers, &Attention),
        reader: &Reader<'_>,
    ) -> Result<Self, EngineError> {
        let d_model = stack.d_model;
        let layer = |number: usize| {
            let reader = reader.child(names::LAYERS).child(number);
            let branch = |name| Branch::read(layers, name, &reader, d_model);
            Ok(Layer {
                self_attention: SelfAttention::read(&reader.child(names::SELF_ATTENTION), heads, d_model)?,
                self_attention_branch: branch(names::SELF_ATTENTION)?,
                feed_forward: FeedForward::read(
                    &reader.child(names::FEED_FORWARD),
                    &layers.feed_forward,
                    d_model,
                )?,
                feed_forward_branch: branch(names::FEED_FORWARD)?,
            })
        };
        Ok(Self {
            layers: (0..layers.layers).map(layer).collect::<Result<_, _>>()?,
            norm: Norm::read_any(stack.final_norm.as_ref(), &reader.child(names::FINAL_NORM), d_model)?,
            embedding_norm: Norm::read_any(
                stack.embedding_norm.as_ref(),
                &reader.child(names::EMBEDDING_NORM),
                d_model,
            )?,
            positions: Positions::read(stack, StackKind::Encoder, reader)?,
            d_model,
        })
    }

    /// Turns embedded positions into states, `[rows, d_model]`.
    pub(crate) fn apply(
        &self,
        stream: &mut [f32],
        lengths: &[usize],
        cancellation: &Cancellation,
        buffers: &mut Buffers,
    ) {
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let places = self.positions.places(0..longest);
        let positions = lengths.iter().flat_map(|&length| 0..length);
        for (position, row) in positions.zip(stream.chunks_exact_mut(self.d_model)) {
            places.add(position, row);
        }
        if let Some(norm) = &self.embedding_norm {
            norm.apply_in_place(stream, buffers);
        }
        for layer in &self.layers {
            if cancellation.is_cancelled() {
                break;
            }
            layer.self_attention_branch.join(stream, buffers, |input, output, memory| {
                layer.self_attention.sequences(input, lengths, &places, output, memory);
            });
            layer.feed_forward_branch.join(stream, buffers, |input, output, memory| {
                layer.feed_forward.apply(input, output, memory);
            });
        }
        if let Some(norm) = &self.norm {
            norm.apply_in_place(stream, buffers);
        }
    }
}
