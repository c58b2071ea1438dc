//! Metrics of decoded sequences: a word, or a word with its options.

use std::fmt;

use any2any_adapter::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Plugged;

/// A metric of decoded sequences: `bleu`, or with options `{ bleu: { tokenize: zh } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
#[non_exhaustive]
pub enum Metric {
    /// BLEU (Papineni et al. 2002).
    Bleu(Bleu),
    /// chrF and chrF++ (Popović 2015, 2017).
    Chrf(Chrf),
    /// Translation edit rate (Snover et al. 2006).
    Ter(Ter),
    /// Word error rate.
    Wer,
    /// Character error rate.
    Cer,
    /// The share of outputs that agree with their reference in every character.
    ExactMatch,
    /// The share of tokens that agree with the reference at their position.
    TokenAccuracy,
    /// The share of characters that agree with the reference at their position, gaps (`-`) of the reference left out.
    CharacterAccuracy,
    /// Peak signal-to-noise ratio of pictures, in decibels.
    Psnr,
    /// Structural similarity of pictures (Wang et al. 2004).
    Ssim,
    /// Mean absolute error of pictures, in levels of 255, or of signals, in their unit.
    MeanAbsoluteError,
    /// Log-spectral distance of signals, in decibels, over short-time spectra (Gray and Markel 1976).
    SpectralDistance,
    /// Distance of signals along the best path of dynamic time warping (Sakoe and Chiba 1978): of sounds in decibels, of
    /// slower signals in their unit.
    DynamicTimeWarping,
    /// A metric of the program's own.
    Plugged(Plugged),
}

/// The options of BLEU; the defaults are sacreBLEU's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bleu {
    /// The tokenizer, by the names of sacreBLEU.
    pub tokenize: Tokenizer,
    /// Ignores case.
    pub lowercase: bool,
    /// The smoothing of n-gram orders without any match.
    pub smoothing: Smoothing,
    /// Leaves out the n-gram orders for which outputs are too short.
    pub effective_order: bool,
}

/// The tokenizer of BLEU, which divides a line into words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-refused" = refused()))]
pub enum Tokenizer {
    /// The rules of `mteval-v13a`, WMT's standard: Western punctuation is set off.
    #[default]
    #[serde(rename = "13a")]
    V13a,
    /// White space only, for text that is tokenised already.
    #[serde(rename = "none")]
    None,
    /// Punctuation and symbols of every script are set off.
    #[serde(rename = "intl")]
    International,
    /// Every character, for scripts without spaces between words, such as Japanese and Thai.
    #[serde(rename = "char")]
    Character,
    /// Every Chinese character, and the words of other scripts.
    #[serde(rename = "zh")]
    Chinese,
}

/// Smoothing of n-gram orders without any match (Chen and Cherry 2014).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Smoothing {
    /// Exponential: half of the count of the last such order, beginning with half a match.
    #[default]
    Exp,
    /// No smoothing: the whole score is 0.
    None,
    /// A floor: as if this many n-grams matched; 0.1 is usual.
    Floor(#[schemars(range(min = 0.0))] f64),
    /// Add-k: added to matches and totals of every order but the first; 1 is usual.
    AddK(#[schemars(range(min = 0.0))] f64),
}

/// The options of chrF; the defaults are sacreBLEU's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Chrf {
    /// The longest n-grams of characters.
    #[schemars(range(min = 1, max = 100))]
    pub character_order: usize,
    /// The longest n-grams of words: 0 for chrF, 2 for chrF++.
    #[schemars(range(max = 100))]
    pub word_order: usize,
    /// The weight of recall relative to precision.
    #[schemars(range(min = 1, max = 1000))]
    pub beta: u32,
    /// Ignores case.
    pub lowercase: bool,
    /// Counts white space in the n-grams of characters.
    pub whitespace: bool,
    /// Counts orders without n-grams as nearly 0 instead of leaving them out.
    pub epsilon_smoothing: bool,
}

impl Default for Chrf {
    fn default() -> Self {
        Self {
            character_order: 6,
            word_order: 0,
            beta: 2,
            lowercase: false,
            whitespace: false,
            epsilon_smoothing: false,
        }
    }
}

