//! Floating-point operations of a batch, counted from its shape: those of all matrix products of model and
//! loss, padding counted, a product of `[m, k]` and `[k, n]` being `2 m k n`.
//!
//! Everything else (norms, softmax, activations) is left out: next to the products it is little arithmetic,
//! though not always little time. Causal attention is counted whole, as it is in other frameworks' counts.

use any2any_adapter::Convolution;
use any2any_core::{
    Activation, BodyConfig, HeadConfig, LstmAttention, LstmConfig, ModelConfig, StemConfig, TransformerConfig,
};

/// A batch's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchShape {
    /// Samples.
    pub rows: usize,
    /// Source positions of a row, padding counted; 0 when there is no source.
    pub source: usize,
    /// Target positions of a row, padding counted.
    pub target: usize,
}

/// The operations of one forward pass over a batch of a task, the loss included. A backward pass has twice
/// as many: each product is differentiated with respect to both of its sides.
///
/// # Panics
///
/// When the model has no task of this number.
pub fn forward_operations(model: &ModelConfig, task: usize, shape: BatchShape) -> u64 {
    let task = model.tasks[task];
    let d_model = model.body.d_model() as u64;
    let positions = |of: usize| (shape.rows * of) as u64;
    let stem: u64 = match task.source.map(|stem| &model.stems[stem]) {
        Some(StemConfig::Projection { width }) => product(positions(shape.source), *width as u64, d_model),
        Some(StemConfig::Convolution { width, layers }) => {
            let mut frames = shape.source;
            let layer = |(number, layer): (usize, &Convolution)| {
                frames = layer.positions(frames);
                let width = if number == 0 { *width as u64 } else { d_model };
                product(positions(frames), layer.kernel as u64 * width, d_model)
            };
            layers.iter().enumerate().map(layer).sum()
        }
        Some(StemConfig::Lookup { .. }) | None => 0,
    };
    // What the encoder sees of a source.
    let source = match task.source.map(|stem| &model.stems[stem]) {
        Some(StemConfig::Convolution { layers, .. }) => {
            layers.iter().fold(shape.source, |frames, layer| layer.positions(frames))
        }
        _ => shape.source,
    };
    let shape = BatchShape { source, ..shape };
    let body = match &model.body {
        BodyConfig::Transformer(config) => encoder(config, shape) + decoder(config, shape, true),
        BodyConfig::DecoderOnly(config) => decoder(&config.0, shape, false),
        BodyConfig::Lstm(config) => lstm(config, shape),
    };
    stem + body + product(positions(shape.target), d_model, vocabulary(model, task.head))
}

/// How many tokens a head tells apart, or how wide its frames are.
pub(crate) fn vocabulary(model: &ModelConfig, head: usize) -> u64 {
    match model.heads[head] {
        HeadConfig::Own { vocabulary } => vocabulary as u64,
        HeadConfig::Tied { stem } => match model.stems[stem] {
            StemConfig::Lookup { vocabulary } => vocabulary as u64,
            StemConfig::Projection { .. } | StemConfig::Convolution { .. } => 0,
        },
        HeadConfig::Frames { width, stops } => width as u64 + u64::from(stops),
    }
}

/// `[m, k]` times `[k, n]`.
fn product(m: u64, k: u64, n: u64) -> u64 {
    2 * m * k * n
}

fn encoder(config: &TransformerConfig, shape: BatchShape) -> u64 {
    let (rows, source) = (shape.rows as u64, shape.source as u64);
    let layer = attention(config, rows, source, source) + feed_forward(config, rows * source);
    config.encoder_layers as u64 * layer
}

fn decoder(config: &TransformerConfig, shape: BatchShape, has_encoder: bool) -> u64 {
    let (rows, source, target) = (shape.rows as u64, shape.source as u64, shape.target as u64);
    let own = attention(config, rows, target, target);
    let cross = if has_encoder { attention(config, rows, target, source) } else { 0 };
    config.decoder_layers as u64 * (own + cross + feed_forward(config, rows * target))
}

/// Queries and outputs at some positions, keys and values at others, scores and contexts of all heads.
fn attention(config: &TransformerConfig, rows: u64, queries: u64, keys: u64) -> u64 {
    let d_model = config.d_model as u64;
    let projections =
        2 * product(rows * queries, d_model, d_model) + 2 * product(rows * keys, d_model, d_model);
    projections + 2 * rows * product(queries, d_model, keys)
}

fn feed_forward(config: &TransformerConfig, positions: u64) -> u64 {
    let matrices = if config.activation == Activation::Swiglu { 3 } else { 2 };
    matrices * product(positions, config.d_model as u64, config.d_ff as u64)
}

fn lstm(config: &LstmConfig, shape: BatchShape) -> u64 {
    let (rows, source, target) = (shape.rows as u64, shape.source as u64, shape.target as u64);
    let d_model = config.d_model as u64;
    let square = |positions: u64| product(rows * positions, d_model, d_model);

    let (directions, width) = if config.bidirectional { (2, d_model / 2) } else { (1, d_model) };
    let read = config.encoder_layers as u64 * directions * cell(rows * source, d_model, width);

    let bridges = config.decoder_layers as u64 * square(1);
    let layers = config.decoder_layers as u64 * cell(rows * target, d_model, d_model);
    // Scores and contexts take a product each; what joins context and state is twice as wide as they are.
    let looks: u64 = 2 * rows * product(target, d_model, source);
    let joins = 3 * square(target); // a query projected, and the two halves of the joining matrix
    let attended = match config.attention {
        LstmAttention::None => 0,
        LstmAttention::Dot => looks + joins,
        // The keys are projected too, and the first cell reads the context beside the token.
        LstmAttention::Additive => {
            let context = if config.decoder_layers > 0 { 4 * square(target) } else { 0 };
            looks + joins + square(source) + context
        }
    };
    read + bridges + layers + attended
}

