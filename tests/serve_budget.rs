//! Budget of a request, and the end of work that nobody waits for: one client cannot take the server from the
//! others.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use any2any_server::Limits;
use serde_json::{Value, json};

use crate::support::served::{Answer, SENTENCE, Served};

const SECOND: Duration = Duration::from_secs(1);

/// A request inside all limits that are about one thing at a time, and minutes of work.
fn dear(sources: usize) -> Value {
    let text = json!({ "text": SENTENCE });
    json!({
        "sources": vec![text; sources],
        "decoding": { "beam": { "size": 64 }, "min_length": 1024, "max_length": 1024 },
    })
}

fn good() -> Value {
    json!({ "source": { "text": SENTENCE } })
}

/// Time of a good request, which is answered.
fn answered(served: &Served) -> Duration {
    let began = Instant::now();
    served.ask("/api/translate", &good());
    began.elapsed()
}

/// A request whose answer nobody has read yet.
fn begun(served: &Served, body: &Value) -> TcpStream {
    let body = body.to_string();
    let mut stream = served.connect();
    let head = format!(
        "POST /api/translate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).expect("it reads");
    stream
}

#[test]
fn what_takes_too_much_memory_is_refused_before_it_begins() {
    let served = Served::new(Limits { memory: 64 << 20, ..Limits::default() });
    let began = Instant::now();
    let answer = served.post("/api/translate", &dear(256));
    assert_eq!(answer.status, 413, "{}", answer.body);
    for part in ["MiB of memory", "at most 32", "--memory"] {
        assert!(answer.body.contains(part), "{part}: {}", answer.body);
    }
    // Tokens that an output begins with are part of it.
    for path in ["/api/translate", "/api/next", "/api/beam"] {
        let answer = served.post(path, &json!({ "source": { "text": SENTENCE }, "prefix": vec![4; 20_000] }));
        assert_eq!(answer.status, 413, "{path}: {}", answer.body);
    }
    assert!(began.elapsed() < 5 * SECOND, "{:?}", began.elapsed());
    served.assert_sound();
}

#[test]
fn work_ends_with_its_time_and_with_its_client() {
    let served = Served::new(Limits { time: SECOND, ..Limits::default() });
    answered(&served);
    // It would take minutes, and is followed by one that waits for the same thread.
    let answer = served.post("/api/translate", &dear(64));
    assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (503, Some("took_too_long")));
    idle(&served);
    drop(begun(&served, &dear(64)));
    idle(&served);
}

/// Waits until no model works any more.
fn idle(served: &Served) {
    // A small one in the lane of the dear ones: what is before it has ended when it is answered.
    let began = Instant::now();
    let body = json!({
        "sources": vec![json!({ "text": SENTENCE }); 64],
        "decoding": { "beam": { "size": 64 }, "max_length": 2 },
    });
    loop {
        let answer = served.post("/api/translate", &body);
        assert!(began.elapsed() < 10 * SECOND, "the work goes on: {}", answer.body);
        if answer.status == 200 {
            break;
        }
    }
}

#[test]
fn what_is_cheap_does_not_wait_for_what_is_dear() {
    let served = Served::new(Limits::default());
    answered(&served);
    let dear = [begun(&served, &dear(64)), begun(&served, &dear(64))];
    for _ in 0..10 {
        let took = answered(&served);
        assert!(took < 5 * SECOND, "{took:?}");
    }
    drop(dear);
    served.assert_sound();
}

#[test]
fn slow_clients_lose_their_places() {
    let served = Served::new(Limits { connections: 8, ..Limits::default() });
    answered(&served);
    let unfinished = "POST /api/translate HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\n{";
    for begun in [unfinished, "GET /api/runs HTTP/1.1\r\nhost:", ""] {
        let slow: Vec<TcpStream> = (0..40)
            .map(|_| {
                let mut stream = served.connect();
                stream.write_all(begun.as_bytes()).expect("the system takes it");
                stream
            })
            .collect();
        let began = Instant::now();
        answered(&served);
        // Five times as many as there are places, each of which is held for as long as a body may say nothing.
        assert!(began.elapsed() < 25 * SECOND, "{begun:?}: {:?}", began.elapsed());
        drop(slow);
    }
    served.assert_sound();
}

#[test]
fn stalled_uploads_hold_nobody_and_large_bodies_keep_no_other_waiting() {
    let served = Served::new(Limits { memory: 1 << 30, ..Limits::default() });
    answered(&served);
    let head = "POST /api/translate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 16000000\r\n\r\n";
    let stalled: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = served.connect();
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&[b' '; 600_000]));
            stream
        })
        .collect();
    // Malformed in its last byte: it is understood whole.
    let large = [&b"{ \"prefix\": [4"[..], &b",4".repeat(7_000_000), b"]"].concat();
    std::thread::scope(|scope| {
        let upload = scope.spawn(|| {
            let began = Instant::now();
            // Who is told to come again comes again.
            loop {
                let answer = served.send("POST", "/api/translate", "", &large);
                if answer.status != 503 || began.elapsed() > 40 * SECOND {
                    return (answer, began.elapsed());
                }
                std::thread::sleep(SECOND / 2);
            }
        });
        while !upload.is_finished() {
            let began = Instant::now();
            assert_eq!(served.get("/health").status, 200);
            assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
        }
        let (answer, took): (Answer, Duration) = upload.join().expect("an answer");
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(took < 30 * SECOND, "{took:?}");
    });
    drop(stalled);
    served.assert_sound();
}
