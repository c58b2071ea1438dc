//! Errors between a sound and its sequence.

use any2any_adapter::{AdapterError, File};

/// Error between a sound and its sequence.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The file cannot be read at all.
    #[error("{reason}")]
    Unreadable {
        /// Message of the operating system.
        reason: String,
    },
    /// A file without a byte.
    #[error("the file is empty: there is no header of a sound, nor anything else")]
    NoBytes,
    /// The content is of no known format.
    #[error(
        "it is no sound that is known here, by its first bytes: WAV, AIFF, AU, CAF, FLAC, MP3, Ogg and others are read; convert it, for instance with `ffmpeg -i sound.xyz sound.wav`"
    )]
    Format,
    /// The content breaks the rules of its format.
    #[error("it is {format}, and broken or cut off: {reason}")]
    Broken {
        /// The format that was found.
        format: String,
        /// Problem of the content.
        reason: String,
    },
    /// A format, or a variant of one, that is known and not read.
    #[error("it is {format}, which is not read: convert it, for instance with `{command}`")]
    Unread {
        /// The format that was found.
        format: String,
        /// A command that converts it.
        command: String,
    },
    /// A compressed sound that would fill the memory.
    #[error(
        "it is {format}, and unpacks to more than the {values} values that a compressed sound may have: cut it into shorter files"
    )]
    Huge {
        /// The format that was found.
        format: String,
        /// The most values.
        values: usize,
    },
    /// A choice of the left or right channel, for a sound of more than two.
    #[error(
        "it has {channels} channels, and 'channel: {channel}' is for sounds of one or two: use 'channel: mean'"
    )]
    Channel {
        /// Number of channels.
        channels: usize,
        /// `left` or `right`.
        channel: &'static str,
    },
    /// A rate that no sound has.
    #[error("a rate of {rate} Hz is none of a sound: it must lie between {least} and {most}")]
    Rate {
        /// The rate.
        rate: f64,
        /// The lowest rate.
        least: usize,
        /// The highest rate.
        most: usize,
    },
    /// A sample that is no number, or of a size that no sound has.
    #[error("it holds samples that are not numbers, or far beyond full scale, which is -1 to 1")]
    Sample,
    /// A sound without a sample.
    #[error("the sound is empty: it has no sample")]
    Empty,
    /// The part begins where the sound has ended.
    #[error("the sound ends after {seconds:.3} s: check where the part begins")]
    Outside {
        /// The length of the whole sound.
        seconds: f64,
    },
    /// A part that a sound does not have.
    #[error("a part of a sound begins at a second or at a sample; it has no other parts")]
    Part,
    /// A sound longer than the options allow.
    #[error(
        "its {seconds:.2} s are more than the {longest} that are allowed: raise the option 'longest', or cut the sound with 'take' or 'trim'"
    )]
    TooLong {
        /// Its duration in seconds.
        seconds: f64,
        /// The longest duration that is allowed, in seconds.
        longest: f64,
    },
    /// A sound longer than what is heard at once.
    #[error(
        "its {seconds:.2} s are more than the {longest} that are heard at once (`pad_to`): cut it shorter, with 'take' for instance"
    )]
    BeyondWindow {
        /// Its duration in seconds.
        seconds: f64,
        /// The duration that is heard at once, in seconds.
        longest: f64,
    },
    /// A series without a sound.
    #[error("the series is empty: at least one sound is needed")]
    NoSound,
    /// Sounds cannot be brought to a common rate.
    #[error("it cannot be brought from {from} Hz to {to} Hz: {reason}")]
    Resampling {
        /// Its rate, in hertz.
        from: usize,
        /// The rate of the options, in hertz.
        to: usize,
        /// Message of the resampler.
        reason: String,
    },
    /// A signal that was not opened by this medium.
    #[error("one channel at {expected} Hz was expected, but this is {found}: open the sound first")]
    Shape {
        /// Description of this signal.
        found: String,
        /// The rate of the options, in hertz.
        expected: usize,
    },
    /// Too many values for one sequence.
    #[error(
        "its {frames} frames of {width} values are too much for one sequence: use a larger hop, or shorter sounds"
    )]
    TooManyFrames {
        /// Number of frames.
        frames: usize,
        /// Number of values of a frame.
        width: usize,
    },
    /// The sound can be read but not written.
    #[error("a sound is read here and cannot be written: set 'output' to mel or codes")]
    ReadOnly,
    /// The model wrote the other kind of sequence.
    #[error("{expected} were expected: the model and the options of the sound do not belong together")]
    OtherKind {
        /// `frames of 40 values`, `tokens`.
        expected: String,
    },
    /// A token that the vocabulary does not have.
    #[error(
        "token {token} is outside the vocabulary of {vocabulary} tokens: the model and the codebook do not belong together"
    )]
    OutsideVocabulary {
        /// The token.
        token: u32,
        /// Size of the vocabulary, in tokens.
        vocabulary: usize,
    },
    /// The sound cannot be written as a file.
    #[error("it cannot be written as WAV: {reason}")]
    Unwritable {
        /// Message of the encoder.
        reason: String,
    },
}

impl AudioError {
    /// The error about a format that is known and not read.
    pub(crate) fn unread(format: impl Into<String>) -> Self {
        let command = "ffmpeg -i FILE -c:a pcm_s16le NEW.wav".to_owned();
        Self::Unread { format: format.into(), command }
    }

    /// The error with the file that it belongs to.
    pub(crate) fn of(self, file: &File) -> AdapterError {
        AdapterError::Broken { file: file.to_string(), reason: self.to_string() }
    }
}

impl From<AudioError> for AdapterError {
    fn from(error: AudioError) -> Self {
        AdapterError::Value { reason: error.to_string() }
    }
}
