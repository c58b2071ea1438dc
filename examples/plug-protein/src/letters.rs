//! The adapter: texts over an alphabet as tokens or as frames, and back.

use std::path::Path;

use any2any_adapter::{
    Adapter, AdapterError, Convolution, Decoded, Encoded, FrameCount, Frames, Head, Region, Sequence, Stem,
    Value,
};

/// The tokens that are no letters, by number; those of the letters follow.
const SPECIAL: [&str; 3] = ["<padding>", "<begin>", "<end>"];
const PADDING: u32 = 0;
const BEGIN: u32 = 1;
const END: u32 = 2;

/// Turns letters into tokens or frames, and back. There is nothing to learn.
pub(crate) struct Letters {
    /// The letters, ASCII; the last stands for what is not known, and is never written.
    pub(crate) alphabet: &'static str,
    /// How many letters make a frame; 0: each is a token.
    pub(crate) block: usize,
    /// How many frames on either side the encoder's every position sees before attention.
    pub(crate) neighbours: usize,
    /// The most letters that are written in frames.
    pub(crate) longest: usize,
}

impl Letters {
    /// How many tokens there are, special ones and letters.
    fn vocabulary(&self) -> usize {
        SPECIAL.len() + self.alphabet.len()
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

    /// The width of a frame: a column for every token at each of its places.
    fn width(&self) -> usize {
        self.block * self.vocabulary()
    }

    /// Tokens as frames, which have something in the column of each token and 0 elsewhere: as much as makes the
    /// mean square 1, the size that the model expects of what it reads.
    fn frames(&self, tokens: &[u32]) -> Option<Frames> {
        let size = (self.vocabulary() as f32).sqrt();
        let mut values = vec![0.0; tokens.len() * self.vocabulary()];
        for (place, &token) in tokens.iter().enumerate() {
            values[place * self.vocabulary() + token as usize] = size;
        }
        Frames::new(self.width(), values)
    }

    /// The best token of every place that can be written, up to the first end.
    fn best(&self, frames: &Frames) -> Vec<u32> {
        let writable = END..self.vocabulary() as u32 - 1;
        let best =
            |place: &[f32]| writable.clone().max_by(|&a, &b| place[a as usize].total_cmp(&place[b as usize]));
        let tokens = frames.values().chunks_exact(self.vocabulary()).filter_map(best);
        tokens.take_while(|&token| token != END).collect()
    }
}

impl Adapter for Letters {
    fn stem(&self) -> Stem {
        let layers = vec![Convolution { kernel: 2 * self.neighbours + 1, stride: 1 }];
        match self.block {
            0 => Stem::Lookup { vocabulary: self.vocabulary(), padding: PADDING },
            _ => Stem::Convolution { width: self.width(), layers },
        }
    }

    fn head(&self) -> Option<Head> {
        let vocabulary = self.vocabulary();
        let forbidden = vec![PADDING, BEGIN, vocabulary as u32 - 1];
        Some(match self.longest.checked_div(self.block) {
            None => Head::Softmax { vocabulary, padding: PADDING, begin: BEGIN, end: END, forbidden },
            Some(frames) => Head::Regression { width: self.width(), length: FrameCount::Fixed(frames + 1) },
        })
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let text = value.as_text().ok_or_else(|| AdapterError::other_medium("a text", value))?;
        let mut tokens = text.chars().map(|letter| self.token(letter)).collect::<Result<Vec<_>, _>>()?;
        let block = self.block.max(1);
        let mut regions: Vec<Region> =
            (0..text.len()).step_by(block).map(|at| Region::Bytes(at..text.len().min(at + block))).collect();
        // The end fills the last frame up, and is a position of its own where there is none to fill.
        tokens.push(END);
        tokens.resize(tokens.len().next_multiple_of(block), END);
        regions.resize(tokens.len() / block, Region::Nothing);
        let frames = if self.block > 0 { self.frames(&tokens) } else { None };
        Ok(Encoded { sequence: frames.map_or(Sequence::Tokens(tokens), Sequence::Frames), regions })
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let tokens = match sequence {
            Sequence::Tokens(tokens) => tokens.clone(),
            Sequence::Frames(frames) => self.best(frames),
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

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: Letters = Letters { alphabet: "HEC-", block: 0, neighbours: 0, longest: 0 };
    const BLOCKS: Letters = Letters { alphabet: "HEC-", block: 3, neighbours: 1, longest: 6 };

    #[test]
    fn letters_are_tokens_and_the_end_stands_for_nothing() {
        let encoded = STATES.encode(&"HC-".into()).expect("letters of the alphabet");
        assert_eq!(encoded.sequence, Sequence::Tokens(vec![3, 5, 6, END]));
        assert_eq!(encoded.regions[2..], [Region::Bytes(2..3), Region::Nothing]);
        let shown: Vec<String> = [0, 3, 6, 7].map(|token| STATES.show(token)).into();
        assert_eq!(shown, ["<padding>", "H", "-", "<outside>"]);
        for broken in ["HX", "hec", "Hé"] {
            assert!(STATES.encode(&broken.into()).is_err(), "{broken}");
        }
    }

    #[test]
    fn what_is_unknown_is_never_written() {
        let Some(Head::Softmax { vocabulary, forbidden, .. }) = STATES.head() else { panic!("tokens") };
        assert_eq!((vocabulary, forbidden), (7, vec![PADDING, BEGIN, 6]));
        assert!(STATES.decode(&Sequence::Tokens(vec![3, 99])).is_err());
        assert!(STATES.decode(&Sequence::Tokens(vec![3, PADDING])).is_err());
        assert_eq!(BLOCKS.best(&BLOCKS.frames(&[6, 3, END]).expect("a frame")).len(), 2);
    }

    /// Every length against the borders of blocks: written and read again it is the same.
    #[test]
    fn frames_hold_every_letter_and_an_end() {
        for (text, frames) in [("", 1), ("H", 1), ("HE", 1), ("HEC", 2), ("HECC", 2), ("HECCEH", 3)] {
            let encoded = BLOCKS.encode(&text.into()).expect("letters of the alphabet");
            assert_eq!((encoded.sequence.len(), encoded.regions.len()), (frames, frames), "{text}");
            let decoded = BLOCKS.decode(&encoded.sequence).expect("frames of letters");
            assert_eq!(decoded.value, Value::from(text));
        }
        let regions = BLOCKS.encode(&"HECC".into()).expect("letters").regions;
        assert_eq!(regions, [Region::Bytes(0..3), Region::Bytes(3..4)]);
        let length = FrameCount::Fixed(3);
        assert_eq!(BLOCKS.head(), Some(Head::Regression { width: 21, length }));
    }
}
