//! Tables of text: a column a channel, its name in the first line, a line a sample.
//!
//! Devices for the home write them with comments before the names (OpenBCI), with times instead of a rate (Muse)
//! and with columns that are no EEG; programs of many countries with commas in their numbers.

use crate::files::column::{Column, Content};
use crate::files::recording::Decoded;
use crate::files::selection::Selection;
use crate::files::text::decode_file;
use crate::files::times::{Times, seconds};

/// Reads the columns that are wanted. They are separated by tabs, semicolons, commas or spaces, whichever the first
/// lines have.
pub(crate) fn read(bytes: &[u8], wanted: Option<&[String]>) -> Result<Decoded, String> {
    let text = decode_file(bytes);
    let table = Table::of(&text)?;
    let columns: Vec<Column> = Column::all(&table.names);
    let channels: Vec<_> = columns.iter().map(Column::channel).collect();
    let selection = Selection::new(&channels, wanted)?;
    let chosen = &selection.numbers;
    let time = columns.iter().position(|column| column.content == Content::Time);

    let mut samples = vec![Vec::new(); chosen.len()];
    let (mut times, mut empty) = (Times::default(), 0_usize);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(table.delimiter)
        .comment(table.comment)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(table.rows.as_bytes());
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        let line = || table.first_line + row.position().map_or(0, csv::Position::line) as usize - 1;
        let mut cells: Vec<&str> = row.iter().collect();
        if table.delimiter == b' ' {
            cells.retain(|cell| !cell.is_empty());
        }
        // Many programs end a line with a separator.
        while cells.len() > columns.len() && cells.last().is_some_and(|cell| cell.is_empty()) {
            cells.pop();
        }
        if cells.len() != columns.len() {
            let (found, expected) = (cells.len(), columns.len());
            return Err(format!("line {}: has {found} cells, and the first line {expected}", line()));
        }
        // Devices write events between samples into lines of their own.
        if chosen.iter().all(|&number| cells[number].is_empty()) {
            empty += 1;
            continue;
        }
        for (&number, samples) in chosen.iter().zip(&mut samples) {
            let (cell, name) = (cells[number], &selection.names[number]);
            let value = number_of(cell).map(|value| (value * columns[number].factor) as f32);
            let value = value.filter(|value| value.is_finite());
            samples.push(value.ok_or_else(|| format!("line {}, '{name}': '{cell}' is no number", line()))?);
        }
        if let Some(time) = time {
            times.push(seconds(cells[time]));
        }
    }
    if samples.first().is_none_or(Vec::is_empty) {
        return Err("has no samples".to_owned());
    }
    let channels = selection.chosen();
    let mut warnings = selection.warnings;
    if empty > 0 {
        warnings.push("lines without a sample of any channel were left out".to_owned());
    }
    let (mut rate, mut measured) = (table.rate, false);
    if rate.is_none()
        && let Some(time) = time
    {
        (rate, measured) = (times.rate(columns[time].milliseconds, &mut warnings), true);
    }
    let format = format!("CSV, {}", table.delimiter_name());
    Ok(Decoded { format, rate, measured, channels, samples, warnings })
}

/// A number, with a point or a comma before its decimals.
fn number_of(cell: &str) -> Option<f64> {
    let plain = cell.replace('−', "-");
    plain.parse().ok().or_else(|| {
        let single = plain.matches(',').count() == 1 && !plain.contains('.');
        single.then(|| plain.replace(',', ".").parse().ok()).flatten()
    })
}

/// A table, parsed as far as its names.
struct Table<'a> {
    names: Vec<String>,
    /// The lines of samples.
    rows: &'a str,
    /// The number of the first of them, from 1.
    first_line: usize,
    delimiter: u8,
    /// The character that comments begin with, if there are any.
    comment: Option<u8>,
    /// The rate in a comment, in hertz.
    rate: Option<f64>,
}

