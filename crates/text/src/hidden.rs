//! Pieces of a vocabulary that no plain text may become: special tokens, and bytes by their names.
//!
//! A `tokenizer.json` often holds `</s>` among its pieces, and its model finds it in a text like any other piece. Such
//! pieces are given a name here that no text has, so that the model spells the text with others; a hidden piece that
//! still comes out is replaced by the unknown token.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};
use tokenizers::models::TrainerWrapper;
use tokenizers::models::wordlevel::WordLevel;
use tokenizers::{Model, ModelWrapper, Result, Token};

use crate::bounds::halves;
use crate::pieces::byte_of;

/// A noncharacter of Unicode, which no text has.
const COVER: char = '\u{10fffe}';

/// Gives some pieces of a model, in the format of `tokenizer.json`, names that no text has, and removes merges that
/// make them or need them.
pub(crate) fn hide(model: &mut Json, hidden: &HashSet<String>) {
    let cover = |name: &str| format!("{COVER}{name}{COVER}");
    match &mut model["vocab"] {
        Json::Array(pieces) => {
            for piece in pieces {
                if let Some(Json::String(name)) = piece.get_mut(0).filter(|name| is_hidden(name, hidden)) {
                    *name = cover(name);
                }
            }
        }
        Json::Object(pieces) => {
            let covered = std::mem::take(pieces).into_iter().map(|(name, token)| {
                if hidden.contains(&name) { (cover(&name), token) } else { (name, token) }
            });
            *pieces = covered.collect::<Map<_, _>>();
        }
        _ => {}
    }
    if let Some(Json::String(name)) = model.get_mut("unk_token").filter(|name| is_hidden(name, hidden)) {
        *name = cover(name);
    }
    let prefix = model["continuing_subword_prefix"].as_str().unwrap_or("").to_owned();
    if let Some(merges) = model.get_mut("merges").and_then(Json::as_array_mut) {
        merges.retain(|merge| {
            let Some((left, right)) = halves(merge) else { return true };
            let made = format!("{left}{}", right.strip_prefix(&prefix).unwrap_or(right));
            ![left, right, &made].iter().any(|piece| hidden.contains(*piece))
        });
    }
}

fn is_hidden(name: &Json, hidden: &HashSet<String>) -> bool {
    name.as_str().is_some_and(|name| hidden.contains(name))
}

/// A model whose hidden pieces never come out of a text, with the numbers of a whole vocabulary.
pub(crate) struct Guarded {
    /// The model, after [`hide`].
    pub(crate) model: ModelWrapper,
    /// Every token's number by its name, added tokens included.
    pub(crate) numbers: HashMap<String, u32>,
    /// Size of the vocabulary: one more than the highest number.
    pub(crate) size: usize,
    /// Tokens that no text may become.
    pub(crate) hidden: HashSet<u32>,
    /// The token for unknown text.
    pub(crate) unknown: Option<u32>,
    /// The tokens of the 256 bytes, where a unigram model writes unknown text as bytes.
    pub(crate) bytes: Option<Vec<Option<u32>>>,
    /// True if a word that is a piece is one token, whatever its merges would give.
    pub(crate) whole_words: bool,
}

impl Guarded {
    /// A vocabulary without a model.
    pub(crate) fn without_model(numbers: HashMap<String, u32>, size: usize) -> Self {
        let model = ModelWrapper::WordLevel(WordLevel::default());
        Self { model, numbers, size, hidden: HashSet::new(), unknown: None, bytes: None, whole_words: false }
    }

    /// A word that is a piece as a whole; a byte's name is none.
    fn whole_word(&self, word: &str) -> Option<Token> {
        let token =
            self.numbers.get(word).filter(|token| !self.hidden.contains(token) && byte_of(word).is_none())?;
        Some(Token::new(*token, word.to_owned(), (0, word.len())))
    }

    /// The byte tokens of unknown text; none where bytes are no tokens.
    fn bytes_of(&self, sequence: &str, (start, end): (usize, usize)) -> Option<Vec<Token>> {
        let bytes = self.bytes.as_ref()?;
        let tokens = (start..).zip(sequence.get(start..end)?.bytes());
        tokens
            .map(|(at, byte)| Some(Token::new(bytes[usize::from(byte)]?, String::new(), (at, at + 1))))
            .collect()
    }
}

impl Guarded {
    /// What the model finds in a word, without hidden pieces.
    pub(crate) fn guarded(&self, sequence: &str, found: Vec<Token>) -> Vec<Token> {
        let mut tokens = Vec::with_capacity(found.len());
        for token in found {
            if Some(token.id) == self.unknown {
                match self.bytes_of(sequence, token.offsets) {
                    Some(bytes) => tokens.extend(bytes),
                    None => tokens.push(token),
                }
            } else if !self.hidden.contains(&token.id) {
                tokens.push(token);
            } else if let Some(unknown) = self.unknown {
                tokens.push(Token { id: unknown, ..token });
            }
        }
        tokens
    }
}

impl Model for Guarded {
    type Trainer = TrainerWrapper;

    fn tokenize(&self, sequence: &str) -> Result<Vec<Token>> {
        if let Some(token) = self.whole_word(sequence).filter(|_| self.whole_words) {
            return Ok(vec![token]);
        }
        Ok(self.guarded(sequence, self.model.tokenize(sequence)?))
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        self.numbers.get(token).copied()
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        self.model.id_to_token(id)
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        self.numbers.clone()
    }

    fn get_vocab_size(&self) -> usize {
        self.size
    }

    fn save(&self, folder: &Path, prefix: Option<&str>) -> Result<Vec<PathBuf>> {
        self.model.save(folder, prefix)
    }

    fn get_trainer(&self) -> TrainerWrapper {
        self.model.get_trainer()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hidden_pieces_have_names_that_no_text_has() {
        let hidden = HashSet::from(["</s>".to_owned(), "<unk>".to_owned()]);
        let covered = |name: &str| format!("{COVER}{name}{COVER}");
        for (mut model, expected) in [
            (
                json!({ "unk_id": 0, "vocab": [["<unk>", 0.0], ["</s>", 0.0], ["a", -1.0]] }),
                json!({ "unk_id": 0, "vocab": [[covered("<unk>"), 0.0], [covered("</s>"), 0.0], ["a", -1.0]] }),
            ),
            (
                json!({ "unk_token": "<unk>", "vocab": { "<unk>": 0, "a": 1 } }),
                json!({ "unk_token": covered("<unk>"), "vocab": { covered("<unk>"): 0, "a": 1 } }),
            ),
            (
                json!({
                    "unk_token": null, "vocab": { "</s": 0, ">": 1, "</s>": 2, "</s>>": 3 },
                    "merges": [["</s", ">"], "</s> >", [">", ">"]],
                }),
                json!({
                    "unk_token": null, "vocab": { "</s": 0, ">": 1, covered("</s>"): 2, "</s>>": 3 },
                    "merges": [[">", ">"]],
                }),
            ),
        ] {
            hide(&mut model, &hidden);
            assert_eq!(model, expected);
        }
    }
}
