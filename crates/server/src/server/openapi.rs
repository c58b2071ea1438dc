//! OpenAPI 3.1 description of the interface, from the types of its requests and answers.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::protocol;

mod clients;

/// The OpenAPI description, as JSON.
pub(super) fn description() -> String {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut paths = Paths { paths: Map::new(), generator: settings.into_generator() };

    paths.get::<(), protocol::Health>("/health", "Whether the server is alive.");
    paths.get_text("/metrics", "text/plain", "What the server counts, in the format of Prometheus.");
    paths.get::<(), Vec<protocol::Run>>("/api/runs", "The runs with their models, checkpoints and tasks.");
    paths.get::<protocol::VocabularyQuery, protocol::Vocabulary>(
        "/api/vocabulary",
        "The tokens that a task writes.",
    );
    paths.get::<protocol::SamplesQuery, protocol::Samples>("/api/samples", "Samples of a task's data.");
    paths.get::<protocol::DistanceQuery, protocol::Distances>(
        "/api/distance",
        "How often a model is right, by a number that every sample has.",
    );
    paths.get::<protocol::ParameterQuery, protocol::Parameter>(
        "/api/parameter",
        "A parameter of a model, its longer sides pooled.",
    );
    paths.get::<protocol::TrainingQuery, protocol::Training>(
        "/api/training",
        "The log of a training: what was written from a line on.",
    );
    paths.get::<protocol::WrittenQuery, protocol::Written>(
        "/api/written",
        "A sample of the validation split, and what a training wrote for it after a step.",
    );
    paths.get::<protocol::SweepQuery, protocol::Sweep>("/api/sweep", "The trainings of a grid.");
    paths.post::<protocol::TranslateRequest, protocol::Translations>(
        "/api/translate",
        "Translates. Requests that wait for the same model are translated together.",
    );
    paths.get::<(), Vec<protocol::Chain>>("/api/chains", "The chains of runs.");
    paths.post::<protocol::ChainRequest, protocol::Chained>(
        "/api/chain",
        "Takes sources through all runs of a chain. Its body names no run.",
    );
    paths.post::<protocol::ScoreRequest, protocol::Score>("/api/score", "How probable a target is.");
    paths.post::<protocol::NextRequest, protocol::NextTokens>("/api/next", "Which tokens come next.");
    paths.post::<protocol::LookRequest, protocol::Look>("/api/look", "What every head attends to.");
    paths.post::<protocol::BeamRequest, protocol::BeamTree>("/api/beam", "A beam search as a tree.");
    paths.post::<protocol::AttributionRequest, protocol::Attribution>(
        "/api/attribution",
        "How much each position counts for a token.",
    );
    paths.post::<protocol::MachineRequest, protocol::Machine>(
        "/api/machine",
        "The numbers that flow through the model.",
    );
    paths.post::<protocol::LensRequest, protocol::Lens>(
        "/api/lens",
        "The next token as every layer of the decoder would choose it.",
    );
    paths.post::<protocol::PatchingRequest, protocol::Patching>(
        "/api/patching",
        "What states of another input, put into this one's pass, do to a token.",
    );
    paths.post::<protocol::NeighboursRequest, protocol::Neighbours>(
        "/api/neighbours",
        "Samples with a state near to that of a position.",
    );
    paths.get::<protocol::AssessmentQuery, protocol::Assessments>(
        "/api/assessments",
        "The samples of a split, each held against the model.",
    );
    paths.add_libretranslate();
    paths.add_openai();
    paths.finish()
}

/// The statuses of answers that are problems; whether only a request with a body can meet with them; and what they mean.
const PROBLEMS: [(&str, bool, &str); 8] = [
    ("400", false, "The request cannot mean anything; the message names the place."),
    ("401", false, "The server asks for a token."),
    ("403", false, "Rules of access forbid the request."),
    ("404", false, "There is no such run, checkpoint, task, sample or other thing."),
    ("408", true, "The request did not arrive in time."),
    ("413", true, "The body, the input or the output is beyond a limit."),
    ("500", false, "A mistake of the program, or a run that cannot be read."),
    ("503", false, "The server is busy, or the work took too long: worth asking again."),
];

