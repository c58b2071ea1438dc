//! The page as one file that needs no server: chosen examples with everything that the page asks about them, answered
//! beforehand by the server's own router, so that a recording says what the live page says.

mod file;
mod question;
mod shrink;

use axum::Router;
use axum::body::to_bytes;
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use crate::error::ExplorerError;
use question::Question;

/// What is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// How many samples of each task; those of its first split, from the first.
    pub samples: usize,
    /// Texts to translate, for tasks that read text; they are shown beside the samples.
    pub texts: Vec<String>,
}

/// How many of the samples show what flows through the model: much to store, and much the same everywhere.
const MACHINES: usize = 2;

/// Asks the router, and keeps the answers.
pub(crate) struct Recorder {
    router: Router,
    answers: Map<String, Value>,
}

impl Recorder {
    pub(crate) fn new(router: Router) -> Self {
        Self { router, answers: Map::new() }
    }

    /// The page with all answers.
    ///
    /// # Errors
    ///
    /// When the first run has no model, there is nothing to show, or a question is not answered.
    pub(crate) async fn page(mut self, recording: &Recording) -> Result<String, ExplorerError> {
        let runs = self.ask(Question::get("/api/runs", json!({}))).await?;
        let mut shown = 0;
        for run in runs.as_array().into_iter().flatten() {
            for task in run["model"]["tasks"].as_array().into_iter().flatten() {
                shown += self.task(&run["number"], task, recording).await?;
            }
            if run["training"] == true {
                self.ask(Question::get("/api/training", json!({ "run": run["number"], "from": 0 }))).await?;
            }
        }
        if shown == 0 {
            return Err(ExplorerError::NothingToRecord);
        }
        shrink::shrink(&mut self.answers);
        file::page(&Value::Object(self.answers))
    }

    /// Everything about some examples of a task. Gives how many there are.
    async fn task(
        &mut self,
        run: &Value,
        task: &Value,
        recording: &Recording,
    ) -> Result<usize, ExplorerError> {
        let about = json!({ "run": run, "task": task["number"] });
        let writes_tokens = task["target"]["tokens"] == true;
        if writes_tokens {
            self.ask(Question::get("/api/vocabulary", about.clone())).await?;
        }
        let mut sources = Vec::new();
        if task["source"].is_null() {
            sources.push(Value::Null);
        } else {
            if let Some(split) = task["splits"].get(0) {
                let wanted = json!({ "run": run, "task": task["number"], "split": split, "from": 0,
                    "count": recording.samples });
                let samples = self.ask(Question::get("/api/samples", wanted)).await?;
                let numbers = samples["samples"].as_array().into_iter().flatten();
                sources.extend(
                    numbers.map(|sample| json!({ "sample": { "split": split, "number": sample["number"] } })),
                );
            }
            if task["source"]["kind"] == "text" {
                sources.extend(recording.texts.iter().map(|text| json!({ "text": text })));
            }
        }
        for (number, source) in sources.iter().enumerate() {
            let mut body = json!({ "run": run, "checkpoint": "best", "task": task["number"] });
            if !source.is_null() {
                body["source"] = source.clone();
            }
            self.example(&body, writes_tokens, task, number < MACHINES).await?;
        }
        Ok(sources.len())
    }

    /// Everything about one example.
    async fn example(
        &mut self,
        about: &Value,
        writes_tokens: bool,
        task: &Value,
        machine: bool,
    ) -> Result<(), ExplorerError> {
        let body = |more: Value| {
            let mut body = about.clone();
            for (key, value) in more.as_object().into_iter().flatten() {
                body[key] = value.clone();
            }
            body
        };
        let mut tokens = json!([]);
        if writes_tokens {
            let greedy = json!({ "decoding": { "greedy": {} } });
            let answer = self.ask(Question::post("/api/translate", body(greedy))).await?;
            tokens = answer["outputs"][0][0]["tokens"].clone();
            let end = self.end(about).await?;
            if let Some(tokens) = tokens.as_array_mut().filter(|_| task["aligned"] != true) {
                tokens.push(end);
            }
        }
        let whole = if writes_tokens { json!({ "tokens": tokens }) } else { json!({}) };
        self.ask(Question::post("/api/look", body(whole.clone()))).await?;
        if machine {
            let answer = self.ask(Question::post("/api/machine", body(whole))).await?;
            self.parameters(about, &answer).await?;
        }
        if writes_tokens && task["aligned"] != true {
            let beam = &task["decoding"]["beam"];
            let size = beam["size"].as_u64().unwrap_or(4);
            let penalty = beam["length_penalty"].as_f64().unwrap_or(1.0);
            let options = json!({ "size": size, "length_penalty": penalty });
            self.ask(Question::post("/api/beam", body(options))).await?;
        }
        if writes_tokens {
            for position in 0..tokens.as_array().map_or(0, Vec::len) {
                for method in ["occlusion", "gradient", "gradient_norm"] {
                    let explained = json!({ "tokens": tokens, "position": position, "method": method });
                    self.ask(Question::post("/api/attribution", body(explained))).await?;
                }
            }
        }
        Ok(())
    }

    /// The token that ends the targets of a task.
    async fn end(&mut self, about: &Value) -> Result<Value, ExplorerError> {
        let question =
            Question::get("/api/vocabulary", json!({ "run": about["run"], "task": about["task"] }));
        Ok(self.ask(question).await?["end"].clone())
    }

    /// The parameters that the parts of a machine name.
    async fn parameters(&mut self, about: &Value, machine: &Value) -> Result<(), ExplorerError> {
        let parts = machine["parts"].as_array().into_iter().flatten();
        let parameters = parts.flat_map(|part| part["parameters"].as_array().into_iter().flatten());
        let names: Vec<Value> = parameters.map(|parameter| parameter["name"].clone()).collect();
        for name in names {
            let asked = json!({ "run": about["run"], "checkpoint": about["checkpoint"], "name": name });
            self.ask(Question::get("/api/parameter", asked)).await?;
        }
        Ok(())
    }

    /// Asks once, and keeps the answer.
    async fn ask(&mut self, question: Question) -> Result<Value, ExplorerError> {
        let key = question.key();
        if let Some(known) = self.answers.get(&key) {
            return Ok(known["answer"].clone());
        }
        let failed = |reason: String| ExplorerError::Unanswered { question: question.path.clone(), reason };
        let request = question.request().map_err(|error| failed(error.to_string()))?;
        let Ok(response) = self.router.clone().oneshot(request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.map_err(|error| failed(error.to_string()))?;
        let mut answer: Value = serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
        if !status.is_success() {
            return Err(failed(answer["error"]["message"].as_str().unwrap_or("no reason is given").to_owned()));
        }
        if let Some(samples) = answer["samples"].as_array().map(Vec::len) {
            // There are no more in a recording.
            answer["total"] = json!(samples);
        }
        self.answers.insert(key, json!({ "answer": answer, "tokens": question.tokens() }));
        Ok(answer)
    }
}
