//! The decoder: one new position of many hypotheses at a time.

use any2any_architecture::{Mixer, Stack, StackKind, TransformerLayers, names};
use any2any_kernels::host::decode::key_values::KeyValues;

use crate::attention::{CrossAttention, LayerCache, SelfAttention};
use crate::buffers::{Buffers, InnerBuffers};
use crate::ends::Ends;
use crate::error::EngineError;
use crate::feed_forward::FeedForward;
use crate::look::Place;
use crate::parameters::Reader;
use crate::position_encoding::EncodedPositions;
use crate::residual::Residual;
use crate::ssru::Ssru;

/// The decoder, with or without attention to an encoder.
#[derive(Debug)]
pub(crate) struct Decoder {
    layers: Vec<Layer>,
    pub(crate) ends: Ends,
}

#[derive(Debug)]
struct Layer {
    mixer: SequenceMixer,
    mixer_residual: Residual,
    cross: Option<(CrossAttention, Residual)>,
    feed_forward: FeedForward,
    feed_forward_residual: Residual,
}

/// The sub-layer that mixes a position with earlier ones.
#[derive(Debug)]
enum SequenceMixer {
    SelfAttention(SelfAttention),
    Ssru(Ssru),
}

impl SequenceMixer {
    /// The width of a row of the cache: the values that one position leaves behind.
    fn row_width(&self) -> usize {
        match self {
            Self::SelfAttention(attention) => attention.row_width(),
            Self::Ssru(ssru) => ssru.row_width(),
        }
    }

    /// One new position of each row, `[rows, d_model]`.
    fn newest(
        &self,
        input: &[f32],
        cache: LayerCache<'_>,
        encoded: (&EncodedPositions, Place),
        output: &mut [f32],
        buffers: &mut InnerBuffers,
    ) {
        match self {
            Self::SelfAttention(attention) => attention.newest(input, cache, encoded, output, buffers),
            Self::Ssru(ssru) => ssru.newest(input, cache, output, buffers),
        }
    }
}

/// Keys and values of one source, for the cross-attention of each layer.
#[derive(Debug)]
pub(crate) struct SourceKeyValues {
    layers: Vec<KeyValues>,
}

/// Rows that take one step together.
pub(crate) struct Step<'a> {
    /// The encoding of the step's position.
    pub(crate) encoded: &'a EncodedPositions,
    /// For each earlier position the rows of that time, `[rows, row_width]` each.
    pub(crate) positions: &'a [Vec<f32>],
    /// For each row now, its row at every earlier position, `[rows, positions]`.
    pub(crate) ancestors: &'a [u32],
    /// The newest position of each row, which the step writes, `[rows, row_width]`.
    pub(crate) newest: &'a mut [f32],
    /// The embedded tokens, `[rows, d_model]`, which the step turns into hidden states.
    pub(crate) stream: &'a mut [f32],
    /// Each source with the number of consecutive rows that read it; empty when there is no encoder.
    pub(crate) sources: &'a [(&'a SourceKeyValues, usize)],
}

impl Decoder {
    /// Reads the decoder; the encoder's output is `d_encoder` wide.
    pub(crate) fn read(
        stack: &Stack,
        layers: &TransformerLayers,
        d_encoder: usize,
        reader: &Reader<'_>,
    ) -> Result<Self, EngineError> {
        let d_model = stack.d_model;
        let layer = |number: usize| {
            let reader = reader.child(names::LAYERS).child(number);
            let residual = |name| Residual::read(layers, name, &reader, d_model);
            let (mixer, name) = match &layers.mixer {
                Mixer::SelfAttention(heads) => {
                    let reader = reader.child(names::SELF_ATTENTION);
                    let attention = SelfAttention::read(&reader, heads, d_model)?;
                    (SequenceMixer::SelfAttention(attention), names::SELF_ATTENTION)
                }
                Mixer::Ssru => {
                    (SequenceMixer::Ssru(Ssru::read(&reader.child(names::SSRU), d_model)?), names::SSRU)
                }
            };
            let cross = |heads| {
                let reader = reader.child(names::CROSS_ATTENTION);
                let attention = CrossAttention::read(&reader, heads, [d_model, d_encoder])?;
                Ok((attention, residual(names::CROSS_ATTENTION)?))
            };
            Ok(Layer {
                mixer,
                mixer_residual: residual(name)?,
                cross: layers.cross_attention.as_ref().map(cross).transpose()?,
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
            ends: Ends::read(stack, StackKind::Decoder, reader)?,
        })
    }

    /// The width of a row of the cache, all layers together.
    pub(crate) fn row_width(&self) -> usize {
        self.layers.iter().map(|layer| layer.mixer.row_width()).sum()
    }

    /// Projects keys and values of sources, whose states, `[rows, d_encoder]`, stand one after the other; lengths:
    /// `[batch]`.
    pub(crate) fn read_sources(
        &self,
        states: &[f32],
        lengths: &[usize],
        buffers: &mut Buffers,
    ) -> Vec<SourceKeyValues> {
        let mut sources: Vec<SourceKeyValues> = lengths
            .iter()
            .map(|_| SourceKeyValues { layers: Vec::with_capacity(self.layers.len()) })
            .collect();
        for (cross, _) in self.layers.iter().filter_map(|layer| layer.cross.as_ref()) {
            let projected = cross.project(states, lengths, &mut buffers.inner);
            sources.iter_mut().zip(projected).for_each(|(source, layer)| source.layers.push(layer));
        }
        sources
    }

    /// Takes one step.
    pub(crate) fn step(&self, step: Step<'_>, buffers: &mut Buffers) {
        let Step { encoded, positions, ancestors, newest, stream, sources } = step;
        self.ends.enter(stream, std::iter::repeat(positions.len()), encoded, buffers);
        let (row_width, mut column) = (self.row_width(), 0);
        for (number, layer) in self.layers.iter().enumerate() {
            let cache = LayerCache { positions, ancestors, newest, row_width, column };
            let place = |cross| Place { stack: StackKind::Decoder, layer: number, cross };
            layer.mixer_residual.join(stream, buffers, |input, output, buffers| {
                layer.mixer.newest(input, cache, (encoded, place(false)), output, buffers);
            });
            column += layer.mixer.row_width();
            if let Some((cross, residual)) = &layer.cross {
                let sources = sources.iter().map(|(source, rows)| (&source.layers[number], *rows));
                residual.join(stream, buffers, |input, output, buffers| {
                    cross.apply(input, (sources, place(true)), output, buffers);
                });
            }
            layer.feed_forward_residual.join(stream, buffers, |input, output, buffers| {
                layer.feed_forward.apply(input, output, buffers);
            });
        }
        self.ends.leave(stream, buffers);
    }
}
