//! Files of the reference writers (`tests/formats/tables.py`): Parquet and Arrow of pyarrow, archives of `webdataset`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use any2any_adapter::Value;
use any2any_data::{Samples, read};
use any2any_experiment::spec::SplitFiles;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/formats/tables")
}

fn split(yaml: &str) -> SplitFiles {
    serde_yaml::from_str(yaml).expect("files of a split")
}

/// The split of a file by its name, with all of its fields.
fn all_of(file: &str) -> SplitFiles {
    match file {
        file if file.ends_with(".parquet") => split(&format!("parquet: {{ file: {file} }}")),
        file if file.ends_with(".arrow") => split(&format!("arrow: {{ file: {file} }}")),
        file => {
            let fields = "{ audio: wav, text: txt, label: cls, caption: 'json:caption.en' }";
            split(&format!("webdataset: {{ shards: {file}, fields: {fields} }}"))
        }
    }
}

fn texts(samples: &Samples) -> BTreeMap<String, Vec<Option<String>>> {
    let shown = |field: &str| {
        let values = samples.column(field).expect("a field that is listed").iter().enumerate();
        let shown = |(row, value): (usize, &Value)| match (samples.absent(&[field.to_owned()], row), value) {
            (Some(_), _) => None,
            (None, Value::File(file)) => {
                let bytes = file.bytes().expect("in memory");
                let bytes: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                Some(format!("{} {bytes}", file.path().file_name().expect("a name").display()))
            }
            (None, value) => Some(value.as_text().expect("a text or a file").to_owned()),
        };
        values.map(shown).collect()
    };
    samples.fields().map(|field| (field.to_owned(), shown(field))).collect()
}

#[test]
fn files_hold_what_their_writers_wrote() {
    let expected = fs::read_to_string(folder().join("tables.json")).expect("tables.py writes it");
    let expected: BTreeMap<String, BTreeMap<String, Vec<Option<String>>>> =
        serde_json::from_str(&expected).expect("JSON");
    assert_eq!(expected.len(), 16);
    for (file, expected) in expected {
        let samples = read(&all_of(&file), &folder()).unwrap_or_else(|error| panic!("{error}"));
        let found = texts(&samples);
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{file}");
        for (field, expected) in expected {
            assert_eq!(found[&field], expected, "{file}: {field}");
        }
    }
}

#[test]
fn columns_are_found_by_their_paths() {
    let named = "{ de: translation.de, first: answers.text.0, second: answers.start.1, id: id }";
    for file in ["parquet: { file: texts-zstd.parquet", "arrow: { file: texts-stream.arrow"] {
        let samples = read(&split(&format!("{file}, columns: {named} }}")), &folder()).expect("read");
        let found = texts(&samples);
        let row = |field: &str| {
            found[field].iter().map(|text| text.as_deref().unwrap_or("-")).collect::<Vec<_>>().join("|")
        };
        assert_eq!(row("de"), "eins|zwei|-|größer|fünf");
        assert_eq!(row("first"), "a|-|c|-|d");
        assert_eq!(row("second"), "20|-|-|-|5");
        assert_eq!(found.len(), 4);
        let name = file.rsplit(' ').next().expect("a name");
        let reason = samples.absent(&["first".to_owned()], 1).expect("an empty list");
        assert!(reason.ends_with(&format!("{name}:2: no field 'first'")), "{reason}");
        for (column, expected) in [
            (
                "translation.fr",
                "has no column 'translation.fr': did you mean 'translation.en'? (known: translation.de, ",
            ),
            (
                "when",
                "the column 'when' must hold texts, numbers, lists of whole numbers or bytes, and holds a time",
            ),
            ("tags", "and holds a list that holds a string"),
            ("translation", "and holds an object"),
            ("id.x", "has no column 'id.x': did you mean 'id'?"),
        ] {
            let error =
                read(&split(&format!("{file}, columns: [{column}] }}")), &folder()).expect_err("no text");
            assert!(error.to_string().contains(expected), "{error}");
        }
        let samples = read(&split(&format!("{file} }}")), &folder()).expect("read");
        let error = samples.require("weights").expect_err("no text").to_string();
        assert!(error.contains("a list that holds a number with a fraction"), "{error}");
    }
}

#[test]
fn shards_of_columns_follow_each_other() {
    let both = split("parquet: { file: ['texts-*.parquet', gone.parquet], columns: [id] }");
    let samples = read(&both, &folder()).expect("read");
    assert_eq!(samples.len(), 7 * 5);
    let remarks = &samples.flaws().remarks;
    assert!(
        matches!(&remarks[..], [one] if one.contains("gone.parquet") && one.ends_with("the shard is left out"))
    );
    let set = "webdataset: { shards: 'shard.tar.*', fields: { text: 'wrong;TXT', picture: .seg.png } }";
    let samples = read(&split(set), &folder()).expect("read");
    assert_eq!(samples.len(), 6, "samples with neither of the two fields are none");
    let remark = &samples.flaws().remarks[0];
    let expected = "shard.tar.gz: members of 1 other names are passed over, since none of them is a field, such as those of \
                    'b.x/002'";
    assert!(remark.ends_with(expected), "{remark}");
    assert_eq!(samples.column("text").expect("a field")[0].as_text(), Some("größer"));
    let none = read(&split("webdataset: { shards: shard.tar.gz, fields: { audio: flac } }"), &folder());
    let none = none.expect_err("no flac").to_string();
    assert!(
        none.ends_with(
            "shard.tar.gz: has no sample: no member ends in `.flac`; there is `.cls`, for instance"
        ),
        "{none}"
    );
}

#[test]
fn other_files_are_refused() {
    let place = tempfile::tempdir().expect("a temporary folder");
    fs::write(place.path().join("x"), "a text, not a table of any kind").expect("written");
    for (yaml, expected) in [
        ("parquet: { file: x }", "x: is not sound Parquet ("),
        ("arrow: { file: x }", "x: is not sound Arrow IPC ("),
        (
            "webdataset: { shards: x, fields: { text: txt } }",
            "x: is not a sound archive (failed to read entire block)",
        ),
        ("parquet: { file: gone }", "cannot read "),
        ("parquet: { file: . }", ": is a folder; name a file"),
        ("webdataset: { shards: ., fields: { text: txt } }", ": is a folder; name a file"),
        ("webdataset: { shards: x, fields: { text: 'json:' } }", "`json:` is no extension of a member"),
    ] {
        let error = read(&split(yaml), place.path()).expect_err("another file").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn no_cut_or_flipped_byte_is_fatal() {
    let place = tempfile::tempdir().expect("a temporary folder");
    for entry in fs::read_dir(folder()).expect("files") {
        let entry = entry.expect("a file");
        let name = entry.file_name().into_string().expect("a name");
        if name.ends_with(".json") {
            continue;
        }
        let whole = fs::read(entry.path()).expect("bytes");
        let files = all_of(&name);
        let path = place.path().join(&name);
        for at in (0..whole.len()).step_by(53) {
            let mut flipped = whole.clone();
            flipped[at] ^= 0xff;
            for bytes in [&whole[..at], &flipped] {
                fs::write(&path, bytes).expect("written");
                // Some flips go unnoticed: only that it returns is asked for.
                let _ = read(&files, place.path());
            }
        }
        fs::write(&path, &whole[..whole.len() / 2]).expect("written");
        match read(&files, place.path()) {
            Err(error) => assert!(error.to_string().contains(&name), "{error}"),
            Ok(_) => panic!("{name} is cut in half"),
        }
    }
}
