//! Reach of a run: the folders below which the files lie that it may name.
//!
//! A run may come from anyone, and the data that it names is displayed, scored and written out. So it reaches the
//! files that came with it (its own folder), those that its user keeps for all experiments (the data root), works on
//! at the moment (the current folder), or names; no others, unless the user trusts its paths.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use any2any_experiment::{absolute_path, real_path};

use crate::DataError;

/// The folders below which the files lie that a run may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    run: Folder,
    /// The data root, and folders that a person named.
    named: Vec<Folder>,
    /// The current folder; none if it is a home or a folder above one.
    current: Option<Folder>,
}

/// A folder by its given path and its real path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Folder {
    called: PathBuf,
    real: PathBuf,
}

impl Folder {
    fn new(path: &Path) -> Self {
        Self { called: absolute_path(path), real: real_path(path) }
    }
}

impl Reach {
    /// The reach of the run in a folder, beside folders that a person named.
    pub(crate) fn new<'p>(run: &Path, named: impl IntoIterator<Item = &'p Path>) -> Self {
        let current = std::env::current_dir().ok();
        let home = ["HOME", "USERPROFILE"].into_iter().find_map(std::env::var_os);
        Self::from(run, named, current.as_deref(), home)
    }

    fn from<'p>(
        run: &Path,
        named: impl IntoIterator<Item = &'p Path>,
        current: Option<&Path>,
        home: Option<OsString>,
    ) -> Self {
        // A home, or a folder above it, holds all of a person's files, not those of the present work.
        let home = home.map(|home| real_path(Path::new(&home)));
        let is_work = |folder: &Folder| {
            folder.real.parent().is_some() && home.as_ref().is_none_or(|home| !home.starts_with(&folder.real))
        };
        Self {
            run: Folder::new(run),
            named: named.into_iter().map(Folder::new).collect(),
            current: current.map(Folder::new).filter(is_work),
        }
    }

    /// Fails for a file that the run may not name.
    pub(crate) fn require(&self, path: &Path) -> Result<(), DataError> {
        if self.has(path) { Ok(()) } else { Err(DataError::OutOfReach { path: path.to_owned() }) }
    }

    fn has(&self, path: &Path) -> bool {
        let (called, real) = (absolute_path(path), real_path(path));
        let is_near = real.starts_with(&self.run.real)
            || self.named.iter().any(|folder| real.starts_with(&folder.real))
            || self.current.as_ref().is_some_and(|current| is_plainly_below(&real, &current.real));
        if is_near {
            return true;
        }
        // A person's own links lead where that person wants; those that came with the run do not.
        let is_called_near = self.named.iter().any(|folder| called.starts_with(&folder.called))
            || self.current.as_ref().is_some_and(|current| is_plainly_below(&called, &current.called));
        is_called_near && !self.passes_through_its_links(&called)
    }

    /// True if a link that lies in the run is on the way to a path.
    fn passes_through_its_links(&self, path: &Path) -> bool {
        let links = path.ancestors().filter(|part| part.is_symlink());
        links.filter_map(Path::parent).any(|folder| real_path(folder).starts_with(&self.run.real))
    }
}

/// True if a path is below a folder, and passes nothing hidden there: keys and settings are no data.
fn is_plainly_below(path: &Path, folder: &Path) -> bool {
    let is_hidden = |part: Component<'_>| part.as_os_str().to_string_lossy().starts_with('.');
    path.strip_prefix(folder).is_ok_and(|below| !below.components().any(is_hidden))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_run_reaches_its_own_and_what_a_person_keeps() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["work/runs/x", "work/data", "work/.ssh", "root/set", "elsewhere", "named"] {
            fs::create_dir_all(at(name)).expect("made");
        }
        for (link, target) in [
            ("work/runs/x/link", "elsewhere"),
            ("work/runs/x/inward", "work/runs/x"),
            ("work/own", "elsewhere"),
            ("root/own", "elsewhere"),
            ("work/other-name", "work/runs/x"),
        ] {
            symlink(at(target), at(link)).expect("linked");
        }
        let (run, root, named, work) = (at("work/runs/x"), at("root"), at("named"), at("work"));
        let reach = |current: &Path, home: &str| {
            Reach::from(&run, [&*root, &*named], Some(current), Some(at(home).into()))
        };
        let working = reach(&work, "home");
        for (path, expected) in [
            ("work/runs/x/data.tsv", true),
            ("work/runs/x/inward/data.tsv", true),
            ("work/data/a.tsv", true),
            ("work/runs/x/../../data/a.tsv", true),
            ("root/set/a.tsv", true),
            ("named/a.tsv", true),
            // Links of the person, and links of the run.
            ("work/own/a.tsv", true),
            ("root/own/a.tsv", true),
            ("work/runs/x/link/a.tsv", false),
            ("work/other-name/link/a.tsv", false),
            ("elsewhere/a.tsv", false),
            ("work/../elsewhere/a.tsv", false),
            ("work/.ssh/key", false),
        ] {
            assert_eq!(working.has(&at(path)), expected, "{path}");
        }
        assert!(!working.has(Path::new("/etc/passwd")));
        // At home nothing is reached but what came with the run, or was named.
        for home in ["work", "work/me"] {
            let at_home = reach(&work, home);
            assert!(!at_home.has(&at("work/data/a.tsv")) && at_home.has(&at("work/runs/x/a.tsv")), "{home}");
            assert!(at_home.has(&at("root/set/a.tsv")));
        }
        assert!(!reach(Path::new("/"), "home").has(&at("elsewhere/a.tsv")));
    }
}
