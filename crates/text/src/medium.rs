//! The text medium: its options, checked, and its adapters.

use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{Adapter, AdapterError, Medium, OpenedValue, OptionProblem, Value};
use serde_json::json;

use crate::adapter::TextAdapter;
use crate::existing::Existing;
use crate::options::{File, TextOptions, Tokenizer};
use crate::special::{SPECIAL, SpecialTokens};

/// The text medium.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text;

impl Medium for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(TextOptions)
    }

    fn check(&self, options: &serde_json::Value) -> Vec<OptionProblem> {
        match TextOptions::deserialize_from(options) {
            Ok(options) => problems(&options),
            Err(reason) => vec![problem("", reason, None)],
        }
    }

    fn check_files(&self, options: &serde_json::Value) -> Vec<OptionProblem> {
        match TextOptions::deserialize_from(options).map(|options| options.tokenizer) {
            Ok(Tokenizer::File(file)) => file_problems(&file),
            _ => Vec::new(),
        }
    }

    fn resolve(&self, options: &serde_json::Value) -> serde_json::Value {
        let Ok(mut parsed) = TextOptions::deserialize_from(options) else {
            return options.clone();
        };
        parsed.normalize = Some(parsed.normalization());
        serde_json::to_value(parsed).unwrap_or_else(|_| options.clone())
    }

    fn fields(&self, options: &serde_json::Value) -> Vec<String> {
        options["field"].as_str().map(str::to_owned).into_iter().collect()
    }

    fn inherited(&self) -> &'static [&'static str] {
        &["tokenizer", "normalize", "lowercase"]
    }

    fn sharing(&self, options: &serde_json::Value) -> Option<String> {
        let options = TextOptions::deserialize_from(options).ok()?;
        let key = json!([options.tokenizer, options.normalization(), options.lowercase]);
        options.tokenizer.shared().then(|| format!("text {key}"))
    }

    /// Texts that follow each other are joined by a space.
    fn open(&self, _options: &serde_json::Value, value: &Value) -> Result<OpenedValue, AdapterError> {
        let text = match value {
            Value::Text(_) => value.clone(),
            Value::Series(values) if values.iter().all(|value| value.as_text().is_some()) => {
                Value::Text(value.to_string())
            }
            Value::File(file) if file.part().is_none() => read(file)?,
            _ => return Err(AdapterError::other_medium("a text", value)),
        };
        Ok(text.into())
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["txt"]
    }

    fn fit(
        &self,
        options: &serde_json::Value,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        Ok(Arc::new(TextAdapter::fit(&parse(options)?, values)?))
    }

    fn load(&self, options: &serde_json::Value, folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError> {
        Ok(Arc::new(TextAdapter::load(&parse(options)?, folder)?))
    }
}

/// The text of a file, without the line end that closes it.
fn read(file: &any2any_adapter::File) -> Result<Value, AdapterError> {
    let broken = |reason: String| AdapterError::Broken { file: file.to_string(), reason };
    let bytes = file.bytes().map_err(|error| broken(error.to_string()))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| broken("is not UTF-8".to_owned()))?;
    Ok(Value::from(text.strip_suffix('\n').unwrap_or(text)))
}

impl TextOptions {
    fn deserialize_from(options: &serde_json::Value) -> Result<Self, String> {
        serde_json::from_value(options.clone()).map_err(|error| error.to_string())
    }
}

fn parse(options: &serde_json::Value) -> Result<TextOptions, AdapterError> {
    TextOptions::deserialize_from(options)
        .map_err(|reason| AdapterError::Fit { option: "text".to_owned(), reason })
}

fn problem(pointer: &str, message: impl Into<String>, help: Option<String>) -> OptionProblem {
    OptionProblem { pointer: pointer.to_owned(), message: message.into(), help }
}

/// Everything that the schema cannot say.
fn problems(options: &TextOptions) -> Vec<OptionProblem> {
    let mut problems = Vec::new();
    let tokenizer = &options.tokenizer;
    let name = tokenizer.name();
    if options.field.is_empty() {
        let help = "name the field of the dataset that holds the text".to_owned();
        problems.push(problem("/field", "the name of the field is empty", Some(help)));
    }
    let least = tokenizer.fixed() + 1;
    if let Some(vocab) = tokenizer.vocab().filter(|vocab| *vocab < least) {
        let bytes = if tokenizer.has_bytes() { " and 256 bytes" } else { "" };
        problems.push(problem(
            &format!("/tokenizer/{name}/vocab"),
            format!("{vocab} tokens leave no room beside {} special tokens{bytes}", SPECIAL.len()),
            Some(format!("at least {least}; 4000 to 32000 is usual")),
        ));
    }
    if tokenizer.min_frequency() == Some(0) {
        let pointer = format!("/tokenizer/{name}/min_frequency");
        problems.push(problem(&pointer, "nothing occurs 0 times", Some("at least 1".to_owned())));
    }
    problems
}

fn file_problems(file: &File) -> Vec<OptionProblem> {
    let shown = file.path.display();
    let document = match std::fs::read_to_string(&file.path) {
        Ok(document) => document,
        Err(error) => {
            let help = "a relative path starts at the folder of the file that it is written in".to_owned();
            let message = format!("cannot read {shown}: {error}");
            return vec![problem("/tokenizer/file/path", message, Some(help))];
        }
    };
    let existing = match Existing::new(document) {
        Ok(existing) => existing,
        Err(reason) => {
            let help = "give the tokenizer.json of a fast tokenizer".to_owned();
            return vec![problem("/tokenizer/file/path", format!("{shown}: {reason}"), Some(help))];
        }
    };
    let missing = SpecialTokens::find(existing.tokenizer(), file).err().unwrap_or_default();
    let place = |named, option| {
        if named { format!("/tokenizer/file/{option}") } else { "/tokenizer/file".to_owned() }
    };
    missing
        .into_iter()
        .map(|missing| problem(&place(missing.named, missing.option), missing.reason, None))
        .collect()
}
