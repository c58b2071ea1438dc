//! Routes of the server, and the middleware around every request: access, metrics and security headers.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::FutureExt;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::App;
use super::admission::Origin;
use super::dialect::Dialect;
use super::routes::{
    assessment, chain, distance, explain, libretranslate, openai, page, research, runs, training, translate,
};
use crate::api_error::ApiError;
use crate::metrics::Metrics;

/// The router of all paths.
pub(super) fn router(app: Arc<App>) -> Router {
    let mut router = Router::new()
        .route("/health", get(runs::health))
        .route("/metrics", get(runs::metrics))
        .route("/openapi.json", get(runs::openapi))
        .route("/api/runs", get(runs::runs))
        .route("/api/vocabulary", get(runs::vocabulary))
        .route("/api/samples", get(runs::samples))
        .route("/api/distance", get(distance::distance))
        .route("/api/parameter", get(explain::parameter))
        .route("/api/training", get(training::training))
        .route("/api/written", get(training::written))
        .route("/api/sweep", get(training::sweep))
        .route("/api/translate", post(translate::translate))
        .route("/api/chains", get(chain::chains))
        .route("/api/chain", post(chain::chain))
        .route("/api/score", post(translate::score))
        .route("/api/next", post(translate::next))
        .route("/api/look", post(explain::look))
        .route("/api/beam", post(explain::beam))
        .route("/api/attribution", post(explain::attribution))
        .route("/api/machine", post(explain::machine))
        .route("/api/lens", post(research::lens))
        .route("/api/patching", post(research::patching))
        .route("/api/neighbours", post(research::neighbours))
        .route("/api/assessments", get(assessment::assessments))
        .route("/translate", post(libretranslate::translate))
        .route("/languages", get(libretranslate::languages))
        .route("/detect", post(libretranslate::detect))
        .route("/v1/models", get(openai::models))
        .route("/v1/audio/transcriptions", post(openai::transcriptions))
        .route("/v1/audio/translations", post(openai::translations));
    if app.page {
        router = router.route("/", get(page::index)).route("/assets/{*path}", get(page::asset));
    }
    let router = router
        .fallback(nowhere)
        .method_not_allowed_fallback(async || ApiError::method())
        .layer(from_fn_with_state(app.clone(), around));
    let router = match cors(app.access.origins()) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router.with_state(app)
}

/// CORS (cross-origin resource sharing) headers, if pages of other sites may ask. Those bring the token in
/// `Authorization`; the cookie is this server's own page's.
fn cors(origins: &[Origin]) -> Option<CorsLayer> {
    let allowed = match origins {
        [] => return None,
        origins if origins.iter().any(Origin::is_any) => AllowOrigin::any(),
        // An origin is made of characters that a header takes.
        origins => {
            AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin.text()).ok()))
        }
    };
    let cors = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .allow_private_network(true)
        .max_age(Duration::from_secs(600));
    Some(cors)
}

async fn nowhere() -> ApiError {
    ApiError::missing("there is nothing at this path", "/openapi.json lists the paths")
}

/// Middleware of every request: checks the access, catches panics, adds headers and counts the request.
async fn around(
    State(app): State<Arc<App>>,
    path: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = shown(request.method());
    let route = path.as_ref().map_or("other", MatchedPath::as_str).to_owned();
    app.requested.notify_one();
    let _at_work = AtWork::begin(app.metrics.clone());
    let checked = match route.as_str() {
        // A monitor needs no token to see that this server is alive.
        "/health" => Ok(None),
        _ => app.access.check(request.uri(), request.headers()),
    };
    let dialect = Dialect::of(request.uri().path());
    let checked = match checked {
        // Its clients bring the token in the body, which its routes read.
        Err(failure) if failure.wants_token() && dialect == Dialect::LibreTranslate => {
            request.extensions_mut().insert(libretranslate::TokenInBody);
            Ok(None)
        }
        checked => checked,
    };
    let mut response = match checked {
        // A person in front of a browser is asked for the token.
        Err(failure) if failure.wants_token() && route == "/" => page::login().into_response(),
        Err(failure) => failure.into_response(),
        Ok(cookie) => {
            let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
            let mut response = answered.unwrap_or_else(|panic| panicked(&*panic).into_response());
            if let Some(cookie) = cookie {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
    };
    response = dialect.shape(response);
    harden(response.headers_mut());
    app.metrics.request(method, &route, response.status().as_u16(), began.elapsed());
    response
}

/// The name under which a method is counted: one of a fixed list, so that clients add no labels to the metrics.
fn shown(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn panicked(panic: &(dyn Any + Send)) -> ApiError {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError::internal(text.unwrap_or("something went wrong"))
}

/// Adds security headers, which keep browsers from using answers in another way than they are meant for.
fn harden(headers: &mut HeaderMap) {
    let nothing = "default-src 'none'; frame-ancestors 'none'";
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, nothing),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        // The page has a policy of its own.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    for (name, value) in
        [("cross-origin-opener-policy", "same-origin"), ("cross-origin-resource-policy", "same-origin")]
    {
        headers.insert(header::HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// A request at work, counted as long as this lives, even if its client leaves.
struct AtWork(Arc<Metrics>);

impl AtWork {
    fn begin(metrics: Arc<Metrics>) -> Self {
        metrics.at_work.fetch_add(1, Ordering::Relaxed);
        Self(metrics)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.at_work.fetch_sub(1, Ordering::Relaxed);
    }
}
