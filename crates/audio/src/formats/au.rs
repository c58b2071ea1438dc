//! AU, the format of Sun and NeXT, with its numbers in either order.

use super::bytes::{Header, Order};
use super::coding::Coding;
use super::track::{Samples, Track};
use super::{CUT_OFF, UNKNOWN_LENGTH};
use crate::error::AudioError;

/// The sound of a file.
pub(super) fn find(bytes: &[u8]) -> Result<Track<'_>, AudioError> {
    let (name, order) = match bytes.starts_with(b"dns.") {
        true => ("AU (lowest byte first)", Order::Little),
        false => ("AU", Order::Big),
    };
    let broken = |reason: &str| AudioError::Broken { format: name.to_owned(), reason: reason.to_owned() };
    let mut header = Header::new(bytes.get(4..).unwrap_or_default(), order);
    let mut number = || header.u32().ok_or_else(|| broken("there is no whole header"));
    let (start, len, encoding, rate, channels) = (number()?, number()?, number()?, number()?, number()?);
    let there = bytes.get(start as usize..).ok_or_else(|| broken("it ends before its samples begin"))?;
    let coding = match encoding {
        1 => Coding::MuLaw,
        2 => Coding::Signed(1, order),
        3 => Coding::Signed(2, order),
        4 => Coding::Signed(3, order),
        5 => Coding::Signed(4, order),
        6 => Coding::Float32(order),
        7 => Coding::Float64(order),
        27 => Coding::ALaw,
        other => {
            let what = match other {
                23 => "G.721 ADPCM".to_owned(),
                24 => "G.722 ADPCM".to_owned(),
                25 => "G.723 ADPCM of 3 bits".to_owned(),
                26 => "G.723 ADPCM of 5 bits".to_owned(),
                other => format!("the encoding {other}"),
            };
            return Err(AudioError::unread(format!("{name} with {what}")));
        }
    };
    let (data, warning) = match len {
        u32::MAX => (there, None),
        0 if !there.is_empty() => (there, Some(UNKNOWN_LENGTH)),
        len => match there.get(..len as usize) {
            Some(data) => (data, None),
            None => (there, Some(CUT_OFF)),
        },
    };
    Ok(Track {
        format: format!("{name}, {}", coding.name()),
        rate: f64::from(rate),
        channels: channels as usize,
        names: Vec::new(),
        samples: Samples::Plain(coding, data),
        warnings: warning.map(str::to_owned).into_iter().collect(),
    })
}
