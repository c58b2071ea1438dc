//! The server over real connections: its answers are those of the library and of the command, and whatever it is
//! sent, it goes on answering.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::Stdio;
use std::sync::OnceLock;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use any2any_adapter::{Random, Seed, Value as Medium};
use any2any_data::DataRoot;
use any2any_experiment::spec::Beam;
use any2any_explorer::{Limits, Options, Server, Stopper, protocol};
use any2any_train::look::{Array, Explained, Interventions, Method};
use any2any_train::{RunFolder, Translator};
use serde_json::{Value, json};

use support::{TRANSFORMER, Workshop};

const TRAINING: &str = "  steps: 120
  label_smoothing: 0.0
evaluation: { metrics: [bleu], every: 60, keep_best: 2, show: 0 }
decoding: { beam: { size: 3 } }";

const SENTENCE: &str = "the dog sees the house today .";

/// A folder with a run, trained once for all tests of this file.
fn workshop() -> &'static Workshop {
    static WORKSHOP: OnceLock<Workshop> = OnceLock::new();
    WORKSHOP.get_or_init(|| {
        let workshop = Workshop::new();
        workshop.experiment(TRANSFORMER, TRAINING);
        let experiment = workshop.path("experiment.yaml").display().to_string();
        workshop.succeed(&["train", &experiment, "--run", "run"]);
        workshop
    })
}

fn translator() -> Translator {
    let run = RunFolder::new(workshop().path("run"));
    Translator::load(&run, "best", &any2any_cli::media()).expect("a run")
}

/// A server in this process; stopped when it is dropped.
struct Served {
    address: SocketAddr,
    url: String,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

/// An answer over a connection of its own.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn read(mut stream: TcpStream) -> Self {
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
    fn new(limits: Limits) -> Self {
        Self::at(IpAddr::V4(Ipv4Addr::LOCALHOST), limits)
    }

