//! Values of a JSON object by their paths, as texts.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// A value of an object, or of an object in it.
pub(super) enum Leaf {
    /// A string, or the text of a number, a boolean or a list of whole numbers.
    Text(String),
    /// Another kind of value, by its name.
    Other(&'static str),
}

/// The kind of a value that holds others under names.
pub(super) const OBJECT: &str = "an object";

/// The values of an object by their paths, joined by dots.
#[derive(Default)]
pub(super) struct Leaves {
    /// The paths in their order.
    pub(super) order: Vec<String>,
    values: HashMap<String, Leaf>,
}

impl Leaves {
    /// The values of an object; `text` is its line, in which numbers stand as they are written. Values inside lists are
    /// among them where they lie on the way to one of the `wanted` paths.
    pub(super) fn of(object: Map<String, Value>, text: &str, wanted: &[&str]) -> Self {
        let mut leaves = Self::default();
        let mut written = numbers(text).into_iter();
        // A key that stands twice is kept once: numbers are then written anew.
        let is_whole = written.len() == count_numbers(object.values());
        leaves.gather("", object, wanted, &mut || written.next().filter(|_| is_whole));
        leaves
    }

    fn gather<'t>(
        &mut self,
        place: &str,
        object: Map<String, Value>,
        wanted: &[&str],
        written: &mut dyn FnMut() -> Option<&'t str>,
    ) {
        for (key, value) in object {
            let path = if place.is_empty() { key } else { format!("{place}.{key}") };
            let leaf = self.leaf(&path, value, wanted, written);
            // A key with a dot in it comes before the same path of keys.
            if place.is_empty() || !self.values.contains_key(&path) {
                if !self.values.contains_key(&path) {
                    self.order.push(path.clone());
                }
                self.values.insert(path, leaf);
            }
        }
    }

    /// The value at a path, after those inside of it have been gathered.
    fn leaf<'t>(
        &mut self,
        path: &str,
        value: Value,
        wanted: &[&str],
        written: &mut dyn FnMut() -> Option<&'t str>,
    ) -> Leaf {
        match value {
            Value::Object(object) => {
                self.gather(path, object, wanted, written);
                Leaf::Other(OBJECT)
            }
            Value::Array(items) => {
                let numbers: Vec<_> = (0..count_numbers(&items)).map(|_| written()).collect();
                let leaf = list(&items, numbers.iter().copied());
                if wanted.iter().any(|wanted| leads_into(wanted, path)) {
                    let mut numbers = numbers.into_iter();
                    for (index, item) in items.into_iter().enumerate() {
                        let path = format!("{path}.{index}");
                        let leaf = self.leaf(&path, item, wanted, &mut || numbers.next().flatten());
                        self.values.entry(path).or_insert(leaf);
                    }
                }
                leaf
            }
            Value::String(text) => Leaf::Text(text),
            Value::Number(number) => Leaf::Text(written().map_or_else(|| number.to_string(), str::to_owned)),
            Value::Bool(truth) => Leaf::Text(truth.to_string()),
            Value::Null => Leaf::Other("null"),
        }
    }

    /// The paths of all texts; `None` when there is none.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        let is_text = |path: &&String| matches!(self.values.get(*path), Some(Leaf::Text(_)));
        let names: Vec<String> = self.order.iter().filter(is_text).cloned().collect();
        (!names.is_empty()).then_some(names)
    }

    /// The paths of values that are no texts, and their kinds; objects are left out, whose values have paths.
    pub(super) fn others(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.values.iter().filter_map(|(path, leaf)| match leaf {
            Leaf::Other(kind) if *kind != OBJECT => Some((path.as_str(), *kind)),
            _ => None,
        })
    }

    /// The value at a path.
    pub(super) fn get(&self, path: &str) -> Option<&Leaf> {
        self.values.get(path)
    }

    /// The value at a path, which is then no longer there.
    pub(super) fn take(&mut self, path: &str) -> Option<Leaf> {
        self.values.remove(path)
    }
}

/// True if a path goes on with the number of an item of the list at another.
fn leads_into(path: &str, list: &str) -> bool {
    let rest = path.strip_prefix(list).and_then(|rest| rest.strip_prefix('.'));
    rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// The text of the value at a path of a JSON text.
///
/// # Errors
///
/// The kind of what is there instead, or `None` where nothing is.
pub(in super::super) fn value_at(text: &str, path: &str) -> Result<String, Option<&'static str>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => match Leaves::of(object, text, &[path]).take(path) {
            Some(Leaf::Text(text)) => Ok(text),
            Some(Leaf::Other(kind)) => Err(Some(kind)),
            None => Err(None),
        },
        Ok(_) => Err(None),
        Err(_) => Err(Some("in a member that is no sound JSON")),
    }
}

/// A list of whole numbers as its numbers with spaces between them, each as it is written where that is known.
fn list<'t>(items: &[Value], mut written: impl Iterator<Item = Option<&'t str>>) -> Leaf {
    let mut words = Vec::with_capacity(items.len());
    for item in items {
        let other = match item {
            Value::Number(number) => {
                let word = written.next().flatten().map_or_else(|| number.to_string(), str::to_owned);
                if word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                    words.push(word);
                    continue;
                }
                "a list that holds a number with a fraction or an exponent"
            }
            Value::String(_) => "a list that holds a string",
            Value::Bool(_) => "a list that holds a boolean",
            Value::Null => "a list that holds null",
            Value::Array(_) => "a list that holds a list",
            Value::Object(_) => "a list that holds an object",
        };
        return Leaf::Other(other);
    }
    Leaf::Text(words.join(" "))
}

/// The numbers of a sound JSON text as they are written, in their order.
fn numbers(text: &str) -> Vec<&str> {
    let (mut found, mut at) = (Vec::new(), 0);
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        at += match byte {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => {
                let is_in = |byte: &&u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                let length = rest.iter().take_while(is_in).count();
                found.push(&text[at..at + length]);
                length
            }
            _ => 1,
        };
    }
    found
}

/// Length of a JSON string in bytes, both of its marks counted.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn count_numbers<'v>(values: impl IntoIterator<Item = &'v Value>) -> usize {
    let count = |value: &Value| match value {
        Value::Number(_) => 1,
        Value::Array(items) => count_numbers(items),
        Value::Object(object) => count_numbers(object.values()),
        _ => 0,
    };
    values.into_iter().map(count).sum()
}
