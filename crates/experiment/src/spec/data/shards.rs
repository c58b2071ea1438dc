//! Shards: files that follow each other as if they were one, named one by one or by a pattern of their names.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use any2any_adapter::grouped;
use glob::{MatchOptions, Pattern, glob_with};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::File;

/// One file, or several that are read one after the other.
///
/// A name may be a pattern: `*` stands for any characters of a name, `?` for one of them, `[0-9]` for one of a few, and `**`
/// for folders at any depth. Its files are read in the order of their names, byte by byte. A file that has such a
/// name itself is that file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Shards {
    /// One file, or a pattern of names: `shards/train-*.en.gz`.
    One(#[schemars(with = "File")] PathBuf),
    /// Files, or patterns of names, in the order in which they are read.
    Several(#[schemars(with = "Vec<File>", length(min = 1))] Vec<PathBuf>),
}

/// A pattern of names, and the folder in which it begins.
struct Names {
    folder: PathBuf,
    names: PathBuf,
}

impl Shards {
    /// All files and patterns, as they are written.
    pub fn list(&self) -> &[PathBuf] {
        match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::Several(paths) => paths,
        }
    }

    /// The one file that is named; `None` for a list and for a pattern. Paths that are not absolute start at `folder`.
    pub fn single(&self, folder: &Path) -> Option<PathBuf> {
        match self {
            Self::One(path) => Some(folder.join(path)).filter(|path| Names::of(path).is_none()),
            Self::Several(_) => None,
        }
    }

    /// The paths of all files, in the order in which they are read. Paths that are not absolute start at `folder`. Whether
    /// files that are named without a pattern are there is not looked at.
    ///
    /// # Errors
    ///
    /// When no file fits a pattern: its path, and the reason with the way out.
    pub fn files(&self, folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, String)> {
        let mut files = Vec::new();
        for path in self.list() {
            let path = folder.join(path);
            match Names::of(&path) {
                None => files.push(path),
                Some(names) => files.extend(names.files().map_err(|reason| (path, reason))?),
            }
        }
        Ok(files)
    }

    /// The files, and the folders of the patterns, below which all files lie.
    pub fn places(&self, folder: &Path) -> Vec<PathBuf> {
        let place = |path: &PathBuf| {
            let path = folder.join(path);
            match Names::of(&path) {
                Some(names) if names.folder.as_os_str().is_empty() => PathBuf::from("."),
                Some(names) => names.folder,
                None => path,
            }
        };
        self.list().iter().map(place).collect()
    }
}

impl From<PathBuf> for Shards {
    fn from(path: PathBuf) -> Self {
        Self::One(path)
    }
}

impl From<&str> for Shards {
    fn from(path: &str) -> Self {
        Self::One(path.into())
    }
}

/// True if a path is a pattern of names, rather than the name of a file.
pub(crate) fn is_pattern(path: &Path) -> bool {
    Names::of(path).is_some()
}

/// True if there is something at a path, or a file that fits the pattern that it is.
pub(crate) fn is_there(path: &Path) -> bool {
    Names::of(path).map_or_else(|| path.exists(), |names| names.files().is_ok())
}

fn has_signs(part: &OsStr) -> bool {
    part.to_string_lossy().contains(['*', '?', '['])
}

impl Names {
    /// The pattern that a path is; `None` if it is the name of a file or folder.
    fn of(path: &Path) -> Option<Self> {
        if !has_signs(path.as_os_str()) || path.exists() {
            return None;
        }
        let mut folder = PathBuf::new();
        let mut parts = path.components();
        loop {
            let rest = parts.as_path().to_owned();
            let next = folder.join(parts.next()?);
            // A folder that is there has this name, whatever signs are in it.
            if has_signs(next.file_name().unwrap_or_default()) && !next.exists() {
                return Some(Self { folder, names: rest });
            }
            folder = next;
        }
    }

