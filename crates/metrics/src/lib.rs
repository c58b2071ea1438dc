//! Metrics of decoded sequences: BLEU, chrF, TER, word and character error rate, exact match, token accuracy and
//! perplexity; PSNR and SSIM of pictures; spectral distance and dynamic time warping of signals; with bootstrap
//! confidence intervals.
//!
//! Every figure is that of the field's own tool, to the last printed digit: BLEU, chrF and TER are sacreBLEU's (Post,
//! "A Call for Clarity in Reporting BLEU Scores", 2018), signature included, and the error rates are jiwer's.
//! `tests/golden` holds the results of those tools for several hundred lines in many scripts, and the script that
//! computed them.
//!
//! Rates and shares run from 0 to 100; an error rate can be higher.
//!
//! ```
//! use any2any_metrics::{Bleu, bleu};
//!
//! let hypotheses = ["The cat sat on the mat."];
//! let references = ["The cat sits on the mat."];
//! let score = bleu(&hypotheses, &[&references], &Bleu::default())?;
//! assert_eq!(
//!     score.to_string(),
//!     "BLEU = 48.89 85.7/66.7/40.0/25.0 (BP = 1.000 ratio = 1.000 hyp_len = 7 ref_len = 7)"
//! );
//! # Ok::<(), any2any_metrics::MetricsError>(())
//! ```

mod accuracy;
mod bleu;
mod bootstrap;
mod chrf;
mod error;
mod error_rate;
mod image;
mod levenshtein;
mod mean;
mod metric;
mod ngrams;
mod perplexity;
mod punctuation;
mod score;
mod signal;
mod spacing;
mod ter;
mod tokenizer;
mod value_metric;
mod whitespace;

pub use accuracy::{CharacterAccuracy, ExactMatch, exact_match, right_tokens, token_accuracy};
pub use bleu::{Bleu, Smoothing, bleu};
pub use bootstrap::{Bootstrap, Comparison, compare, score_with_interval};
pub use chrf::{Chrf, chrf};
pub use error::MetricsError;
pub use error_rate::{ErrorRate, Unit, character_error_rate, edits, word_error_rate};
pub use image::{ImageMetric, MeanAbsoluteError, Psnr, Ssim, image_score, mean_absolute_error, psnr, ssim};
pub use levenshtein::Edits;
pub use metric::{Metric, corpus_score, sentence_scores};
pub use perplexity::perplexity;
pub use score::{Interval, Score};
pub use signal::{DynamicTimeWarping, SignalMetric, SpectralDistance, signal_score};
pub use spacing::{Unspaced, is_unspaced};
pub use ter::{Ter, ter};
pub use tokenizer::Tokenizer;
pub use value_metric::{ValueMetric, value_score, with_metric};
