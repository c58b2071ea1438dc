//! Extension of a `tokenizer.json` by the pieces that it lacks for new texts: its own keep their numbers, new ones come behind.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use serde_json::{Value as Json, json};
use tokenizers::{Model as _, OffsetReferential, OffsetType, PreTokenizer as _, Token};

use super::{Decoding, PretrainedTokenizer};
use crate::bounds::halves;
use crate::lacking::{FREQUENT, Lacking, NewPiece, Symbol, Words, is_of_one_word};
use crate::panics::walled;
use crate::pieces::byte_of;
use crate::steps::Normalizing;
use crate::words::SPACE;

/// The kind of a file's model, as far as its extension depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bpe,
    Unigram,
    WordPiece,
    /// A token a word.
    WordLevel,
}

/// The parts of a model's description that say how pieces of a word are named.
struct Form {
    kind: Kind,
    /// In front of pieces that do not start their word.
    prefix: String,
    /// Behind pieces that end it.
    suffix: String,
    /// What is not known is written as bytes.
    falls_back: bool,
    /// The longest word in characters that WordPiece cuts.
    longest: usize,
}

impl Form {
    fn of(model: &Json) -> Self {
        let text = |option: &str| model[option].as_str().unwrap_or_default().to_owned();
        let kind = match model["type"].as_str() {
            Some("Unigram") => Kind::Unigram,
            Some("WordPiece") => Kind::WordPiece,
            Some("WordLevel") => Kind::WordLevel,
            Some(_) => Kind::Bpe,
            // Early files name no type.
            None if model["vocab"].is_array() => Kind::Unigram,
            None if model["merges"].is_array() => Kind::Bpe,
            None if model["continuing_subword_prefix"].is_string() => Kind::WordPiece,
            None => Kind::WordLevel,
        };
        Self {
            kind,
            prefix: if kind == Kind::Unigram { String::new() } else { text("continuing_subword_prefix") },
            suffix: text("end_of_word_suffix"),
            falls_back: model["byte_fallback"].as_bool() == Some(true),
            longest: model["max_input_chars_per_word"]
                .as_u64()
                .map_or(usize::MAX, |longest| longest as usize),
        }
    }

    /// The name of a part of a word.
    fn name(&self, word: &str, range: Range<usize>) -> String {
        let prefix = if range.start > 0 { self.prefix.as_str() } else { "" };
        let suffix = if range.end == word.len() { self.suffix.as_str() } else { "" };
        format!("{prefix}{}{suffix}", &word[range])
    }
}

impl PretrainedTokenizer {
    /// The file with the pieces that its model lacks for some texts behind its own.
    ///
    /// # Errors
    ///
    /// If a text cannot be cut.
    pub(crate) fn extended<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Result<String, String> {
        let mut file: Json = serde_json::from_str(&self.document).map_err(|error| error.to_string())?;
        let form = Form::of(&file["model"]);
        let lacking = self.lacking(&form, texts)?;
        self.write_out_added(&mut file["model"]);
        let known = &self.steps.get_model().numbers;
        let (least, best) = scores(&file["model"]["vocab"]);
        let new = lacking.pieces.iter().filter(|piece| !known.contains_key(&piece.name));
        for (token, piece) in (self.vocabulary()..).zip(new) {
            match &mut file["model"]["vocab"] {
                Json::Array(pieces) => pieces.push(json!([piece.name, lacking.score(piece, least, best)])),
                Json::Object(pieces) => {
                    pieces.insert(piece.name.clone(), json!(token));
                }
                _ => {}
            }
        }
        append_merges(&mut file["model"], &lacking.merges);
        serde_json::to_string_pretty(&file).map_err(|error| error.to_string())
    }

