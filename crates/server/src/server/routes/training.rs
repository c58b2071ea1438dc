//! Routes of trainings and sweeps, finished or still running.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::{blocking, in_time, json, query};
use crate::api_error::ApiError;
use crate::protocol::{SweepQuery, TrainingQuery, WrittenQuery};
use crate::server::App;
use crate::watch;

pub(in crate::server) async fn training(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    let TrainingQuery { run, from } = query(&uri)?;
    let reading = app.clone();
    let read = move || json(&watch::training(reading.runs.folder(reading.runs.number(&run)?)?, from)?);
    in_time(&app, blocking(read)).await
}

pub(in crate::server) async fn written(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    let WrittenQuery { run, task, step, number } = query(&uri)?;
    let reading = app.clone();
    let read = move || {
        let run = reading.runs.number(&run)?;
        let opened = reading.runs.open(run)?;
        json(&opened.written(reading.runs.folder(run)?, opened.task(&task)?, step, number)?)
    };
    in_time(&app, blocking(read)).await
}

pub(in crate::server) async fn sweep(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    let SweepQuery { run } = query(&uri)?;
    let reading = app.clone();
    let read = move || json(&watch::sweep(reading.runs.folder(reading.runs.number(&run)?)?)?);
    in_time(&app, blocking(read)).await
}
