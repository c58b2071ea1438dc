//! Extension of a SentencePiece model by the pieces that it lacks for new texts: its own keep their numbers, types and scores.

use std::collections::{HashMap, HashSet};

use prost::Message;

use super::model::Model;
use super::proto::{ModelProto, PieceProto, types};
use super::{Piece, SentencePiece};
use crate::lacking::{FREQUENT, Lacking, NewPiece, Symbol, Words, is_of_one_word};
use crate::words::SPACE;

impl SentencePiece {
    /// The file of the model with the pieces that it lacks for some texts behind its own.
    ///
    /// `beside` are names that come first, whether or not they are pieces of these texts: those of another model that has the
    /// same numbers.
    ///
    /// # Errors
    ///
    /// If the file is broken.
    pub(crate) fn extended<'t>(
        &self,
        texts: impl Iterator<Item = &'t str>,
        beside: &[String],
    ) -> Result<Vec<u8>, String> {
        let mut proto = ModelProto::decode(self.document.as_slice()).map_err(|error| error.to_string())?;
        let lacking = self.lacking(texts);
        self.write_out_added(&mut proto);
        let known: HashMap<&str, usize> = self.vocabulary.names.iter().map(String::as_str).zip(0..).collect();
        let scores = self.scores(&lacking);
        let new: HashMap<&str, f32> =
            lacking.pieces.iter().map(|piece| piece.name.as_str()).zip(scores).collect();
        let mut written: HashSet<&str> = HashSet::new();
        let named = beside.iter().map(String::as_str);
        for name in named.chain(lacking.pieces.iter().map(|piece| piece.name.as_str())) {
            if !written.insert(name) {
                continue;
            }
            let score = new.get(name).copied();
            let piece = PieceProto {
                piece: Some(name.to_owned()),
                score: Some(score.unwrap_or(0.0)),
                r#type: Some(if score.is_some() { types::NORMAL } else { types::UNUSED }),
            };
            match known.get(name) {
                None => proto.pieces.push(piece),
                // A piece of another model with the same numbers: from now on texts become it here, too.
                Some(&token) if score.is_some() && self.vocabulary.pieces[token] == Piece::Unused => {
                    proto.pieces[token] = piece;
                }
                Some(_) => {}
            }
        }
        Ok(proto.encode_to_vec())
    }

    /// What the model lacks for some texts.
    fn lacking<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Lacking {
        let mut words = Words::default();
        for text in texts {
            let normalized = self.normalizer.normalize(text).text;
            let mut word: Vec<Symbol> = Vec::new();
            for (range, token) in self.model.cut(&normalized, &self.vocabulary) {
                let name = normalized[range].to_owned();
                let known = token != self.vocabulary.unknown;
                let (starts, ends) =
                    (name.starts_with(SPACE), name.ends_with(SPACE) && !self.normalizer.is_marked_before());
                if starts && self.normalizer.is_marked_before() && !word.is_empty() {
                    words.add(std::mem::take(&mut word));
                }
                word.push(Symbol { name, known });
                if ends {
                    words.add(std::mem::take(&mut word));
                }
            }
            if !word.is_empty() {
                words.add(word);
            }
        }
        // What is rare is written as bytes, where there are any.
        let least = if self.vocabulary.bytes.is_some() { FREQUENT } else { 1 };
        let joins = matches!(self.model, Model::Unigram { .. } | Model::Bpe);
        words.learn(least, "", joins.then_some(&is_of_one_word))
    }

    /// Appends the tokens that options have added to the pieces of the file, so that they keep their numbers.
    fn write_out_added(&self, proto: &mut ModelProto) {
        for token in proto.pieces.len()..self.vocabulary() {
            let kind = match self.vocabulary.pieces[token] {
                Piece::Control => types::CONTROL,
                _ => types::USER_DEFINED,
            };
            proto.pieces.push(PieceProto {
                piece: Some(self.vocabulary.names[token].clone()),
                score: Some(0.0),
                r#type: Some(kind),
            });
        }
    }

    /// The score of each new piece: its log-probability, or its place behind all merges.
    fn scores(&self, lacking: &Lacking) -> Vec<f32> {
        let pieces = self.vocabulary.pieces.iter().zip(&self.vocabulary.scores);
        let known = || pieces.clone().filter(|(piece, _)| **piece == Piece::Normal).map(|(_, score)| *score);
        let (least, best) = (known().fold(0.0, f32::min), known().fold(f32::MIN, f32::max));
        let score = |(place, piece): (usize, &NewPiece)| match self.model {
            Model::Unigram { .. } => lacking.score(piece, f64::from(least), f64::from(best)) as f32,
            _ => least - 1.0 - place as f32,
        };
        lacking.pieces.iter().enumerate().map(score).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::File;

    fn model(kind: i32, pieces: &[(&str, f32, i32)]) -> SentencePiece {
        let piece = |&(name, score, kind): &(&str, f32, i32)| PieceProto {
            piece: Some(name.to_owned()),
            score: Some(score),
            r#type: Some(kind),
        };
        let trainer = super::super::proto::TrainerSpec { model_type: Some(kind), ..Default::default() };
        let proto = ModelProto {
            pieces: pieces.iter().map(piece).collect(),
            trainer_spec: Some(trainer),
            ..ModelProto::default()
        };
        read(proto.encode_to_vec(), &["<2de>".to_owned()])
    }

    fn read(document: Vec<u8>, added: &[String]) -> SentencePiece {
        let options: File = serde_json::from_value(serde_json::json!({ "path": "" })).expect("options");
        SentencePiece::new(document, &options, added).expect("a model")
    }

    fn cut(model: &SentencePiece, text: &str) -> Vec<String> {
        model.cut(text).into_iter().map(|(token, _)| model.name(token).expect("a token").to_owned()).collect()
    }

    #[test]
    fn nothing_is_unknown_and_known_texts_are_cut_as_before() {
        let pieces = [
            ("<unk>", 0.0, types::UNKNOWN),
            ("<s>", 0.0, types::CONTROL),
            ("</s>", 0.0, types::CONTROL),
            ("\u{2581}", -3.0, types::NORMAL),
            ("a", -3.5, types::NORMAL),
            ("b", -4.0, types::NORMAL),
            ("ab", -2.0, types::NORMAL),
            ("\u{2581}ab", -2.5, types::NORMAL),
            ("theirs", 0.0, types::UNUSED),
            ("\u{fc}", 0.0, types::UNUSED),
        ];
        let texts: Vec<&str> = [["ab \u{436}ab", "b\u{fc}"]; 12].concat();
        // Unigram, BPE, characters.
        for kind in [1, 2, 4] {
            let before = model(kind, &pieces);
            // Padding and an added token stand behind the pieces of the file.
            assert_eq!((before.vocabulary(), before.special_tokens().padding), (12, 10), "{kind}");
            let document = before.extended(texts.iter().copied(), &["beside".to_owned()]).expect("extended");
            let after = read(document, &["<2de>".to_owned()]);
            assert_eq!(after.special_tokens(), before.special_tokens(), "{kind}");
            for token in 0..before.vocabulary() as u32 {
                assert_eq!(after.name(token), before.name(token), "{kind}");
            }
            assert_eq!(after.name(12), Some("beside"));
            for text in ["ab", "b a", "<2de> ab", "abab"] {
                assert_eq!(cut(&after, text), cut(&before, text), "{kind}: {text}");
            }
            assert!(cut(&before, "\u{436}ab").contains(&"<unk>".to_owned()));
            for text in ["\u{436}", "\u{fc}\u{436}b", "ab \u{436}ab", "b\u{fc}"] {
                assert!(
                    !cut(&after, text).contains(&"<unk>".to_owned()),
                    "{kind}: {text}: {:?}",
                    cut(&after, text)
                );
            }
            // The unused piece has its number still.
            assert_eq!(after.name(9), Some("\u{fc}"));
            if kind != 4 {
                assert_eq!(
                    cut(&after, "ab \u{436}ab"),
                    ["\u{2581}ab", "\u{2581}\u{436}ab"],
                    "{kind}: a frequent word"
                );
            }
            // What is there already is not added again.
            let again = after.extended(texts.iter().copied(), &[]).expect("extended");
            assert_eq!(read(again, &["<2de>".to_owned()]).vocabulary(), after.vocabulary(), "{kind}");
        }
    }
}
