//! The learnable entrance of a medium: from tokens or frames to the model's width.

use any2any_kernels::embedding;
use burn::module::{Module, ModuleDisplay, Param};
use burn::nn::Linear;
use burn::tensor::Int;
use burn::tensor::Tensor;

use crate::initializer::Initializer;

/// A batch of sequences, as the model takes them in.
#[derive(Clone, Debug)]
pub enum Input {
    /// Tokens, `[batch, positions]`.
    Tokens(Tensor<2, Int>),
    /// Frames, `[batch, positions, width]`.
    Frames(Tensor<3>),
}

/// An entrance: implement it on a burn module of your own for a custom one.
pub trait Entrance: Module + ModuleDisplay {
    /// Embeds a batch.
    ///
    /// # Shapes
    ///
    /// - output: `[batch, positions, d_model]`
    ///
    /// # Panics
    ///
    /// When the entrance is made for the other kind of input.
    fn forward(&self, input: Input) -> Tensor<3>;

    /// The embedding table, `[vocabulary, d_model]`, for a softmax that shares it.
    fn table(&self) -> Option<Tensor<2>>;
}

/// A built-in entrance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StemConfig {
    /// A table of embeddings.
    Lookup {
        /// How many tokens there are.
        vocabulary: usize,
    },
    /// A linear projection.
    Projection {
        /// The width of a frame.
        width: usize,
    },
}

impl StemConfig {
    /// The entrance with fresh weights: embeddings of variance `1 / d_model`.
    pub fn init(&self, d_model: usize, initializer: &Initializer) -> Stem {
        match *self {
            StemConfig::Lookup { vocabulary } => Stem::Lookup(Lookup {
                table: initializer.child("table").normal([vocabulary, d_model], (d_model as f64).powf(-0.5)),
            }),
            StemConfig::Projection { width } => {
                Stem::Projection(initializer.linear("projection", width, d_model, 1.0))
            }
        }
    }
}

/// The built-in entrances.
#[derive(Module, Debug)]
pub enum Stem {
    /// A table of embeddings.
    Lookup(Lookup),
    /// A linear projection.
    Projection(Linear),
}

/// A table of embeddings, read times the square root of `d_model` (Vaswani et al. 2017, section 3.4).
#[derive(Module, Debug)]
pub struct Lookup {
    table: Param<Tensor<2>>,
}

impl Entrance for Stem {
    fn forward(&self, input: Input) -> Tensor<3> {
        match (self, input) {
            (Stem::Lookup(lookup), Input::Tokens(tokens)) => {
                let table = lookup.table.val();
                let [_, d_model] = table.dims();
                embedding(table, tokens, (d_model as f64).sqrt())
            }
            (Stem::Projection(projection), Input::Frames(frames)) => projection.forward(frames),
            (Stem::Lookup(_), Input::Frames(_)) => panic!("a lookup embeds tokens, not frames"),
            (Stem::Projection(_), Input::Tokens(_)) => panic!("a projection embeds frames, not tokens"),
        }
    }

    fn table(&self) -> Option<Tensor<2>> {
        match self {
            Stem::Lookup(lookup) => Some(lookup.table.val()),
            Stem::Projection(_) => None,
        }
    }
}
