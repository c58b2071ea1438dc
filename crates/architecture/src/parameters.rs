//! The names and shapes of a model's parameters.

use crate::architecture::Architecture;
use crate::attention::Attention;
use crate::head::Head;
use crate::lstm::LstmAttention;
use crate::names::{
    ALIGNMENTS, BACKWARDS, BIAS, BRIDGES, CANDIDATE, CLASS_TOKENS, COMBINE, CROSS_ATTENTION, DECODER,
    EMBEDDING_NORM, ENCODER, ENCODER_BLOCKS, FEED_FORWARD, FINAL_NORM, FORGET, FORWARDS, FRAMES, GATE, HEADS,
    HIDDEN, INNER, INPUT, KEY, LAYERS, OUTER, OUTPUT, POSITIONS, QUERY, SCORE, SELF_ATTENTION, SSRU, STEMS,
    TABLE, TASK_VECTORS, VALUE, WEIGHT, norm_of,
};
use crate::norm::Norm;
use crate::positions::Positions;
use crate::stack::{Layers, Stack, StackKind};
use crate::stem::Stem;
use crate::transformer::{Mixer, TransformerLayers};

/// A parameter of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in files of weights.
    pub name: String,
    /// The sizes of its dimensions.
    pub shape: Vec<usize>,
}

impl Architecture {
    /// Every parameter of the model, in the order of the parts that have them.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut list = List(Vec::new());
        let root = Path(String::new());
        for (number, stem) in self.stems.iter().enumerate() {
            let path = root.child(STEMS).child(&stem.name);
            list.stem(&path, &stem.part, self.stem_width(number));
        }
        for (number, block) in self.encoder_blocks.iter().enumerate() {
            let path = root.child(ENCODER_BLOCKS).child(number);
            for weight in &block.weights {
                list.0.push(Parameter { name: path.child(&weight.name).0, shape: weight.shape.clone() });
            }
        }
        for (kind, stack) in self.stacks() {
            let path = root.child(if kind == StackKind::Encoder { ENCODER } else { DECODER });
            let d_encoder = self.encoder.as_ref().map_or(stack.d_model, |encoder| encoder.d_model);
            list.stack(&path, kind, stack, d_encoder);
        }
        let d_model = self.decoder.d_model;
        for head in &self.heads {
            let path = root.child(HEADS).child(&head.name);
            match head.part {
                Head::Softmax { vocabulary, tied, bias, .. } => {
                    if tied.is_none() {
                        list.push(&path, TABLE, [vocabulary, d_model]);
                    }
                    if bias {
                        list.push(&path, BIAS, [vocabulary]);
                    }
                }
                Head::Frames { .. } => list.linear(&path, FRAMES, [d_model, head.part.outputs()], true),
            }
        }
        let encoder = self.encoder.as_ref().map_or(d_model, |encoder| encoder.d_model);
        for alignment in &self.alignments {
            list.linear(&root.child(ALIGNMENTS), &alignment.name, [encoder, alignment.part], true);
        }
        if self.tasks.len() > 1 {
            list.push(&root, TASK_VECTORS, [self.tasks.len(), d_model]);
        }
        list.0
    }

    /// The number of weights of the model.
    pub fn parameter_count(&self) -> u64 {
        let size = |parameter: &Parameter| parameter.shape.iter().map(|&size| size as u64).product::<u64>();
        self.parameters().iter().map(size).sum()
    }
}

/// The way to a part of a model.
struct Path(String);

impl Path {
    fn child(&self, name: impl std::fmt::Display) -> Self {
        let Self(path) = self;
        Self(if path.is_empty() { name.to_string() } else { format!("{path}.{name}") })
    }
}

struct List(Vec<Parameter>);

impl List {
    fn push<const D: usize>(&mut self, path: &Path, name: &str, shape: [usize; D]) {
        self.0.push(Parameter { name: path.child(name).0, shape: shape.into() });
    }

    fn linear(&mut self, path: &Path, name: &str, [inputs, outputs]: [usize; 2], bias: bool) {
        let path = path.child(name);
        self.push(&path, WEIGHT, [inputs, outputs]);
        if bias {
            self.push(&path, BIAS, [outputs]);
        }
    }

    fn norm(&mut self, path: &Path, name: &str, norm: &Norm, d_model: usize) {
        let path = path.child(name);
        self.push(&path, WEIGHT, [d_model]);
        if norm.bias {
            self.push(&path, BIAS, [d_model]);
        }
    }

    fn stem(&mut self, path: &Path, stem: &Stem, d_model: usize) {
        match stem {
            Stem::Lookup { vocabulary, .. } => self.push(path, TABLE, [*vocabulary, d_model]),
            Stem::Projection { width } => {
                self.push(path, WEIGHT, [*width, d_model]);
                self.push(path, BIAS, [d_model]);
            }
            Stem::ClassTokens { width, tokens } => {
                self.push(path, CLASS_TOKENS, [*tokens, d_model]);
                self.push(path, WEIGHT, [*width, d_model]);
                self.push(path, BIAS, [d_model]);
            }
            Stem::Convolution { width, layers } => {
                for (number, layer) in layers.iter().enumerate() {
                    let width = if number == 0 { *width } else { d_model };
                    let name = number.to_string();
                    self.linear(&path.child(LAYERS), &name, [layer.kernel * width, d_model], true);
                }
            }
        }
    }

