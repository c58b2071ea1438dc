//! A trained model as one file of plain data, which is read without a run folder, an experiment or burn.
//!
//! What a run's rules say about its tasks (which tokens frame an output, which are never written, how long it may be,
//! how it is searched for) is worked out where the file is written, and stands in it as numbers. So the file is read by
//! the media, the engine and search alone, on any machine that these are compiled for: a browser too.
//!
//! A [`Portable`] is the file, a [`PortableModel`] the model that is read from it. It answers in the shapes of the JSON
//! interface of `any2any serve`, of which [`View`], [`Region`] and [`Floats`] are defined here.

mod answers;
mod beam_trace;
mod error;
mod file;
mod model;
mod numbers;
mod questions;
mod value;
mod view;

pub use beam_trace::{BeamTrace, BeamTracer, NodeFate, SearchNode};
pub use error::PortableError;
pub use file::{Portable, PortableParameter, PortableSide, PortableTask, ProductOutputs};
pub use model::PortableModel;
pub use numbers::{Bytes, Floats};
pub use value::{Channels, Rectangle, Region, Span, View, ViewImage, ViewSignal};
pub use view::{region, value, view};
