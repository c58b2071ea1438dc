//! Errors of requests: every error of the crates below, and every limit, as an HTTP answer.

use any2any_run::RunError;
use any2any_translate::TranslateError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::protocol::{Problem, ProblemDetail};

/// The `WWW-Authenticate` header of an answer to a request without the token (RFC 6750).
pub(crate) const SCHEME: HeaderValue = HeaderValue::from_static("Bearer realm=\"any2any\"");

/// The error of a request: an HTTP status, a code for programs, a message and the way out.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    help: String,
    /// The full reason for whoever runs the server, which may name files.
    reason: Option<String>,
    /// The seconds after which it is worth asking again.
    retry_after: Option<u32>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>, help: &str) -> Self {
        Self { status, code, message: message.into(), help: help.to_owned(), reason: None, retry_after: None }
    }

    /// A request that cannot mean anything.
    pub(crate) fn wrong(code: &'static str, message: impl Into<String>, help: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message, help)
    }

    /// A run, sample, path or other thing that does not exist.
    pub(crate) fn missing(message: impl Into<String>, help: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message, help)
    }

    /// A method that the path does not have.
    pub(crate) fn method() -> Self {
        let help = "/openapi.json lists the paths and their methods";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this path has no such method", help)
    }

    /// An input, output or computation beyond its limit.
    pub(crate) fn too_large(message: impl Into<String>, help: &str) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message, help)
    }

    /// A request that did not arrive in time.
    pub(crate) fn slow() -> Self {
        let message = "the request did not arrive in time";
        Self::new(StatusCode::REQUEST_TIMEOUT, "slow", message, "send the whole body at once")
    }

    /// A request that the access rules forbid.
    pub(crate) fn forbidden(message: &str, help: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message, help)
    }

    /// A request without the token.
    pub(crate) fn unauthorized() -> Self {
        let help = "open the address that the server printed, send `Authorization: Bearer TOKEN`, or start the server \
                    with --token and one of your own";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "this server asks for a token", help)
    }

    /// True if the token is missing.
    pub(crate) fn wants_token(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// Too many requests at work.
    pub(crate) fn busy() -> Self {
        let message = "too many requests are at work";
        let failure = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message, "ask again in a second");
        Self { retry_after: Some(1), ..failure }
    }

    /// Work beyond the time limit.
    pub(crate) fn long(seconds: u64) -> Self {
        let message = format!("this takes longer than {seconds} s");
        let help = "ask for less at once, or start the server with a longer --time-limit";
        let failure = Self::new(StatusCode::SERVICE_UNAVAILABLE, "took_too_long", message, help);
        Self { retry_after: Some(10), ..failure }
    }

    /// The server is about to end.
    pub(crate) fn stopping() -> Self {
        let failure = Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the server is stopping", "");
        Self { retry_after: Some(10), ..failure }
    }

    /// A mistake of the program.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        let help = "this is a mistake in the program; its log on standard error says more";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message, help)
    }

    /// A run that cannot be opened, and why, which may name files.
    pub(crate) fn unreadable(reason: String) -> Self {
        Self { reason: Some(reason), ..Self::internal("the run cannot be read") }
    }

    /// An error whose reason is printed for whoever runs the server, and kept from the client, which need not learn
    /// where the files are.
    fn hidden(reason: String) -> Self {
        eprintln!("error: {reason}");
        Self::unreadable(reason)
    }

    /// The full reason.
    pub(crate) fn reason(self) -> String {
        self.reason.unwrap_or(self.message)
    }

    /// The body of the answer.
    pub(crate) fn problem(self) -> Problem {
        Problem {
            error: ProblemDetail { code: self.code.to_owned(), message: self.message, help: self.help },
        }
    }
}

impl From<RunError> for ApiError {
    fn from(error: RunError) -> Self {
        match &error {
            RunError::Adapter { .. } => {
                Self::wrong("unreadable", error.to_string(), "give a value of the task's medium")
            }
            RunError::Prefix { .. } => Self::wrong(
                "prefix",
                error.to_string(),
                "/api/vocabulary lists the tokens that the task writes",
            ),
            RunError::Task { .. } => Self::missing(error.to_string(), "/api/runs lists the tasks"),
            RunError::Data(_) => Self::missing(
                error.to_string(),
                "get the data with `any2any data get`, or name its folder with --data-root",
            ),
            RunError::Unsupported(_) => Self::wrong("unsupported", error.to_string(), ""),
            RunError::Prompt { .. } => {
                Self::wrong("language", error.to_string(), "/api/runs lists the languages of every task")
            }
            _ => Self::hidden(error.to_string()),
        }
    }
}

impl From<TranslateError> for ApiError {
    fn from(error: TranslateError) -> Self {
        match error {
            TranslateError::Run(error) => error.into(),
            TranslateError::Unsupported(_) => Self::wrong("unsupported", error.to_string(), ""),
            TranslateError::Cancelled(_) => Self::stopping(),
            TranslateError::Decoding { .. } => Self::wrong("decoding", error.to_string(), ""),
            TranslateError::OtherTask { .. } | TranslateError::Sequence { .. } => {
                Self::wrong("unsupported", error.to_string(), "")
            }
            TranslateError::Search(_) => Self::wrong("search", error.to_string(), ""),
            error => Self::hidden(error.to_string()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status, self.retry_after);
        let body = serde_json::to_vec(&self.clone().problem()).unwrap_or_default();
        let json = HeaderValue::from_static("application/json");
        let mut response = (status, [(header::CONTENT_TYPE, json)], body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, SCHEME);
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        // For those that expect an error in another shape.
        response.extensions_mut().insert(self);
        response
    }
}