    fn files(&self) -> Result<Vec<PathBuf>, String> {
        let text = |path: &Path| path.to_str().map(str::to_owned).ok_or("a pattern of names must be UTF-8");
        let inside = Path::new(&Pattern::escape(&text(&self.folder)?)).join(text(&self.names)?);
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let found = glob_with(&text(&inside)?, options).map_err(|error| {
            format!("is no pattern of names ({}): write `[*]`, `[?]` or `[[]` for the sign itself", error.msg)
        })?;
        let mut files = Vec::new();
        for path in found {
            let path = path.map_err(|error| error.to_string())?;
            if path.is_file() {
                files.push(path);
            }
        }
        files.sort();
        if files.is_empty() { Err(self.none()) } else { Ok(files) }
    }

    /// The reason why no file is found.
    fn none(&self) -> String {
        let folder = if self.folder.as_os_str().is_empty() { Path::new(".") } else { &self.folder };
        let Ok(entries) = std::fs::read_dir(folder) else {
            return format!("no file fits this pattern: there is no folder {}", folder.display());
        };
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        let there = match names.first() {
            Some(first) => format!("has {} entries, such as '{first}'", grouped(names.len())),
            None => "is empty".to_owned(),
        };
        format!("no file fits this pattern: the folder {} {there}", folder.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().expect("in the folder")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        folder
    }

    fn found(shards: &str, folder: &Path) -> String {
        let shards: Shards = serde_json::from_str(shards).expect("shards");
        let place = format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR);
        match shards.files(folder) {
            Ok(files) => files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" "),
            Err((path, reason)) => format!("{}: {reason}", path.display()),
        }
        .replace(&place, "")
        .replace(&folder.display().to_string(), "HERE")
    }

    #[test]
    fn patterns_become_files_in_the_order_of_their_names() {
        let folder = set(&[
            "a-10.en",
            "a-9.en",
            "a-9.de",
            ".a-1.en",
            "d/a-1.en",
            "d/e/a-2.en",
            "x[1]/a-1.en",
            "q?.en",
        ]);
        for (shards, expected) in [
            ("\"a-9.en\"", "a-9.en"),
            ("\"missing.en\"", "missing.en"),
            ("\"a-*.en\"", "a-10.en a-9.en"),
            ("\"a-?.en\"", "a-9.en"),
            ("\"*/a-*\"", "d/a-1.en x[1]/a-1.en"),
            ("\"**/a-[12].en\"", "d/a-1.en d/e/a-2.en x[1]/a-1.en"),
            ("[\"d/*.en\", \"a-9.en\", \"a-*.de\"]", "d/a-1.en a-9.en a-9.de"),
            // Names that are there are names.
            ("\"x[1]/*\"", "x[1]/a-1.en"),
            ("\"q?.en\"", "q?.en"),
            (
                "\"b-*.en\"",
                "b-*.en: no file fits this pattern: the folder HERE has 7 entries, such as '.a-1.en'",
            ),
            ("\"m/*.en\"", "m/*.en: no file fits this pattern: there is no folder m"),
            // Folders are no files.
            ("\"?\"", "?: no file fits this pattern: the folder HERE has 7 entries, such as '.a-1.en'"),
            (
                "\"a***\"",
                "a***: is no pattern of names (wildcards are either regular `*` or recursive `**`): write `[*]`, \
                 `[?]` or `[[]` for the sign itself",
            ),
        ] {
            assert_eq!(found(shards, folder.path()), expected, "{shards}");
        }
    }

    #[test]
    fn one_file_is_written_as_it_was() {
        for text in ["\"a.en\"", "[\"a.en\",\"b-*.en\"]"] {
            let shards: Shards = serde_json::from_str(text).expect("shards");
            assert_eq!(serde_json::to_string(&shards).expect("JSON"), text);
        }
    }

    #[test]
    fn places_are_known_without_the_files() {
        let shards = Shards::Several(vec!["a/b.en".into(), "a/x*/y.en".into(), "*.en".into()]);
        let places = shards.places(Path::new(""));
        assert_eq!(places, [Path::new("a/b.en"), Path::new("a"), Path::new(".")]);
        assert_eq!(Shards::from("no/such/a.en").single(Path::new("")), Some("no/such/a.en".into()));
        assert_eq!(Shards::from("no/such/*.en").single(Path::new("")), None);
    }
}
