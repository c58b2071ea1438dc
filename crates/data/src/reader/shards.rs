//! Shards: files that are read one after the other. One that cannot be read is named and costs no other.
//!
//! What a shard gave before it broke is kept, in memory as in a stream, so that both give the same samples.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use any2any_adapter::grouped;
use any2any_experiment::spec::Shards;

use super::Sink;
use super::archive::Archives;
use super::lines::wrong;
use crate::{DataError, Flaws, Samples};

/// Reader of one shard: the fields of the shards before it, of which the first has none, and the taker of its samples.
pub(super) type Reading<'a, T> =
    dyn FnMut(&T, &[String], (usize, &mut Sink<'_>)) -> Result<(), DataError> + 'a;

/// The files of some shards, each of which may be read.
pub(super) fn files(shards: &Shards, folder: &Path, archives: &Archives) -> Result<Vec<PathBuf>, DataError> {
    let found = shards.files(folder).map_err(|(path, reason)| DataError::File { path, reason })?;
    found.iter().try_for_each(|path| archives.require(path))?;
    Ok(found)
}

/// Reads the files of one field or table in turn.
pub(super) fn each(
    shards: &Shards,
    (folder, archives): (&Path, &Archives),
    chunks: (usize, &mut Sink<'_>),
    read: &mut Reading<'_, PathBuf>,
) -> Result<(), DataError> {
    match shards.single(folder) {
        Some(path) => read(&path, &[], chunks),
        None => in_turn(files(shards, folder, archives)?, PathBuf::clone, chunks, read),
    }
}

/// Reads the files of several fields in turn: the Nth of each belong together.
pub(super) fn each_of(
    fields: &BTreeMap<String, Shards>,
    (folder, archives): (&Path, &Archives),
    chunks: (usize, &mut Sink<'_>),
    read: &mut Reading<'_, BTreeMap<String, PathBuf>>,
) -> Result<(), DataError> {
    let single = |(field, shards): (&String, &Shards)| Some((field.clone(), shards.single(folder)?));
    if let Some(fields) = fields.iter().map(single).collect::<Option<_>>() {
        return read(&fields, &[], chunks);
    }
    let mut sets: Vec<BTreeMap<String, PathBuf>> = Vec::new();
    let mut first: Option<(&String, usize)> = None;
    for (field, shards) in fields {
        let files = files(shards, folder, archives)?;
        match first {
            Some((other, count)) if count != files.len() => {
                let reason = format!(
                    "`{field}` has {}, `{other}` has {}: the Nth of each belong together, so give both as many",
                    counted(files.len()),
                    counted(count)
                );
                return Err(wrong(&folder.join(&shards.list()[0]), &reason));
            }
            Some(_) => {}
            None => {
                first = Some((field, files.len()));
                sets.resize(files.len(), BTreeMap::new());
            }
        }
        for (set, file) in sets.iter_mut().zip(files) {
            set.insert(field.clone(), file);
        }
    }
    let place = |set: &BTreeMap<String, PathBuf>| set.values().next().cloned().unwrap_or_default();
    in_turn(sets, place, chunks, read)
}

fn counted(shards: usize) -> String {
    format!("{} shard{}", grouped(shards), if shards == 1 { "" } else { "s" })
}

/// `place` is the path that stands for a shard in messages.
fn in_turn<T>(
    shards: Vec<T>,
    place: impl Fn(&T) -> PathBuf,
    (chunk, sink): (usize, &mut Sink<'_>),
    read: &mut Reading<'_, T>,
) -> Result<(), DataError> {
    let mut joined = Joined {
        sink,
        place: PathBuf::new(),
        fields: Vec::new(),
        flaws: Flaws::default(),
        rows: 0,
        is_over: false,
    };
    let mut first = None;
    let mut is_read = false;
    for shard in shards {
        let known = joined.fields.clone();
        (joined.place, joined.rows) = (place(&shard), 0);
        let mut take = |samples| joined.take(samples);
        match read(&shard, &known, (chunk, &mut take)) {
            Ok(()) => is_read = true,
            // Lines that belong to nothing are a mistake of the person, who has to look.
            Err(error) if joined.is_over || matches!(error, DataError::Lengths { .. }) => return Err(error),
            Err(error) => {
                is_read |= joined.rows > 0;
                joined.name(&error);
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if !is_read => Err(error),
        _ => joined.finish(),
    }
}

/// The samples of several shards, under the fields of the first.
struct Joined<'a, 'b> {
    sink: &'a mut Sink<'b>,
    /// The present shard.
    place: PathBuf,
    /// None before the first samples.
    fields: Vec<String>,
    /// Flaws of shards that gave no samples after them.
    flaws: Flaws,
    /// Number of samples of the present shard.
    rows: usize,
    /// True if nobody takes any more samples.
    is_over: bool,
}

impl Joined<'_, '_> {
    fn take(&mut self, samples: Samples) -> Result<(), DataError> {
        let samples = match self.fields.is_empty() {
            true => {
                self.fields = samples.fields().map(str::to_owned).collect();
                samples
            }
            false => samples.arranged(&self.fields).map_err(|error| {
                wrong(&self.place, &format!("has other fields than the shards before it ({error})"))
            })?,
        };
        self.rows += samples.len();
        self.hand_out(samples)
    }

    fn hand_out(&mut self, samples: Samples) -> Result<(), DataError> {
        let mut flaws = std::mem::take(&mut self.flaws);
        flaws.merge(samples.flaws().clone());
        if samples.is_empty() && flaws == Flaws::default() {
            return Ok(());
        }
        let taken = (self.sink)(samples.with_flaws(flaws));
        self.is_over = taken.is_err();
        taken
    }

    /// Names a shard that cannot be read, or not to its end.
    fn name(&mut self, error: &DataError) {
        let rest = match self.rows {
            0 => "the shard is left out".to_owned(),
            rows => {
                format!("of the shard, the first {} samples are read and the others left out", grouped(rows))
            }
        };
        self.flaws.remarks.push(format!("{error}; {rest}"));
    }

    /// Hands out the flaws of the last shards, if there are any.
    fn finish(mut self) -> Result<(), DataError> {
        if self.flaws == Flaws::default() {
            return Ok(());
        }
        let columns = self.fields.iter().map(|field| (field.clone(), Vec::new())).collect();
        self.hand_out(Samples::new(columns).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::SplitFiles;

    use super::super::packed::testing::zstd;
    use super::super::testing::{check, gzip};

    fn split(yaml: &str) -> SplitFiles {
        serde_yaml::from_str(yaml).expect("files of a split")
    }

    #[test]
    fn shards_of_tables_follow_each_other() {
        let tsv: &[(&str, &[u8])] = &[
            ("s/2.tsv", b"de\ten\nzwei\ttwo\n"),
            ("s/10.tsv", b"en\tid\tde\none\t1\teins\n"),
            ("x.tsv", b"en\nthree\n"),
        ];
        for (yaml, expected) in [
            // By their names, byte by byte; under the names of the first.
            (
                "tsv: { file: 's/*.tsv' }",
                "en=one id=1 de=eins (s/2.tsv: has other fields than the shards before it (no field is called 'id': \
                 known: de, en); the shard is left out)",
            ),
            ("tsv: { file: [s/2.tsv, s/10.tsv] }", "de=zwei|eins en=two|one"),
            ("tsv: { file: ['s/1*.tsv'] }", "en=one id=1 de=eins"),
            ("csv: { file: [s/2.tsv, 's/1*'], delimiter: \"\\t\" }", "de=zwei|eins en=two|one"),
            ("tsv: { file: [], columns: [a] }", ""),
            (
                "tsv: { file: 's/*.csv' }",
                "s/*.csv: no file fits this pattern: the folder s has 2 entries, such as '10.tsv'",
            ),
        ] {
            check(tsv, &split(yaml), expected);
        }
        let lines: &[(&str, &[u8])] = &[
            ("a.jsonl", b"{\"en\":\"a\",\"n\":1}\n"),
            ("b.jsonl", b"{\"n\":2,\"x\":0}\n{\"en\":\"c\",\"n\":3}\n"),
        ];
        check(lines, &split("json_lines: { file: '*.jsonl' }"), "en=a|<b.jsonl:1: no field 'en'>|c n=1|2|3");
        let named = "json_lines: { file: [b.jsonl, a.jsonl], columns: { id: 'n' } }";
        check(lines, &split(named), "id=2|3|1");
        let fasta: &[(&str, &[u8])] = &[("1.fa", b">a\nM\n"), ("2.fa", b">b\nK\n")];
        check(fasta, &split("fasta: { files: { s: '?.fa' } }"), "id=a|b s=M|K");
    }

    #[test]
    fn parallel_shards_belong_together() {
        let files: &[(&str, &[u8])] =
            &[("1.en", b"one\ntwo\n"), ("2.en", b"three\n"), ("1.de", b"eins\nzwei\n"), ("2.de", b"drei\n")];
        let both = split("parallel: { en: '*.en', de: '*.de' }");
        check(files, &both, "de=eins|zwei|drei en=one|two|three");
        check(
            files,
            &split("parallel: { en: [2.en, 1.en], de: [2.de, 1.de] }"),
            "de=drei|eins|zwei en=three|one|two",
        );
        check(
            &files[..3],
            &both,
            "*.en: `en` has 2 shards, `de` has 1 shard: the Nth of each belong together, so give both as many",
        );
        let crooked = split("parallel: { en: [1.en, 2.en], de: [2.de, 1.de] }");
        check(
            files,
            &crooked,
            "parallel files differ in length: 2.de has 1 lines, 1.en has 2 lines; line N of each must belong together",
        );
    }

    #[test]
    fn a_shard_that_cannot_be_read_is_named_and_costs_no_other() {
        let long: String = (0..9000).map(|number| format!("{number} {}\n", number * 7919 % 10007)).collect();
        let (en, de) = (gzip(long.as_bytes()), zstd(long.as_bytes()));
        let utf16: Vec<u8> = "eins\n".repeat(9).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let both = split("parallel: { en: [1.en, 2.en], de: [1.de, 2.de] }");
        let sound = "de=x en=y";
        for (bad, reason) in [
            (
                Some(&utf16[..]),
                "1.de: is UTF-16LE without a byte order mark; convert it to UTF-8, for instance with \
                 `iconv -f UTF-16LE -t UTF-8`",
            ),
            (Some(b"\x1f\x8b\x08\0"), "1.de: the gzip file is cut off; download or compress it again"),
            (Some(b""), "1.de: is empty"),
            (Some(b"\xff\n"), "1.de:1: byte 1 (0xff) is not UTF-8; convert the file to UTF-8"),
            (None, "cannot read 1.de: No such file or directory (os error 2)"),
        ] {
            let mut files: Vec<(&str, &[u8])> = vec![("1.en", b"one\n"), ("2.en", b"y\n"), ("2.de", b"x\n")];
            files.extend(bad.map(|bytes| ("1.de", bytes)));
            check(&files, &both, &format!("{sound} ({reason}; the shard is left out)"));
            // In the last place as well.
            let last = split("parallel: { en: [2.en, 1.en], de: [2.de, 1.de] }");
            check(&files, &last, &format!("{sound} ({reason}; the shard is left out)"));
            // One file that is named alone is as before, and so is the last that is left.
            let alone = split("parallel: { en: [1.en], de: [1.de] }");
            check(&files, &alone, reason);
        }
        // What came before a cut is read, in memory as in a stream.
        let cut = &en[..en.len() / 2];
        let files: &[(&str, &[u8])] = &[("1.en", cut), ("2.en", b"y\n"), ("1.de", &de), ("2.de", b"x\n")];
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).expect("written");
        }
        let samples = super::super::read(&both, folder.path()).expect("one shard and a half");
        let texts = samples.texts("en").expect("texts");
        let rows = texts.len() - 1;
        assert!(rows > 1000 && rows < 9000 && texts[rows] == "y", "{rows}");
        assert!(texts[..rows].iter().zip(long.lines()).all(|(text, line)| *text == line));
        assert_eq!(samples.texts("de").expect("texts")[..rows], texts[..rows]);
        let place = folder.path().join("1.en");
        let expected = format!(
            "{}: the gzip file is cut off; download or compress it again; of the shard, the first {} samples are read \
             and the others left out",
            place.display(),
            any2any_adapter::grouped(rows)
        );
        assert_eq!(samples.flaws().remarks, [expected]);
        for chunk in [1, 1000, 8192] {
            let mut all = Vec::new();
            let mut sink = |samples: crate::Samples| {
                all.extend(samples.texts("en").expect("texts").into_iter().map(str::to_owned));
                Ok(())
            };
            let archives = crate::reader::Archives::default();
            super::super::read_in_chunks(&both, folder.path(), &archives, (chunk, &mut sink)).expect("read");
            assert_eq!(all, texts, "{chunk}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_run_reaches_no_further_by_patterns() {
        use std::os::unix::fs::symlink;

        use crate::reach::Reach;
        use crate::reader::{Archives, read_sound};

        let run = tempfile::tempdir().expect("a temporary folder");
        let other = tempfile::tempdir().expect("a temporary folder");
        let write = |path: std::path::PathBuf| std::fs::write(path, "en\na\n").expect("written");
        write(other.path().join("a.tsv"));
        write(run.path().join("own.tsv"));
        symlink(other.path().join("a.tsv"), run.path().join("link.csv")).expect("linked");
        let archives = Archives::within(Some(Reach::new(run.path(), [])));
        let named = |folder: &std::path::Path, names: &str| {
            let files = split(&format!("tsv: {{ file: '{}' }}", folder.join(names).display()));
            read_sound(&files, std::path::Path::new(""), &archives).map_err(|error| error.to_string())
        };
        assert_eq!(named(run.path(), "*.tsv").expect("its own").len(), 1);
        for (folder, names) in [(other.path(), "*.tsv"), (run.path(), "*.csv"), (run.path(), "../**/a.tsv")] {
            let error = named(folder, names).expect_err("out of reach");
            assert!(error.contains("the run names") && !error.contains("entries"), "{error}");
        }
    }
}
