//! The HTTP server: its options and limits, and its life from `bind` over `run` to the stop.

mod access;
mod admission;
mod body;
mod connection;
mod dialect;
mod form;
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
use crate::error::ServerError;
use crate::export::{Recorder, Recording};
use crate::metrics::Metrics;
use crate::probed::Probe;
use crate::protocol::{Assessments, Distances, Model};
use crate::run_registry::{Kept, RunRegistry};
use crate::ways::RunLanguages;
use crate::{distance, neighbours};
use access::Access;
pub use admission::{AccessToken, Origin, Secret};

/// Options of a server: the runs that it serves, its address and who may ask.
pub struct Options {
    /// The folders of the runs.
    pub runs: Vec<PathBuf>,
    /// Chains of runs, each the numbers of its runs in order: each run reads what the one before it writes.
    pub chains: Vec<Vec<usize>>,
    /// The languages of runs that do not tell them themselves.
    pub languages: Vec<RunLanguages>,
    /// The media that the program knows.
    pub registry: Registry,
    /// The folder of the datasets; without it there are no samples.
    pub data: Option<DataRoot>,
    /// The address of this machine to listen on.
    pub host: IpAddr,
    /// The port; 0: a free one.
    pub port: u16,
    /// Serves the page beside the JSON interface.
    pub page: bool,
    /// The token that requests must carry.
    pub token: AccessToken,
    /// Sites whose pages may ask too.
    pub origins: Vec<Origin>,
    /// Limits of requests, connections and memory.
    pub limits: Limits,
    /// Called by a thread that has been idle for a while: it may give memory back to the system.
    pub when_idle: fn(),
    /// Opens each run in another process first, in case it aborts; `None` opens runs here at once.
    pub probe: Option<Probe>,
}

/// Limits of one request, and of all requests together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a body.
    pub body: usize,
    /// The most positions of a source.
    pub source: usize,
    /// The most tokens of an output.
    pub output: usize,
    /// The most sources of one request.
    pub sources: usize,
    /// The time limit of a request, and of the arrival of its body.
    pub time: Duration,
    /// The time limit of the arrival of a request's head.
    pub head: Duration,
    /// The time limit of a client that reads nothing of its answer.
    pub unread: Duration,
    /// The most requests at work at a time; more are asked to come again.
    pub requests: usize,
    /// The most open connections.
    pub connections: usize,
    /// The most bytes of memory that all requests at work may take together, models aside.
    pub memory: u64,
    /// The most models in memory.
    pub models: usize,
    /// The time that requests at work have left when the server is stopped.
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

/// The state that all requests share.
struct App {
    runs: RunRegistry,
    /// The languages of runs that do not tell them themselves.
    languages: Vec<RunLanguages>,
    metrics: Arc<Metrics>,
    limits: Limits,
    page: bool,
    access: Access,
    /// One permit for each request that may be at work.
    permits: Arc<Semaphore>,
    /// Notified of each request.
    requested: Notify,
    /// The memory of the requests at work.
    budget: Budget,
    openapi: String,
    /// Results of `/api/distance`, by checkpoint and query.
    distances: Kept<distance::Key, Distances>,
    /// Results of `/api/assessments`, by checkpoint and query.
    assessments: Kept<distance::Key, Assessments>,
    /// States that `/api/neighbours` compares with, by checkpoint and question.
    near: Kept<neighbours::Key, neighbours::States>,
}

/// A server that is bound to its address, and does not answer yet.
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    app: Arc<App>,
    stop: watch::Sender<bool>,
}

/// A handle that stops a server, from any thread.
#[derive(Clone)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Accepts no further connection; requests at work are finished, as far as their grace allows.
    pub fn stop(&self) {
        // A server that does not listen any more has stopped already.
        self.0.send_replace(true);
    }
}

impl Server {
    /// Binds the address, and begins to load the first run's model.
    ///
    /// # Errors
    ///
    /// When a folder holds no run, the address cannot be listened on, or every page of every site could ask.
    pub fn bind(options: Options) -> Result<Self, ServerError> {
        let Options {
            runs,
            chains,
            languages,
            registry,
            data,
            host,
            port,
            page,
            token,
            origins,
            limits,
            when_idle,
            probe,
        } = options;
        if matches!(token, AccessToken::None) && origins.iter().any(Origin::is_any) {
            return Err(ServerError::OpenToAll);
        }
        let metrics = Arc::new(Metrics::default());
        let runs = RunRegistry::new(&runs, registry, data, metrics.clone(), limits.models, when_idle, probe)?
            .with_chains(chains);
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
        // Requests ask for this model soon; a run that is still without a checkpoint has nothing to load.
        let _ = runs.worker(&Model::default());
        let permits = Arc::new(Semaphore::new(limits.requests));
        let openapi = openapi::description();
        let budget = Budget::new(limits.memory);
        let distances = Kept::new(distance::KEPT);
        let (assessments, near) = (Kept::new(distance::KEPT), Kept::new(neighbours::KEPT));
        let app = Arc::new(App {
            runs,
            languages,
            metrics,
            limits,
            page,
            access,
            permits,
            requested: Notify::new(),
            budget,
            openapi,
            distances,
            assessments,
            near,
        });
        Ok(Self { runtime, listener, address, app, stop: watch::Sender::new(false) })
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the page, with the token if the server drew it.
    pub fn url(&self) -> String {
        self.page_address() + &self.app.access.query()
    }

    /// A URL that opens the page once, within two minutes: whoever reads it later can do nothing with it.
    ///
    /// # Errors
    ///
    /// When the system draws no random numbers.
    pub fn url_once(&self) -> Result<String, ServerError> {
        Ok(self.page_address() + &self.app.access.query_once()?)
    }

    fn page_address(&self) -> String {
        // The unspecified address cannot be opened in a browser; this machine's loopback address can.
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
            ip => ip,
        };
        format!("http://{}/", SocketAddr::new(ip, self.address.port()))
    }

    /// A note for people where the server listens on all addresses of the machine, of which its URL names the one that only this
    /// machine can open.
    pub fn listens_everywhere(&self) -> Option<String> {
        let all = self.address.ip().is_unspecified();
        all.then(|| {
            format!(
                "listening on {}: from other machines, write this machine's name or address in place of {}",
                self.address,
                if self.address.is_ipv4() { "127.0.0.1" } else { "[::1]" }
            )
        })
    }

    /// A handle that stops this server.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// The page as one file, with recorded answers about some examples. `progress` is called with a line for each that
    /// has been recorded.
    ///
    /// # Errors
    ///
    /// When there is no example, or a question about one is not answered.
    pub fn export(
        self,
        recording: &Recording,
        progress: impl Fn(&str) + 'static,
    ) -> Result<String, ServerError> {
        let app = self.app.clone();
        let portable = move |run| app.runs.portable(run);
        let recorder =
            Recorder::new(router::router(self.app.clone()), Box::new(portable), Box::new(progress));
        let page = self.runtime.block_on(recorder.page(recording));
        self.app.runs.close();
        page
    }

    /// Answers requests until the server is stopped.
    pub fn run(self) {
        let Self { runtime, listener, app, stop, .. } = self;
        let grace = app.limits.grace;
        let told = app.clone();
        runtime.spawn(async move { idle::after_requests(&told.requested).await });
        // On one of the runtime's threads, which give freed memory back: this thread only waits.
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
