//! The paths of other programs' interfaces, with their own shapes of bodies and errors.

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::Paths;
use crate::protocol;

const JSON: &str = "application/json";
const FORM: &str = "multipart/form-data";

/// A path of another interface.
struct Path<'a> {
    path: &'a str,
    method: &'a str,
    summary: &'a str,
    /// Its body's kind and schema; none without a body.
    body: Option<(&'a str, Value)>,
    /// Its answer by kind.
    answer: Value,
}

impl Paths {
    /// LibreTranslate's paths.
    pub(super) fn add_libretranslate(&mut self) {
        let body = self.schema::<protocol::LibreTranslateRequest>();
        let answer = json!({ JSON: { "schema": self.schema::<protocol::LibreTranslateAnswer>() } });
        self.add_foreign::<protocol::LibreTranslateProblem>(Path {
            path: "/translate",
            method: "post",
            // One kind of body is named: for several of one shape, generators make clients that cannot be imported.
            summary: "LibreTranslate's way to translate texts; its body may also be a form of either kind.",
            body: Some((JSON, body)),
            answer,
        });
        let answer = json!({ JSON: { "schema": self.schema::<Vec<protocol::LibreTranslateLanguage>>() } });
        self.add_foreign::<protocol::LibreTranslateProblem>(Path {
            path: "/languages",
            method: "get",
            summary: "LibreTranslate's list of languages.",
            body: None,
            answer,
        });
    }

    /// OpenAI's paths.
    pub(super) fn add_openai(&mut self) {
        let answer = json!({ JSON: { "schema": self.schema::<protocol::OpenAiModels>() } });
        self.add_foreign::<protocol::OpenAiProblem>(Path {
            path: "/v1/models",
            method: "get",
            summary: "OpenAI's list of models: the runs and chains that read recordings and write texts.",
            body: None,
            answer,
        });
        let object =
            [self.schema::<protocol::Transcription>(), self.schema::<protocol::VerboseTranscription>()];
        let text = json!({ "schema": { "type": "string" } });
        let answer = json!({
            JSON: { "schema": { "anyOf": object } },
            "text/plain": text,
            "application/x-subrip": text,
            "text/vtt": text,
        });
        for (path, summary) in [
            ("/v1/audio/transcriptions", "OpenAI's way to write down what is said in a recording."),
            ("/v1/audio/translations", "OpenAI's way to write in English what is said in a recording."),
        ] {
            let body = self.schema::<protocol::TranscriptionRequest>();
            self.add_foreign::<protocol::OpenAiProblem>(Path {
                path,
                method: "post",
                summary,
                body: Some((FORM, body)),
                answer: answer.clone(),
            });
        }
    }

    fn add_foreign<P: JsonSchema>(&mut self, path: Path<'_>) {
        let Path { path, method, summary, body, answer } = path;
        let mut operation = json!({ "summary": summary });
        if let Some((kind, schema)) = body {
            let content = json!({ kind: { "schema": schema } });
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        let problem = json!({ JSON: { "schema": self.schema::<P>() } });
        self.add_with(path, method, operation, answer, &problem);
    }
}