    fn at(host: IpAddr, limits: Limits) -> Self {
        let server = Server::bind(Options {
            runs: vec![workshop().path("run")],
            registry: any2any_cli::media(),
            data: Some(DataRoot::at(workshop().path("data"))),
            host,
            port: 0,
            page: true,
            limits,
        });
        let server = server.expect("a free port");
        let (address, url, stopper) = (server.address(), server.url(), server.stopper());
        let thread = Some(std::thread::spawn(move || server.run()));
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port());
        Self { address, url, stopper, thread }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        stream
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
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

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", b"")
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "content-type: application/json\r\n", body.to_string().as_bytes())
    }

    /// The answer to a question that must be a success.
    fn ask(&self, path: &str, body: &Value) -> Value {
        let answer = self.post(path, body);
        assert_eq!(answer.status, 200, "{path} {body}: {}", answer.body);
        answer.json()
    }

    fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").body;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {text}"))
    }

    /// It still does its work, and has never panicked.
    fn assert_sound(&self) {
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

/// The numbers of an array in an answer, which must have the shape that the library says.
fn same(answer: &Value, array: &Array, what: &str) {
    let floats: protocol::Floats = serde_json::from_value(answer.clone()).expect("numbers");
    assert_eq!(floats.shape, array.shape, "{what}");
    assert_eq!(floats.values(), array.values, "{what}");
}

#[test]
fn what_there_is_is_told() {
    let served = Served::new(Limits::default());
    let runs = served.get("/api/runs").json();
    let model = &runs[0]["model"];
    for (pointer, expected) in [
        ("/0/name", json!("small")),
        ("/0/folder", json!("run")),
        ("/0/training", json!(true)),
        ("/0/model/body", json!("transformer")),
        ("/0/model/heads", json!(4)),
        ("/0/model/norm", json!("pre")),
        ("/0/model/positions", json!("sinusoidal")),
        ("/0/model/checkpoints/1/name", json!("step-120")),
        ("/0/model/checkpoints/1/last", json!(true)),
        ("/0/model/tasks/0/name", json!("translate")),
        ("/0/model/tasks/0/source/extensions", json!(["txt"])),
        ("/0/model/tasks/0/target/kind", json!("text")),
        ("/0/model/tasks/0/decoding/beam/size", json!(3)),
        ("/0/model/tasks/0/splits", json!(["train", "validation", "test"])),
    ] {
        assert_eq!(runs.pointer(pointer), Some(&expected), "{pointer} of {runs}");
    }
    let described = workshop().json(&["describe", "run", "--json"]);
    assert_eq!(model["parameters"], described["parameters"]);

    let vocabulary = served.get("/api/vocabulary?run=0&task=0").json();
    let tokens = vocabulary["tokens"].as_array().expect("tokens");
    assert_eq!(tokens.len() as u64, model["tasks"][0]["target"]["vocabulary"].as_u64().expect("a number"));
    assert!(vocabulary["forbidden"].as_array().expect("tokens").contains(&vocabulary["begin"]));

    let samples = served.get("/api/samples?split=test&from=38&count=5").json();
    let (sources, targets) = (workshop().read("test.en"), workshop().read("test.de"));
    let lines: Vec<Value> = (38..40)
        .map(|number| {
            let line = |text: &str| text.lines().nth(number).expect("40 lines").to_owned();
            json!({ "number": number, "source": { "text": line(&sources) }, "target": { "text": line(&targets) } })
        })
        .collect();
    assert_eq!(samples, json!({ "total": 40, "samples": lines }));

    let openapi = served.get("/openapi.json").json();
    assert_eq!(openapi["openapi"], "3.1.0");
    for path in openapi["paths"].as_object().expect("paths").keys() {
        let status = served.get(path).status;
        assert!([200, 400, 404, 405].contains(&status), "{path}: {status}");
    }
    let health = served.get("/health").json();
    assert_eq!(health["status"], "ok");
    served.assert_sound();
}

#[test]
fn translations_are_those_of_the_command() {
    let served = Served::new(Limits::default());
    let sources = workshop().read("test.en");
    let lines: Vec<&str> = sources.lines().take(7).collect();
    for (decoding, options) in [
        (json!({}), &[][..]),
        (json!({ "greedy": {} }), &["--greedy"]),
        (json!({ "beam": { "size": 4, "n_best": 2 } }), &["--beam", "4", "--n-best", "2"]),
        (json!({ "sampling": { "temperature": 1.5, "seed": 3 } }), &["--temperature", "1.5", "--seed", "3"]),
        (json!({ "greedy": {}, "max_length": 3 }), &["--greedy", "--max-length", "3"]),
    ] {
        let mut command = vec!["translate", "run", "--json"];
        command.extend(options);
        // What is drawn depends on a line's number in its batch, and a pipe decides what comes in one batch.
        let count = if decoding["sampling"].is_object() { 1 } else { lines.len() };
        let text = lines[..count].join("\n") + "\n";
        let written: Value = serde_json::from_str(&workshop().pipe(&command, &text)).expect("JSON");
        let given: Vec<Value> = lines[..count].iter().map(|line| json!({ "text": line })).collect();
        let answer = served.ask("/api/translate", &json!({ "sources": given, "decoding": decoding }));
        for (number, translation) in
            written["translations"].as_array().expect("translations").iter().enumerate()
        {
            let outputs = translation["outputs"].as_array().expect("outputs");
            assert_eq!(answer["outputs"][number].as_array().map(Vec::len), Some(outputs.len()));
            for (rank, output) in outputs.iter().enumerate() {
                let answered = &answer["outputs"][number][rank];
                assert_eq!(answered["view"]["text"], output["text"]);
                assert_eq!(answered["labels"], output["tokens"]);
                let difference = answered["log_probability"].as_f64().expect("a number")
                    - output["log_probability"].as_f64().expect("a number");
                assert!(difference.abs() < 1e-4, "{answered} and {output}");
            }
        }
    }
    // A sample is what it holds, and a file what is in it.
    let by_text = served.ask("/api/translate", &json!({ "source": { "text": lines[3] } }));
    let by_sample =
        served.ask("/api/translate", &json!({ "source": { "sample": { "split": "test", "number": 3 } } }));
    let content =
        serde_json::to_value(protocol::Bytes(format!("{}\n", lines[3]).into_bytes())).expect("base64");
    let by_file = json!({ "source": { "file": { "name": "../../a.txt", "content": content } } });
    assert_eq!(by_text, by_sample);
    assert_eq!(by_text, served.ask("/api/translate", &by_file));
    // What is forced comes first.
    let tokens = by_text["outputs"][0][0]["tokens"].as_array().expect("tokens")[..2].to_vec();
    let forced = served.ask("/api/translate", &json!({ "source": { "text": SENTENCE }, "prefix": tokens }));
    assert_eq!(forced["outputs"][0][0]["tokens"].as_array().expect("tokens")[..2], tokens[..]);
}

#[test]
fn a_stream_tells_the_tokens_of_the_translation() {
    let served = Served::new(Limits::default());
    for decoding in [json!({ "greedy": {} }), json!({ "sampling": { "seed": 5 } })] {
        let body = json!({ "source": { "text": SENTENCE }, "decoding": decoding });
        let whole = served.ask("/api/translate", &body);
        let mut streamed = body.clone();
        streamed["stream"] = json!(true);
        let answer = served.post("/api/translate", &streamed);
        assert!(answer.head.contains("application/x-ndjson"), "{}", answer.head);
        let lines: Vec<Value> = answer
            .body
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(Value::is_object)
            .collect();
        let (done, tokens) = lines.split_last().expect("lines");
        assert_eq!(done["done"], whole["outputs"][0][0]);
        let told: Vec<&Value> = tokens.iter().map(|line| &line["token"]).collect();
        let written: Vec<&Value> =
            whole["outputs"][0][0]["tokens"].as_array().expect("tokens").iter().collect();
        assert_eq!(told, written);
    }
    let beam = json!({ "source": { "text": SENTENCE }, "stream": true });
    assert_eq!(served.post("/api/translate", &beam).status, 400);
}

#[test]
fn analyses_are_those_of_the_library() {
    let served = Served::new(Limits::default());
    let translator = translator();
    let given = Medium::from(SENTENCE);
    let source = translator.adapters.read_source(0, &given).expect("a text");
    let written = served.ask("/api/translate", &json!({ "source": { "text": SENTENCE } }));
    let tokens: Vec<u32> =
        serde_json::from_value(written["outputs"][0][0]["tokens"].clone()).expect("token numbers");
    let body = |more: Value| {
        let mut body = json!({ "source": { "text": SENTENCE }, "tokens": tokens });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };

    for (more, masked, muted) in [
        (json!({}), vec![], false),
        (json!({ "masked": [1] }), vec![1], false),
        (json!({ "muted": [{ "stack": "decoder", "kind": "cross", "layer": 0, "head": 2 }] }), vec![], true),
    ] {
        let answer = served.ask("/api/look", &body(more.clone()));
        let place = any2any_train::look::Place {
            stack: any2any_train::look::Stack::Decoder,
            layer: 0,
            kind: any2any_train::look::AttentionKind::Cross,
        };
        let muted = if muted { vec![(place, 2)] } else { vec![] };
        let interventions = Interventions { masked, muted };
        let look = translator.look(0, Some(&source), &tokens, &interventions).expect("a look");
        same(&answer["logits"], look.logits.as_ref().expect("tokens have logits"), "logits");
        assert_eq!(answer["attention"].as_array().map(Vec::len), Some(look.attention.len()));
        for (number, attention) in look.attention.iter().enumerate() {
            same(
                &answer["attention"][number]["weights"],
                &attention.weights,
                &format!("{:?}", attention.place),
            );
        }
        assert_eq!(answer["source"]["positions"].as_array().map(Vec::len), Some(source.positions.len()));
        for (number, position) in look.target.positions.iter().enumerate() {
            let answered = &answer["target"]["positions"][number];
            assert_eq!(answered["label"], json!(position.label));
            assert_eq!(
                answered["log_probability"].as_f64().map(|value| value as f32),
                position.log_probability
            );
        }
    }

    let target = &written["outputs"][0][0]["view"]["text"];
    let scored =
        served.ask("/api/score", &json!({ "source": { "text": SENTENCE }, "target": { "text": target } }));
    let target = Medium::from(target.as_str().expect("a text"));
    let score = &translator.score(0, Some(std::slice::from_ref(&given)), &[target]).expect("a score")[0];
    let shown = serde_json::to_string(score).expect("plain data");
    assert_eq!(scored, serde_json::from_str::<Value>(&shown).expect("as it was written"));

    let next = served
        .ask("/api/next", &json!({ "source": { "text": SENTENCE }, "prefix": tokens[..2], "count": 3 }));
    let expected = translator.next_of_tokens(0, Some(&source.sequence), &tokens[..2], 3).expect("tokens");
    for (number, token) in expected.iter().enumerate() {
        assert_eq!(next["tokens"][number]["label"], json!(token.token));
        assert_eq!(
            next["tokens"][number]["probability"].as_f64().map(|value| value as f32),
            Some(token.probability)
        );
    }

    let beam = Beam { size: 2, ..Beam::default() };
    let tree = translator.search_tree(0, Some(&given), &beam, &[]).expect("a tree");
    let answer = served.ask("/api/beam", &json!({ "source": { "text": SENTENCE }, "size": 2 }));
    assert_eq!(answer["nodes"].as_array().map(Vec::len), Some(tree.nodes.len()));
    assert_eq!(answer["best"], json!(tree.best));
    for (number, node) in tree.nodes.iter().enumerate() {
        let answered = &answer["nodes"][number];
        assert_eq!((&answered["token"], &answered["parent"]), (&json!(node.token), &json!(node.parent)));
        assert!((answered["total"].as_f64().expect("a number") - node.total).abs() < 1e-9);
    }

    for (name, method) in [
        ("occlusion", Method::Occlusion),
        ("gradient", Method::Gradient),
        ("gradient_norm", Method::GradientNorm),
    ] {
        let answer = served.ask("/api/attribution", &body(json!({ "position": 1, "method": name })));
        let explained = Explained { position: 1, token: None };
        let found = translator.attribution(0, Some(&source), &tokens, explained, method).expect("shares");
        let numbers =
            |values: &Value| -> Vec<f32> { serde_json::from_value(values.clone()).expect("numbers") };
        assert_eq!(
            (numbers(&answer["source"]), numbers(&answer["target"])),
            (found.source, found.target),
            "{name}"
        );
    }

    let machine = served.ask("/api/machine", &body(json!({})));
    let parts = translator.machine(0, Some(&source), &tokens).expect("parts");
    assert_eq!(machine["parts"].as_array().map(Vec::len), Some(parts.len()));
    for (number, part) in parts.iter().enumerate() {
        let answered = &machine["parts"][number];
        assert_eq!(answered["id"], json!(part.id));
        for (number, values) in part.values.iter().enumerate() {
            same(&answered["values"][number]["data"], &values.array, &part.id);
        }
    }
    let parameter = parts.iter().flat_map(|part| &part.parameters).next().expect("something is learned");
    let answer = served.get(&format!("/api/parameter?name={}", parameter.name)).json();
    assert_eq!(answer["full_shape"], json!(parameter.shape));
}

#[test]
fn what_cannot_be_done_is_said() {
    let served =
        Served::new(Limits { body: 1 << 16, source: 50, output: 60, sources: 4, ..Limits::default() });
    let text = json!({ "text": SENTENCE });
    let long = "dog ".repeat(200);
    let huge = "dog ".repeat(20_000);
    for (path, body, status, code) in [
        ("/api/translate", json!({}), 400, "no_source"),
        ("/api/translate", json!([]), 400, "malformed"),
        ("/api/translate", json!({ "source": text, "tusk": 1 }), 400, "malformed"),
        ("/api/translate", json!({ "source": { "text": 5 } }), 400, "malformed"),
        ("/api/translate", json!({ "source": text, "sources": [text] }), 400, "malformed"),
        ("/api/translate", json!({ "sources": [] }), 400, "malformed"),
        ("/api/translate", json!({ "sources": [text, text, text, text, text] }), 413, "too_large"),
        ("/api/translate", json!({ "source": text, "task": 1 }), 404, "not_found"),
        ("/api/translate", json!({ "source": text, "run": 1 }), 404, "not_found"),
        ("/api/translate", json!({ "source": text, "checkpoint": "step-1" }), 404, "not_found"),
        (
            "/api/translate",
            json!({ "source": text, "checkpoint": "../../run/checkpoints/step-120" }),
            404,
            "not_found",
        ),
        ("/api/translate", json!({ "source": text, "checkpoint": "/etc/passwd" }), 404, "not_found"),
        (
            "/api/translate",
            json!({ "source": { "sample": { "split": "nowhere", "number": 0 } } }),
            404,
            "not_found",
        ),
        (
            "/api/translate",
            json!({ "source": { "sample": { "split": "test", "number": 40 } } }),
            404,
            "not_found",
        ),
        ("/api/translate", json!({ "source": text, "prefix": [70] }), 400, "token"),
        ("/api/translate", json!({ "source": text, "decoding": { "beam": { "size": 0 } } }), 400, "decoding"),
        (
            "/api/translate",
            json!({ "source": text, "decoding": { "greedy": {}, "beam": {} } }),
            400,
            "decoding",
        ),
        ("/api/translate", json!({ "source": text, "decoding": { "max_length": 61 } }), 400, "decoding"),
        (
            "/api/translate",
            json!({ "source": text, "prefix": [4, 4], "decoding": { "max_length": 1 } }),
            400,
            "search",
        ),
        ("/api/translate", json!({ "source": { "text": long } }), 413, "too_large"),
        ("/api/translate", json!({ "source": { "text": huge } }), 413, "too_large"),
        (
            "/api/translate",
            json!({ "source": { "file": { "name": "a.png", "content": "gAA=" } } }),
            400,
            "unreadable",
        ),
        ("/api/score", json!({ "source": text }), 400, "malformed"),
        ("/api/score", json!({ "source": text, "target": { "text": long } }), 413, "too_large"),
        ("/api/next", json!({ "source": text, "prefix": [1_000_000] }), 400, "token"),
        ("/api/look", json!({ "source": text, "tokens": [70] }), 400, "token"),
        ("/api/look", json!({ "source": text, "tokens": vec![4; 61] }), 413, "too_large"),
        ("/api/look", json!({ "source": text, "masked": [1000] }), 400, "unsupported"),
        (
            "/api/look",
            json!({ "source": text, "muted": [{ "stack": "encoder", "kind": "own", "layer": 9, "head": 0 }] }),
            400,
            "unsupported",
        ),
        ("/api/beam", json!({ "source": text, "size": 1000 }), 400, "decoding"),
        (
            "/api/attribution",
            json!({ "source": text, "tokens": [4], "position": 3, "method": "occlusion" }),
            400,
            "unsupported",
        ),
        (
            "/api/attribution",
            json!({ "source": text, "tokens": [4], "position": 0, "method": "guessing" }),
            400,
            "malformed",
        ),
        ("/api/nothing", json!({}), 404, "not_found"),
        ("/api/runs", json!({}), 405, "method"),
    ] {
        let answer = served.post(path, &body);
        let shown: String = body.to_string().chars().take(200).collect();
        assert_eq!(answer.status, status, "{path} {shown}: {}", answer.body);
        assert_eq!(answer.json()["error"]["code"], code, "{path} {shown}: {}", answer.body);
        assert!(!answer.json()["error"]["message"].as_str().unwrap_or_default().is_empty());
    }
    for (path, status) in [
        ("/api/samples?split=nowhere", 404),
        ("/api/samples?count=many", 400),
        ("/api/samples?split=test&from=18446744073709551615&count=18446744073709551615", 200),
        ("/api/vocabulary?task=7", 404),
        ("/api/vocabulary?run=-1", 400),
        ("/api/parameter?name=no.such", 404),
        ("/api/parameter?name=a&checkpoint=../best", 404),
    ] {
        assert_eq!(served.get(path).status, status, "{path}");
    }
    let broken = served.send("POST", "/api/translate", "", b"{\"task\": 0,\n \"source\": }");
    assert!(broken.status == 400 && broken.body.contains("line 2 column 12"), "{}", broken.body);
    served.assert_sound();
}

#[test]
fn no_path_leads_out_of_the_page() {
    let served = Served::new(Limits::default());
    let page = served.get("/");
    assert_eq!(page.status, 200);
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self' 'sha256-",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
    ] {
        assert!(page.head.contains(header), "{header} is not in {}", page.head);
    }
    assert!(!page.head.contains("access-control"), "{}", page.head);
    for path in [
        "/assets/../Cargo.toml",
        "/assets/%2e%2e/Cargo.toml",
        "/assets/..%2fCargo.toml",
        "/assets/js/..%2f..%2f..%2fsrc%2flib.rs",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/..\\Cargo.toml",
        "/assets/.",
        "/assets/",
        "/../../etc/passwd",
        "/resolved.yaml",
    ] {
        let answer = served.get(path);
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.body.contains("[package]") && !answer.body.contains("root:"), "{path}");
    }
}

