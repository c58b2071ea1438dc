//! The seam from outside, as authors of media use it.

mod conformance;
mod media;
