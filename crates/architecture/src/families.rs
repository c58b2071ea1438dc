//! Small architectures of well-known families, each with its peculiarities, for tests of model and engine.

use crate::activation::Activation;
use crate::architecture::{Architecture, Entry, TaskParts};
use crate::attention::Attention;
use crate::feed_forward::FeedForward;
use crate::head::Head;
use crate::norm::{Norm, NormPlacement};
use crate::positions::{Positions, WaveLayout};
use crate::stack::Stack;
use crate::stem::Stem;
use crate::transformer::{Mixer, TransformerLayers};

const D_MODEL: usize = 16;

impl Architecture {
    /// One task from tokens to tokens of a vocabulary, whose softmax is tied to the embeddings of targets;
    /// without an encoder a language model. Where both stacks are of one width, they share the embeddings.
    pub fn of_text(encoder: Option<Stack>, decoder: Stack, vocabulary: usize) -> Self {
        let width = decoder.d_model;
        let mut stems = vec![Entry::new("text.target", Stem::lookup(vocabulary, width))];
        let source = encoder.as_ref().map(|encoder| {
            if encoder.d_model == width {
                return 0;
            }
            stems.push(Entry::new("text.source", Stem::lookup(vocabulary, encoder.d_model)));
            1
        });
        Self {
            encoder,
            decoder,
            stems,
            encoder_blocks: Vec::new(),
            heads: vec![Entry::new("text.target", Head::softmax(vocabulary, Some(0)))],
            alignments: Vec::new(),
            tasks: vec![TaskParts { name: "text".to_owned(), source, target: 0, head: 0, alignment: None }],
        }
    }

    /// Small models of the families that an architecture can be of, by name.
    pub fn families(vocabulary: usize) -> Vec<(&'static str, Self)> {
        let stack = |layers| Stack::of_transformer(D_MODEL, 24, 4, layers);
        vec![
            ("bart", with_output_bias(text(bart(stack(2)), bart(stack(2)).attending(), vocabulary))),
            (
                "bergamot",
                with_output_bias(text(marian(stack(2)), ssru(marian(stack(2)).attending()), vocabulary)),
            ),
            ("gpt", without_scale(Self::of_text(None, gpt(stack(2)), vocabulary))),
            ("m2m_100", text(m2m_100(stack(2)), m2m_100(stack(2)).attending(), vocabulary)),
            ("marian", with_output_bias(text(marian(stack(2)), marian(stack(2)).attending(), vocabulary))),
            ("ssru language model", Self::of_text(None, ssru(stack(2)), vocabulary)),
            ("t5", t5(vocabulary)),
            (
                "unequal widths",
                text(
                    Stack::of_transformer(24, 20, 3, 2),
                    wide_cross_attention(stack(2).attending()),
                    vocabulary,
                ),
            ),
            ("vision encoder-decoder", vision(vocabulary)),
            ("whisper", whisper(stack(2), vocabulary)),
        ]
    }
}

fn text(encoder: Stack, decoder: Stack, vocabulary: usize) -> Architecture {
    Architecture::of_text(Some(encoder), decoder, vocabulary)
}

/// Embeddings as they stand in their table.
fn without_scale(mut architecture: Architecture) -> Architecture {
    for stem in &mut architecture.stems {
        if let Stem::Lookup { scale, .. } = &mut stem.part {
            *scale = 1.0;
        }
    }
    architecture
}

fn with_output_bias(mut architecture: Architecture) -> Architecture {
    if let Head::Softmax { bias, .. } = &mut architecture.heads[0].part {
        *bias = true;
    }
    architecture
}

/// Lewis et al. 2020: learned positions from the third vector on, a normalisation of embeddings, norms after sums.
fn bart(stack: Stack) -> Stack {
    let stack = stack.normalised(NormPlacement::Post).with(|layers| activate(layers, Activation::Gelu));
    Stack {
        positions: Positions::Learned { limit: 34, offset: 2 },
        embedding_norm: Some(Norm::LAYER),
        ..stack
    }
}

/// Junczys-Dowmunt et al. 2018: sinusoidal positions in halves, norms after sums, SiLU.
fn marian(stack: Stack) -> Stack {
    let stack = stack.normalised(NormPlacement::Post).with(|layers| activate(layers, Activation::Silu));
    Stack { positions: Positions::Sinusoidal { layout: WaveLayout::HalfSplit, offset: 0 }, ..stack }
}

/// Fan et al. 2021: sinusoidal positions in halves with both ends, from the third on.
fn m2m_100(stack: Stack) -> Stack {
    Stack { positions: Positions::Sinusoidal { layout: WaveLayout::HalfSplitClosed, offset: 2 }, ..stack }
}

