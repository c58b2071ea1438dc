//! The contents of files as their medium reads them, before any option of an experiment touches them.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use any2any_adapter::{AnyMedium, Contents, File, Kind, Registry};
use any2any_data::TextFile;
use any2any_frames::npy_of_floats;
use anyhow::Context;
use serde_json::{Value, json};

use super::Range;
use crate::arguments::LookArguments;
use crate::output;
use crate::output_folder::OutputFolder;

/// The most bytes of a file that are read to recognise its format.
const HEAD: u64 = 1 << 16;

pub(super) fn look(
    inputs: &[PathBuf],
    arguments: &LookArguments,
    mut written: Option<OutputFolder>,
    registry: &Registry,
) -> anyhow::Result<()> {
    let forced = arguments.medium.as_deref().map(|name| registry.get(name)).transpose()?;
    let mut looks = Vec::new();
    let mut unreadable = Vec::new();
    let paths = expanded(inputs)?;
    for path in &paths {
        let shown = path.display().to_string();
        let look = Look::new(path, forced.map(AsRef::as_ref), registry);
        let look = look.and_then(|look| {
            let array = written.as_mut().map(|written| look.write(path, written)).transpose()?;
            Ok((look, array))
        });
        match look {
            Ok((look, array)) if arguments.json => looks.push(look.json(&shown, array.as_deref())),
            Ok((look, array)) => look.print(&shown, array.as_deref())?,
            Err(error) => {
                eprintln!("error: {error:#}");
                unreadable.push(json!({ "file": shown, "error": format!("{error:#}") }));
            }
        }
    }
    let failed = unreadable.len();
    if arguments.json {
        output::json(&json!({ "files": looks, "unreadable": unreadable }))?;
    }
    match failed {
        0 => Ok(()),
        failed => anyhow::bail!("{failed} of {} files could not be read", paths.len()),
    }
}

/// Replaces folders by their files, in the order of their names.
fn expanded(inputs: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for input in inputs {
        if !input.is_dir() {
            paths.push(input.clone());
            continue;
        }
        let entries = std::fs::read_dir(input).with_context(|| input.display().to_string())?;
        let entries = entries.collect::<Result<Vec<_>, _>>().with_context(|| input.display().to_string())?;
        let mut files: Vec<PathBuf> =
            entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
        if files.is_empty() {
            anyhow::bail!("the folder {} holds no file", input.display());
        }
        files.sort();
        paths.extend(files);
    }
    Ok(paths)
}

/// The contents of one file, as a medium reads it.
struct Look {
    medium: String,
    contents: Contents,
}

impl Look {
    fn new(path: &Path, forced: Option<&dyn AnyMedium>, registry: &Registry) -> anyhow::Result<Self> {
        let file = File::on_disk(path);
        let found = match forced {
            Some(medium) => Ok(medium),
            None => medium_of(&file, registry),
        };
        match found {
            Ok(medium) if medium.kind() == Kind::Text => {
                Ok(Self { medium: medium.name().to_owned(), contents: lines(path)? })
            }
            Ok(medium) => Ok(Self { medium: medium.name().to_owned(), contents: medium.contents(&file)? }),
            // Texts have no magic number, and any extension.
            Err(unknown) => match lines(path) {
                Ok(contents) if !contents.values.is_empty() => {
                    Ok(Self { medium: "text".to_owned(), contents })
                }
                _ => Err(unknown),
            },
        }
    }

