//! Archives, sound and evil.

use std::io::Write;

use super::*;

/// The members of an archive, and the files that unpacking gives, or a part of the error.
type Case<'a, M> = (M, Result<&'a str, &'a str>);

fn member(kind: tar::EntryType, name: &str, link: &str, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    // The builder's own way to set a name refuses the names that are tested here.
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn file(name: &str, content: &[u8]) -> Vec<u8> {
    member(tar::EntryType::Regular, name, "", content)
}

fn link(name: &str, target: &str) -> Vec<u8> {
    member(tar::EntryType::Symlink, name, target, b"")
}

fn hard_link(name: &str, target: &str) -> Vec<u8> {
    member(tar::EntryType::Link, name, target, b"")
}

/// Members of a zip: a name, and a content or, after `->`, the target of a link.
fn zipped(members: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, content) in members {
        match content.strip_prefix("->") {
            Some(target) => writer.add_symlink(*name, target, options).expect("added"),
            None => {
                writer.start_file(*name, options).expect("started");
                writer.write_all(content.as_bytes()).expect("written");
            }
        }
    }
    writer.finish().expect("finished").into_inner()
}

/// Unpacks and compares: `path=content` of every file, or a part of the error. Whatever happens, nothing
/// else may be in the folder.
fn check(format: ArchiveFormat, bytes: &[u8], expected: Result<&str, &str>) {
    let outer = tempfile::tempdir().expect("a temporary folder");
    let folder = outer.path().join("set");
    std::fs::create_dir(&folder).expect("made");
    let path = folder.join("archive");
    std::fs::write(&path, bytes).expect("written");
    let archive = Archive { format, into: "data".into(), unpacked_bytes: Some(1000) };
    let mut kept = vec!["archive"];
    match (unpack(&path, &archive, &folder, bytes.len() as u64), expected) {
        (Ok(()), Ok(expected)) => {
            assert_eq!(files(&folder.join("data")), expected);
            kept.push("data");
        }
        (Err(error), Err(expected)) => {
            assert!(error.to_string().contains(expected), "{error}\n{expected}")
        }
        (found, _) => panic!("expected {expected:?}, found {found:?}"),
    }
    assert_eq!(names(&folder), kept);
    assert_eq!(names(outer.path()), ["set"]);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn files(folder: &Path) -> String {
    let mut found = Vec::new();
    for name in names(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            found.push(format!("{name}/({})", files(&path)));
        } else {
            assert!(!path.is_symlink(), "{} is a link", path.display());
            found.push(format!("{name}={}", std::fs::read_to_string(&path).expect("read")));
        }
    }
    found.join(" ")
}

#[test]
fn tar_archives() {
    use tar::EntryType;
    let cases: &[Case<'_, Vec<Vec<u8>>>] = &[
        (vec![file("a", b"1"), file("./d/b", b"2")], Ok("a=1 d/(b=2)")),
        (vec![member(EntryType::Directory, "d/", "", b""), file("d/b", b"2")], Ok("d/(b=2)")),
        (vec![file("d/b", b"2"), link("d/l", "b"), link("m", "d/../d/l")], Ok("d/(b=2 l=2) m=2")),
        (vec![file("a", b"1"), hard_link("d/h", "a")], Ok("a=1 d/(h=1)")),
        (vec![file("a", b"1"), link("a", "a")], Err("does not lead to a file")),
        (vec![file("../evil", b"1")], Err("member '../evil' leaves the folder")),
        (vec![file("d/../../evil", b"1")], Err("leaves the folder")),
        (vec![file("/evil", b"1")], Err("member '/evil' leaves the folder")),
        (vec![file("..\\evil", b"1")], Err("leaves the folder")),
        (vec![file("c:evil", b"1")], Err("leaves the folder")),
        (vec![link("l", "/etc/passwd")], Err("link 'l' to '/etc/passwd' leads out of the folder")),
        (vec![link("d/l", "../../evil")], Err("leads out of the folder")),
        (vec![hard_link("d/h", "../evil")], Err("leads out of the folder")),
        (vec![link("l", ".."), file("l/evil", b"1")], Err("leads out of the folder")),
        (vec![link("a", "b"), link("b", "a")], Err("does not lead to a file")),
        (vec![member(EntryType::Fifo, "pipe", "", b"")], Err("neither file, folder nor link")),
        (vec![member(EntryType::Char, "device", "", b"")], Err("neither file, folder nor link")),
        (vec![file("a", &[b'x'; 1000])], Ok(&format!("a={}", "x".repeat(1000)))),
        (vec![file("a", &[b'x'; 1001])], Err("its members are larger than 1000 bytes")),
        (vec![file("a", &[b'x'; 501]), file("b", &[b'x'; 500])], Err("larger than 1000 bytes")),
        (vec![file("a", &[b'x'; 501]), link("b", "a")], Err("larger than 1000 bytes")),
        (vec![b"not a tar archive at all".repeat(30)], Err("archive")),
    ];
    for (members, expected) in cases {
        let mut bytes = members.concat();
        bytes.resize(bytes.len() + 1024, 0);
        check(ArchiveFormat::Tar, &bytes, *expected);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&bytes).expect("memory");
        check(ArchiveFormat::TarGz, &encoder.finish().expect("memory"), *expected);
    }
    let cut_off = &file("a", &[b'x'; 900])[..700];
    check(ArchiveFormat::Tar, cut_off, Err("archive"));
    check(ArchiveFormat::TarGz, b"no gzip", Err("archive"));
}

#[test]
fn zip_archives() {
    let large = "x".repeat(1001);
    let cases: &[Case<'_, &[(&str, &str)]>] = &[
        (&[("a", "1"), ("d/b", "2")], Ok("a=1 d/(b=2)")),
        (&[("d/b", "2"), ("d/l", "->b")], Ok("d/(b=2 l=2)")),
        (&[("../evil", "1")], Err("member '../evil' leaves the folder")),
        (&[("/evil", "1")], Err("leaves the folder")),
        (&[("..\\evil", "1")], Err("leaves the folder")),
        (&[("l", "->/etc/passwd")], Err("leads out of the folder")),
        (&[("d/l", "->../../evil")], Err("leads out of the folder")),
        (&[("a", &large)], Err("its members are larger than 1000 bytes")),
    ];
    for (members, expected) in cases {
        check(ArchiveFormat::Zip, &zipped(members), *expected);
    }
    check(ArchiveFormat::Zip, b"no zip", Err("archive"));
}
