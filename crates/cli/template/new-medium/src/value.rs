//! The values of the medium: melodies, and their notation `C4/2 F#4/1`.

use std::fmt;
use std::str::FromStr;

use any2any::{AdapterError, CustomContents, Value};

/// Keys of an octave, from the lowest.
pub(crate) const KEYS: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
/// Number of octaves, from 0.
pub(crate) const OCTAVES: u8 = 9;
/// The longest note, in beats.
pub(crate) const LONGEST: u8 = 8;

/// A note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Note {
    /// Octave, from 0.
    pub(crate) octave: u8,
    /// Place of the key in its octave.
    pub(crate) key: u8,
    /// Duration in beats, 1 at least.
    pub(crate) beats: u8,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}", KEYS[usize::from(self.key)], self.octave, self.beats)
    }
}

impl FromStr for Note {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (pitch, beats) = text.split_once('/')?;
            let (key, octave) = pitch.split_at(pitch.find(|letter: char| letter.is_ascii_digit())?);
            let key = KEYS.iter().position(|known| *known == key)? as u8;
            let octave = octave.parse().ok().filter(|octave| *octave < OCTAVES)?;
            let beats = beats.parse().ok().filter(|beats| (1..=LONGEST).contains(beats))?;
            Some(Self { octave, key, beats })
        };
        // An error says what is wrong, and the way out: it is shown to whoever made the data.
        parse().ok_or_else(|| format!("'{text}' is no note: write key, octave and beats, as in F#4/2"))
    }
}

/// A melody: what the dataset holds, what the adapter takes, and what a model writes.
#[derive(Debug, PartialEq)]
pub(crate) struct Melody(pub(crate) Vec<Note>);

/// Pages show items one beside the other, and light up those that a position of the model covers.
impl CustomContents for Melody {
    fn kind(&self) -> &'static str {
        "a melody"
    }

    fn items(&self) -> Vec<String> {
        self.0.iter().map(Note::to_string).collect()
    }

    fn bytes(&self) -> usize {
        size_of_val(self.0.as_slice())
    }
}

impl Melody {
    /// The melody of the bytes of a text: notes with spaces or line ends between them.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        text.split_whitespace().map(Note::from_str).collect::<Result<_, _>>().map(Self)
    }

    /// The notes of a value of this medium.
    pub(crate) fn notes_of(value: &Value) -> Result<&[Note], AdapterError> {
        let melody =
            value.as_custom::<Self>().ok_or_else(|| AdapterError::other_medium("a melody", value))?;
        Ok(&melody.0)
    }
}
