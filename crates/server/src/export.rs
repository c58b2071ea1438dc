//! Export of the page as one file that needs no server, with recorded answers about some examples. The server's own
//! router answers them, so that a recording says the same as the live page.

mod question;
mod shrink;

use std::collections::BTreeMap;
use std::time::Instant;

use axum::Router;
use axum::body::to_bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use crate::distance::summed;
use crate::error::ServerError;
use crate::protocol::Distances;
use question::Question;

/// The examples that an exported page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The number of samples of each task: the first ones of its first split.
    pub samples: usize,
    /// Texts to translate, for tasks that read text; they are shown beside the samples.
    pub texts: Vec<String>,
    /// True for the story alone, with which the page then opens: what its ten chapters ask, of more samples, and nothing that
    /// only other panels ask.
    pub story: bool,
    /// True for a page that carries the models of its runs, in 8 bits, and answers with them what was not recorded.
    pub models: bool,
}

/// The number of samples with recorded activations, which are much to store, and much the same everywhere.
const MACHINES: usize = 2;

/// The number of samples of a task that the story only shows in its grid of media.
const GRID: usize = 1;

/// The number of samples of a task whose activations the story draws: it takes the one that suits it best.
const STORY_MACHINES: usize = 3;

/// Lengths of sources whose passes are timed, in words, and the passes of which the quickest counts.
const TIMED: [usize; 5] = [8, 32, 64, 128, 256];
const PASSES: usize = 5;

/// The most positions of a source whose activations the story draws: more do not fit on a screen.
const DRAWN: usize = 14;

/// Asks the router, and keeps the answers.
pub(crate) struct Recorder {
    router: Router,
    answers: Map<String, Value>,
    /// Reads the model of a run as a portable file, or tells why there is none.
    portable: Box<dyn Fn(usize) -> Result<Vec<u8>, String>>,
    /// Called with a line for each example that has been recorded.
    progress: Box<dyn Fn(&str)>,
}

impl Recorder {
    pub(crate) fn new(
        router: Router,
        portable: Box<dyn Fn(usize) -> Result<Vec<u8>, String>>,
        progress: Box<dyn Fn(&str)>,
    ) -> Self {
        Self { router, answers: Map::new(), portable, progress }
    }

    /// Records all examples, and gives the page with their answers.
    ///
    /// # Errors
    ///
    /// When the first run has no model, there is nothing to show, or a question is not answered.
    pub(crate) async fn page(mut self, recording: &Recording) -> Result<String, ServerError> {
        let runs = self.ask(Question::get("/api/runs", json!({}))).await?;
        let mut shown = 0;
        for run in runs.as_array().into_iter().flatten() {
            for task in run["model"]["tasks"].as_array().into_iter().flatten() {
                shown += self.task(run, task, recording).await?;
            }
            if run["sweep"] == true {
                self.ask(Question::get("/api/sweep", json!({ "run": run["number"] }))).await?;
                shown += 1;
            }
            if run["training"] == true {
                let wanted = json!({ "run": run["number"], "from": 0 });
                let log = self.ask(Question::get("/api/training", wanted)).await?;
                self.written(run, &log).await;
            }
        }
        if shown == 0 {
            return Err(ServerError::NothingToRecord);
        }
        shrink::shrink(&mut self.answers);
        let opens = recording.story.then_some("story");
        let models = if recording.models { self.models(&runs) } else { BTreeMap::new() };
        Ok(any2any_page::recorded(&Value::Object(self.answers), &models, opens)?)
    }

    /// The models of the runs that have a portable one, by their numbers.
    fn models(&self, runs: &Value) -> BTreeMap<usize, Vec<u8>> {
        let mut models = BTreeMap::new();
        for run in runs.as_array().into_iter().flatten().filter(|run| !run["model"].is_null()) {
            let Some(number) = run["number"].as_u64().map(|number| number as usize) else { continue };
            let name = run["name"].as_str().unwrap_or_default();
            match (self.portable)(number) {
                Ok(model) => {
                    models.insert(number, model);
                }
                Err(reason) => {
                    (self.progress)(&format!("run {name}: the page decodes nothing new with it: {reason}"));
                }
            }
        }
        models
    }

