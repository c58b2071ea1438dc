//! `/api/assessments`: the samples of a split, each held against the model.

use std::sync::Arc;

use any2any_adapter::Sequence;
use any2any_translate::EncodedSource;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::translate::how;
use super::{blocking, in_time, json, model, query};
use crate::api_error::ApiError;
use crate::assessments::assessed;
use crate::loaded_run::Longest;
use crate::piece::Piece;
use crate::protocol::{AssessmentQuery, Languages, Model};
use crate::server::App;
use crate::worker::Translation;

pub(in crate::server) async fn assessments(
    State(app): State<Arc<App>>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let asked: AssessmentQuery = query(&uri)?;
    let _permit = app.permits.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    in_time(&app.clone(), async {
        let checkpoint = asked.checkpoint.clone().unwrap_or(Model::default().checkpoint);
        let asked_model = app.runs.numbered(Model { run: asked.run.clone(), checkpoint })?;
        let key = (app.runs.step(&asked_model)?, format!("{asked:?}"));
        if let Some(known) = app.assessments.found(&key) {
            return json(&*known);
        }
        let (run, worker) = model(&app, asked_model).await?;
        let task = run.task(&asked.task)?.clone();
        task.require_tokens().map_err(|error| ApiError::wrong("unsupported", error.to_string(), ""))?;
        if task.source().is_none() {
            let message = "only what has a source is translated";
            return Err(ApiError::wrong("no_source", message, "choose another task"));
        }
        let (reading, of, longest) = (run.clone(), task.clone(), Longest(app.limits.source));
        let read = move || Piece::read(&reading, &of, &asked.split, (asked.from, asked.count), longest);
        let piece = blocking(read).await?;
        let sources = piece.samples.iter().filter_map(|sample| sample.source.as_ref());
        let sources: Vec<Sequence> = sources.map(|source| source.sequence.clone()).collect();
        let lengths: Vec<usize> = sources.iter().map(Sequence::len).collect();
        let most = lengths.iter().copied().max();
        let decoding = how(&app, &task, None, (most, 0))?;
        let outputs = match sources.is_empty() {
            true => Vec::new(),
            false => {
                let price = run.price_of_writing(&task, &lengths, &decoding, 0);
                let share = app.budget.take(price, "these outputs").await?;
                let translation = Translation {
                    task: task.number(),
                    languages: Languages::default(),
                    sources: sources.into_iter().map(EncodedSource::from).collect(),
                    decoding,
                    prefix: Vec::new(),
                };
                let found = worker.translate(share.lane, translation).await?;
                found.into_iter().map(|translated| translated.outputs).collect()
            }
        };
        let price = run.price_of_passes(&task, (most.unwrap_or(0), piece.longest().1), lengths.len().max(1));
        let share = app.budget.take(price, "these samples").await?;
        let found = worker.ask(share.lane, move |model| assessed(piece, model, &task, &outputs)).await?;
        json(&*app.assessments.get(key, || Ok::<_, ApiError>(found))?)
    })
    .await
}