    /// What the model lacks for some texts.
    fn lacking<'t>(&self, form: &Form, texts: impl Iterator<Item = &'t str>) -> Result<Lacking, String> {
        let mut words = Words::default();
        let mut spelled = BTreeSet::new();
        for text in texts {
            let mut add = |word: &str| {
                let symbols = self.symbols(form, word)?;
                if form.kind == Kind::WordPiece && symbols.iter().any(|symbol| !symbol.known) {
                    let characters = self.characters(form, word, 0..word.len());
                    spelled.extend(characters.map(|symbol| symbol.name));
                }
                words.add(symbols);
                Ok(())
            };
            Normalizing::begin();
            walled(|| self.words_of(text, &mut add))?;
            Normalizing::failure().map_or(Ok(()), Err)?;
        }
        let byte_level = self.is_byte_level();
        // What is rare is written as bytes, where there are any.
        let least = if form.falls_back || byte_level { FREQUENT } else { 1 };
        let is_piece = |name: &str| {
            let name = name.strip_suffix(form.suffix.as_str()).unwrap_or(name);
            match byte_level.then(|| bytes_of(name)).flatten() {
                Some(bytes) => {
                    // Bytes on the way to a character have no text yet.
                    std::str::from_utf8(&bytes).map_or(true, |text| is_of_one_word(&text.replace(' ', SPACE)))
                }
                None => is_of_one_word(name),
            }
        };
        let joins = form.kind != Kind::WordLevel;
        let mut lacking = words.learn(least, &form.prefix, joins.then_some(&is_piece));
        // Whatever the longest piece is, the rest of a word has pieces, too.
        for name in spelled {
            if !lacking.pieces.iter().any(|piece| piece.name == name) {
                lacking.pieces.push(NewPiece { name, count: 1 });
            }
        }
        Ok(lacking)
    }

    fn is_byte_level(&self) -> bool {
        self.decoder.as_ref().is_some_and(Decoding::is_byte_level)
    }

    /// The words of a text, without those that are added tokens.
    fn words_of(&self, text: &str, each: &mut dyn FnMut(&str) -> Result<(), String>) -> Result<(), String> {
        let failed = |error: tokenizers::Error| error.to_string();
        let added = self.steps.get_added_vocabulary();
        let mut words = added.extract_and_normalize(self.steps.get_normalizer(), text);
        if let Some(pre_tokenizer) = self.steps.get_pre_tokenizer() {
            pre_tokenizer.pre_tokenize(&mut words).map_err(failed)?;
        }
        let parts = words.get_splits(OffsetReferential::Normalized, OffsetType::Byte);
        parts.into_iter().filter(|(_, _, tokens)| tokens.is_none()).try_for_each(|(word, ..)| each(word))
    }

    /// A word in parts, as the model cuts it.
    fn symbols(&self, form: &Form, word: &str) -> Result<Vec<Symbol>, String> {
        let model = self.steps.get_model();
        if form.kind == Kind::WordPiece {
            return Ok(self.longest_first(form, word));
        }
        let tokens = model.model.tokenize(word).map_err(|error| error.to_string())?;
        let mut symbols = Vec::with_capacity(tokens.len());
        let mut end = 0;
        for Token { id, offsets, .. } in tokens {
            let is_byte = form.falls_back && self.name(id).is_some_and(|name| byte_of(name).is_some());
            if Some(id) == model.unknown || is_byte || model.hidden.contains(&id) {
                continue;
            }
            symbols.extend(self.characters(form, word, end..offsets.0));
            end = offsets.1;
            let name = self.name(id).unwrap_or_default().to_owned();
            let known = !self.is_byte_level() || is_whole(&name);
            symbols.push(Symbol { name, known });
        }
        symbols.extend(self.characters(form, word, end..word.len()));
        Ok(symbols)
    }

    /// What no token covers: its characters, or the word where the model has no smaller part.
    fn characters<'w>(
        &self,
        form: &'w Form,
        word: &'w str,
        range: Range<usize>,
    ) -> impl Iterator<Item = Symbol> + use<'w> {
        let whole = form.kind == Kind::WordLevel;
        let part = word.get(range.clone()).unwrap_or_default();
        let characters = part.char_indices().filter(move |_| !whole).map(move |(at, character)| {
            let start = range.start + at;
            start..start + character.len_utf8()
        });
        let words = (whole && !part.is_empty()).then_some(0..word.len());
        characters.chain(words).map(|range| Symbol { name: form.name(word, range), known: false })
    }

    /// A word in the longest pieces that are known, and single characters between them.
    fn longest_first(&self, form: &Form, word: &str) -> Vec<Symbol> {
        let model = self.steps.get_model();
        let mut symbols = Vec::new();
        if word.chars().count() > form.longest {
            // It is unknown as a whole, whatever its parts are.
            return symbols;
        }
        let ends: Vec<usize> = word.char_indices().map(|(at, character)| at + character.len_utf8()).collect();
        let mut start = 0;
        while start < word.len() {
            let known = ends.iter().rev().take_while(|end| **end > start).find(|end| {
                let token = model.numbers.get(&form.name(word, start..**end));
                token.is_some_and(|token| !model.hidden.contains(token) && Some(*token) != model.unknown)
            });
            let next = ends.iter().find(|end| **end > start).copied().unwrap_or(word.len());
            let end = known.copied().unwrap_or(next);
            symbols.push(Symbol { name: form.name(word, start..end), known: known.is_some() });
            start = end;
        }
        symbols
    }

    /// Numbers tokens that are no pieces of the model among its pieces: added ones would otherwise be numbered behind new
    /// pieces.
    fn write_out_added(&self, model: &mut Json) {
        match &mut model["vocab"] {
            Json::Array(pieces) => {
                let added = self.names.iter().skip(pieces.len()).flatten();
                pieces.extend(added.map(|name| json!([name, 0.0])).collect::<Vec<_>>());
            }
            Json::Object(pieces) => {
                for (token, name) in self.names.iter().enumerate() {
                    let Some(name) = name.as_ref().filter(|name| !pieces.contains_key(*name)) else {
                        continue;
                    };
                    pieces.insert(name.clone(), json!(token));
                }
            }
            _ => {}
        }
    }
}

