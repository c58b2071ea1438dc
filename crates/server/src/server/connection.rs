//! Connections: accepted, served with time limits, and closed in order when the server stops.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::Request;
use axum::response::Response;
use futures_util::future::BoxFuture;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use super::App;
use super::places::{Place, Places};
use super::router::router;

/// The response to a client that begins a request and does not end its head in time, before the connection is closed.
fn timed_out() -> Vec<u8> {
    let body =
        r#"{"error":{"code":"slow","message":"the head of the request did not arrive in time","help":""}}"#;
    let head = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/json";
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Accepts connections until the server is stopped, and then waits for those at work.
pub(super) async fn accept(listener: TcpListener, app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let limits = app.limits.clone();
    let router = router(app);
    let places = Places::new(limits.connections);
    loop {
        let stopped = async {
            // The sender lives as long as the server runs.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let place = tokio::select! {
            place = places.take() => place,
            () = stopped => break,
        };
        let Some(place) = place else { break };
        let mut watching = stop.clone();
        let stopped = async {
            let _ = watching.wait_for(|stop| *stop).await;
        };
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Out of file descriptors, or the client is gone: both pass.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
            () = stopped => break,
        };
        let (router, stop) = (router.clone(), stop.clone());
        let patience = Patience { head: limits.head, unread: limits.unread };
        tokio::spawn(async move {
            serve(stream, router, stop, patience, Arc::new(place)).await;
        });
    }
    drop(listener);
    // Every connection has its place back when it has ended.
    let _ = tokio::time::timeout(limits.grace, places.all_free(limits.connections)).await;
}

/// Time limits of a connection.
struct Patience {
    /// The limit for the head of a request to arrive.
    head: Duration,
    /// The limit for a client to read some of an answer.
    unread: Duration,
}

/// Serves one connection to its end.
async fn serve(
    stream: TcpStream,
    router: Router,
    mut stop: watch::Receiver<bool>,
    patience: Patience,
    place: Arc<Place>,
) {
    // Answers are written whole; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience.unread));
    let working = place.clone();
    let answer = move |request: Request<Incoming>| -> BoxFuture<'static, Result<Response, Infallible>> {
        let working = Working::begin(working.clone());
        let answered = router.clone().oneshot(request.map(Body::new));
        Box::pin(async move {
            let response = answered.await?;
            Ok(response.map(|body| Body::new(Answer { body, _working: working })))
        })
    };
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .serve_connection(TokioIo::new(Box::pin(stream)), service_fn(answer));
    let mut stopping = false;
    let ended = loop {
        let stopped = async {
            let _ = stop.wait_for(|stop| *stop).await;
        };
        tokio::select! {
            ended = poll_fn(|context| connection.poll_without_shutdown(context)) => break ended,
            () = place.needed() => break Ok(()),
            () = stopped, if !stopping => {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let late = ended.as_ref().is_err_and(hyper::Error::is_timeout);
    let parts = connection.into_parts();
    let mut stream = parts.io.into_inner();
    // An idle connection that was kept open ends without an answer.
    if late && !parts.read_buf.is_empty() {
        let _ = stream.write_all(&timed_out()).await;
    }
    let _ = stream.shutdown().await;
}

/// A request at work, until the last of its answer has been sent.
struct Working(Arc<Place>);

impl Working {
    fn begin(place: Arc<Place>) -> Self {
        place.at_work();
        Self(place)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.idle();
    }
}

/// The body of an answer, whose request is at work as long as it lives.
struct Answer {
    body: Body,
    _working: Working,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