impl<'a> Table<'a> {
    fn of(text: &'a str) -> Result<Self, String> {
        let is_comment = |line: &str| line.starts_with(['%', '#']) || line.trim().is_empty();
        let (mut rest, mut line, mut comments) = (text, 1, Vec::new());
        let mut separator = None;
        while let Some((first, after)) = rest.split_once('\n') {
            // Excel's own line that names the separator.
            if let Some(letter) = first.trim().strip_prefix("sep=") {
                separator = letter.bytes().next();
            } else if is_comment(first) {
                comments.push(first.trim());
            } else {
                break;
            }
            (rest, line) = (after, line + 1);
        }
        let mut lines = rest.lines();
        let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let delimiter = separator.unwrap_or_else(|| delimiter(first, second));
        let mut names = cells(first, delimiter)?;
        let mut rows = rest.split_once('\n').map_or("", |(_, rows)| rows);
        line += 1;
        if !names.is_empty() && names.iter().all(|name| number_of(name).is_some() || seconds(name).is_some())
        {
            names =
                headless(&names, &comments).ok_or("its first line has numbers: it must name the channels")?;
            (rows, line) = (rest, line - 1);
        }
        let comment = comments.iter().find_map(|comment| comment.bytes().next());
        let rate = comments.iter().find_map(|comment| rate_of(comment));
        Ok(Self { names, rows, first_line: line, delimiter, comment, rate })
    }

    fn delimiter_name(&self) -> &'static str {
        match self.delimiter {
            b',' => "parted by commas",
            b';' => "parted by semicolons",
            b'\t' => "parted by tabs",
            _ => "parted by spaces",
        }
    }
}

/// The cells of one line.
fn cells(line: &str, delimiter: u8) -> Result<Vec<String>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(line.as_bytes());
    let row = reader.records().next().transpose().map_err(|error| error.to_string())?;
    let cells: Vec<String> = row.iter().flatten().map(str::to_owned).collect();
    Ok(if delimiter == b' ' { cells.into_iter().filter(|cell| !cell.is_empty()).collect() } else { cells })
}

/// The separator of the cells: one that splits the names and the numbers below them into as many cells.
fn delimiter(first: &str, second: &str) -> u8 {
    let count = |line: &str, letter: u8| line.bytes().filter(|&byte| byte == letter).count();
    let parts = |letter: &&u8| count(first, **letter) > 0;
    let alike = |letter: &&u8| parts(letter) && count(first, **letter) == count(second, **letter);
    let letters = [b'\t', b';', b','];
    let found = letters.iter().find(alike).or_else(|| letters.iter().find(parts));
    let spaced = || {
        let names = first.split_whitespace().count();
        (names > 1 && names == second.split_whitespace().count()).then_some(b' ')
    };
    found.copied().or_else(spaced).unwrap_or(b',')
}

/// The names of a table without them, if its comments are those of OpenBCI: a counter, the channels, and others.
fn headless(first: &[String], comments: &[&str]) -> Option<Vec<String>> {
    let said = |key: &str| comments.iter().find_map(|comment| after(comment, key));
    comments.iter().find(|comment| comment.contains("OpenBCI"))?;
    let count: usize = said("number of channels")?.trim().parse().ok()?;
    let name = |number: usize| match number {
        0 => "Sample Index".to_owned(),
        _ if number <= count => format!("EXG Channel {}", number - 1),
        _ => "Other".to_owned(),
    };
    (first.len() > count).then(|| (0..first.len()).map(name).collect())
}

/// Parses the rate in a comment: `%Sample Rate = 250.0 Hz`.
fn rate_of(comment: &str) -> Option<f64> {
    let keys =
        ["sample rate", "samplerate", "sample_rate", "sampling rate", "sampling_rate", "sampling frequency"];
    let more = ["sampling_frequency", "sfreq", "fs", "rate"];
    let value = keys.iter().chain(&more).find_map(|key| after(comment, key))?;
    let value: String =
        value.trim().chars().take_while(|letter| letter.is_ascii_digit() || ".,".contains(*letter)).collect();
    value.replace(',', ".").parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0)
}

