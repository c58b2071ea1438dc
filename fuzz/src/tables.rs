//! Data: tables, texts and archives as splits of a dataset, and archives unpacked into a folder.

use std::io::{Cursor, Write};

use any2any_adapter::Value;
use any2any_data::download::Downloader;
use any2any_data::{DataRoot, Manifest, TextFile, read};
use sha2::{Digest, Sha256};

use crate::media::{gzip, idx};
use crate::{Target, scratch, tokens};

pub(crate) fn targets() -> Vec<Target> {
    vec![
        Target::new("data_tsv", tokens::TABLE, tsv, |bytes| {
            split("a.tsv", r#"{"tsv":{"file":"a.tsv"}}"#, bytes)
        }),
        Target::new("data_csv", tokens::TABLE, csv, |bytes| {
            split("a.csv", r#"{"csv":{"file":"a.csv"}}"#, bytes)
        }),
        Target::new("data_json_lines", tokens::JSON, json_lines, |bytes| {
            split("a.jsonl", r#"{"json_lines":{"file":"a.jsonl"}}"#, bytes)
        }),
        Target::new("data_lines", tokens::TABLE, lines, parallel),
        Target::new("data_lines_gz", &[], || lines().iter().map(|lines| gzip(lines)).collect(), parallel),
        Target::new("data_lines_zst", &[], || lines().iter().map(|lines| zstd(lines)).collect(), parallel),
        Target::new("data_parquet", &[], parquet, |bytes| {
            split("a.parquet", r#"{"parquet":{"file":"a.parquet"}}"#, bytes)
        }),
        Target::new("data_arrow", &[], arrow, |bytes| {
            split("a.arrow", r#"{"arrow":{"file":"a.arrow"}}"#, bytes)
        }),
        Target::new(
            "data_webdataset",
            tokens::ARCHIVE,
            || vec![tar()],
            |bytes| {
                split(
                    "a.tar",
                    r#"{"webdataset":{"shards":"a.tar","fields":{"a":"txt","b":"wav","c":"json:x"}}}"#,
                    bytes,
                )
            },
        )
        .repaired_by(tar_checksums),
        Target::new("data_idx", &[], || vec![idx(), labels()], labelled),
        Target::new("data_idx_gz", &[], || vec![gzip(&idx()), gzip(&labels())], labelled),
        Target::new("data_fasta", tokens::FASTA, fasta, |bytes| {
            split("a.fasta", r#"{"fasta":{"files":{"protein":"a.fasta"}}}"#, bytes)
        }),
        Target::new("data_tar", tokens::ARCHIVE, || vec![tar()], |bytes| members("a.tar", bytes))
            .repaired_by(tar_checksums),
        Target::new("data_tar_gz", &[], || vec![gzip(&tar())], |bytes| members("a.tar.gz", bytes)),
        Target::new("data_zip", tokens::ARCHIVE, || vec![zip()], |bytes| members("a.zip", bytes)),
        Target::new("unpack_tar", tokens::ARCHIVE, || vec![tar()], |bytes| unpacks("tar", bytes))
            .repaired_by(tar_checksums),
        Target::new("unpack_tar_gz", &[], || vec![gzip(&tar())], |bytes| unpacks("tar_gz", bytes)),
        Target::new("unpack_zip", tokens::ARCHIVE, || vec![zip()], |bytes| unpacks("zip", bytes)),
        Target::new("data_manifest", tokens::YAML, manifests, manifest),
    ]
}

/// Reads a file as a split, all of its values and files.
fn split(name: &str, files: &str, bytes: &[u8]) -> bool {
    scratch::write(&format!("data/{name}"), bytes);
    let files = serde_json::from_str(files).expect("files of a split");
    let Ok(samples) = read(&files, &scratch::path("data")) else { return false };
    for field in samples.fields() {
        for value in samples.column(field).unwrap_or_default() {
            let shown = value.to_string();
            let held = if let Value::File(file) = value { file.bytes().ok() } else { None };
            std::hint::black_box((shown, held));
        }
    }
    std::hint::black_box(samples.flaws());
    true
}

fn tsv() -> Vec<Vec<u8>> {
    vec![b"en\tde\none\teins\ntwo\tzwei\n".to_vec(), "\u{feff}en\tde\r\none\teins\r\n".into()]
}

fn csv() -> Vec<Vec<u8>> {
    vec![b"en,de\none,\"eins, \"\"1\"\"\"\ntwo,\"zw\nei\"\n".to_vec(), b"en,de\r\none,eins\r\n".to_vec()]
}

fn json_lines() -> Vec<Vec<u8>> {
    vec![
        b"{\"en\": \"one\", \"n\": 1}\n{\"en\": \"two\", \"n\": 2.5}\n".to_vec(),
        b"{\"translation\": {\"en\": \"one\", \"de\": \"eins \\u00e4\"}}\n".to_vec(),
        b"{\"ids\": [5, 0, -7], \"n\": 1}\n{\"ids\": [[1], 2.5, null]}\n".to_vec(),
    ]
}

fn lines() -> Vec<Vec<u8>> {
    vec![b"one\ntwo\nthree\n".to_vec(), "\u{feff}\u{e4}\r\n\u{1f600}\r\n".into()]
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("memory")
}

/// Tables of the reference writers (`tests/formats/tables.py`).
macro_rules! tables {
    ($($name:literal),*) => {
        vec![$(include_bytes!(concat!("../../tests/formats/tables/", $name)).to_vec()),*]
    };
}

fn parquet() -> Vec<Vec<u8>> {
    tables![
        "texts-none.parquet",
        "texts-zstd.parquet",
        "texts-lz4.parquet",
        "texts-plain.parquet",
        "media.parquet"
    ]
}

fn arrow() -> Vec<Vec<u8>> {
    tables![
        "texts-file-zstd.arrow",
        "texts-stream.arrow",
        "texts-stream-lz4.arrow",
        "views.arrow",
        "media.arrow"
    ]
}

/// Lines of two files, and the same file as the sources of a translation.
fn parallel(bytes: &[u8]) -> bool {
    let name = if bytes.starts_with(&[0x1f, 0x8b]) { "a.en.gz" } else { "a.en" };
    scratch::write("data/b", b"eins\nzwei\ndrei\n");
    let text = TextFile::read(&scratch::write(&format!("data/{name}"), bytes));
    let sound = text.is_ok_and(|text| text.into_sound().is_ok());
    sound
        | split(name, &format!(r#"{{"parallel":{{"en":"{name}"}}}}"#), bytes)
        | split(name, &format!(r#"{{"parallel":{{"en":"{name}","de":"b"}}}}"#), bytes)
}

fn labels() -> Vec<u8> {
    [&[0, 0, 8, 1, 0, 0, 0, 3][..], &[7, 1, 4]].concat()
}

fn labelled(bytes: &[u8]) -> bool {
    match bytes.starts_with(&[0x1f, 0x8b]) {
        true => split("a.idx.gz", r#"{"idx":{"a":"a.idx.gz"}}"#, bytes),
        false => split("a.idx", r#"{"idx":{"a":"a.idx"}}"#, bytes),
    }
}

fn fasta() -> Vec<Vec<u8>> {
    vec![b">a SET=train\nMKV\nLA\n>b SET=test\nGG\n".to_vec(), b">x\r\nACGT\r\n".to_vec()]
}

/// Names of members of all kinds: short, in a folder, and longer than a header has room for.
fn names() -> [String; 3] {
    ["a/one_1.txt".to_owned(), "two_2.txt".to_owned(), format!("{}_3.txt", "long".repeat(40))]
}

fn tar() -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for name in names() {
        let mut header = tar::Header::new_gnu();
        header.set_size(3);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, &b"abc"[..]).expect("memory");
    }
    archive.into_inner().expect("memory")
}

fn zip() -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (number, name) in names().into_iter().enumerate() {
        let method = [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated][number % 2];
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        archive
            .start_file(name, options)
            .and_then(|()| Ok(archive.write_all(&[b'a'; 300])?))
            .expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

/// Makes the checksums of headers right again, wherever they begin.
fn tar_checksums(bytes: &mut [u8]) {
    for block in bytes.chunks_exact_mut(512) {
        if &block[257..262] == b"ustar" {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
}

fn members(name: &str, bytes: &[u8]) -> bool {
    let files =
        format!(r#"{{"members":{{"archive":"{name}","names":"{{word}}_{{number}}.txt","field":"file"}}}}"#);
    split(name, &files, bytes)
}

/// Unpacks an archive that lies in its place, and puts nothing beside its folder.
fn unpacks(format: &str, bytes: &[u8]) -> bool {
    if bytes.is_empty() {
        return false;
    }
    let place = scratch::path("unpacking");
    let _ = std::fs::remove_dir_all(&place);
    scratch::write("unpacking/root/set/archive", bytes);
    let sum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let manifest = format!(
        "name: set\ndescription: d\nlicence: l\norigin: o\nfiles: [{{ path: archive, sha256: {sum}, bytes: {}, archive: {{ format: \
         {format}, into: data }} }}]\nsplits: {{ train: {{ parallel: {{ a: data/a }} }} }}\n",
        bytes.len()
    );
    let manifest = Manifest::parse("set.yaml", &manifest).expect("a manifest");
    let unpacked = Downloader::default().get(&manifest, &DataRoot::at(place.join("root")), &mut |_| {});
    let beside = |folder: &str| {
        let names = std::fs::read_dir(place.join(folder)).into_iter().flatten().flatten();
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    assert_eq!((beside("."), beside("root")), (vec!["root".to_owned()], vec!["set".to_owned()]));
    assert!(
        beside("root/set").iter().all(|name| name == "archive" || name == "data"),
        "{:?}",
        beside("root/set")
    );
    unpacked.is_ok()
}

fn manifests() -> Vec<Vec<u8>> {
    let head = "name: set\ndescription: Short sentences.\nlicence: CC BY 2.0\n";
    let files = "files:\n  - path: raw/train.gz\n    urls: [https://example.org/a.gz]\n    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n    bytes: 1000\nsplits:\n  train: { parallel: { en: raw/train.gz } }\n  rest: { csv: { file: raw/train.gz, columns: [a, b] } }\nroles: { train: train, validation: rest }\n";
    vec![
        format!("{head}{files}").into(),
        format!("{head}generator: {{ toy_en_de: {{ pairs: 9, seed: 1 }} }}\n").into(),
    ]
}

fn manifest(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| Manifest::parse("set.yaml", text).is_ok())
}
