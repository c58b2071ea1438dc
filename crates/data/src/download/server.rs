//! HTTP server for the tests, on a port of its own, which misbehaves as it is told.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Request of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The path: `/a.gz`.
    pub(crate) path: String,
    /// The first byte of the range, when there is one.
    pub(crate) from: Option<usize>,
}

/// Answer of the server.
pub(crate) struct Answer {
    pub(crate) status: &'static str,
    pub(crate) headers: Vec<String>,
    pub(crate) body: Vec<u8>,
    /// Sends this much of the body, then breaks the connection off.
    pub(crate) cut_off: Option<usize>,
    /// Sends a byte of the body at a time, with such a pause behind each.
    pub(crate) drip: Option<Duration>,
    /// True if the headers have the length of the body.
    pub(crate) length: bool,
}

impl Answer {
    pub(crate) fn status(status: &'static str) -> Self {
        Self { status, headers: Vec::new(), body: b"sorry".to_vec(), cut_off: None, drip: None, length: true }
    }

    /// The whole file, whatever range was asked for.
    pub(crate) fn whole(file: &[u8]) -> Self {
        Self { body: file.to_vec(), ..Self::status("200 OK") }
    }

    /// The answer of a well-behaved server.
    pub(crate) fn proper(file: &[u8], asked: &Asked) -> Self {
        match asked.from {
            None => Self::whole(file),
            Some(from) if from >= file.len() => {
                let headers = vec![format!("Content-Range: bytes */{}", file.len())];
                Self { headers, ..Self::status("416 Range Not Satisfiable") }
            }
            Some(from) => {
                let headers = vec![format!("Content-Range: bytes {from}-{}/{}", file.len() - 1, file.len())];
                Self { headers, body: file[from..].to_vec(), ..Self::status("206 Partial Content") }
            }
        }
    }

    pub(crate) fn cut_off(self, after: usize) -> Self {
        Self { cut_off: Some(after), ..self }
    }

    fn send(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let length = self.body.len();
        let mut headers: String = self.headers.iter().map(|header| format!("{header}\r\n")).collect();
        if self.length {
            headers.push_str(&format!("Content-Length: {length}\r\n"));
        }
        write!(stream, "HTTP/1.1 {}\r\nConnection: close\r\n{headers}\r\n", self.status)?;
        let body = &self.body[..self.cut_off.unwrap_or(length)];
        match self.drip {
            None => stream.write_all(body)?,
            Some(pause) => {
                for byte in body {
                    stream.write_all(&[*byte])?;
                    std::thread::sleep(pause);
                }
            }
        }
        stream.shutdown(Shutdown::Write)
    }
}

/// A server that runs until the test program ends.
pub(crate) struct Server {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Starts a server; `answer` gets the number of the request, from 0, and the request.
    pub(crate) fn start(mut answer: impl FnMut(usize, &Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let Ok(mut stream) = stream else { continue };
                let Some(request) = read_request(&stream) else {
                    continue;
                };
                log.lock().expect("no test panics while it holds the log").push(request.clone());
                // A client that went away is a client that has seen enough.
                let _ = answer(number, &request).send(&mut stream);
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no test panics while it holds the log").clone()
    }
}

fn read_request(stream: &TcpStream) -> Option<Asked> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let mut from = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        let line = line.to_ascii_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().ok();
        }
    }
    Some(Asked { path, from })
}
