//! The adapter: a text over an alphabet as tokens, one a letter, and back.

use std::path::Path;

use any2any_adapter::{Adapter, AdapterError, Decoded, Encoded, Head, Region, Sequence, Stem, Value};

const PADDING: u32 = 0;
const BEGIN: u32 = 1;
const END: u32 = 2;
/// The token of the first letter.
const FIRST: u32 = 3;

/// Turns letters into tokens and back. There is nothing to learn from the data, so nothing to save.
pub(crate) struct Letters(pub(crate) &'static str);

impl Letters {
    fn vocabulary(&self) -> usize {
        FIRST as usize + self.0.len()
    }
}

impl Adapter for Letters {
    fn stem(&self) -> Stem {
        Stem::Lookup { vocabulary: self.vocabulary(), padding: PADDING }
    }

    /// The last letter stands for what is not known: search never writes it.
    fn head(&self) -> Option<Head> {
        let vocabulary = self.vocabulary();
        let forbidden = vec![PADDING, BEGIN, vocabulary as u32 - 1];
        Some(Head::Softmax { vocabulary, padding: PADDING, begin: BEGIN, end: END, forbidden })
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let text = value.as_text().ok_or_else(|| AdapterError::other_medium("a text", value))?;
        let token = |letter| match self.0.find(letter) {
            Some(place) => Ok(FIRST + place as u32),
            None => Err(AdapterError::Value { reason: format!("'{letter}' is none of {}", self.0) }),
        };
        let mut tokens = text.chars().map(token).collect::<Result<Vec<u32>, _>>()?;
        let mut regions: Vec<Region> = (0..tokens.len()).map(|at| Region::Bytes(at..at + 1)).collect();
        tokens.push(END);
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
        let letter = token.checked_sub(FIRST).and_then(|place| self.0.chars().nth(place as usize));
        letter.map_or_else(|| format!("<{token}>"), String::from)
    }

    fn save(&self, _folder: &Path) -> Result<(), AdapterError> {
        Ok(())
    }
}
