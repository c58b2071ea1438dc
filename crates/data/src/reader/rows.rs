//! Samples made of other samples: repeated, chosen, described further, and given the files that they name.

use std::collections::BTreeMap;
use std::path::Path;

use any2any_adapter::Value;
use any2any_experiment::{Pattern, spec};

use super::archive::Archives;
use super::part::Parts;
use crate::{DataError, Flaws, Samples, text};

pub(super) fn read(rows: &spec::Rows, folder: &Path, archives: &Archives) -> Result<Samples, DataError> {
    let from = super::read_sound(&rows.from, folder, archives)?.settled()?;
    let mut table = Rows::new(place(&rows.from), from);
    for (field, values) in &rows.each {
        table.repeat(field, values)?;
    }
    table.choose(&rows.keep, true)?;
    table.choose(&rows.except, false)?;
    for (field, words) in &rows.words {
        let values = table.words(words)?;
        table.add(field, values)?;
    }
    // The names of files come from the fields so far: one file cannot name another.
    let mut named = Vec::new();
    let mut broken: BTreeMap<usize, DataError> = BTreeMap::new();
    for (field, file) in &rows.files {
        let mut parts = Parts::new(file, folder, archives)?;
        let mut values = Vec::with_capacity(table.samples.len());
        for row in 0..table.samples.len() {
            values.push(parts.value(|field| table.text(field, row)).unwrap_or_else(|reason| {
                broken.entry(row).or_insert_with(|| table.wrong(row, reason));
                Value::from("")
            }));
        }
        named.push((field, values));
    }
    for (field, values) in named {
        table.add(field, values)?;
    }
    table.leave_out(broken)?;
    Ok(table.samples.with_flaws(table.flaws))
}

/// Name of the files of the rows in messages.
fn place(files: &spec::SplitFiles) -> String {
    if let spec::SplitFiles::Rows(rows) = files {
        return place(&rows.from);
    }
    let super::Named { shards, others } = super::named(files);
    let first = shards.first().and_then(|shards| shards.list().first());
    others.first().copied().or(first).map(|path| path.display().to_string()).unwrap_or_default()
}

/// Samples, with the rows that they come from.
struct Rows {
    place: String,
    numbers: Vec<usize>,
    samples: Samples,
    flaws: Flaws,
}

impl Rows {
    fn new(place: String, samples: Samples) -> Self {
        Self { place, numbers: (1..=samples.len()).collect(), flaws: samples.flaws().clone(), samples }
    }

    /// Leaves out the rows whose files are not there, unless that leaves none.
    fn leave_out(&mut self, mut broken: BTreeMap<usize, DataError>) -> Result<(), DataError> {
        if broken.len() == self.samples.len()
            && let Some((_, error)) = broken.pop_first()
        {
            return Err(error);
        }
        if self.flaws.broken.count == 0 {
            self.flaws.broken.of = self.samples.len();
        }
        broken.values().for_each(|error| self.flaws.broken.add(error));
        let sound: Vec<usize> = (0..self.samples.len()).filter(|row| !broken.contains_key(row)).collect();
        if !broken.is_empty() {
            self.select(&sound);
        }
        Ok(())
    }

    fn wrong(&self, row: usize, reason: String) -> DataError {
        DataError::Row { place: self.place.clone(), row: self.numbers[row], reason }
    }

    fn text(&self, field: &str, row: usize) -> Result<&str, String> {
        let column = self.samples.require(field).map_err(|error| error.to_string())?;
        column[row]
            .as_text()
            .ok_or_else(|| format!("the field '{field}' is {}, not a text", column[row].kind()))
    }

    fn select(&mut self, rows: &[usize]) {
        self.samples = self.samples.select(rows);
        self.numbers = rows.iter().map(|&row| self.numbers[row]).collect();
    }

    fn add(&mut self, field: &str, values: Vec<Value>) -> Result<(), DataError> {
        let samples = std::mem::take(&mut self.samples);
        let known: Vec<String> = samples.fields().map(str::to_owned).collect();
        self.samples = samples.with_column(field, values).ok_or_else(|| DataError::Row {
            place: self.place.clone(),
            row: 1,
            reason: format!(
                "there is a field '{field}' already: give the new one another name (known: {})",
                known.join(", ")
            ),
        })?;
        Ok(())
    }

