//! Downloads from a real server that misbehaves.

use std::path::PathBuf;
use std::time::Duration;

use super::server::{Answer, Asked, Server};
use super::{Downloader, Outcome, digest};
use crate::{DataRoot, Manifest};

/// A file whose every byte depends on its place, so that a piece in the wrong place is seen.
fn content() -> Vec<u8> {
    (0..200_000_u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// A data root with one dataset `set` of one file `raw/f`.
struct Case {
    folder: tempfile::TempDir,
    manifest: Manifest,
}

impl Case {
    fn new(content: &[u8], urls: &[String], archive: &str) -> Self {
        let (split, sha256) =
            (if archive.is_empty() { "raw/f" } else { "data/a" }, digest::of_bytes(content));
        let text = format!(
            "{{ name: set, description: d, licence: l, splits: {{ train: {{ tsv: {{ file: {split} }} }} }},
               files: [{{ path: raw/f, urls: ['{}'], sha256: '{sha256}', bytes: {} {archive} }}] }}",
            urls.join("', '"),
            content.len()
        );
        let manifest = Manifest::parse("set", &text).expect("sound");
        Self { folder: tempfile::tempdir().expect("a temporary folder"), manifest }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("set").join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("below the root")).expect("made");
        std::fs::write(path, bytes).expect("written");
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.path(name)).ok()
    }

    fn get(&self) -> Result<Outcome, String> {
        let mut seen = 0;
        let report = Downloader::default()
            .with_patience(3, Duration::from_millis(1))
            .get(&self.manifest, &DataRoot::at(self.folder.path()), &mut |progress| {
                assert!(progress.done <= progress.total);
                seen = progress.done;
            })
            .map_err(|error| error.to_string())?;
        let [(path, outcome)] = report.files.as_slice() else { panic!("one file, one outcome") };
        assert_eq!(path.to_str(), Some("raw/f"));
        if *outcome != Outcome::AlreadyThere {
            let part_was_whole = seen == 0;
            assert!(part_was_whole || seen == self.manifest.files[0].bytes, "progress ended at {seen}");
        }
        Ok(*outcome)
    }
}

fn from(asked: &[Asked]) -> Vec<Option<usize>> {
    asked.iter().map(|asked| asked.from).collect()
}

/// Runs one download: the bytes in `raw/f.part` before, the answers of the server, the expected outcome, and the
/// ranges that were asked for.
fn check(
    part: &[u8],
    answer: impl Fn(usize, &Asked, &[u8]) -> Answer + Send + 'static,
    expected: Result<u64, &str>,
    asked: &[Option<usize>],
) {
    let file = content();
    let served = file.clone();
    let server = Server::start(move |number, asked| answer(number, asked, &served));
    let case = Case::new(&file, &[server.url("/f")], "");
    if !part.is_empty() {
        case.write("raw/f.part", part);
    }
    match (case.get(), expected) {
        (Ok(outcome), Ok(resumed_from)) => {
            assert_eq!(outcome, Outcome::Downloaded { resumed_from });
            assert_eq!(case.read("raw/f"), Some(file));
            assert_eq!(case.read("raw/f.part"), None);
        }
        (Err(error), Err(expected)) => {
            assert!(error.contains(expected), "{error}\ndoes not contain {expected}");
            assert_eq!(case.read("raw/f"), None, "a wrong file got its name");
        }
        (found, _) => panic!("expected {expected:?}, found {found:?}"),
    }
    assert_eq!(from(&server.asked()), asked);
}

#[test]
fn a_whole_file() {
    check(b"", |_, asked, file| Answer::proper(file, asked), Ok(0), &[None]);
}

#[test]
fn a_transfer_that_breaks_off_goes_on_where_it_stopped() {
    let breaks_off = |number: usize, asked: &Asked, file: &[u8]| match number {
        0 => Answer::proper(file, asked).cut_off(70_000),
        1 => Answer::proper(file, asked).cut_off(30_000),
        _ => Answer::proper(file, asked),
    };
    check(b"", breaks_off, Ok(0), &[None, Some(70_000), Some(100_000)]);
    check(&content()[..5], |_, asked, file| Answer::proper(file, asked), Ok(5), &[Some(5)]);
    check(&content(), |_, asked, file| Answer::proper(file, asked), Ok(200_000), &[]);
}

