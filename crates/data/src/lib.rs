//! Data: from files, manifests and generators to samples, and from samples to batches.
//!
//! - [`Samples`] are the result of all reading: columns of values, before any adapter has seen them. [`read`] reads
//!   one split from parallel text, TSV, CSV, JSON Lines, Parquet, Arrow, WebDataset, IDX, FASTA, archives and folders of
//!   files, compressed or not, in one file or in many, or builds it from other samples and the files that they name.
//!   [`Lines`] and [`TextFile`] read a text in the same way. [`Flaws`] are the samples and files that were left out, and
//!   [`Filtered`] counts those that an experiment's filters leave out.
//! - A [`Manifest`] describes a dataset: its files with checksums, its licence, its splits. A [`Catalog`]
//!   knows the manifests that ship with the program. A [`DataRoot`] is the folder that holds datasets;
//!   [`open`] finds one there, [`download::get`] fetches it. A [`Dataset`] also divides its samples anew, pairs
//!   them with another set, joins them to longer ones, and limits them, as an experiment asks for.
//! - A manifest may name a [`Generator`] instead of files, so that a first run needs no download.
//! - [`batching`] packs samples of similar length into batches under a token budget, [`Limits`] tells which
//!   samples are too long, [`Prefetch`] prepares batches ahead on another thread, and a [`Schedule`] says
//!   which task every training step draws from.
//!
//! - A [`Cache`](cache::Cache) keeps what was made of the data for later runs, on the disk.
//!
//! Nothing here knows a model or a medium's insides.

pub mod batching;
pub mod cache;
mod catalog;
mod dataset;
pub mod download;
mod error;
mod filter;
mod flaws;
mod limits;
mod manifest;
mod mix;
mod prefetch;
mod reach;
mod reader;
mod root;
mod samples;
mod tarball;
mod text;

pub use any2any_synthetic::Generator;
pub use catalog::Catalog;
pub use dataset::{Dataset, Streamed, open};
pub use error::DataError;
pub use filter::Filtered;
pub use flaws::{Broken, Flaws, PassedOver, passed_over};
pub use limits::{Limits, Selection};
pub use manifest::{Archive, ArchiveFormat, Manifest, ManifestFile, ManifestKind, Roles};
pub use mix::{Draw, Schedule, Share};
pub use prefetch::Prefetch;
pub use reader::{Line, Lines, TextFile, read};
pub use root::{DataRoot, Presence};
pub use samples::Samples;
