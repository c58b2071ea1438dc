//! CSV files: a column a channel, its name in the first line, a line a sample.

use crate::files::Recording;

/// A recording at a rate in hertz. Columns are parted by commas, semicolons or tabs, whichever the first line
/// has.
pub(crate) fn read(bytes: &[u8], rate: f64) -> Result<Recording, String> {
    let first = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let comma = [b',', b';', b'\t'].into_iter().find(|comma| first.contains(comma)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(comma).trim(csv::Trim::All).from_reader(bytes);
    let names = reader.headers().map_err(|error| error.to_string())?;
    let channels: Vec<String> = names.iter().map(str::to_owned).collect();
    if channels.iter().all(|name| name.parse::<f64>().is_ok()) && !channels.is_empty() {
        return Err("its first line has numbers: it must name the channels".to_owned());
    }
    let mut samples = vec![Vec::new(); channels.len()];
    for (line, row) in reader.records().enumerate() {
        let row = row.map_err(|error| error.to_string())?;
        for ((cell, samples), name) in row.iter().zip(&mut samples).zip(&channels) {
            let value = cell.parse::<f32>().ok().filter(|value| value.is_finite());
            samples.push(value.ok_or_else(|| format!("line {}, '{name}': '{cell}' is no number", line + 2))?);
        }
    }
    if samples.first().is_none_or(Vec::is_empty) {
        return Err("has no samples".to_owned());
    }
    Ok(Recording { rate, channels, samples })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_channels() {
        let cases: [(&str, Result<[f32; 2], &str>); 6] = [
            ("Oz,O1\n1,2\n3,4\n", Ok([3.0, 4.0])),
            ("Oz; O1\r\n1; 2\r\n3; -4e1", Ok([3.0, -40.0])),
            ("Oz,O1\n1,2\n3,x\n", Err("line 3, 'O1': 'x' is no number")),
            ("Oz,O1\n1,2\n3\n", Err("3")),
            ("1,2\n3,4\n", Err("name the channels")),
            ("", Err("no samples")),
        ];
        for (text, expected) in cases {
            match (read(text.as_bytes(), 100.0), expected) {
                (Ok(found), Ok(expected)) => assert_eq!([found.samples[0][1], found.samples[1][1]], expected),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
                (found, expected) => panic!("{text}: {found:?} instead of {expected:?}"),
            }
        }
    }
}