/// The options of TER; the defaults are sacreBLEU's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ter {
    /// Sets punctuation off from words, and resolves entities.
    pub normalized: bool,
    /// Removes punctuation.
    pub no_punctuation: bool,
    /// Lets `normalized` separate Chinese characters, and `no_punctuation` remove Chinese and Japanese marks.
    pub asian_support: bool,
    /// Distinguishes upper and lower case.
    pub case_sensitive: bool,
}

/// A metric as it is written in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Written {
    Word(Word),
    Options(Options),
    // Its names and options are added where the registry of plug-ins is known.
    #[schemars(skip)]
    Plugged(Plugged),
}

/// A metric by its name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Word {
    /// Corpus BLEU with the 13a tokeniser, cased (Post 2018).
    Bleu,
    /// BLEU of lower-cased texts.
    BleuLowercase,
    /// chrF2 (Popović 2015).
    Chrf,
    /// chrF++ (Popović 2017).
    ChrfPlusPlus,
    /// Translation edit rate (Snover et al. 2006).
    Ter,
    /// Word error rate.
    Wer,
    /// Character error rate.
    Cer,
    /// The share of outputs that agree with their reference in every character.
    ExactMatch,
    /// The share of tokens that agree with the reference at their position.
    TokenAccuracy,
    /// The share of characters that agree with the reference at their position, gaps (`-`) of the reference left out.
    CharacterAccuracy,
    /// Peak signal-to-noise ratio of pictures, in decibels.
    Psnr,
    /// Structural similarity of pictures (Wang et al. 2004).
    Ssim,
    /// Mean absolute error of pictures, in levels of 255, or of signals, in their unit.
    MeanAbsoluteError,
    /// Log-spectral distance of signals, in decibels, over short-time spectra (Gray and Markel 1976).
    SpectralDistance,
    /// Distance of signals along the best path of dynamic time warping (Sakoe and Chiba 1978): of sounds in decibels, of
    /// slower signals in their unit.
    DynamicTimeWarping,
}

/// A metric with options.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Options {
    /// BLEU with options.
    Bleu(Bleu),
    /// chrF with options.
    Chrf(Chrf),
    /// Translation edit rate with options.
    Ter(Ter),
}

impl From<Written> for Metric {
    fn from(written: Written) -> Self {
        match written {
            Written::Options(Options::Bleu(options)) => Self::Bleu(options),
            Written::Options(Options::Chrf(options)) => Self::Chrf(options),
            Written::Options(Options::Ter(options)) => Self::Ter(options),
            Written::Word(Word::Bleu) => Self::Bleu(Bleu::default()),
            Written::Word(Word::BleuLowercase) => Self::Bleu(LOWERCASE),
            Written::Word(Word::Chrf) => Self::Chrf(Chrf::default()),
            Written::Word(Word::ChrfPlusPlus) => Self::Chrf(Chrf::plus_plus()),
            Written::Word(Word::Ter) => Self::Ter(Ter::default()),
            Written::Word(Word::Wer) => Self::Wer,
            Written::Word(Word::Cer) => Self::Cer,
            Written::Word(Word::ExactMatch) => Self::ExactMatch,
            Written::Word(Word::TokenAccuracy) => Self::TokenAccuracy,
            Written::Word(Word::CharacterAccuracy) => Self::CharacterAccuracy,
            Written::Word(Word::Psnr) => Self::Psnr,
            Written::Word(Word::Ssim) => Self::Ssim,
            Written::Word(Word::MeanAbsoluteError) => Self::MeanAbsoluteError,
            Written::Word(Word::SpectralDistance) => Self::SpectralDistance,
            Written::Word(Word::DynamicTimeWarping) => Self::DynamicTimeWarping,
            Written::Plugged(plugged) => Self::Plugged(plugged),
        }
    }
}

