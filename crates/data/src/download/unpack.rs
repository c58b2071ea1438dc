//! Unpacking of archives from untrusted sources.
//!
//! Members are written below a fresh folder, which takes its final name when all of them are there. A member
//! whose name leaves the folder, or that is neither file, folder nor link, is refused. No link is ever made:
//! a link to another member becomes a copy of it, so that no later member can be written through a link; a
//! link that leads out of the folder is refused. The bytes and the members are counted against a limit.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use any2any_adapter::UnpackedLimit;

use crate::tarball::{self, Member};
use crate::{Archive, ArchiveFormat, DataError};

/// Largest unpacked size, as a multiple of the archive's, unless the manifest has another.
const EXPANSION: u64 = 100;

/// The most links that one link may lead through, as many as Linux follows.
const LINK_HOPS: usize = 40;

/// The most members.
const MEMBERS: usize = 1_000_000;

/// Unpacks an archive into its folder, below the set's `folder`.
pub(super) fn unpack(path: &Path, archive: &Archive, folder: &Path, bytes: u64) -> Result<(), DataError> {
    let destination = folder.join(&archive.into);
    let mut name = destination.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let unfinished = destination.with_file_name(name);
    let write = |source| DataError::Write { path: unfinished.clone(), source };
    if unfinished.exists() {
        // Left by a run that was stopped.
        std::fs::remove_dir_all(&unfinished).map_err(write)?;
    }
    std::fs::create_dir_all(&unfinished).map_err(write)?;
    let limit = archive.unpacked_bytes.unwrap_or_else(|| bytes.saturating_mul(EXPANSION));
    let mut members = Members { folder: &unfinished, left: limit, limit, count: 0, links: BTreeMap::new() };
    let unpacked = match archive.format {
        ArchiveFormat::Tar => open(path).and_then(|file| members.unpack_tar(file)),
        ArchiveFormat::TarGz => {
            // Headers and bytes between members are limited too: twice the content and 16 MiB.
            let stream = UnpackedLimit::of_bytes(limit.saturating_mul(2).saturating_add(1 << 24));
            let unpacked = |file| stream.reader(flate2::bufread::MultiGzDecoder::new(file));
            open(path).and_then(|file| members.unpack_tar(unpacked(file)))
        }
        ArchiveFormat::Zip => open(path).and_then(|file| members.unpack_zip(file)),
    };
    let moved = unpacked
        .and_then(|()| members.copy_links())
        .and_then(|()| Ok(std::fs::rename(&unfinished, &destination)?));
    moved.map_err(|refusal| {
        // The error below is the one worth reporting.
        let _ = std::fs::remove_dir_all(&unfinished);
        DataError::Archive { archive: path.to_owned(), reason: refusal.0 }
    })
}

fn open(path: &Path) -> Result<BufReader<File>, Refusal> {
    Ok(BufReader::new(File::open(path)?))
}

/// The reason why an archive is not unpacked.
struct Refusal(String);

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<zip::result::ZipError> for Refusal {
    fn from(error: zip::result::ZipError) -> Self {
        Self(error.to_string())
    }
}

/// The members unpacked so far, and the rest of the limits.
struct Members<'a> {
    folder: &'a Path,
    left: u64,
    limit: u64,
    count: usize,
    /// Links and the members that they lead to.
    links: BTreeMap<PathBuf, PathBuf>,
}

