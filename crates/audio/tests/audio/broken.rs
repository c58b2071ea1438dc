//! Files that are cut off or damaged give errors that name them, never a panic or a huge allocation.

use std::io::Cursor;

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, OpenedValue, Part, Seed, Value};
use any2any_audio::Audio;
use hound::{SampleFormat, WavSpec, WavWriter};
use serde_json::json;

use crate::files;

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

fn open(bytes: Vec<u8>, part: Option<Part>) -> Result<OpenedValue, String> {
    let file = File::in_memory("folder/broken.wav", bytes);
    let file = part.map_or(file.clone(), |part| file.part_of(part));
    let options = json!({ "field": "sound", "rate": 16_000, "trim": {}, "take": 0.005 });
    Tested(Audio).open(&options, &Value::File(file)).map_err(|error| error.to_string())
}

/// A cut off sound is read up to its end with a warning; without a whole header, or a sample, it is an error.
#[test]
fn cut_off_files_are_read_with_a_warning_or_named() {
    for (whole, part) in kinds() {
        let opened = open(whole.clone(), part).expect("the whole file is sound");
        assert_eq!(opened.warnings, [""; 0]);
        let mut read = 0;
        for len in 0..whole.len() {
            match open(whole[..len].to_vec(), part) {
                Ok(opened) => {
                    read += 1;
                    assert!(opened.warnings[0].contains("ends before the sound"), "{:?}", opened.warnings);
                }
                Err(error) => {
                    assert!(error.starts_with("cannot read folder/broken.wav"), "{error}");
                    assert_eq!(read, 0, "{len} bytes: {error}");
                }
            }
        }
        assert!(read > 40, "{read}");
    }
}

/// Floats that can be read and cannot be meant are told with their place; floats that only overshoot are not.
#[test]
fn floats_beyond_reason_are_named_with_their_place() {
    let float = |samples: [f32; 6]| {
        let spec = WavSpec {
            channels: 2,
            sample_rate: 8000,
            bits_per_sample: 32,
            sample_format: SampleFormat::Float,
        };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec).expect("a known format");
        samples.into_iter().for_each(|sample| writer.write_sample(sample).expect("memory takes everything"));
        writer.finalize().expect("memory takes everything");
        Value::File(File::in_memory("folder/float.wav", bytes.into_inner()))
    };
    for (samples, channel, expected) in [
        ([0.5, -0.25, 3.9, -16.0, 16.0, 0.0], "mean", ""),
        (
            [0.5, 0.0, 1.0, -65_535.0, 60_000.0, 0.0],
            "mean",
            "its largest value, -65535 in channel 2 at 0.000 s, is beyond the 16 times full scale",
        ),
        ([0.5, 0.0, 1.0, 0.5, 17.0, 65_535.0], "left", "its largest value, 17 in channel 1 at 0.000 s"),
        ([0.5, 0.0, 1.0, 65_535.0, 0.5, 0.0], "left", ""),
        ([0.5, 0.0, 1.0, 65_535.0, 0.5, 0.0], "right", "divide 16 bits by 32768, 24 bits by 8388608"),
    ] {
        let options = json!({ "field": "sound", "rate": 8000, "channel": channel });
        let warnings = Tested(Audio).open(&options, &float(samples)).expect("a sound").warnings.join("; ");
        assert!(warnings.contains(expected), "{warnings}, not {expected}");
        assert_eq!(warnings.is_empty(), expected.is_empty(), "{warnings}");
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
                Ok(opened) => {
                    let signal = opened.value.as_signal().expect("opened sounds are signals");
                    read += 1;
                    assert!(signal.samples().iter().all(|sample| sample.is_finite()));
                    // 5 ms at 16 kHz.
                    assert!(signal.len() <= 16 * 5 + 16, "{}", signal.len());
                }
                Err(error) => assert!(error.starts_with("cannot read folder/broken.wav"), "{error}"),
            }
        }
    }
    assert!(read > 1000, "{read}");
}

#[test]
fn damaged_files_of_other_formats_do_no_harm() {
    let ramp: Vec<i16> = (0..600).map(|number| number * 50).collect();
    let data: Vec<u8> = ramp.iter().flat_map(|sample| sample.to_be_bytes()).collect();
    let ima = files::Format { align: 16, ..files::Format::new(0x11, 2, 4) };
    let kinds = [
        files::aiff(1, 16, None, &data),
        files::aiff(2, 16, Some(b"ima4"), &data),
        files::au(3, 1, 1200, &data),
        files::caf(b"lpcm", 0, 1, 16, 1204, &data),
        files::wave64(&data),
        files::nist("channel_count -i 1\nsample_n_bytes -i 2\nsample_byte_format -s2 10\n", &data),
        files::wav(&ima.bytes(&[2, 0, 9, 0]), &data),
        files::flac(&ramp),
        files::mp3(4),
        files::opus(16_000, 20, 312 + 19_000),
    ];
    let mut random = Seed(2).random("damage", 0);
    for whole in kinds {
        open(whole.clone(), None).expect("the whole file is sound");
        for len in (0..whole.len()).step_by(1 + whole.len() / 300) {
            let _ = open(whole[..len].to_vec(), None);
        }
        for _ in 0..500 {
            let mut bytes = whole.clone();
            for _ in 0..=random.below(4) {
                let end = if random.below(2) > 0 { 64 } else { bytes.len() };
                let place = random.below(end.min(bytes.len()));
                bytes[place] = [0, 1, 2, 7, 127, 128, 255, random.next_u64() as u8][random.below(8)];
            }
            if let Err(error) = open(bytes, None) {
                assert!(error.starts_with("cannot read folder/broken.wav"), "{error}");
                assert!(!error.contains("gave up"), "a decoder panicked: {error}");
            }
        }
    }
}

#[test]
fn other_files_say_what_to_do() {
    let cases: [(&[u8], &str); 6] = [
        (b"ID3\x04mp3", "MP3"),
        (b"fLaC", "FLAC"),
        (b"", "empty"),
        (b"RIFF", "WAV"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI"),
        (b"hello, this is no sound", "`ffmpeg "),
    ];
    for (content, word) in cases {
        let error = open(content.to_vec(), None).expect_err("no sound");
        assert!(error.contains(word), "{error}");
    }
}

/// A packet that cannot be decoded becomes silence as long as the one before it, and costs as much.
#[test]
fn silence_for_damaged_packets_is_priced() {
    let head = [&b"OpusHead\x01\x01"[..], &[0, 0], &48_000_u32.to_le_bytes(), &[0; 3]].concat();
    let (good, damaged): (&[u8], &[u8]) = (&[0xf8, 0xff, 0xfe], &[0xfb]);
    let packets = [vec![good], vec![damaged; 200]].concat();
    let pages = [
        files::page(2, 0, &[&head]),
        files::page(0, 0, &[b"OpusTags\0\0\0\0\0\0\0\0"]),
        files::page(4, 201 * 960, &packets),
    ];
    let value = Value::File(File::in_memory("damaged.opus", pages.concat()));
    let options = json!({ "field": "sound", "rate": 48_000 });
    let price = Tested(Audio).price(&options, &value).expect("a header");
    let Ok(Value::Signal(signal)) = Tested(Audio).open(&options, &value).map(|opened| opened.value) else {
        panic!("it is read with a warning");
    };
    assert_eq!(signal.len(), 201 * 960);
    assert!(price.bytes >= 4 * signal.len() as u64, "{price:?}");
}
