//! `any2any bench serve`: the server under load, on loopback. First one client asks alone, then many at a time.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use any2any_adapter::Registry;
use any2any_server::{AccessToken, Limits, Options, Server};
use anyhow::Context;
use serde::Serialize;
use serde_json::{Value, json};

use super::row;
use crate::arguments::BenchServeArguments;
use crate::output;

/// The most samples of the test split, which clients ask for in turn.
const SAMPLES: usize = 1000;

pub(super) fn run(arguments: &BenchServeArguments, registry: &Registry) -> anyhow::Result<()> {
    let clients = arguments.clients.get();
    let server = Server::bind(Options {
        runs: vec![arguments.run.clone()],
        chains: Vec::new(),
        languages: Vec::new(),
        registry: registry.clone(),
        data: arguments.root.find().ok(),
        host: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
        page: false,
        token: AccessToken::None,
        origins: Vec::new(),
        limits: Limits { requests: clients + 8, connections: clients + 8, ..Limits::default() },
        when_idle: || (),
        probe: None,
    })?;
    let (address, stopper) = (server.address(), server.stopper());
    let thread = std::thread::spawn(move || server.run());
    let measured = measure(arguments, address);
    stopper.stop();
    let stopped = thread.join();
    let report = measured?;
    anyhow::ensure!(stopped.is_ok(), "the server panicked");
    if arguments.json { output::json(&report) } else { report.print() }
}

/// The result of the bench.
#[derive(Serialize)]
struct Report {
    alone: Load,
    together: Load,
    /// The speed-up: requests a second of many clients, divided by those of one.
    ratio: f64,
    /// The mean batch size under the load of many clients, in sources.
    mean_batch: f64,
    /// Resident memory in bytes before the load, in its middle, and behind it; null if the system does not say.
    resident_bytes: [Option<u64>; 3],
}

/// Statistics of a load: its requests, and their rate and latencies.
#[derive(Serialize)]
struct Load {
    clients: usize,
    requests: usize,
    failed: usize,
    requests_per_second: f64,
    seconds_percentile_50: f64,
    seconds_percentile_99: f64,
}

fn measure(arguments: &BenchServeArguments, address: SocketAddr) -> anyhow::Result<Report> {
    let bodies = bodies(address, arguments.input.as_deref())?;
    // The first requests wait for the model to be loaded.
    let mut client = Client::connect(address)?;
    for body in bodies.iter().cycle().take(8) {
        client.post("/api/translate", body).and_then(Answer::checked).context("while warming up")?;
    }
    let seconds = Duration::from_secs(arguments.seconds.get());
    let alone = load(address, &bodies, 1, seconds / 3);
    let batches = || -> anyhow::Result<(f64, f64)> {
        // The server may have closed the first connection, which was idle as long as the load took.
        let text = Client::connect(address)?.get("/metrics")?.checked()?;
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
        };
        Ok((value("any2any_batch_sources_sum "), value("any2any_batch_sources_count ")))
    };
    let before = batches()?;
    let start = resident();
    let first = load(address, &bodies, arguments.clients.get(), seconds / 2);
    let middle = resident();
    let second = load(address, &bodies, arguments.clients.get(), seconds - seconds / 2);
    let end = resident();
    let after = batches()?;
    let (alone, together) = (alone.report(), first.and(second).report());
    Ok(Report {
        ratio: together.requests_per_second / alone.requests_per_second,
        mean_batch: (after.0 - before.0) / (after.1 - before.1).max(1.0),
        resident_bytes: [start, middle, end],
        alone,
        together,
    })
}

/// The bodies of requests, sent in turn: lines of a file, or the samples of the test split.
fn bodies(address: SocketAddr, input: Option<&Path>) -> anyhow::Result<Vec<String>> {
    let body = |source: Value| json!({ "source": source }).to_string();
    if let Some(path) = input {
        let lines = crate::commands::read_lines(path)?;
        anyhow::ensure!(!lines.is_empty(), "{} has no line", path.display());
        return Ok(lines.iter().map(|line| body(json!({ "text": line }))).collect());
    }
    let mut client = Client::connect(address)?;
    let mut bodies = Vec::new();
    loop {
        let answer =
            client.get(&format!("/api/samples?split=test&count=100&from={}", bodies.len()))?.checked();
        let answer = answer.context("name a file of lines with --input, or the folder of the data")?;
        let samples: Value = serde_json::from_str(&answer)?;
        let samples = samples["samples"].as_array().cloned().unwrap_or_default();
        // A picture or a sound is sent as the name of its sample, a text as it is.
        bodies.extend(samples.iter().map(|sample| match &sample["source"]["text"] {
            Value::String(text) => body(json!({ "text": text })),
            _ => body(json!({ "sample": { "split": "test", "number": sample["number"] } })),
        }));
        if samples.len() < 100 || bodies.len() >= SAMPLES {
            break;
        }
    }
    anyhow::ensure!(!bodies.is_empty(), "the test split is empty: name a file of lines with --input");
    Ok(bodies)
}

