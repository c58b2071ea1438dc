//! The server: bound, run, stopped.

mod access;
mod admission;
mod body;
mod connection;
mod idle;
mod openapi;
mod places;
mod router;
mod routes;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use any2any_adapter::Registry;
use any2any_data::DataRoot;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, Semaphore, watch};

use crate::budget::Budget;
use crate::distance;
use crate::error::ServerError;
use crate::export::{Recorder, Recording};
use crate::metrics::Metrics;
use crate::probed::Probe;
use crate::protocol::{Distances, Model};
use crate::run_registry::{Kept, RunRegistry};
use access::Access;
pub use admission::{AccessToken, Origin, Secret};

/// What is served, and where.
pub struct Options {
    /// The folders of the runs.
    pub runs: Vec<PathBuf>,
    /// The media that the program knows.
    pub registry: Registry,
    /// The folder of the datasets; without it there are no samples.
    pub data: Option<DataRoot>,
    /// The address of this machine to listen on.
    pub host: IpAddr,
    /// The port; 0: a free one.
    pub port: u16,
    /// Whether there is a page beside the JSON interface.
    pub page: bool,
    /// What a request must carry.
    pub token: AccessToken,
    /// Sites whose pages may ask too.
    pub origins: Vec<Origin>,
    /// How much is taken.
    pub limits: Limits,
    /// What a thread does that has had nothing to do for a while: it may give memory back to the system.
    pub when_idle: fn(),
    /// Tries each run in another process before it is opened here; without it, it is opened at once.
    pub probe: Option<Probe>,
}

/// How much is taken of a request, and of all requests together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body.
    pub body: usize,
    /// Positions of a source.
    pub source: usize,
    /// Tokens of an output.
    pub output: usize,
    /// Sources of one request.
    pub sources: usize,
    /// How long a request may take, and how long its body may take to arrive.
    pub time: Duration,
    /// How long the head of a request may take to arrive.
    pub head: Duration,
    /// How long a client may read nothing of an answer that waits for it.
    pub unread: Duration,
    /// Requests that are at work at a time; more are asked to come again.
    pub requests: usize,
    /// Connections that are open at a time.
    pub connections: usize,
    /// Bytes of memory that requests at work may take together, models aside.
    pub memory: u64,
    /// Models in memory.
    pub models: usize,
    /// How long requests at work may go on when the server is stopped.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 16 << 20,
            source: 4096,
            output: 1024,
            sources: 256,
            time: Duration::from_secs(60),
            head: Duration::from_secs(10),
            unread: Duration::from_secs(30),
            requests: 512,
            connections: 1024,
            memory: 4 << 30,
            models: 3,
            grace: Duration::from_secs(10),
        }
    }
}

/// What all requests share.
struct App {
    runs: RunRegistry,
    metrics: Arc<Metrics>,
    limits: Limits,
    page: bool,
    access: Access,
    /// A permit for each request that may be at work.
    permits: Arc<Semaphore>,
    /// Told of each request.
    requested: Notify,
    /// The memory that they take.
    budget: Budget,
    openapi: String,
    /// What was counted of splits, by checkpoint and question.
    distances: Kept<distance::Key, Distances>,
}

/// A server that listens, and has not answered yet.
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    app: Arc<App>,
    stop: watch::Sender<bool>,
}

/// Stops a server, from any thread.
#[derive(Clone)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Takes no further connection; what is at work is finished, as far as that is possible in time.
    pub fn stop(&self) {
        // Whoever does not listen any more has stopped already.
        self.0.send_replace(true);
    }
}

impl Server {
    /// Listens, and begins to load the first run's model.
    ///
    /// # Errors
    ///
    /// When a folder holds no run, the address cannot be listened on, or every page of every site could ask.
    pub fn bind(options: Options) -> Result<Self, ServerError> {
        let Options { runs, registry, data, host, port, page, token, origins, limits, when_idle, probe } =
            options;
        if matches!(token, AccessToken::None) && origins.iter().any(Origin::is_any) {
            return Err(ServerError::OpenToAll);
        }
        let metrics = Arc::new(Metrics::default());
        let runs = RunRegistry::new(&runs, registry, data, metrics.clone(), limits.models, when_idle, probe)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(16)
            .thread_keep_alive(idle::LENT)
            .on_thread_park(move || idle::when_parked(when_idle))
            .enable_all()
            .build()
            .map_err(|source| ServerError::System { what: "start threads", source })?;
        let wanted = SocketAddr::new(host, port);
        let listener = runtime
            .block_on(TcpListener::bind(wanted))
            .map_err(|source| ServerError::Bind { address: wanted, source })?;
        let address =
            listener.local_addr().map_err(|source| ServerError::System { what: "tell the port", source })?;
        let access = Access::new(address, &token, origins)?;
        // It is asked for soon; a run that is still without a checkpoint has nothing to load.
        let _ = runs.worker(&Model::default());
        let permits = Arc::new(Semaphore::new(limits.requests));
        let openapi = openapi::description();
        let budget = Budget::new(limits.memory);
        let distances = Kept::new(distance::KEPT);
        let app = Arc::new(App {
            runs,
            metrics,
            limits,
            page,
            access,
            permits,
            requested: Notify::new(),
            budget,
            openapi,
            distances,
        });
        Ok(Self { runtime, listener, address, app, stop: watch::Sender::new(false) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address to open in a browser, with the token where one was drawn.
    pub fn url(&self) -> String {
        self.page_address() + &self.app.access.query()
    }

    /// An address that opens the page once, within two minutes: whoever reads it later can do nothing with it.
    ///
    /// # Errors
    ///
    /// When the system draws no random numbers.
    pub fn url_once(&self) -> Result<String, ServerError> {
        Ok(self.page_address() + &self.app.access.query_once()?)
    }

    fn page_address(&self) -> String {
        // Everything of this machine cannot be opened, but this machine can.
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
            ip => ip,
        };
        format!("http://{}/", SocketAddr::new(ip, self.address.port()))
    }

    /// What stops it.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// The page as one file, with recorded answers about some examples. `progress` hears what has been recorded.
    ///
    /// # Errors
    ///
    /// When there is no example, or a question about one is not answered.
    pub fn export(
        self,
        recording: &Recording,
        progress: impl Fn(&str) + 'static,
    ) -> Result<String, ServerError> {
        let recorder = Recorder::new(router::router(self.app.clone()), Box::new(progress));
        let page = self.runtime.block_on(recorder.page(recording));
        self.app.runs.close();
        page
    }

    /// Answers until it is stopped.
    pub fn run(self) {
        let Self { runtime, listener, app, stop, .. } = self;
        let grace = app.limits.grace;
        let told = app.clone();
        runtime.spawn(async move { idle::after_requests(&told.requested).await });
        // On one of the runtime's threads, which give back what they have freed: this one only waits.
        let accepting = runtime.spawn(connection::accept(listener, app.clone(), stop.subscribe()));
        let accepted = runtime.block_on(accepting);
        app.runs.close();
        // Work that does not end is left behind with its threads.
        runtime.shutdown_timeout(grace.min(Duration::from_millis(500)));
        if let Err(failed) = accepted
            && failed.is_panic()
        {
            std::panic::resume_unwind(failed.into_panic());
        }
    }
}