    /// Records the first and the last output of the training for the samples that its panel draws.
    async fn written(&mut self, run: &Value, log: &Value) {
        let lines: Vec<&Value> = log["lines"].as_array().into_iter().flatten().collect();
        for task in run["model"]["tasks"].as_array().into_iter().flatten() {
            if task["source"]["kind"] == "text" && task["target"]["kind"] == "text" {
                continue;
            }
            let mut of_task =
                lines.iter().filter(|line| line["kind"] == "samples" && line["task"] == task["name"]);
            let first = of_task.next();
            for line in first.into_iter().chain(of_task.next_back()) {
                for sample in line["samples"].as_array().into_iter().flatten() {
                    let wanted = json!({
                        "run": run["number"], "task": task["number"], "step": line["step"], "number": sample["number"],
                    });
                    // The data may be gone, or a sample of it; its description is in the log.
                    let _ = self.ask(Question::get("/api/written", wanted)).await;
                }
            }
        }
    }

    /// Records some examples of a task, and gives their number.
    async fn task(&mut self, run: &Value, task: &Value, recording: &Recording) -> Result<usize, ServerError> {
        let about = json!({ "run": run["number"], "task": task["number"] });
        if task["target"]["tokens"] == true {
            self.ask(Question::get("/api/vocabulary", about.clone())).await?;
        }
        let grid = recording.story && !is_text(task);
        let mut sources = Vec::new();
        let mut samples = Value::Null;
        if task["source"].is_null() {
            sources.push(Value::Null);
        } else if let Some(split) = shown_split(&task["splits"]) {
            let count = if grid { GRID } else { recording.samples };
            let wanted = with(&about, json!({ "split": split, "from": 0, "count": count }));
            samples = self.ask(Question::get("/api/samples", wanted)).await?;
            let numbers = samples["samples"].as_array().into_iter().flatten();
            let sample = |sample: &Value| json!({ "sample": { "split": split, "number": sample["number"] } });
            sources.extend(numbers.map(sample));
        }
        if task["source"]["kind"] == "text" {
            sources.extend(recording.texts.iter().map(|text| json!({ "text": text })));
        }
        self.distances(&about, task).await?;
        if grid {
            sources.truncate(GRID);
        } else if recording.story {
            self.timed(&about, &samples).await?;
        }
        let mut machines = STORY_MACHINES;
        for (number, source) in sources.iter().enumerate() {
            let mut about = with(&about, json!({ "checkpoint": "best" }));
            if !source.is_null() {
                about["source"] = source.clone();
                // Of a long source, the page shows its first window at first.
                about["window"] = json!(0);
            }
            if recording.story {
                machines -= usize::from(self.told(&about, task, machines > 0).await?);
                continue;
            }
            let tokens = self.example(&about, task).await?;
            if number < MACHINES {
                let machine = self.ask(Question::post("/api/machine", with(&about, tokens.clone()))).await?;
                self.parameters(&about, &machine).await?;
            }
            let name = task["name"].as_str().unwrap_or_default();
            (self.progress)(&format!("task {name}: {} of {} examples", number + 1, sources.len()));
            if number == 0 {
                self.replay(&about, run, &tokens).await?;
            }
        }
        Ok(sources.len())
    }

