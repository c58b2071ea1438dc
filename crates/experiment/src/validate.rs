//! Structural checks: a tree of nodes validated against a JSON Schema, with all problems at once.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::choice::Choice;
use crate::diagnostic::Diagnostic;
use crate::limits;
use crate::messages;
use crate::misplaced_key::{Homes, unknown_key};
use crate::node::{Entry, Node, Value, below, shorten};
use crate::schema_kind::{Kind, Schema, Shape};
use crate::source::Place;
use crate::spec::CHOICE;

/// The result of the structural checks.
#[derive(Debug)]
pub(crate) struct Structure {
    /// The tree as JSON, without its broken nodes.
    pub(crate) json: Json,
    /// The broken nodes.
    pub(crate) broken: Broken,
    /// The problems of the broken nodes.
    pub(crate) problems: Vec<Diagnostic>,
}

/// The JSON pointers of nodes that have been reported, which later checks must not judge again.
#[derive(Debug, Default)]
pub(crate) struct Broken(BTreeSet<String>);

impl Broken {
    /// True if the node at a pointer, one above it or one below it is broken.
    pub(crate) fn touches(&self, pointer: &str) -> bool {
        let above =
            |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('/'));
        self.0.iter().any(|known| known == pointer || above(known, pointer) || above(pointer, known))
    }
}

/// Validates a tree against a schema.
pub(crate) fn check(root: &Node, schema: &Json) -> Structure {
    let rules = Schema { root: schema };
    let homes = Homes::of(rules);
    let mut walk = Walk { rules, homes: &homes, root, problems: Vec::new(), broken: Broken::default() };
    let at = At { pointer: String::new(), label: "the experiment".to_owned(), key: None };
    let json = walk.node(root, schema, &at).unwrap_or_else(|| Json::Object(Map::new()));
    Structure { json, broken: walk.broken, problems: walk.problems }
}

/// The node that is being validated.
struct At {
    pointer: String,
    /// The node's name in messages.
    label: String,
    /// The place of the node's key.
    key: Option<Place>,
}

impl At {
    fn entry(&self, entry: &Entry) -> Self {
        Self {
            pointer: below(&self.pointer, &entry.key),
            label: format!("`{}`", entry.key),
            key: Some(entry.place.clone()),
        }
    }

    fn item(&self, index: usize) -> Self {
        let label = format!("item {} of {}", index + 1, self.label);
        Self { pointer: below(&self.pointer, &index.to_string()), label, key: None }
    }
}

/// Keys with their schemas.
type Keys<'a, 's> = &'a [(&'s str, &'s Json)];

struct Walk<'s> {
    rules: Schema<'s>,
    homes: &'s Homes,
    root: &'s Node,
    problems: Vec<Diagnostic>,
    broken: Broken,
}

impl<'s> Walk<'s> {
    /// Validates a node, and gives it as JSON; `None` after reporting why it cannot be used.
    fn node(&mut self, node: &Node, schema: &'s Json, at: &At) -> Option<Json> {
        if self.is_full() {
            return None;
        }
        if let Value::Text(word) = &node.value
            && let Some(why) = self.rules.refusal(schema, word)
        {
            let message = format!("{}: `{}` cannot be chosen", at.label, shorten(word));
            return self.reject(node, at, &message, Some(why.to_owned()));
        }
        let shape = self.rules.shape(schema);
        match (&shape.kind, &node.value) {
            (_, Value::Null) if shape.nullable => Some(Json::Null),
            (Kind::Choice { words, options, beside }, _) => {
                self.choice(node, (words, options, beside), schema, &shape, at)
            }
            (Kind::Either(alternatives), _) => self.either(node, alternatives, at),
            (Kind::Mapping(schema), Value::Mapping(entries)) => self.mapping(node, entries, schema, at),
            (Kind::Sequence(schema), Value::Sequence(items)) => self.sequence(node, items, schema, at),
            (Kind::Text(schema), Value::Text(text)) => self.text(node, text, schema, at),
            (Kind::Whole(schema), Value::Integer(number)) => self.whole(node, *number, schema, at),
            (Kind::Number(schema), Value::Integer(number)) => self.number(node, *number as f64, schema, at),
            (Kind::Number(schema), Value::Float(number)) => self.number(node, *number, schema, at),
            (Kind::Boolean, Value::Boolean(value)) => Some(Json::Bool(*value)),
            (Kind::Null, Value::Null) => Some(Json::Null),
            (Kind::Anything, _) => Some(plain(node)),
            _ => {
                let help = messages::conversion(node, &shape.kind);
                let expected = messages::expected(&shape);
                self.reject(
                    node,
                    at,
                    &format!("{} must be {expected}, found {}", at.label, node.describe()),
                    help,
                )
            }
        }
    }

    /// True after more problems than anyone mends: nothing more is validated.
    fn is_full(&self) -> bool {
        self.problems.len() >= limits::PROBLEMS
    }

