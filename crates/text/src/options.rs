//! Options of the text medium, as an experiment writes them.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::augment::Augment;
use crate::special::SPECIAL;

/// The options of the text medium.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextOptions {
    /// The field of the dataset that holds the text.
    #[schemars(length(min = 1))]
    pub field: String,
    /// Tokenizer that cuts a text into tokens.
    #[serde(default)]
    pub tokenizer: Tokenizer,
    /// Unicode normalisation form; left out: nfc, or none when the tokenizer comes from a file.
    #[serde(default)]
    pub normalize: Option<Normalization>,
    /// Make letters lower-case.
    #[serde(default)]
    pub lowercase: bool,
    /// Names that are one token wherever they are written in a text, such as `<2de>`, `deu_Latn` or `<extra_id_0>`, and
    /// are written back as they stand. An existing tokenizer lets its own tokens of these names through, which are
    /// otherwise text like any other; a tokenizer that does not have them is given them. They count in `vocab`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added_tokens: Vec<String>,
    /// Random changes in training. The other side of a task has its own: a target is changed where it asks for it.
    #[serde(default, skip_serializing_if = "Augment::is_none")]
    pub augment: Augment,
}

impl TextOptions {
    /// The normalisation form in effect.
    pub fn normalization(&self) -> Normalization {
        self.normalize.unwrap_or(match self.tokenizer {
            Tokenizer::File(_) => Normalization::None,
            _ => Normalization::Nfc,
        })
    }

    /// Number of tokens that a vocabulary trained with these options has before anything is learned.
    pub(crate) fn fixed(&self) -> usize {
        SPECIAL.len() + self.added_tokens.len() + if self.tokenizer.has_bytes() { 256 } else { 0 }
    }
}

/// Unicode normalisation form of a text (Unicode Standard Annex 15): texts that look or mean the same become the
/// same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Normalization {
    /// The text stays as it is.
    None,
    /// Canonical composition: a letter and its accent become one character.
    Nfc,
    /// Compatibility composition: ligatures, full-width letters and the like become plain ones, too.
    Nfkc,
}

/// Tokenizer that cuts a text into tokens. Every kind but `file` has the tokens `<pad>`, `<unk>`, `<s>` and `</s>` as
/// its first four; they count in `vocab`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Tokenizer {
    /// Byte pair encoding (Sennrich et al. 2016): the most frequent pair becomes a piece, again and again.
    Bpe(Bpe),
    /// A unigram language model of pieces (Kudo 2018).
    Unigram(Unigram),
    /// The longest known piece first (Schuster and Nakajima 2012), on pieces found like those of BPE.
    WordPiece(WordPiece),
    /// Whole words and punctuation marks.
    Words(Words),
    /// Characters.
    Characters(Characters),
    /// The whole text is one token: for the names of classes.
    Labels(Labels),
    /// The bytes of UTF-8; nothing is unknown.
    Bytes(Bytes),
    /// An existing `tokenizer.json` of Hugging Face's format, or a `.model` of SentencePiece.
    File(File),
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self::Bpe(Bpe::default())
    }
}

impl Tokenizer {
    /// The name of the tokenizer in the YAML.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bpe(_) => "bpe",
            Self::Unigram(_) => "unigram",
            Self::WordPiece(_) => "word_piece",
            Self::Words(_) => "words",
            Self::Characters(_) => "characters",
            Self::Labels(_) => "labels",
            Self::Bytes(_) => "bytes",
            Self::File(_) => "file",
        }
    }

    /// True if all sides with the same tokenizer options share one vocabulary.
    pub fn shared(&self) -> bool {
        match self {
            Self::Bpe(options) => options.shared,
            Self::Unigram(options) => options.shared,
            Self::WordPiece(options) => options.shared,
            Self::Words(options) => options.shared,
            Self::Characters(options) => options.shared,
            Self::Labels(options) => options.shared,
            Self::Bytes(options) => options.shared,
            Self::File(options) => options.shared,
        }
    }

    /// The size of the vocabulary that is asked for; `None` if it is as large as the data makes it.
    pub fn vocab(&self) -> Option<usize> {
        match self {
            Self::Bpe(options) => Some(options.vocab),
            Self::Unigram(options) => Some(options.vocab),
            Self::WordPiece(options) => Some(options.vocab),
            Self::Words(Words { vocab: VocabularySize::Tokens(tokens), .. }) => Some(*tokens),
            Self::Words(Words { vocab: VocabularySize::All(All::All), .. }) => None,
            Self::Characters(_) | Self::Labels(_) | Self::Bytes(_) | Self::File(_) => None,
        }
    }

    /// The least count of a unit that becomes a token, if the tokenizer has that option.
    pub fn min_frequency(&self) -> Option<u64> {
        match self {
            Self::Bpe(options) => Some(options.min_frequency),
            Self::WordPiece(options) => Some(options.min_frequency),
            Self::Words(options) => Some(options.min_frequency),
            Self::Characters(options) => Some(options.min_frequency),
            Self::Unigram(_) | Self::Labels(_) | Self::Bytes(_) | Self::File(_) => None,
        }
    }

    /// True if the 256 bytes are tokens.
    pub(crate) fn has_bytes(&self) -> bool {
        match self {
            Self::Bpe(options) => options.byte_fallback,
            Self::Unigram(options) => options.byte_fallback,
            Self::Bytes(_) => true,
            _ => false,
        }
    }
}

