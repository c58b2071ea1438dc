//! Dialects of the interface: the shape in which clients of another program's interface expect an error.

use axum::http::StatusCode;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Serialize;

use crate::api_error::ApiError;
use crate::protocol::{LibreTranslateProblem, OpenAiProblem, OpenAiProblemDetail};

/// The interface that a path belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// This program's own.
    Own,
    /// LibreTranslate's.
    LibreTranslate,
    /// OpenAI's.
    OpenAi,
}

impl Dialect {
    pub(super) fn of(path: &str) -> Self {
        match path {
            "/translate" | "/languages" | "/detect" => Self::LibreTranslate,
            path if path.starts_with("/v1/") => Self::OpenAi,
            _ => Self::Own,
        }
    }

    /// Puts an error that is answered into the shape of the dialect.
    pub(super) fn shape(self, mut response: Response) -> Response {
        let Some(failure) = response.extensions_mut().remove::<ApiError>() else { return response };
        let status = response.status();
        let problem = failure.problem().error;
        let words = match problem.help.is_empty() {
            true => problem.message,
            false => format!("{}; {}", problem.message, problem.help),
        };
        match self {
            Self::Own => response,
            Self::LibreTranslate => {
                // Its clients are told of a missing or wrong key so.
                if status == StatusCode::UNAUTHORIZED {
                    *response.status_mut() = StatusCode::FORBIDDEN;
                }
                with_body(response, &LibreTranslateProblem { error: words })
            }
            Self::OpenAi => {
                let kind = if status.is_server_error() { "server_error" } else { "invalid_request_error" };
                let code = match status {
                    StatusCode::UNAUTHORIZED => "invalid_api_key".to_owned(),
                    _ => problem.code,
                };
                let (kind, code) = (kind.to_owned(), Some(code));
                let error = OpenAiProblemDetail { message: words, kind, param: None, code };
                with_body(response, &OpenAiProblem { error })
            }
        }
    }
}

fn with_body(mut response: Response, problem: &impl Serialize) -> Response {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = body.into();
    response
}
