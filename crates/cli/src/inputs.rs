//! Inputs of a model on the command line: lines of text, or files that a medium opens.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};

use any2any_adapter::{AnyMedium, File, Kind, Value};
use any2any_data::{DataError, Lines};
use anyhow::Context;

use crate::arguments::Usage;

/// The most inputs that are translated together: enough for full batches of similar length.
const LINES: usize = 1024;
const FILES: usize = 64;

/// The most files that a message names; the others are counted.
const NAMED: usize = 3;

/// One value to translate.
pub(crate) struct Input {
    /// The name of its result: the number of a line, or the name of a file.
    pub name: String,
    /// The place in messages: `FILE:LINE`, or the name of a file.
    pub place: String,
    /// The value, or the error of a line that cannot be read.
    pub value: Result<Value, DataError>,
}

/// Inputs that are translated together, with the remarks and failures on the way to them.
#[derive(Default)]
pub(crate) struct Batch {
    pub inputs: Vec<Input>,
    /// Remarks about odd files, which are read in spite of it.
    pub remarks: Vec<String>,
    /// The errors of files that cannot be read, or not to their end.
    pub failures: Vec<DataError>,
}

/// All inputs, in order.
pub(crate) enum Inputs {
    /// Lines of texts, as they come in.
    Lines { lines: Receiver<Message>, number: usize },
    /// Files.
    Files { files: std::vec::IntoIter<Input>, remarks: Vec<String> },
}

/// A message from the thread that reads lines.
pub(crate) enum Message {
    Line { place: String, text: Result<String, DataError> },
    Remark(String),
    Failure(DataError),
}

impl Inputs {
    /// Opens the inputs: files and the files of folders, or the lines of files, as [`is_lines`] says; without paths,
    /// standard input.
    pub(crate) fn new(paths: &[PathBuf], medium: &dyn AnyMedium) -> anyhow::Result<Self> {
        let (lines, files): (Vec<&PathBuf>, Vec<&PathBuf>) =
            paths.iter().partition(|path| is_lines(path, medium));
        match (lines.first(), files.first()) {
            (Some(lines), Some(file)) => {
                let (lines, file, medium) = (lines.display(), file.display(), medium.name());
                return Err(Usage(format!(
                    "{lines} holds a source in every line, {file} is one of {medium} as a whole: give them to two calls"
                ))
                .into());
            }
            (Some(_), None) => {
                for path in paths {
                    require_file(path)?;
                }
                return Ok(Self::Lines { lines: read_ahead(paths.to_vec()), number: 0 });
            }
            (None, None) if takes_lines(medium) => {
                return Ok(Self::Lines { lines: read_ahead(Vec::new()), number: 0 });
            }
            (None, _) => {}
        }
        let (mut files, mut remarks) = (Vec::new(), Vec::new());
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
            let (name, place) = ("standard input".to_owned(), "standard input".to_owned());
            let value = Ok(Value::File(File::in_memory("standard input", bytes)));
            files.push(Input { name, place, value });
        }
        for path in paths {
            for path in files_of(path, medium, &mut remarks)? {
                let name = path.display().to_string();
                files.push(Input { place: name.clone(), name, value: Ok(File::on_disk(&path).into()) });
            }
        }
        Ok(Self::Files { files: files.into_iter(), remarks })
    }

    /// The next inputs that are there and fit a batch, at least one; `None` at the end. A file fills every batch, while
    /// a person who types gets each line at once.
    pub(crate) fn next_batch(&mut self) -> Option<Batch> {
        match self {
            Self::Files { files, remarks } => {
                let inputs: Vec<Input> = files.take(FILES).collect();
                (!inputs.is_empty()).then(|| Batch {
                    inputs,
                    remarks: std::mem::take(remarks),
                    ..Batch::default()
                })
            }
            Self::Lines { lines, number } => {
                let mut batch = Batch::default();
                batch.add(lines.recv().ok()?, number);
                // A pipe delivers a file in pieces: a short wait lets the next ones in.
                let wait = std::time::Duration::from_millis(5);
                while batch.inputs.len() < LINES {
                    match lines.recv_timeout(wait) {
                        Ok(message) => batch.add(message, number),
                        Err(_) => break,
                    }
                }
                Some(batch)
            }
        }
    }

    /// The number of files that are left; 0 of lines, whose number nobody knows.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Files { files, .. } => files.len(),
            Self::Lines { .. } => 0,
        }
    }

    /// True if results are named after files.
    pub(crate) fn are_files(&self) -> bool {
        matches!(self, Self::Files { .. })
    }
}

