//! The text medium from outside: through the traits by which an experiment uses it.

mod corpus;
mod determinism;
mod existing;
mod fitting;
mod hugging_face;
mod options;
mod regions;
mod round_trip;