#[test]
fn what_arrived_is_kept_for_the_next_run() {
    let file = content();
    let served = file.clone();
    let server = Server::start(move |number, asked| match number {
        0..=2 => Answer::proper(&served, asked).cut_off(20_000),
        _ => Answer::proper(&served, asked),
    });
    let case = Case::new(&file, &[server.url("/f")], "");
    let error = case.get().expect_err("three broken transfers");
    assert!(error.contains("broke off at byte 60000") && error.contains("run the command again"), "{error}");
    assert_eq!(case.read("raw/f.part"), Some(file[..60_000].to_vec()));
    assert_eq!(case.get(), Ok(Outcome::Downloaded { resumed_from: 60_000 }));
    assert_eq!(case.read("raw/f"), Some(file));
}

#[test]
fn a_server_that_ignores_ranges() {
    check(&content()[..5], |_, _, file| Answer::whole(file), Ok(0), &[Some(5)]);
}

#[test]
fn a_server_that_refuses_ranges() {
    let refuses = |_: usize, asked: &Asked, file: &[u8]| match asked.from {
        Some(_) => Answer::status("416 Range Not Satisfiable"),
        None => Answer::whole(file),
    };
    check(&content()[..5], refuses, Ok(0), &[Some(5), None]);
}

#[test]
fn a_server_that_sends_another_range() {
    let shifted = |_: usize, asked: &Asked, file: &[u8]| match asked.from {
        Some(from) => Answer::proper(file, &Asked { from: Some(from + 1), ..asked.clone() }),
        None => Answer::whole(file),
    };
    check(&content()[..5], shifted, Ok(0), &[Some(5), None]);
    let unsaid = |_: usize, asked: &Asked, file: &[u8]| match asked.from {
        Some(from) => Answer { body: file[from..].to_vec(), ..Answer::status("206 Partial Content") },
        None => Answer::whole(file),
    };
    check(&content()[..5], unsaid, Ok(0), &[Some(5), None]);
}

#[test]
fn a_part_of_another_file() {
    let honest = |_: usize, asked: &Asked, file: &[u8]| Answer::proper(file, asked);
    check(b"wrong", honest, Ok(0), &[Some(5), None]);
    let too_long = [content(), b"more".to_vec()].concat();
    check(&too_long, honest, Ok(0), &[None]);
    let as_long = vec![b'x'; content().len()];
    check(&as_long, honest, Ok(0), &[None]);
}

#[test]
fn errors_that_pass_and_errors_that_last() {
    let busy = |number: usize, asked: &Asked, file: &[u8]| match number {
        0 => Answer::status("503 Service Unavailable"),
        1 => Answer::status("429 Too Many Requests"),
        _ => Answer::proper(file, asked),
    };
    check(b"", busy, Ok(0), &[None; 3]);
    check(b"", |_, _, _| Answer::status("503 Service Unavailable"), Err("it answered 503"), &[None; 3]);
    check(b"", |_, _, _| Answer::status("404 Not Found"), Err("/f: it answered 404 Not Found"), &[None]);
}

#[test]
fn a_server_with_another_file() {
    let changed =
        |_: usize, _: &Asked, file: &[u8]| Answer::whole(&file.iter().map(|byte| !byte).collect::<Vec<_>>());
    let found = digest::of_bytes(&content().iter().map(|byte| !byte).collect::<Vec<_>>());
    let expected = format!("SHA-256 is {found}, the manifest says {}", digest::of_bytes(&content()));
    check(b"", changed, Err(&expected), &[None]);
    let longer = |_: usize, _: &Asked, file: &[u8]| Answer::whole(&[file, b"x"].concat());
    check(b"", longer, Err("its file has 200001 bytes, the manifest says 200000"), &[None]);
    let shorter = |_: usize, _: &Asked, file: &[u8]| Answer::whole(&file[1..]);
    check(b"", shorter, Err("its file has 199999 bytes, the manifest says 200000"), &[None]);
    let unsaid =
        |_: usize, _: &Asked, file: &[u8]| Answer { length: false, ..Answer::whole(&[file, b"x"].concat()) };
    check(b"", unsaid, Err("larger than the 200000 bytes"), &[None]);
    let resized = |_: usize, asked: &Asked, file: &[u8]| Answer::proper(&file[..100], asked);
    check(&content()[..50], resized, Err("its file has 100 bytes, the manifest says 200000"), &[Some(50)]);
    check(&content()[..150], resized, Err("its file has 100 bytes, the manifest says 200000"), &[Some(150)]);
}