/// The lowest score of a unigram model's pieces, and the highest of those that are log-probabilities.
fn scores(pieces: &Json) -> (f64, f64) {
    let scores = || pieces.as_array().into_iter().flatten().filter_map(|piece| piece[1].as_f64());
    let best = scores().filter(|score| *score < 0.0).fold(f64::MIN, f64::max);
    let least = scores().fold(0.0, f64::min);
    (least, if best < least { least } else { best })
}

/// Appends merges in the way in which the model writes them.
fn append_merges(model: &mut Json, merges: &[(String, String)]) {
    if merges.is_empty() {
        return;
    }
    let Some(known) = model.get_mut("merges").and_then(Json::as_array_mut) else { return };
    let in_one = known.first().is_some_and(Json::is_string);
    let there: HashSet<(String, String)> =
        known.iter().filter_map(halves).map(|(left, right)| (left.to_owned(), right.to_owned())).collect();
    known.extend(merges.iter().filter(|merge| !there.contains(*merge)).map(|(left, right)| match in_one {
        true => json!(format!("{left} {right}")),
        false => json!([left, right]),
    }));
}

/// True if a piece of a byte-level vocabulary is made of whole characters.
fn is_whole(name: &str) -> bool {
    bytes_of(name).is_none_or(|bytes| std::str::from_utf8(&bytes).is_ok())
}

