//! The learnable entrance of a medium: from tokens or frames to the model's width.

use any2any_architecture::Stem;
use any2any_kernels::embedding;
use burn::module::{Module, ModuleDisplay, Param};
use burn::nn::Linear;
use burn::tensor::Int;
use burn::tensor::Tensor;

use crate::class_tokens::ClassTokens;
use crate::convolution::Convolutions;
use crate::initializer::Initializer;

/// A batch of sequences, as the model takes them in.
#[derive(Clone, Debug)]
pub enum Input {
    /// Tokens, `[batch, positions]`.
    Tokens(Tensor<2, Int>),
    /// Frames, `[batch, frames, width]`.
    Frames(Tensor<3>),
}

/// An entrance: implement it on a burn module of your own for a custom one.
pub trait Entrance: Module + ModuleDisplay {
    /// Embeds a batch, of which row `i` has `lengths[i]` tokens or frames, and padding behind them.
    ///
    /// # Shapes
    ///
    /// - input: tokens `[batch, positions]` or frames `[batch, frames, width]`; lengths: `[batch]`
    /// - output: `[batch, positions, d_model]`
    ///
    /// # Panics
    ///
    /// When the entrance is made for the other kind of input.
    fn forward(&self, input: Input, lengths: &[usize]) -> Tensor<3>;

    /// The number of positions that so many tokens or frames become.
    fn positions(&self, length: usize) -> usize {
        length
    }

    /// The embedding table, `[vocabulary, d_model]`, for a softmax that shares it.
    fn table(&self) -> Option<Tensor<2>>;
}

/// The built-in entrances.
#[derive(Module, Debug)]
pub enum InputStem {
    /// A table of embeddings.
    Lookup(Lookup),
    /// A linear projection.
    Projection(Linear),
    /// Convolutions over neighbouring frames.
    Convolution(Convolutions),
    /// A linear projection behind class tokens.
    ClassTokens(ClassTokens),
}

/// A table of embeddings, `[vocabulary, d_model]`, and their factor: the square root of `d_model` in Vaswani et al.
/// 2017, section 3.4.
#[derive(Module, Debug)]
pub struct Lookup {
    table: Param<Tensor<2>>,
    scale: f64,
}

impl InputStem {
    /// The entrance with fresh weights: embeddings of variance `1 / d_model`.
    pub fn init(data: &Stem, d_model: usize, initializer: &Initializer) -> Self {
        match data {
            Stem::Lookup { vocabulary, scale } => InputStem::Lookup(Lookup {
                table: initializer.child("table").normal([*vocabulary, d_model], (d_model as f64).powf(-0.5)),
                scale: *scale,
            }),
            Stem::Projection { width } => {
                InputStem::Projection(initializer.linear("projection", *width, d_model, 1.0))
            }
            Stem::Convolution { width, layers } => {
                InputStem::Convolution(Convolutions::init(*width, layers, d_model, initializer))
            }
            Stem::ClassTokens { width, tokens } => {
                InputStem::ClassTokens(ClassTokens::init(*width, *tokens, d_model, initializer))
            }
        }
    }
}

impl Entrance for InputStem {
    fn forward(&self, input: Input, lengths: &[usize]) -> Tensor<3> {
        match (self, input) {
            (InputStem::Lookup(lookup), Input::Tokens(tokens)) => {
                embedding(lookup.table.val(), tokens, lookup.scale)
            }
            (InputStem::Projection(projection), Input::Frames(frames)) => projection.forward(frames),
            (InputStem::Convolution(convolutions), Input::Frames(frames)) => {
                convolutions.forward(frames, lengths)
            }
            (InputStem::ClassTokens(stem), Input::Frames(frames)) => stem.forward(frames),
            (InputStem::Lookup(_), Input::Frames(_)) => panic!("a lookup embeds tokens, not frames"),
            (_, Input::Tokens(_)) => panic!("this entrance embeds frames, not tokens"),
        }
    }

    fn positions(&self, length: usize) -> usize {
        match self {
            InputStem::Lookup(_) | InputStem::Projection(_) => length,
            InputStem::Convolution(convolutions) => convolutions.positions(length),
            InputStem::ClassTokens(stem) => stem.tokens() + length,
        }
    }

    fn table(&self) -> Option<Tensor<2>> {
        match self {
            InputStem::Lookup(lookup) => Some(lookup.table.val()),
            InputStem::Projection(_) | InputStem::Convolution(_) | InputStem::ClassTokens(_) => None,
        }
    }
}
