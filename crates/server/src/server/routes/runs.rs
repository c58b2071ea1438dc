//! Routes about runs, vocabularies and samples, and about the server itself: health, metrics, OpenAPI.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};

use super::{blocking, in_time, json, query};
use crate::api_error::ApiError;
use crate::loaded_run;
use crate::protocol::{Health, SamplesQuery, VocabularyQuery};
use crate::server::App;

/// The most samples of one answer.
const SAMPLES: usize = 100;

pub(in crate::server) async fn health(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    json(&Health { status: "ok".to_owned(), models: app.runs.models() })
}

pub(in crate::server) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, text)], app.metrics.text(app.runs.models())).into_response()
}

pub(in crate::server) async fn openapi(State(app): State<Arc<App>>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], app.openapi.clone())
        .into_response()
}

pub(in crate::server) async fn runs(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    in_time(&app.clone(), blocking(move || json(&app.runs.runs()?))).await
}

pub(in crate::server) async fn vocabulary(
    State(app): State<Arc<App>>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let VocabularyQuery { run, task } = query(&uri)?;
    let reading = app.clone();
    let read = move || {
        let run = reading.runs.open(reading.runs.number(&run)?)?;
        json(&loaded_run::vocabulary(run.task(&task)?)?)
    };
    in_time(&app, blocking(read)).await
}

pub(in crate::server) async fn samples(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    let SamplesQuery { run, task, split, from, count } = query(&uri)?;
    let reading = app.clone();
    let read = move || {
        let run = reading.runs.open(reading.runs.number(&run)?)?;
        json(&run.samples(run.task(&task)?, &split, from, count.min(SAMPLES))?)
    };
    in_time(&app, blocking(read)).await
}
