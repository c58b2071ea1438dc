//! The text medium: text to tokens and back.
//!
//! A tokenizer is trained on the training split (BPE, unigram, WordPiece, words, characters), needs no training
//! (bytes), or comes from a `tokenizer.json` of Hugging Face's format or a `.model` of SentencePiece. Training is
//! done here and is deterministic: the same texts give the same file, byte for byte, whatever the number of threads
//! and the seeds of hash maps. Texts are segmented by the models of the `tokenizers` crate, and a trained tokenizer
//! is saved in its format, so that every program that reads `tokenizer.json` reads ours.
//!
//! The way of a text:
//!
//! ```text
//! text ──Normalization──► normalised text ──words──► ▁words ──model──► pieces
//!   ▲                          │                                        │
//!   └───────── regions ◄───────┴──────────── byte ranges ◄──────────────┘
//! ```
//!
//! Plain text never becomes a special token, neither one that begins, ends, pads or masks, nor one that was added to
//! a vocabulary, unless `added_tokens` names it.
//!
//! Decoding is the exact reverse up to normalisation: spaces are part of the pieces (Kudo and Richardson,
//! "SentencePiece", 2018), so nothing has to be guessed when pieces are put together again.

mod adapter;
mod added;
mod augment;
mod bounds;
mod bpe;
mod corpus;
mod error;
mod exchange;
mod extended;
mod hf_format;
mod hidden;
mod lacking;
mod listed;
mod medium;
mod normalization;
mod options;
mod panics;
mod pattern;
mod pieces;
mod post_processor;
mod pretrained;
mod sampling;
mod seen;
mod sentencepiece;
mod special;
mod steps;
mod trained;
mod training;
mod unigram;
mod word_dropout;
mod words;

pub use adapter::TextAdapter;
pub use augment::{Augment, UnigramSampling};
pub use bounds::read as read_tokenizer_file;
pub use error::TextError;
pub use exchange::{Frame, for_other_programs};
pub use medium::Text;
pub use options::{
    All, Bpe, Bytes, Characters, File, Labels, Normalization, TextOptions, Tokenizer, Unigram,
    VocabularySize, WordPiece, Words,
};
pub use sentencepiece::{Renumbered, piece_names, renumbered};
pub use special::SpecialTokens;
pub use training::nearest_vocabulary;
