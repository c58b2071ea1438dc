//! Files that are cut off or damaged give errors that name them, never a panic or a huge allocation.

use std::io::Cursor;

use any2any_adapter::{File, Medium, Part, Seed, Value};
use any2any_audio::Audio;
use hound::{SampleFormat, WavSpec, WavWriter};
use serde_json::json;

fn wav(bits: u16, format: SampleFormat, channels: u16) -> Vec<u8> {
    let spec = WavSpec { channels, sample_rate: 8000, bits_per_sample: bits, sample_format: format };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).expect("a known format");
    for number in 0..60 * i32::from(channels) {
        match format {
            SampleFormat::Float => writer.write_sample((number as f32 * 0.3).sin()),
            SampleFormat::Int => writer.write_sample(number - 30),
        }
        .expect("memory takes everything");
    }
    writer.finalize().expect("memory takes everything");
    bytes.into_inner()
}

/// Whole files of every kind, with the part to read.
fn kinds() -> [(Vec<u8>, Option<Part>); 5] {
    [
        (wav(8, SampleFormat::Int, 1), None),
        (wav(16, SampleFormat::Int, 2), Some(Part::Sample(7))),
        (wav(24, SampleFormat::Int, 1), None),
        (wav(32, SampleFormat::Int, 3), Some(Part::Second(0.001))),
        (wav(32, SampleFormat::Float, 1), None),
    ]
}

fn open(bytes: Vec<u8>, part: Option<Part>) -> Result<Value, String> {
    let file = File::in_memory("folder/broken.wav", bytes);
    let file = part.map_or(file.clone(), |part| file.part_of(part));
    let options = json!({ "field": "sound", "rate": 16_000, "trim": {}, "take": 0.005 });
    Audio.open(&options, &Value::File(file)).map(|opened| opened.value).map_err(|error| error.to_string())
}

#[test]
fn cut_off_files_are_errors_that_name_them() {
    for (whole, part) in kinds() {
        open(whole.clone(), part).expect("the whole file is sound");
        for len in 0..whole.len() {
            let error = open(whole[..len].to_vec(), part).expect_err("a cut off file");
            assert!(error.starts_with("cannot read folder/broken.wav"), "{error}");
        }
    }
}

#[test]
fn damaged_files_do_no_harm() {
    let mut random = Seed(1).random("damage", 0);
    let mut read = 0;
    for (whole, part) in kinds() {
        for _ in 0..4000 {
            let mut bytes = whole.clone();
            for _ in 0..=random.below(4) {
                // The head is where harm is done.
                let place = if random.below(4) > 0 { random.below(68) } else { random.below(bytes.len()) };
                bytes[place] = [0, 1, 2, 7, 127, 128, 255, random.next_u64() as u8][random.below(8)];
            }
            match open(bytes, part) {
                Ok(Value::Signal(signal)) => {
                    read += 1;
                    assert!(signal.samples().iter().all(|sample| sample.is_finite()));
                    // 5 ms at 16 kHz.
                    assert!(signal.len() <= 16 * 5 + 16, "{}", signal.len());
                }
                Ok(other) => panic!("{other}"),
                Err(error) => assert!(error.starts_with("cannot read folder/broken.wav"), "{error}"),
            }
        }
    }
    assert!(read > 1000, "{read}");
}

#[test]
fn other_files_say_what_to_do() {
    for content in [&b"ID3\x04mp3"[..], b"fLaC", b"", b"RIFF\0\0\0\0AVI LIST", b"hello, this is no sound"] {
        let error = open(content.to_vec(), None).expect_err("no sound");
        assert!(error.contains("WAV") || error.contains("header"), "{error}");
    }
}
