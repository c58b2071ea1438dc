//! The decoder: one new position of many hypotheses at a time.

use any2any_kernels::host::forward::memory::Memory;

use crate::attention::{CrossAttention, OwnAttention, Written};
use crate::branch::{Branch, Norm};
use crate::buffers::Buffers;
use crate::error::EngineError;
use crate::feed_forward::FeedForward;
use crate::parameters::Reader;
use crate::positions::{Places, Positions};
use crate::stack::StackConfig;

/// The decoder, with or without attention to an encoder.
#[derive(Debug)]
pub(crate) struct Decoder {
    layers: Vec<Layer>,
    norm: Option<Norm>,
    pub(crate) positions: Positions,
    pub(crate) d_model: usize,
}

#[derive(Debug)]
struct Layer {
    own: OwnAttention,
    own_branch: Branch,
    cross: Option<(CrossAttention, Branch)>,
    feed_forward: FeedForward,
    feed_forward_branch: Branch,
}

/// What the decoder reads of one source: keys and values for each of its layers.
#[derive(Debug)]
pub(crate) struct SourceMemory {
    layers: Vec<Memory>,
}

/// Rows that take one step together.
pub(crate) struct Step<'a> {
    /// What the step's position does to rows.
    pub(crate) places: &'a Places,
    /// For each earlier position the rows of that time, [`row_width`](Decoder::row_width) values each.
    pub(crate) positions: &'a [Vec<f32>],
    /// For each row now, its row at every earlier position.
    pub(crate) ancestors: &'a [u32],
    /// The newest position of each row, which the step writes.
    pub(crate) newest: &'a mut [f32],
    /// The embedded tokens, `[rows, d_model]`, which the step turns into hidden states.
    pub(crate) stream: &'a mut [f32],
    /// For each source, how many consecutive rows read it; empty when there is no encoder.
    pub(crate) sources: &'a [(&'a SourceMemory, usize)],
}

impl Decoder {
    pub(crate) fn read(config: &StackConfig, cross: bool, reader: &Reader<'_>) -> Result<Self, EngineError> {
        let layer = |number: usize| {
            let reader = reader.child("layers").child(number);
            let crossed = || {
                let reader = reader.child("cross");
                let attention = CrossAttention::read(&reader.child("attention"), config.heads)?;
                Ok((attention, config.branch(&reader.child("residual"))?))
            };
            Ok(Layer {
                own: OwnAttention::read(&reader.child("own"), config.heads)?,
                own_branch: config.branch(&reader.child("own_residual"))?,
                cross: cross.then(crossed).transpose()?,
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

    /// Keys and values that one position leaves behind, all layers together.
    pub(crate) fn row_width(&self) -> usize {
        self.layers.len() * 2 * self.d_model
    }

    /// What is read of sources: `states` of all of them, one after the other, each of its own length.
    pub(crate) fn read_sources(
        &self,
        states: &[f32],
        lengths: &[usize],
        buffers: &mut Buffers,
    ) -> Vec<SourceMemory> {
        let mut memories: Vec<SourceMemory> =
            lengths.iter().map(|_| SourceMemory { layers: Vec::with_capacity(self.layers.len()) }).collect();
        for (cross, _) in self.layers.iter().filter_map(|layer| layer.cross.as_ref()) {
            let projected = cross.project(states, lengths, &mut buffers.inner);
            memories.iter_mut().zip(projected).for_each(|(memory, layer)| memory.layers.push(layer));
        }
        memories
    }

    /// Takes one step.
    pub(crate) fn step(&self, step: Step<'_>, buffers: &mut Buffers) {
        let Step { places, positions, ancestors, newest, stream, sources } = step;
        let d_model = self.d_model;
        for row in stream.chunks_exact_mut(d_model) {
            places.add(positions.len(), row);
        }
        let at = (places, self.positions.slopes());
        for (number, layer) in self.layers.iter().enumerate() {
            let written = Written {
                positions,
                ancestors,
                newest,
                row_width: self.row_width(),
                column: number * 2 * d_model,
            };
            layer.own_branch.join(stream, buffers, |input, output, memory| {
                layer.own.newest(input, written, at, output, memory);
            });
            if let Some((cross, branch)) = &layer.cross {
                let memories = sources.iter().map(|(source, rows)| (&source.layers[number], *rows));
                branch.join(stream, buffers, |input, output, memory| {
                    cross.apply(input, memories, output, memory);
                });
            }
            layer.feed_forward_branch.join(stream, buffers, |input, output, memory| {
                layer.feed_forward.apply(input, output, memory);
            });
        }
        if let Some(norm) = &self.norm {
            norm.apply_in_place(stream, buffers);
        }
    }
}