    fn mapping(&mut self, node: &Node, entries: &[Entry], schema: &'s Json, at: &At) -> Option<Json> {
        let mut json = Map::new();
        let mut meant = BTreeSet::new();
        for entry in entries {
            if self.is_full() {
                return None;
            }
            match self.rules.property(schema, &entry.key) {
                Some(schema) => {
                    if let Some(value) = self.node(&entry.node, schema, &at.entry(entry)) {
                        json.insert(entry.key.clone(), value);
                    }
                }
                None if schema.get("additionalProperties") == Some(&Json::Bool(false)) => {
                    meant.extend(self.unknown(entry, schema, at));
                }
                None => {
                    json.insert(entry.key.clone(), plain(&entry.node));
                }
            }
        }
        let required = schema.get("required").and_then(Json::as_array).into_iter().flatten();
        for key in required.filter_map(Json::as_str) {
            if node.entry(key).is_none() && !meant.contains(key) {
                self.missing(node, key, schema, at);
            }
        }
        let least = schema.get("minProperties").and_then(Json::as_u64).unwrap_or(0);
        if (entries.len() as u64) < least {
            let help = messages::meaning(schema);
            return self.reject(node, at, &format!("{} must not be empty", at.label), help);
        }
        Some(Json::Object(json))
    }

    /// Reports an unknown key, and returns the one that was probably meant.
    fn unknown(&mut self, entry: &Entry, schema: &'s Json, at: &At) -> Option<String> {
        let allowed = messages::keys(schema);
        let (help, meant) = unknown_key(&entry.key, &allowed, self.homes, self.root);
        let place = &entry.place;
        let message = match at.key {
            Some(_) => format!("unknown key `{}` in {}", shorten(&entry.key), at.label),
            None => format!("unknown key `{}`", shorten(&entry.key)),
        };
        self.problems.push(Diagnostic::error(place, message, Some(help)));
        if let Some(meant) = &meant {
            // The value was meant for that key: later checks would judge its default instead.
            self.broken.0.insert(below(&at.pointer, meant));
        }
        meant
    }

    fn missing(&mut self, node: &Node, key: &str, schema: &'s Json, at: &At) {
        let place = at.key.as_ref().unwrap_or(&node.place);
        let property = self.rules.property(schema, key);
        let help = property.map(|property| messages::addition(key, property, self.rules));
        self.problems.push(Diagnostic::error(place, format!("{} lacks `{key}`", at.label), help));
        self.broken.0.insert(below(&at.pointer, key));
    }