#[test]
fn another_site_and_another_name_are_refused() {
    let served = Served::new(Limits::default());
    for (headers, status) in [
        ("host: 127.0.0.1:1\r\n", 200),
        ("host: [::1]\r\n", 200),
        ("host: rebound.example\r\n", 403),
        ("host: localhost\r\norigin: https://example.org\r\n", 403),
        ("host: localhost\r\norigin: http://localhost\r\n", 200),
    ] {
        assert_eq!(served.send("GET", "/api/runs", headers, b"").status, status, "{headers}");
    }
}

#[test]
fn elsewhere_than_on_this_machine_a_token_is_asked_for() {
    let served = Served::at(IpAddr::V4(Ipv4Addr::UNSPECIFIED), Limits::default());
    let (_, token) = served.url.split_once("?token=").expect("the address has the token");
    assert_eq!(served.get("/api/runs").status, 401);
    assert_eq!(served.get("/").status, 401);
    assert_eq!(served.get("/?token=guessed").status, 401);
    assert_eq!(served.get("/health").status, 200);
    let page = served.get(&format!("/?token={token}"));
    assert_eq!(page.status, 200);
    let cookie = format!("set-cookie: any2any_token={token}; path=/; httponly; samesite=strict");
    assert!(page.head.contains(&cookie), "{}", page.head);
    for headers in
        [format!("cookie: any2any_token={token}\r\n"), format!("authorization: Bearer {token}\r\n")]
    {
        assert_eq!(served.send("GET", "/api/runs", &headers, b"").status, 200);
    }
}

