//! The tokens that are no text: padding, unknown, begin, end.

use tokenizers::Tokenizer;

use crate::options::File;

/// The special tokens of every vocabulary that is trained here, in the order of their numbers.
pub(crate) const SPECIAL: [&str; 4] = ["<pad>", "<unk>", "<s>", "</s>"];

const PADDING_NAMES: &[&str] = &["<pad>", "[PAD]", "<|pad|>"];
const UNKNOWN_NAMES: &[&str] = &["<unk>", "[UNK]"];
const BEGIN_NAMES: &[&str] = &["<s>", "[CLS]", "<bos>", "[BOS]", "<|begin_of_text|>"];
const END_NAMES: &[&str] = &["</s>", "[SEP]", "<eos>", "[EOS]", "<|end_of_text|>", "<|endoftext|>"];

/// The numbers of the tokens that are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecialTokens {
    /// Fills a batch up.
    pub padding: u32,
    /// Stands for what is not known; none where nothing is unknown.
    pub unknown: Option<u32>,
    /// The decoder starts from it.
    pub begin: u32,
    /// Ends a text.
    pub end: u32,
}

impl SpecialTokens {
    /// Those of the vocabularies that are trained here.
    pub const TRAINED: Self = Self { padding: 0, unknown: Some(1), begin: 2, end: 3 };

    /// Whether a token is one of them.
    pub fn contain(self, token: u32) -> bool {
        [Some(self.padding), self.unknown, Some(self.begin), Some(self.end)].contains(&Some(token))
    }

    /// The tokens that search never writes.
    pub(crate) fn forbidden(self) -> Vec<u32> {
        let mut tokens: Vec<u32> = [Some(self.padding), self.unknown, Some(self.begin)]
            .into_iter()
            .flatten()
            .filter(|&token| token != self.end)
            .collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }

    /// Those of an existing tokenizer: as the options name them, or under their usual names.
    ///
    /// # Errors
    ///
    /// The option of each token that is not there, and why.
    pub(crate) fn find(tokenizer: &Tokenizer, options: &File) -> Result<Self, Vec<Missing>> {
        let mut missing = Vec::new();
        let mut need = |option, named: &Option<String>, usual| match look_up(tokenizer, named, usual) {
            Some(token) => token,
            None => {
                missing.push(Missing::new(option, named.as_deref(), usual));
                0
            }
        };
        let padding = need("padding", &options.padding, PADDING_NAMES);
        let begin = need("begin", &options.begin, BEGIN_NAMES);
        let end = need("end", &options.end, END_NAMES);
        let unknown = look_up(tokenizer, &options.unknown, UNKNOWN_NAMES);
        if unknown.is_none() && options.unknown.is_some() {
            missing.push(Missing::new("unknown", options.unknown.as_deref(), UNKNOWN_NAMES));
        }
        if missing.is_empty() { Ok(Self { padding, unknown, begin, end }) } else { Err(missing) }
    }
}

fn look_up(tokenizer: &Tokenizer, named: &Option<String>, usual: &[&str]) -> Option<u32> {
    match named {
        Some(name) => tokenizer.token_to_id(name),
        None => usual.iter().find_map(|name| tokenizer.token_to_id(name)),
    }
}

/// A special token that an existing tokenizer does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    /// The option that names it.
    pub(crate) option: &'static str,
    /// Whether the options name it.
    pub(crate) named: bool,
    /// Why, and the way out.
    pub(crate) reason: String,
}

impl Missing {
    fn new(option: &'static str, named: Option<&str>, usual: &[&str]) -> Self {
        let reason = match named {
            Some(name) => format!("the tokenizer has no token '{name}'"),
            None => format!(
                "the tokenizer has none of {}: name its {option} token with tokenizer.file.{option}",
                usual.join(", ")
            ),
        };
        Self { option, named: named.is_some(), reason }
    }
}