    /// Every row once for each value, the values next to each other.
    fn repeat(&mut self, field: &str, values: &[String]) -> Result<(), DataError> {
        let rows: Vec<usize> =
            (0..self.samples.len()).flat_map(|row| std::iter::repeat_n(row, values.len())).collect();
        self.select(&rows);
        let column =
            values.iter().map(|value| Value::from(value.as_str())).cycle().take(rows.len()).collect();
        self.add(field, column)
    }

    /// Keeps the rows that meet all conditions, or those that meet none.
    fn choose(&mut self, conditions: &BTreeMap<String, spec::Texts>, keep: bool) -> Result<(), DataError> {
        for (key, accepted) in conditions {
            let pattern = Pattern::parse(key).map_err(|reason| self.wrong_pattern(reason))?;
            let mut rows = Vec::new();
            for row in 0..self.samples.len() {
                let field = fill(&pattern, |field| self.text(field, row))
                    .map_err(|reason| self.wrong(row, reason))?;
                let value = self.text(&field, row).map_err(|reason| self.wrong(row, reason))?;
                if accepted.list().iter().any(|text| text == value) == keep {
                    rows.push(row);
                }
            }
            if rows.is_empty() && !self.samples.is_empty() {
                let values: Vec<String> = accepted.list().to_vec();
                let (what, values) = (if keep { "where" } else { "except" }, values.join(", "));
                return Err(DataError::Row {
                    place: self.place.clone(),
                    row: self.numbers[0],
                    reason: format!("`{what}` leaves no sample: {key} with {values}"),
                });
            }
            self.select(&rows);
        }
        Ok(())
    }

    fn wrong_pattern(&self, reason: String) -> DataError {
        DataError::Row { place: self.place.clone(), row: 1, reason }
    }

    fn words(&self, words: &spec::Words) -> Result<Vec<Value>, DataError> {
        (0..self.samples.len())
            .map(|row| {
                let value = self.text(&words.from, row).map_err(|reason| self.wrong(row, reason))?;
                if words.map.is_empty() {
                    return Ok(Value::from(value));
                }
                words.map.get(value).map(|word| Value::from(word.as_str())).ok_or_else(|| {
                    let known: Vec<String> = words.map.keys().cloned().collect();
                    let reason =
                        format!("no word for the {} '{value}': {}", words.from, text::known(value, &known));
                    self.wrong(row, reason)
                })
            })
            .collect()
    }
}