#[test]
fn the_next_mirror_helps() {
    let file = content();
    let served = file.clone();
    let bad = Server::start(|number, _| {
        if number == 0 { Answer::status("503 Service Unavailable") } else { Answer::status("410 Gone") }
    });
    // A short answer without a length looks like a transfer that broke off, and must not spoil the next mirror.
    let liar = Server::start(|_, _| Answer { length: false, ..Answer::whole(b"something else") });
    let good = Server::start(move |_, asked| Answer::proper(&served, asked));
    let nobody = "http://127.0.0.1:1/f".to_owned();
    let case = Case::new(&file, &[nobody, bad.url("/f"), liar.url("/f"), good.url("/f")], "");
    assert_eq!(case.get(), Ok(Outcome::Downloaded { resumed_from: 0 }));
    assert_eq!(case.read("raw/f"), Some(file));
}

#[test]
fn files_of_a_person_are_kept_as_they_are() {
    let server = Server::start(|_, _| Answer::status("404 Not Found"));
    let case = Case::new(&content(), &[server.url("/f")], "");
    case.write("raw/f", &content());
    assert_eq!(case.get(), Ok(Outcome::AlreadyThere));
    let changed: Vec<u8> = content().iter().map(|byte| !byte).collect();
    for (bytes, message) in
        [(changed.as_slice(), "has SHA-256"), (b"short", "has 5 bytes, its manifest says 200000")]
    {
        case.write("raw/f", bytes);
        let error = case.get().expect_err("not the file of the manifest");
        assert!(error.contains(message) && error.contains("move the file away"), "{error}");
        assert_eq!(case.read("raw/f"), Some(bytes.to_vec()));
    }
    assert_eq!(server.asked(), []);
}

#[test]
fn one_download_at_a_time() {
    let server = Server::start(|_, asked| Answer::proper(&content(), asked));
    let case = Case::new(&content(), &[server.url("/f")], "");
    case.write("raw/f.part", b"");
    let other = std::fs::File::open(case.path("raw/f.part")).expect("there");
    other.lock().expect("locked");
    assert!(case.get().expect_err("locked").contains("another program is downloading"));
    drop(other);
    assert!(case.get().is_ok());
}