#[test]
fn oversized_slow_and_interrupted_requests_leave_the_server_sound() {
    let seconds = Duration::from_secs;
    let limits = Limits { body: 10_000, head: seconds(1), time: seconds(2), ..Limits::default() };
    let served = Served::new(limits);

    // More than is taken, announced or not.
    let large = vec![b' '; 30_000];
    assert_eq!(served.send("POST", "/api/translate", "", &large).status, 413);
    let mut stream = served.connect();
    let head = "POST /api/translate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("it reads");
    for _ in 0..10 {
        let _ = stream.write_all(format!("fa0\r\n{}\r\n", " ".repeat(4000)).as_bytes());
    }
    let _ = stream.write_all(b"0\r\n\r\n");
    assert_eq!(Answer::read(stream).status, 413);
    let many = "x: y\r\n".repeat(20_000);
    let answer = served.send("GET", "/api/runs", &many, b"");
    assert!((400..500).contains(&answer.status), "{}", answer.status);

    // A head that drips, and a body that does.
    let began = Instant::now();
    let mut stream = served.connect();
    for byte in b"GET /api/runs HTTP/1.1\r\nhost: localhost\r\nx-slow: and slower still" {
        if stream.write_all(&[*byte]).is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(40));
    }
    assert_eq!(Answer::read(stream).status, 408);
    let mut stream = served.connect();
    let head = "POST /api/translate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 500\r\n\r\n{";
    stream.write_all(head.as_bytes()).expect("it reads");
    assert_eq!(Answer::read(stream).status, 408);
    assert!(began.elapsed() < seconds(20), "{:?}", began.elapsed());

    // Clients that leave: in the head, in the body, and before the answer.
    let body = json!({ "source": { "text": SENTENCE } }).to_string();
    let whole = format!(
        "POST /api/translate HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    for cut in [1, 20, whole.len() - body.len(), whole.len() - 3, whole.len()] {
        for _ in 0..5 {
            let mut stream = served.connect();
            stream.write_all(&whole.as_bytes()[..cut]).expect("it reads");
        }
    }
    for junk in
        [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"]
    {
        let mut stream = served.connect();
        let _ = stream.write_all(junk);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
    }
    served.assert_sound();
    // Whatever clients left behind has gone with them; the question itself is at work.
    let end = Instant::now() + seconds(5);
    while served.metric("any2any_requests_at_work") > 1.0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(served.metric("any2any_requests_at_work"), 1.0);
    assert_eq!(served.metric("any2any_queue_length"), 0.0);
}

