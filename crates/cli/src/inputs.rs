//! What a person gives a model to read: lines of text, or files of another medium.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};

use any2any_adapter::{File, Kind, Medium, Value};
use anyhow::Context;

use crate::arguments::Usage;

/// Values that are translated together at most: enough for full batches of similar length.
const LINES: usize = 1024;
const FILES: usize = 64;

/// One value to read, with the name that its result goes by.
pub(crate) struct Input {
    pub name: String,
    pub value: Value,
}

/// Everything there is to read, in its order.
pub(crate) enum Inputs {
    /// Lines of texts, as they come in.
    Lines { lines: Receiver<std::io::Result<String>>, number: usize },
    /// Files.
    Files(std::vec::IntoIter<Input>),
}

impl Inputs {
    /// The lines of files, or of standard input, for a medium of texts; files, the files of folders, or
    /// standard input as one file, for any other medium.
    pub(crate) fn new(paths: &[PathBuf], medium: &dyn Medium) -> anyhow::Result<Self> {
        if medium.kind() == Kind::Text {
            for path in paths {
                std::fs::File::open(path).with_context(|| format!("{}", path.display()))?;
            }
            return Ok(Self::Lines { lines: read_ahead(paths.to_vec()), number: 0 });
        }
        let mut files = Vec::new();
        if paths.is_empty() {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            if bytes.is_empty() {
                return Err(Usage(format!(
                    "nothing to read: name files or folders of {}, or give a file on standard input",
                    medium.name()
                ))
                .into());
            }
            let value = Value::File(File::in_memory("standard input", bytes));
            files.push(Input { name: "standard input".to_owned(), value });
        }
        for path in paths {
            for path in if path.is_dir() { members(path, medium)? } else { vec![path.clone()] } {
                files.push(Input { name: path.display().to_string(), value: File::on_disk(&path).into() });
            }
        }
        Ok(Self::Files(files.into_iter()))
    }

    /// All that is there and fits a batch, at least one; `None` at the end. A file fills every batch, while a
    /// person who types gets each line at once.
    pub(crate) fn next_batch(&mut self) -> anyhow::Result<Option<Vec<Input>>> {
        match self {
            Self::Files(files) => {
                let batch: Vec<Input> = files.take(FILES).collect();
                Ok((!batch.is_empty()).then_some(batch))
            }
            Self::Lines { lines, number } => {
                let Ok(first) = lines.recv() else { return Ok(None) };
                let mut batch = vec![first?];
                // A pipe delivers a file in pieces: a short wait lets the next ones in.
                let wait = std::time::Duration::from_millis(5);
                while batch.len() < LINES {
                    match lines.recv_timeout(wait) {
                        Ok(line) => batch.push(line?),
                        Err(_) => break,
                    }
                }
                let input = |line: String| {
                    *number += 1;
                    Input { name: number.to_string(), value: Value::from(line) }
                };
                Ok(Some(batch.into_iter().map(input).collect()))
            }
        }
    }

    /// Whether results go by the names of files.
    pub(crate) fn are_files(&self) -> bool {
        matches!(self, Self::Files(_))
    }
}

/// The files of a folder that a medium reads, by name.
fn members(folder: &Path, medium: &dyn Medium) -> anyhow::Result<Vec<PathBuf>> {
    let known = medium.extensions();
    let reads = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        path.is_file() && known.contains(&extension.to_lowercase().as_str())
    };
    let entries = std::fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    let entries = entries.collect::<Result<Vec<_>, _>>().with_context(|| format!("{}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(reads).collect();
    paths.sort();
    if paths.is_empty() {
        anyhow::bail!("{} holds no file that ends in {}", folder.display(), known.join(", "));
    }
    Ok(paths)
}

/// Reads lines on another thread, so that those that wait can be translated together.
fn read_ahead(paths: Vec<PathBuf>) -> Receiver<std::io::Result<String>> {
    let (sender, receiver) = sync_channel(LINES);
    std::thread::spawn(move || {
        let send = |reader: &mut dyn BufRead| reader.lines().all(|line| sender.send(line).is_ok());
        if paths.is_empty() {
            send(&mut std::io::stdin().lock());
        }
        for path in paths {
            let goes_on = match std::fs::File::open(&path) {
                Ok(file) => send(&mut BufReader::new(file)),
                Err(error) => sender.send(Err(error)).is_ok(),
            };
            if !goes_on {
                return;
            }
        }
    });
    receiver
}