/// Byte pair encoding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bpe {
    /// The number of tokens.
    #[schemars(range(min = 1))]
    pub vocab: usize,
    /// Share one vocabulary among all sides with the same tokenizer options.
    pub shared: bool,
    /// Least count of a pair that becomes a piece.
    #[schemars(range(min = 1))]
    pub min_frequency: u64,
    /// Write a character that training has not seen as its bytes instead of as unknown.
    pub byte_fallback: bool,
}

impl Default for Bpe {
    fn default() -> Self {
        Self { vocab: 8000, shared: false, min_frequency: 2, byte_fallback: false }
    }
}

/// A unigram language model of pieces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Unigram {
    /// The number of tokens.
    #[schemars(range(min = 1))]
    pub vocab: usize,
    /// Share one vocabulary among all sides with the same tokenizer options.
    pub shared: bool,
    /// Write a character that training has not seen as its bytes instead of as unknown.
    pub byte_fallback: bool,
}

impl Default for Unigram {
    fn default() -> Self {
        Self { vocab: 8000, shared: false, byte_fallback: false }
    }
}

/// The longest known piece first. A word with a character that training has not seen is unknown as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct WordPiece {
    /// The number of tokens.
    #[schemars(range(min = 1))]
    pub vocab: usize,
    /// Share one vocabulary among all sides with the same tokenizer options.
    pub shared: bool,
    /// Least count of a pair that becomes a piece.
    #[schemars(range(min = 1))]
    pub min_frequency: u64,
}

impl Default for WordPiece {
    fn default() -> Self {
        Self { vocab: 8000, shared: false, min_frequency: 2 }
    }
}

/// Whole words and punctuation marks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Words {
    /// The number of tokens: the most frequent words, or `all` that occur `min_frequency` times.
    pub vocab: VocabularySize,
    /// Share one vocabulary among all sides with the same tokenizer options.
    pub shared: bool,
    /// Least count of a word that becomes a token.
    #[schemars(range(min = 1))]
    pub min_frequency: u64,
}

impl Default for Words {
    fn default() -> Self {
        Self { vocab: VocabularySize::Tokens(8000), shared: false, min_frequency: 2 }
    }
}

/// Size of a vocabulary: a number of tokens, or `all` that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum VocabularySize {
    /// So many tokens; training data that gives fewer is an error.
    Tokens(#[schemars(range(min = 1))] usize),
    /// As many tokens as the training data gives.
    All(All),
}

/// The word `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum All {
    /// As many as there are.
    All,
}

/// Characters: Unicode code points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Characters {
    /// Share one vocabulary among all sides with the same tokenizer options.
    pub shared: bool,
    /// Least count of a character that becomes a token.
    #[schemars(range(min = 1))]
    pub min_frequency: u64,
}

impl Default for Characters {
    fn default() -> Self {
        Self { shared: false, min_frequency: 1 }
    }
}

/// The bytes of UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Bytes {
    /// Share one vocabulary among all sides with the same tokenizer options.
    pub shared: bool,
}

/// The whole text is one token: every text of the training split, and no other, can be written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Labels {
    /// Share one vocabulary among all sides with the same tokenizer options.
    pub shared: bool,
}

/// An existing `tokenizer.json` or `.model`. Special tokens that are not named are those of the file, or looked for
/// under their usual names. None of them comes out of plain text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct File {
    /// The file. It is needed until the training begins; the run then has a copy.
    #[schemars(extend("format" = "path"))]
    pub path: PathBuf,
    /// Share one vocabulary among all sides with the same tokenizer options.
    #[serde(default)]
    pub shared: bool,
    /// The token that fills a batch up; left out: `<pad>`, `[PAD]` or `<|pad|>`, or one that is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub padding: Option<String>,
    /// Unknown text that is the name of a token is that token, as in Marian, whose vocabulary of both languages is larger
    /// than what the SentencePiece model of one cuts a text into. Of a `.model` of SentencePiece alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown_by_name: bool,
    /// The token for unknown text; left out: `<unk>`, `[UNK]` or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// The token that a decoder starts from; left out: `<s>`, `[CLS]`, `<bos>`, `[BOS]`, `<|begin_of_text|>`,
    /// or the end token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<String>,
    /// The token that ends a text; left out: `</s>`, `[SEP]`, `<eos>`, `[EOS]`, `<|end_of_text|>` or
    /// `<|endoftext|>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
}
