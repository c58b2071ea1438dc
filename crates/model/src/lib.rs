//! The model that all tasks of an experiment share: its architecture as burn modules.
//!
//! Nothing here knows a medium, a file or a configuration format. Sequences come in as tokens or frames
//! ([`Input`]), an encoder and a decoder turn them into hidden states, a head turns those into logits.
//!
//! Shapes are written in the [axes](any2any_architecture#axes) of the architecture.

mod ablation;
mod attention;
mod block;
mod class_tokens;
mod config;
mod convolution;
mod ctc;
mod decoder;
mod dropout;
mod encoder;
mod encoder_output;
mod feed_forward;
mod frame_writer;
mod initializer;
mod intervention;
mod keyed;
mod layer_listener;
mod loss;
mod lstm;
mod model;
mod normalization;
mod parameter_path;
mod pass;
mod per_position_stepper;
mod position_encoding;
mod record;
mod regression;
mod residual;
mod ssru;
mod stem;
mod stepper;
mod trace;
mod transformer;

pub use block::{BlockInput, BlockWeights, EncoderBlock, block_weights, rehearse_block, with_block};
pub use config::ModelConfig;
pub use convolution::Convolutions;
pub use ctc::{Alignment, can_align, ctc_loss};
pub use decoder::{Decoder, DecoderState};
pub use dropout::Dropout;
pub use encoder::Encoder;
pub use encoder_output::{EncoderOutput, RowSelection};
pub use frame_writer::write_frames;
pub use initializer::Initializer;
pub use intervention::{AttentionChange, AttentionEdit, Patch, Stream};
pub use keyed::Keyed;
pub use layer_listener::LayerListener;
pub use loss::{Loss, LossConfig, TokenTargets};
pub use lstm::{LstmDecoder, LstmEncoder, LstmState};
pub use model::{Embedded, Model, OutputHead, SoftmaxOperands, Source};
pub use parameter_path::ParameterPath;
pub use pass::Pass;
pub use per_position_stepper::{IMPOSSIBLE, PerPositionStepper};
pub use record::{Record, Site, SiteRole};
pub use regression::{FrameTargets, frame_loss};
pub use stem::{Entrance, Input, InputStem};
pub use stepper::ModelStepper;
pub use trace::{AttentionKind, AttentionWeights, Place, Trace};
pub use transformer::{DecoderCache, TransformerStack};
