//! The JSON Schema of an experiment: of this crate's types, and of the options of every registered medium.
//!
//! One schema serves editors (`any2any schema`), the structural checks and the merging of experiments,
//! so that they cannot disagree.

use any2any_adapter::{PlugIn, Point, Registry};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json, json};

use crate::spec::{Experiment, Side};

/// The JSON Schema (draft 2020-12) of an experiment's file, for editors.
///
/// A file that `extends` others may leave out what they give, so nothing is required of it at the top.
pub fn json_schema(registry: &Registry) -> Json {
    let mut schema = experiment_schema(registry);
    if let Some(schema) = schema.as_object_mut() {
        let file = json!({ "type": "string", "minLength": 1 });
        let extends = json!({
            "description": "Another experiment, or several, that this one builds on: mappings are merged, \
                            and what stands nearer wins. Paths start at this file's folder.",
            "anyOf": [file, { "type": "array", "items": file, "minItems": 1 }],
        });
        if let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) {
            properties.insert("extends".to_owned(), extends);
        }
        let required = schema.remove("required").unwrap_or_else(|| json!([]));
        schema.insert("if".to_owned(), json!({ "not": { "required": ["extends"] } }));
        schema.insert("then".to_owned(), json!({ "required": required }));
        schema.insert("title".to_owned(), json!("any2any experiment"));
    }
    schema
}

/// The schema of an experiment after the files that it extends have been merged.
pub(crate) fn experiment_schema(registry: &Registry) -> Json {
    let mut schema = schema_of::<Experiment>();
    // A choice whose last variant has no tag is written as one of several that may overlap; its tagged ones do not.
    if let Some(Json::Object(schedule)) = schema.pointer_mut("/$defs/Schedule")
        && let Some(choices) = schedule.remove("anyOf")
    {
        schedule.insert("oneOf".to_owned(), choices);
    }
    let mut definitions = Map::new();
    let mut media = Map::new();
    for medium in registry.media() {
        let name = medium.name();
        define(&mut definitions, name, medium.schema());
        media.insert(name.to_owned(), json!({ "$ref": format!("#/$defs/{name}") }));
    }
    offer_plug_ins(&mut schema, &[Point::Metric, Point::Schedule, Point::Loss, Point::Block], registry);
    let side = json!({
        "title": "medium",
        "description": "A medium and its options: `text: { field: en }`.",
        "type": "object",
        "properties": media,
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    });
    if let Some(known) = schema.get_mut("$defs").and_then(Json::as_object_mut) {
        known.insert(Side::schema_name().into_owned(), side);
        known.extend(definitions);
    }
    schema
}

/// Offers the plug-ins of some points where a schema has them chosen.
pub(crate) fn offer_plug_ins(schema: &mut Json, points: &[Point], registry: &Registry) {
    for plug_in in points.iter().flat_map(|&point| registry.plug_ins(point)) {
        let mut definitions = Map::new();
        define(&mut definitions, &definition(plug_in), plug_in.schema().clone());
        offer(schema, plug_in);
        if let Some(known) = schema.get_mut("$defs").and_then(Json::as_object_mut) {
            known.extend(definitions);
        }
    }
}

