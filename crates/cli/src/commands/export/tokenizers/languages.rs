//! Tokenizers of models of many languages, as transformers has a class for each family: the language of a text stands in
//! front of it, and whoever translates chooses it.

use std::path::Path;

use any2any_import::LANGUAGES_OF_M2M100;
use any2any_pretrained::export::{Outgoing, Vocabulary, Written};
use any2any_text::renumbered;
use serde_json::{Map, Value as Json, json};

use super::{CONFIG, Saved, write_json};
use crate::arguments::Usage;

/// A class of tokenizers with languages.
pub(super) struct Multilingual<'a> {
    pub(super) class: &'static str,
    model: &'a Outgoing,
}

const M2M100: &str = "M2M100Tokenizer";
const NLLB: &str = "NllbTokenizer";
const MBART50: &str = "MBart50Tokenizer";

/// The names of the first tokens of a vocabulary of fairseq, of which SentencePiece has another order.
const FIRST: [&str; 4] = ["<s>", "<pad>", "</s>", "<unk>"];
const FIRST_OF_SENTENCEPIECE: [&str; 3] = ["<unk>", "<s>", "</s>"];

impl<'a> Multilingual<'a> {
    /// The class of a model's tokenizer, if one says the same.
    pub(super) fn of(model: &'a Outgoing, written: &Written) -> Option<Self> {
        let prompt = &model.prompt;
        let is_language =
            |tokens: &[u32]| matches!(tokens, [token] if prompt.languages.values().any(|of| of == token));
        if !is_language(&prompt.source) || !is_language(&prompt.target) {
            return None;
        }
        let all = |test: fn(&str, &str) -> bool| {
            prompt.languages.iter().all(|(code, &token)| test(code, &model.target.names[token as usize]))
        };
        let class = match written.kind.as_str() {
            "M2M100ForConditionalGeneration" if all(|code, token| *token == format!("__{code}__")) => M2M100,
            // deu_Latn
            "M2M100ForConditionalGeneration" if all(|code, token| token == code && code.len() == 8) => NLLB,
            // de_DE
            "MBartForConditionalGeneration" if all(|code, token| token == code && code.len() == 5) => MBART50,
            _ => return None,
        };
        Some(Self { class, model })
    }

    /// True where the class reads a `tokenizer.json`.
    pub(super) fn has_fast_class(&self) -> bool {
        self.class != M2M100
    }

    /// The options of the class, beside those of all.
    pub(super) fn config(&self, vocabulary: &Vocabulary, mut config: Json) -> Json {
        let prompt = &self.model.prompt;
        let code = |tokens: &[u32]| {
            let (code, _) = prompt.languages.iter().find(|(_, token)| tokens.first() == Some(*token))?;
            Some(code.clone())
        };
        config["tokenizer_class"] = json!(self.class);
        config["src_lang"] = json!(code(&prompt.source));
        config["tgt_lang"] = json!(code(&prompt.target).filter(|_| !prompt.in_any_language));
        config["additional_special_tokens"] = json!(self.languages(vocabulary));
        if self.class == M2M100 {
            config["language_codes"] = json!("m2m100");
        }
        config
    }

    /// The names of the tokens of languages, in the order of their numbers.
    fn languages<'b>(&self, vocabulary: &'b Vocabulary) -> Vec<&'b str> {
        let mut tokens: Vec<u32> = self.model.prompt.languages.values().copied().collect();
        tokens.sort_unstable();
        tokens.iter().map(|&token| vocabulary.names[token as usize].as_str()).collect()
    }

    /// Writes a model of SentencePiece with the files of the class.
    pub(super) fn write_sentencepiece(
        &self,
        saved: &Saved,
        vocabulary: &Vocabulary,
        folder: &Path,
    ) -> anyhow::Result<()> {
        let names = &vocabulary.names;
        let languages = self.languages(vocabulary);
        let first = names.iter().position(|name| languages.contains(&name.as_str())).unwrap_or(names.len());
        let (pieces, behind) = names.split_at(first);
        let wrong = |reason: &str| Usage(format!("tokenizer.file: {} cannot say it: {reason}", self.class));
        if !pieces.iter().map(String::as_str).take(FIRST.len()).eq(FIRST) {
            return Err(wrong("its vocabulary begins with <s>, <pad>, </s> and <unk>").into());
        }
        if self.class == M2M100 {
            let expected = LANGUAGES_OF_M2M100.split_whitespace().map(|code| format!("__{code}__"));
            if !behind.iter().cloned().eq(expected) {
                return Err(wrong("its languages are the hundred of M2M-100, in their order").into());
            }
            let numbers: Map<String, Json> =
                pieces.iter().cloned().zip((0..).map(|number: u32| json!(number))).collect();
            write_json(&folder.join("vocab.json"), &Json::Object(numbers))?;
        }
        let in_file: Vec<String> = FIRST_OF_SENTENCEPIECE
            .into_iter()
            .map(str::to_owned)
            .chain(pieces[FIRST.len()..].iter().cloned())
            .collect();
        let document =
            renumbered(&saved.document, &in_file, &["<s>", "</s>"]).map_err(|reason| wrong(&reason))?;
        std::fs::write(folder.join("sentencepiece.bpe.model"), document.document)?;
        let config = self.config(vocabulary, self.special(vocabulary, &languages));
        write_json(&folder.join(CONFIG), &config)?;
        // Earlier versions look for languages here.
        let special = json!({ "additional_special_tokens": config["additional_special_tokens"] });
        Ok(write_json(&folder.join("special_tokens_map.json"), &special)?)
    }

    /// The tokens with a role, with their numbers.
    fn special(&self, vocabulary: &Vocabulary, languages: &[&str]) -> Json {
        let is_special = |name: &str| FIRST.contains(&name) || name == "<mask>" || languages.contains(&name);
        let added: Map<String, Json> = (0..)
            .zip(&vocabulary.names)
            .filter(|(_, name)| is_special(name))
            .map(|(number, name): (u32, _)| {
                let token = json!({
                    "content": name, "single_word": false, "lstrip": name == "<mask>", "rstrip": false,
                    "normalized": name == "<mask>", "special": true,
                });
                (number.to_string(), token)
            })
            .collect();
        json!({
            "added_tokens_decoder": added,
            "bos_token": "<s>",
            "eos_token": "</s>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "clean_up_tokenization_spaces": false,
        })
    }
}
