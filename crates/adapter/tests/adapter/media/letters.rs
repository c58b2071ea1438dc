//! Texts in tokens, read and written, with an alphabet that is learned and saved.

use std::collections::BTreeSet;
use std::path::Path;

use any2any_adapter::{
    Adapter, AdapterError, Decoded, Encoded, Head, Medium, Region, Sequence, Side, Stem, Value,
};

use super::Options;

const FIRST: usize = 3;

/// Medium of letters.
pub(crate) struct Letters;

/// Adapter of letters: its alphabet.
pub(crate) struct Alphabet(Vec<char>);

impl Medium for Letters {
    type Options = Options;
    type Adapter = Alphabet;

    fn name(&self) -> &str {
        "letters"
    }

    fn fields(&self, options: &Options) -> Vec<String> {
        vec![options.field.clone()]
    }

    fn fit(
        &self,
        _side: &Side<Options>,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Alphabet, AdapterError> {
        let letters: BTreeSet<char> = values.filter_map(Value::as_text).flat_map(str::chars).collect();
        Ok(Alphabet(letters.into_iter().collect()))
    }

    fn load(&self, _side: &Side<Options>, folder: &Path) -> Result<Alphabet, AdapterError> {
        let path = folder.join("alphabet.txt");
        let read = std::fs::read_to_string(&path);
        let letters = read.map_err(|error| AdapterError::File { path, reason: error.to_string() })?;
        Ok(Alphabet(letters.chars().collect()))
    }
}

impl Adapter for Alphabet {
    fn stem(&self) -> Stem {
        Stem::Lookup { vocabulary: FIRST + self.0.len(), padding: 0 }
    }

    fn head(&self) -> Option<Head> {
        let vocabulary = FIRST + self.0.len();
        Some(Head::Softmax { vocabulary, padding: 0, begin: 1, end: 2, forbidden: vec![0, 1] })
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let text = value.as_text().ok_or_else(|| AdapterError::other_medium("a text", value))?;
        let token = |letter| match self.0.binary_search(&letter) {
            Ok(place) => Ok((FIRST + place) as u32),
            Err(_) => Err(AdapterError::value(format!("'{letter}' is in no text of the training split"))),
        };
        let mut tokens = text.chars().map(token).collect::<Result<Vec<_>, _>>()?;
        let cover = |(at, letter): (usize, char)| Region::Bytes(at..at + letter.len_utf8());
        let mut regions: Vec<_> = text.char_indices().map(cover).collect();
        tokens.push(2);
        regions.push(Region::Nothing);
        Ok(Encoded { sequence: Sequence::Tokens(tokens), regions })
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let tokens = sequence.tokens().ok_or_else(|| AdapterError::value("letters are tokens"))?;
        let mut text = String::new();
        let mut regions = Vec::new();
        for &token in tokens {
            let letter = (token as usize).checked_sub(FIRST).and_then(|place| self.0.get(place));
            let letter = letter.ok_or_else(|| AdapterError::value(format!("token {token} is no letter")))?;
            regions.push(Region::Bytes(text.len()..text.len() + letter.len_utf8()));
            text.push(*letter);
        }
        Ok(Decoded { value: text.into(), regions })
    }

    fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        let path = folder.join("alphabet.txt");
        let written = std::fs::write(&path, self.0.iter().collect::<String>());
        written.map_err(|error| AdapterError::File { path, reason: error.to_string() })
    }
}
