//! A track: the description of a sound in a file, and its samples, which are decoded on demand.

use super::adpcm::Blocks;
use super::alac::Alac;
use super::coding::Coding;
use super::opus::OpusStream;
use super::stream::Stream;
use super::{UNCOMPRESSED_ONLY, guarded};
use crate::error::AudioError;

/// A sound in a file, parsed but not yet decoded.
pub(crate) struct Track<'b> {
    /// The format in words: `WAV, 24 bit integers in 32`.
    pub(crate) format: String,
    /// Samples a second, in hertz.
    pub(crate) rate: f64,
    pub(crate) channels: usize,
    /// The channels' names, where the file names them.
    pub(crate) names: Vec<String>,
    pub(crate) samples: Samples<'b>,
    /// Warnings about the file.
    pub(crate) warnings: Vec<String>,
}

/// The samples of a track, as they are stored.
pub(crate) enum Samples<'b> {
    /// Samples that are each stored by themselves, all channels side by side.
    Plain(Coding, &'b [u8]),
    /// Blocks that can each be decoded by themselves.
    Blocks(Blocks, &'b [u8]),
    /// Packets that symphonia decodes, one after the other.
    Stream(Stream<'b>),
    /// Packets of Apple Lossless.
    Alac(Alac<'b>),
    /// Packets of Opus.
    Opus(OpusStream<'b>),
}

/// Excerpt of a track's samples.
#[derive(Debug, Default)]
pub(crate) struct Excerpt {
    /// `[samples, channels]`, row-major.
    pub(crate) values: Vec<f32>,
    /// Number of samples of a channel up to where decoding ended: all of them, when the excerpt is empty.
    pub(crate) seen: usize,
    /// Warnings about the samples.
    pub(crate) warnings: Vec<String>,
}

impl Track<'_> {
    /// Decodes at most so many samples of every channel, from `start` on; none where the sound ends before. Samples
    /// that are stored each by itself are decoded only where they are asked for, and streams no further than the
    /// last.
    pub(crate) fn excerpt(&self, start: usize, most: usize) -> Result<Excerpt, AudioError> {
        let end = start.saturating_add(most);
        match &self.samples {
            Samples::Plain(coding, data) => {
                let size = coding.width() * self.channels;
                let seen = data.len() / size;
                let (from, to) = (start.min(seen), end.min(seen));
                let values = coding.decode(&data[from * size..to * size]);
                Ok(Excerpt { values, seen, warnings: Vec::new() })
            }
            Samples::Blocks(blocks, data) => Ok(blocks.excerpt(data, self.channels, start, end)),
            _ if UNCOMPRESSED_ONLY => Err(AudioError::unread(self.format.clone())),
            Samples::Stream(stream) => {
                guarded(&self.format, || stream.excerpt(&self.format, self.channels, start, end))
            }
            Samples::Alac(stream) => {
                guarded(&self.format, || stream.excerpt(&self.format, self.channels, start, end))
            }
            Samples::Opus(stream) => {
                guarded(&self.format, || stream.excerpt(&self.format, self.channels, start, end))
            }
        }
    }
}

impl Track<'_> {
    /// Largest number of samples of a channel, found without decoding them.
    pub(crate) fn len(&self) -> usize {
        let most = super::MOST_VALUES / self.channels.max(1);
        match &self.samples {
            Samples::Plain(coding, data) => data.len() / (coding.width() * self.channels),
            Samples::Blocks(blocks, data) => blocks.len(data),
            _ if UNCOMPRESSED_ONLY => most,
            // A stream that cannot be unpacked here is bounded as decoding is.
            Samples::Stream(stream) => guarded(&self.format, || stream.len()).unwrap_or(most).min(most),
            Samples::Alac(stream) => stream.len().min(most),
            Samples::Opus(stream) => stream.len().min(most),
        }
    }
}

/// Collector of an excerpt from a sound that is decoded from its beginning.
pub(super) struct Collector<'f> {
    format: &'f str,
    channels: usize,
    start: usize,
    end: usize,
    excerpt: Excerpt,
}

impl<'f> Collector<'f> {
    pub(super) fn new(format: &'f str, channels: usize, start: usize, end: usize) -> Self {
        Self { format, channels, start, end, excerpt: Excerpt::default() }
    }

    /// True if the excerpt is complete.
    pub(super) fn full(&self) -> bool {
        self.excerpt.seen >= self.end
    }

    /// Adds samples of all channels.
    pub(super) fn add(&mut self, values: &[f32]) -> Result<(), AudioError> {
        let (channels, seen) = (self.channels, self.excerpt.seen);
        let count = values.len() / channels;
        let from = self.start.saturating_sub(seen).min(count);
        let to = self.end.saturating_sub(seen).min(count);
        if from < to {
            self.excerpt.values.extend_from_slice(&values[from * channels..to * channels]);
        }
        self.excerpt.seen += count;
        if self.excerpt.seen.saturating_mul(channels) > super::MOST_VALUES {
            let format = self.format.to_owned();
            return Err(AudioError::Huge { format, values: super::MOST_VALUES });
        }
        Ok(())
    }

    /// Adds a warning once.
    pub(super) fn warn(&mut self, warning: &str) {
        if !self.excerpt.warnings.iter().any(|known| known == warning) {
            self.excerpt.warnings.push(warning.to_owned());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.excerpt.seen == 0
    }

    /// Number of samples of a channel that were added.
    pub(super) fn seen(&self) -> usize {
        self.excerpt.seen
    }

    pub(super) fn finish(self) -> Excerpt {
        self.excerpt
    }
}
