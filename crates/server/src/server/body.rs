//! Bodies of requests: read within limits of size, speed and memory, and parsed as JSON.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};

use super::App;
use super::routes::blocking;
use crate::api_error::ApiError;
use crate::protocol::{Languages, Model};

/// The largest body, in bytes, that takes no share of the memory and is parsed at once. A larger one takes its share
/// piece by piece, so that not all connections can fill the memory, and is parsed away from the threads that serve
/// connections.
const SMALL: usize = 1 << 18;
/// The least speed of a body in bytes a second, once it has had time to begin.
const LEAST: usize = 1 << 15;
/// The time that a body has to begin, and the longest pause in it.
const STALL: Duration = Duration::from_secs(3);
/// The time that a large body waits for its share of the memory.
const WAIT: Duration = Duration::from_secs(5);

/// The bytes of a body, with the share of the memory that they take.
pub(super) struct Read {
    pub(super) bytes: Vec<u8>,
    pub(super) held: Held,
}

/// The share of the memory that a large body takes.
pub(super) type Held = Vec<OwnedSemaphorePermit>;

/// A parsed request to a model: the model's name, the languages, and the body's other fields.
#[derive(Debug)]
pub(super) struct Asked<T> {
    pub model: Model,
    pub languages: Languages,
    pub body: T,
}

/// Reads the bytes of a body.
///
/// A body that is too large is read on for a while and thrown away: a client that is still writing would otherwise lose
/// the answer with its connection. A client that sends too slowly loses its connection to others.
pub(super) async fn bytes(body: Body, app: &App) -> Result<Read, ApiError> {
    bytes_up_to(body, app, usize::MAX).await
}

/// Reads the bytes of a body that may have no more than `most`, nor than the server takes.
pub(super) async fn bytes_up_to(body: Body, app: &App, most: usize) -> Result<Read, ApiError> {
    let most = most.min(app.limits.body).min(app.budget.largest_body());
    let began = Instant::now();
    let end = began + app.limits.time;
    let mut stream = body.into_data_stream();
    let (mut bytes, mut all) = (Vec::new(), 0_usize);
    let (mut held, mut paid) = (Held::new(), SMALL);
    loop {
        let kept_up = began + STALL + Duration::from_secs_f64(all as f64 / LEAST as f64);
        let patience = end.min(kept_up).min(Instant::now() + STALL);
        let next = timeout_at(patience, stream.next()).await.map_err(|_| ApiError::slow())?;
        match next {
            None => break,
            Some(Err(error)) => {
                return Err(ApiError::wrong("broken", format!("the body cannot be read: {error}"), ""));
            }
            Some(Ok(part)) => {
                all = all.saturating_add(part.len());
                if all > most {
                    bytes = Vec::new();
                    held.clear();
                    if all > most.saturating_mul(4) {
                        break;
                    }
                    continue;
                }
                while all > paid {
                    let wait = timeout(WAIT, app.budget.take_body(SMALL)).await;
                    held.push(wait.map_err(|_| ApiError::busy())??);
                    paid += SMALL;
                }
                bytes.extend_from_slice(&part);
            }
        }
    }
    if all > most {
        let message = format!("the body has more than the {most} bytes that are taken");
        let help =
            "send less, or start the server with a larger --max-body, and more --memory where that is small";
        return Err(ApiError::too_large(message, help));
    }
    Ok(Read { bytes, held })
}

/// Parses a body; a large one on another thread.
pub(super) async fn understood<T: DeserializeOwned + Send + 'static>(
    bytes: Vec<u8>,
) -> Result<Asked<T>, ApiError> {
    match bytes.len() {
        0..SMALL => parse(&bytes),
        _ => blocking(move || parse(&bytes)).await,
    }
}

/// Parses a body straight into its request: a tree of all its values in between would be many times as large as the
/// body.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<Asked<T>, ApiError> {
    let help = "/openapi.json describes the body";
    let wrong = |message: String| ApiError::wrong("malformed", message, help);
    match bytes.trim_ascii_start().first() {
        None => return Err(wrong("the body is empty; a JSON object is expected".to_owned())),
        Some(b'{') => {}
        Some(_) => return Err(wrong("the body must be a JSON object".to_owned())),
    }
    let json = &mut serde_json::Deserializer::from_slice(bytes);
    let asked = serde_path_to_error::deserialize(&mut *json).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        let place = if path == "." { String::new() } else { format!("{path}: ") };
        // A value of several kinds with a field too many is called a syntax error, too.
        match error.is_data() {
            true => wrong(format!("{place}{}", with_shared_fields(&error.to_string(), &path))),
            false if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() => {
                wrong(format!("{place}one field alone is expected here ({error})"))
            }
            false => wrong(format!("the body is no JSON: {error}")),
        }
    })?;
    json.end().map_err(|error| wrong(format!("the body is no JSON: {error}")))?;
    Ok(asked)
}

/// The message about an unknown field of a body, with the fields that all bodies share, which are taken out before its own are
/// read.
fn with_shared_fields(message: &str, path: &str) -> String {
    let shared = "expected one of `run`, `checkpoint`, `source_language`, `target_language`, ";
    // A field of a part of the body has the part's path.
    let of_body = path == "." && message.starts_with("unknown field");
    match of_body || message.starts_with(&format!("unknown field `{path}`")) {
        true => {
            message.replacen("expected one of ", shared, 1).replacen("expected `", &format!("{shared}`"), 1)
        }
        false => message.to_owned(),
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Asked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Asked<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Asked<T>, A::Error> {
                let (mut model, mut languages) = (Model::default(), Languages::default());
                let others = Others { fields, model: &mut model, languages: &mut languages };
                let body = T::deserialize(MapAccessDeserializer::new(others))?;
                Ok(Asked { model, languages, body })
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// Map access to the fields of a body, which takes out those that name the model and the languages.
struct Others<'a, A> {
    fields: A,
    model: &'a mut Model,
    languages: &'a mut Languages,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Others<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.fields.next_key::<String>()? {
            match name.as_str() {
                "run" => self.model.run = self.fields.next_value::<Option<_>>()?.unwrap_or_default(),
                "checkpoint" => {
                    let known = Model::default().checkpoint;
                    self.model.checkpoint = self.fields.next_value::<Option<_>>()?.unwrap_or(known);
                }
                "source_language" => self.languages.source_language = self.fields.next_value()?,
                "target_language" => self.languages.target_language = self.fields.next_value()?,
                _ => return seed.deserialize(name.into_deserializer()).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.fields.next_value_seed(seed)
    }
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
            (
                r#"{"tusk": 1}"#,
                "expected one of `run`, `checkpoint`, `source_language`, `target_language`, `task`",
            ),
            (r#"{"run": [0]}"#, "run: invalid type: sequence, expected a number, from 0, or a name"),
            (r#"{"sources": [{"text": "a"}, {"txt": "b"}]}"#, "sources[1]"),
            (r#"{"source": {"file": {"name": "a.png", "content": "%"}}}"#, "source.file.content: not base64"),
            (r#"{"source": {"text": "a", "sample": 1}}"#, "source: one field alone"),
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
        assert_eq!(asked.model, Model { run: 1.into(), checkpoint: "last".to_owned() });
    }
}
