//! Formats of sound files, recognised by their contents: each is read, or named in an error.
//!
//! Samples that are stored without compression, or in independent blocks, are read here, header by header; FLAC, MP3,
//! Ogg Vorbis and Apple Lossless are decoded by symphonia, Opus by ropus. The values are those of libsndfile, the
//! library that most programs for sounds read with.

mod adpcm;
mod aiff;
mod alac;
mod au;
mod bytes;
mod caf;
mod coding;
mod kind;
mod nist;
mod ogg;
mod opus;
mod stream;
mod track;
mod wave;
mod wave_format;

pub(crate) use kind::Kind;
pub(crate) use track::Track;

use crate::error::AudioError;

/// The most channels a sound has; libsndfile's limit too.
const MOST_CHANNELS: usize = 1024;
/// The most values that a compressed sound is unpacked to: 1 GiB of them. An uncompressed one is bounded by its file.
pub(crate) const MOST_VALUES: usize = 1 << 28;

/// The extensions of the files that are read.
pub(crate) const EXTENSIONS: &[&str] = &[
    "wav", "wave", "bwf", "rf64", "w64", "aif", "aiff", "aifc", "au", "snd", "caf", "flac", "mp3", "ogg",
    "oga", "opus", "sph", "nist",
];

/// True where no decoder of compressed sounds is linked: in WebAssembly, of which they would be the largest part.
pub(crate) const UNCOMPRESSED_ONLY: bool = cfg!(target_family = "wasm");

/// Warning of a sound that its header says to be longer than its file holds.
const CUT_OFF: &str = "the file ends before the sound that its header announces: it is cut off, or its header is wrong; what is there was read";
/// Warning of packets that could not be decoded.
const DAMAGED: &str = "some of it is damaged and could not be decoded: there is silence instead";
/// Warning of a header that was written before the length of the sound was known.
const UNKNOWN_LENGTH: &str =
    "the header does not say how long the sound is: it was read to the end of the file";

/// Runs a decoder of another crate, and turns a panic into an error.
fn guarded<T>(format: &str, decode: impl FnOnce() -> Result<T, AudioError>) -> Result<T, AudioError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(decode)).unwrap_or_else(|_| {
        let reason = "its decoder gave up".to_owned();
        Err(AudioError::Broken { format: format.to_owned(), reason })
    })
}

/// The sound in a file, understood but not yet decoded.
pub(crate) fn find(bytes: &[u8]) -> Result<Track<'_>, AudioError> {
    let Some(kind) = Kind::of(bytes) else {
        return Err(if bytes.is_empty() { AudioError::NoBytes } else { AudioError::Format });
    };
    let track = match kind {
        Kind::Wave => wave::riff(bytes),
        Kind::Wave64 => wave::wave64(bytes),
        Kind::Aiff => aiff::find(bytes),
        Kind::Au => au::find(bytes),
        Kind::Caf => caf::find(bytes),
        Kind::Nist => nist::find(bytes),
        kind @ (Kind::Flac | Kind::Mpeg | Kind::Ogg) if UNCOMPRESSED_ONLY => {
            Err(AudioError::unread(format!("{kind:?}, which a page without a server does not decode")))
        }
        Kind::Flac => stream::find(stream::Container::Flac, bytes),
        Kind::Mpeg => stream::find(stream::Container::Mpeg, bytes),
        Kind::Ogg => ogg::find(bytes),
        Kind::Other(name) => Err(AudioError::unread(name)),
    }?;
    if !(1..=MOST_CHANNELS).contains(&track.channels) {
        let reason = format!("it has {} channels", track.channels);
        return Err(AudioError::Broken { format: track.format, reason });
    }
    if !(track.rate.is_finite() && track.rate > 0.0) {
        let reason = format!("its rate is {} Hz", track.rate);
        return Err(AudioError::Broken { format: track.format, reason });
    }
    Ok(track)
}
