//! Search against random models: properties that hold for every model, and exhaustive search where the
//! problem is small enough.

mod beam_search;
mod draws;
mod failures;
mod hypotheses;
mod model;
mod phrases;
mod problems;
mod watching;