#[test]
fn more_requests_than_are_taken_are_told_to_come_again() {
    let served = Served::new(Limits { requests: 1, ..Limits::default() });
    served.assert_sound();
    let body = json!({ "source": { "text": SENTENCE }, "decoding": { "beam": { "size": 16 }, "min_length": 400, "max_length": 400 } });
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(|| served.post("/api/translate", &body))).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    let busy: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(answers.iter().any(|answer| answer.status == 200), "{answers:?}");
    assert!(!busy.is_empty() && busy.iter().all(|answer| answer.head.contains("retry-after: 1")), "{busy:?}");
    served.assert_sound();
}

#[test]
fn concurrent_requests_are_translated_together_and_each_gets_its_own() {
    let served = Served::new(Limits::default());
    let sources = workshop().read("test.en");
    let expected = workshop().pipe(&["translate", "run"], &sources);
    let ask = |line: &str| served.ask("/api/translate", &json!({ "source": { "text": line } }));
    std::thread::scope(|scope| {
        for (line, translation) in sources.lines().zip(expected.lines()) {
            scope.spawn(move || {
                for _ in 0..3 {
                    assert_eq!(ask(line)["outputs"][0][0]["view"]["text"], translation, "{line}");
                }
            });
        }
    });
    let (sum, count) =
        (served.metric("any2any_batch_sources_sum"), served.metric("any2any_batch_sources_count"));
    assert_eq!(sum, 120.0);
    assert!(count < 100.0, "{count} batches for {sum} sources");
}

