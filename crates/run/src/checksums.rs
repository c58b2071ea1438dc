//! Checksums of a checkpoint's files, which reveal a flipped bit: `checksums.sha256`, in the format of `sha256sum
//! --check`.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::atomic_file;
use crate::error::RunError;

/// The name of the file.
pub(crate) const NAME: &str = "checksums.sha256";

/// The checksums of a folder's files, by name; empty for folders of early versions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checksums(BTreeMap<String, String>);

impl Checksums {
    /// The checksums of some files of a folder.
    pub(crate) fn of(folder: &Path, names: &[&str]) -> Result<Self, RunError> {
        let sum = |name: &&str| {
            let path = folder.join(name);
            let bytes = std::fs::read(&path).map_err(RunError::io(&path))?;
            Ok(((*name).to_owned(), digest(&bytes)))
        };
        names.iter().map(sum).collect::<Result<_, _>>().map(Self)
    }

    /// Writes the checksums into the folder.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), RunError> {
        let lines: String = self.0.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
        atomic_file::write(&folder.join(NAME), lines.as_bytes())
    }

    /// The checksums of the folder that a file is in.
    pub(crate) fn beside(file: &Path) -> Result<Self, RunError> {
        let path = file.with_file_name(NAME);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text.map_err(RunError::io(&path))?,
        };
        let entry = |line: &str| {
            let (sum, name) = line.split_once("  ")?;
            let is_sum = sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_sum.then(|| (name.to_owned(), sum.to_owned()))
        };
        let broken = || RunError::run(&path, "not a file of checksums");
        text.lines().map(|line| entry(line).ok_or_else(broken)).collect::<Result<_, _>>().map(Self)
    }

    /// True if a file of this name was written beside the others.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Fails if a file has changed since it was written; a file without a checksum passes.
    ///
    /// # Errors
    ///
    /// If its checksum differs.
    pub(crate) fn check(&self, file: &Path, bytes: &[u8]) -> Result<(), RunError> {
        let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        match self.0.get(name.as_ref()) {
            Some(sum) if *sum != digest(bytes) => Err(RunError::Altered(file.to_owned())),
            _ => Ok(()),
        }
    }
}

/// A digest of the names and contents of all files below a folder.
pub(crate) fn of_folder(folder: &Path) -> Result<String, RunError> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inside) = folders.pop() {
        for entry in std::fs::read_dir(&inside).map_err(RunError::io(&inside))? {
            let path = entry.map_err(RunError::io(&inside))?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).map_err(RunError::io(&path))?;
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.insert(name, digest(&bytes));
        }
    }
    let lines: String = files.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
    Ok(digest(lines.as_bytes()))
}

/// SHA-256 in hexadecimal digits.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_bit_is_found() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("model");
        std::fs::write(&file, "abc").expect("written");
        assert_eq!(Checksums::beside(&file).expect("none yet"), Checksums::default());
        Checksums::of(folder.path(), &["model"]).expect("read").write(folder.path()).expect("written");
        let written = std::fs::read_to_string(folder.path().join(NAME)).expect("written");
        // The example of FIPS 180-2, appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  model\n";
        assert_eq!(written, known);
        let sums = Checksums::beside(&file).expect("read");
        sums.check(&file, b"abc").expect("as it was written");
        let error = sums.check(&file, b"abb").expect_err("another file").to_string();
        assert!(error.contains("model") && error.contains("checksum"), "{error}");
        std::fs::write(folder.path().join(NAME), "half a li").expect("written");
        assert!(Checksums::beside(&file).is_err());
    }
}
