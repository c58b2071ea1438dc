//! The vocabulary of a `tokenizer.json`: its pieces and added tokens, and which of them are text.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;
use tokenizers::{AddedToken, AddedVocabulary};

use crate::hidden::Guarded;
use crate::options::File;
use crate::special::{SpecialTokens, Unusable, Vocabulary};
use crate::steps::Normalizing;

/// Limit of the highest number of a vocabulary, as a multiple of its count of tokens.
const SPARSE: usize = 100;

/// The tokens of a file, by their names and by their numbers.
pub(crate) struct Listed {
    pub(crate) numbers: HashMap<String, u32>,
    /// None where a number has no token.
    pub(crate) names: Vec<Option<String>>,
    /// The added tokens of the file in its order.
    added: Vec<AddedToken>,
    /// For each added token, by its name, whether it is special.
    is_special: HashMap<String, bool>,
    /// The token for unknown text, as the model declares it.
    pub(crate) unknown: Option<u32>,
}

/// The tokens of a file, sorted by the options into their uses.
pub(crate) struct Chosen {
    pub(crate) special: SpecialTokens,
    /// Tokens that are one token wherever they are written in a text.
    pub(crate) let_through: Vec<AddedToken>,
    /// Pieces that no model may find in a text.
    pub(crate) hidden: HashSet<String>,
    /// Tokens that are not written when tokens become text.
    pub(crate) skipped: HashSet<u32>,
    pub(crate) warnings: Vec<String>,
}

impl Listed {
    /// The tokens of a model and its added tokens.
    ///
    /// # Errors
    ///
    /// If they are inconsistent or out of bounds.
    pub(crate) fn new(
        model: &Json,
        mut added: Vec<AddedToken>,
        normalizer: Option<&Normalizing>,
    ) -> Result<Self, String> {
        added.retain(|token| !token.content.is_empty());
        let pieces = pieces(model).ok_or("it has no model with a vocabulary")?;
        let size = pieces.len();
        let in_model = Guarded::without_model(pieces.iter().cloned().collect(), size);
        // The crate numbers added tokens as it does for anybody: those that are no pieces come last.
        let mut vocabulary = AddedVocabulary::new();
        vocabulary
            .add_tokens(added.iter().cloned(), &in_model, normalizer)
            .map_err(|error| format!("its added tokens are broken: {error}"))?;
        let mut numbers = in_model.numbers;
        numbers.extend(vocabulary.get_vocab().iter().map(|(name, number)| (name.clone(), *number)));
        let last = numbers.values().max().ok_or("its vocabulary is empty")?;
        // A number far beyond the count of tokens would ask for a table that no memory holds.
        if *last as usize > SPARSE * numbers.len() {
            return Err(format!("it has {} tokens, and gives one the number {last}", numbers.len()));
        }
        let mut names = vec![None; *last as usize + 1];
        for (name, number) in
            pieces.into_iter().chain(numbers.iter().map(|(name, number)| (name.clone(), *number)))
        {
            names[number as usize] = Some(name);
        }
        let is_special = added.iter().map(|token| (token.content.clone(), token.special)).collect();
        // A number stands in a list of pieces alone, and a name elsewhere.
        let by_number = model["unk_id"].as_u64().filter(|_| model["vocab"].is_array());
        let by_number = by_number.and_then(|token| u32::try_from(token).ok());
        let unknown = by_number.or_else(|| numbers.get(model["unk_token"].as_str()?).copied());
        Ok(Self { numbers, names, added, is_special, unknown })
    }

    /// Sorts the tokens by the options; tokens that the options need beside them are added behind the last.
    ///
    /// # Errors
    ///
    /// The options that do not fit.
    pub(crate) fn choose(&mut self, options: &File, named: &[String]) -> Result<Chosen, Unusable> {
        let vocabulary = Vocabulary {
            size: self.names.len(),
            number: &|name| self.numbers.get(name).copied(),
            padding: None,
            unknown: self.unknown,
            begin: None,
            end: None,
        };
        let (special, mut warnings) =
            SpecialTokens::find(&vocabulary, options, named).map_err(Unusable::Options)?;
        if special.padding as usize == self.names.len() {
            self.names.push(Some(SpecialTokens::ADDED_PADDING.to_owned()));
        }
        let is_named: HashSet<&str> = named.iter().map(String::as_str).collect();
        let is_text = |name: &str, token: u32| {
            !special.contain(token)
                && (is_named.contains(name)
                    || match self.is_special.get(name) {
                        Some(special) => !special,
                        None => !SpecialTokens::is_usual_name(name),
                    })
        };
        let no_text = self.numbers.iter().filter(|(name, token)| !is_text(name, **token));
        // Named tokens are found before the model sees a text; the model itself makes none of them.
        let hidden = no_text
            .map(|(name, _)| name.as_str())
            .chain(is_named.iter().copied())
            .map(str::to_owned)
            .collect();
        let of_file = self.added.iter().filter(|token| is_text(&token.content, self.numbers[&token.content]));
        let mut let_through: Vec<AddedToken> = of_file.cloned().map(|token| token.special(false)).collect();
        let skips = |name: &str, token: u32| {
            let special_name = self.is_special.get(name) == Some(&true);
            (special_name && !is_named.contains(name)) || [special.begin, special.end].contains(&token)
        };
        let skipped =
            self.numbers.iter().filter(|(name, token)| skips(name, **token)).map(|(_, token)| *token);
        let skipped = skipped.chain([special.padding]).collect();
        for name in named.iter().filter(|name| !self.is_special.contains_key(*name)) {
            let_through.push(AddedToken::from(name.as_str(), false).normalized(false));
            if !self.numbers.contains_key(name) {
                warnings.push(SpecialTokens::added(name, self.names.len()));
                self.numbers.insert(name.clone(), self.names.len() as u32);
                self.names.push(Some(name.clone()));
            }
        }
        Ok(Chosen { special, let_through, hidden, skipped, warnings })
    }

    /// True if a token was added to the pieces of the model.
    pub(crate) fn is_added(&self, name: &str) -> bool {
        self.is_special.contains_key(name)
    }
}

/// The pieces of a model and their numbers.
fn pieces(model: &Json) -> Option<Vec<(String, u32)>> {
    match model.get("vocab")? {
        Json::Array(pieces) => (0..)
            .zip(pieces)
            .map(|(number, piece)| Some((piece.get(0)?.as_str()?.to_owned(), number)))
            .collect(),
        Json::Object(pieces) => pieces
            .iter()
            .map(|(name, number)| Some((name.clone(), u32::try_from(number.as_u64()?).ok()?)))
            .collect(),
        _ => None,
    }
}
