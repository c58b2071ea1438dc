//! Adapter of one medium: values to sequences and back, with the state that it learned from the training split.

use std::path::Path;
use std::sync::Arc;

use crate::{AdapterError, Encoded, Head, Random, Region, Sequence, Stem, Value};

/// A sequence turned back into its medium.
///
/// ```
/// use any2any_adapter::{Decoded, Region, Value};
///
/// let notes = ["c", "e", "g"];
/// let decoded = Decoded {
///     value: Value::from(notes.join(" ")),
///     regions: (0..notes.len()).map(|at| Region::Bytes(2 * at..2 * at + 1)).collect(),
/// };
/// assert_eq!(decoded.value.as_text(), Some("c e g"));
/// assert_eq!(decoded.regions[2], Region::Bytes(4..5));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The value.
    pub value: Value,
    /// The region of the value that each position of the sequence covers.
    pub regions: Vec<Region>,
}

/// File that a written value is kept in.
///
/// ```
/// use any2any_adapter::{Image, WrittenFile};
///
/// let board = Image::new(2, 2, 1, vec![0, 255, 255, 0]).expect("four grey pixels");
/// let mut bytes = format!("P5 {} {} 255\n", board.width(), board.height()).into_bytes();
/// bytes.extend_from_slice(board.pixels());
/// let file = WrittenFile::new("pgm", bytes);
/// assert_eq!(file.extension, "pgm");
/// assert!(file.bytes.starts_with(b"P5 2 2 255\n"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Extension of its name, in lower case and without the dot.
    pub extension: String,
    /// Bytes of the file.
    pub bytes: Vec<u8>,
}

impl WrittenFile {
    /// A file of an extension with these bytes.
    pub fn new(extension: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { extension: extension.into(), bytes }
    }
}

/// Adapter of one medium: turns values into sequences and, if the medium can be written, sequences into values.
///
/// An adapter is built and fitted by its [`Medium`](crate::Medium), whose [`open`](crate::Medium::open) every
/// value has gone through before it comes here. It holds no randomness of its own: the same value always gives
/// the same sequence. A registry hands adapters out behind a check of all that they return: the rules stand at each
/// method, and [`testing::conforms`](crate::testing::conforms) tries them.
///
/// This one is only read; that of [`Medium`](crate::Medium)'s example is written too.
///
/// ```
/// use any2any_adapter::{Adapter, AdapterError, Encoded, Frames, Region, Sequence, Signal, Stem, Value};
///
/// /// The loudness of a sound, in frames of a tenth of a second.
/// struct Loudness;
///
/// impl Adapter for Loudness {
///     fn stem(&self) -> Stem {
///         Stem::Projection { width: 1 }
///     }
///
///     fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
///         let sound = value.as_signal().ok_or_else(|| AdapterError::other_medium("a sound", value))?;
///         let loudest = |samples: &[f32]| samples.iter().fold(0.0, |most: f32, next| most.max(next.abs()));
///         let samples = (sound.rate() / 10.0).ceil() as usize;
///         let values: Vec<f32> = sound.channel(0).chunks(samples).map(loudest).collect();
///         let span = |at: f64| Region::Span { start: at / 10.0, end: (at + 1.0) / 10.0 };
///         let regions = (0..values.len()).map(|at| span(at as f64)).collect();
///         let frames = Frames::new(1, values).filter(|frames| !frames.is_empty());
///         let frames = frames.ok_or_else(|| AdapterError::value("the sound has no sample"))?;
///         Ok(Encoded { sequence: Sequence::Frames(frames), regions })
///     }
/// }
///
/// let sound = Signal::mono(20.0, vec![0.1, -0.4, 0.2, 0.0]).map(Value::from).expect("a rate above 0");
/// let encoded = Loudness.encode(&sound)?;
/// assert_eq!(encoded.sequence.frames().map(Frames::values), Some(&[0.4, 0.2][..]));
/// assert!(Loudness.encode(&Value::from("a text")).is_err());
/// # Ok::<(), AdapterError>(())
/// ```
pub trait Adapter: Send + Sync {
    /// The entrance that the sequences of [`encode`](Adapter::encode) need.
    fn stem(&self) -> Stem;

