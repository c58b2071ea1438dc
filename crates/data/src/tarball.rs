//! Reader of the members of a tar archive, with long names of GNU and of POSIX.
//!
//! The `tar` crate reads long names of any length into memory; here they are bounded.

use std::io::{self, Read, Seek};

use tar::{Entry, EntryType, PaxExtensions};

/// The longest name, and the longest POSIX metadata of one member, in bytes.
const LONGEST: u64 = 64 << 10;

/// Member of a tar.
pub(crate) struct Member<'a, R: Read> {
    pub(crate) name: Vec<u8>,
    /// The target of a link.
    pub(crate) target: Vec<u8>,
    pub(crate) kind: EntryType,
    pub(crate) size: u64,
    pub(crate) content: Entry<'a, R>,
}

/// Calls a function with each member of a tar, until it returns an error.
pub(crate) fn each<R: Read, E: From<io::Error>>(
    reader: R,
    take: impl FnMut(Member<'_, R>) -> Result<(), E>,
) -> Result<(), E> {
    each_of(tar::Archive::new(reader).entries()?, take)
}

/// [`each`], which passes over the contents of members without reading them: one whose end is missing has to be found by its
/// place.
pub(crate) fn each_by_place<R: Read + Seek, E: From<io::Error>>(
    reader: R,
    take: impl FnMut(Member<'_, R>) -> Result<(), E>,
) -> Result<(), E> {
    each_of(tar::Archive::new(reader).entries_with_seek()?, take)
}

fn each_of<R: Read, E: From<io::Error>>(
    entries: tar::Entries<'_, R>,
    mut take: impl FnMut(Member<'_, R>) -> Result<(), E>,
) -> Result<(), E> {
    let mut said = Said::default();
    for entry in entries.raw(true) {
        let mut content = entry?;
        match content.header().entry_type() {
            EntryType::GNULongName => said.name = Some(terminated(notes(&mut content)?)),
            EntryType::GNULongLink => said.target = Some(terminated(notes(&mut content)?)),
            EntryType::XHeader => said.read_posix(&notes(&mut content)?)?,
            EntryType::XGlobalHeader => {}
            kind => {
                let Said { name, target, posix_name, posix_target, size } = std::mem::take(&mut said);
                if size.is_some_and(|size| size != content.size()) {
                    return Err(
                        refused("the length of a member is another in its notes than in its header").into()
                    );
                }
                let name = name.or(posix_name).unwrap_or_else(|| content.header().path_bytes().into_owned());
                let own = || content.header().link_name_bytes().map(|target| target.into_owned());
                let target = target.or(posix_target).or_else(own).unwrap_or_default();
                take(Member { name, target, kind, size: content.size(), content })?;
            }
        }
    }
    Ok(())
}

/// Metadata about the member that follows.
#[derive(Default)]
struct Said {
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    posix_name: Option<Vec<u8>>,
    posix_target: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Said {
    fn read_posix(&mut self, notes: &[u8]) -> io::Result<()> {
        for note in PaxExtensions::new(notes) {
            let note = note?;
            let value = note.value_bytes();
            match note.key_bytes() {
                b"path" => self.posix_name = Some(value.to_vec()),
                b"linkpath" => self.posix_target = Some(value.to_vec()),
                b"size" => self.size = std::str::from_utf8(value).ok().and_then(|size| size.parse().ok()),
                _ => {}
            }
        }
        Ok(())
    }
}

fn notes(content: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    content.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(refused(&format!(
            "the name of a member, or what is said of it, is longer than {LONGEST} bytes"
        )));
    }
    Ok(bytes)
}

/// A name without the zero that ends it.
fn terminated(mut name: Vec<u8>) -> Vec<u8> {
    if name.last() == Some(&0) {
        name.pop();
    }
    name
}

fn refused(reason: &str) -> io::Error {
    io::Error::other(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tar: &[u8]) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        each(tar, |member| {
            names.push(String::from_utf8_lossy(&member.name).into_owned());
            Ok::<(), io::Error>(())
        })
        .map_err(|error| error.to_string())?;
        Ok(names)
    }

    /// A tar with notes of a kind in front of a file.
    fn noted(kind: EntryType, notes: &[u8]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (kind, content) in [(kind, notes), (EntryType::Regular, b"content")] {
            let mut header = tar::Header::new_gnu();
            header.set_path("short").expect("a name");
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            header.set_cksum();
            builder.append(&header, content).expect("memory");
        }
        builder.into_inner().expect("memory")
    }

    #[test]
    fn long_names_are_read_and_bounded() {
        let long = "d/".repeat(100) + "a.wav";
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        builder.append_data(&mut header, &long, &b"1"[..]).expect("memory");
        assert_eq!(names(&builder.into_inner().expect("memory")), Ok(vec![long]));

        assert_eq!(names(&noted(EntryType::XHeader, b"16 path=x/y.wav\n")), Ok(vec!["x/y.wav".to_owned()]));
        let error = names(&noted(EntryType::XHeader, b"10 size=1\n")).expect_err("two lengths");
        assert!(error.contains("another in its notes"), "{error}");
        for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
            let error = names(&noted(kind, &vec![b'a'; LONGEST as usize + 1])).expect_err("too long");
            assert!(error.contains("longer than 65536 bytes"), "{error}");
        }
    }
}
