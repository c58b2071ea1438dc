//! Download of one file from one of its mirrors, over HTTP with byte ranges (RFC 9110, section 14).

use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use ureq::Body;
use ureq::http::{Response, StatusCode, header};

use super::part::Part;
use super::{Downloader, Outcome, Progress, digest};
use crate::{DataError, ManifestFile};

/// Least number of bytes of a round that does not count as a failure.
const PROGRESS: u64 = 1 << 20;

/// The longest pause between two rounds.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Failure of a mirror.
enum Failure {
    /// It may pass if the mirror is asked again.
    Passing(String),
    /// It will not pass.
    Lasting(String),
    /// The disk fails: no mirror helps.
    Disk(DataError),
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::Disk(error)
    }
}

impl Downloader {
    /// Downloads a file that is not there.
    pub(super) fn fetch(
        &self,
        path: &Path,
        file: &ManifestFile,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Outcome, DataError> {
        let mut part = Part::open(path, file)?;
        let resumed_from = part.length;
        let mut mirrors: Vec<(&str, String)> =
            file.urls.iter().map(|url| (url.as_str(), String::new())).collect();
        let mut said = Vec::new();
        let mut failures = 0;
        loop {
            let before = part.length;
            let mut index = 0;
            while let Some((url, last)) = mirrors.get_mut(index) {
                match self.try_mirror(url, &mut part, file, progress) {
                    Ok(()) => {
                        // A resumed part that turned out wrong was thrown away and fetched whole.
                        let resumed_from = if part.restarted { 0 } else { resumed_from };
                        part.finish(path)?;
                        return Ok(Outcome::Downloaded { resumed_from });
                    }
                    Err(Failure::Disk(error)) => return Err(error),
                    Err(Failure::Passing(reason)) => {
                        *last = reason;
                        index += 1;
                    }
                    Err(Failure::Lasting(reason)) => {
                        said.push(format!("{url}: {reason}"));
                        mirrors.remove(index);
                    }
                }
            }
            failures = if part.length >= before + PROGRESS { 0 } else { failures + 1 };
            if mirrors.is_empty() || failures >= self.rounds {
                said.extend(mirrors.iter().map(|(url, reason)| format!("{url}: {reason}")));
                part.abandon();
                return Err(DataError::Download { path: path.to_owned(), attempts: said });
            }
            let doubled = self.backoff.saturating_mul(1 << failures.saturating_sub(1).min(16));
            std::thread::sleep(doubled.min(LONGEST_PAUSE));
        }
    }

    /// Downloads the rest of the file from one mirror, and checks the whole.
    fn try_mirror(
        &self,
        url: &str,
        part: &mut Part,
        file: &ManifestFile,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Failure> {
        loop {
            let offset = part.length;
            if offset < file.bytes {
                let response = self.ask(url, offset)?;
                let body = check_response(response, part, file)?;
                receive(body, part, file, self.lowest, progress)?;
            }
            let found = digest::of_file(&part.path)?;
            if found == file.sha256 {
                return Ok(());
            }
            part.clear()?;
            if offset == 0 {
                let reason = format!("SHA-256 is {found}, the manifest says {}", file.sha256);
                return Err(Failure::Lasting(reason));
            }
            // Bytes from an earlier run or another mirror may be to blame: download the whole.
        }
    }

    fn ask(&self, url: &str, offset: u64) -> Result<Response<Body>, Failure> {
        // Compression on the way would change what byte ranges count.
        let mut request = self.agent.get(url).header(header::ACCEPT_ENCODING, "identity");
        if offset > 0 {
            request = request.header(header::RANGE, format!("bytes={offset}-"));
        }
        request.call().map_err(|error| Failure::Passing(error.to_string()))
    }
}

/// Checks status and headers, and returns the body, with the part prepared for it.
fn check_response(response: Response<Body>, part: &mut Part, file: &ManifestFile) -> Result<Body, Failure> {
    let range = ContentRange::of(&response);
    let other_size = |bytes: u64| {
        Failure::Lasting(format!("its file has {bytes} bytes, the manifest says {}", file.bytes))
    };
    match response.status() {
        StatusCode::OK => {
            // A server that knows no ranges sends the whole; an error page is sent as if it were the whole.
            if let Some(bytes) = content_length(&response).filter(|&bytes| bytes != file.bytes) {
                return Err(other_size(bytes));
            }
            part.clear()?;
            Ok(response.into_body())
        }
        StatusCode::PARTIAL_CONTENT => match range {
            Some(ContentRange { total: Some(total), .. }) if total != file.bytes => Err(other_size(total)),
            Some(ContentRange { start: Some(start), .. }) if start == part.length => Ok(response.into_body()),
            _ => {
                part.clear()?;
                Err(Failure::Passing("it sent another part of the file than was asked for".to_owned()))
            }
        },
        StatusCode::RANGE_NOT_SATISFIABLE => {
            let total = range.and_then(|range| range.total).filter(|&total| total != file.bytes);
            match total {
                Some(total) => Err(other_size(total)),
                None => {
                    part.clear()?;
                    Err(Failure::Passing("it does not send parts of the file".to_owned()))
                }
            }
        }
        status => {
            let passing = status.is_server_error()
                || matches!(
                    status,
                    StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
                );
            let reason = format!("it answered {status}");
            Err(if passing { Failure::Passing(reason) } else { Failure::Lasting(reason) })
        }
    }
}

fn content_length(response: &Response<Body>) -> Option<u64> {
    response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// Copies the body to the end of the part.
fn receive(
    body: Body,
    part: &mut Part,
    file: &ManifestFile,
    lowest: (u64, Duration),
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Failure> {
    let (least, window) = lowest;
    let (mut began, mut before) = (Instant::now(), part.length);
    let mut reader = body.into_reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        progress(Progress { file: &file.path, done: part.length, total: file.bytes });
        let read = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(Failure::Passing(format!("it broke off at byte {}: {error}", part.length)));
            }
        };
        if part.length + read as u64 > file.bytes {
            part.clear()?;
            return Err(Failure::Lasting(format!(
                "its file is larger than the {} bytes of the manifest",
                file.bytes
            )));
        }
        part.append(&buffer[..read])?;
        if began.elapsed() >= window {
            let came = part.length - before;
            if came < least && part.length < file.bytes {
                return Err(Failure::Passing(format!(
                    "it is too slow: {came} bytes came within {:.0?}, and at least {least} are needed; what came is kept, \
                     and fetching it again goes on at byte {}",
                    began.elapsed(),
                    part.length
                )));
            }
            (began, before) = (Instant::now(), part.length);
        }
    }
    if part.length < file.bytes {
        return Err(Failure::Passing(format!("it broke off at byte {} of {}", part.length, file.bytes)));
    }
    Ok(())
}

/// The header `Content-Range: bytes START-END/TOTAL`, where either side may be `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ContentRange {
    start: Option<u64>,
    total: Option<u64>,
}

impl ContentRange {
    fn of(response: &Response<Body>) -> Option<Self> {
        Self::parse(response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let start = range.split_once('-').and_then(|(start, _)| start.trim().parse().ok());
        Some(Self { start, total: total.trim().parse().ok() })
    }
}
