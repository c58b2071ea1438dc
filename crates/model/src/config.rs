//! A model before it has weights: its architecture, its dropout and the scheme of its initial weights.

use any2any_architecture::{Architecture, DropoutRates, Head, Initialization, Layers, Stack, StackKind};

use crate::block::Block;
use crate::decoder::Decoder;
use crate::encoder::Encoder;
use crate::initializer::Initializer;
use crate::lstm::{LstmDecoder, LstmEncoder};
use crate::model::{Model, OutputHead};
use crate::stem::{Entrance, InputStem};
use crate::transformer::TransformerStack;

/// Architecture and training choices of a [`Model`].
#[derive(Clone, Debug)]
pub struct ModelConfig {
    /// The model's architecture.
    pub architecture: Architecture,
    /// The dropout of its parts while it trains.
    pub dropout: DropoutRates,
    /// The scheme of its initial weights.
    pub initialization: Initialization,
}

impl ModelConfig {
    /// A model without dropout, whose weights start as Glorot's.
    pub fn new(architecture: Architecture) -> Self {
        Self { architecture, dropout: DropoutRates::default(), initialization: Initialization::default() }
    }

    /// The model with fresh weights.
    pub fn init(&self, initializer: &Initializer) -> Model {
        let stems = self.architecture.stems.iter().enumerate();
        let stems = stems.map(|(number, stem)| {
            let d_model = self.architecture.stem_width(number);
            InputStem::init(&stem.part, d_model, &initializer.child(format!("stem {number}")))
        });
        self.init_with_stems(stems.collect(), initializer)
    }

    /// The model with fresh weights between entrances of one's own, one for each stem of the architecture.
    pub fn init_with_stems<S: Entrance>(&self, stems: Vec<S>, initializer: &Initializer) -> Model<S> {
        let architecture = &self.architecture;
        let d_model = architecture.decoder.d_model;
        let encoder_width = architecture.encoder.as_ref().map_or(d_model, |encoder| encoder.d_model);
        let deviation = (d_model as f64).powf(-0.5);
        let head = |number: usize, head: &Head| {
            let initializer = initializer.child(format!("head {number}"));
            match *head {
                Head::Softmax { vocabulary, tied, bias, .. } => OutputHead {
                    table: tied.is_none().then(|| initializer.normal([vocabulary, d_model], deviation)),
                    bias: bias.then(|| initializer.child("bias").constant([vocabulary], 0.0)),
                    frames: None,
                },
                Head::Frames { .. } => OutputHead {
                    table: None,
                    bias: None,
                    frames: Some(initializer.linear("frames", d_model, head.outputs(), 1.0)),
                },
            }
        };
        let heads = architecture.heads.iter().enumerate();
        let heads = heads.map(|(number, of)| (of.name.clone(), head(number, &of.part)));
        let alignments = architecture.alignments.iter().enumerate().map(|(number, of)| {
            let initializer = initializer.child(format!("alignment {number}"));
            (of.name.clone(), initializer.linear("softmax", encoder_width, of.part, 1.0))
        });
        let blocks = architecture.encoder_blocks.iter().enumerate().map(|(number, block)| {
            let initializer = initializer.child(format!("encoder block {number}"));
            (number.to_string(), Block::init(block, &initializer))
        });
        let tasks = architecture.tasks.len();
        let body = initializer.child("body");
        Model {
            stems: architecture.stems.iter().map(|stem| stem.name.clone()).zip(stems).collect(),
            encoder_blocks: blocks.collect(),
            heads: heads.collect(),
            alignments: alignments.collect(),
            encoder: architecture.encoder.as_ref().map(|stack| self.encoder(stack, &body.child("encoder"))),
            decoder: self.decoder(&architecture.decoder, encoder_width, &body.child("decoder")),
            task_vectors: (tasks > 1).then(|| initializer.child("tasks").normal([tasks, d_model], 1.0)),
            architecture: architecture.clone(),
        }
    }

    fn encoder(&self, stack: &Stack, initializer: &Initializer) -> Encoder {
        match &stack.layers {
            Layers::Transformer(layers) => {
                let gains = self.initialization.encoder(layers.layers, self.architecture.decoder.layers());
                let kind = StackKind::Encoder;
                let stack =
                    TransformerStack::init((stack, layers), kind, 0, gains, &self.dropout, initializer);
                Encoder::Transformer(stack)
            }
            Layers::Lstm(layers) => {
                Encoder::Lstm(LstmEncoder::init(layers, stack.d_model, self.dropout.residual, initializer))
            }
        }
    }

    /// `d_encoder` is the width of the encoder's output.
    fn decoder(&self, stack: &Stack, d_encoder: usize, initializer: &Initializer) -> Decoder {
        match &stack.layers {
            Layers::Transformer(layers) => {
                let gains = match self.architecture.encoder {
                    Some(_) => self.initialization.decoder(layers.layers),
                    None => self.initialization.decoder_only(layers.layers),
                };
                let kind = StackKind::Decoder;
                let stack = TransformerStack::init(
                    (stack, layers),
                    kind,
                    d_encoder,
                    gains,
                    &self.dropout,
                    initializer,
                );
                Decoder::Transformer(stack)
            }
            Layers::Lstm(layers) => {
                Decoder::Lstm(LstmDecoder::init(layers, stack.d_model, self.dropout.residual, initializer))
            }
        }
    }
}