/// The measurements of a load, before they are summed up.
struct Seen {
    clients: usize,
    seconds: f64,
    /// The latency of each successful request, in seconds.
    latencies: Vec<f64>,
    failed: usize,
}

/// Lets clients send one request after the other for a time.
fn load(address: SocketAddr, bodies: &[String], clients: usize, duration: Duration) -> Seen {
    let began = Instant::now();
    let client = |number: usize| {
        let (mut latencies, mut failed) = (Vec::new(), 0);
        let mut connection = None;
        // Clients begin at different bodies, so that they do not all send the same one.
        for body in bodies.iter().cycle().skip(number * 7 % bodies.len()) {
            let asked = Instant::now();
            if asked.duration_since(began) >= duration {
                break;
            }
            let answered = match connection.take().map_or_else(|| Client::connect(address), Ok) {
                Ok(mut client) => {
                    let answered = client.post("/api/translate", body).and_then(Answer::checked);
                    connection = Some(client);
                    answered
                }
                Err(error) => Err(error),
            };
            match answered {
                Ok(_) => latencies.push(asked.elapsed().as_secs_f64()),
                Err(error) => {
                    if failed == 0 {
                        eprintln!("a request failed: {error:#}");
                    }
                    (failed, connection) = (failed + 1, None);
                }
            }
        }
        (latencies, failed)
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let client = &client;
        let threads: Vec<_> = (0..clients).map(|number| scope.spawn(move || client(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or((Vec::new(), 1))).collect()
    });
    Seen {
        clients,
        seconds: began.elapsed().as_secs_f64(),
        failed: results.iter().map(|(_, failed)| failed).sum(),
        latencies: results.into_iter().flat_map(|(latencies, _)| latencies).collect(),
    }
}

impl Seen {
    /// The measurements of two loads together.
    fn and(mut self, later: Self) -> Self {
        self.latencies.extend(later.latencies);
        Self { seconds: self.seconds + later.seconds, failed: self.failed + later.failed, ..self }
    }

    fn report(mut self) -> Load {
        self.latencies.sort_by(f64::total_cmp);
        let percentile = |share: f64| {
            let place = (share * self.latencies.len() as f64) as usize;
            self.latencies.get(place.min(self.latencies.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
        };
        Load {
            clients: self.clients,
            requests: self.latencies.len() + self.failed,
            failed: self.failed,
            requests_per_second: self.latencies.len() as f64 / self.seconds,
            seconds_percentile_50: percentile(0.5),
            seconds_percentile_99: percentile(0.99),
        }
    }
}

impl Report {
    fn print(&self) -> anyhow::Result<()> {
        for load in [&self.alone, &self.together] {
            let clients = if load.clients == 1 { "client" } else { "clients" };
            output::line(format!("{} {clients}:", load.clients))?;
            let failed = any2any_adapter::grouped(load.failed as u64);
            row("requests", format!("{}, {failed} failed", any2any_adapter::grouped(load.requests as u64)))?;
            row("requests a second", format!("{:.1}", load.requests_per_second))?;
            row("half take at most", format!("{:.1} ms", 1e3 * load.seconds_percentile_50))?;
            row("99 of 100 take at most", format!("{:.1} ms", 1e3 * load.seconds_percentile_99))?;
        }
        output::line("together:")?;
        row("times as many a second", format!("{:.2}", self.ratio))?;
        row("sources in a batch", format!("{:.1}", self.mean_batch))?;
        let shown = |bytes: Option<u64>| {
            bytes.map_or_else(|| "not known".to_owned(), |bytes| format!("{:.1}", bytes as f64 / 1e6))
        };
        let [start, middle, end] = self.resident_bytes.map(shown);
        row("resident memory", format!("{start} MB before, {middle} MB halfway, {end} MB behind"))
    }
}

/// Resident memory of this process: `VmRSS` of Linux's `/proc/self/status`.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}

/// A client with a connection that is kept open.
struct Client {
    stream: BufReader<TcpStream>,
    host: SocketAddr,
}

/// An HTTP response.
struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    /// The body of a successful response.
    fn checked(self) -> anyhow::Result<String> {
        anyhow::ensure!(self.status == 200, "status {}: {}", self.status, self.body);
        Ok(self.body)
    }
}

impl Client {
    fn connect(host: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        Ok(Self { stream: BufReader::new(stream), host })
    }

    fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.host);
        self.ask(&request)
    }

    fn post(&mut self, path: &str, body: &str) -> anyhow::Result<Answer> {
        let (host, length) = (self.host, body.len());
        let head = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}");
        self.ask(&format!("{head}\r\ncontent-type: application/json\r\n\r\n{body}"))
    }

    fn ask(&mut self, request: &str) -> anyhow::Result<Answer> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("'{}' is no status line", line.trim_end()))?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            match line.trim_end().split_once(':') {
                None if line.trim_end().is_empty() => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse()?;
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, body: String::from_utf8(body)? })
    }
}
