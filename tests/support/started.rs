//! The program as a server of its own, and what is said to it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::served::Answer;

/// A server that was started as people do; killed when it is dropped.
pub(crate) struct Started {
    child: Child,
    /// The first line that it prints.
    pub(crate) line: String,
    /// The number and port where it listens.
    pub(crate) address: String,
}

impl Started {
    /// Starts it, and waits until it says where it listens.
    pub(crate) fn new(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("an address");
        let line = line.trim().to_owned();
        let address =
            line.strip_prefix("http://").and_then(|rest| rest.split('/').next()).expect("an address");
        Self { child, address: address.to_owned(), line }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request, and leaves the answer to be read.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let (host, length) = (&self.address, body.len());
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}");
        write!(stream, "{head}content-length: {length}\r\n\r\n{body}").expect("sent");
        stream
    }

    pub(crate) fn get(&self, path: &str, headers: &str) -> Answer {
        Answer::read(self.ask("GET", path, headers, ""))
    }

    /// Asks it to end, as `kill` does, and waits until it has.
    #[cfg(unix)]
    pub(crate) fn stop(&mut self, signal: &str) -> ExitStatus {
        self.signal(signal);
        self.wait()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: &str) {
        let killed = Command::new("kill").args([signal, &self.id().to_string()]).status();
        assert!(killed.expect("there is kill").success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