impl Members<'_> {
    fn unpack_tar(&mut self, reader: impl Read) -> Result<(), Refusal> {
        tarball::each(reader, |Member { name, target, kind, mut content, .. }| {
            let name = text(&name)?;
            if kind.is_dir() {
                self.folder(&name)
            } else if kind.is_file() || kind.is_contiguous() {
                self.file(&name, &mut content)
            } else if kind.is_symlink() || kind.is_hard_link() {
                // A hard link's target starts at the archive's root, a symbolic one's beside the link.
                let base = if kind.is_symlink() { parent(&name) } else { "" };
                self.link(&name, base, &text(&target)?)
            } else {
                Err(Refusal(format!("member '{name}' is neither file, folder nor link")))
            }
        })
    }

    fn unpack_zip(&mut self, reader: BufReader<File>) -> Result<(), Refusal> {
        let mut archive = zip::ZipArchive::new(reader)?;
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index)?;
            let name = text(entry.name_raw())?;
            if entry.is_symlink() {
                let mut target = String::new();
                entry.by_ref().take(1 << 12).read_to_string(&mut target)?;
                self.link(&name, parent(&name), &target)?;
            } else if entry.is_dir() {
                self.folder(&name)?;
            } else {
                self.file(&name, &mut entry)?;
            }
        }
        Ok(())
    }

    fn folder(&mut self, name: &str) -> Result<(), Refusal> {
        self.count()?;
        Ok(std::fs::create_dir_all(self.folder.join(inside(name)?))?)
    }

    fn file(&mut self, name: &str, content: &mut impl Read) -> Result<(), Refusal> {
        self.count()?;
        let path = self.place(&inside(name)?)?;
        let mut file = File::create(&path)?;
        // One byte beyond the limit tells a file that ends there from a longer one.
        let copied = io::copy(&mut content.take(self.left.saturating_add(1)), &mut file)?;
        self.spend(copied)
    }

    fn link(&mut self, name: &str, base: &str, target: &str) -> Result<(), Refusal> {
        self.count()?;
        let leads_to = resolve(base, target)
            .ok_or_else(|| Refusal(format!("link '{name}' to '{target}' leads out of the folder")))?;
        self.links.insert(inside(name)?, leads_to);
        Ok(())
    }

    /// Turns links into copies of the files that they lead to, through other links if need be.
    fn copy_links(&mut self) -> Result<(), Refusal> {
        let links = std::mem::take(&mut self.links);
        for (link, first) in &links {
            let hops = std::iter::successors(Some(first), |path| links.get(*path));
            let target = hops.take(LINK_HOPS).last().unwrap_or(first);
            let path = self.folder.join(target);
            if links.contains_key(target) || !path.is_file() {
                let (link, first) = (link.display(), first.display());
                return Err(Refusal(format!(
                    "link '{link}' to '{first}' does not lead to a file of the archive"
                )));
            }
            self.spend(path.metadata()?.len())?;
            let copy = self.place(link)?;
            std::fs::copy(&path, copy)?;
        }
        Ok(())
    }

    fn place(&self, path: &Path) -> Result<PathBuf, Refusal> {
        let path = self.folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        Ok(path)
    }

    fn count(&mut self) -> Result<(), Refusal> {
        self.count += 1;
        if self.count > MEMBERS {
            return Err(Refusal(format!("it has more than {MEMBERS} members")));
        }
        Ok(())
    }

    fn spend(&mut self, bytes: u64) -> Result<(), Refusal> {
        let limit = self.limit;
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            Refusal(format!(
                "its members are larger than {limit} bytes; if that is right, set unpacked_bytes"
            ))
        })?;
        Ok(())
    }
}

fn text(name: &[u8]) -> Result<String, Refusal> {
    String::from_utf8(name.to_vec())
        .map_err(|_| Refusal(format!("the member name '{}' is not UTF-8", String::from_utf8_lossy(name))))
}

fn parent(name: &str) -> &str {
    name.trim_end_matches('/').rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The path of a member below the folder.
fn inside(name: &str) -> Result<PathBuf, Refusal> {
    let refused = || Refusal(format!("member '{name}' leaves the folder"));
    if divide(name).any(|part| part == "..") {
        return Err(refused());
    }
    resolve("", name).ok_or_else(refused)
}

/// The path that `name` leads to from `base`, unless it leaves the folder. A colon could name a drive.
fn resolve(base: &str, name: &str) -> Option<PathBuf> {
    let mut parts: Vec<&str> = Vec::new();
    for part in divide(base).chain(divide(name)) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ if part.contains([':', '\0']) => return None,
            _ => parts.push(part),
        }
    }
    (!name.starts_with(SLASHES)).then(|| parts.iter().collect())
}

/// Both slashes divide, since archives made on Windows may hold either.
const SLASHES: [char; 2] = ['/', '\\'];

fn divide(name: &str) -> impl Iterator<Item = &str> {
    name.split(SLASHES)
}
