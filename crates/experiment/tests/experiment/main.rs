//! Experiments: what loading makes of good, bad and broken ones.

mod bounds;
mod diagnostics;
mod filters;
mod loading;
mod robustness;
mod support;
