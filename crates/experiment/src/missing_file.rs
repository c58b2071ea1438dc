//! Help for a missing file: the missing folder, or a file of a similar name.

use std::path::Path;

use crate::suggest::suggest;

/// The help if `path` does not exist: the missing folder, or a file of a similar name.
///
/// `given` is the path as it was written; a suggestion is written in the same way.
pub(crate) fn instead_of(path: &Path, given: &Path) -> Option<String> {
    if given.starts_with("~") {
        return Some("`~` is not replaced by your home folder: write the folder out".to_owned());
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        let missing = folder.ancestors().take_while(|folder| !folder.exists()).last().unwrap_or(folder);
        return Some(format!("there is no folder `{}`", missing.display()));
    }
    let wanted = path.file_name()?.to_str()?;
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    let nearest = suggest(wanted, names.iter().map(String::as_str))?;
    Some(format!("did you mean `{}`?", given.with_file_name(nearest).display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("train.de"), "").expect("a file");
        let at = |name: &str| instead_of(&folder.path().join(name), Path::new(name)).unwrap_or_default();
        assert_eq!(at("trian.de"), "did you mean `train.de`?");
        assert_eq!(at("something-else"), "");
        assert!(at("data/train.de").ends_with("data`"), "{}", at("data/train.de"));
        assert!(at("~/train.de").contains("home"), "{}", at("~/train.de"));
    }
}
