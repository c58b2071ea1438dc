//! The special tokens: padding, unknown, begin, end.

use any2any_adapter::OptionProblem;

use crate::options::File;

/// The special tokens of every vocabulary that is trained here, in the order of their numbers.
pub(crate) const SPECIAL: [&str; 4] = ["<pad>", "<unk>", "<s>", "</s>"];

const PADDING_NAMES: &[&str] = &["<pad>", "[PAD]", "<|pad|>"];
const UNKNOWN_NAMES: &[&str] = &["<unk>", "[UNK]"];
const BEGIN_NAMES: &[&str] = &["<s>", "[CLS]", "<bos>", "[BOS]", "<|begin_of_text|>"];
const END_NAMES: &[&str] = &["</s>", "[SEP]", "<eos>", "[EOS]", "<|end_of_text|>", "<|endoftext|>"];
const MASK_NAMES: &[&str] = &["<mask>", "[MASK]", "<|mask|>"];

/// The numbers of the special tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecialTokens {
    /// Fills up a batch.
    pub padding: u32,
    /// Stands for unknown text; none where nothing is unknown.
    pub unknown: Option<u32>,
    /// The decoder starts from it.
    pub begin: u32,
    /// Ends a text.
    pub end: u32,
}

/// A vocabulary in which special tokens are looked for.
pub(crate) struct Vocabulary<'a> {
    /// Size of the vocabulary: one more than its highest number.
    pub(crate) size: usize,
    /// A token's number by its name.
    pub(crate) number: &'a dyn Fn(&str) -> Option<u32>,
    /// The padding, unknown, begin and end tokens, as the file itself declares them.
    pub(crate) padding: Option<u32>,
    pub(crate) unknown: Option<u32>,
    pub(crate) begin: Option<u32>,
    pub(crate) end: Option<u32>,
}

impl SpecialTokens {
    /// The special tokens of the vocabularies that are trained here.
    pub const TRAINED: Self = Self { padding: 0, unknown: Some(1), begin: 2, end: 3 };

    /// The name of the padding that is added to a vocabulary without any.
    pub(crate) const ADDED_PADDING: &str = "<pad>";

    /// True if a token is one of them.
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

    /// True if a token has one of the usual names of special tokens.
    pub(crate) fn is_usual_name(name: &str) -> bool {
        [PADDING_NAMES, UNKNOWN_NAMES, BEGIN_NAMES, END_NAMES, MASK_NAMES]
            .iter()
            .any(|names| names.contains(&name))
    }

    /// The special tokens of an existing tokenizer, and warnings about them: as the options name them, as the file
    /// declares them, or under their usual names. A vocabulary without padding is given one, with the number behind
    /// its last; a vocabulary without a begin token uses its end token.
    ///
    /// # Errors
    ///
    /// The option of each token that is not there or cannot be, and why.
    pub(crate) fn find(
        vocabulary: &Vocabulary<'_>,
        options: &File,
        added: &[String],
    ) -> Result<(Self, Vec<String>), Vec<Missing>> {
        let (mut missing, mut warnings) = (Vec::new(), Vec::new());
        let mut look_up = |option, named: &Option<String>, in_file: Option<u32>, usual: &[&str]| match named {
            None => in_file.or_else(|| usual.iter().find_map(|name| (vocabulary.number)(name))),
            Some(name) => {
                let found = (vocabulary.number)(name);
                if found.is_none() {
                    missing.push(Missing::new(option, true, format!("the tokenizer has no token '{name}'")));
                }
                found
            }
        };
        let padding = look_up("padding", &options.padding, vocabulary.padding, PADDING_NAMES);
        let unknown = look_up("unknown", &options.unknown, vocabulary.unknown, UNKNOWN_NAMES);
        // Decoding may start from the padding that is added, which no text has.
        let begin = match &options.begin {
            Some(name) if padding.is_none() && name == Self::ADDED_PADDING => Some(vocabulary.size as u32),
            begin => look_up("begin", begin, vocabulary.begin, BEGIN_NAMES),
        };
        let end = look_up("end", &options.end, vocabulary.end, END_NAMES);
        if end.is_none() && options.end.is_none() {
            let reason = format!(
                "the tokenizer has none of {}: name its end token with tokenizer.file.end",
                END_NAMES.join(", ")
            );
            missing.push(Missing::new("end", false, reason));
        }
        let end = end.unwrap_or(0);
        let tokens = Self {
            padding: padding.unwrap_or(vocabulary.size as u32),
            unknown,
            begin: begin.unwrap_or(end),
            end,
        };
        if missing.is_empty() {
            missing.extend(tokens.clash(options));
        }
        for (number, name) in added.iter().enumerate() {
            if (vocabulary.number)(name).is_some_and(|token| tokens.contain(token))
                || name == Self::ADDED_PADDING
            {
                missing.push(Missing::added(number, name));
            }
        }
        if padding.is_none() {
            warnings.push(format!(
                "the tokenizer has no padding: '{}' is added as token {}",
                Self::ADDED_PADDING,
                vocabulary.size
            ));
        }
        if begin.is_none() {
            warnings.push(
                "the tokenizer has no token that begins a text: decoding starts from its end token"
                    .to_owned(),
            );
        }
        if missing.is_empty() { Ok((tokens, warnings)) } else { Err(missing) }
    }

