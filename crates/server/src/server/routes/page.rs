//! The page and its files.

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api_error::{ApiError, SCHEME};

pub(in crate::server) async fn index() -> Result<Response, ApiError> {
    let page = any2any_page::live().ok_or_else(|| ApiError::internal("the page is not there"))?;
    let policy =
        HeaderValue::from_str(&page.policy).map_err(|error| ApiError::internal(error.to_string()))?;
    let html = HeaderValue::from_static(any2any_page::media_type("index.html"));
    let headers = [(header::CONTENT_TYPE, html), (header::CONTENT_SECURITY_POLICY, policy)];
    Ok((headers, page.html).into_response())
}

/// The login page, for a browser that comes without the token.
pub(in crate::server) fn login() -> impl IntoResponse {
    let html = HeaderValue::from_static(any2any_page::media_type("login.html"));
    let policy = HeaderValue::from_static("default-src 'none'; form-action 'self'; frame-ancestors 'none'");
    let headers = [
        (header::CONTENT_TYPE, html),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::WWW_AUTHENTICATE, SCHEME),
    ];
    (StatusCode::UNAUTHORIZED, headers, any2any_page::login())
}

pub(in crate::server) async fn asset(Path(path): Path<String>) -> Result<Response, ApiError> {
    let bytes =
        any2any_page::asset(&path).ok_or_else(|| ApiError::missing("the page has no such file", ""))?;
    let media = HeaderValue::from_static(any2any_page::media_type(&path));
    // A later version of the program may serve another file at the same address.
    let cache = HeaderValue::from_static("no-cache");
    Ok(([(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, cache)], bytes.into_owned()).into_response())
}