impl Batch {
    fn add(&mut self, message: Message, number: &mut usize) {
        match message {
            Message::Line { place, text } => {
                *number += 1;
                self.inputs.push(Input { name: number.to_string(), place, value: text.map(Value::from) });
            }
            Message::Remark(remark) => self.remarks.push(remark),
            Message::Failure(error) => self.failures.push(error),
        }
    }
}

/// True for a medium whose values stand in lines of text: one of texts, or one that reads `txt`, as ids do.
fn takes_lines(medium: &dyn AnyMedium) -> bool {
    medium.kind() == Kind::Text || medium.extensions().contains(&"txt")
}

/// True if a path is read line by line: a medium that takes lines is given them, unless it opens files of that extension
/// other than plain `txt`, or the path is a folder and it has such files.
pub(crate) fn is_lines(path: &Path, medium: &dyn AnyMedium) -> bool {
    let opens = |extension: &str| extension != "txt" && medium.extensions().contains(&extension);
    let by_file = match path.is_dir() {
        true => medium.extensions().into_iter().any(opens),
        false => opens(&File::on_disk(path).extension()),
    };
    takes_lines(medium) && !by_file
}

/// The files that a path stands for: itself, or those of a folder that a medium reads.
pub(crate) fn files_of(
    path: &Path,
    medium: &dyn AnyMedium,
    remarks: &mut Vec<String>,
) -> anyhow::Result<Vec<PathBuf>> {
    if path.is_dir() { members(path, medium, remarks) } else { Ok(vec![path.to_owned()]) }
}

/// Fails unless a path is something to read lines from. A pipe is not opened before it is read.
fn require_file(path: &Path) -> anyhow::Result<()> {
    let name = || path.display().to_string();
    let metadata = std::fs::metadata(path).with_context(name)?;
    if metadata.is_dir() {
        let name = name();
        return Err(
            Usage(format!("{name} is a folder: name the text files in it, as in `{name}/*.txt`")).into()
        );
    }
    if metadata.is_file() {
        std::fs::File::open(path).with_context(name)?;
    }
    Ok(())
}

/// The files of a folder that a medium reads, by name; the others are counted in a remark.
fn members(folder: &Path, medium: &dyn AnyMedium, remarks: &mut Vec<String>) -> anyhow::Result<Vec<PathBuf>> {
    let known = medium.extensions();
    let reads = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        path.is_file() && known.contains(&extension.to_lowercase().as_str())
    };
    let entries = std::fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    let entries = entries.collect::<Result<Vec<_>, _>>().with_context(|| format!("{}", folder.display()))?;
    let is_hidden = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with('.') || name == "Thumbs.db" || name == "desktop.ini"
    };
    let entries = entries.into_iter().map(|entry| entry.path()).filter(|path| !is_hidden(path));
    let (mut paths, mut others): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(reads);
    paths.sort();
    others.sort();
    if paths.is_empty() {
        anyhow::bail!("{} holds no file that ends in {}", folder.display(), known.join(", "));
    }
    if !others.is_empty() {
        remarks.push(passed_over(folder, &known, &others));
    }
    Ok(paths)
}

/// The remark about a folder's files and folders that the medium does not read.
fn passed_over(folder: &Path, known: &[&str], others: &[PathBuf]) -> String {
    let name = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() { name + "/" } else { name }
    };
    let names: Vec<String> = others.iter().take(NAMED).map(name).collect();
    let more = match others.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{}: {} of its files and folders {} passed over, since no name of them ends in {}: {}{more}",
        folder.display(),
        others.len(),
        if others.len() == 1 { "is" } else { "are" },
        known.join(", "),
        names.join(", "),
    )
}