    /// Two of the tokens that are one and cannot be. A begin token that is the end token is none of them: many
    /// tokenizers have one token for both.
    fn clash(self, options: &File) -> Option<Missing> {
        let (option, named, reason, without) = if self.padding == self.end {
            let reason = "what fills a batch up is not learned, and a model must learn to end: padding and end cannot \
                          be one token";
            ("padding", &options.padding, reason, "one is added")
        } else if Some(self.padding) == self.unknown {
            let reason = "what fills a batch up is not read, and unknown text must be: padding and unknown cannot be \
                          one token";
            ("padding", &options.padding, reason, "one is added")
        } else if Some(self.begin) == self.unknown && self.begin != self.end {
            let reason = "what decoding starts from says nothing, and unknown text stands for words: begin and unknown \
                          cannot be one token";
            ("begin", &options.begin, reason, "the end token is")
        } else {
            return None;
        };
        let mut help = format!("name another token of the tokenizer with `tokenizer.file.{option}`");
        if named.is_some() {
            help += &format!(", or leave it out: the usual one is taken, or {without}");
        }
        Some(Missing { help: Some(help), ..Missing::new(option, named.is_some(), reason.to_owned()) })
    }

    /// The warning about an added token that a tokenizer does not have.
    pub(crate) fn added(name: &str, token: usize) -> String {
        format!("the tokenizer has no token '{name}': it is added as token {token}")
    }
}

/// The reason why a tokenizer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// The problem of its file.
    Broken(String),
    /// The options that do not fit it.
    Options(Vec<Missing>),
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Broken(reason) => f.write_str(reason),
            Self::Options(missing) => {
                let words = missing.iter().flat_map(|missing| [Some(&missing.reason), missing.help.as_ref()]);
                let words: Vec<&str> = words.flatten().map(String::as_str).collect();
                f.write_str(&words.join("; "))
            }
        }
    }
}

/// A special token that an existing tokenizer does not have, or that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    /// The place of the option that names it, or would.
    pub(crate) pointer: String,
    /// The reason, with the way out where `help` has none.
    pub(crate) reason: String,
    /// The way out.
    pub(crate) help: Option<String>,
}

impl Missing {
    fn new(option: &str, named: bool, reason: String) -> Self {
        let pointer = if named { format!("/tokenizer/file/{option}") } else { "/tokenizer/file".to_owned() };
        Self { pointer, reason, help: None }
    }

    /// An added token that begins, ends or pads a text, or stands for unknown text.
    pub(crate) fn added(number: usize, name: &str) -> Self {
        let reason =
            format!("'{name}' is never written in a text: it begins, ends or pads one, or is the unknown");
        Self { pointer: format!("/added_tokens/{number}"), reason, help: None }
    }
}

impl From<Missing> for OptionProblem {
    fn from(missing: Missing) -> Self {
        Self { pointer: missing.pointer, message: missing.reason, help: missing.help }
    }
}