    fn choice(
        &mut self,
        node: &Node,
        (words, options, beside): (&[&'s str], Keys<'_, 's>, Keys<'_, 's>),
        schema: &'s Json,
        shape: &Shape<'s>,
        at: &At,
    ) -> Option<Json> {
        let noun = shape.title.map_or_else(|| at.label.clone(), |title| format!("{title} of {}", at.label));
        let choice = Choice { words, options, beside, noun: &noun, label: &at.label, rules: self.rules };
        match &node.value {
            Value::Text(word) if words.contains(&word.as_str()) => Some(Json::String(word.clone())),
            Value::Text(word) => {
                let (message, help) = choice.wrong_word(word);
                self.reject(node, at, &message, Some(help))
            }
            Value::Mapping(entries) if !beside.is_empty() => {
                self.choice_beside(node, entries, &choice, schema, at)
            }
            Value::Mapping(entries) => match entries.as_slice() {
                [] => self.reject(node, at, &format!("{noun} is not chosen"), Some(choice.one_of())),
                [entry] if choice.option(&entry.key).is_some() => {
                    let value = self.node(&entry.node, choice.option(&entry.key)?, &at.entry(entry))?;
                    Some(Json::Object(Map::from_iter([(entry.key.clone(), value)])))
                }
                [first, ..] => {
                    let (place, message, help) = choice.wrong_entries(first, entries);
                    self.problems.push(Diagnostic::error(&place, message, Some(help)));
                    self.broken.0.insert(at.pointer.clone());
                    None
                }
            },
            _ => {
                let expected = messages::expected(shape);
                let message = format!("{} must be {expected}, found {}", at.label, node.describe());
                self.reject(node, at, &message, Some(choice.one_of()))
            }
        }
    }

    /// Validates a mapping with a choice among some of its keys: it makes one, or has the key that stands for one.
    fn choice_beside(
        &mut self,
        node: &Node,
        entries: &[Entry],
        choice: &Choice<'_, 's>,
        schema: &'s Json,
        at: &At,
    ) -> Option<Json> {
        let (others, chosen): (Vec<Entry>, Vec<Entry>) = entries
            .iter()
            .cloned()
            .partition(|entry| choice.beside.iter().any(|(name, _)| *name == entry.key));
        let instead = self.rules.resolve(schema)[CHOICE]["or"].as_str();
        let mut json = match chosen.as_slice() {
            [] if others.iter().any(|entry| Some(entry.key.as_str()) == instead) => Map::new(),
            [] => {
                let message = format!("{} is not chosen", choice.noun);
                return self.reject(node, at, &message, Some(choice.one_of()));
            }
            [entry] if choice.option(&entry.key).is_some() => {
                let value = self.node(&entry.node, choice.option(&entry.key)?, &at.entry(entry))?;
                Map::from_iter([(entry.key.clone(), value)])
            }
            [first, ..] => {
                let (place, message, help) = choice.wrong_entries(first, &chosen);
                self.problems.push(Diagnostic::error(&place, message, Some(help)));
                self.broken.0.insert(at.pointer.clone());
                return None;
            }
        };
        for entry in &others {
            let schema = choice.beside.iter().find(|(name, _)| *name == entry.key).map(|(_, schema)| *schema);
            if let Some(value) = schema.and_then(|schema| self.node(&entry.node, schema, &at.entry(entry))) {
                json.insert(entry.key.clone(), value);
            }
        }
        Some(Json::Object(json))
    }

    /// Validates a node against several schemas, of which one must fit; reports the problems of the nearest if none
    /// does.
    fn either(&mut self, node: &Node, alternatives: &'s [Json], at: &At) -> Option<Json> {
        let mut nearest: Option<(usize, Walk<'s>)> = None;
        for schema in alternatives {
            let mut attempt = Walk {
                rules: self.rules,
                homes: self.homes,
                root: self.root,
                problems: Vec::new(),
                broken: Broken::default(),
            };
            let value = attempt.node(node, schema, at);
            if attempt.problems.is_empty() {
                return value;
            }
            // A value of another kind altogether is further away than any number of problems inside one.
            let elsewhere = attempt.broken.0.contains(&at.pointer);
            let distance = attempt.problems.len() + if elsewhere { 1000 } else { 0 };
            if nearest.as_ref().is_none_or(|(known, _)| distance < *known) {
                nearest = Some((distance, attempt));
            }
        }
        let (_, attempt) = nearest?;
        self.problems.extend(attempt.problems);
        self.broken.0.extend(attempt.broken.0);
        self.broken.0.insert(at.pointer.clone());
        None
    }

    fn sequence(&mut self, node: &Node, items: &[Node], schema: &'s Json, at: &At) -> Option<Json> {
        let least = schema.get("minItems").and_then(Json::as_u64).unwrap_or(0);
        if (items.len() as u64) < least {
            return self.reject(node, at, &format!("{} needs at least {least} items", at.label), None);
        }
        let Some(rule) = schema.get("items") else {
            return Some(plain(node));
        };
        let mut json = Vec::new();
        for (index, item) in items.iter().enumerate() {
            json.extend(self.node(item, rule, &at.item(index)));
        }
        // A list with an item left out would be another list.
        (json.len() == items.len()).then_some(Json::Array(json))
    }

    fn text(&mut self, node: &Node, text: &str, schema: &Json, at: &At) -> Option<Json> {
        let least = schema.get("minLength").and_then(Json::as_u64).unwrap_or(0);
        if (text.chars().count() as u64) < least {
            return self.reject(node, at, &format!("{} must not be empty", at.label), None);
        }
        Some(Json::String(text.to_owned()))
    }

    fn whole(&mut self, node: &Node, number: i128, schema: &Json, at: &At) -> Option<Json> {
        self.number(node, number as f64, schema, at)?;
        let json = u64::try_from(number).map(Json::from).or_else(|_| i64::try_from(number).map(Json::from));
        match json {
            Ok(json) => Some(json),
            Err(_) => self.reject(node, at, &format!("{} is too large a number", at.label), None),
        }
    }

    fn number(&mut self, node: &Node, number: f64, schema: &Json, at: &At) -> Option<Json> {
        if !number.is_finite() {
            return self.reject(node, at, &format!("{} must be finite", at.label), None);
        }
        if let Some(range) = messages::violated_range(number, schema) {
            let found = node.place.text();
            let help = messages::meaning(schema);
            return self.reject(
                node,
                at,
                &format!("{} must be {range}, found {}", at.label, found.trim()),
                help,
            );
        }
        serde_json::Number::from_f64(number).map(Json::Number)
    }

    fn reject(&mut self, node: &Node, at: &At, message: &str, help: Option<String>) -> Option<Json> {
        self.problems.push(Diagnostic::error(&node.place, message, help));
        self.broken.0.insert(at.pointer.clone());
        None
    }
}

/// A node as JSON, without any check.
pub(crate) fn plain(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Boolean(value) => Json::Bool(*value),
        Value::Integer(number) => {
            let whole =
                u64::try_from(*number).map(Json::from).or_else(|_| i64::try_from(*number).map(Json::from));
            whole.unwrap_or_else(|_| Json::from(*number as f64))
        }
        Value::Float(number) => Json::from(*number),
        Value::Text(text) => Json::String(text.clone()),
        Value::Sequence(items) => Json::Array(items.iter().map(plain).collect()),
        Value::Mapping(entries) => {
            Json::Object(entries.iter().map(|entry| (entry.key.clone(), plain(&entry.node))).collect())
        }
    }
}
