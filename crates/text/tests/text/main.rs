//! The text medium from outside: through the traits by which an experiment uses it.

mod added_tokens;
mod augment;
mod cases;
mod conformance;
mod corpus;
mod damaged;
mod determinism;
mod exchange;
mod existing;
mod fitting;
mod hostile;
mod hugging_face;
mod options;
#[path = "../../../../tests/support/outside.rs"]
mod outside;
mod plain_text;
mod regions;
mod round_trip;
mod sentencepiece;
mod unknown;
