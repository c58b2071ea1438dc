//! Files, and parts of files, that are named by the fields of a sample: a cell of a sheet, an event of a recording.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use any2any_adapter::{File, Part, Value};
use any2any_experiment::Pattern;
use any2any_experiment::spec::{Cell, FilePart, PartOfFile, Rectangle};

use super::archive::{Archive, Archives};
use super::lines::wrong;
use super::rows::fill;
use crate::DataError;

/// Reader of the values of one field, each a file that its row names.
pub(super) struct Parts<'a> {
    folder: &'a Path,
    archives: &'a Archives,
    archive: Option<Arc<Archive>>,
    name: Pattern,
    part: Option<Numbers>,
    /// Cache of the files on the disk.
    found: HashMap<PathBuf, File>,
}

/// The numbers of a part, as patterns.
enum Numbers {
    Rectangle([Pattern; 4]),
    Cell { column: Pattern, row: Pattern, size: usize },
    Sample(Pattern),
    Second(Pattern),
    Item(Pattern),
}

impl<'a> Parts<'a> {
    pub(super) fn new(
        spec: &PartOfFile,
        folder: &'a Path,
        archives: &'a Archives,
    ) -> Result<Self, DataError> {
        let archive =
            spec.archive.as_ref().map(|archive| archives.open(&folder.join(archive))).transpose()?;
        let file = spec.file.as_ref().map(|file| file.to_string_lossy().into_owned());
        let name = file.or(spec.member.clone()).unwrap_or_default();
        let parse = |text: &str| Pattern::parse(text).map_err(|reason| wrong(folder, &reason));
        let part = match &spec.part {
            None => None,
            Some(FilePart::Rectangle(Rectangle { left, top, width, height })) => {
                Some(Numbers::Rectangle([parse(left)?, parse(top)?, parse(width)?, parse(height)?]))
            }
            Some(FilePart::Cell(Cell { column, row, size })) => {
                Some(Numbers::Cell { column: parse(column)?, row: parse(row)?, size: *size })
            }
            Some(FilePart::Sample(number)) => Some(Numbers::Sample(parse(number)?)),
            Some(FilePart::Second(number)) => Some(Numbers::Second(parse(number)?)),
            Some(FilePart::Item(number)) => Some(Numbers::Item(parse(number)?)),
        };
        Ok(Self { folder, archives, archive, name: parse(&name)?, part, found: HashMap::new() })
    }

    /// The value of a row, whose texts are given.
    pub(super) fn value<'t>(
        &mut self,
        text: impl Fn(&str) -> Result<&'t str, String>,
    ) -> Result<Value, String> {
        let name = fill(&self.name, &text)?;
        let part = self.part.as_ref().map(|numbers| numbers.part(&text)).transpose()?;
        let file = match &self.archive {
            Some(archive) => archive.member(&name).map_err(|error| error.to_string())?.clone(),
            None => self.on_disk(&name)?,
        };
        Ok(Value::from(part.map_or(file.clone(), |part| file.part_of(part))))
    }

    fn on_disk(&mut self, name: &str) -> Result<File, String> {
        // A dataset reads its own folder only; a person's own files may lie anywhere.
        let leaves =
            |name: &str| Path::new(name).components().any(|part| !matches!(part, Component::Normal(_)));
        if !self.folder.as_os_str().is_empty() && leaves(name) {
            return Err(format!("'{name}' leaves the folder of the dataset"));
        }
        let path = self.folder.join(name);
        if let Some(file) = self.found.get(&path) {
            return Ok(file.clone());
        }
        // Before it is searched: its existence is not the run's business either.
        self.archives.require(&path).map_err(|error| error.to_string())?;
        if !path.is_file() {
            return Err(format!("there is no file {}", path.display()));
        }
        let file = File::on_disk(&path);
        self.found.insert(path, file.clone());
        Ok(file)
    }
}

impl Numbers {
    fn part<'t>(&self, text: &impl Fn(&str) -> Result<&'t str, String>) -> Result<Part, String> {
        let whole = |pattern: &Pattern| {
            let number = compute(&fill(pattern, text)?)?;
            usize::try_from(number).map_err(|_| format!("{number} is too large"))
        };
        let scaled = |pattern: &Pattern, size: usize| {
            let number = whole(pattern)?;
            number.checked_mul(size).ok_or_else(|| format!("{number} x {size} is too large"))
        };
        Ok(match self {
            Self::Rectangle([left, top, width, height]) => Part::Rectangle {
                left: whole(left)?,
                top: whole(top)?,
                width: whole(width)?,
                height: whole(height)?,
            },
            Self::Cell { column, row, size } => Part::Rectangle {
                left: scaled(column, *size)?,
                top: scaled(row, *size)?,
                width: *size,
                height: *size,
            },
            Self::Sample(number) => Part::Sample(compute(&fill(number, text)?)?),
            Self::Second(number) => {
                let text = fill(number, text)?;
                let seconds =
                    text.trim().parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0);
                Part::Second(seconds.ok_or_else(|| format!("'{text}' is not a number of seconds"))?)
            }
            Self::Item(number) => Part::Item(whole(number)?),
        })
    }
}

/// A sum of products of whole numbers: `3*32+1`.
fn compute(text: &str) -> Result<u64, String> {
    let not_a_number =
        || format!("'{text}' is not a whole number, nor a sum of products of some, such as 3*32+1");
    let mut sum = 0_u64;
    for product in text.split('+') {
        let mut value = 1_u64;
        for factor in product.split('*') {
            let factor: u64 = factor.trim().parse().map_err(|_| not_a_number())?;
            value = value.checked_mul(factor).ok_or_else(|| format!("{text} is too large"))?;
        }
        sum = sum.checked_add(value).ok_or_else(|| format!("{text} is too large"))?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_products() {
        let cases = [
            ("7", Ok(7)),
            (" 3 * 32 + 1", Ok(97)),
            ("2*3*4", Ok(24)),
            ("0+0", Ok(0)),
            ("18446744073709551615", Ok(u64::MAX)),
            ("18446744073709551615+1", Err("too large")),
            ("4294967296*4294967296", Err("too large")),
            ("-1", Err("'-1' is not a whole number")),
            ("1.5", Err("'1.5' is not a whole number")),
            ("3**2", Err("'3**2' is not a whole number")),
            ("", Err("'' is not a whole number")),
        ];
        for (text, expected) in cases {
            match (compute(text), expected) {
                (Ok(number), Ok(expected)) => assert_eq!(number, expected, "{text}"),
                (Err(reason), Err(expected)) => assert!(reason.contains(expected), "{reason}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
