//! The text medium: its options, checked, and its adapters.

use std::path::Path;

use any2any_adapter::{
    AdapterError, Medium, OpenedValue, OptionProblem, Package, Price, Sharing, Side, Value,
};
use serde_json::json;

use crate::adapter::{Segmenter, TextAdapter};
use crate::bounds;
use crate::options::{File, TextOptions, Tokenizer};
use crate::pieces::byte_of;
use crate::special::{Missing, SPECIAL, Unusable};

/// The text medium.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text;

impl Medium for Text {
    type Options = TextOptions;
    type Adapter = TextAdapter;

    fn name(&self) -> &str {
        "text"
    }

    fn package(&self) -> Package {
        any2any_adapter::package!()
    }

    fn check(&self, options: &TextOptions) -> Vec<OptionProblem> {
        problems(options)
    }

    fn check_files(&self, options: &TextOptions) -> Vec<OptionProblem> {
        match &options.tokenizer {
            Tokenizer::File(file) if added_problems(options).is_empty() => file_problems(file, options),
            _ => Vec::new(),
        }
    }

    fn complete(&self, options: &mut TextOptions) {
        options.normalize = Some(options.normalization());
    }

    fn fields(&self, options: &TextOptions) -> Vec<String> {
        vec![options.field.clone()]
    }

    fn inherited(&self) -> &'static [&'static str] {
        &["tokenizer", "normalize", "lowercase", "added_tokens"]
    }

    fn sharing(&self, options: &TextOptions) -> Sharing {
        if !options.tokenizer.shared() {
            return Sharing::Alone;
        }
        let key =
            json!([options.tokenizer, options.normalization(), options.lowercase, options.added_tokens]);
        Sharing::Key(format!("text {key}"))
    }

    /// Texts that follow each other are joined by a space.
    fn open(&self, _side: &Side<TextOptions>, value: &Value) -> Result<OpenedValue, AdapterError> {
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

    /// A file is read, and its text is a copy.
    fn price(&self, _side: &Side<TextOptions>, value: &Value) -> Result<Price, AdapterError> {
        let contents = Price::of_contents(value);
        Ok(Price { bytes: contents.bytes.saturating_mul(2), ..contents })
    }

    fn extensions(&self) -> Vec<&str> {
        vec!["txt"]
    }

    fn fit(
        &self,
        side: &Side<TextOptions>,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<TextAdapter, AdapterError> {
        TextAdapter::fit(side, values)
    }

    fn load(&self, side: &Side<TextOptions>, folder: &Path) -> Result<TextAdapter, AdapterError> {
        TextAdapter::load(side, folder)
    }

    fn extend(
        &self,
        side: &Side<TextOptions>,
        folder: &Path,
        values: &mut dyn Iterator<Item = &Value>,
        beside: &[String],
    ) -> Result<TextAdapter, AdapterError> {
        TextAdapter::extend(side, folder, values, beside)
    }
}

/// The text of a file, without the line end that closes it.
fn read(file: &any2any_adapter::File) -> Result<Value, AdapterError> {
    let broken = |reason: String| AdapterError::Broken { file: file.to_string(), reason };
    let bytes = file.bytes().map_err(|error| broken(error.to_string()))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| broken("is not UTF-8".to_owned()))?;
    Ok(Value::from(text.strip_suffix('\n').unwrap_or(text)))
}

/// Problems of the options that the schema cannot express.
fn problems(options: &TextOptions) -> Vec<OptionProblem> {
    let mut problems = Vec::new();
    let tokenizer = &options.tokenizer;
    let name = tokenizer.name();
    if options.field.is_empty() {
        let help = "name the field of the dataset that holds the text";
        problems.push(OptionProblem::new("/field", "the name of the field is empty", help));
    }
    let least = options.fixed() + 1;
    if let Some(vocab) = tokenizer.vocab().filter(|vocab| *vocab < least) {
        let bytes = if tokenizer.has_bytes() { " and 256 bytes" } else { "" };
        let added = match options.added_tokens.len() {
            0 => String::new(),
            count => format!(", {count} added ones"),
        };
        problems.push(OptionProblem::new(
            format!("/tokenizer/{name}/vocab"),
            format!("{vocab} tokens leave no room beside {} special tokens{added}{bytes}", SPECIAL.len()),
            format!("at least {least}; 4000 to 32000 is usual"),
        ));
    }
    if tokenizer.min_frequency() == Some(0) {
        let pointer = format!("/tokenizer/{name}/min_frequency");
        problems.push(OptionProblem::new(pointer, "nothing occurs 0 times", "at least 1"));
    }
    problems.extend(added_problems(options));
    problems.extend(options.augment.problems(options));
    problems
}

/// Problems of names that cannot be added to the tokens.
fn added_problems(options: &TextOptions) -> Vec<OptionProblem> {
    let mut problems = Vec::new();
    let trained = !matches!(options.tokenizer, Tokenizer::File(_));
    for (number, name) in options.added_tokens.iter().enumerate() {
        let pointer = format!("/added_tokens/{number}");
        let mut add = |message: &str, help: &str| {
            problems.push(OptionProblem::new(&pointer, message, help));
        };
        if name.trim().is_empty() {
            add("an added token has a name", "a name that no other text has is best: <2de>");
        } else if options.added_tokens[..number].contains(name) {
            add(&format!("'{name}' is there twice"), "once is enough");
        } else if trained && SPECIAL.contains(&name.as_str()) {
            problems.push(Missing::added(number, name).into());
        } else if trained && options.tokenizer.has_bytes() && byte_of(name).is_some() {
            add(&format!("'{name}' is the token of a byte"), "choose another name");
        }
    }
    problems
}

fn file_problems(file: &File, options: &TextOptions) -> Vec<OptionProblem> {
    let shown = file.path.display();
    let document = match bounds::read(&file.path) {
        Ok(document) => document,
        Err(reason) => {
            let help = "a relative path starts at the folder of the file that it is written in";
            return vec![OptionProblem::new("/tokenizer/file/path", format!("{shown} {reason}"), help)];
        }
    };
    match Segmenter::of_file(document, file, &options.added_tokens) {
        Ok(segmenter) => segmenter.problems(&options.augment),
        Err(Unusable::Broken(reason)) => {
            let help = "give the tokenizer.json of a fast tokenizer, or the .model of SentencePiece";
            vec![OptionProblem::new("/tokenizer/file/path", format!("{shown}: {reason}"), help)]
        }
        Err(Unusable::Options(missing)) => missing.into_iter().map(OptionProblem::from).collect(),
    }
}
