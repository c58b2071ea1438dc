//! The character map of a SentencePiece model: replacements that are made before a text is cut.
//!
//! The file holds the size of a double array in bytes, the double array (Aoe, "An efficient digital search algorithm
//! by using a double-array structure", 1989, in the layout of the Darts-clone library), and the replacements, each
//! ended by a zero byte. A value of the array is where its replacement starts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Longest replacement of a few characters, in bytes.
const REPLACEMENT: usize = 256;

/// A map of characters; of several strings that a text starts with, the longest counts.
#[derive(Debug)]
pub(crate) struct CharacterMap {
    units: Vec<u32>,
    replacements: String,
}

impl CharacterMap {
    /// The map of a file; none when the file has none.
    ///
    /// # Errors
    ///
    /// When it is cut off or broken.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>, String> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let broken = || "its map of characters is broken".to_owned();
        let (size, rest) = bytes.split_first_chunk().ok_or_else(broken)?;
        let size = u32::from_le_bytes(*size) as usize;
        let (units, replacements) = rest.split_at_checked(size).ok_or_else(broken)?;
        let (units, []) = units.as_chunks::<4>() else { return Err(broken()) };
        let map = Self {
            units: units.iter().map(|unit| u32::from_le_bytes(*unit)).collect(),
            replacements: String::from_utf8(replacements.to_vec()).map_err(|_| broken())?,
        };
        map.walk().ok_or_else(broken)??;
        Ok(Some(map))
    }

    /// Checks that a map in base 64, as a `tokenizer.json` has it, is whole: its library checks no bound.
    ///
    /// # Errors
    ///
    /// When it is cut off or broken.
    pub(crate) fn check_base64(text: &str) -> Result<(), String> {
        let bytes = STANDARD.decode(text).map_err(|error| format!("it is not in base 64: {error}"))?;
        let map = Self::parse(&bytes)?;
        map.map(drop).ok_or_else(|| "it is empty".to_owned())
    }

    /// Goes through all that a text could reach; none where something lies outside of the file.
    fn walk(&self) -> Option<Result<(), String>> {
        let mut seen = vec![false; self.units.len()];
        let mut open = vec![offset(*self.units.first()?)];
        while let Some(node) = open.pop() {
            for byte in 1..=u32::from(u8::MAX) {
                let unit = *self.units.get((node ^ byte) as usize)?;
                if unit & (1 << 31 | 0xff) != byte {
                    continue;
                }
                let next = node ^ byte ^ offset(unit);
                let value = *self.units.get(next as usize)? & !(1 << 31);
                if unit >> 8 & 1 == 1 {
                    let start = self.replacements.get(value as usize..)?.bytes();
                    if start.take(REPLACEMENT + 1).take_while(|byte| *byte != 0).count() > REPLACEMENT {
                        let reason = "its map of characters replaces one by more than";
                        return Some(Err(format!("{reason} {REPLACEMENT} bytes")));
                    }
                }
                if !std::mem::replace(&mut seen[next as usize], true) {
                    open.push(next);
                }
            }
        }
        Some(Ok(()))
    }

    /// The longest string of the map that a text starts with: its length in bytes, and its replacement.
    pub(super) fn longest(&self, text: &str) -> Option<(usize, &str)> {
        let mut found = None;
        let mut node = offset(*self.units.first()?);
        for (length, byte) in (1..).zip(text.bytes()) {
            node ^= u32::from(byte);
            let Some(&unit) = self.units.get(node as usize) else { break };
            if unit & (1 << 31 | 0xff) != u32::from(byte) {
                break;
            }
            node ^= offset(unit);
            let has_value = unit >> 8 & 1 == 1;
            if has_value && let Some(&value) = self.units.get(node as usize) {
                found = Some((length, value & !(1 << 31)));
            }
        }
        let (length, value) = found.filter(|(length, _)| text.is_char_boundary(*length))?;
        let replacement = self.replacements.get(value as usize..)?;
        Some((length, replacement.split('\0').next().unwrap_or_default()))
    }
}

/// Distance of a node's children from the node, in units.
fn offset(unit: u32) -> u32 {
    (unit >> 10) << ((unit & (1 << 9)) >> 6)
}