    /// Records the accuracy in the test split by distance: counted piece by piece, as the page does it, and kept as
    /// one.
    async fn distances(&mut self, about: &Value, task: &Value) -> Result<(), ServerError> {
        let mut splits = task["splits"].as_array().into_iter().flatten();
        if task["source"].is_null()
            || task["target"]["tokens"] != true
            || !splits.any(|split| split == "test")
        {
            return Ok(());
        }
        let question = |from: usize| {
            let piece = json!({ "checkpoint": "best", "split": "test", "from": from });
            Question::get("/api/distance", with(about, piece))
        };
        let mut all = Distances::default();
        let mut from = Some(0);
        while let Some(start) = from {
            let piece = self.fetch(&question(start)).await?;
            let piece = Distances::deserialize(piece).map_err(|error| ServerError::Unanswered {
                question: question(start).path,
                reason: error.to_string(),
            })?;
            all.total = piece.total;
            all.groups = summed(all.groups.into_iter().chain(piece.groups));
            from = piece.next;
            let counted = from.unwrap_or(all.total);
            if counted > 0 {
                (self.progress)(&format!("{counted} of {} test samples counted by distance", all.total));
            }
        }
        self.keep(&question(0), &json!(all));
        Ok(())
    }

    /// Records how long passes over sources and their translations take, by length, as `js/story/parallel.js` asks.
    async fn timed(&mut self, about: &Value, samples: &Value) -> Result<(), ServerError> {
        let words = |side: &str| {
            let texts = samples["samples"].as_array().into_iter().flatten();
            let texts = texts.filter_map(|sample| sample[side]["text"].as_str().map(str::to_owned));
            texts.collect::<Vec<String>>().join(" ")
        };
        let (sources, targets) = (words("source"), words("target"));
        if sources.trim().is_empty() || targets.trim().is_empty() {
            return Ok(());
        }
        let first =
            |all: &str, count| all.split_whitespace().cycle().take(count).collect::<Vec<_>>().join(" ");
        for length in TIMED {
            let pair = json!({ "source": { "text": first(&sources, length) }, "target": { "text": first(&targets, length) } });
            let question =
                Question::post("/api/score", with(&with(about, json!({ "checkpoint": "best" })), pair));
            let mut quickest = f64::INFINITY;
            let mut answer = Value::Null;
            for _ in 0..PASSES {
                let began = Instant::now();
                answer = self.fetch(&question).await?;
                quickest = quickest.min(1000.0 * began.elapsed().as_secs_f64());
            }
            answer["milliseconds"] = json!(quickest);
            // Neither is drawn.
            answer["by_token"] = json!([]);
            self.keep(&question, &answer);
        }
        Ok(())
    }

