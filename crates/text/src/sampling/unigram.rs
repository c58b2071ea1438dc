//! Pieces of a unigram model in the format of `tokenizer.json`, drawn by their probability.

use any2any_adapter::Random;
use serde_json::Value as Json;

use super::Piece;
use super::lattice::{Edge, Kind, Lattice};
use crate::augment::UnigramSampling;
use crate::pieces::byte_name;
use crate::sentencepiece::Trie;

/// Distance of an unknown character's score below that of the rarest piece, as the `tokenizers` crate has it.
const UNKNOWN_PENALTY: f64 = 10.0;

/// The pieces of a unigram model.
pub(crate) struct UnigramPieces {
    trie: Trie,
    scores: Vec<f64>,
    unknown: Option<u32>,
    unknown_score: f64,
    /// The tokens of the 256 bytes, where unknown text is written as bytes.
    bytes: Option<Vec<u32>>,
}

impl UnigramPieces {
    pub(super) fn new(model: &Json) -> Option<Self> {
        let listed = model["vocab"].as_array()?;
        let names = listed.iter().map(|piece| piece.get(0)?.as_str()).collect::<Option<Vec<&str>>>()?;
        let scores = listed.iter().map(|piece| piece.get(1)?.as_f64()).collect::<Option<Vec<f64>>>()?;
        let number = |name: &str| names.iter().position(|known| *known == name).map(|token| token as u32);
        let bytes = (model["byte_fallback"].as_bool() == Some(true))
            .then(|| (0..=u8::MAX).map(|byte| number(&byte_name(byte))).collect::<Option<_>>())
            .flatten();
        let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let pieces = names.iter().copied().zip(0..).filter(|(name, _)| !name.is_empty());
        Some(Self {
            trie: Trie::new(pieces),
            unknown: model["unk_id"].as_u64().and_then(|token| u32::try_from(token).ok()),
            unknown_score: least - UNKNOWN_PENALTY,
            scores,
            bytes,
        })
    }

    /// The pieces of a word; `None` if no way leads through it.
    pub(super) fn cut(
        &self,
        word: &str,
        sampling: UnigramSampling,
        random: &mut Random,
    ) -> Option<Vec<Piece>> {
        let mut edges = Vec::with_capacity(word.len() * 3);
        for (start, character) in word.char_indices() {
            let mut single = false;
            for (length, token) in self.trie.prefixes(&word[start..]) {
                let score = self.scores[token as usize];
                edges.push(Edge { start, end: start + length, token, score, kind: Kind::Piece });
                single |= length == character.len_utf8();
            }
            if let (false, Some(token)) = (single, self.unknown) {
                let end = start + character.len_utf8();
                edges.push(Edge { start, end, token, score: self.unknown_score, kind: Kind::Unknown });
            }
        }
        let drawn = Lattice::new(word.len(), edges).draw(sampling, random)?;
        Some(self.spelled(word, drawn))
    }

    /// Pieces with unknown text as bytes, or what of it follows each other as one token.
    fn spelled(&self, word: &str, drawn: Vec<Piece>) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::with_capacity(drawn.len());
        for (token, range) in drawn {
            match (&self.bytes, pieces.last_mut()) {
                (Some(bytes), _) if Some(token) == self.unknown => {
                    let text = word[range.clone()].bytes();
                    pieces.extend(text.map(|byte| (bytes[usize::from(byte)], range.clone())));
                }
                (None, Some((last, before))) if Some(token) == self.unknown && *last == token => {
                    before.end = range.end;
                }
                _ => pieces.push((token, range)),
            }
        }
        pieces
    }
}
