//! Record of an example: its tokens, and the values of sides that are made anew for every batch.
//!
//! The number of the sample (64 bits), and for each side a kind (a byte), a length in bytes (32 bits), and the bytes: tokens
//! of 16 bits where all are small, of 32 bits otherwise, or the value as the data has it, which names a file on the disk.
//! All numbers are little-endian.

use any2any_adapter::{Sequence, Value};
use any2any_data::cache::value_to_bytes;

/// Kinds of what a record holds of a side.
mod kind {
    pub(super) const NOTHING: u8 = 0;
    pub(super) const TOKENS_16: u8 = 1;
    pub(super) const TOKENS_32: u8 = 2;
    pub(super) const VALUE: u8 = 3;
}

/// What a record holds of a side.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Held {
    /// Nothing, of a source that the task does not have.
    Nothing,
    /// The tokens of the side, which are the same for every batch.
    Tokens(Vec<u32>),
    /// The value as bytes, which is opened and encoded for every batch.
    Value(Vec<u8>),
}

impl Held {
    /// What is held of a side: its tokens, unless they are drawn anew for every batch or it has none.
    ///
    /// `None` for a value that no record can hold.
    pub(super) fn of(sequence: &Sequence, value: &Value, is_drawn_anew: bool) -> Option<Self> {
        match sequence.tokens() {
            Some(tokens) if !is_drawn_anew => Some(Self::Tokens(tokens.to_vec())),
            _ => value_to_bytes(value).map(Self::Value),
        }
    }

    fn write(&self, record: &mut Vec<u8>) {
        let (kind, bytes) = match self {
            Self::Nothing => (kind::NOTHING, Vec::new()),
            Self::Tokens(tokens) => match tokens.iter().map(|&token| u16::try_from(token)).collect() {
                Ok::<Vec<u16>, _>(small) => {
                    (kind::TOKENS_16, small.into_iter().flat_map(u16::to_le_bytes).collect())
                }
                Err(_) => (kind::TOKENS_32, tokens.iter().flat_map(|token| token.to_le_bytes()).collect()),
            },
            Self::Value(value) => (kind::VALUE, value.clone()),
        };
        record.push(kind);
        record.extend((bytes.len() as u32).to_le_bytes());
        record.extend(bytes);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (&kind, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (held, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        *bytes = rest;
        match kind {
            kind::NOTHING => Some(Self::Nothing),
            kind::TOKENS_16 => {
                let (tokens, []) = held.as_chunks() else { return None };
                Some(Self::Tokens(tokens.iter().map(|bytes| u16::from_le_bytes(*bytes).into()).collect()))
            }
            kind::TOKENS_32 => {
                let (tokens, []) = held.as_chunks() else { return None };
                Some(Self::Tokens(tokens.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect()))
            }
            kind::VALUE => Some(Self::Value(held.to_vec())),
            _ => None,
        }
    }
}

/// A sample on the disk.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    /// The sample's number in its split, from 0.
    pub(super) sample: usize,
    pub(super) source: Held,
    pub(super) target: Held,
}

impl Record {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut record = (self.sample as u64).to_le_bytes().to_vec();
        self.source.write(&mut record);
        self.target.write(&mut record);
        record
    }

    /// The record of some bytes; none of others.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (sample, mut rest) = bytes.split_first_chunk::<8>()?;
        let record = Self {
            sample: u64::from_le_bytes(*sample) as usize,
            source: Held::read(&mut rest)?,
            target: Held::read(&mut rest)?,
        };
        rest.is_empty().then_some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_and_others_are_none() {
        let held = [
            Held::Nothing,
            Held::Tokens(vec![]),
            Held::Tokens(vec![0, 65_535]),
            Held::Tokens(vec![7, 65_536]),
            Held::Value(vec![]),
            Held::Value(vec![1, 2, 3]),
        ];
        for source in &held {
            for target in &held {
                let record = Record { sample: 1 << 33, source: source.clone(), target: target.clone() };
                let bytes = record.to_bytes();
                assert_eq!(Record::of_bytes(&bytes), Some(record));
                for length in 0..bytes.len() {
                    assert_eq!(Record::of_bytes(&bytes[..length]), None, "{length} of {bytes:?}");
                }
                assert_eq!(Record::of_bytes(&[&bytes[..], &[0]].concat()), None);
            }
        }
    }
}