/// The description's paths, while they are collected.
struct Paths {
    paths: Map<String, Value>,
    generator: SchemaGenerator,
}

impl Paths {
    fn schema<T: JsonSchema>(&mut self) -> Value {
        self.generator.subschema_for::<T>().to_value()
    }

    /// Adds a path that answers a query; `()` has no fields.
    fn get<Q: JsonSchema, A: JsonSchema>(&mut self, path: &str, summary: &str) {
        // Parameters stand apart from the components that schemas refer to.
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        let query = settings.into_generator().into_root_schema_for::<Q>().to_value();
        let required: Vec<&str> = names(&query["required"]);
        let fields = query["properties"].as_object().cloned().unwrap_or_default();
        let parameters: Vec<Value> = fields
            .into_iter()
            .map(|(name, schema)| {
                let required = required.contains(&name.as_str());
                json!({ "name": name, "in": "query", "required": required, "schema": schema })
            })
            .collect();
        let answer = json!({ "application/json": { "schema": self.schema::<A>() } });
        self.add(path, "get", json!({ "summary": summary, "parameters": parameters }), answer);
    }

    /// Adds a path that answers in another format than JSON.
    fn get_text(&mut self, path: &str, media: &str, summary: &str) {
        let answer = json!({ media: { "schema": { "type": "string" } } });
        self.add(path, "get", json!({ "summary": summary }), answer);
    }

    /// Adds a path that answers a body, which may also name its model and languages.
    fn post<B: JsonSchema, A: JsonSchema>(&mut self, path: &str, summary: &str) {
        let body = self.schema::<B>();
        let models = [self.schema::<protocol::Model>(), self.schema::<protocol::Languages>()];
        let name = |schema: &Value| schema["$ref"].as_str()?.rsplit('/').next().map(str::to_owned);
        for of_all in models.iter().filter_map(name) {
            let Some(body) = name(&body) else { continue };
            let definitions = self.generator.definitions_mut();
            let fields =
                definitions.get(&of_all).and_then(|of_all| of_all["properties"].as_object().cloned());
            let own = definitions.get_mut(&body).and_then(|body| body["properties"].as_object_mut());
            own.into_iter().for_each(|own| own.extend(fields.clone().unwrap_or_default()));
        }
        let content = json!({ "application/json": { "schema": body } });
        let operation =
            json!({ "summary": summary, "requestBody": { "required": true, "content": content } });
        let mut answer = json!({ "application/json": { "schema": self.schema::<A>() } });
        if path == "/api/translate" {
            let lines = [self.schema::<protocol::StreamedToken>(), self.schema::<protocol::StreamedEnd>()];
            answer["application/x-ndjson"] = json!({ "schema": { "anyOf": lines } });
        }
        self.add(path, "post", operation, answer);
    }

    fn add(&mut self, path: &str, method: &str, operation: Value, answer: Value) {
        let problem = json!({ "application/json": { "schema": self.schema::<protocol::Problem>() } });
        self.add_with(path, method, operation, answer, &problem);
    }

    /// Adds a path whose answers are problems of some shape where there is a reason against an answer.
    fn add_with(&mut self, path: &str, method: &str, mut operation: Value, answer: Value, problem: &Value) {
        operation["operationId"] = name_of(path).into();
        let mut responses = json!({
            "200": { "description": "The answer.", "content": answer },
            "default": { "description": "Why there is no answer.", "content": problem },
        });
        let has_body = operation.get("requestBody").is_some();
        for (status, needs_body, description) in PROBLEMS {
            if (has_body || !needs_body) && path != "/health" {
                responses[status] = json!({ "description": description, "content": problem });
            }
        }
        operation["responses"] = responses;
        self.paths.insert(path.to_owned(), json!({ method: operation }));
    }

    fn finish(mut self) -> String {
        let schemas = self.generator.take_definitions(true);
        let mut document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "any2any",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Translate with trained models, and see what they look at.",
            },
            "security": [{}, { "token": [] }],
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            },
        });
        simplify(&mut document);
        document.to_string()
    }
}

