//! TensorBoard's event files: TFRecord framing around `tensorflow.Event` messages.
//!
//! The format is small and fixed (TensorFlow's `record_writer.h` and `event.proto`): each record is its length
//! as 8 bytes, a masked CRC-32C of them, the message, and a masked CRC-32C of it; a scalar is a message of
//! three nested fields. Writing it here costs less than a protocol-buffer compiler in every build.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use any2any_run::RunError;

/// Writer of scalars to an event file of its own.
#[derive(Debug)]
pub struct EventWriter {
    file: BufWriter<File>,
    path: std::path::PathBuf,
}

impl EventWriter {
    /// Creates a file in a folder, which is made if it is missing.
    pub fn create(folder: &Path) -> Result<Self, RunError> {
        std::fs::create_dir_all(folder).map_err(RunError::io(folder))?;
        let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        let path = folder.join(format!("events.out.tfevents.{nanoseconds}.any2any"));
        let file = File::create_new(&path).map_err(RunError::io(&path))?;
        let mut writer = Self { file: BufWriter::new(file), path };
        let mut event = wall_time();
        field_bytes(&mut event, 3, b"brain.Event:2");
        writer.record(&event)?;
        Ok(writer)
    }

    /// Adds the value of a scalar at a step.
    pub fn scalar(&mut self, tag: &str, step: u64, value: f64) -> Result<(), RunError> {
        let mut summary_value = Vec::new();
        field_bytes(&mut summary_value, 1, tag.as_bytes());
        summary_value.push(key(2, WIRE_FIXED_32));
        summary_value.extend((value as f32).to_le_bytes());
        let mut summary = Vec::new();
        field_bytes(&mut summary, 1, &summary_value);
        let mut event = wall_time();
        event.push(key(2, WIRE_VARINT));
        varint(&mut event, step);
        field_bytes(&mut event, 5, &summary);
        self.record(&event)
    }

    /// Writes all buffered events to disk.
    pub fn flush(&mut self) -> Result<(), RunError> {
        self.file.flush().map_err(RunError::io(&self.path))
    }

    fn record(&mut self, message: &[u8]) -> Result<(), RunError> {
        let length = (message.len() as u64).to_le_bytes();
        let parts: [&[u8]; 4] = [
            &length,
            &masked_checksum(&length).to_le_bytes(),
            message,
            &masked_checksum(message).to_le_bytes(),
        ];
        parts.iter().try_for_each(|part| self.file.write_all(part)).map_err(RunError::io(&self.path))
    }
}

const WIRE_VARINT: u8 = 0;
const WIRE_FIXED_64: u8 = 1;
const WIRE_BYTES: u8 = 2;
const WIRE_FIXED_32: u8 = 5;

fn key(field: u8, wire: u8) -> u8 {
    field << 3 | wire
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn field_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(key(field, WIRE_BYTES));
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// The beginning of every event: the time of its writing.
fn wall_time() -> Vec<u8> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64());
    let mut event = vec![key(1, WIRE_FIXED_64)];
    event.extend(seconds.to_le_bytes());
    event
}

fn masked_checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_follow_the_format() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut writer = EventWriter::create(folder.path()).expect("created");
        writer.scalar("loss", 300, 1.5).expect("written");
        writer.flush().expect("flushed");
        let path =
            folder.path().read_dir().expect("there").next().expect("one file").expect("readable").path();
        let mut bytes = std::fs::read(path).expect("readable").into_iter();
        let mut messages = Vec::new();
        loop {
            let length: Vec<u8> = bytes.by_ref().take(8).collect();
            let Ok(length) = <[u8; 8]>::try_from(length) else { break };
            let sum: Vec<u8> = bytes.by_ref().take(4).collect();
            assert_eq!(sum, masked_checksum(&length).to_le_bytes());
            let message: Vec<u8> = bytes.by_ref().take(u64::from_le_bytes(length) as usize).collect();
            let sum: Vec<u8> = bytes.by_ref().take(4).collect();
            assert_eq!(sum, masked_checksum(&message).to_le_bytes());
            messages.push(message);
        }
        assert_eq!(messages.len(), 2);
        assert!(messages[0].ends_with(b"brain.Event:2"));
        // step 300 as a varint, then the summary: tag "loss" and 1.5 as a 32-bit float
        let expected =
            [0x10, 0xac, 0x02, 0x2a, 13, 0x0a, 11, 0x0a, 4, b'l', b'o', b's', b's', 0x15, 0, 0, 0xc0, 0x3f];
        assert_eq!(messages[1][9..], expected);
    }

    #[test]
    fn checksum_is_castagnolis() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
    }
}
