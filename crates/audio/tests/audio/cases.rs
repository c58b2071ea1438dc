//! Files that people really have, beside what soundfile reads of them. Where they lie is said by ANY2ANY_CASES.

use std::path::Path;

use any2any_adapter::{File, Medium};
use any2any_audio::Audio;

use crate::outside;

/// Formats that are refused, by a word of the message that names them.
const NAMED: [(&str, &str); 2] = [("a12c-gsm610", "GSM 06.10"), ("a50-ogg-in-wav", "Ogg inside WAV")];

/// The numbers of an NPY file of 64 bit floats.
fn reference(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).expect("a reference");
    let head = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert!(String::from_utf8_lossy(&bytes[10..10 + head]).contains("'<f8'"), "{}", path.display());
    let numbers = bytes[10 + head..].chunks_exact(8);
    numbers.map(|number| f64::from_le_bytes(number.try_into().expect("eight bytes"))).collect()
}

#[test]
fn real_files_are_read_or_named() {
    let Some(folder) = outside::folder("ANY2ANY_CASES", "audio") else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        if path.extension().is_some_and(|extension| extension == "npy") {
            continue;
        }
        let file = File::on_disk(&path);
        assert!(Audio.recognises(&file.bytes().expect("a file")), "{file}");
        let contents = match (Audio.contents(&file), NAMED.iter().find(|(name, _)| *name == stem)) {
            (Err(error), Some((_, word))) => {
                assert!(error.to_string().contains(word), "{error}");
                continue;
            }
            (contents, _) => contents.unwrap_or_else(|error| panic!("{error}")),
        };
        // References stand beside the name of the WAV, with the channels kept or as their mean.
        let expected = reference(&folder.join(format!("{stem}.wav.npy")));
        let [samples, channels] = contents.shape()[..] else { panic!("{file}") };
        let found: Vec<f32> = match expected.len() == samples * channels {
            true => contents.values,
            false => contents
                .values
                .chunks(channels)
                .map(|one| one.iter().sum::<f32>() / channels as f32)
                .collect(),
        };
        assert_eq!(found.len(), expected.len(), "{file}");
        let lossy = ["MP3", "Ogg Vorbis"].contains(&&*contents.format);
        let most = if lossy { 1e-5 } else { 6e-8 };
        for (number, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let error = (f64::from(*found) - expected).abs();
            assert!(error <= most, "{file}, value {number}: {found}, not {expected}");
        }
        read += 1;
    }
    assert!(read >= 30, "{read}");
}