/// A pattern filled from the texts of a row.
pub(super) fn fill<'a>(
    pattern: &Pattern,
    text: impl Fn(&str) -> Result<&'a str, String>,
) -> Result<String, String> {
    if let Some(error) = pattern.fields().find_map(|field| text(field).err()) {
        return Err(error);
    }
    let filled = pattern.fill(|field| text(field).ok().map(str::to_owned));
    filled.map_err(|field| format!("no field is called '{field}'"))
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::SplitFiles;

    use super::super::archive::testing::tar;
    use super::super::testing::check;

    fn split(yaml: &str) -> SplitFiles {
        serde_yaml::from_str(&format!("rows: {{ from: {{ tsv: {{ file: t }} }}, {yaml} }}")).expect("rows")
    }

    const TABLE: &[u8] = b"n\tx\ty\ta\tb\n1\t0\t2\t1\t1\n2\t3\t1\t0\t1\n";

    #[test]
    fn rows_are_repeated_chosen_and_named() {
        let cases = [
            ("each: { by: [a, b] }", "n=1|1|2|2 x=0|0|3|3 y=2|2|1|1 a=1|1|0|0 b=1|1|1|1 by=a|b|a|b"),
            ("each: { by: [a, b] }, where: { '{by}': '1', n: ['2', '3'] }", "n=2 x=3 y=1 a=0 b=1 by=b"),
            ("except: { n: '1', x: '5' }", "n=2 x=3 y=1 a=0 b=1"),
            (
                "words: { w: { from: n, map: { '1': one, '2': two } } }, where: { a: '0' }",
                "n=2 x=3 y=1 a=0 b=1 w=two",
            ),
            ("words: { m: { from: n } }", "n=1|2 x=0|3 y=2|1 a=1|0 b=1|1 m=1|2"),
            ("each: { p: [u, v], q: [s] }, where: { n: '1' }", "n=1|1 x=0|0 y=2|2 a=1|1 b=1|1 p=u|v q=s|s"),
            ("words: { w: { from: n, map: { '1': one } } }", "row 2 of t: no word for the n '2': known: 1"),
            ("where: { n: '3' }", "row 1 of t: `where` leaves no sample: n with 3"),
            ("where: { m: '3' }", "row 1 of t: no field is called 'm': known: n, x, y, a, b"),
            (
                "words: { x: { from: n } }",
                "row 1 of t: there is a field 'x' already: give the new one another name (known: n, x, y, a, b)",
            ),
            (
                "words: { w: { from: n } }, each: { w: [a] }",
                "rows/words/w: two fields are called `w`: give each its own name",
            ),
            (
                "where: { '{n': a }",
                "rows/where/{n: `{n` has a brace without its partner: `{{` stands for the brace itself",
            ),
            (
                "each: { w: [] }",
                "rows/each/w: `w` has no value: give the field the values that every sample is repeated for",
            ),
        ];
        for (yaml, expected) in cases {
            check(&[("t", TABLE)], &split(yaml), expected);
        }
    }

    #[test]
    fn rows_name_files_and_their_parts() {
        let archive = tar(&[("1.png", b"a"), ("2.png", b"b")]);
        let cases = [
            ("archive: z.tar, member: '{n}.png'", "[z.tar/1.png]|[z.tar/2.png]"),
            ("file: 'p{n}'", "[p1]|[p2]"),
            (
                "file: p1, part: { cell: { column: '{x}', row: '{y}', size: 32 } }",
                "[p1, 32 x 32 pixels at 0, 64]|[p1, 32 x 32 pixels at 96, 32]",
            ),
            (
                "file: p1, part: { rectangle: { left: '{x}*10+1', top: '{y}', width: '5', height: '{n}*2' } }",
                "[p1, 5 x 2 pixels at 1, 2]|[p1, 5 x 4 pixels at 31, 1]",
            ),
            ("file: p1, part: { sample: '{x}*256' }", "[p1, from sample 0]|[p1, from sample 768]"),
            ("file: p1, part: { second: '{x}.5' }", "[p1, from second 0.5]|[p1, from second 3.5]"),
            ("file: p1, part: { item: '{y}' }", "[p1, item 3]|[p1, item 2]"),
        ];
        let files = [("t", TABLE), ("z.tar", &archive), ("p1", b"1"), ("p2", b"2")];
        for (yaml, values) in cases {
            let expected = format!("n=1|2 x=0|3 y=2|1 a=1|0 b=1|1 f={values}");
            check(&files, &split(&format!("files: {{ f: {{ {yaml} }} }}")), &expected);
        }
        let expected = "n=1 x=0 y=2 a=1 b=1 f=[p1] (1 of 2: row 2 of t: there is no file p2)";
        check(&[("t", TABLE), ("p1", b"1")], &split("files: { f: { file: 'p{n}' } }"), expected);
        let wrong = [
            (
                "archive: z.tar, member: '{n}.gif'",
                "row 1 of t: z.tar: no member is called '1.gif'; it has 2 files, such as '1.png'",
            ),
            ("file: 'p{x}'", "row 1 of t: there is no file p0"),
            ("file: '../p{n}'", "row 1 of t: '../p1' leaves the folder of the dataset"),
            ("file: '/p{n}'", "row 1 of t: '/p1' leaves the folder of the dataset"),
            ("file: 'p{z}'", "row 1 of t: no field is called 'z': known: n, x, y, a, b"),
            (
                "file: p1, part: { item: '-{y}' }",
                "row 1 of t: '-2' is not a whole number, nor a sum of products of some, such as 3*32+1",
            ),
            ("file: p1, part: { second: 'x{y}' }", "row 1 of t: 'x2' is not a number of seconds"),
            (
                "file: p1, part: { cell: { column: '18446744073709551615', row: '0', size: 32 } }",
                "row 1 of t: 18446744073709551615 x 32 is too large",
            ),
            (
                "member: '{n}'",
                "rows/files/f: this names no file: give either `file`, or `archive` and its `member`",
            ),
            (
                "file: p1, archive: z.tar",
                "rows/files/f/file: `file` cannot stand beside an archive: give either `file`, or `archive` and its `member`",
            ),
        ];
        for (yaml, expected) in wrong {
            check(&files, &split(&format!("files: {{ f: {{ {yaml} }} }}")), expected);
        }
    }
}
