//! Streamed translations: one line of JSON a token, sent as soon as the token is chosen.

use any2any_translate::{EncodedSource, Translated};
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::poll_fn;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::translate::{how, show};
use super::{Call, in_time, read_prefix, read_windows};
use crate::api_error::ApiError;
use crate::loaded_run::{Longest, ToTranslate};
use crate::protocol::{DetectedLanguage, StreamedEnd, StreamedToken, TranslateRequest};

/// Answers at once, with a body that grows as tokens are written.
pub(super) async fn streamed(call: Call<TranslateRequest>) -> Result<Response, ApiError> {
    let Call { app, run, worker, languages, body, permit, .. } = call;
    let TranslateRequest { task, source, sources, window, decoding, prefix, .. } = body;
    let task = run.task_in(&task, &languages)?;
    let prefix = read_prefix(&app, &run, &task, prefix).await?;
    if sources.is_some() {
        return Err(ApiError::wrong("malformed", "one source is streamed at a time: give `source`", ""));
    }
    let longest = Longest(app.limits.source);
    let source = read_windows(&app, &run, &task, (source, window), longest).await?;
    let (source, unknown, warnings) = match source {
        Some(ToTranslate { source, unknown, warnings }) => (Some(source), unknown, warnings),
        None => (None, Vec::new(), Vec::new()),
    };
    // A window is read behind the other.
    let lengths: Vec<usize> = source.iter().flat_map(EncodedSource::lengths).collect();
    let asked_for_beam = decoding.as_ref().is_some_and(|asked| asked.beam.is_some());
    let mut decoding = how(&app, &task, decoding.as_ref(), (lengths.iter().copied().max(), prefix.len()))?;
    if !asked_for_beam {
        // The experiment's own way may be a beam; who asks for a stream asks for tokens as they are chosen.
        (decoding.beam, decoding.minimum_bayes_risk) = (None, None);
    }
    if decoding.beam.is_some() || decoding.minimum_bayes_risk.is_some() {
        let message =
            "a beam search, or minimum Bayes risk, chooses nothing before its end, so it cannot be streamed";
        return Err(ApiError::wrong("decoding", message, r#"add "decoding": { "greedy": {} }"#));
    }
    let price = run.price_of_writing(&task, &lengths, &decoding, prefix.len());
    let share = in_time(&app, app.budget.take(price, "this translation")).await?;
    let (lines, mut waiting) = unbounded_channel::<String>();
    let (each, gone) = (lines.clone(), lines.clone());
    let writing = async move {
        let write = worker.ask(share.lane, move |model| {
            let adapter = task.target();
            let mut tell = |token: u32, log_probability: f32| {
                send(&each, &StreamedToken { token, label: adapter.show(token), log_probability });
            };
            let found = match &source {
                Some(source) => model.stream_encoded(&task, source, &prefix, &decoding, &mut tell)?,
                None => {
                    let outputs = vec![model.stream(&task, None, &prefix, &decoding, &mut tell)?];
                    Translated { outputs, ..Translated::default() }
                }
            };
            let output = found.outputs.first().ok_or_else(|| ApiError::internal("nothing was written"))?;
            Ok((show(&task, output), found.detected.map(DetectedLanguage::from)))
        });
        tokio::select! {
            written = in_time(&app, write) => match written {
                Ok((done, detected)) => send(&lines, &StreamedEnd { done, unknown, warnings, detected }),
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
