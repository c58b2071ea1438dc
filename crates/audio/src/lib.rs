//! The audio medium: sounds to mel frames or codes and back.
//!
//! Files are of the formats that `formats` knows by what stands in them. What is done to a sound once (channels averaged, silence trimmed, resampling, joining) is
//! done when it is opened; what is learned (normalisation, a codebook) is fitted on opened sounds; what is done
//! anew for every sample of training is augmentation.
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
//! sample `t * hop`, with zeros beyond both ends, so that a sound has one frame more than it has whole hops.

mod adapter;
mod augment;
mod channel;
mod check;
mod decoding;
mod deltas;
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

pub use adapter::AudioAdapter;
pub use augment::Augment;
pub use channel::Channel;
pub use error::AudioError;
pub use masks::SpecAugment;
pub use medium::Audio;
pub use mel::{Mel, Norm, Scale};
pub use noise::Noise;
pub use options::{AudioOptions, Codes, Gap, MelOutput, Normalize, Output};
pub use trim::Trim;