/// Writes schemas as generators of clients understand them best: integers of a size that a machine has with their largest value,
/// which their format alone says; a choice between texts as one enumeration, with what each means in its description; pairs as
/// arrays of either kind.
fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some((texts, meanings)) = fields.get("oneOf").and_then(choice) {
                fields.remove("oneOf");
                fields.insert("type".to_owned(), "string".into());
                fields.insert("enum".to_owned(), texts.into());
                let description = fields.get("description").and_then(Value::as_str).unwrap_or_default();
                fields.insert("description".to_owned(), format!("{description}{meanings}").trim().into());
            }
            let most = match fields.get("format").and_then(Value::as_str) {
                Some("uint32") => Some(u64::from(u32::MAX)),
                Some("uint" | "uint64") => Some(u64::MAX),
                _ => None,
            };
            if let Some(most) = most.filter(|_| !fields.contains_key("maximum")) {
                fields.insert("maximum".to_owned(), most.into());
            }
            if let Some(items) = fields.remove("prefixItems") {
                fields.insert("items".to_owned(), json!({ "anyOf": items }));
            }
            fields.values_mut().for_each(simplify);
        }
        Value::Array(values) => values.iter_mut().for_each(simplify),
        _ => {}
    }
}

/// The texts of a choice between texts alone, and their meanings in lines of Markdown.
fn choice(options: &Value) -> Option<(Vec<Value>, String)> {
    let (mut texts, mut meanings) = (Vec::new(), String::new());
    for option in options.as_array()? {
        let several = option["enum"].as_array().map_or(std::slice::from_ref(&option["const"]), Vec::as_slice);
        for text in several {
            texts.push(text.as_str()?.into());
            if let Some(meaning) = option["description"].as_str() {
                meanings += &format!("\n- `{}`: {meaning}", text.as_str()?);
            }
        }
    }
    Some((texts, meanings))
}

