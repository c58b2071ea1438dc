//! The body of a request: read within its limits, and understood.

use axum::body::Body;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::App;
use crate::failure::Failure;
use crate::protocol::Model;

/// A body of more bytes waits for its turn, so that not all connections can fill the memory at a time.
const SMALL: usize = 1 << 18;

/// A request to a model.
#[derive(Debug)]
pub(super) struct Asked<T> {
    pub model: Model,
    pub body: T,
}

/// The bytes of a body.
///
/// What is too much is read on for a while and thrown away: a client that is still writing would otherwise lose
/// the answer with its connection.
pub(super) async fn bytes(body: Body, app: &App) -> Result<Vec<u8>, Failure> {
    let limits = &app.limits;
    let end = Instant::now() + limits.time;
    let mut stream = body.into_data_stream();
    let (mut bytes, mut all) = (Vec::new(), 0_usize);
    let mut place = None;
    loop {
        let next = timeout_at(end, stream.next()).await.map_err(|_| Failure::slow())?;
        match next {
            None => break,
            Some(Err(error)) => {
                return Err(Failure::wrong("broken", format!("the body cannot be read: {error}"), ""));
            }
            Some(Ok(part)) => {
                all = all.saturating_add(part.len());
                if all > SMALL && place.is_none() {
                    let wait = timeout_at(end, app.large.acquire()).await;
                    place = wait.map_err(|_| Failure::busy())?.ok();
                }
                if all <= limits.body {
                    bytes.extend_from_slice(&part);
                } else if all > limits.body.saturating_mul(4) {
                    break;
                }
            }
        }
    }
    if all > limits.body {
        let message = format!("the body has more than the {} bytes that are taken", limits.body);
        return Err(Failure::too_large(message, "send less, or start the server with a larger --max-body"));
    }
    Ok(bytes)
}

/// What a body asks for, and of which model.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<Asked<T>, Failure> {
    let help = "/openapi.json describes the body";
    let wrong = |message: String| Failure::wrong("malformed", message, help);
    if bytes.is_empty() {
        return Err(wrong("the body is empty; a JSON object is expected".to_owned()));
    }
    let body: Value =
        serde_json::from_slice(bytes).map_err(|error| wrong(format!("the body is no JSON: {error}")))?;
    let Value::Object(mut fields) = body else {
        return Err(wrong("the body must be a JSON object".to_owned()));
    };
    let model = ["run", "checkpoint"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), fields.remove(name)?)))
        .filter(|(_, value)| !value.is_null())
        .collect();
    let at = |error: serde_path_to_error::Error<serde_json::Error>| {
        let path = error.path().to_string();
        let place = if path == "." { String::new() } else { format!("{path}: ") };
        wrong(format!("{place}{}", error.into_inner()))
    };
    let model = serde_path_to_error::deserialize(Value::Object(model)).map_err(at)?;
    let body = serde_path_to_error::deserialize(Value::Object(fields)).map_err(at)?;
    Ok(Asked { model, body })
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::response::IntoResponse;

    use super::*;
    use crate::protocol::TranslateRequest;

    #[tokio::test]
    async fn what_is_wrong_with_a_body_is_named_with_its_place() {
        for (body, expected) in [
            ("", "is empty"),
            ("[]", "must be a JSON object"),
            ("{\"task\": 1,\n  oops}", "line 2 column 3"),
            (r#"{"task": -1}"#, "task: invalid value"),
            (r#"{"tusk": 1}"#, "unknown field `tusk`"),
            (r#"{"run": "a"}"#, "run: invalid type"),
            (r#"{"sources": [{"text": "a"}, {"txt": "b"}]}"#, "sources[1]"),
            (r#"{"source": {"file": {"name": "a.png", "content": "%"}}}"#, "source.file.content: not base64"),
            (r#"{"source": {"text": "a", "sample": 1}}"#, "source"),
        ] {
            let failure = parse::<TranslateRequest>(body.as_bytes()).expect_err("wrong");
            let answer = to_bytes(failure.into_response().into_body(), 1 << 16).await.expect("short");
            let answer = String::from_utf8(answer.to_vec()).expect("JSON");
            assert!(answer.contains(expected), "{body}: {answer}");
        }
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(parse::<TranslateRequest>(deep.as_bytes()).is_err());
        let body = br#"{"run": 1, "checkpoint": "last", "source": {"text": "a"}}"#;
        let asked = parse::<TranslateRequest>(body).expect("sound");
        assert_eq!(asked.model, Model { run: 1, checkpoint: "last".to_owned() });
    }
}
