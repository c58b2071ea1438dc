//! Translation and evaluation by a trained model.
//!
//! A [`Translator`] is loaded from a run and decodes; [`evaluate`] scores its outputs and its teacher-forced
//! predictions, which are separate types. A [`Split`] is the encoded data that both read.
//!
//! # Streaming
//!
//! [`Translator::stream`] hands out each token when it is chosen, as the server does for `"stream": true`. It takes an
//! encoded source, searches greedily or by sampling, and gives the whole [`Output`] at its end; tokens are shown by the
//! target's adapter. A [`Cancellation`](any2any_adapter::Cancellation), given to [`Translator::until`], ends it early.
//!
//! ```no_run
//! use any2any_adapter::{Registry, Value};
//! use any2any_experiment::spec::Decoding;
//! use any2any_run::{Role, RunFolder};
//! use any2any_translate::Translator;
//!
//! fn stream(registry: &Registry) -> Result<(), Box<dyn std::error::Error>> {
//!     let translator = Translator::load(&RunFolder::new("runs/quickstart"), "best", registry)?;
//!     let task = translator.task(None)?;
//!     let source = task.read(Role::Source, &Value::from("the dog sees a house ."))?.sequence;
//!     let greedy = Decoding { beam: None, sampling: None, ..task.decoding().clone() };
//!     let output = translator.stream(task, Some(&source), &[], &greedy, &mut |token, log_probability| {
//!         println!("{} {log_probability:.2}", task.target().show(token));
//!     })?;
//!     println!("{}", output.decoded.value);
//!     Ok(())
//! }
//! ```

mod alignments;
pub mod batch;
pub mod bucketed_scores;
pub mod controls;
mod decode;
mod detection;
mod encoded_source;
mod error;
pub mod evaluate;
mod example;
mod held_out;
pub mod losses;
mod media_metrics;
mod minimum_bayes_risk;
mod oddities;
mod opened_split;
mod per_position;
mod portable;
mod references;
mod segments;
mod split;
mod stored;
mod stream;
mod subtitles;
mod terms;
pub mod text_metrics;
mod translated;
mod translator;
mod windows;
mod words;

pub use alignments::AlignmentHeads;
pub use any2any_data::Broken;
pub use any2any_inference::Precision;
pub use decode::{Output, batches_at_once};
pub use detection::DetectedLanguage;
pub use encoded_source::EncodedSource;
pub use error::TranslateError;
pub use example::{Example, absent_source, checksum, checksum_behind};
pub use held_out::{HeldOut, IN_MEMORY, reads_again};
pub use oddities::Oddities;
pub use opened_split::{OpenedSplit, Warnings};
pub use segments::Segment;
pub use split::{Split, load_split};
pub use stored::{Observer, Origin, StoredExamples};
pub use subtitles::Subtitles;
pub use terms::{Term, Terms, TermsError};
pub use translated::Translated;
pub use translator::{NextToken, PairScore, Translator};
