//! Handlers of the paths, and the helpers that they share: JSON answers, queries, limits of time and memory.

pub(super) mod assessment;
pub(super) mod chain;
pub(super) mod distance;
pub(super) mod explain;
pub(super) mod libretranslate;
pub(super) mod openai;
pub(super) mod page;
pub(super) mod research;
pub(super) mod runs;
mod stream;
pub(super) mod training;
pub(super) mod translate;

use std::future::Future;
use std::sync::Arc;

use any2any_inspect::ReadSource;
use any2any_run::{Role, Task};
use axum::extract::{Query, Request};
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;

use super::{App, body};
use crate::api_error::ApiError;
use crate::budget::Share;
use crate::loaded_run::{LoadedRun, Longest, ToTranslate, require_tokens};
use crate::protocol::{Input, Languages, Model, Prefix};
use crate::worker::Worker;

/// The most bytes of a text that is tokenized in less time than another thread takes to wake up.
const QUICK: usize = 512;

/// A response in JSON.
fn json(answer: &impl Serialize) -> Result<Response, ApiError> {
    let bytes = serde_json::to_vec(answer).map_err(|error| ApiError::internal(error.to_string()))?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], bytes).into_response())
}

/// Parses the fields of a query.
fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    let Query(fields) = Query::try_from_uri(uri).map_err(|error| {
        let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        ApiError::wrong("malformed", format!("the query: {reason}"), "/openapi.json describes the query")
    })?;
    Ok(fields)
}

/// Runs work that keeps a thread busy away from the threads that serve connections.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => Err(ApiError::internal("reading this failed")),
    }
}

/// A request to a model, with all that its handler needs.
struct Call<T> {
    app: Arc<App>,
    run: Arc<LoadedRun>,
    worker: Arc<Worker>,
    languages: Languages,
    body: T,
    model: Model,
    /// Given back when the request is answered.
    permit: OwnedSemaphorePermit,
}

/// Parses a request to a model, and runs its handler within the time limit.
async fn call<T, A, F>(
    app: Arc<App>,
    request: Request,
    work: impl FnOnce(Call<T>) -> F,
) -> Result<A, ApiError>
where
    T: DeserializeOwned + Send + 'static,
    F: Future<Output = Result<A, ApiError>>,
{
    // A large body keeps its share of the memory until it is answered.
    let body::Read { bytes, held: _held } = body::bytes(request.into_body(), &app).await?;
    let asked = body::understood::<T>(bytes).await?;
    let permit = app.permits.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    in_time(&app.clone(), async {
        let asked_model = app.runs.numbered(asked.model)?;
        let (run, worker) = model(&app, asked_model.clone()).await?;
        let (languages, body) = (asked.languages, asked.body);
        work(Call { app, run, worker, languages, body, model: asked_model, permit }).await
    })
    .await
}

/// A run and the worker of its model.
async fn model(app: &Arc<App>, model: Model) -> Result<(Arc<LoadedRun>, Arc<Worker>), ApiError> {
    if let Some(ready) = app.runs.ready(&model) {
        return Ok(ready);
    }
    let app = app.clone();
    blocking(move || Ok((app.runs.open(app.runs.number(&model.run)?)?, app.runs.worker(&model)?))).await
}

/// Reads a window of the source of a request.
async fn read_source(
    app: &App,
    run: &Arc<LoadedRun>,
    task: &Arc<Task>,
    (given, window): (Option<Input>, usize),
    longest: Longest,
) -> Result<Option<ReadSource>, ApiError> {
    let read = move |run: &LoadedRun, task: &Task, given: Option<&Input>| {
        run.read_source(task, given, window, longest)
    };
    reading(app, run, task, given, longest, read).await
}

/// Reads the source of a translation, in all of its windows or in one of them.
async fn read_windows(
    app: &App,
    run: &Arc<LoadedRun>,
    task: &Arc<Task>,
    (given, window): (Option<Input>, Option<usize>),
    longest: Longest,
) -> Result<Option<ToTranslate>, ApiError> {
    let read = move |run: &LoadedRun, task: &Task, given: Option<&Input>| {
        run.read_windows(task, given, window, longest)
    };
    reading(app, run, task, given, longest, read).await
}

/// Reads a source: short texts at once, other values on another thread.
async fn reading<T: Send + 'static>(
    app: &App,
    run: &Arc<LoadedRun>,
    task: &Arc<Task>,
    given: Option<Input>,
    longest: Longest,
    read: impl FnOnce(&LoadedRun, &Task, Option<&Input>) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    match given {
        None => read(run, task, None),
        Some(Input::Text(ref text)) if text.len() <= QUICK => read(run, task, given.as_ref()),
        Some(value) => {
            let value = Arc::new(value);
            let _share = share_to_open(app, run, task, Role::Source, &value, longest).await?;
            let (run, task) = (run.clone(), task.clone());
            blocking(move || read(&run, &task, Some(&value))).await
        }
    }
}

/// The share of the memory that opening a value takes, by the sizes in its header: the value may be decoded as long as
/// it is held.
async fn share_to_open(
    app: &App,
    run: &Arc<LoadedRun>,
    task: &Arc<Task>,
    role: Role,
    given: &Arc<Input>,
    longest: Longest,
) -> Result<Share, ApiError> {
    let (run, task, given) = (run.clone(), task.clone(), given.clone());
    let price = blocking(move || run.price_of_opening(&task, role, &given, longest)).await?;
    app.budget.take(price, "opening this value").await
}

/// Reads the tokens that an output begins with, all of which must belong to the task's target.
async fn read_prefix(
    app: &App,
    run: &Arc<LoadedRun>,
    task: &Arc<Task>,
    prefix: Prefix,
) -> Result<Vec<u32>, ApiError> {
    match prefix {
        Prefix::Tokens(tokens) => {
            require_tokens(task, &tokens)?;
            // The end token counts too.
            Longest(app.limits.output).check(tokens.len() + 1)?;
            Ok(tokens)
        }
        Prefix::Text(text) => {
            let (run, task, longest) = (run.clone(), task.clone(), Longest(app.limits.output));
            blocking(move || run.read_prefix(&task, text, longest)).await
        }
    }
}

/// Reads the source of a request that continues or explains tokens. All of them must belong to the task's target, and
/// there may be no more than an output may have.
async fn read_pair(
    app: &App,
    run: &Arc<LoadedRun>,
    task: &Arc<Task>,
    source: (Option<Input>, usize),
    tokens: &[u32],
) -> Result<Option<ReadSource>, ApiError> {
    require_tokens(task, tokens)?;
    Longest(app.limits.output).check(tokens.len())?;
    read_source(app, run, task, source, Longest(app.limits.source)).await
}

/// Runs work that is given up at the time limit.
async fn in_time<A>(app: &App, work: impl Future<Output = Result<A, ApiError>>) -> Result<A, ApiError> {
    let limit = app.limits.time;
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(ApiError::long(limit.as_secs())))
}
