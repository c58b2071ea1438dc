//! A request of the page, and the key under which the page finds its recorded answer.

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::{Map, Value};

/// A request of the page.
#[derive(Clone, Debug)]
pub(super) struct Question {
    method: Method,
    pub(super) path: String,
    given: Value,
}

impl Question {
    pub(super) fn get(path: &str, query: Value) -> Self {
        Self { method: Method::GET, path: path.to_owned(), given: query }
    }

    pub(super) fn post(path: &str, body: Value) -> Self {
        Self { method: Method::POST, path: path.to_owned(), given: body }
    }

    /// The request as HTTP, as if it came from this machine.
    pub(super) fn request(&self) -> Result<Request<Body>, axum::http::Error> {
        let request = Request::builder().method(self.method.clone()).header(header::HOST, "localhost");
        if self.method == Method::GET {
            let pairs = self.given.as_object().into_iter().flatten();
            let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}={}", encoded(value))).collect();
            return request.uri(format!("{}?{}", self.path, pairs.join("&"))).body(Body::empty());
        }
        let request = request.uri(&self.path).header(header::CONTENT_TYPE, "application/json");
        request.body(Body::from(self.given.to_string()))
    }

    /// The tokens of the request, which are not part of its key.
    pub(super) fn tokens(&self) -> Value {
        self.given.get("tokens").cloned().unwrap_or_else(|| Value::Array(Vec::new()))
    }

    /// The key, spelled as `js/recorded.js` spells it.
    ///
    /// An answer about more tokens holds those about fewer, and one about some samples is all there is, so tokens and
    /// pages are no part of it.
    pub(super) fn key(&self) -> String {
        let mut given = self.given.clone();
        if let Some(given) = given.as_object_mut() {
            given.retain(|key, _| !["tokens", "from", "count"].contains(&key.as_str()));
        }
        format!("{} {} {}", self.method, self.path, canonical(&given))
    }
}

/// A value in the query of a URL, percent-encoded.
fn encoded(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// JSON with sorted keys and without null, false and empty lists; whole numbers without a point, as browsers write them.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("[{}]", values.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(entries) => canonical_object(entries),
        Value::Number(number) => match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 && whole.abs() < 1e15 => format!("{}", whole as i64),
            _ => number.to_string(),
        },
        _ => value.to_string(),
    }
}

fn canonical_object(entries: &Map<String, Value>) -> String {
    let empty = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(values) => values.is_empty(),
        _ => false,
    };
    let mut entries: Vec<_> = entries.iter().filter(|(_, value)| !empty(value)).collect();
    entries.sort_by_key(|(key, _)| key.as_str());
    let entries: Vec<String> = entries
        .into_iter()
        .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
        .collect();
    format!("{{{}}}", entries.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_question_has_one_spelling() {
        let spelled = |body| Question::post("/api/look", body).key();
        let expected = r#"POST /api/look {"run":0,"source":{"text":"ü \"a\""},"task":1}"#;
        assert_eq!(spelled(json!({ "task": 1.0, "run": 0, "source": { "text": "ü \"a\"" } })), expected);
        let more =
            json!({ "run": 0, "task": 1, "source": { "text": "ü \"a\"" }, "masked": [], "tokens": [1, 2] });
        assert_eq!(spelled(more), expected);
        assert_eq!(spelled(json!({ "length_penalty": 0.6 })), r#"POST /api/look {"length_penalty":0.6}"#);
    }

    #[test]
    fn queries_are_encoded() {
        let question = Question::get("/api/samples", json!({ "split": "a b&c", "run": 0 }));
        let request = question.request().expect("a request");
        assert_eq!(request.uri(), "/api/samples?split=a%20b%26c&run=0");
    }
}