    /// Records what the story asks about one example: its output with a look at it; of texts, the gradients of the first token,
    /// and the activations where they are wanted and can be drawn. True if they were recorded.
    async fn told(&mut self, about: &Value, task: &Value, machine: bool) -> Result<bool, ServerError> {
        if task["target"]["tokens"] != true {
            self.ask(Question::post("/api/look", about.clone())).await?;
            return Ok(false);
        }
        let answer = self.ask(likeliest(about)).await?;
        let mut tokens = answer["outputs"][0][0]["tokens"].as_array().cloned().unwrap_or_default();
        if !is_text(task) {
            return Ok(false);
        }
        let vocabulary = json!({ "run": about["run"], "task": about["task"] });
        tokens.push(self.ask(Question::get("/api/vocabulary", vocabulary)).await?["end"].clone());
        let whole = with(about, json!({ "tokens": tokens }));
        let look = self.ask(Question::post("/api/look", whole.clone())).await?;
        if let Some(positions) = look["source"]["positions"].as_array() {
            let first = json!({ "position": 0, "method": "gradient_norm" });
            self.ask(Question::post("/api/attribution", with(&whole, first))).await?;
            if machine && positions.len() <= DRAWN {
                self.ask(Question::post("/api/machine", whole)).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Records one example but for its activations. Gives the fields to add to questions about the whole output: its
    /// tokens, if it has some.
    async fn example(&mut self, about: &Value, task: &Value) -> Result<Value, ServerError> {
        if task["target"]["tokens"] != true {
            self.ask(Question::post("/api/look", about.clone())).await?;
            return Ok(json!({}));
        }
        let per_position = task["per_position"] == true;
        let answer = self.ask(likeliest(about)).await?;
        let mut tokens = answer["outputs"][0][0]["tokens"].as_array().cloned().unwrap_or_default();
        if !per_position {
            let vocabulary = json!({ "run": about["run"], "task": about["task"] });
            tokens.push(self.ask(Question::get("/api/vocabulary", vocabulary)).await?["end"].clone());
            let beam = &task["decoding"]["beam"];
            let (size, penalty) = (beam["size"].as_u64(), beam["length_penalty"].as_f64());
            let search = json!({ "size": size.unwrap_or(4), "length_penalty": penalty.unwrap_or(1.0) });
            self.ask(Question::post("/api/beam", with(about, search))).await?;
        }
        for position in 0..tokens.len() {
            for method in ["occlusion", "gradient", "gradient_norm"] {
                let explained = json!({ "tokens": tokens, "position": position, "method": method });
                self.ask(Question::post("/api/attribution", with(about, explained))).await?;
            }
        }
        let whole = json!({ "tokens": tokens });
        self.ask(Question::post("/api/look", with(about, whole.clone()))).await?;
        Ok(whole)
    }

    /// Records the outputs of all checkpoints for an example, which the page replays.
    async fn replay(&mut self, about: &Value, run: &Value, tokens: &Value) -> Result<(), ServerError> {
        for checkpoint in run["model"]["checkpoints"].as_array().into_iter().flatten() {
            let about = with(about, json!({ "checkpoint": checkpoint["name"] }));
            if tokens["tokens"].is_array() {
                self.ask(likeliest(&about)).await?;
            }
            self.ask(Question::post("/api/look", with(&about, tokens.clone()))).await?;
        }
        Ok(())
    }

    /// Records the parameters that the parts of the figure name.
    async fn parameters(&mut self, about: &Value, machine: &Value) -> Result<(), ServerError> {
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
    async fn ask(&mut self, question: Question) -> Result<Value, ServerError> {
        if let Some(known) = self.answers.get(&question.key()) {
            return Ok(known["answer"].clone());
        }
        let answer = self.fetch(&question).await?;
        self.keep(&question, &answer);
        Ok(answer)
    }

    fn keep(&mut self, question: &Question, answer: &Value) {
        self.answers.insert(question.key(), json!({ "answer": answer, "tokens": question.tokens() }));
    }

    /// Asks, and keeps no answer.
    async fn fetch(&self, question: &Question) -> Result<Value, ServerError> {
        let failed = |reason: String| ServerError::Unanswered { question: question.path.clone(), reason };
        let request = question.request().map_err(|error| failed(error.to_string()))?;
        let Ok(response) = self.router.clone().oneshot(request).await;
        let status = response.status();
        let bytes =
            to_bytes(response.into_body(), usize::MAX).await.map_err(|error| failed(error.to_string()))?;
        let mut answer: Value = serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
        if !status.is_success() {
            return Err(failed(
                answer["error"]["message"].as_str().unwrap_or("no reason is given").to_owned(),
            ));
        }
        if let Some(samples) = answer["samples"].as_array().map(Vec::len) {
            // A recording has no more samples than these.
            answer["total"] = json!(samples);
        }
        Ok(answer)
    }
}

/// Whether a task writes text, word by word, and reads text or nothing.
fn is_text(task: &Value) -> bool {
    let reads = |source: &Value| source.is_null() || source["kind"] == "text";
    reads(&task["source"]) && task["target"]["kind"] == "text" && task["per_position"] != true
}

/// The likeliest output, as `LIKELIEST` of `js/api.js` asks for it.
fn likeliest(about: &Value) -> Question {
    Question::post("/api/translate", with(about, json!({ "decoding": { "greedy": {}, "guidance": 1 } })))
}

/// A JSON object with more entries.
fn with(object: &Value, more: Value) -> Value {
    let mut all = object.clone();
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    all
}

/// The split whose samples the page shows first.
fn shown_split(splits: &Value) -> Option<&Value> {
    let splits = splits.as_array()?;
    ["test", "validation"]
        .iter()
        .find_map(|name| splits.iter().find(|split| *split == name))
        .or(splits.first())
}