/// The bytes of a piece of a byte-level vocabulary, which writes each as a character.
fn bytes_of(name: &str) -> Option<Vec<u8>> {
    let visible = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let byte = |character: char| match u8::try_from(character) {
        Ok(byte) => visible(byte).then_some(byte),
        Err(_) => {
            let place = usize::try_from(u32::from(character) - 256).ok()?;
            (0..=u8::MAX).filter(|byte| !visible(*byte)).nth(place)
        }
    };
    name.chars().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::File;

    fn read(document: String) -> PretrainedTokenizer {
        let options: File = serde_json::from_value(json!({ "path": "" })).expect("options");
        PretrainedTokenizer::new(document, &options, &["<2de>".to_owned()]).expect("a tokenizer")
    }

    fn cut(tokenizer: &PretrainedTokenizer, text: &str) -> Vec<String> {
        let cuts = tokenizer.cut(text).expect("a text");
        cuts.into_iter().map(|(token, _)| tokenizer.name(token).expect("a token").to_owned()).collect()
    }

    /// A tokenizer with a token of a language that is no piece of its model.
    fn document(model: &Json, pre_tokenizer: &Json, decoder: &Json) -> String {
        let added = json!([{
            "id": 0, "content": "de_DE", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            "special": true,
        }]);
        json!({
            "version": "1.0", "added_tokens": added, "pre_tokenizer": pre_tokenizer, "decoder": decoder, "model": model,
        })
        .to_string()
    }

    #[test]
    fn nothing_is_unknown_and_known_texts_are_cut_as_before() {
        let metaspace =
            json!({ "type": "Metaspace", "replacement": SPACE, "prepend_scheme": "always", "split": true });
        let white = json!({ "type": "WhitespaceSplit" });
        let byte_level = json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true });
        let unigram = json!({ "type": "Unigram", "unk_id": 0, "vocab": [
            ["<unk>", 0.0], ["</s>", 0.0], ["\u{2581}", -3.0], ["a", -3.5], ["b", -4.0], ["\u{2581}ab", -2.5],
        ]});
        let bpe = json!({ "type": "BPE", "unk_token": "<unk>", "vocab": {
            "<unk>": 0, "</s>": 1, "\u{2581}": 2, "a": 3, "b": 4, "ab": 5, "\u{2581}ab": 6,
        }, "merges": ["a b", "\u{2581} ab"] });
        let word_piece = json!({ "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": { "[UNK]": 0, "[SEP]": 1, "a": 2, "b": 3, "ab": 4, "##ab": 5, "##b": 6 } });
        let words = json!({ "type": "WordLevel", "unk_token": "<unk>", "vocab": { "<unk>": 0, "</s>": 1, "ab": 2, "b": 3 } });
        let bytes: serde_json::Map<String, Json> = (0..=u8::MAX)
            .map(|byte| super::super::in_byte_level_of(byte).to_string())
            .chain(["ab".to_owned(), "</s>".to_owned()])
            .enumerate()
            .map(|(token, name)| (name, json!(token)))
            .collect();
        let byte_level_model = json!({ "type": "BPE", "vocab": bytes, "merges": [["a", "b"]] });
        let texts: Vec<&str> = [["ab \u{436}ab", "b\u{fc}"]; 12].concat();
        for (model, steps, decoder, frequent) in [
            (unigram, &metaspace, &Json::Null, vec!["\u{2581}ab", "\u{2581}\u{436}ab"]),
            (bpe, &metaspace, &Json::Null, vec!["\u{2581}ab", "\u{2581}\u{436}ab"]),
            (word_piece, &white, &Json::Null, vec!["ab", "\u{436}ab"]),
            (words, &white, &Json::Null, vec!["ab", "\u{436}ab"]),
            (byte_level_model, &byte_level, &byte_level, vec!["ab", "\u{120}\u{d0}\u{b6}ab"]),
        ] {
            let before = read(document(&model, steps, decoder));
            let after = read(before.extended(texts.iter().copied()).expect("extended"));
            assert_eq!(after.special_tokens(), before.special_tokens(), "{model}");
            assert!(after.vocabulary() > before.vocabulary());
            for token in 0..before.vocabulary() as u32 {
                assert_eq!(after.name(token), before.name(token), "{model}");
            }
            for text in ["ab", "b ab", "<2de> ab", "de_DE"] {
                assert_eq!(cut(&after, text), cut(&before, text), "{text}: {model}");
            }
            for text in texts.iter().take(2) {
                let unknown = after.special_tokens().unknown;
                let tokens = after.cut(text).expect("a text");
                assert!(tokens.iter().all(|(token, _)| Some(*token) != unknown), "{text}: {model}");
                assert!(tokens.last().is_some_and(|(_, at)| at.end == text.len()), "{text}: {model}");
            }
            assert_eq!(cut(&after, "ab \u{436}ab"), frequent, "{model}");
            let again = read(after.extended(texts.iter().copied()).expect("extended"));
            assert_eq!(again.vocabulary(), after.vocabulary(), "{model}");
        }
    }
}