/// An LSTM cell's four gates from input and state.
fn cell(positions: u64, d_input: u64, width: u64) -> u64 {
    product(positions, d_input, 4 * width) + product(positions, width, 4 * width)
}

#[cfg(test)]
mod tests {
    use any2any_core::{DecoderOnlyConfig, Initialization, NormPlacement, PositionsConfig, TaskConfig};

    use super::*;

    const SHAPE: BatchShape = BatchShape { rows: 2, source: 3, target: 5 };

    fn transformer(encoder_layers: usize, activation: Activation) -> TransformerConfig {
        TransformerConfig {
            d_model: 4,
            d_ff: 7,
            heads: 2,
            encoder_layers,
            decoder_layers: 1,
            dropout: 0.0,
            embedding_dropout: 0.0,
            attention_dropout: 0.0,
            activation_dropout: 0.0,
            norm: NormPlacement::Pre,
            positions: PositionsConfig::Sinusoidal,
            activation,
            initialization: Initialization::Xavier,
        }
    }

    fn lstm(attention: LstmAttention, bidirectional: bool) -> BodyConfig {
        let (d_model, encoder_layers, decoder_layers) = (4, 2, 1);
        BodyConfig::Lstm(LstmConfig {
            d_model,
            encoder_layers,
            decoder_layers,
            bidirectional,
            attention,
            dropout: 0.0,
        })
    }

    /// Worked by hand: multiplications and additions of each product, in the order of the forward pass.
    #[test]
    fn operations_are_those_of_every_product() {
        let softmax: u64 = 2 * 10 * 4 * 11;
        let decoder_alone: u64 = 4 * (2 * 10 * 16) + 2 * (2 * 2 * 5 * 5 * 4);
        let encoder: u64 = 4 * (2 * 6 * 16) + 2 * (2 * 2 * 3 * 3 * 4);
        let cross: u64 = 2 * (2 * 10 * 16) + 2 * (2 * 6 * 16) + 2 * (2 * 2 * 5 * 3 * 4);
        let matrix = |positions: u64| 2 * positions * 4 * 7;
        let cell = |positions: u64, d_input: u64, width: u64| 2 * positions * (d_input + width) * 4 * width;
        let bridge: u64 = 2 * 2 * 16;
        let looks: u64 = 2 * (2 * 2 * 5 * 3 * 4);
        let joins: u64 = 2 * 10 * (4 * 4 + 8 * 4);
        let cases: [(BodyConfig, u64); 6] = [
            (
                BodyConfig::Transformer(transformer(1, Activation::Relu)),
                encoder + 2 * matrix(6) + decoder_alone + cross + 2 * matrix(10),
            ),
            (
                BodyConfig::Transformer(transformer(2, Activation::Swiglu)),
                2 * (encoder + 3 * matrix(6)) + decoder_alone + cross + 3 * matrix(10),
            ),
            (
                BodyConfig::DecoderOnly(DecoderOnlyConfig(transformer(0, Activation::Gelu))),
                decoder_alone + 2 * matrix(10),
            ),
            (lstm(LstmAttention::None, false), 2 * cell(6, 4, 4) + bridge + cell(10, 4, 4)),
            (lstm(LstmAttention::Dot, true), 4 * cell(6, 4, 2) + bridge + cell(10, 4, 4) + looks + joins),
            (
                lstm(LstmAttention::Additive, true),
                4 * cell(6, 4, 2) + bridge + cell(10, 8, 4) + 2 * 6 * 16 + looks + joins,
            ),
        ];
        for (body, expected) in cases {
            let has_source = !matches!(body, BodyConfig::DecoderOnly(_));
            let model = ModelConfig {
                body,
                stems: vec![StemConfig::Lookup { vocabulary: 11 }],
                heads: vec![HeadConfig::Tied { stem: 0 }],
                alignments: Vec::new(),
                tasks: vec![TaskConfig {
                    source: has_source.then_some(0),
                    target: 0,
                    head: 0,
                    alignment: None,
                }],
            };
            assert_eq!(forward_operations(&model, 0, SHAPE), expected + softmax, "{:?}", model.body);
        }
    }

    #[test]
    fn frames_are_projected_and_every_task_has_its_own_vocabulary() {
        let stems = vec![StemConfig::Lookup { vocabulary: 11 }, StemConfig::Projection { width: 9 }];
        let task = |source, head| TaskConfig { source: Some(source), target: 0, head, alignment: None };
        let model = ModelConfig {
            body: BodyConfig::Transformer(transformer(1, Activation::Relu)),
            stems,
            heads: vec![HeadConfig::Tied { stem: 0 }, HeadConfig::Own { vocabulary: 100 }],
            alignments: Vec::new(),
            tasks: vec![task(0, 0), task(1, 0), task(0, 1)],
        };
        let operations = |task| forward_operations(&model, task, SHAPE);
        assert_eq!(operations(1) - operations(0), 2 * 6 * 9 * 4);
        assert_eq!(operations(2) - operations(0), 2 * 10 * 4 * (100 - 11));
    }
}
