//! Tokens in front of sources and outputs, and those that are never written, of a model from elsewhere.

use std::collections::BTreeMap;

use any2any_adapter::{Adapter, Head};
use any2any_experiment::spec::Prompt;
use any2any_pretrained::{Family, TokenRoles};
use serde_json::{Value as Json, json};

use super::tokenizers::Folders;
use crate::error::{ImportError, Result};

/// The names of a vocabulary's tokens, by their numbers.
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn of(adapter: &dyn Adapter) -> Self {
        let count = match adapter.head() {
            Some(Head::Softmax { vocabulary, .. }) => vocabulary as u32,
            _ => 0,
        };
        Self((0..count).map(|token| adapter.show(token)).collect())
    }

    fn name(&self, token: u32) -> Option<&str> {
        self.0.get(token as usize).map(String::as_str)
    }

    /// The names of some tokens; of those that the tokenizer lacks, none.
    pub(super) fn all(&self, tokens: &[u32]) -> Vec<&str> {
        tokens.iter().filter_map(|&token| self.name(token)).collect()
    }

    /// Languages with their tokens, of a vocabulary that names them in a way.
    fn languages(&self, code: impl Fn(&str) -> Option<&str>) -> BTreeMap<String, String> {
        let language = |token: &String| Some((code(token)?.to_owned(), token.clone()));
        self.0.iter().filter_map(language).collect()
    }
}

/// The prompt of a task; null where there is none.
pub(super) fn prompt(
    family: Family,
    folders: &Folders<'_>,
    tokens: &TokenRoles,
    names: &Names,
    instruction: &[String],
) -> Result<Json> {
    let first: Vec<&str> = names.all(tokens.forced_begin.as_slice());
    let mut prompt = of_family(family, folders, tokens, names, &first)?;
    if !instruction.is_empty() {
        let given = prompt["source"].as_array().into_iter().flatten().cloned();
        prompt["source"] = given.chain(instruction.iter().map(|token| json!(token))).collect();
    }
    Ok(prompt)
}

/// The prompt that every model of a family has.
fn of_family(
    family: Family,
    folders: &Folders<'_>,
    tokens: &TokenRoles,
    names: &Names,
    first: &[&str],
) -> Result<Json> {
    Ok(match family {
        Family::Bart => json!({ "source": ["<s>"], "target": first }),
        Family::Mbart => {
            let config = folders.read_json("tokenizer_config.json")?;
            let languages = names.languages(of_mbart);
            let class = config["tokenizer_class"].as_str().unwrap_or_default();
            if class.starts_with("MBart50") {
                return Ok(translating(languages, &config, first));
            }
            if !class.is_empty() && !class.starts_with("MBartTokenizer") {
                let problem = format!(
                    "`tokenizer_class` is '{class}', and of mBART MBart50Tokenizer and MBartTokenizer are known"
                );
                return Err(ImportError::of(folders.model.join("tokenizer_config.json"), problem));
            }
            let begin = names.all(tokens.decoder_start.as_slice());
            with_languages_behind(translating(languages, &config, &begin))
        }
        Family::M2m100 => {
            let config = folders.read_json("tokenizer_config.json")?;
            let languages = names.languages(of_m2m100);
            let languages = if languages.is_empty() { names.languages(of_nllb) } else { languages };
            translating(languages, &config, first)
        }
        Family::Whisper => {
            // The rule of its own program, where the folder does not say.
            let multilingual = match folders.read_json("generation_config.json")?["is_multilingual"].as_bool()
            {
                Some(multilingual) => multilingual,
                None => names.0.len() >= 51_865,
            };
            let generation = folders.read_json("generation_config.json")?;
            let timestamps = json!({
                "first": "<|0.00|>",
                "count": 1501,
                "step": 0.02,
                "without": NO_TIMESTAMPS,
                "latest_start": generation["max_initial_timestamp_index"].as_f64().map(|number| number * 0.02),
            });
            match multilingual {
                false => json!({ "target": [NO_TIMESTAMPS], "timestamps": timestamps }),
                true => json!({
                    "target": ["{source_language}", TRANSCRIBE, NO_TIMESTAMPS],
                    "languages": names.languages(of_whisper),
                    "detect": "source_language",
                    "timestamps": timestamps,
                }),
            }
        }
        _ => Json::Null,
    })
}

/// Whisper's token for a text in the language that is spoken.
pub(super) const TRANSCRIBE: &str = "<|transcribe|>";
/// Whisper's token for a text in English.
pub(super) const TRANSLATE: &str = "<|translate|>";
/// Whisper's token for a text without timestamps.
const NO_TIMESTAMPS: &str = "<|notimestamps|>";

/// `<|de|>` of Whisper.
fn of_whisper(token: &str) -> Option<&str> {
    let code = token.strip_prefix("<|")?.strip_suffix("|>")?;
    letters(code, 2..=3).then_some(code)
}

/// The prompt of a model of many languages, whose tokens stand in front of both sides.
fn translating(languages: BTreeMap<String, String>, config: &Json, first: &[&str]) -> Json {
    let by_token: BTreeMap<&str, &str> =
        languages.iter().map(|(code, token)| (token.as_str(), code.as_str())).collect();
    let given = |option: &str| {
        let named = config[option].as_str()?;
        languages.contains_key(named).then_some(named).or(by_token.get(named).copied())
    };
    let target = given("tgt_lang").or(first.first().and_then(|token| by_token.get(token).copied()));
    let mut prompt = json!({
        "source": ["{source_language}"],
        "target": ["{target_language}"],
        "languages": languages,
    });
    for (option, language) in [("source_language", given("src_lang")), ("target_language", target)] {
        if let Some(language) = language {
            prompt[option] = json!(language);
        }
    }
    prompt
}

/// The prompt of mBART before mBART-50: the language stands behind the end of a source, and decoding starts from that of the
/// target (Liu et al. 2020). Sources are in English where nothing is said, as with its own tokenizer.
fn with_languages_behind(mut prompt: Json) -> Json {
    prompt["after_source"] = prompt["source"].take();
    prompt["source"] = json!([]);
    prompt["begin"] = json!(Prompt::TARGET_LANGUAGE);
    prompt["target"] = json!([]);
    if prompt["source_language"].is_null() && prompt["languages"].get(ENGLISH).is_some() {
        prompt["source_language"] = json!(ENGLISH);
    }
    prompt
}

/// English as mBART names it.
const ENGLISH: &str = "en_XX";

/// `__de__` of M2M-100.
fn of_m2m100(token: &str) -> Option<&str> {
    let code = token.strip_prefix("__")?.strip_suffix("__")?;
    letters(code, 2..=3).then_some(code)
}

/// `de_DE` of mBART.
fn of_mbart(token: &str) -> Option<&str> {
    let (language, region) = token.split_once('_')?;
    let large = region.len() == 2 && region.bytes().all(|letter| letter.is_ascii_uppercase());
    (letters(language, 2..=2) && large).then_some(token)
}

/// `deu_Latn` of NLLB: the language of ISO 639-3 with its script of ISO 15924.
fn of_nllb(token: &str) -> Option<&str> {
    let (language, script) = token.split_once('_')?;
    let [first, rest @ ..] = script.as_bytes() else { return None };
    let is_script = first.is_ascii_uppercase() && rest.len() == 3 && rest.iter().all(u8::is_ascii_lowercase);
    (letters(language, 3..=3) && is_script).then_some(token)
}

fn letters(code: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&code.len()) && code.bytes().all(|letter| letter.is_ascii_lowercase())
}
