//! The reference of an experiment's YAML, from its JSON Schema: a section for every mapping and every choice, under the
//! path at which it stands first.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value as Json;

use super::markdown::{anchor, heading, table};
use super::schema::{description, may_be_null, not_null, paragraphs, properties, range, single, word};

const HEAD: &str = "# The YAML of an experiment
<!-- Written by tests/documents.rs from the schema: UPDATE_DOCUMENTS=1 cargo test --workspace --test program documents:: -->

Every key with its type, range and default, as `any2any check` holds a file against them. `any2any schema` prints the same as
a JSON Schema, with which editors complete and check while one types; `any2any new` writes a commented file to begin with.

`NAME` in a path stands for a name of your own, `N` for a place in a list. A choice is written as its word (`mixing: equal`)
or, where it has options, as a mapping with one key (`optimizer: { adam: { beta_2: 0.98 } }`). Whatever may be `null` may be
left out.
";

/// The page.
pub(crate) fn page(schema: &Json) -> String {
    let mut book = Book { schema, sections: BTreeMap::new(), queue: VecDeque::new(), media: Vec::new() };
    let mut page = HEAD.to_owned();
    let experiment = book.object("", schema);
    heading(&mut page, 2, "An experiment");
    page.push_str(&format!("\n{experiment}"));
    book.write_queued(&mut page, 2);
    for (name, definition) in std::mem::take(&mut book.media) {
        heading(&mut page, 2, &medium_title(&name));
        let body = book.object(&name, definition);
        page.push_str(&format!("\n{}{body}", paragraphs(definition)));
        book.write_queued(&mut page, 3);
    }
    page
}

fn medium_title(name: &str) -> String {
    format!("Medium `{name}`")
}

