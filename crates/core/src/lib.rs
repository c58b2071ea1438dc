//! The model that all tasks of an experiment share: a body between stems and heads.
//!
//! Nothing here knows a medium, a file or a configuration format. Sequences come in as tokens or frames
//! ([`Input`]), a body ([`Body`]) turns them into hidden states, a head turns those into logits.
//!
//! The letters of shapes, everywhere: `batch`, `source` and `target` positions, `d_model` wide hidden states,
//! `heads`, `d_head = d_model / heads`, `vocabulary`.

mod aligned_stepper;
mod attention;
mod body;
mod convolution;
mod ctc;
mod decoder;
mod decoder_only;
mod dropout;
mod encoder;
mod feed_forward;
mod frame_writer;
mod initializer;
mod intervention;
mod loss;
mod lstm;
mod memory;
mod model;
mod pass;
mod positions;
mod record;
mod regression;
mod residual;
mod stem;
mod stepper;
mod trace;
mod transformer;

pub use aligned_stepper::{AlignedStepper, IMPOSSIBLE};
pub use attention::{AttentionCache, AttentionConfig, KeyValue, MultiHeadAttention};
pub use body::{Body, BodyConfig, DecoderState};
pub use convolution::Convolutions;
pub use ctc::{Alignment, can_align, ctc_loss};
pub use decoder::{Decoder, DecoderCache};
pub use decoder_only::{DecoderOnly, DecoderOnlyConfig};
pub use dropout::Dropout;
pub use encoder::Encoder;
pub use feed_forward::{Activation, FeedForward, FeedForwardConfig};
pub use frame_writer::write_frames;
pub use initializer::{Initialization, Initializer};
pub use loss::{Loss, LossConfig, Targets};
pub use lstm::{Lstm, LstmAttention, LstmConfig, LstmDecoder, LstmEncoder, LstmState};
pub use memory::{Memory, Rows};
pub use model::{Embedded, Head, HeadConfig, Model, ModelConfig, Source, TaskConfig};
pub use pass::Pass;
pub use positions::{Positions, PositionsConfig, alibi_slopes, sinusoidal};
pub use record::{Record, Site, SiteRole};
pub use regression::{FrameTargets, frame_loss};
pub use residual::{NormPlacement, Residual};
pub use stem::{Entrance, Input, Stem, StemConfig};
pub use stepper::ModelStepper;
pub use trace::{AttentionKind, AttentionWeights, Place, Stack, Trace};
pub use transformer::{Transformer, TransformerConfig};
