//! Generated corpora: small languages with a known answer to every question, and nothing to download.
//!
//! - [`ToyEnDe`] is a little grammar of English and German, and the parallel corpus that it generates.
//! - [`agreement`] makes sentences of the same words whose subject and verb stand far apart.
//! - [`Signs`] are six signs, each as a word, a picture, a sound and a recording: any medium to any medium.
//! - [`large_pair`] is a line of a parallel corpus as large as a disk, to measure with.
//! - [`spelled`] is a sound of a collection as large as a disk, with its text.
//! - A [`Generator`] is the choice between them that a manifest makes.

pub mod agreement;
mod declension;
mod english;
mod error;
mod generator;
mod german;
mod grammar;
mod held_out;
mod large;
mod lexicon;
mod phrases;
mod relatives;
mod signs;
mod spelled;
mod spelling;
mod syntax;
#[cfg(test)]
mod testing;
mod toy_en_de;

pub use error::SyntheticError;
pub use generator::{Columns, Generator};
pub use large::large_pair;
pub use signs::Signs;
pub use spelled::{SPELLED_RATE, spelled};
pub use toy_en_de::{Corpus, Pair, ToyEnDe};