    fn stack(&mut self, path: &Path, kind: StackKind, stack: &Stack, d_encoder: usize) {
        let d_model = stack.d_model;
        match stack.positions {
            Positions::Learned { limit, .. } => self.push(&path.child(POSITIONS), TABLE, [limit, d_model]),
            Positions::Relative { buckets, .. } => {
                let heads = stack.self_attention().map_or(0, |attention| attention.heads);
                self.push(&path.child(POSITIONS), TABLE, [buckets, heads]);
            }
            Positions::None | Positions::Sinusoidal { .. } | Positions::Rotary | Positions::Alibi => {}
        }
        if let Some(norm) = &stack.embedding_norm {
            self.norm(path, EMBEDDING_NORM, norm, d_model);
        }
        match &stack.layers {
            Layers::Transformer(layers) => {
                for number in 0..layers.layers {
                    self.transformer_layer(&path.child(LAYERS).child(number), layers, d_model, d_encoder);
                }
            }
            Layers::Lstm(layers) if kind == StackKind::Encoder => {
                let (names, width): (&[&str], usize) = if layers.bidirectional {
                    (&[FORWARDS, BACKWARDS], d_model / 2)
                } else {
                    (&[FORWARDS], d_model)
                };
                for number in 0..layers.layers {
                    let path = path.child(LAYERS).child(number);
                    for name in names {
                        self.cell(&path.child(name), d_model, width);
                    }
                }
            }
            Layers::Lstm(layers) => {
                let square = [d_model, d_model];
                let additive = layers.attention == LstmAttention::Additive;
                for number in 0..layers.layers {
                    let inputs = if additive && number == 0 { 2 * d_model } else { d_model };
                    self.cell(&path.child(LAYERS).child(number), inputs, d_model);
                }
                for number in 0..layers.layers {
                    self.linear(&path.child(BRIDGES), &number.to_string(), square, true);
                }
                if layers.attention != LstmAttention::None {
                    self.linear(path, QUERY, square, true);
                    self.linear(path, COMBINE, [2 * d_model, d_model], true);
                }
                if additive {
                    self.linear(path, KEY, square, true);
                    self.linear(path, SCORE, [d_model, 1], false);
                }
            }
        }
        if let Some(norm) = &stack.final_norm {
            self.norm(path, FINAL_NORM, norm, d_model);
        }
    }

    fn transformer_layer(
        &mut self,
        path: &Path,
        layers: &TransformerLayers,
        d_model: usize,
        d_encoder: usize,
    ) {
        match &layers.mixer {
            Mixer::SelfAttention(attention) => {
                self.attention(&path.child(SELF_ATTENTION), attention, d_model, d_model);
                self.norm(path, &norm_of(SELF_ATTENTION), &layers.norm, d_model);
            }
            Mixer::Ssru => {
                let path_of_cell = path.child(SSRU);
                self.linear(&path_of_cell, CANDIDATE, [d_model, d_model], false);
                self.linear(&path_of_cell, FORGET, [d_model, d_model], true);
                self.norm(path, &norm_of(SSRU), &layers.norm, d_model);
            }
        }
        if let Some(attention) = &layers.cross_attention {
            self.attention(&path.child(CROSS_ATTENTION), attention, d_model, d_encoder);
            self.norm(path, &norm_of(CROSS_ATTENTION), &layers.norm, d_model);
        }
        let feed_forward = &layers.feed_forward;
        let inner = path.child(FEED_FORWARD);
        self.linear(&inner, INNER, [d_model, feed_forward.d_ff], feed_forward.bias);
        if feed_forward.activation.is_gated() {
            self.linear(&inner, GATE, [d_model, feed_forward.d_ff], feed_forward.bias);
        }
        self.linear(&inner, OUTER, [feed_forward.d_ff, d_model], feed_forward.bias);
        self.norm(path, &norm_of(FEED_FORWARD), &layers.norm, d_model);
    }

    fn attention(&mut self, path: &Path, attention: &Attention, d_model: usize, d_keys: usize) {
        let width = attention.width();
        self.linear(path, QUERY, [d_model, width], attention.query_bias);
        self.linear(path, KEY, [d_keys, width], attention.key_bias);
        self.linear(path, VALUE, [d_keys, width], attention.value_bias);
        self.linear(path, OUTPUT, [width, d_model], attention.output_bias);
    }

    /// An LSTM cell: its gates from input and state.
    fn cell(&mut self, path: &Path, inputs: usize, width: usize) {
        self.linear(path, INPUT, [inputs, 4 * width], true);
        self.linear(path, HIDDEN, [width, 4 * width], true);
    }
}
