//! The encoder: sequences of all lengths, one after the other in the same rows, without padding.

use any2any_adapter::Cancellation;
use any2any_architecture::{Attention, Stack, StackKind, TransformerLayers, names};

use crate::attention::SelfAttention;
use crate::buffers::Buffers;
use crate::ends::Ends;
use crate::error::EngineError;
use crate::feed_forward::FeedForward;
use crate::look::Place;
use crate::parameters::Reader;
use crate::residual::Residual;

/// The encoder.
#[derive(Debug)]
pub(crate) struct Encoder {
    layers: Vec<Layer>,
    pub(crate) ends: Ends,
}

#[derive(Debug)]
struct Layer {
    self_attention: SelfAttention,
    self_attention_residual: Residual,
    feed_forward: FeedForward,
    feed_forward_residual: Residual,
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
            let residual = |name| Residual::read(layers, name, &reader, d_model);
            Ok(Layer {
                self_attention: SelfAttention::read(&reader.child(names::SELF_ATTENTION), heads, d_model)?,
                self_attention_residual: residual(names::SELF_ATTENTION)?,
                feed_forward: FeedForward::read(
                    &reader.child(names::FEED_FORWARD),
                    &layers.feed_forward,
                    d_model,
                )?,
                feed_forward_residual: residual(names::FEED_FORWARD)?,
            })
        };
        Ok(Self {
            layers: (0..layers.layers).map(layer).collect::<Result<_, _>>()?,
            ends: Ends::read(stack, StackKind::Encoder, reader)?,
        })
    }

    /// Turns embedded positions of sequences, one after the other, into states, `[rows, d_model]`; lengths: `[batch]`.
    pub(crate) fn apply(
        &self,
        stream: &mut [f32],
        lengths: &[usize],
        cancellation: &Cancellation,
        buffers: &mut Buffers,
    ) {
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let encoded = self.ends.positions.encode(0..longest);
        if let Some(look) = &buffers.inner.look {
            let hidden = look.ablations.hidden.iter().copied();
            hidden.for_each(|position| {
                let row = stream.chunks_exact_mut(self.ends.d_model).nth(position);
                row.into_iter().for_each(|row| row.fill(0.0));
            });
        }
        let positions = lengths.iter().flat_map(|&length| 0..length);
        self.ends.enter(stream, positions, &encoded, buffers);
        for (number, layer) in self.layers.iter().enumerate() {
            let place = Place { stack: StackKind::Encoder, layer: number, cross: false };
            if cancellation.is_cancelled() {
                break;
            }
            layer.self_attention_residual.join(stream, buffers, |input, output, buffers| {
                layer.self_attention.sequences(input, lengths, (&encoded, place), output, buffers);
            });
            layer.feed_forward_residual.join(stream, buffers, |input, output, buffers| {
                layer.feed_forward.apply(input, output, buffers);
            });
        }
        self.ends.leave(stream, buffers);
    }
}
