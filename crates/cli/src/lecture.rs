//! The runs of `any2any lecture`: one archive that is part of the program, and how it is made.
//!
//! The archive is a tar file compressed with zstd (RFC 8878) that holds a folder for each run: what translating and
//! explaining need of it, with 8-bit weights. It is unpacked into a temporary folder, so that a lecture needs neither
//! data nor training, and leaves nothing behind.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use any2any_adapter::Registry;
use any2any_run::RunFolder;
use any2any_translate::Precision;
use tempfile::TempDir;

/// The archive that ships with the program.
const SHIPPED: &[u8] = include_bytes!("../assets/lecture.tar.zst");

/// The level of compression: the archive is made once and unpacked often, at the same speed whatever the level.
const LEVEL: i32 = 19;

/// The most bytes of a file and of all runs together, unpacked: what ships is far below.
const MOST_BYTES: u64 = 64 << 20;

/// The file of a sweep's results, which is all that its map needs.
const SWEEP: &str = "sweep.json";

/// Runs in a temporary folder, which is removed with this.
#[derive(Debug)]
pub(crate) struct Unpacked {
    folder: TempDir,
    /// The folders of the runs, in the order of the archive.
    pub(crate) runs: Vec<PathBuf>,
}

impl Unpacked {
    /// The folder that holds all of them.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Unpacks the runs that ship with the program.
pub(crate) fn unpack() -> anyhow::Result<Unpacked> {
    unpack_from(SHIPPED)
}

fn unpack_from(archive: &[u8]) -> anyhow::Result<Unpacked> {
    let folder = tempfile::Builder::new().prefix("any2any-lecture-").tempdir()?;
    let mut runs: Vec<PathBuf> = Vec::new();
    let bytes = zstd::Decoder::new(archive)?.take(MOST_BYTES);
    let mut archive = tar::Archive::new(bytes);
    for entry in archive.entries()? {
        let mut entry = entry?;
        if let Some(name) = entry.path()?.components().next() {
            let run = folder.path().join(name);
            if !runs.contains(&run) {
                runs.push(run);
            }
        }
        entry.unpack_in(folder.path())?;
    }
    if runs.is_empty() {
        anyhow::bail!("this program carries no runs for a lecture; name some, as in `any2any lecture RUN`");
    }
    Ok(Unpacked { folder, runs })
}

/// Packs runs into an archive, and gives its size in bytes. Sweeps keep their results, all others their best weights,
/// rounded to 8 bits.
pub(crate) fn pack(runs: &[PathBuf], file: &Path, registry: &Registry) -> anyhow::Result<u64> {
    let reduced = tempfile::Builder::new().prefix("any2any-lecture-").tempdir()?;
    let mut archive = tar::Builder::new(Vec::new());
    archive.mode(tar::HeaderMode::Deterministic);
    for run in runs {
        let name = run
            .file_name()
            .ok_or_else(|| anyhow::anyhow!("{}: this path ends in no folder's name", run.display()))?;
        let copy = reduced.path().join(name);
        if copy.exists() {
            anyhow::bail!("{}: another run has the same folder's name; rename one of them", run.display());
        }
        if run.join(SWEEP).is_file() {
            std::fs::create_dir(&copy)?;
            for file in [SWEEP, "experiment.yaml"] {
                std::fs::copy(run.join(file), copy.join(file))?;
            }
        } else {
            RunFolder::new(run).export("best", &copy, registry, Precision::Int8)?;
        }
        append(&mut archive, reduced.path(), &copy)?;
    }
    let bytes = zstd::encode_all(archive.into_inner()?.as_slice(), LEVEL)?;
    any2any_run::atomic_file::write(file, &bytes)?;
    Ok(bytes.len() as u64)
}

/// Appends a folder with all that it holds, in the order of names, so that the same runs give the same archive.
fn append(archive: &mut tar::Builder<Vec<u8>>, root: &Path, path: &Path) -> io::Result<()> {
    if !path.is_dir() {
        let name = path.strip_prefix(root).map_err(io::Error::other)?;
        return archive.append_path_with_name(path, name);
    }
    let mut inside: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    inside.sort();
    inside.iter().try_for_each(|each| append(archive, root, each))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_that_ships_is_small_and_holds_runs() {
        assert!(SHIPPED.len() < 5_000_000, "{} bytes", SHIPPED.len());
        let unpacked = unpack().expect("it can be unpacked");
        assert!(unpacked.runs.len() > 5, "{:?}", unpacked.runs);
        for run in &unpacked.runs {
            assert!(run.join("resolved.yaml").is_file() || run.join(SWEEP).is_file(), "{}", run.display());
        }
        let folder = unpacked.folder().to_owned();
        drop(unpacked);
        assert!(!folder.exists(), "nothing is left behind");
    }

    #[test]
    fn an_archive_without_runs_is_refused_with_a_way_out() {
        let empty =
            zstd::encode_all(tar::Builder::new(Vec::new()).into_inner().expect("a tar").as_slice(), 1);
        let error = unpack_from(&empty.expect("compressed")).expect_err("there is nothing in it");
        assert!(error.to_string().contains("any2any lecture RUN"), "{error}");
    }
}
