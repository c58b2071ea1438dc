//! Writer of records, which goes on where a killed process has stopped.
//!
//! A journal says after each part how many records are whole, and what was known then; what a process has written behind
//! the last part of the journal is cut off.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::entry::{Entry, Lock};
use super::records::{BLOCK, LENGTHS, OFFSETS, RECORDS, Records, checksum_of};
use crate::DataError;
use crate::batching::Lengths;

/// The file that says how far the records are whole.
const JOURNAL: &str = "journal.jsonl";

/// Writer of the records of an entry.
#[derive(Debug)]
pub struct Writer {
    entry: Entry,
    lock: Lock,
    records: Appended,
    lengths: Appended,
    offsets: Appended,
    journal: Appended,
    count: usize,
    bytes: u64,
}

/// A line of the journal.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Part {
    records: usize,
    bytes: u64,
    state: Json,
}

impl Writer {
    /// A writer of an entry that is not whole, and what was known when the last part of it was written: null where nothing
    /// was.
    ///
    /// # Errors
    ///
    /// When the cache cannot be read or written.
    pub fn resume(entry: Entry, lock: Lock) -> Result<(Self, Json), DataError> {
        let folder = entry.unfinished();
        std::fs::create_dir_all(&folder)
            .map_err(|source| DataError::Write { path: folder.clone(), source })?;
        let (part, journal) = last_part(&folder)?;
        let Part { records: count, bytes, state } = part;
        let writer = Self {
            records: Appended::open(folder.join(RECORDS), bytes)?,
            lengths: Appended::open(folder.join(LENGTHS), 8 * count as u64)?,
            offsets: Appended::open(folder.join(OFFSETS), 8 * count.div_ceil(BLOCK) as u64)?,
            journal: Appended::open(folder.join(JOURNAL), journal)?,
            entry,
            lock,
            count,
            bytes,
        };
        Ok((writer, state))
    }

    /// The number of records so far.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True before the first record.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Writes a record, with the lengths of its sample.
    ///
    /// # Errors
    ///
    /// When the cache cannot be written.
    pub fn append(&mut self, record: &[u8], lengths: Lengths) -> Result<(), DataError> {
        if self.count.is_multiple_of(BLOCK) {
            self.offsets.write(&self.bytes.to_le_bytes())?;
        }
        self.records.write(&crc32c::crc32c(record).to_le_bytes())?;
        self.records.write(&(record.len() as u32).to_le_bytes())?;
        self.records.write(record)?;
        self.lengths.write(&lengths.source.to_le_bytes())?;
        self.lengths.write(&lengths.target.to_le_bytes())?;
        self.bytes += 8 + record.len() as u64;
        self.count += 1;
        Ok(())
    }

    /// Ends a part: from here on, a process goes on if this one is killed, knowing `state`.
    ///
    /// # Errors
    ///
    /// When the cache cannot be written.
    pub fn commit(&mut self, state: &Json) -> Result<(), DataError> {
        for file in [&mut self.records, &mut self.lengths, &mut self.offsets] {
            file.sync()?;
        }
        let part = json!({ "records": self.count, "bytes": self.bytes, "state": state });
        self.journal.write(format!("{part}\n").as_bytes())?;
        self.journal.sync()
    }

    /// Makes the entry whole, with a description, and opens it.
    ///
    /// # Errors
    ///
    /// When the cache cannot be written or read.
    pub fn finish(mut self, description: Json) -> Result<Records, DataError> {
        for file in [&mut self.records, &mut self.lengths, &mut self.offsets] {
            file.sync()?;
        }
        let folder = self.entry.unfinished();
        let checksums = [LENGTHS, OFFSETS].map(|name| checksum_of(&folder.join(name)));
        let [lengths, offsets] = checksums;
        let described = json!({
            "records": self.count,
            "bytes": self.bytes,
            "checksums": { "lengths": lengths?, "offsets": offsets? },
            "of": description,
        });
        let journal = folder.join(JOURNAL);
        std::fs::remove_file(&journal).map_err(|source| DataError::Write { path: journal, source })?;
        self.entry.finish(&described, &self.lock)?;
        let opened = Records::open(&self.entry)?;
        opened.ok_or_else(|| DataError::File {
            path: self.entry.folder().to_owned(),
            reason: "was written and cannot be read; look whether its disk is sound".to_owned(),
        })
    }
}

/// The last whole line of a journal, and where it ends.
fn last_part(folder: &Path) -> Result<(Part, u64), DataError> {
    let path = folder.join(JOURNAL);
    let read = |source| DataError::Read { path: path.clone(), source };
    let file = match File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Part::default(), 0)),
        file => file.map_err(read)?,
    };
    let (mut last, mut end) = (Part::default(), 0);
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let bytes = reader.read_until(b'\n', &mut line).map_err(read)?;
        // A line that a killed process has not finished is none.
        let whole = (line.last() == Some(&b'\n')).then(|| serde_json::from_slice(&line).ok()).flatten();
        let Some(part) = whole else { return Ok((last, end)) };
        last = part;
        end += bytes as u64;
    }
}

/// A file that is written at its end.
#[derive(Debug)]
struct Appended {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Appended {
    /// Opens a file of which so many bytes are kept.
    fn open(path: PathBuf, kept: u64) -> Result<Self, DataError> {
        let write = |source| DataError::Write { path: path.clone(), source };
        let mut file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(write)?;
        file.set_len(kept).map_err(write)?;
        file.seek(SeekFrom::End(0)).map_err(write)?;
        Ok(Self { file: BufWriter::with_capacity(1 << 18, file), path })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        self.file.write_all(bytes).map_err(|source| DataError::Write { path: self.path.clone(), source })
    }

    fn sync(&mut self) -> Result<(), DataError> {
        let synced = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
        synced.map_err(|source| DataError::Write { path: self.path.clone(), source })
    }
}