/// The name of an operation, by which clients have it: that of its path, with its interface's where it is another program's.
fn name_of(path: &str) -> String {
    let words = path.trim_start_matches('/').replace('/', "_");
    match path {
        "/health" | "/metrics" => words,
        _ if path.starts_with("/v1/") => format!("openai_{}", words.trim_start_matches("v1_")),
        _ => words.strip_prefix("api_").map_or_else(|| format!("libretranslate_{words}"), str::to_owned),
    }
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let document: Value = serde_json::from_str(&description()).expect("JSON");
        let mut waiting = vec![&document];
        let mut references = 0;
        while let Some(value) = waiting.pop() {
            match value {
                Value::Object(fields) => waiting.extend(fields.values()),
                Value::Array(values) => waiting.extend(values),
                Value::String(text) if text.starts_with("#/") => {
                    references += 1;
                    assert!(document.pointer(&text[1..]).is_some(), "{text}");
                }
                _ => {}
            }
        }
        assert!(references > 20, "{references}");
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        let operations = document["paths"].as_object().expect("paths").values();
        let operations = operations.flat_map(|path| path.as_object().expect("methods").values());
        let mut ids: Vec<&str> =
            operations.filter_map(|operation| operation["operationId"].as_str()).collect();
        ids.sort_unstable();
        assert!(
            ids.windows(2).all(|two| two[0] != two[1]) && ids.contains(&"openai_audio_translations"),
            "{ids:?}"
        );
        for name in schemas.keys() {
            let first = name.trim_end_matches(|last: char| last.is_ascii_digit());
            assert!(first == name || !schemas.contains_key(first), "two types are called {first}");
        }
        let body = &document["components"]["schemas"]["LookRequest"]["properties"];
        for field in ["run", "checkpoint", "source_language", "task", "tokens", "masked"] {
            assert!(body.get(field).is_some(), "{field}");
        }
        let from = &document["paths"]["/api/samples"]["get"]["parameters"];
        assert!(from.as_array().is_some_and(|parameters| parameters.len() == 5), "{from}");
    }
    /// Types of the page by the names that the interface has for them.
    const TYPES: [(&str, &str); 26] = [
        ("Run", "Run"),
        ("Checkpoint", "Checkpoint"),
        ("TaskSide", "Side"),
        ("Vocabulary", "Vocabulary"),
        ("Model", "RunModel"),
        ("Task", "Task"),
        ("ImageView", "ViewImage"),
        ("SignalView", "ViewSignal"),
        ("AttentionEntry", "Attention"),
        ("Position", "WrittenPosition"),
        ("Look", "Look"),
        ("Part", "Part"),
        ("Output", "Output"),
        ("Translations", "Translations"),
        ("Axis", "Axis"),
        ("Cell", "Cell"),
        ("Sweep", "Sweep"),
        ("DistanceGroup", "DistanceGroup"),
        ("Attribution", "Attribution"),
        ("LensToken", "LensToken"),
        ("Lens", "Lens"),
        ("Patching", "Patching"),
        ("Neighbour", "Neighbour"),
        ("Confusion", "Confusion"),
        ("AssessedSample", "AssessedSample"),
        ("AttentionEdit", "AttentionEdit"),
    ];

    #[test]
    fn what_the_page_reads_of_answers_is_in_them() {
        let document: Value = serde_json::from_str(&description()).expect("JSON");
        let text = any2any_page::asset("js/types.js").expect("the page's types");
        let types = typedefs(std::str::from_utf8(&text).expect("UTF-8"));
        for (ours, theirs) in TYPES {
            let known = &document["components"]["schemas"][theirs]["properties"];
            let read = types.get(ours).unwrap_or_else(|| panic!("js/types.js has no {ours}"));
            assert!(read.len() > 1, "{ours}: {read:?}");
            for field in read {
                assert!(known.get(field).is_some(), "{ours}.{field} of the page is no field of {theirs}");
            }
        }
    }

    #[test]
    fn typedefs_are_read_with_their_fields() {
        let text = "/**\n * @typedef {{ a: { b: number, c: string }, d?: Map<string, number>[] }} One   words, more: words\n\
             * @typedef {object} Two\n * @property {{ e: number }|null} f   of: it\n * @property {string} [g]\n */";
        let found = typedefs(text);
        assert_eq!(found["One"], ["a", "d"]);
        assert_eq!(found["Two"], ["f", "g"]);
    }

    /// The types that a module states in JSDoc, each with the names of its fields.
    fn typedefs(text: &str) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::<String, Vec<String>>::new();
        let mut open = None;
        for line in text.lines() {
            let line = line.trim_start_matches([' ', '*']);
            if let Some(rest) = line.strip_prefix("@typedef ") {
                let (kind, rest) = braced(rest);
                let name = word(rest);
                let fields = kind.strip_prefix('{').and_then(|kind| kind.strip_suffix('}'));
                let fields = fields.map(|fields| parts(fields).into_iter().map(word).collect());
                found.insert(name.clone(), fields.unwrap_or_default());
                open = Some(name);
            } else if let Some(rest) = line.strip_prefix("@property ")
                && let Some(fields) = open.as_ref().and_then(|name: &String| found.get_mut(name))
            {
                fields.push(word(braced(rest).1.trim_start_matches([' ', '['])));
            }
        }
        found
    }

    fn word(text: &str) -> String {
        text.trim_start().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
    }

    /// The text between the first brace and its partner, and the text that follows.
    fn braced(text: &str) -> (&str, &str) {
        let mut depth = 0;
        for (at, letter) in text.char_indices() {
            depth += i32::from(letter == '{') - i32::from(letter == '}');
            if depth == 0 && at > 0 {
                return (&text[1..at], &text[at + 1..]);
            }
        }
        (text, "")
    }

    /// A text at its commas, those within brackets aside.
    fn parts(text: &str) -> Vec<&str> {
        let mut depth = 0;
        let split = text.split(|letter: char| {
            depth += i32::from("{[(<".contains(letter)) - i32::from("}])>".contains(letter));
            letter == ',' && depth == 0
        });
        split.collect()
    }
}