/// Reads lines on another thread, so that those that wait can be translated together.
fn read_ahead(paths: Vec<PathBuf>) -> Receiver<Message> {
    let (sender, receiver) = sync_channel(LINES);
    std::thread::spawn(move || {
        let send_all = |name: &str, lines: Result<Lines, DataError>| -> bool {
            let lines = match lines {
                Ok(lines) => lines,
                Err(error) => return sender.send(Message::Failure(error)).is_ok(),
            };
            if let Some(remark) = lines.remark()
                && sender.send(Message::Remark(remark)).is_err()
            {
                return false;
            }
            for line in lines {
                let message = match line {
                    Ok(line) => Message::Line { place: format!("{name}:{}", line.number), text: line.text },
                    Err(error) => Message::Failure(error),
                };
                if sender.send(message).is_err() {
                    return false;
                }
            }
            true
        };
        if paths.is_empty() {
            send_all("standard input", Lines::of_standard_input());
        }
        for path in paths {
            if !send_all(&path.display().to_string(), Lines::open(&path)) {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use any2any_adapter::{Adapter, AdapterError, Encoded, Medium, Registry, Side, Stem, Value};

    use super::*;

    /// A medium of a kind that opens files of some extensions.
    struct Opening(Kind, &'static [&'static str]);

    struct Unread;

    impl Adapter for Unread {
        fn stem(&self) -> Stem {
            Stem::Projection { width: 1 }
        }

        fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
            Err(AdapterError::other_medium("nothing", value))
        }
    }

    impl Medium for Opening {
        type Options = serde_json::Value;
        type Adapter = Unread;

        fn name(&self) -> &str {
            "opening"
        }

        fn fields(&self, _options: &serde_json::Value) -> Vec<String> {
            Vec::new()
        }

        fn kind(&self) -> Kind {
            self.0
        }

        fn extensions(&self) -> Vec<&str> {
            self.1.to_vec()
        }

        fn fit(
            &self,
            _side: &Side<serde_json::Value>,
            _values: &mut dyn Iterator<Item = &Value>,
        ) -> Result<Unread, AdapterError> {
            Ok(Unread)
        }
    }

    #[test]
    fn texts_are_lines_unless_their_medium_opens_the_file() {
        let folder = env!("CARGO_MANIFEST_DIR");
        let (plain, notes): (&[&str], &[&str]) = (&["txt"], &["txt", "notes"]);
        for (kind, extensions, path, lines) in [
            (Kind::Text, plain, "a.txt", true),
            (Kind::Text, plain, "a.notes", true),
            (Kind::Text, plain, "a", true),
            (Kind::Text, plain, folder, true),
            (Kind::Text, notes, "a.txt", true),
            (Kind::Text, notes, "a.notes", false),
            (Kind::Text, notes, "a.NOTES", false),
            (Kind::Text, notes, "a.other", true),
            (Kind::Text, notes, folder, false),
            (Kind::Image, &["png"], "a.txt", false),
            (Kind::Custom, notes, "a.txt", true),
            (Kind::Custom, &[], "a", false),
        ] {
            let registry = Registry::new().with(Opening(kind, extensions));
            let medium = registry.get("opening").expect("registered").as_ref();
            assert_eq!(is_lines(path.as_ref(), medium), lines, "{kind} {extensions:?} {path}");
        }
        let registry = Registry::new().with(Opening(Kind::Text, notes));
        let medium = registry.get("opening").expect("registered").as_ref();
        let error = Inputs::new(&["a.notes".into(), "b.txt".into()], medium).err().expect("two ways to read");
        assert!(error.to_string().contains("give them to two calls"), "{error}");
        let files = Inputs::new(&["a.notes".into()], medium).expect("one file");
        assert!(files.are_files());
    }
}
