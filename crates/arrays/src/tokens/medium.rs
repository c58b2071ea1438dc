//! The medium of tokens: its options, checked, its values, opened, and its adapters.

use std::path::Path;

use any2any_adapter::{
    AdapterError, Contents, File, Kind, Medium, OpenedValue, OptionProblem, Package, Price, Sharing, Side,
    Value,
};

use super::adapter::{TokensAdapter, require_inside};
use super::ids::{of_source, open};
use super::options::{MOST_IDS, TokensOptions};
use super::state::read_names;
use crate::error::ArrayError;
use crate::source::{self, Source};

/// The medium of tokens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokens;

impl Medium for Tokens {
    type Options = TokensOptions;
    type Adapter = TokensAdapter;

    fn name(&self) -> &str {
        "tokens"
    }

    fn package(&self) -> Package {
        any2any_adapter::package!()
    }

    fn check(&self, options: &TokensOptions) -> Vec<OptionProblem> {
        let mut problems = Vec::new();
        if options.field.is_empty() {
            let help = "name the field of the dataset that holds the ids";
            problems.push(OptionProblem::new("/field", "the name of the field is empty", help));
        }
        if let Some(vocab) = options.vocab.filter(|vocab| !(1..=MOST_IDS).contains(vocab)) {
            let help = format!("a number from 1 to {MOST_IDS}");
            problems.push(OptionProblem::new("/vocab", format!("{vocab} is out of range"), help));
        }
        problems
    }

    fn check_files(&self, options: &TokensOptions) -> Vec<OptionProblem> {
        let error = options.names.as_deref().and_then(|path| read_names(path).err());
        let problem = |error: AdapterError| OptionProblem {
            pointer: "/names".to_owned(),
            message: error.to_string(),
            help: Some("give a text file with one name a line, or leave `names` out".to_owned()),
        };
        error.map(problem).into_iter().collect()
    }

    fn fields(&self, options: &TokensOptions) -> Vec<String> {
        vec![options.field.clone()]
    }

    fn inherited(&self) -> &'static [&'static str] {
        &["vocab", "shared", "names", "output"]
    }

    fn sharing(&self, options: &TokensOptions) -> Sharing {
        if !options.shared {
            return Sharing::Alone;
        }
        Sharing::Key(format!("tokens {:?} {:?} {:?}", options.vocab, options.names, options.output))
    }

    fn kind(&self) -> Kind {
        Kind::Custom
    }

    fn extensions(&self) -> Vec<&str> {
        vec!["npy", "txt"]
    }

    fn contents(&self, file: &File) -> Result<Contents, AdapterError> {
        contents(file).map_err(|error| error.of(file))
    }

    /// Ids that follow each other are joined; one outside the `vocab` of the options leaves its sample out.
    fn open(&self, side: &Side<TokensOptions>, value: &Value) -> Result<OpenedValue, AdapterError> {
        let ids = open(value)?;
        let inside = require_inside(&ids, side.vocab.unwrap_or(usize::MAX));
        match (inside, value) {
            (Ok(()), _) => Ok(Value::custom(ids).into()),
            (Err(error), Value::File(file)) => Err(error.of(file)),
            (Err(error), _) => Err(error.into()),
        }
    }

    fn price(&self, _side: &Side<TokensOptions>, value: &Value) -> Result<Price, AdapterError> {
        let ids = ids(value)?;
        // Collected in a list that grows, beside the file, and copied.
        Ok(Price {
            bytes: Price::of_contents(value).bytes.saturating_add(ids.saturating_mul(12)),
            positions: Some(ids + 1),
        })
    }

    fn fit(
        &self,
        side: &Side<TokensOptions>,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<TokensAdapter, AdapterError> {
        TokensAdapter::fit(side, values)
    }

    fn load(&self, side: &Side<TokensOptions>, folder: &Path) -> Result<TokensAdapter, AdapterError> {
        TokensAdapter::load(side, folder)
    }
}

/// The most ids of a value: one takes a byte at least, and in a text two.
fn ids(value: &Value) -> Result<u64, AdapterError> {
    match value {
        Value::Text(text) => Ok(text.len() as u64 / 2 + 1),
        Value::File(file) => Ok(file.size().unwrap_or(0).saturating_add(1)),
        Value::Series(values) => {
            values.iter().try_fold(0_u64, |sum, value| Ok(sum.saturating_add(ids(value)?)))
        }
        other => match other.as_custom::<super::Ids>() {
            Some(ids) => Ok(ids.0.len() as u64),
            None => Err(AdapterError::other_medium("a row of ids", other)),
        },
    }
}

fn contents(file: &File) -> Result<Contents, ArrayError> {
    let bytes = source::bytes(file)?;
    let source = Source::of(&bytes)?;
    let format = match &source {
        Source::Array(array) => format!("NPY, {}", array.type_name()),
        Source::Text(_) => "ids".to_owned(),
    };
    let ids = of_source(source, file.part())?;
    if ids.is_empty() {
        return Err(ArrayError::Empty { unit: "id" });
    }
    let values: Vec<f32> = ids.iter().map(|&id| id as f32).collect();
    Ok(Contents { format, axes: vec![("ids", values.len())], values, ..Contents::default() })
}
