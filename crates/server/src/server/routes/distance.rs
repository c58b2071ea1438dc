//! `/api/distance`: the accuracy of a model by a numeric field of the samples.

use std::sync::Arc;

use any2any_adapter::Sequence;
use any2any_translate::EncodedSource;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::translate::how;
use super::{blocking, in_time, json, model, query};
use crate::api_error::ApiError;
use crate::distance::Piece;
use crate::loaded_run::Longest;
use crate::protocol::{DistanceQuery, Languages, Model};
use crate::server::App;
use crate::worker::Translation;

pub(in crate::server) async fn distance(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    let asked: DistanceQuery = query(&uri)?;
    let _permit = app.permits.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    in_time(&app.clone(), async {
        let checkpoint = asked.checkpoint.clone().unwrap_or(Model::default().checkpoint);
        let asked_model = app.runs.numbered(Model { run: asked.run.clone(), checkpoint })?;
        let key = (app.runs.step(&asked_model)?, format!("{asked:?}"));
        if let Some(known) = app.distances.found(&key) {
            return json(&*known);
        }
        let (run, worker) = model(&app, asked_model).await?;
        let task = run.task(&asked.task)?.clone();
        let (reading, of, longest) = (run.clone(), task.clone(), Longest(app.limits.source));
        let mut piece = blocking(move || Piece::read(&reading, &of, &asked, longest)).await?;
        let sources = std::mem::take(&mut piece.sources);
        let decoding = how(&app, &task, None, (sources.iter().map(Sequence::len).max(), 0))?;
        let outputs = match sources.is_empty() {
            true => Vec::new(),
            false => {
                let prefix = Vec::new();
                let lengths: Vec<usize> = sources.iter().map(Sequence::len).collect();
                let price = run.price_of_writing(&task, &lengths, &decoding, 0);
                let share = app.budget.take(price, "this count").await?;
                let found = worker
                    .translate(
                        share.lane,
                        Translation {
                            task: task.number(),
                            languages: Languages::default(),
                            sources: sources.into_iter().map(EncodedSource::from).collect(),
                            decoding,
                            prefix,
                        },
                    )
                    .await?;
                found.into_iter().map(|translated| translated.outputs).collect()
            }
        };
        json(&*app.distances.get(key, || Ok::<_, ApiError>(piece.count(&outputs)))?)
    })
    .await
}
