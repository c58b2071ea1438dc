//! Files that are samples: the members of an archive, or the files of a folder, described by their names.

use std::collections::BTreeSet;
use std::path::Path;

use any2any_adapter::{File, Value};
use any2any_experiment::{Pattern, Piece, spec};
use regex::Regex;

use super::archive::Archives;
use super::lines::wrong;
use crate::{DataError, Flaws, PassedOver, Samples};
use any2any_adapter::grouped;

/// Deepest level of folders that is read: deeper than any dataset, and an end for links in a circle.
const DEPTH: usize = 32;

pub(super) fn read(members: &spec::Members, place: &Path, archives: &Archives) -> Result<Samples, DataError> {
    let files: Vec<(String, File)> = match &members.archive {
        Some(_) => {
            let archive = archives.open(place)?;
            archive.members().iter().map(|(name, file)| (name.clone(), file.clone())).collect()
        }
        None => {
            let mut files = Vec::new();
            walk(place, "", 0, archives, &mut files)?;
            files.sort_by(|(a, _), (b, _)| a.cmp(b));
            files
        }
    };
    let pattern = Pattern::parse(&members.names).map_err(|reason| wrong(place, &reason))?;
    let expression = expression(&pattern).map_err(|reason| wrong(place, &reason))?;
    let mut values: Vec<Value> = Vec::new();
    let mut columns: Vec<(String, Vec<Value>)> =
        pattern.fields().map(|field| (field.to_owned(), Vec::new())).collect();
    let mut others = BTreeSet::new();
    for (name, file) in &files {
        let Some(found) = expression.captures(name) else {
            if !is_hidden(name) {
                others.insert(name.clone());
            }
            continue;
        };
        if members.archive.is_none() {
            archives.require(file.path())?;
        }
        values.push(Value::from(file.clone()));
        // The first group is the whole name.
        for (group, (_, texts)) in found.iter().skip(1).zip(&mut columns) {
            texts.push(Value::from(group.map_or("", |group| group.as_str())));
        }
    }
    if values.is_empty() {
        let there = match files.first() {
            Some((example, _)) => format!("it has {} files, such as '{example}'", grouped(files.len())),
            None => "it has no file".to_owned(),
        };
        return Err(wrong(place, &format!("no name fits `{}`: {there}", members.names)));
    }
    columns.insert(0, (members.field.clone(), values));
    let reason = format!("two fields are called the same in `{}`", members.names);
    let samples = Samples::new(columns).ok_or_else(|| wrong(place, &reason))?;
    let patterns = vec![members.names.clone()];
    let passed_over = if others.is_empty() {
        None
    } else {
        Some(PassedOver { place: place.to_owned(), patterns, names: others })
    };
    Ok(samples.with_flaws(Flaws { passed_over: passed_over.into_iter().collect(), ..Flaws::default() }))
}

/// True if systems hide a file or a folder above it, such as `.DS_Store`, or put it into archives for themselves.
pub(super) fn is_hidden(name: &str) -> bool {
    name.split('/')
        .any(|part| part.starts_with('.') || ["__MACOSX", "Thumbs.db", "desktop.ini"].contains(&part))
}

/// The regular expression of a pattern: each placeholder is one or more characters other than `/`, as few as fit. The
/// ending (`.wav`) may be in capitals.
pub(crate) fn expression(pattern: &Pattern) -> Result<Regex, String> {
    let last = pattern.pieces().len().saturating_sub(1);
    let pieces = pattern.pieces().iter().enumerate().map(|(place, piece)| match piece {
        Piece::Text(text) if place == last => match text.rfind('.') {
            Some(dot) => {
                let (name, ending) = text.split_at(dot);
                format!("{}(?i:{})", regex::escape(name), regex::escape(ending))
            }
            None => regex::escape(text),
        },
        Piece::Text(text) => regex::escape(text),
        Piece::Field(_) => "([^/]+?)".to_owned(),
    });
    Regex::new(&format!("^{}$", pieces.collect::<String>())).map_err(|error| error.to_string())
}

