//! The kinds of JSON Schema that serde's types produce, as an enum.

use serde_json::Value as Json;

use crate::spec::CHOICE;

/// The values that a schema accepts.
#[derive(Debug)]
pub(crate) struct Shape<'s> {
    /// True if null is accepted too.
    pub(crate) nullable: bool,
    /// The kind of all other values.
    pub(crate) kind: Kind<'s>,
    /// The schema's title, which names the value in messages.
    pub(crate) title: Option<&'s str>,
}

/// A kind of schema. The schemas inside are not yet resolved.
#[derive(Debug)]
pub(crate) enum Kind<'s> {
    /// One of several words, or a mapping with one of several keys: an enum of Rust.
    Choice {
        words: Vec<&'s str>,
        options: Vec<(&'s str, &'s Json)>,
        /// Keys that may stand beside the chosen one.
        beside: Vec<(&'s str, &'s Json)>,
    },
    /// A value of any of the schemas.
    Either(&'s [Json]),
    Mapping(&'s Json),
    Sequence(&'s Json),
    Text(&'s Json),
    Whole(&'s Json),
    Number(&'s Json),
    Boolean,
    Null,
    /// Any value: a schema of no other kind.
    Anything,
}

/// A root schema, with all definitions.
#[derive(Clone, Copy)]
pub(crate) struct Schema<'s> {
    pub(crate) root: &'s Json,
}

impl<'s> Schema<'s> {
    /// Follows the references of a schema.
    pub(crate) fn resolve(self, mut schema: &'s Json) -> &'s Json {
        // References of a well-formed schema end soon; cyclic ones end here.
        for _ in 0..32 {
            let Some(reference) = schema.get("$ref").and_then(Json::as_str) else {
                break;
            };
            let Some(target) = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer))
            else {
                break;
            };
            schema = target;
        }
        schema
    }

    /// The kind of a schema.
    pub(crate) fn shape(self, schema: &'s Json) -> Shape<'s> {
        let outer = schema.get("title");
        let schema = self.resolve(schema);
        let title = outer.or_else(|| schema.get("title")).and_then(Json::as_str);
        let shape = match alternatives(schema) {
            Some(alternatives) => self.union(alternatives),
            None => single(schema),
        };
        Shape { title: title.or(shape.title), ..shape }
    }

    fn union(self, alternatives: &'s [Json]) -> Shape<'s> {
        let is_null =
            |schema: &&Json| self.resolve(schema).get("type").and_then(Json::as_str) == Some("null");
        let nullable = alternatives.iter().any(|schema| is_null(&schema));
        let mut others = alternatives.iter().filter(|schema| !is_null(schema));
        if let (Some(only), None) = (others.next(), others.next()) {
            let shape = self.shape(only);
            return Shape { nullable: nullable || shape.nullable, ..shape };
        }
        let (mut words, mut options) = (Vec::new(), Vec::new());
        for schema in alternatives.iter().filter(|schema| !is_null(schema)) {
            let schema = self.resolve(schema);
            match (self.shape(schema).kind, single_key(schema)) {
                (_, Some(option)) => options.push(option),
                (Kind::Choice { words: more, options: others, .. }, _) => {
                    words.extend(more);
                    options.extend(others);
                }
                _ => {
                    return Shape { nullable, kind: Kind::Either(alternatives), title: None };
                }
            }
        }
        Shape { nullable, kind: Kind::Choice { words, options, beside: Vec::new() }, title: None }
    }

    /// The reason why a word that people know from elsewhere cannot be chosen: its entry in `x-refused`.
    pub(crate) fn refusal(self, schema: &'s Json, word: &str) -> Option<&'s str> {
        self.resolve(schema).get("x-refused")?.get(word)?.as_str()
    }

    /// The schema of a key of a mapping.
    pub(crate) fn property(self, mapping: &'s Json, key: &str) -> Option<&'s Json> {
        let declared = mapping.get("properties").and_then(|properties| properties.get(key));
        declared.or_else(|| mapping.get("additionalProperties").filter(|schema| schema.is_object()))
    }

    /// The schema of a sequence's items.
    pub(crate) fn item(self, schema: &'s Json) -> Option<&'s Json> {
        match self.shape(schema).kind {
            Kind::Sequence(sequence) => sequence.get("items"),
            Kind::Either(alternatives) => alternatives.iter().find_map(|schema| self.item(schema)),
            _ => None,
        }
    }

    /// The schema for a key or index of a node; `None` if there is no rule for it.
    pub(crate) fn child(self, schema: &'s Json, key: &str) -> Option<&'s Json> {
        match self.shape(schema).kind {
            Kind::Choice { options, beside, .. } => {
                options.into_iter().chain(beside).find(|(name, _)| *name == key).map(|(_, schema)| schema)
            }
            Kind::Mapping(mapping) => self.property(mapping, key),
            Kind::Either(alternatives) => alternatives.iter().find_map(|schema| self.child(schema, key)),
            _ => None,
        }
    }
}

fn alternatives(schema: &Json) -> Option<&[Json]> {
    ["oneOf", "anyOf"].iter().find_map(|key| schema.get(key)).and_then(Json::as_array).map(Vec::as_slice)
}

fn single(schema: &Json) -> Shape<'_> {
    if let Some(word) = schema.get("const").and_then(Json::as_str) {
        return Shape { nullable: false, kind: choice(vec![word]), title: None };
    }
    let (nullable, name) = match schema.get("type") {
        Some(Json::String(name)) => (false, name.as_str()),
        Some(Json::Array(names)) => {
            let mut others = names.iter().filter_map(Json::as_str).filter(|name| *name != "null");
            let name = others.next().unwrap_or("null");
            let nullable = names.iter().any(|name| name == "null");
            (nullable, if others.next().is_some() { "" } else { name })
        }
        _ => (false, ""),
    };
    if let Some(words) = schema.get("enum").and_then(Json::as_array) {
        let nullable = nullable || words.iter().any(Json::is_null);
        return Shape {
            nullable,
            kind: choice(words.iter().filter_map(Json::as_str).collect()),
            title: None,
        };
    }
    let kind = match name {
        "object" if schema.get(CHOICE).is_some() => one_of_properties(schema),
        "object" if schema.get("maxProperties").and_then(Json::as_u64) == Some(1) => one_property(schema),
        "object" => Kind::Mapping(schema),
        "array" => Kind::Sequence(schema),
        "string" => Kind::Text(schema),
        "integer" => Kind::Whole(schema),
        "number" => Kind::Number(schema),
        "boolean" => Kind::Boolean,
        "null" => Kind::Null,
        _ => Kind::Anything,
    };
    Shape { nullable, kind, title: None }
}

fn choice(words: Vec<&str>) -> Kind<'_> {
    Kind::Choice { words, options: Vec::new(), beside: Vec::new() }
}

/// A choice among some properties, beside the others.
fn one_of_properties(schema: &Json) -> Kind<'_> {
    let of = schema[CHOICE]["of"].as_array().map(Vec::as_slice).unwrap_or_default();
    let properties = schema.get("properties").and_then(Json::as_object).into_iter().flatten();
    let (options, beside) = properties
        .map(|(key, schema)| (key.as_str(), schema))
        .partition(|(key, _)| of.iter().any(|of| of == key));
    Kind::Choice { words: Vec::new(), options, beside }
}

fn one_property(schema: &Json) -> Kind<'_> {
    match schema.get("properties").and_then(Json::as_object) {
        Some(properties) => {
            let options = properties.iter().map(|(key, schema)| (key.as_str(), schema)).collect();
            Kind::Choice { words: Vec::new(), options, beside: Vec::new() }
        }
        None => Kind::Mapping(schema),
    }
}

/// The only key of an object that requires it and allows no other: a variant of a Rust enum.
fn single_key(schema: &Json) -> Option<(&str, &Json)> {
    let required = schema.get("required")?.as_array()?;
    let properties = schema.get("properties")?.as_object()?;
    let (key, value) = properties.iter().next()?;
    let single = properties.len() == 1 && required.len() == 1 && required[0] == key.as_str();
    single.then_some((key.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::schema_of;
    use crate::spec::{Data, Evaluation, Optimizer, Transformer};

    #[test]
    fn serde_types_have_the_expected_shapes() {
        fn shown(root: &Json, key: &str) -> String {
            let schema = Schema { root };
            let shape = schema.shape(if key.is_empty() { root } else { &root["properties"][key] });
            let kind = match shape.kind {
                Kind::Choice { words, options, .. } => {
                    let keys: Vec<_> = options.iter().map(|(key, _)| *key).collect();
                    format!("choice of {} words and {}", words.len(), keys.join(" "))
                }
                Kind::Mapping(_) => "mapping".to_owned(),
                Kind::Sequence(_) => "sequence".to_owned(),
                Kind::Whole(_) => "whole".to_owned(),
                Kind::Number(_) => "number".to_owned(),
                other => format!("{other:?}"),
            };
            if shape.nullable { format!("{kind} or null") } else { kind }
        }
        let transformer = schema_of::<Transformer>();
        let evaluation = schema_of::<Evaluation>();
        let cases = [
            (&transformer, "", "mapping"),
            (&transformer, "d_model", "whole"),
            (&transformer, "dropout", "number"),
            (&transformer, "embedding_dropout", "number or null"),
            (&transformer, "norm", "choice of 2 words and "),
            (&evaluation, "metrics", "sequence"),
            (&evaluation, "best_by", "choice of 15 words and bleu chrf ter or null"),
            (&evaluation, "patience", "whole or null"),
            (&schema_of::<Optimizer>(), "", "choice of 0 words and adam adam_w adafactor sgd"),
            (&schema_of::<Data>(), "", "mapping"),
        ];
        for (root, key, expected) in cases {
            assert_eq!(shown(root, key), expected, "{key}");
        }
    }
}
