//! The adapter: melodies as sequences of tokens or frames, and back.

use std::path::Path;

use any2any::{
    Adapter, AdapterError, Convolution, Decoded, Encoded, FrameCount, Frames, Head, Region, Sequence, Stem,
    Value, WrittenFile,
};

use crate::value::{KEYS, LONGEST, Melody, Note, OCTAVES};

/// File of the learned state, in the folder that a run gives the adapter.
pub(crate) const NOTES_FILE: &str = "notes.json";

const PADDING: u32 = 0;
const BEGIN: u32 = 1;
const END: u32 = 2;
/// A note that the training split does not have.
const UNKNOWN: u32 = 3;
/// The token of the first note of the vocabulary.
const FIRST: u32 = 4;

/// A frame: a 1 in the place of the key, one in that of the octave, and one in that of the beats.
const WIDTH: usize = KEYS.len() + OCTAVES as usize + LONGEST as usize;
/// The most frames of an output, should the model never signal its end.
const MOST: usize = 256;

/// Notes as tokens or as frames.
pub(crate) enum NotesAdapter {
    /// A token for each note of a vocabulary.
    Tokens { vocabulary: Vec<Note> },
    /// A frame for each note, so many of which enter the model together.
    Frames { stride: usize },
}

impl Adapter for NotesAdapter {
    /// Tokens enter through a table of embeddings, frames through a projection, or a convolution that strides.
    fn stem(&self) -> Stem {
        match *self {
            Self::Tokens { ref vocabulary } => {
                Stem::Lookup { vocabulary: size(vocabulary), padding: PADDING }
            }
            Self::Frames { stride: 1 } => Stem::Projection { width: WIDTH },
            // The kernel is odd and sees a frame more on either side than it steps over.
            Self::Frames { stride } => {
                let layer = Convolution { kernel: stride / 2 * 2 + 3, stride };
                Stem::Convolution { width: WIDTH, layers: vec![layer] }
            }
        }
    }

    /// Tokens are written by a softmax, frames by a regression until the model signals the end.
    fn head(&self) -> Option<Head> {
        match *self {
            Self::Tokens { ref vocabulary } => Some(Head::Softmax {
                vocabulary: size(vocabulary),
                padding: PADDING,
                begin: BEGIN,
                end: END,
                forbidden: vec![PADDING, BEGIN, UNKNOWN],
            }),
            Self::Frames { stride: 1 } => {
                Some(Head::Regression { width: WIDTH, length: FrameCount::UntilStop { at_most: MOST } })
            }
            Self::Frames { .. } => None,
        }
    }

    /// The sequence, and for every position of the encoder the notes that it covers.
    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let notes = Melody::notes_of(value)?;
        let covered = |stride: usize| {
            let end = move |start: usize| (start + stride).min(notes.len());
            (0..notes.len()).step_by(stride).map(move |start| Region::Items(start..end(start)))
        };
        match self {
            Self::Tokens { vocabulary } => {
                let tokens = notes.iter().map(|note| token(vocabulary, note)).chain([END]).collect();
                let regions = covered(1).chain([Region::Nothing]).collect();
                Ok(Encoded { sequence: Sequence::Tokens(tokens), regions })
            }
            Self::Frames { stride } => {
                let frames = Frames::new(WIDTH, notes.iter().flat_map(frame).collect());
                let frames = frames.filter(|frames| !frames.is_empty());
                let frames = frames.ok_or_else(|| AdapterError::value("it has no notes"))?;
                // Behind a stride there are fewer positions than frames; each covers several notes.
                Ok(Encoded { sequence: Sequence::Frames(frames), regions: covered(*stride).collect() })
            }
        }
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let notes: Vec<Note> = match (self, sequence) {
            (Self::Tokens { vocabulary }, Sequence::Tokens(tokens)) => {
                let note = |&token: &u32| {
                    let outside = || AdapterError::value(format!("token {token} is no note"));
                    known(vocabulary, token).ok_or_else(outside)
                };
                tokens.iter().map(note).collect::<Result<_, _>>()?
            }
            (Self::Frames { stride: 1 }, Sequence::Frames(frames)) if frames.width() == WIDTH => {
                frames.values().chunks(WIDTH).map(nearest).collect()
            }
            _ => return Err(AdapterError::value("these are no notes as this side writes them")),
        };
        let regions = (0..notes.len()).map(|place| Region::Items(place..place + 1)).collect();
        Ok(Decoded { value: Value::custom(Melody(notes)), regions })
    }

    /// The file that `translate --output` writes.
    fn to_file(&self, value: &Value) -> Result<WrittenFile, AdapterError> {
        Melody::notes_of(value)?;
        Ok(WrittenFile::new("notes", format!("{value}\n").into_bytes()))
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        Melody::parse(bytes).map(Value::custom).map_err(AdapterError::value)
    }

    fn show(&self, token: u32) -> String {
        let note = match self {
            Self::Tokens { vocabulary } => known(vocabulary, token),
            Self::Frames { .. } => None,
        };
        note.map_or_else(|| format!("<{token}>"), |note| note.to_string())
    }

    /// All that was learned: a run is loaded without its data.
    fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        let Self::Tokens { vocabulary } = self else { return Ok(()) };
        let names: Vec<String> = vocabulary.iter().map(Note::to_string).collect();
        any2any::frames::save(folder, NOTES_FILE, &names)
    }
}

fn size(vocabulary: &[Note]) -> usize {
    FIRST as usize + vocabulary.len()
}

fn token(vocabulary: &[Note], note: &Note) -> u32 {
    vocabulary.binary_search(note).map_or(UNKNOWN, |place| FIRST + place as u32)
}

fn known(vocabulary: &[Note], token: u32) -> Option<Note> {
    vocabulary.get(token.checked_sub(FIRST)? as usize).copied()
}

fn frame(note: &Note) -> Vec<f32> {
    let mut frame = vec![0.0; WIDTH];
    frame[usize::from(note.key)] = 1.0;
    frame[KEYS.len() + usize::from(note.octave)] = 1.0;
    frame[KEYS.len() + usize::from(OCTAVES + note.beats - 1)] = 1.0;
    frame
}

/// The note of a frame that a model wrote, whose numbers are only about right.
fn nearest(frame: &[f32]) -> Note {
    let largest = |numbers: &[f32]| {
        (0..numbers.len()).max_by(|&a, &b| numbers[a].total_cmp(&numbers[b])).unwrap_or(0) as u8
    };
    let (key, rest) = frame.split_at(KEYS.len());
    let (octave, beats) = rest.split_at(usize::from(OCTAVES));
    Note { octave: largest(octave), key: largest(key), beats: 1 + largest(beats) }
}
