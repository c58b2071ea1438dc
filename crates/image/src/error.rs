//! Errors between a picture and its sequence.

use any2any_adapter::{AdapterError, File};

/// Error between a picture and its sequence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file cannot be read at all.
    #[error("{reason}")]
    Unreadable {
        /// Message of the operating system.
        reason: String,
    },
    /// The content is of no known format.
    #[error(
        "its first bytes are those of no known picture: read are PNG, JPEG, GIF, BMP, WebP, TIFF, PBM, PGM, PPM and \
         IDX archives; convert it, for instance with `magick FILE FILE.png`"
    )]
    Format,
    /// A format, or a kind of a format, that is known and not read.
    #[error("it is {format}, which is not read here: convert it, for instance with `{command}`")]
    Refused {
        /// `a HEIC picture`.
        format: String,
        /// A command that converts `FILE`.
        command: &'static str,
    },
    /// Something else than an archive of pictures was compressed by gzip.
    #[error(
        "it is compressed by gzip, and what is inside is no IDX archive of pictures: unpack it with `gzip -d`"
    )]
    Gzip,
    /// The content breaks the rules of its format.
    #[error("it is broken or cut off: {reason}")]
    Broken {
        /// Message of the decoder.
        reason: String,
    },
    /// The picture is larger than anything that can be worked with.
    #[error("{width} x {height} pixels are more than the {limit} that are allowed: cut or shrink it")]
    TooLarge {
        /// Pixels from left to right.
        width: usize,
        /// Pixels from top to bottom.
        height: usize,
        /// The most pixels.
        limit: usize,
    },
    /// The header promises more pixels than so few bytes can hold.
    #[error("it is broken or cut off: {width} x {height} pixels do not fit into {bytes} bytes")]
    Implausible {
        /// Pixels from left to right.
        width: usize,
        /// Pixels from top to bottom.
        height: usize,
        /// The length of the file.
        bytes: usize,
    },
    /// The rectangle is not inside the picture.
    #[error("the picture has {width} x {height} pixels only: check the position and the size of the cell")]
    Outside {
        /// Pixels from left to right.
        width: usize,
        /// Pixels from top to bottom.
        height: usize,
    },
    /// The archive has no such item.
    #[error("the archive holds {items} pictures only")]
    NoItem {
        /// Number of pictures in the archive.
        items: usize,
    },
    /// An archive stands where a picture is needed.
    #[error("it is an archive of {items} pictures: name one of its items")]
    Archive {
        /// Number of pictures in the archive.
        items: usize,
    },
    /// A part that a picture does not have.
    #[error("a picture has rectangles, and an IDX archive has items; it has no other parts")]
    Part,
    /// A series without a picture.
    #[error("the series is empty: at least one picture is needed")]
    NoPicture,
    /// A picture of another kind than those of the training split.
    #[error(
        "the picture has {found}, but those of the training split have {expected}: set the option 'size' or 'colour'"
    )]
    Shape {
        /// Size or colours of this picture.
        found: String,
        /// Size or colours of the other pictures.
        expected: String,
    },
    /// Too many values for one sequence.
    #[error(
        "its {frames} patches of {width} values are too much for one sequence: use larger strides, or a smaller size"
    )]
    TooLong {
        /// Number of patches.
        frames: usize,
        /// Number of values of a patch.
        width: usize,
    },
    /// The picture can be read but not written.
    #[error(
        "a picture is read here and cannot be written: set 'output' to patches or codes, and 'size' to a fixed one"
    )]
    ReadOnly,
    /// The model wrote the other kind of sequence.
    #[error("{expected} were expected: the model and the options of the picture do not belong together")]
    OtherKind {
        /// `frames of 16 values`, `tokens`.
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
    /// The picture cannot be written as a file.
    #[error("it cannot be written as PNG: {reason}")]
    Unwritable {
        /// Message of the encoder.
        reason: String,
    },
}

impl ImageError {
    /// A format that is known and not read, and the command that converts `FILE`.
    pub(crate) fn refused(format: impl Into<String>, command: &'static str) -> Self {
        Self::Refused { format: format.into(), command }
    }

    /// The error with the file that it belongs to.
    pub(crate) fn of(self, file: &File) -> AdapterError {
        AdapterError::Broken { file: file.to_string(), reason: self.to_string() }
    }
}

impl From<ImageError> for AdapterError {
    fn from(error: ImageError) -> Self {
        AdapterError::Value { reason: error.to_string() }
    }
}