/// A word wherever one says all, so that a metric written without options is written back so.
impl From<Metric> for Written {
    fn from(metric: Metric) -> Self {
        Self::Word(match metric {
            Metric::Bleu(options) if options == Bleu::default() => Word::Bleu,
            Metric::Bleu(options) if options == LOWERCASE => Word::BleuLowercase,
            Metric::Bleu(options) => return Self::Options(Options::Bleu(options)),
            Metric::Chrf(options) if options == Chrf::default() => Word::Chrf,
            Metric::Chrf(options) if options == Chrf::plus_plus() => Word::ChrfPlusPlus,
            Metric::Chrf(options) => return Self::Options(Options::Chrf(options)),
            Metric::Ter(options) if options == Ter::default() => Word::Ter,
            Metric::Ter(options) => return Self::Options(Options::Ter(options)),
            Metric::Wer => Word::Wer,
            Metric::Cer => Word::Cer,
            Metric::ExactMatch => Word::ExactMatch,
            Metric::TokenAccuracy => Word::TokenAccuracy,
            Metric::CharacterAccuracy => Word::CharacterAccuracy,
            Metric::Psnr => Word::Psnr,
            Metric::Ssim => Word::Ssim,
            Metric::MeanAbsoluteError => Word::MeanAbsoluteError,
            Metric::SpectralDistance => Word::SpectralDistance,
            Metric::DynamicTimeWarping => Word::DynamicTimeWarping,
            Metric::Plugged(plugged) => return Self::Plugged(plugged),
        })
    }
}

impl JsonSchema for Metric {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Metric".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Written::json_schema(generator)
    }
}

/// The name of a metric in logs: its word, and the options that differ from the default: `bleu_zh`, `chrf_beta3`.
impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_value(self).unwrap_or_default();
        f.write_str(self.word())?;
        if let Self::Plugged(Plugged { options, .. }) = self {
            let options = options.as_object().into_iter().flatten();
            return options.into_iter().try_for_each(|(key, value)| match value {
                Json::String(word) => write!(f, "_{key}_{word}"),
                value => write!(f, "_{key}{value}"),
            });
        }
        let usual = serde_json::to_value(match self {
            Self::Bleu(_) => Options::Bleu(Bleu::default()),
            Self::Chrf(_) => Options::Chrf(Chrf::default()),
            _ => Options::Ter(Ter::default()),
        });
        let usual = usual.unwrap_or_default();
        let options = json.get(self.word()).and_then(Json::as_object).into_iter().flatten();
        for (key, value) in options.filter(|(key, value)| usual[self.word()][key] != **value) {
            match value {
                Json::Bool(_) => write!(f, "_{key}")?,
                Json::String(tokenizer) if key == "tokenize" => write!(f, "_{tokenizer}")?,
                Json::String(word) => write!(f, "_{key}_{word}")?,
                Json::Object(choice) => {
                    choice.iter().try_for_each(|(word, number)| write!(f, "_{key}_{word}{number}"))?;
                }
                number => write!(f, "_{key}{number}")?,
            }
        }
        Ok(())
    }
}

impl Metric {
    /// The metric's key: `bleu` with any options but those that have a word of their own.
    pub fn word(&self) -> &str {
        if let Self::Plugged(plugged) = self {
            return &plugged.name;
        }
        match self.clone().into() {
            Written::Word(Word::Bleu) | Written::Options(Options::Bleu(_)) => "bleu",
            Written::Word(Word::BleuLowercase) => "bleu_lowercase",
            Written::Word(Word::Chrf) | Written::Options(Options::Chrf(_)) => "chrf",
            Written::Word(Word::ChrfPlusPlus) => "chrf_plus_plus",
            Written::Word(Word::Ter) | Written::Options(Options::Ter(_)) => "ter",
            Written::Word(Word::Wer) => "wer",
            Written::Word(Word::Cer) => "cer",
            Written::Word(Word::ExactMatch) => "exact_match",
            Written::Word(Word::TokenAccuracy) => "token_accuracy",
            Written::Word(Word::CharacterAccuracy) => "character_accuracy",
            Written::Word(Word::Psnr) => "psnr",
            Written::Word(Word::Ssim) => "ssim",
            Written::Word(Word::MeanAbsoluteError) => "mean_absolute_error",
            Written::Word(Word::SpectralDistance) => "spectral_distance",
            Written::Word(Word::DynamicTimeWarping) => "dynamic_time_warping",
            Written::Plugged(_) => "plugged",
        }
    }