/// The text behind a key and `=` or `:` in a comment that begins with the key, ignoring its capitals and its unit.
fn after<'a>(comment: &'a str, key: &str) -> Option<&'a str> {
    let text = comment.trim_start_matches(['%', '#', ' ', '\t']);
    let (found, value) = text.split_once(['=', ':'])?;
    let found = found.split(['(', '[']).next().unwrap_or_default();
    found.trim().eq_ignore_ascii_case(key).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table that was read, in one line.
    fn shown(text: &[u8]) -> String {
        match read(text, None) {
            Ok(found) => {
                let rate = found.rate.map_or("no rate".to_owned(), |rate| format!("{rate} Hz"));
                format!("{} {:?} {rate}", found.channels.join(" "), found.samples)
            }
            Err(reason) => reason,
        }
    }

    #[test]
    fn columns_become_channels() {
        let cases: [(&[u8], &str); 25] = [
            (b"Oz,O1\n1,2\n3,4\n", "Oz O1 [[1.0, 3.0], [2.0, 4.0]] no rate"),
            (b"Oz; O1\r\n1; 2\r\n3; -4e1", "Oz O1 [[1.0, 3.0], [2.0, -40.0]] no rate"),
            (b"Oz;O1\n0,5;-2,25\n1,5;2\n", "Oz O1 [[0.5, 1.5], [-2.25, 2.0]] no rate"),
            (b"Oz\tO1\n0,5\t-2,25\n", "Oz O1 [[0.5], [-2.25]] no rate"),
            (b"Oz O1\n0.5  -2.25\n 1 2\n", "Oz O1 [[0.5, 1.0], [-2.25, 2.0]] no rate"),
            (b"\"Oz\",\"O1\"\n\"0,5\",\"2\"\n", "Oz O1 [[0.5], [2.0]] no rate"),
            (b"sep=;\nOz;O1\n1;2\n", "Oz O1 [[1.0], [2.0]] no rate"),
            (b"\xef\xbb\xbfOz,O1\n1,2\n", "Oz O1 [[1.0], [2.0]] no rate"),
            (b"Oz (mV),O1 [\xb5V],O2_uV\n1,2,3\n", "Oz O1 O2 [[1000.0], [2.0], [3.0]] no rate"),
            (b"Oz,O1\n1,2\n3,x\n", "line 3, 'O1': 'x' is no number"),
            (b"# a\n\nOz,O1\n1,2\n3,x\n", "line 5, 'O1': 'x' is no number"),
            (b"Oz,O1\n1,2\n3\n", "line 3: has 1 cells, and the first line 2"),
            (b"Oz,O1\n1,2,\n", "Oz O1 [[1.0], [2.0]] no rate"),
            (b"Oz,O1\n1,2,3\n", "line 2: has 3 cells, and the first line 2"),
            (b"1,2\n3,4\n", "its first line has numbers: it must name the channels"),
            (b"", "has no channel"),
            (b"Oz\n", "has no samples"),
            (b"time,Oz\n0,5\n0.004,6\n0.008,7\n", "Oz [[5.0, 6.0, 7.0]] 250 Hz"),
            (b"Zeit;Oz\n0,000;5\n0,004;6\n", "Oz [[5.0, 6.0]] 250 Hz"),
            (b",Oz,Marker\n0,5,1\n1,6,0\n", "Oz [[5.0, 6.0]] no rate"),
            (
                b"%OpenBCI Raw EXG Data\n%Number of channels = 1\n%Sample Rate = 250 Hz\nSample Index, EXG Channel 0, \
                Accel Channel 0, Other, Timestamp, Timestamp (Formatted)\n0, 5.5, 0.1, 0, 1600000000.1, 2020-01-01 \
                10:00:00.100\n1, 6.5, 0.2, 0, 1600000000.1, 2020-01-01 10:00:00.100\n",
                "EXG Channel 0 [[5.5, 6.5]] 250 Hz",
            ),
            (
                b"%OpenBCI Raw EEG Data\n%Number of channels = 2\n%Sample Rate = 125.0 Hz\n0, 5.5, 6.5, 0.1\n1, 7, 8, 0\n",
                "EXG Channel 0 EXG Channel 1 [[5.5, 7.0], [6.5, 8.0]] 125 Hz",
            ),
            (
                b"TimeStamp,Delta_TP9,RAW_TP9,RAW_AF7,AUX_RIGHT,Accelerometer_X,HeadBandOn,Elements\n\
                2017-11-20 22:41:01.000,0.1,800,801,802,0.5,1,\n2017-11-20 22:41:01.500,,,,,,,/muse/elements/blink\n\
                2017-11-20 22:41:02.000,0.1,803,804,805,0.5,1,\n",
                "RAW_TP9 RAW_AF7 [[800.0, 803.0], [801.0, 804.0]] 1 Hz",
            ),
            (
                b"Timestamp,EEG.Counter,EEG.Interpolated,EEG.AF3,EEG.RawCq,EEG.Battery,MOT.Q0\n\
                1600000000.0,0,0,4100,0,90,1\n1600000000.0078125,1,0,4101,0,90,1\n",
                "EEG.AF3 [[4100.0, 4101.0]] 128 Hz",
            ),
            (b"time,trigger\n1,2\n", "has no channel of EEG, but 'time' (time), 'trigger' (markers): name those \
               that you mean with 'channels'"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{}", String::from_utf8_lossy(text));
        }
        let wanted = ["Marker".to_owned()];
        assert_eq!(read(b"Oz,Marker\n5,1\n", Some(&wanted)).expect("a column").samples, [[1.0]]);
    }
}
