//! Trainings and sweeps as they go on.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::{blocking, in_time, json, query};
use crate::api_error::Failure;
use crate::protocol::{SweepQuery, TrainingQuery, WrittenQuery};
use crate::server::App;
use crate::watch;

pub(in crate::server) async fn training(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Failure> {
    let TrainingQuery { run, from } = query(&uri)?;
    in_time(&app.clone(), blocking(move || json(&watch::training(app.library.folder(run)?, from)?))).await
}

pub(in crate::server) async fn written(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Failure> {
    let WrittenQuery { run, task, step, number } = query(&uri)?;
    let reading = app.clone();
    let read = move || {
        let opened = reading.library.open(run)?;
        json(&opened.written(reading.library.folder(run)?, task, step, number)?)
    };
    in_time(&app, blocking(read)).await
}

pub(in crate::server) async fn sweep(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Failure> {
    let SweepQuery { run } = query(&uri)?;
    in_time(&app.clone(), blocking(move || json(&watch::sweep(app.library.folder(run)?)?))).await
}
