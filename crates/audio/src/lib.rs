//! The audio medium: sounds to mel frames or codes and back.
//!
//! Files are recognised by their contents, in the formats of the module `formats`. The steps of every sound
//! (averaging channels, trimming silence, resampling, joining) are taken when it is opened; normalisation and
//! codebook are learned from opened sounds; augmentation is drawn anew for every sample of training.
//!
//! The way of a sound:
//!
//! ```text
//! file ──decode──► samples ──channel, trim, resample, join──► opened sound
//!                                                                  │ (speed, shift, gain, noise)
//! frames or tokens ◄──codebook── stack ◄──normalize, (masks)── log-mel frames ◄──Hann, FFT, mel
//!                                                                  │
//!                       sound ◄──Griffin-Lim── magnitudes ◄────────┘ (written)
//! ```
//!
//! Frames are centred as those of librosa and torchaudio: frame `t` is that of the window whose middle lies at
//! sample `t * hop`, with zeros beyond both ends, so that a sound has one frame more than it has whole hops. Options give
//! the frames of Whisper's feature extractor instead (docs/guide/media.md).

mod adapter;
mod augment;
mod channel;
mod check;
mod decoding;
mod deltas;
mod dynamic_range;
mod error;
mod features;
mod filter_bank;
mod formats;
mod griffin_lim;
mod inversion;
mod masks;
mod medium;
mod mel;
mod noise;
mod open;
mod options;
mod price;
mod regions;
mod resampling;
mod spectrum;
mod stack;
mod state;
mod trim;
mod wav;
mod windows;

pub use adapter::AudioAdapter;
pub use augment::Augment;
pub use channel::Channel;
pub use error::AudioError;
pub use masks::SpecAugment;
pub use medium::Audio;
pub use mel::{Logarithm, Mel, Norm, Padding, Scale};
pub use noise::Noise;
pub use options::{AudioOptions, Codes, Gap, MelOutput, Normalize, Output};
pub use trim::Trim;
pub use windows::windows;