/// Kim et al. 2019: a decoder that reads what it wrote by recurrence.
fn ssru(stack: Stack) -> Stack {
    stack.with(|layers| layers.mixer = Mixer::Ssru)
}

/// Radford et al. 2019: learned positions, GELU by the hyperbolic tangent.
fn gpt(stack: Stack) -> Stack {
    let stack = stack.with(|layers| activate(layers, Activation::GeluTanh));
    Stack { positions: Positions::Learned { limit: 32, offset: 0 }, ..stack }
}

/// Radford et al. 2022: keys without a bias, an encoder with sinusoidal positions, a decoder with learned ones.
fn whisper(stack: Stack, vocabulary: usize) -> Architecture {
    let change = |stack: Stack, positions| {
        let stack = stack.with(|layers| {
            activate(layers, Activation::Gelu);
            change_attention(layers, |attention| attention.key_bias = false);
        });
        Stack { positions, ..stack }
    };
    let sinusoidal = Positions::Sinusoidal { layout: WaveLayout::HalfSplitClosed, offset: 0 };
    let encoder = change(stack.clone(), sinusoidal);
    let decoder = change(stack.attending(), Positions::Learned { limit: 32, offset: 0 });
    without_scale(text(encoder, decoder, vocabulary))
}

/// Li et al. 2021, "TrOCR": patches behind a class token and a distillation token (Touvron et al. 2021, "DeiT"), of whose
/// attention queries, keys and values have no bias; a narrower decoder with norms after sums.
fn vision(vocabulary: usize) -> Architecture {
    let encoder = Stack::of_transformer(20, 24, 2, 2).with(|layers| {
        activate(layers, Activation::Gelu);
        change_attention(layers, |attention| {
            *attention =
                Attention { query_bias: false, key_bias: false, value_bias: false, ..Attention::new(20, 2) };
        });
    });
    let encoder = Stack { positions: Positions::Learned { limit: 22, offset: 0 }, ..encoder };
    let decoder = bart(Stack::of_transformer(D_MODEL, 24, 4, 2)).attending();
    let mut architecture = text(encoder, decoder, vocabulary);
    architecture.stems[1].part = Stem::ClassTokens { width: 12, tokens: 2 };
    architecture
}

/// Raffel et al. 2020, version 1.1: relative positions, RMSNorm, a gated activation, heads wider than `d_model` by
/// their number, scores that are not scaled, no bias anywhere.
fn t5(vocabulary: usize) -> Architecture {
    let stack = |stack: Stack| Stack {
        positions: Positions::Relative { buckets: 8, max_distance: 20 },
        final_norm: Some(Norm::RMS),
        ..stack.with(|layers| {
            layers.norm = Norm::RMS;
            layers.feed_forward = FeedForward { d_ff: 20, activation: Activation::Geglu, bias: false };
            change_attention(layers, |attention| {
                *attention = Attention {
                    heads: 3,
                    d_head: 6,
                    query_bias: false,
                    key_bias: false,
                    value_bias: false,
                    output_bias: false,
                    scaled: false,
                };
            });
        })
    };
    let plain = Stack::of_transformer(D_MODEL, 20, 4, 2);
    let mut architecture = text(stack(plain.clone()), stack(plain.attending()), vocabulary);
    architecture.heads[0].part =
        Head::Softmax { vocabulary, tied: Some(0), bias: false, scale: (D_MODEL as f64).powf(-0.5) };
    without_scale(architecture)
}

/// Cross-attention with fewer and wider heads than self-attention.
fn wide_cross_attention(stack: Stack) -> Stack {
    stack.with(|layers| layers.cross_attention = Some(Attention { d_head: 10, ..Attention::new(D_MODEL, 2) }))
}

fn activate(layers: &mut TransformerLayers, activation: Activation) {
    layers.feed_forward.activation = activation;
}

fn change_attention(layers: &mut TransformerLayers, change: impl Fn(&mut Attention)) {
    if let Mixer::SelfAttention(attention) = &mut layers.mixer {
        change(attention);
    }
    if let Some(attention) = &mut layers.cross_attention {
        change(attention);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_sound_and_survive_json() {
        for (name, architecture) in Architecture::families(19) {
            architecture.check().unwrap_or_else(|error| panic!("{name}: {error}"));
            let json = serde_json::to_string(&architecture).expect("plain data");
            let read: Architecture = serde_json::from_str(&json).expect("its own words");
            assert_eq!(read.difference(&architecture), None, "{name}");
            assert_eq!(read, architecture, "{name}");
            let mut names: Vec<_> = architecture.parameters().into_iter().map(|of| of.name).collect();
            let count = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), count, "{name}: a name for each parameter");
        }
    }
}
