//! Good clients beside hostile ones, for minutes, in one process of little memory: every good request is answered in
//! time, and the memory comes back.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use any2any_adapter::{Random, Seed};
use serde_json::{Value, json};

use crate::support::bodies::{mutated, seeds};
use crate::support::served::{Answer, SENTENCE, workshop};
use crate::support::started::Started;

/// Clients that ask for what the server is there for.
const GOOD: usize = 4;
/// Clients that do not.
const HOSTILE: usize = 12;
/// Longest time of a good request.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes that the process may take at its most.
const MEMORY: u64 = 1 << 30;

#[test]
fn good_requests_are_answered_beside_a_thousand_hostile_ones() {
    mixed(1_000, Duration::from_secs(20));
}

#[test]
#[ignore = "three minutes: CI asks for it"]
fn good_requests_are_answered_for_three_minutes() {
    mixed(10_000, Duration::from_secs(180));
}

/// Sends so many requests, a quarter of them good, in so much time.
fn mixed(requests: usize, time: Duration) {
    let arguments = ["serve", "run", "--no-token", "--memory", "512", "--time-limit", "10"];
    // The address space of the process is a second bound above the one that is measured.
    let server = Started::new(&mut workshop().limited(&arguments));
    for (path, body) in good() {
        ask(&server, path, &body);
    }
    // At work for the first time it reads what it keeps.
    std::thread::sleep(Duration::from_secs(3));
    let idle = memory(&server, "VmRSS");

    let began = Instant::now();
    let sent = AtomicUsize::new(0);
    // The next request's turn, so that all are spread over the time.
    let turn = || {
        let number = sent.fetch_add(1, Ordering::Relaxed);
        let at = time.mul_f64(number as f64 / requests as f64);
        std::thread::sleep(at.saturating_sub(began.elapsed()));
        (number < requests).then_some(number)
    };
    let slowest: Duration = std::thread::scope(|scope| {
        for client in 0..HOSTILE {
            let (server, turn) = (&server, &turn);
            scope.spawn(move || {
                let random = &mut Seed(17).random("hostile", client as u64);
                while turn().is_some() {
                    attack(server, random);
                }
            });
        }
        let clients: Vec<_> = (0..GOOD)
            .map(|_| {
                scope.spawn(|| {
                    let mut slowest = Duration::ZERO;
                    while let Some(number) = turn() {
                        let (path, body) = good()[number % good().len()].clone();
                        slowest = slowest.max(ask(&server, path, &body));
                    }
                    slowest
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().expect("a good client")).max().unwrap_or_default()
    });
    println!(
        "{requests} requests in {:.1} s; the slowest good one took {slowest:?}",
        began.elapsed().as_secs_f64()
    );

    let most = memory(&server, "VmHWM");
    assert!(most < MEMORY, "{} MiB", most >> 20);
    // Work in progress when the last client left ends, and its memory is given back.
    let ends = Instant::now() + Duration::from_secs(20);
    let mut after = memory(&server, "VmRSS");
    while after * 2 > idle * 3 && Instant::now() < ends {
        std::thread::sleep(Duration::from_millis(200));
        after = memory(&server, "VmRSS");
    }
    println!("memory: idle {} MiB, most {} MiB, after {} MiB", idle >> 20, most >> 20, after >> 20);
    assert!(after * 2 <= idle * 3, "{} MiB after {} MiB", after >> 20, idle >> 20);
    let metrics = server.get("/metrics", "").body;
    assert!(metrics.contains("\nany2any_panics_total 0\n"), "{metrics}");
}

/// Requests that people make.
fn good() -> Vec<(&'static str, Value)> {
    let text = json!({ "text": SENTENCE });
    vec![
        ("/api/translate", json!({ "source": text })),
        ("/api/translate", json!({ "sources": vec![text.clone(); 8], "decoding": { "greedy": {} } })),
        ("/api/score", json!({ "source": text, "target": { "text": "der Hund sieht das Haus ." } })),
        ("/api/next", json!({ "source": text, "count": 4 })),
        ("/api/runs", Value::Null),
    ]
}

/// Asks what must be answered in time, and gives how long it took.
fn ask(server: &Started, path: &str, body: &Value) -> Duration {
    let began = Instant::now();
    let stream = match body {
        Value::Null => server.ask("GET", path, "", ""),
        body => server.ask("POST", path, "", &body.to_string()),
    };
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let answer = Answer::read(stream);
    let took = began.elapsed();
    assert!(
        answer.status == 200 && took < PATIENCE,
        "{path}: {} after {took:?}: {}",
        answer.status,
        answer.body
    );
    took
}

/// One thing that nobody should do.
fn attack(server: &Started, random: &mut Random) {
    let Ok(mut stream) = TcpStream::connect(&server.address) else { return };
    // Whatever the server does with it: it may close the connection at any time.
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let _ = stream.set_write_timeout(Some(Duration::from_secs(2)));
    let head = |length: usize| {
        format!(
            "POST /api/translate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let mut send = |bytes: &[u8]| {
        let _ = stream.write_all(bytes);
    };
    let text = json!({ "text": SENTENCE });
    let work = |sources: usize, beam: usize, length: usize| {
        let decoding = json!({ "beam": { "size": beam }, "min_length": length, "max_length": length });
        json!({ "sources": vec![text.clone(); sources], "decoding": decoding }).to_string()
    };
    match random.below(10) {
        // Nearly right.
        0..=3 => {
            let seeds = seeds();
            let (path, seed) = &seeds[random.below(seeds.len())];
            let body = mutated(seed, random);
            let head = head(body.len()).replace("/api/translate", path);
            send(&[head.as_bytes(), &body].concat());
        }
        // Too dear, and as dear as it may be; the client leaves before the answer.
        4 => {
            let (sources, beam, length) =
                [(256, 64, 1024), (16, 64, 200), (64, 64, 20), (1, 64, 1024)][random.below(4)];
            let body = work(sources, beam, length);
            send(&[head(body.len()).as_bytes(), body.as_bytes()].concat());
        }
        // A prefix without end, a text without end.
        5 => {
            let body = match random.below(2) {
                0 => json!({ "source": text, "prefix": vec![4; 20_000] }).to_string(),
                _ => json!({ "source": { "text": "dog ".repeat(200_000) } }).to_string(),
            };
            send(&[head(body.len()).as_bytes(), body.as_bytes()].concat());
        }
        // A body that is cut or stalls, a head that stalls.
        6 => {
            send(head(2_000_000).as_bytes());
            send(&vec![b' '; random.below(1_000_000)]);
        }
        7 => send(b"GET /api/runs HTTP/1.1\r\nhost: localhost\r\nx-slow: "),
        // Something else than HTTP, and paths that lead elsewhere.
        8 => {
            let junk: Vec<u8> = (0..1 + random.below(2000)).map(|_| random.below(256) as u8).collect();
            send(&junk);
        }
        _ => send(b"GET /../../../etc/passwd HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"),
    }
    // Some wait for an answer, and some leave.
    if random.below(3) == 0 {
        let _ = stream.read_to_end(&mut Vec::new());
    } else {
        std::thread::sleep(Duration::from_millis(random.below(50) as u64));
    }
}

/// Bytes of memory that the process has, by their name in its status.
fn memory(server: &Started, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).expect("a size");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}
