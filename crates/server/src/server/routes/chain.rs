//! Routes of chains: the list, and sources that are taken through all steps.

use std::sync::Arc;

use any2any_adapter::Kind;
use axum::extract::{Request, State};
use axum::response::Response;

use super::translate::written;
use super::{blocking, in_time, json};
use crate::api_error::ApiError;
use crate::protocol::{Chain, ChainRequest, ChainStep, Chained, Input, Languages, Translations, View};
use crate::server::{App, body};
use crate::ways::Step;

pub(in crate::server) async fn chains(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let reading = app.clone();
    let list = move || {
        let runs = &reading.runs;
        let chain = |(number, chain): (usize, &Vec<usize>)| {
            let names: Vec<String> = chain.iter().map(|&run| runs.name(run)).collect();
            let (steps, broken) = match runs.steps(chain) {
                Ok(steps) => (steps, None),
                Err(failure) => (Vec::new(), Some(failure.problem().error.message)),
            };
            let step = |step: Step| ChainStep { run: step.run, task: step.task.number() };
            Chain { number, name: names.join("+"), steps: steps.into_iter().map(step).collect(), broken }
        };
        json(&runs.chains().iter().enumerate().map(chain).collect::<Vec<_>>())
    };
    in_time(&app, blocking(list)).await
}

pub(in crate::server) async fn chain(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    let body::Read { bytes, held: _held } = body::bytes(request.into_body(), &app).await?;
    let asked = body::understood::<ChainRequest>(bytes).await?;
    let _permit = app.permits.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    in_time(&app, async { json(&taken_through(&app, asked.body, asked.languages).await?) }).await
}

async fn taken_through(
    app: &Arc<App>,
    asked: ChainRequest,
    languages: Languages,
) -> Result<Chained, ApiError> {
    let ChainRequest { chain, sources, decoding } = asked;
    let runs = app.runs.chains().get(chain).cloned().ok_or_else(|| {
        let message = format!("there is no chain {chain}; there are {}, from 0", app.runs.chains().len());
        ApiError::missing(message, "/api/chains lists the chains, and `serve --chain RUN,RUN` makes one")
    })?;
    let reading = app.clone();
    let steps = blocking(move || reading.runs.steps(&runs)).await?;
    let (last, mut sources) = (steps.len() - 1, sources);
    let mut done: Vec<Translations> = Vec::with_capacity(steps.len());
    for (number, step) in steps.iter().enumerate() {
        if number < last && step.task.target_medium().kind() != Kind::Text {
            let medium = step.task.target_medium().name();
            let message =
                format!("step {number} of this chain writes {medium}, and only texts are handed on here");
            return Err(ApiError::wrong("chain", message, "ask for its steps one after the other"));
        }
        let of_step = Languages {
            source_language: languages.source_language.clone().filter(|_| number == 0),
            target_language: languages.target_language.clone().filter(|_| number == last),
        };
        let decoding = decoding.as_ref().filter(|_| number == last);
        let found = written(app, step, &of_step, sources, decoding).await?;
        let best = |outputs: &Vec<crate::protocol::Output>| match outputs.first().map(|output| &output.view) {
            Some(View::Text(text)) => Input::Text(text.clone()),
            _ => Input::Text(String::new()),
        };
        sources = found.outputs.iter().map(best).collect();
        done.push(found);
    }
    Ok(Chained { steps: done })
}
