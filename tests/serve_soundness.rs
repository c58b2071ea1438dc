//! The server over real connections: whatever it is sent, it answers, and goes on answering.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use any2any_adapter::Seed;
use any2any_server::{Limits, Options};
use serde_json::json;

use crate::support::bodies::{mutated, seeds};
use crate::support::served::{Answer, SENTENCE, Served, options, workshop};
use crate::support::started::Started;

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
        ("/api/translate", json!({ "source": text, "prefix": { "text": "der" } }), 400, "malformed"),
        ("/api/next", json!({ "source": text, "prefix": "der ".repeat(2000) }), 413, "too_large"),
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
            json!({ "source": text, "ablated": [{ "stack": "encoder", "kind": "self", "layer": 9, "head": 0 }] }),
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
        ("/api/written?step=1&number=0", 200),
        ("/api/written?task=7", 404),
        ("/api/written?number=18446744073709551615", 404),
        ("/api/written?step=../..", 400),
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
fn a_client_that_reads_nothing_gives_its_place_back() {
    let limits = Limits { connections: 1, unread: Duration::from_secs(1), ..Limits::default() };
    let served = Served::new(limits);
    // More answers than the system keeps for a client that does not read: in the end the server cannot write, and
    // then the client cannot either.
    let mut stream = served.connect();
    stream.set_write_timeout(Some(Duration::from_secs(20))).expect("a limit");
    let question = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100);
    let began = Instant::now();
    let error = loop {
        if let Err(error) = stream.write_all(&question) {
            break error;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "nothing was ever full");
    };
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset};
    assert!([BrokenPipe, ConnectionReset].contains(&error.kind()), "{error}");
    // The only place is free for others.
    assert_eq!(served.get("/api/runs").status, 200);
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
fn a_run_that_cannot_be_read_is_listed_beside_the_others() {
    let good = workshop().path("run");
    for (file, said) in [("resolved.yaml", "resolved.yaml"), ("vocab", "vocab")] {
        let folder = tempfile::tempdir().expect("a folder");
        let broken = folder.path().join("broken");
        let copied = Command::new("cp").arg("-r").args([&good, &broken]).status();
        assert!(copied.expect("cp").success());
        let place = broken.join(file);
        if place.is_dir() {
            std::fs::remove_dir_all(&place).expect("there");
        } else {
            std::fs::write(&place, "a: [1").expect("writable");
        }
        let runs = vec![good.clone(), broken];
        let served = Served::with(Options { runs, ..options() });
        let runs = served.get("/api/runs").json();
        assert!(runs[0]["model"].is_object() && runs[0]["broken"].is_null(), "{runs}");
        assert!(runs[1]["model"].is_null(), "{runs}");
        let reason = runs[1]["broken"].as_str().expect("a reason");
        assert!(reason.contains(said), "{reason}");
        assert!(!reason.contains(&folder.path().display().to_string()), "{reason}");
        served.assert_sound();
    }
}

/// As a run whose tokenizer ends whoever reads it.
#[test]
fn a_run_that_would_end_the_server_is_not_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let deadly = folder.path().join("deadly");
    let copied = Command::new("cp").arg("-r").args([&workshop().path("run"), &deadly]).status();
    assert!(copied.expect("cp").success());
    let probe = |run: &Path| match run.ends_with("deadly") {
        true => Err("a program that opens it is ended (signal: 6)".to_owned()),
        false => Ok(()),
    };
    let runs = vec![workshop().path("run"), deadly];
    let served = Served::with(Options { runs, probe: Some(probe), ..options() });
    let runs = served.get("/api/runs").json();
    assert!(runs[0]["broken"].is_null() && runs[1]["model"].is_null(), "{runs}");
    assert!(runs[1]["broken"].as_str().is_some_and(|reason| reason.contains("signal: 6")), "{runs}");
    let asked = served.post("/api/translate", &json!({ "run": 1, "source": { "text": SENTENCE } }));
    assert_eq!(asked.status, 500, "{}", asked.body);
    served.assert_sound();
}

/// Bodies that are nearly right, and what becomes of them: any answer but a mistake of the server's own.
#[test]
fn mutated_bodies_find_no_panic() {
    let served = Served::new(Limits { time: Duration::from_secs(20), ..Limits::default() });
    let seeds = seeds();
    let random = &mut Seed(5).random("mutations", 0);
    let mut wrong = Vec::new();
    for _ in 0..45 {
        for (path, seed) in &seeds {
            let body = mutated(seed, random);
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

#[test]
#[cfg(unix)]
fn a_signal_stops_the_server_when_its_work_is_done() {
    for (command, signal) in [("serve", "-INT"), ("explore", "-TERM")] {
        let mut options = vec![command, "run", "--no-token"];
        if command == "explore" {
            options.push("--no-open");
        }
        let mut started = Started::new(&mut workshop().command(&options));
        // Long enough to be at work when the signal comes.
        let body = json!({ "source": { "text": SENTENCE }, "decoding": { "beam": { "size": 8 }, "min_length": 200, "max_length": 200 } });
        let body = body.to_string();
        let stream = started.ask("POST", "/api/translate", "", &body);
        std::thread::sleep(Duration::from_millis(300));
        let began = Instant::now();
        started.signal(signal);
        assert_eq!(Answer::read(stream).status, 200, "what was at work is finished");
        let status = started.wait();
        assert!(
            status.success() && began.elapsed() < Duration::from_secs(10),
            "{status} {:?}",
            began.elapsed()
        );
        assert!(TcpStream::connect(&started.address).is_err(), "nobody listens any more");
    }
}
