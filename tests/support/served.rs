//! A server in this process over a run of its own, and what is said to it over real connections.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::thread::JoinHandle;
use std::time::Duration;

use any2any_data::DataRoot;
use any2any_server::{AccessToken, Limits, Options, Server, Stopper};
use serde_json::{Value, json};

use super::{TRANSFORMER, Workshop};

const TRAINING: &str = "  steps: 120
  label_smoothing: 0.0
evaluation: { metrics: [bleu], every: 60, keep_best: 2, show: 0 }
decoding: { beam: { size: 3 } }";

pub(crate) const SENTENCE: &str = "the dog sees the house today .";

/// A folder with a run, trained once for all tests of this file.
pub(crate) fn workshop() -> &'static Workshop {
    static WORKSHOP: OnceLock<Workshop> = OnceLock::new();
    WORKSHOP.get_or_init(|| {
        let workshop = Workshop::new();
        workshop.experiment(TRANSFORMER, TRAINING);
        let experiment = workshop.path("experiment.yaml").display().to_string();
        workshop.succeed(&["train", &experiment, "--run", "run"]);
        workshop
    })
}

/// A server over the run, on this machine, that asks for no token.
pub(crate) fn options() -> Options {
    Options {
        runs: vec![workshop().path("run")],
        chains: Vec::new(),
        languages: Vec::new(),
        registry: any2any_cli::media(),
        data: Some(DataRoot::at(workshop().path("data")).trusting_runs(true)),
        host: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
        page: true,
        token: AccessToken::None,
        origins: Vec::new(),
        limits: Limits::default(),
        when_idle: || (),
        probe: None,
    }
}

/// A server in this process; stopped when it is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

/// An answer over a connection of its own.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A connection that is reset behind its answer has answered.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }
}

impl Served {
    pub(crate) fn new(limits: Limits) -> Self {
        Self::with(Options { limits, ..options() })
    }

    pub(crate) fn with(options: Options) -> Self {
        let server = Server::bind(options);
        let server = server.expect("a free port");
        let (address, url, stopper) = (server.address(), server.url(), server.stopper());
        let thread = Some(std::thread::spawn(move || server.run()));
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port());
        Self { address, url, stopper, thread }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        stream
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let mut stream = self.connect();
        let host = if headers.to_lowercase().contains("host:") {
            String::new()
        } else {
            "host: localhost\r\n".to_owned()
        };
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\n{host}connection: close\r\n{headers}content-length: {length}\r\n\r\n"
        );
        // A server need not read what it has no use for.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        Answer::read(stream)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", b"")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "content-type: application/json\r\n", body.to_string().as_bytes())
    }

    /// The answer to a question that must be a success.
    pub(crate) fn ask(&self, path: &str, body: &Value) -> Value {
        let answer = self.post(path, body);
        assert_eq!(answer.status, 200, "{path} {body}: {}", answer.body);
        answer.json()
    }

    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").body;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {text}"))
    }

    /// It still does its work, and has never panicked.
    pub(crate) fn assert_sound(&self) {
        let answer = self.ask("/api/translate", &json!({ "source": { "text": SENTENCE } }));
        assert!(answer["outputs"][0][0]["view"]["text"].is_string(), "{answer}");
        assert_eq!(self.metric("any2any_panics_total"), 0.0);
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stopper.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.expect("it was running").expect("the server does not panic");
        }
    }
}