/// Bodies that are nearly right, and what becomes of them: any answer but a mistake of the server's own.
#[test]
fn mutated_bodies_find_no_panic() {
    let served = Served::new(Limits { time: Duration::from_secs(20), ..Limits::default() });
    let text = json!({ "text": SENTENCE });
    let seeds = [
        (
            "/api/translate",
            json!({ "task": 0, "source": text, "decoding": { "beam": { "size": 2, "n_best": 1 } }, "prefix": [5, 6] }),
        ),
        (
            "/api/translate",
            json!({ "sources": [text, text], "decoding": { "sampling": { "temperature": 0.7, "top_k": 5, "top_p": 0.9, "seed": 1 } } }),
        ),
        (
            "/api/translate",
            json!({ "source": { "file": { "name": "a.txt", "content": "YSBtYW4gLg==" } }, "decoding": { "greedy": {}, "max_length": 9 }, "stream": true }),
        ),
        (
            "/api/score",
            json!({ "run": 0, "checkpoint": "last", "source": text, "target": { "text": "der Hund sieht das Haus ." } }),
        ),
        (
            "/api/next",
            json!({ "source": { "sample": { "split": "test", "number": 3 } }, "prefix": [5, 9], "count": 4 }),
        ),
        (
            "/api/look",
            json!({ "source": text, "tokens": [5, 9, 11], "masked": [0], "muted": [{ "stack": "decoder", "kind": "own", "layer": 0, "head": 1 }] }),
        ),
        ("/api/beam", json!({ "source": text, "prefix": [5], "size": 3, "length_penalty": 0.6 })),
        (
            "/api/attribution",
            json!({ "source": text, "tokens": [5, 9], "position": 1, "token": 7, "method": "gradient" }),
        ),
        ("/api/machine", json!({ "source": text, "tokens": [5, 9] })),
    ];
    let random = &mut Seed(5).random("mutations", 0);
    let mut wrong = Vec::new();
    for round in 0..45 {
        for (path, seed) in &seeds {
            let body = if round % 3 == 0 {
                bytes(seed, random)
            } else {
                values(seed, random).to_string().into_bytes()
            };
            let answer = served.send("POST", path, "", &body);
            let sound = [200, 400, 404, 413].contains(&answer.status);
            let failed_late = answer.body.contains("\"internal\"");
            if !sound || failed_late {
                wrong.push(format!(
                    "{path} {}: {} {}",
                    String::from_utf8_lossy(&body),
                    answer.status,
                    answer.body
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} bodies:\n{}", wrong.len(), wrong.join("\n"));
    served.assert_sound();
}

/// A body with some bytes changed, dropped or doubled.
fn bytes(seed: &Value, random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_string().into_bytes();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => bytes[at] = random.below(256) as u8,
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, bytes[at]),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

/// A body with one of its values in the place of another, or something odd there.
fn values(seed: &Value, random: &mut Random) -> Value {
    let odd = [
        json!(null),
        json!(-1),
        json!(0),
        json!(1),
        json!(70),
        json!(4_294_967_296_u64),
        json!(u64::MAX),
        json!(1e308),
        json!(-0.5),
        json!(true),
        json!(""),
        json!("\u{0}\u{202e}\u{1F600} e\u{301}"),
        json!("dog ".repeat(300)),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!({ "text": "" }),
        json!([3, 3, 3, 2, 2, 1, 0]),
        json!(vec![7; 500]),
    ];
    let mut places = Vec::new();
    collect(seed, String::new(), &mut places);
    let mut body = seed.clone();
    for _ in 0..=random.below(2) {
        let place = &places[random.below(places.len())];
        let new = match random.below(3) {
            0 => seed.pointer(&places[random.below(places.len())]).cloned().unwrap_or_default(),
            _ => odd[random.below(odd.len())].clone(),
        };
        if let Some(value) = body.pointer_mut(place) {
            *value = new;
        }
    }
    body
}

/// The places of all values below a value.
fn collect(value: &Value, place: String, places: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(values) => {
            values.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (name, value) in below {
        let place = format!("{place}/{name}");
        places.push(place.clone());
        collect(value, place, places);
    }
}

#[test]
#[cfg(unix)]
fn a_signal_stops_the_server_when_its_work_is_done() {
    for (command, signal) in [("serve", "-INT"), ("explore", "-TERM")] {
        let mut options = vec![command, "run"];
        if command == "explore" {
            options.push("--no-open");
        }
        let mut child = workshop()
            .command(&options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        out.read_line(&mut line).expect("the address");
        let address =
            line.trim().strip_prefix("http://").and_then(|url| url.strip_suffix('/')).expect("an address");
        let mut stream = TcpStream::connect(address).expect("it listens");
        // Long enough to be at work when the signal comes.
        let body = json!({ "source": { "text": SENTENCE }, "decoding": { "beam": { "size": 8 }, "min_length": 200, "max_length": 200 } });
        let body = body.to_string();
        let head = format!(
            "POST /api/translate HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        std::thread::sleep(Duration::from_millis(300));
        let began = Instant::now();
        let killed = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(killed.expect("there is kill").success());
        assert_eq!(Answer::read(stream).status, 200, "what was at work is finished");
        let status = child.wait().expect("it ends");
        assert!(
            status.success() && began.elapsed() < Duration::from_secs(10),
            "{status} {:?}",
            began.elapsed()
        );
        assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
    }
}
