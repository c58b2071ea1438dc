//! The adapter of both media: texts of which every letter is a position.

use std::path::Path;

use any2any_adapter::{
    Adapter, AdapterError, Convolution, Decoded, Encoded, FrameCount, Frames, Head, Region, Sequence, Stem,
    Value,
};

/// The tokens that are no letters, by number: they come before the letters.
const SPECIAL: [&str; 3] = ["<padding>", "<begin>", "<end>"];
const PADDING: u32 = 0;
const BEGIN: u32 = 1;
const END: u32 = 2;

/// Turns letters into tokens or frames, and back. There is nothing to learn.
pub(crate) struct Letters {
    /// The letters, ASCII; the last stands for what is not known, and is never written.
    pub(crate) alphabet: &'static str,
    /// How many frames on either side the encoder's every position sees before attention; 0: tokens.
    pub(crate) neighbours: usize,
    /// The most letters that are written, when all are written at once.
    pub(crate) at_once: Option<usize>,
}

impl Letters {
    fn vocabulary(&self) -> usize {
        SPECIAL.len() + self.alphabet.len()
    }

    fn is_frames(&self) -> bool {
        self.neighbours > 0 || self.at_once.is_some()
    }

    fn token(&self, letter: char) -> Result<u32, AdapterError> {
        let reason = || format!("'{letter}' is none of the letters {}", self.alphabet);
        let place = self.alphabet.find(letter).ok_or_else(|| AdapterError::Value { reason: reason() })?;
        Ok((SPECIAL.len() + place) as u32)
    }

    fn letter(&self, token: u32) -> Option<&str> {
        let place = (token as usize).checked_sub(SPECIAL.len())?;
        self.alphabet.get(place..=place)
    }

    /// A frame a token: 1 in the token's column, 0 elsewhere.
    fn one_hot(&self, tokens: &[u32]) -> Option<Frames> {
        let mut values = vec![0.0; tokens.len() * self.vocabulary()];
        for (row, &token) in tokens.iter().enumerate() {
            values[row * self.vocabulary() + token as usize] = 1.0;
        }
        Frames::new(self.vocabulary(), values)
    }

    /// XX
    fn likeliest(&self, frames: &Frames) -> Vec<u32> {
        let writable = END..self.vocabulary() as u32 - 1;
        let best =
            |frame: &[f32]| writable.clone().max_by(|&a, &b| frame[a as usize].total_cmp(&frame[b as usize]));
        let best = frames.values().chunks_exact(frames.width()).filter_map(best);
        best.take_while(|&token| token != END).collect()
    }
}

impl Adapter for Letters {
    fn stem(&self) -> Stem {
        let kernel = 2 * self.neighbours + 1;
        match self.is_frames() {
            false => Stem::Lookup { vocabulary: self.vocabulary(), padding: PADDING },
            true => Stem::Convolution {
                width: self.vocabulary(),
                layers: vec![Convolution { kernel, stride: 1 }],
            },
        }
    }

    fn head(&self) -> Option<Head> {
        let vocabulary = self.vocabulary();
        let forbidden = vec![PADDING, BEGIN, vocabulary as u32 - 1];
        match self.at_once {
            Some(length) => {
                Some(Head::Regression { width: vocabulary, length: FrameCount::Fixed(length + 1) })
            }
            None if self.is_frames() => None,
            None => Some(Head::Softmax { vocabulary, padding: PADDING, begin: BEGIN, end: END, forbidden }),
        }
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let text = value.as_text().ok_or_else(|| AdapterError::other_medium("a text", value))?;
        let mut tokens = text.chars().map(|letter| self.token(letter)).collect::<Result<Vec<_>, _>>()?;
        let mut regions: Vec<Region> = (0..tokens.len()).map(|at| Region::Bytes(at..at + 1)).collect();
        tokens.push(END);
        regions.push(Region::Nothing);
        let frames = if self.is_frames() { self.one_hot(&tokens) } else { None };
        Ok(Encoded { sequence: frames.map_or(Sequence::Tokens(tokens), Sequence::Frames), regions })
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let tokens = match sequence {
            Sequence::Tokens(tokens) => tokens.clone(),
            Sequence::Frames(frames) => self.likeliest(frames),
        };
        let text: Option<String> = tokens.iter().map(|&token| self.letter(token)).collect();
        let reason = "no letters: the model and this medium do not belong together".to_owned();
        let text = text.ok_or(AdapterError::Value { reason })?;
        let regions = (0..text.len()).map(|at| Region::Bytes(at..at + 1)).collect();
        Ok(Decoded { value: Value::Text(text), regions })
    }

    fn show(&self, token: u32) -> String {
        let special = SPECIAL.get(token as usize).copied();
        special.or_else(|| self.letter(token)).unwrap_or("<outside>").to_owned()
    }

    fn save(&self, _folder: &Path) -> Result<(), AdapterError> {
        Ok(())
    }
}
