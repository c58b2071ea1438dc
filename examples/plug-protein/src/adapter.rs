//! The adapter: a text over an alphabet as frames to read or as tokens to write, one a letter.

use any2any::{
    Adapter, AdapterError, Convolution, Decoded, Encoded, Frames, Head, Region, Sequence, Stem, Value,
};

use crate::medium::Alphabet;

const PADDING: u32 = 0;
const BEGIN: u32 = 1;
const END: u32 = 2;
/// The token of the first letter.
const FIRST: u32 = 3;

impl Alphabet {
    fn vocabulary(&self) -> usize {
        FIRST as usize + self.letters.len()
    }

    /// The place of every letter in the alphabet.
    fn places(&self, value: &Value) -> Result<Vec<usize>, AdapterError> {
        let text = value.as_text().ok_or_else(|| AdapterError::other_medium("a text", value))?;
        let unknown = |letter| AdapterError::value(format!("'{letter}' is none of {}", self.letters));
        text.chars().map(|letter| self.letters.find(letter).ok_or_else(|| unknown(letter))).collect()
    }
}

/// There is nothing to learn from the data, so nothing to save.
impl Adapter for Alphabet {
    /// Values that are read enter through two convolutions, so that every position sees eight letters on either side.
    fn stem(&self) -> Stem {
        let layer = Convolution { kernel: 9, stride: 1 };
        if self.read {
            return Stem::Convolution { width: self.letters.len(), layers: vec![layer; 2] };
        }
        Stem::Lookup { vocabulary: self.vocabulary(), padding: PADDING }
    }

    /// Search never writes the last letter.
    fn head(&self) -> Option<Head> {
        let vocabulary = self.vocabulary();
        let forbidden = vec![PADDING, BEGIN, vocabulary as u32 - 1];
        let head = Head::Softmax { vocabulary, padding: PADDING, begin: BEGIN, end: END, forbidden };
        (!self.read).then_some(head)
    }

    /// A frame has a 1 in the place of its letter; tokens have their end behind them.
    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let places = self.places(value)?;
        let mut regions: Vec<Region> = (0..places.len()).map(|at| Region::Bytes(at..at + 1)).collect();
        if self.read {
            let frame = |&place: &usize| (0..self.letters.len()).map(move |at| f32::from(at == place));
            let frames = Frames::new(self.letters.len(), places.iter().flat_map(frame).collect());
            let empty = || AdapterError::value("it is empty");
            let frames = frames.filter(|frames| !frames.is_empty()).ok_or_else(empty)?;
            return Ok(Encoded { sequence: Sequence::Frames(frames), regions });
        }
        let tokens = places.iter().map(|&place| FIRST + place as u32).chain([END]).collect();
        regions.push(Region::Nothing);
        Ok(Encoded { sequence: Sequence::Tokens(tokens), regions })
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let tokens = sequence.tokens().unwrap_or_default();
        let text: String = tokens.iter().map(|&token| self.show(token)).collect();
        let regions = (0..tokens.len()).map(|at| Region::Bytes(at..at + 1)).collect();
        Ok(Decoded { value: Value::Text(text), regions })
    }

    fn show(&self, token: u32) -> String {
        let letter = token.checked_sub(FIRST).and_then(|place| self.letters.chars().nth(place as usize));
        letter.map_or_else(|| format!("<{token}>"), String::from)
    }
}
