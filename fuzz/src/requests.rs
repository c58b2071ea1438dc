//! Requests to a server in this process, over real connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::{Once, OnceLock};
use std::time::Duration;

use any2any_data::DataRoot;
use any2any_server::{AccessToken, Limits, Options, Server};

use crate::{Target, experiments, runs, scratch, tokens};

pub(crate) fn targets() -> Vec<Target> {
    vec![
        Target::new("request_translate", tokens::JSON, translate, |bytes| post("/api/translate", bytes)),
        Target::new("request_score", tokens::JSON, score, |bytes| post("/api/score", bytes)),
        Target::new("request_next", tokens::JSON, next, |bytes| post("/api/next", bytes)),
        Target::new("request_look", tokens::JSON, look, |bytes| post("/api/look", bytes)),
        Target::new("request_beam", tokens::JSON, beam, |bytes| post("/api/beam", bytes)),
        Target::new("request_attribution", tokens::JSON, attribution, |bytes| {
            post("/api/attribution", bytes)
        }),
        Target::new("request_machine", tokens::JSON, machine, |bytes| post("/api/machine", bytes)),
        Target::new("request_libretranslate", tokens::JSON, libretranslate, |bytes| {
            post("/translate", bytes)
        }),
        Target::new("request_form", tokens::HTTP, forms, form),
        Target::new("request", tokens::HTTP, requests, raw),
    ]
}

/// The address of the server of this process, which is started when it is asked for first.
fn server() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let limits = Limits {
            body: 1 << 17,
            source: 256,
            output: 32,
            memory: 256 << 20,
            time: Duration::from_secs(10),
            head: Duration::from_secs(1),
            ..Limits::default()
        };
        let server = Server::bind(Options {
            runs: vec![runs::run().folder.path().to_owned()],
            chains: Vec::new(),
            languages: vec!["en:de".parse().expect("two languages")],
            registry: experiments::media(),
            data: Some(DataRoot::at(scratch::path("small"))),
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            page: true,
            token: AccessToken::None,
            origins: Vec::new(),
            limits,
            when_idle: || (),
            probe: None,
        });
        let server = server.expect("a free port");
        let address = server.address();
        std::thread::spawn(move || server.run());
        address
    })
}

/// Longest time for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The whole answer to the bytes that were sent. If nothing comes for `half`, the connection is closed for writing,
/// so that the server knows that the request stays half.
fn exchanged(sent: &[u8], half: Duration) -> String {
    let mut stream = TcpStream::connect(server()).expect("it listens");
    // A server need not read what it has no use for.
    let _ = stream.write_all(sent);
    let mut answer = Vec::new();
    for patience in [half, PATIENCE] {
        stream.set_read_timeout(Some(patience)).expect("a socket");
        match stream.read_to_end(&mut answer) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                assert!(patience < PATIENCE, "no answer comes");
                let _ = stream.shutdown(Shutdown::Write);
            }
            // A connection that is reset behind its answer has answered.
            _ => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// True if an answer is a good one.
///
/// # Panics
///
/// When there is none, or the server was at fault.
fn good(answer: &str) -> bool {
    let status = answer.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {answer:?}"));
    assert_ne!(status, "500", "{answer}");
    status == "200"
}

/// True if a path is answered.
pub(crate) fn answers(path: &str) -> bool {
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    good(&exchanged(head.as_bytes(), PATIENCE))
}

fn post(path: &str, body: &[u8]) -> bool {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    good(&exchanged(&[head.as_bytes(), body].concat(), PATIENCE))
}

/// A form in several parts, which both of the interfaces that take forms are given.
fn form(bytes: &[u8]) -> bool {
    let sent = |path: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: multipart/form-data; \
             boundary=part\r\ncontent-length: {}\r\n\r\n",
            bytes.len()
        );
        good(&exchanged(&[head.as_bytes(), bytes].concat(), PATIENCE))
    };
    // No run here hears, so that the second answer is an error.
    let translated = sent("/translate");
    sent("/v1/audio/transcriptions");
    translated
}

/// A whole request, head and all. Whatever it is, the server answers the next.
fn raw(bytes: &[u8]) -> bool {
    static LOADED: Once = Once::new();
    LOADED.call_once(|| {
        assert!(translate().iter().all(|body| post("/api/translate", body)), "the model is loaded")
    });
    let answer = exchanged(bytes, Duration::from_millis(30));
    let answered = !answer.is_empty() && good(&answer);
    assert!(answers("/health"));
    answered
}

fn bodies<const N: usize>(bodies: [&str; N]) -> Vec<Vec<u8>> {
    bodies.map(|body| body.as_bytes().to_vec()).to_vec()
}

fn translate() -> Vec<Vec<u8>> {
    bodies([
        r#"{"source": {"text": "a dog"}}"#,
        r#"{"task": 0, "sources": [{"text": "a"}, {"text": "the dog"}], "decoding": {"beam": {"size": 2, "n_best": 2}}}"#,
        r#"{"source": {"text": "a dog"}, "decoding": {"sampling": {"temperature": 0.7, "top_k": 3, "seed": 1}, "max_length": 5, "min_length": 1, "no_repeat_ngram": 2, "repetition_penalty": 1.1}}"#,
        r#"{"source": {"text": "a dog"}, "prefix": "ein", "decoding": {"greedy": {}}, "stream": true}"#,
    ])
}

fn libretranslate() -> Vec<Vec<u8>> {
    bodies([
        r#"{"q": "a dog", "source": "en", "target": "de"}"#,
        r#"{"q": ["a dog\n\na", ""], "source": "auto", "target": "de", "format": "text", "alternatives": 2}"#,
    ])
}

fn forms() -> Vec<Vec<u8>> {
    let part = |name: &str, value: &str| {
        format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\
                Content-Type: audio/wav\r\n\r\nRIFF\r\n";
    let fields = part("q", "a dog") + &part("source", "en") + &part("target", "de") + &part("model", "run");
    vec![format!("{fields}--part--\r\n").into_bytes(), format!("{fields}{file}--part--\r\n").into_bytes()]
}

fn score() -> Vec<Vec<u8>> {
    bodies([r#"{"source": {"text": "a dog"}, "target": {"text": "ein hund"}}"#])
}

fn next() -> Vec<Vec<u8>> {
    bodies([r#"{"source": {"text": "a dog"}, "prefix": "ein", "count": 3}"#])
}

fn beam() -> Vec<Vec<u8>> {
    bodies([r#"{"source": {"text": "a dog"}}"#])
}

fn look() -> Vec<Vec<u8>> {
    bodies([
        r#"{"source": {"text": "a dog"}}"#,
        r#"{"source": {"text": "a dog"}, "tokens": [5, 6, 7], "masked": [1], "ablated": [{"stack": "decoder", "kind": "cross", "layer": 0, "head": 1}]}"#,
    ])
}

fn attribution() -> Vec<Vec<u8>> {
    bodies([r#"{"source": {"text": "a dog"}, "tokens": [5, 6], "position": 1, "method": "occlusion"}"#])
}

fn machine() -> Vec<Vec<u8>> {
    bodies([r#"{"source": {"text": "a dog"}, "tokens": [5, 6]}"#])
}

fn requests() -> Vec<Vec<u8>> {
    let get = |path: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").into_bytes()
    };
    let body = r#"{"source": {"text": "a dog"}}"#;
    let post = format!(
        "POST /api/translate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    vec![
        get("/api/runs"),
        get("/api/vocabulary?run=0&task=0"),
        get("/api/training?run=0&from=1"),
        get("/openapi.json"),
        get("/"),
        post.into_bytes(),
    ]
}