    /// The place of this metric in a list: an equal one, or without options the first of its word.
    pub fn find_in(&self, list: &[Self]) -> Option<usize> {
        let plain = match self.clone().into() {
            Written::Word(_) => true,
            Written::Options(_) => false,
            // Options that were left out stand there with their defaults.
            Written::Plugged(_) => true,
        };
        let by_word = || list.iter().position(|metric| plain && metric.word() == self.word());
        list.iter().position(|metric| metric == self).or_else(by_word)
    }

    /// True if it scores outputs of a medium of this kind.
    pub fn scores(&self, kind: Kind) -> bool {
        match self {
            // The plug-in says so itself, when it is asked for a score.
            Self::Plugged(_) => true,
            Self::TokenAccuracy => true,
            Self::MeanAbsoluteError => kind == Kind::Image || kind == Kind::Signal,
            Self::Psnr | Self::Ssim => kind == Kind::Image,
            Self::SpectralDistance | Self::DynamicTimeWarping => kind == Kind::Signal,
            _ => kind == Kind::Text || kind == Kind::Custom,
        }
    }

    /// The default metrics of a kind of medium; `None` for texts, whose metrics stand in `evaluation`.
    pub fn usual(kind: Kind) -> Option<Vec<Self>> {
        match kind {
            Kind::Image => Some(vec![Self::Psnr, Self::Ssim, Self::MeanAbsoluteError]),
            Kind::Signal => {
                Some(vec![Self::SpectralDistance, Self::DynamicTimeWarping, Self::MeanAbsoluteError])
            }
            // Values of a medium's own kind are scored as texts whose words are their items.
            Kind::Custom => {
                let words = Bleu { tokenize: Tokenizer::None, ..Bleu::default() };
                Some(vec![Self::ExactMatch, Self::TokenAccuracy, Self::Wer, Self::Bleu(words)])
            }
            _ => None,
        }
    }
}

/// The options of the word `bleu_lowercase`.
const LOWERCASE: Bleu =
    Bleu { tokenize: Tokenizer::V13a, lowercase: true, smoothing: Smoothing::Exp, effective_order: false };

impl Chrf {
    /// The options of chrF++, which also counts bigrams of words.
    pub fn plus_plus() -> Self {
        Self { word_order: 2, ..Self::default() }
    }
}

/// Tokenizers of sacreBLEU that need files which are not built in, with the way out for each.
const REFUSED: [(&str, &str); 6] = [
    ("ja-mecab", MECAB),
    ("ko-mecab", MECAB),
    ("spm", SENTENCE_PIECE),
    ("flores101", SENTENCE_PIECE),
    ("flores200", SENTENCE_PIECE),
    ("spBLEU-1K", SENTENCE_PIECE),
];
const MECAB: &str = "it needs MeCab and its dictionary, which are not built in: use `char`, or write the outputs \
                     to a file (`evaluate` has `--output`) and score that with `sacrebleu --tokenize`";
const SENTENCE_PIECE: &str = "it needs a SentencePiece model to download, which is not built in: use `char`, or \
                              chrF, which needs no tokenizer, or write the outputs to a file (`evaluate` has \
                              `--output`) and score that with `sacrebleu --tokenize`";

fn refused() -> Json {
    REFUSED.iter().map(|(word, why)| ((*word).to_owned(), Json::from(*why))).collect()
}

/// Parses the name of sacreBLEU.
impl std::str::FromStr for Tokenizer {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let refused = REFUSED.iter().find(|(known, _)| *known == word);
        match serde_json::from_value(word.into()) {
            Ok(tokenizer) => Ok(tokenizer),
            Err(_) if refused.is_some() => Err(refused.map(|(_, why)| (*why).to_owned()).unwrap_or_default()),
            Err(_) => Err("choose one of: 13a, none, intl, char, zh".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
