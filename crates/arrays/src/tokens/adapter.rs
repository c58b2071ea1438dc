//! The adapter of tokens.

use std::path::Path;

use any2any_adapter::{
    Adapter, AdapterError, Decoded, Encoded, Head, Region, Sequence, Stem, Value, WrittenFile,
};
use any2any_frames::{CodeTokens, npy_of_ids};

use super::ids::{Ids, of_source};
use super::options::{Form, TokensOptions};
use super::state::State;
use crate::error::ArrayError;
use crate::source::Source;

/// Adapter between rows of ids and tokens, which begin behind the special ones.
///
/// Regions are the ids, each an item of its value.
pub struct TokensAdapter {
    output: Form,
    state: State,
}

impl TokensAdapter {
    pub(super) fn fit(
        options: &TokensOptions,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        let values = values.map(opened).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { output: options.output, state: State::fit(options, values.into_iter())? })
    }

    pub(super) fn load(options: &TokensOptions, folder: &Path) -> Result<Self, AdapterError> {
        Ok(Self { output: options.output, state: State::load(options, folder)? })
    }

    fn tokens(&self) -> CodeTokens {
        CodeTokens::new(self.state.vocab)
    }
}

fn opened(value: &Value) -> Result<&Ids, AdapterError> {
    value.as_custom::<Ids>().ok_or_else(|| AdapterError::other_medium("an opened row of ids", value))
}

/// Fails at the first id outside a vocabulary.
pub(super) fn require_inside(ids: &Ids, vocab: usize) -> Result<(), ArrayError> {
    match ids.0.iter().position(|&id| id as usize >= vocab) {
        Some(place) => Err(ArrayError::OutsideVocabulary { id: ids.0[place], place, vocab }),
        None => Ok(()),
    }
}

impl Adapter for TokensAdapter {
    fn stem(&self) -> Stem {
        self.tokens().stem()
    }

    fn head(&self) -> Option<Head> {
        Some(self.tokens().head())
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let ids = opened(value)?;
        require_inside(ids, self.state.vocab)?;
        let tokens = self.tokens().tokens(ids.0.iter().map(|&id| id as usize));
        let regions = (0..ids.0.len()).map(|place| Region::Items(place..place + 1));
        Ok(Encoded {
            sequence: Sequence::Tokens(tokens),
            regions: regions.chain([Region::Nothing]).collect(),
        })
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let vocabulary = self.tokens();
        let other =
            || ArrayError::OtherKind { expected: format!("tokens below {}", vocabulary.vocabulary()) };
        let tokens = sequence.tokens().ok_or_else(other)?;
        let (mut ids, mut regions) = (Vec::with_capacity(tokens.len()), Vec::with_capacity(tokens.len()));
        for &token in tokens {
            if token as usize >= vocabulary.vocabulary() {
                return Err(other().into());
            }
            let code = vocabulary.code(token);
            regions.push(code.map_or(Region::Nothing, |_| Region::Items(ids.len()..ids.len() + 1)));
            ids.extend(code.map(|code| code as u32));
        }
        Ok(Decoded { value: Value::custom(Ids(ids)), regions })
    }

    fn to_file(&self, value: &Value) -> Result<WrittenFile, AdapterError> {
        let ids = opened(value)?;
        Ok(match self.output {
            Form::Line => WrittenFile::new("txt", format!("{value}\n").into_bytes()),
            Form::Npy => WrittenFile::new("npy", npy_of_ids(&ids.0)),
        })
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        let ids = Source::of(bytes).and_then(|source| of_source(source, None))?;
        Ok(Value::custom(Ids(ids)))
    }

    /// As many ids as the longest value of the training split has, and the end.
    fn longest(&self) -> Option<usize> {
        Some(self.state.longest + 1)
    }

    /// The name of an id, or else the id.
    fn show(&self, token: u32) -> String {
        match self.tokens().code(token) {
            Some(id) => self.state.names.get(id).cloned().unwrap_or_else(|| id.to_string()),
            None if (token as usize) < self.tokens().vocabulary() => self.tokens().show(token),
            None => format!("<token {token}>"),
        }
    }

    fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        self.state.save(folder)
    }
}
