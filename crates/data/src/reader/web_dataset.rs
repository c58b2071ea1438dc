//! WebDataset: tar archives whose members of one name are one sample (<https://github.com/webdataset/webdataset>).
//!
//! A sample is the members that follow each other and have the same name up to the first dot of its last part. Archives
//! are read from beginning to end, and only the members that are fields.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{Extent, File, Value, grouped};

use super::json_lines::value_at;
use super::lines::wrong;
use super::members::is_hidden;
use super::packed::{self, Unsound};
use super::{BYTES, Sink};
use crate::samples::Absent;
use crate::tarball::{self, Member};
use crate::{DataError, Flaws, Samples};

/// Extensions of members that are texts: the last part of what follows the first dot.
const TEXTS: [&str; 13] = [
    "txt",
    "text",
    "transcript",
    "transcription",
    "cls",
    "cls2",
    "class",
    "count",
    "index",
    "inx",
    "id",
    "lab",
    "json",
];

/// The most bytes of one member.
const MOST: u64 = 2 << 30;

pub(super) fn read(
    path: &Path,
    fields: &BTreeMap<String, String>,
    (chunk, sink): (usize, &mut Sink<'_>),
) -> Result<(), DataError> {
    let (reader, is_packed) = packed::open(path)?;
    let mut rows = Rows::new(path, fields);
    let read = tarball::each(reader, |member| {
        let Member { name, kind, size, mut content, .. } = member;
        if !kind.is_file() && !kind.is_contiguous() {
            return Ok(());
        }
        let start = (!is_packed).then(|| content.raw_file_position());
        let is_new = rows.add(&name, (size, start), &mut content)?;
        if is_new && (rows.count >= chunk || rows.bytes > BYTES) {
            sink(rows.take()).map_err(Stop::Taker)?;
        }
        Ok(())
    });
    match read {
        Ok(()) => rows.end(),
        Err(Stop::Taker(error)) => return Err(error),
        Err(Stop::Broken(error)) => {
            // The samples before are whole.
            sink(rows.last())?;
            return Err(broken(path, &error));
        }
    }
    match rows.all {
        0 => Err(rows.none()),
        _ => sink(rows.last()),
    }
}

/// The reason why reading an archive ends early.
enum Stop {
    Broken(io::Error),
    /// The error of the taker of samples.
    Taker(DataError),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

fn broken(path: &Path, error: &io::Error) -> DataError {
    if let Some(Unsound(reason)) = error.get_ref().and_then(|error| error.downcast_ref()) {
        return wrong(path, reason);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => wrong(path, "the archive is cut off; download or make it again"),
        io::ErrorKind::FileTooLarge => wrong(path, &error.to_string()),
        _ => wrong(path, &format!("is not a sound archive ({error}); download or make it again")),
    }
}

/// A field, and the members that it may come from: the first that is there.
struct Field {
    name: String,
    sources: Vec<Source>,
}

/// A member by its extension, and the path of the value inside of it.
struct Source {
    extension: String,
    path: Option<String>,
}

impl Field {
    fn new(name: &str, extensions: &str) -> Self {
        let source = |extension: &str| {
            let (extension, path) = match extension.split_once(':') {
                Some((extension, path)) => (extension, Some(path.to_owned())),
                None => (extension, None),
            };
            Source { extension: extension.trim_start_matches('.').to_lowercase(), path }
        };
        Self { name: name.to_owned(), sources: extensions.split(';').map(source).collect() }
    }
}

/// What a member holds.
enum Content {
    Bytes(Vec<u8>),
    /// Bytes that stay in the archive, which is not compressed.
    There(Extent),
}

/// Samples that are still to be handed out, and the members of the present one.
struct Rows<'a> {
    path: &'a Path,
    shared: Arc<Path>,
    fields: Vec<Field>,
    columns: Vec<Vec<Value>>,
    absent: BTreeMap<String, BTreeMap<usize, Absent>>,
    count: usize,
    /// Number of bytes of their members.
    bytes: u64,
    /// Number of samples from the beginning of the archive.
    all: usize,
    /// Name of the present sample; none before the first.
    key: Option<String>,
    /// Members of the present sample that are fields, by their extensions.
    members: BTreeMap<String, Content>,
    /// An extension that is no field, as an example.
    other: Option<String>,
    /// Number of samples of which no member is a field, and the first of them.
    passed_over: (usize, String),
}

impl<'a> Rows<'a> {
    fn new(path: &'a Path, fields: &BTreeMap<String, String>) -> Self {
        let fields: Vec<Field> =
            fields.iter().map(|(name, extensions)| Field::new(name, extensions)).collect();
        let columns = vec![Vec::new(); fields.len()];
        Self {
            path,
            shared: Arc::from(path),
            fields,
            columns,
            absent: BTreeMap::new(),
            count: 0,
            bytes: 0,
            all: 0,
            key: None,
            members: BTreeMap::new(),
            other: None,
            passed_over: (0, String::new()),
        }
    }

    /// Adds a member with its size and, in an archive that is not compressed, its place; true if it begins another sample.
    fn add(
        &mut self,
        name: &[u8],
        (size, start): (u64, Option<u64>),
        content: &mut impl Read,
    ) -> io::Result<bool> {
        let Ok(name) = std::str::from_utf8(name) else {
            let name = String::from_utf8_lossy(name);
            return Err(io::Error::other(format!("a name is not UTF-8: '{name}'")));
        };
        let name = name.trim_start_matches("./");
        let last = name.rfind('/').map_or(0, |slash| slash + 1);
        // A name that begins with a dot, or has none, is that of no sample.
        let Some(dot) = name[last..].find('.').filter(|&dot| dot > 0).map(|dot| last + dot) else {
            return Ok(false);
        };
        if is_hidden(name) {
            return Ok(false);
        }
        let (key, extension) = (&name[..dot], name[dot + 1..].to_lowercase());
        let is_new = self.key.as_deref().is_some_and(|known| known != key);
        if is_new {
            self.end();
        }
        self.key = Some(key.to_owned());
        let sources = || self.fields.iter().flat_map(|field| &field.sources);
        if !sources().any(|source| source.extension == extension) {
            self.other.get_or_insert(extension);
            return Ok(is_new);
        }
        if size > MOST {
            return Err(io::Error::other(format!("'{name}' has more than {MOST} bytes")));
        }
        let mut bytes = Vec::new();
        let has_parts = sources().any(|source| source.extension == extension && source.path.is_some());
        let is_file = !is_text(&extension) && !has_parts;
        let found = match start.filter(|_| is_file) {
            Some(start) => {
                // Read all the same, so that an archive that is cut off is known.
                let read = io::copy(content, &mut io::sink())?;
                let extent = Extent { container: self.path.to_owned(), start, length: size };
                (read, Content::There(extent))
            }
            None => (content.read_to_end(&mut bytes)? as u64, Content::Bytes(bytes)),
        };
        if found.0 < size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.bytes += size;
        self.members.insert(extension, found.1);
        Ok(is_new)
    }

    /// Ends the present sample.
    fn end(&mut self) {
        let Some(key) = self.key.take() else { return };
        let members = std::mem::take(&mut self.members);
        if members.is_empty() {
            if self.passed_over.0 == 0 {
                self.passed_over.1 = key;
            }
            self.passed_over.0 += 1;
            return;
        }
        self.all += 1;
        for (field, column) in self.fields.iter().zip(&mut self.columns) {
            let there =
                field.sources.iter().find_map(|source| Some((source, members.get(&source.extension)?)));
            let value = match there {
                Some((source, content)) => source.value(self.path, &key, content),
                None => Err(None),
            };
            column.push(value.unwrap_or_else(|found| {
                let absent = Absent { path: self.shared.clone(), line: self.all, found };
                self.absent.entry(field.name.clone()).or_default().insert(self.count, absent);
                Value::from("")
            }));
        }
        self.count += 1;
    }

    /// The samples so far, which are then no longer here.
    fn take(&mut self) -> Samples {
        (self.count, self.bytes) = (0, 0);
        let names = self.fields.iter().map(|field| field.name.clone());
        let columns = names.zip(self.columns.iter_mut().map(std::mem::take)).collect();
        let absent = std::mem::take(&mut self.absent);
        Samples::new(columns).unwrap_or_default().with_absent(absent)
    }

    /// The last samples, with what was passed over.
    fn last(&mut self) -> Samples {
        let samples = self.take();
        let (count, first) = &self.passed_over;
        let remark = format!(
            "{}: members of {} other names are passed over, since none of them is a field, such as those of '{first}'",
            self.path.display(),
            grouped(*count)
        );
        let remarks = if *count == 0 { Vec::new() } else { vec![remark] };
        samples.with_flaws(Flaws { remarks, ..Flaws::default() })
    }

    /// The error of an archive without samples.
    fn none(&self) -> DataError {
        let sources = self.fields.iter().flat_map(|field| &field.sources);
        let wanted: Vec<String> = sources.map(|source| format!("`.{}`", source.extension)).collect();
        let there =
            self.other.as_ref().map_or("it has no member with another extension".to_owned(), |other| {
                format!("there is `.{other}`, for instance")
            });
        wrong(self.path, &format!("has no sample: no member ends in {}; {there}", wanted.join(", ")))
    }
}

/// True if members with an extension are texts.
fn is_text(extension: &str) -> bool {
    TEXTS.contains(&extension.rsplit('.').next().unwrap_or_default())
}

impl Source {
    /// The value of a member, or what is there instead.
    fn value(&self, archive: &Path, key: &str, content: &Content) -> Result<Value, Option<&'static str>> {
        let name = || archive.join(format!("{key}.{}", self.extension));
        let bytes = match content {
            Content::Bytes(bytes) => bytes,
            Content::There(extent) => return Ok(Value::from(File::within(name(), extent.clone()))),
        };
        let text = || match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Err(_) => Err(Some("not UTF-8")),
        };
        if let Some(path) = &self.path {
            return value_at(text()?, path).map(Value::from);
        }
        if !is_text(&self.extension) {
            return Ok(Value::from(File::in_memory(name(), bytes.as_slice())));
        }
        let text = text()?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        Ok(Value::from(text.strip_suffix('\r').unwrap_or(text)))
    }
}
