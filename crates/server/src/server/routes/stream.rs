//! Streamed translations: one line of JSON a token, sent as soon as the token is chosen.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::poll_fn;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::translate::{how, show};
use super::{Call, in_time, read_prefix, read_source};
use crate::api_error::ApiError;
use crate::loaded_run::Longest;
use crate::protocol::{StreamedEnd, StreamedToken, TranslateRequest};

/// Answers at once, with a body that grows as tokens are written.
pub(super) async fn streamed(call: Call<TranslateRequest>) -> Result<Response, ApiError> {
    let Call { app, run, worker, languages, body, permit } = call;
    let TranslateRequest { task, source, sources, decoding, prefix, .. } = body;
    let task = run.task_in(task, &languages)?;
    let prefix = read_prefix(&app, &run, &task, prefix).await?;
    if sources.is_some() {
        return Err(ApiError::wrong("malformed", "one source is streamed at a time: give `source`", ""));
    }
    let longest = Longest(app.limits.source);
    let source = read_source(&app, &run, &task, source, longest).await?;
    let positions = source.as_ref().map(|source| source.sequence.len());
    let (unknown, warnings) =
        source.as_ref().map(|source| (source.unknown.clone(), source.warnings.clone())).unwrap_or_default();
    let decoding = how(&app, &task, decoding.as_ref(), (positions, prefix.len()))?;
    if decoding.beam.is_some() || decoding.minimum_bayes_risk.is_some() {
        let message =
            "a beam search, or minimum Bayes risk, chooses nothing before its end, so it cannot be streamed";
        return Err(ApiError::wrong("decoding", message, r#"add "decoding": { "greedy": {} }"#));
    }
    let price = run.price_of_writing(&task, positions.as_slice(), &decoding, prefix.len());
    let share = in_time(&app, app.budget.take(price, "this translation")).await?;
    let (lines, mut waiting) = unbounded_channel::<String>();
    let (each, gone) = (lines.clone(), lines.clone());
    let writing = async move {
        let write = worker.ask(share.lane, move |model| {
            let adapter = task.target();
            let mut tell = |token: u32, log_probability: f32| {
                send(&each, &StreamedToken { token, label: adapter.show(token), log_probability });
            };
            let source = source.as_ref().map(|source| &source.sequence);
            let output = model.stream(&task, source, &prefix, &decoding, &mut tell)?;
            Ok(show(&task, &output))
        });
        tokio::select! {
            written = in_time(&app, write) => match written {
                Ok(done) => send(&lines, &StreamedEnd { done, unknown, warnings }),
                Err(failure) => send(&lines, &failure.problem()),
            },
            // The client is gone.
            () = gone.closed() => {}
        }
        drop((permit, share));
    };
    tokio::spawn(writing);
    let body = Body::from_stream(poll_fn(move |context| {
        waiting.poll_recv(context).map(|line| line.map(Ok::<_, std::convert::Infallible>))
    }));
    let lines = HeaderValue::from_static("application/x-ndjson");
    Ok(([(header::CONTENT_TYPE, lines)], body).into_response())
}

/// Sends a line; a client that is gone does not need it.
fn send(lines: &UnboundedSender<String>, line: &impl Serialize) {
    if let Ok(mut line) = serde_json::to_string(line) {
        line.push('\n');
        let _ = lines.send(line);
    }
}
