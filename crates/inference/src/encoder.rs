//! The encoder: sequences of all lengths, one after the other in the same rows, without padding.

use any2any_adapter::Cancellation;

use crate::attention::OwnAttention;
use crate::branch::{Branch, Norm};
use crate::buffers::Buffers;
use crate::error::EngineError;
use crate::feed_forward::FeedForward;
use crate::parameters::Reader;
use crate::positions::Positions;
use crate::stack::StackConfig;

/// The encoder.
#[derive(Debug)]
pub(crate) struct Encoder {
    layers: Vec<Layer>,
    norm: Option<Norm>,
    positions: Positions,
    d_model: usize,
}

#[derive(Debug)]
struct Layer {
    attention: OwnAttention,
    attention_branch: Branch,
    feed_forward: FeedForward,
    feed_forward_branch: Branch,
}

impl Encoder {
    pub(crate) fn read(config: &StackConfig, reader: &Reader<'_>) -> Result<Self, EngineError> {
        let layer = |number: usize| {
            let reader = reader.child("layers").child(number);
            Ok(Layer {
                attention: OwnAttention::read(&reader.child("attention"), config.heads)?,
                attention_branch: config.branch(&reader.child("attention_residual"))?,
                feed_forward: config.feed_forward(&reader.child("feed_forward"))?,
                feed_forward_branch: config.branch(&reader.child("feed_forward_residual"))?,
            })
        };
        Ok(Self {
            layers: (0..config.layers).map(layer).collect::<Result<_, _>>()?,
            norm: config.norm(reader)?,
            positions: config.positions(reader)?,
            d_model: config.heads.d_model,
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
        let at = (&places, self.positions.slopes());
        for layer in &self.layers {
            if cancellation.is_cancelled() {
                break;
            }
            layer.attention_branch.join(stream, buffers, |input, output, memory| {
                layer.attention.sequences(input, lengths, at, output, memory);
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