    /// The exit that writes this medium; `None` when it can only be read, which is the default.
    fn head(&self) -> Option<Head> {
        None
    }

    /// A value as a sequence, each position with its region.
    ///
    /// Sequences of tokens end with the end token and do not start with the begin token: the code that builds batches
    /// feeds the begin token to the decoder.
    ///
    /// # Errors
    ///
    /// When the value is of another medium, or broken.
    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError>;

    /// True if [`augment`](Adapter::augment) changes anything.
    fn augments(&self) -> bool {
        false
    }

    /// A value as a sequence, changed at random in ways that leave its meaning alone. A model is trained on it, and
    /// evaluated on [`encode`](Adapter::encode). The same generator gives the same sequence.
    ///
    /// # Errors
    ///
    /// When the value is of another medium, or broken.
    fn augment(&self, value: &Value, _random: &mut Random) -> Result<Encoded, AdapterError> {
        self.encode(value)
    }

    /// The adapter as another side uses it that shares it and has these options; `None`, the default, where it is the same
    /// for all of them. Only what belongs to a side alone may differ, such as augmentation.
    ///
    /// # Errors
    ///
    /// When the adapter does not fit the options.
    fn for_side(&self, _options: &serde_json::Value) -> Result<Option<Arc<dyn Adapter>>, AdapterError> {
        Ok(None)
    }

    /// A sequence that the model wrote, as a value: tokens without begin and end, or frames.
    ///
    /// # Errors
    ///
    /// When the medium can only be read, a token is outside the vocabulary, or the sequence is of the other
    /// kind.
    fn decode(&self, _sequence: &Sequence) -> Result<Decoded, AdapterError> {
        Err(AdapterError::value("this medium is read, but not written"))
    }

    /// A written value as a file.
    ///
    /// # Errors
    ///
    /// When the value is of another medium.
    fn to_file(&self, value: &Value) -> Result<WrittenFile, AdapterError> {
        Ok(WrittenFile::new("txt", format!("{value}\n").into_bytes()))
    }

    /// Reads a written value back from the bytes of its file, as far as the file's format keeps it.
    ///
    /// # Errors
    ///
    /// When [`to_file`](Self::to_file) cannot have written these bytes.
    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        let text = std::str::from_utf8(bytes).map_err(|error| AdapterError::value(error.to_string()))?;
        Ok(Value::from(text.strip_suffix('\n').unwrap_or(text)))
    }

    /// The most tokens of a sequence of this medium, if the adapter knows: search writes no more. `None`: it depends
    /// on the source.
    fn longest(&self) -> Option<usize> {
        None
    }

    /// The words of a value with parts that the model was never trained on, in their order, each once; `encoded` is
    /// the result of [`encode`](Self::encode) for the value.
    ///
    /// Empty if a medium has no such words, or its state does not tell.
    fn unknown(&self, _encoded: &Encoded, _value: &Value) -> Vec<String> {
        Vec::new()
    }

    /// Warnings about the adapter as a whole, such as a part of a given file that is not taken over: reported once,
    /// when an experiment is checked or trained.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// The warnings where a task's prompt puts so many tokens around each sequence; `None` for a number that is not known
    /// yet. A given file that asks for such tokens is then obeyed.
    fn warnings_beside_prompt(&self, tokens: Option<usize>) -> Vec<String> {
        let _ = tokens;
        self.warnings()
    }

    /// The text that stands for a token in displays; any token, also one outside the vocabulary.
    fn show(&self, token: u32) -> String {
        format!("<{token}>")
    }

    /// Writes the learned state into a folder that exists, so that [`Medium::load`](crate::Medium::load) gives the
    /// same adapter again. By default there is none.
    ///
    /// # Errors
    ///
    /// When a file cannot be written.
    fn save(&self, _folder: &Path) -> Result<(), AdapterError> {
        Ok(())
    }
}