/// Adds a schema to the definitions, and its own definitions beside it under its name.
fn define(definitions: &mut Map<String, Json>, name: &str, schema: schemars::Schema) {
    let mut options = schema.to_value();
    prefix_references(&mut options, name);
    if let Some(options) = options.as_object_mut() {
        options.remove("$schema");
        options.remove("title");
        if let Some(Json::Object(inner)) = options.remove("$defs") {
            definitions.extend(inner.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
        }
    }
    tidy(&mut options);
    definitions.insert(name.to_owned(), options);
}

/// The name of a plug-in's definition: `metric.rhyme`.
fn definition(plug_in: &PlugIn) -> String {
    format!("{}.{}", plug_in.point(), plug_in.name())
}

/// Offers a plug-in where it can be chosen: among the words, if it needs no options, and with its options.
fn offer(schema: &mut Json, plug_in: &PlugIn) {
    let name = plug_in.name();
    let described = plug_in.schema().as_value().get("description").cloned();
    let described =
        described.unwrap_or_else(|| json!(format!("A {} of {}.", plug_in.point(), plug_in.package())));
    let options = json!({ "$ref": format!("#/$defs/{}", definition(plug_in)), "description": described });
    let word = || json!({ "type": "string", "const": name, "description": described });
    let with_options = || {
        json!({
            "type": "object",
            "properties": { name: options },
            "required": [name],
            "additionalProperties": false,
            "description": described,
        })
    };
    let add = |choices: Option<&mut Json>, choice: Json| {
        if let Some(Json::Array(choices)) = choices {
            choices.push(choice);
        }
    };
    match plug_in.point() {
        Point::Metric => {
            if plug_in.is_plain() {
                add(schema.pointer_mut("/$defs/Word/oneOf"), word());
            }
            add(schema.pointer_mut("/$defs/Options/oneOf"), with_options());
        }
        Point::Schedule => {
            if plug_in.is_plain() {
                add(schema.pointer_mut("/$defs/Schedule/oneOf"), word());
            }
            add(schema.pointer_mut("/$defs/Schedule/oneOf"), with_options());
        }
        Point::Loss => {
            if let Some(Json::Object(losses)) = schema.pointer_mut("/$defs/Losses/properties") {
                losses.insert(name.to_owned(), options);
            }
        }
        Point::Block => {
            if let Some(Json::Object(model)) = schema.pointer_mut("/$defs/Transformer/properties") {
                let blocks = json!({
                    "type": "array",
                    "items": { "oneOf": [] },
                    "default": [],
                    "description": "Blocks between the stem of a source and the layers of the encoder, in their order.",
                });
                let blocks = model.entry("encoder_blocks").or_insert(blocks);
                if plug_in.is_plain() {
                    add(blocks.pointer_mut("/items/oneOf"), word());
                }
                add(blocks.pointer_mut("/items/oneOf"), with_options());
            }
        }
        _ => {}
    }
}

/// The JSON Schema of a type, as serde reads it.
pub(crate) fn schema_of<T: JsonSchema>() -> Json {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    schema
}

/// Puts the medium's name before its definitions: two media may have definitions of the same name.
fn prefix_references(schema: &mut Json, medium: &str) {
    match schema {
        Json::Object(map) => {
            if let Some(Json::String(reference)) = map.get_mut("$ref") {
                match reference.strip_prefix("#/$defs/") {
                    Some(name) => *reference = format!("#/$defs/{medium}.{name}"),
                    None if reference == "#" => *reference = format!("#/$defs/{medium}"),
                    None => {}
                }
            }
            map.values_mut().for_each(|value| prefix_references(value, medium));
        }
        Json::Array(items) => items.iter_mut().for_each(|item| prefix_references(item, medium)),
        _ => {}
    }
}

/// Removes the names of Rust's number types, which JSON Schema does not know as formats, and the line breaks of
/// documentation comments.
fn tidy(schema: &mut Json) {
    match schema {
        Json::Object(map) => {
            if map.get("format").is_some_and(|format| format.as_str().is_some_and(is_rust_number)) {
                map.remove("format");
            }
            if let Some(Json::String(description)) = map.get_mut("description") {
                let paragraphs: Vec<_> =
                    description.split("\n\n").map(|text| text.replace('\n', " ")).collect();
                *description = paragraphs.join("\n\n");
            }
            describe_key(map);
            map.values_mut().for_each(tidy);
        }
        Json::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Copies the description of a choice from its mapping to the mapping's one key, at which editors look for it.
fn describe_key(map: &mut Map<String, Json>) {
    let Some(description) = map.get("description").cloned() else {
        return;
    };
    let Some(properties) = map.get_mut("properties").and_then(Json::as_object_mut) else {
        return;
    };
    if let (1, Some(Json::Object(only))) = (properties.len(), properties.values_mut().next()) {
        only.entry("description").or_insert(description);
    }
}

fn is_rust_number(format: &str) -> bool {
    matches!(format, "float" | "double") || format.starts_with("uint") || format.starts_with("int")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_described() {
        fn check(schema: &Json, path: &str) {
            if let Some(properties) = schema.get("properties").and_then(Json::as_object) {
                for (key, value) in properties {
                    assert!(
                        value.get("description").is_some() || value.get("$ref").is_some(),
                        "{path}.{key} has no description"
                    );
                }
            }
            match schema {
                Json::Object(map) => {
                    map.iter().for_each(|(key, value)| check(value, &format!("{path}.{key}")))
                }
                Json::Array(items) => items.iter().for_each(|item| check(item, path)),
                _ => {}
            }
        }
        let schema = json_schema(&Registry::new());
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(!schema.to_string().contains("\"uint"), "{schema}");
        check(&schema, "");
    }
}