    fn write(&self, path: &Path, written: &mut OutputFolder) -> anyhow::Result<PathBuf> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bytes = npy_of_floats(&self.contents.shape(), &self.contents.values);
        written.write(&format!("{name}.npy"), &bytes)
    }

    fn range(&self) -> Option<Range> {
        Range::of(self.contents.values.iter().copied())
    }

    /// The length in seconds, if one of the axes is time.
    fn seconds(&self) -> Option<f64> {
        let (_, samples) = self.contents.axes.iter().find(|(name, _)| *name == "samples")?;
        Some(*samples as f64 / self.contents.rate?)
    }

    fn json(&self, file: &str, array: Option<&Path>) -> Value {
        let Contents { format, rate, channels, unit, warnings, .. } = &self.contents;
        let axes: Vec<&str> = self.contents.axes.iter().map(|(name, _)| *name).collect();
        json!({
            "file": file,
            "medium": self.medium,
            "format": format,
            "axes": axes,
            "shape": self.contents.shape(),
            "rate": rate,
            "seconds": self.seconds(),
            "channels": channels,
            "unit": unit,
            "range": self.range().as_ref().map(Range::json),
            "warnings": warnings,
            "array": array,
        })
    }

    fn print(&self, file: &str, array: Option<&Path>) -> anyhow::Result<()> {
        let Contents { format, axes, rate, channels, unit, warnings, .. } = &self.contents;
        output::line(format!("{file}: {}, {format}", self.medium))?;
        let lengths: Vec<String> = axes.iter().map(|(_, length)| length.to_string()).collect();
        let names: Vec<&str> = axes.iter().map(|(name, _)| *name).collect();
        output::line(format!("  shape     {} ({})", lengths.join(" x "), names.join(", ")))?;
        if let (Some(rate), Some(seconds)) = (rate, self.seconds()) {
            output::line(format!("  rate      {rate} Hz, {seconds:.3} s"))?;
        }
        if !channels.is_empty() {
            output::line(format!("  channels  {}", channels.join(", ")))?;
        }
        match self.range() {
            Some(range) => output::line(format!("  range     {range} {unit}").trim_end())?,
            None => output::line("  range     none: no value is a number")?,
        }
        if let Some(array) = array {
            output::line(format!("  written   {}", array.display()))?;
        }
        for warning in warnings {
            output::line(format!("  warning   {warning}"))?;
        }
        Ok(())
    }
}

/// The lines of a text as contents, with their numbers of characters.
fn lines(path: &Path) -> anyhow::Result<Contents> {
    let TextFile { lines, broken, remark } = TextFile::read(path)?;
    let mut warnings: Vec<String> = remark.into_iter().collect();
    let mut count = |number: usize, words: &str| {
        if number > 0 {
            warnings.push(format!("{number} of {} lines {words}", lines.len()));
        }
    };
    count(broken.len(), "cannot be read");
    let sound =
        || lines.iter().enumerate().filter(|(place, _)| !broken.contains_key(place)).map(|(_, line)| line);
    count(sound().filter(|line| line.trim().is_empty()).count(), "are empty");
    let distinct: HashSet<&String> = sound().collect();
    count(sound().count() - distinct.len(), "stand there before");
    if sound().next().is_none() && !lines.is_empty() {
        anyhow::bail!("{}: no line can be read as text", path.display());
    }
    warnings.extend(broken.values().take(3).map(ToString::to_string));
    let values: Vec<f32> = lines.iter().map(|line| line.chars().count() as f32).collect();
    Ok(Contents {
        format: "UTF-8".to_owned(),
        axes: vec![("lines", values.len())],
        values,
        unit: "characters",
        warnings,
        ..Contents::default()
    })
}

/// The medium of a file: recognised by its content, or else by its extension.
fn medium_of<'r>(file: &File, registry: &'r Registry) -> anyhow::Result<&'r dyn AnyMedium> {
    let path = file.path().display();
    let mut head = Vec::new();
    std::fs::File::open(file.path())
        .and_then(|opened| opened.take(HEAD).read_to_end(&mut head))
        .with_context(|| format!("{path}"))?;
    let extension = file.extension();
    let of_extension = |medium: &&dyn AnyMedium| medium.extensions().contains(&extension.as_str());
    let recognising: Vec<&dyn AnyMedium> =
        registry.media().filter(|medium| medium.recognises(&head)).collect();
    let medium = recognising
        .iter()
        .copied()
        .find(of_extension)
        .or(recognising.first().copied())
        .or(registry.media().find(of_extension));
    medium.with_context(|| match header(file.path(), registry) {
        Some(header) => format!("{path}: it is no file of its own; look at {} beside it", header.display()),
        None => {
            let known: Vec<&str> = registry.media().map(AnyMedium::name).collect();
            format!(
                "{path}: no medium knows it, by what stands in it or by its ending; name one with --medium ({})",
                known.join(", ")
            )
        }
    })
}

/// The file beside one that cannot be read by itself, such as a header beside its samples.
fn header(path: &Path, registry: &Registry) -> Option<PathBuf> {
    let extensions = registry.media().flat_map(|medium| medium.extensions());
    extensions.map(|extension| path.with_extension(extension)).find(|beside| beside.is_file())
}