struct Book<'a> {
    schema: &'a Json,
    /// The title of the section that explains a definition.
    sections: BTreeMap<String, String>,
    /// Sections to be written: path and schema.
    queue: VecDeque<(String, &'a Json)>,
    media: Vec<(String, &'a Json)>,
}

impl<'a> Book<'a> {
    fn write_queued(&mut self, page: &mut String, level: usize) {
        while let Some((path, schema)) = self.queue.pop_front() {
            // The sections that a section leads to stand right behind it.
            let later = std::mem::take(&mut self.queue);
            let is_top = !path.contains('.') || path == "tasks.NAME";
            let level = if level == 2 && !is_top { 3 } else { level };
            heading(page, level, &format!("`{path}`"));
            let body = match schema.get("properties") {
                Some(_) => self.object(&path, schema),
                None => self.choice(&path, schema),
            };
            page.push_str(&format!("\n{}{body}", paragraphs(schema)));
            self.queue.extend(later);
        }
    }

    /// The table of a mapping's keys.
    fn object(&mut self, path: &str, schema: &'a Json) -> String {
        let required = schema.get("required").or_else(|| schema.pointer("/then/required"));
        let required = required.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_medium = schema.get("title").is_some_and(|title| title == "medium");
        let mut rows = Vec::new();
        for (key, value) in properties(schema) {
            let place = match (is_medium, path) {
                (true, _) => key.clone(),
                (false, "") => key.clone(),
                (false, path) => format!("{path}.{key}"),
            };
            if is_medium {
                rows.push(vec![
                    format!("[`{key}`](#{})", anchor(&medium_title(key))),
                    String::new(),
                    description(self.resolve(value)),
                ]);
                if !self.media.iter().any(|(name, _)| name == key) {
                    self.media.push((key.clone(), self.resolve(value)));
                }
                continue;
            }
            let default = match value.get("default") {
                Some(default) => self.default(value, default),
                None if required.iter().any(|each| each == key) => "**required**".to_owned(),
                None if may_be_null(value) => "`null`".to_owned(),
                None => String::new(),
            };
            let said = Some(description(value)).filter(|text| !text.is_empty());
            let said = said.unwrap_or_else(|| description(self.resolve(value)));
            rows.push(vec![format!("`{key}`"), self.kind(&place, value), range(value), default, said]);
        }
        if is_medium {
            return table(&["medium", "", "what its options are about"], &rows);
        }
        table(&["key", "type", "range", "default", "description"], &rows)
    }

    /// The table of a choice's words and mappings.
    fn choice(&mut self, path: &str, schema: &'a Json) -> String {
        let mut rows = Vec::new();
        for variant in self.variants(schema) {
            if let Some((key, value)) = single(variant) {
                let kind = self.kind(&format!("{path}.{key}"), value);
                let said = Some(description(variant)).filter(|text| !text.is_empty());
                let said = said.unwrap_or_else(|| description(self.resolve(value)));
                rows.push(vec![format!("`{key}: ...`"), kind, range(value), said]);
            } else if let Some(word) = variant.get("const").and_then(Json::as_str) {
                rows.push(vec![format!("`{word}`"), String::new(), String::new(), description(variant)]);
            } else {
                let kind = self.kind(path, variant);
                rows.push(vec![kind, String::new(), range(variant), description(variant)]);
            }
        }
        table(&["value", "options", "range", "description"], &rows)
    }

    /// The kind of a key's value, with a link to the section that says more.
    fn kind(&mut self, path: &str, value: &'a Json) -> String {
        let value = not_null(value);
        let target = self.resolve(value);
        let reference = value.get("$ref").and_then(Json::as_str);
        if target.get("properties").is_some() {
            return self.link(path, reference, target, "mapping");
        }
        if target.get("oneOf").or_else(|| target.get("anyOf")).is_some() {
            let words: Vec<_> = self.variants(target).into_iter().filter_map(word).collect();
            let label = match words.len() {
                0 => self.kinds(target),
                1..=4 => words.join(", "),
                _ => format!("{}, ...", words[..3].join(", ")),
            };
            return self.link(path, reference, target, &label);
        }
        if let Some(items) = target.get("items") {
            return format!("list of {}", self.kind(&format!("{path}.N"), items));
        }
        if let Some(each) = target.get("additionalProperties").filter(|each| each.is_object()) {
            return format!("mapping of names to {}", self.kind(&format!("{path}.NAME"), each));
        }
        let nullable = ["null"];
        let kinds = match target.get("type") {
            Some(Json::String(kind)) => vec![kind.as_str()],
            Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).collect(),
            _ => vec!["any value"],
        };
        let kinds = kinds.into_iter().filter(|kind| !nullable.contains(kind));
        let kinds: Vec<_> = kinds.map(|kind| if kind == "object" { "mapping" } else { kind }).collect();
        match target.get("format").and_then(Json::as_str) {
            Some("path") => "path".to_owned(),
            _ => kinds.join(" or "),
        }
    }

    /// The types between which a choice without words is made.
    fn kinds(&self, choice: &'a Json) -> String {
        let kinds = self
            .variants(choice)
            .into_iter()
            .filter_map(|variant| self.resolve(variant).get("type")?.as_str());
        let named = kinds.map(|kind| match kind {
            "array" => "list",
            "object" => "mapping",
            other => other,
        });
        named.collect::<Vec<_>>().join(" or ")
    }

    /// A link to the section of a mapping or a choice, which is written once.
    fn link(&mut self, path: &str, reference: Option<&str>, target: &'a Json, label: &str) -> String {
        let name = reference.unwrap_or(path).to_owned();
        let title = self.sections.entry(name).or_insert_with(|| {
            self.queue.push_back((path.to_owned(), target));
            format!("`{path}`")
        });
        format!("[{label}](#{})", anchor(title))
    }

    fn default(&self, value: &'a Json, default: &Json) -> String {
        let target = self.resolve(not_null(value));
        let is_choice = target.get("oneOf").or_else(|| target.get("anyOf")).is_some();
        let is_mapping = target.get("properties").is_some();
        match default {
            // A mapping's defaults are those of its keys; of a choice with options its word says enough.
            Json::Object(map) if is_choice && map.len() == 1 => {
                format!("`{}`", map.keys().next().map_or("", String::as_str))
            }
            Json::Object(_) if is_choice || is_mapping => "see there".to_owned(),
            Json::Object(map) => {
                let entries: Vec<_> = map.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("`{{ {} }}`", entries.join(", "))
            }
            Json::String(text) => format!("`{text}`"),
            Json::Array(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                    .collect();
                format!("`[{}]`", items.join(", "))
            }
            other => format!("`{other}`"),
        }
    }

    /// The definition that a reference leads to.
    fn resolve(&self, value: &'a Json) -> &'a Json {
        let reference = value.get("$ref").and_then(Json::as_str);
        let definition =
            reference.and_then(|reference| self.schema.pointer(reference.trim_start_matches('#')));
        definition.map_or(value, |definition| self.resolve(definition))
    }

    /// The variants of a choice, those of the choices in it among them.
    fn variants(&self, schema: &'a Json) -> Vec<&'a Json> {
        let variants = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Json::as_array);
        let resolved = variants.into_iter().flatten().map(|variant| (variant, self.resolve(variant)));
        resolved
            .filter(|(_, target)| target.get("type").is_none_or(|kind| kind != "null"))
            .flat_map(|(variant, target)| match target.get("oneOf").or_else(|| target.get("anyOf")) {
                Some(_) => self.variants(target),
                None if single(target).is_some() => vec![target],
                None => vec![variant],
            })
            .collect()
    }
}

#[test]
fn a_schema_becomes_sections_with_ranges_defaults_and_links() {
    let schema = serde_json::json!({
        "properties": {
            "size": { "type": ["integer", "null"], "minimum": 1, "default": null, "description": "How large." },
            "rate": { "$ref": "#/$defs/Rate", "default": { "falling": { "to": 0.0 } }, "description": "How fast." },
            "bands": { "type": "object", "additionalProperties": { "type": "array", "items": { "type": "number" } },
                "default": { "low": [1, 4] }, "description": "Bands." },
            "either": { "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }], "description": "Either." },
            "more": { "anyOf": [{ "$ref": "#/$defs/More" }, { "type": "null" }], "description": "More." },
            "again": { "anyOf": [{ "$ref": "#/$defs/Rate" }, { "type": "null" }], "description": "Once more, see [`Rate::falling`]." },
        },
        "then": { "required": ["again"] },
        "$defs": {
            "More": { "type": "object", "properties": { "word": { "type": "string", "default": "so", "description": "A word." } } },
            "Rate": { "description": "A rate.", "oneOf": [
                { "const": "same", "description": "It stays." },
                { "type": "object", "required": ["falling"], "description": "It falls.", "properties": {
                    "falling": { "type": "object", "properties": {
                        "to": { "type": "number", "exclusiveMinimum": 0.0, "maximum": 1.0, "description": "Down to." } } } } },
            ] },
        },
    });
    let page = page(&schema);
    let expected = "\
## An experiment

| key | type | range | default | description |
| --- | --- | --- | --- | --- |
| `size` | integer | ≥ 1 | `null` | How large. |
| `rate` | [`same`, `falling:`](#rate) |  | `falling` | How fast. |
| `bands` | mapping of names to list of number |  | `{ low: [1,4] }` | Bands. |
| `either` | [string or list](#either) |  |  | Either. |
| `more` | [mapping](#more) |  | `null` | More. |
| `again` | [`same`, `falling:`](#rate) |  | **required** | Once more, see `falling`. |

## `rate`

A rate.

| value | options | description |
| --- | --- | --- |
| `same` |  | It stays. |
| `falling: ...` | [mapping](#ratefalling) | It falls. |

### `rate.falling`

| key | type | range | description |
| --- | --- | --- | --- |
| `to` | number | > 0, ≤ 1 | Down to. |

## `either`

Either.

| value |
| --- |
| string |
| list of string |

## `more`

| key | type | default | description |
| --- | --- | --- | --- |
| `word` | string | `so` | A word. |
";
    assert!(page.ends_with(expected), "{page}");
    assert_eq!(super::markdown::broken_links(&page), Vec::<String>::new());
}