/// A tar archive of one member.
fn tar(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(bytes.len() as u64);
    header.set_cksum();
    let mut archive = header.as_bytes().to_vec();
    archive.extend_from_slice(bytes);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

#[test]
fn archives_are_unpacked_once_and_evil_ones_refused() {
    let archive = ", archive: { format: tar, into: data }";
    let good = tar("a", b"en\tde\none\teins\n");
    let served = good.clone();
    let server = Server::start(move |_, asked| Answer::proper(&served, asked));
    let case = Case::new(&good, &[server.url("/f")], archive);
    assert_eq!(case.get(), Ok(Outcome::Downloaded { resumed_from: 0 }));
    assert_eq!(case.read("data/a"), Some(b"en\tde\none\teins\n".to_vec()));
    std::fs::remove_file(case.path("raw/f")).expect("the archive may go once it is unpacked");
    assert_eq!(case.get(), Ok(Outcome::AlreadyThere));
    assert_eq!(server.asked().len(), 1);

    let evil = tar("../../evil", b"evil");
    let served = evil.clone();
    let server = Server::start(move |_, asked| Answer::proper(&served, asked));
    let case = Case::new(&evil, &[server.url("/f")], archive);
    let error = case.get().expect_err("evil");
    assert!(error.contains("member '../../evil' leaves the folder"), "{error}");
    assert_eq!((case.read("../evil"), case.read("data/a"), case.path("data").exists()), (None, None, false));
}

#[test]
fn a_model_goes_to_a_folder_of_its_own_and_is_found_by_its_name() {
    let (weights, config) = (content(), b"{ \"model_type\": \"t5\" }".to_vec());
    let served = [weights.clone(), config.clone()];
    let server = Server::start(move |_, asked| {
        Answer::proper(&served[usize::from(asked.path.ends_with("config.json"))], asked)
    });
    let files: Vec<String> = [("model.safetensors", &weights), ("config.json", &config)]
        .iter()
        .map(|(name, bytes)| {
            let (url, sha256) = (server.url(&format!("/{name}")), digest::of_bytes(bytes));
            format!("{{ path: {name}, urls: ['{url}'], sha256: '{sha256}', bytes: {} }}", bytes.len())
        })
        .collect();
    let text =
        format!("{{ name: tiny, kind: model, description: d, licence: l, files: [{}] }}", files.join(", "));
    let manifest = Manifest::parse("tiny", &text).expect("sound");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = DataRoot::at(folder.path());
    let name = std::path::Path::new("tiny");
    assert_eq!(root.model_folder(name), name, "it is not there yet");
    let report = Downloader::default().get(&manifest, &root, &mut |_| {}).expect("both files");
    let place = folder.path().join("models/tiny");
    assert_eq!(report.folder, place);
    assert_eq!(std::fs::read(place.join("model.safetensors")).expect("a file"), weights);
    assert_eq!(std::fs::read(place.join("config.json")).expect("a file"), config);
    assert_eq!(root.model_folder(name), place);
    assert_eq!(root.model_folder(folder.path()), folder.path(), "a path is taken as it stands");
    root.verify(&manifest).expect("whole");
    std::fs::write(place.join("config.json"), b"{ \"model_type\": \"t4\" }").expect("written");
    assert!(root.verify(&manifest).expect_err("another file").to_string().contains("config.json"));
}

#[test]
fn a_file_that_no_server_has_says_where_it_comes_from() {
    let mut case = Case::new(b"abc", &["http://h/f".to_owned()], "");
    case.manifest.files[0].urls.clear();
    case.manifest.origin = Some("made from X.".to_owned());
    assert_eq!(case.manifest.download_bytes(), 0);
    let error = case.get().expect_err("nothing to download");
    let path = case.path("raw/f");
    assert_eq!(
        error,
        format!("{} cannot be downloaded, put it there yourself: made from X.", path.display())
    );
    case.write("raw/f", b"abc");
    assert_eq!(case.get(), Ok(Outcome::AlreadyThere));
}

#[test]
fn a_server_that_drips_is_given_up_and_what_it_sent_is_kept() {
    let file = content();
    let sent = file.clone();
    let server = Server::start(move |number, asked| {
        let answer = Answer::proper(&sent, asked);
        // It drips at first, and is well behaved when it is asked again in another run.
        if number < 2 { Answer { drip: Some(Duration::from_millis(2)), ..answer } } else { answer }
    });
    let case = Case::new(&file, &[server.url("/a")], "");
    let patient = Downloader::default()
        .with_patience(2, Duration::from_millis(1))
        .with_lowest_rate(10_000, Duration::from_millis(150));
    let began = std::time::Instant::now();
    let root = DataRoot::at(case.folder.path());
    let error = patient.get(&case.manifest, &root, &mut |_| {}).expect_err("too slow").to_string();
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(error.contains("it is too slow") && error.contains("at least 10000 are needed"), "{error}");
    let kept = case.read("raw/f.part").expect("what came").len();
    assert!((2..10_000).contains(&kept), "{kept}");
    assert_eq!(case.get(), Ok(Outcome::Downloaded { resumed_from: kept as u64 }));
    let asked = from(&server.asked());
    assert!(asked[1].is_some_and(|from| from > 0) && asked[2] == Some(kept), "{asked:?}");
}
