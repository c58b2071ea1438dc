//! NIST SPHERE, the format of TIMIT and other old collections of speech: lines of text, then samples.

use super::CUT_OFF;
use super::bytes::Order;
use super::coding::Coding;
use super::track::{Samples, Track};
use crate::error::AudioError;

/// The sound of a file.
pub(super) fn find(bytes: &[u8]) -> Result<Track<'_>, AudioError> {
    let name = "NIST SPHERE";
    let broken = |reason: &str| AudioError::Broken { format: name.to_owned(), reason: reason.to_owned() };
    let unread = |what: &str| AudioError::unread(format!("{name} with {what}"));
    // The second line says how long the header is.
    let size = bytes.get(8..16).and_then(|line| std::str::from_utf8(line).ok()?.trim().parse::<usize>().ok());
    let size = size.ok_or_else(|| broken("the length of its header is missing"))?;
    let (header, there) =
        bytes.split_at_checked(size).ok_or_else(|| broken("it ends before its samples begin"))?;
    let header = String::from_utf8_lossy(header);
    let lines = header.lines().map(str::trim).take_while(|line| *line != "end_head");
    // `sample_rate -i 16000`: a name, a type, a value.
    let fields: Vec<(&str, &str)> = lines
        .filter_map(|line| {
            let (name, typed) = line.split_once(' ')?;
            Some((name, typed.trim().split_once(' ')?.1.trim()))
        })
        .collect();
    let text = |name: &str| fields.iter().find(|(field, _)| *field == name).map(|(_, value)| *value);
    let number = |name: &str| text(name).and_then(|value| value.parse::<usize>().ok());
    let format = text("sample_byte_format").unwrap_or("01");
    let channels = number("channel_count").unwrap_or(1);
    let coding = match text("sample_coding").unwrap_or("pcm") {
        "pcm" => {
            let width = number("sample_n_bytes").unwrap_or(format.len());
            let order = match format {
                _ if width == 1 => Order::Big,
                "10" | "210" | "3210" => Order::Big,
                "01" | "012" | "0123" => Order::Little,
                _ => return Err(unread("its bytes in an order that nobody knows")),
            };
            match width {
                1..=4 => Coding::Signed(width, order),
                _ => return Err(unread("integers of more than 32 bits")),
            }
        }
        "alaw" => Coding::ALaw,
        "ulaw" | "mu-law" => Coding::MuLaw,
        other if other.contains("shorten") => return Err(unread("Shorten")),
        other => return Err(unread(&format!("the encoding '{other}'"))),
    };
    if text("channels_interleaved").is_some_and(|value| value == "FALSE") && channels > 1 {
        return Err(unread("its channels one after the other"));
    }
    let rate = number("sample_rate").ok_or_else(|| broken("its rate is missing"))?;
    let said =
        number("sample_count").and_then(|count| count.checked_mul(channels)?.checked_mul(coding.width()));
    let warnings = said.filter(|said| *said > there.len()).map(|_| CUT_OFF.to_owned());
    Ok(Track {
        format: format!("{name}, {}", coding.name()),
        rate: rate as f64,
        channels,
        names: Vec::new(),
        samples: Samples::Plain(coding, there),
        warnings: warnings.into_iter().collect(),
    })
}
