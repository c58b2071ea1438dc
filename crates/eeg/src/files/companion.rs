//! Companion files: the samples and markers that lie beside a header.

use std::path::{Path, PathBuf};

use any2any_adapter::File;

/// A file beside which its companions are searched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside<'a>(pub(crate) &'a File);

impl Beside<'_> {
    /// The bytes of the file that is called `name`, or else of one with the header's own stem and one of the
    /// extensions, with a warning.
    pub(crate) fn read(self, name: &str, extensions: &[&str]) -> Result<(Vec<u8>, Option<String>), String> {
        let header = self.0.path();
        // A file of an archive may be called like another one on the disk, whose companions are not its own.
        let same = std::fs::read(header).is_ok_and(|there| self.0.bytes().is_ok_and(|own| *own == *there));
        if !same {
            return Err(format!(
                "its samples lie in '{name}', another file, which cannot be reached from within an archive: unpack \
                 both into one folder"
            ));
        }
        let (path, warning) = self.find(name, extensions).ok_or_else(|| {
            format!("its samples lie in '{name}', which is not beside it: put both into one folder")
        })?;
        let bytes = std::fs::read(&path).map_err(|error| format!("'{}': {error}", path.display()))?;
        Ok((bytes, warning))
    }

    /// The length of the file that [`read`](Self::read) would return; 0 if there is none.
    pub(crate) fn size(self, name: &str, extensions: &[&str]) -> u64 {
        let path = self.find(name, extensions).map(|(path, _)| path);
        path.and_then(|path| std::fs::metadata(path).ok()).map_or(0, |data| data.len())
    }

    /// The path of the file, and a warning if it has another name.
    fn find(self, name: &str, extensions: &[&str]) -> Option<(PathBuf, Option<String>)> {
        let header = self.0.path();
        let folder = header.parent().unwrap_or(Path::new(""));
        // Programs of Windows write whole paths, and it is the last part that is beside the header.
        let last = name.rsplit(['/', '\\']).next().unwrap_or(name).trim();
        let stem = header.file_stem()?.to_str()?;
        let last = last.replace("$b", stem);
        let exact = folder.join(&last);
        if !last.is_empty() && exact.is_file() && exact != header {
            return Some((exact, None));
        }
        let mut wanted = vec![last.to_lowercase()];
        wanted.extend(extensions.iter().map(|extension| format!("{}.{extension}", stem.to_lowercase())));
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let mut names: Vec<String> = std::fs::read_dir(here)
            .ok()?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort_unstable();
        let found = wanted.iter().find_map(|wanted| {
            names.iter().find(|name| name.to_lowercase() == *wanted && folder.join(name) != header)
        })?;
        let warning =
            "the file that the header names is not there: the one of the header's own stem was read"
                .to_owned();
        Some((folder.join(found), Some(warning)))
    }
}