/// The files below a folder, with their names from there.
fn walk(
    folder: &Path,
    name: &str,
    depth: usize,
    archives: &Archives,
    files: &mut Vec<(String, File)>,
) -> Result<(), DataError> {
    let read = |source| DataError::Read { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let entry = entry.map_err(read)?;
        // A name that is not UTF-8 fits no pattern.
        let Ok(own) = entry.file_name().into_string() else { continue };
        let path = entry.path();
        let name = if name.is_empty() { own } else { format!("{name}/{own}") };
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() && depth < DEPTH => {
                // Links may lead anywhere, and what is there is not to be listed either.
                if path.is_symlink() {
                    archives.require(&path)?;
                }
                walk(&path, &name, depth + 1, archives, files)?;
            }
            Ok(metadata) if metadata.is_file() => files.push((name, File::on_disk(path))),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::{Members, SplitFiles};

    use super::super::archive::testing::tar;
    use super::super::testing::check;

    fn split(names: &str, archive: Option<&str>, folder: Option<&str>) -> SplitFiles {
        let (archive, folder) = (archive.map(Into::into), folder.map(Into::into));
        SplitFiles::Members(Members { archive, folder, names: names.to_owned(), field: "audio".to_owned() })
    }

    const FILES: [(&str, &[u8]); 4] =
        [("rec/3_jo_10.wav", b"c"), ("rec/3_jo_1.wav", b"b"), ("rec/1_a_b_0.wav", b"a"), ("notes.txt", b"")];

    #[test]
    fn names_become_fields() {
        let archive = tar(&FILES);
        let at = |names: &str| split(names, Some("x.tar"), None);
        let cases = [
            (
                "rec/{digit}_{speaker}_{index}.wav",
                "audio=[x.tar/rec/1_a_b_0.wav]|[x.tar/rec/3_jo_1.wav]|[x.tar/rec/3_jo_10.wav] \
                 digit=1|3|3 speaker=a|jo|jo index=b_0|1|10 \
                 (1 file in x.tar does not match the pattern `rec/{digit}_{speaker}_{index}.wav`: notes.txt)",
            ),
            (
                "{name}.txt",
                "audio=[x.tar/notes.txt] name=notes (3 files in x.tar do not match the pattern `{name}.txt`: \
                 rec/1_a_b_0.wav, rec/3_jo_1.wav, rec/3_jo_10.wav)",
            ),
            (
                "{folder}/{name}.WAV",
                "audio=[x.tar/rec/1_a_b_0.wav]|[x.tar/rec/3_jo_1.wav]|[x.tar/rec/3_jo_10.wav] \
                 folder=rec|rec|rec name=1_a_b_0|3_jo_1|3_jo_10 \
                 (1 file in x.tar does not match the pattern `{folder}/{name}.WAV`: notes.txt)",
            ),
            ("{name}.flac", "x.tar: no name fits `{name}.flac`: it has 4 files, such as 'notes.txt'"),
            ("{a}.{a}", "members/names: two fields are called `a`: give each its own name"),
        ];
        for (names, expected) in cases {
            check(&[("x.tar", &archive)], &at(names), expected);
        }
    }

    #[test]
    fn a_folder_is_read_like_an_archive() {
        let expected = "audio=[set/rec/3_jo_1.wav]|[set/rec/3_jo_10.wav] n=1|10 \
                        (2 files in set do not match the pattern `rec/3_jo_{n}.wav`: notes.txt, rec/1_a_b_0.wav)";
        let files: Vec<_> = FILES.iter().map(|(name, bytes)| (format!("set/{name}"), *bytes)).collect();
        let files: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
        check(&files, &split("rec/3_jo_{n}.wav", None, Some("set")), expected);
        let capitals: [(&str, &[u8]); 5] =
            [("s/a.wav", b""), ("s/B.WAV", b""), ("s/.c.ogg", b""), ("s/d.ogg", b""), ("s/.x/e.wav", b"")];
        let expected =
            "audio=[s/B.WAV]|[s/a.wav] n=B|a (1 file in s does not match the pattern `{n}.wav`: d.ogg)";
        check(&capitals, &split("{n}.wav", None, Some("s")), expected);
        let missing = "cannot read tes: No such file or directory (os error 2)";
        check(&files, &split("{n}", None, Some("tes")), missing);
    }
}
