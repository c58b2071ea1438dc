//! `any2any data look`: files of every medium, samples of an experiment, and files that people really have beside what
//! their reference readers give.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::npy::{farthest, npy};
use crate::support::{TRANSFORMER, Workshop, outside};

/// A sound of two channels at 8 kHz, a picture of 3 x 2 pixels, a recording of two channels at 4 Hz.
fn files(workshop: &Workshop) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(workshop.path("tone.wav"), spec).expect("writable");
    for sample in [0_i16, 100, -16384, 16384, 32767, -32768] {
        writer.write_sample(sample).expect("writable");
    }
    writer.finalize().expect("writable");
    let picture = image::RgbImage::from_fn(3, 2, |x, y| image::Rgb([x as u8 * 10, y as u8 * 20, 255]));
    picture.save(workshop.path("dots.png")).expect("writable");
    let rows: String = (0..40).map(|row| format!("{row},{}\n", -row)).collect();
    workshop.write("trial.csv", &format!("Oz,O1\n{rows}"));
}

#[test]
fn files_are_shown_as_they_were_read() {
    let workshop = Workshop::new();
    files(&workshop);
    let looks =
        workshop.json(&["data", "look", "tone.wav", "dots.png", "trial.csv", "--output", "seen", "--json"]);
    let field = |file: usize, name: &str| looks["files"][file][name].to_string();
    for (file, name, expected) in [
        (0, "medium", "\"audio\""),
        (0, "shape", "[3,2]"),
        (0, "axes", "[\"samples\",\"channels\"]"),
        (0, "rate", "8000.0"),
        (1, "medium", "\"image\""),
        (1, "shape", "[2,3,3]"),
        (2, "medium", "\"eeg\""),
        (2, "shape", "[2,40]"),
        (2, "channels", "[\"Oz\",\"O1\"]"),
        (2, "unit", "\"uV\""),
    ] {
        assert_eq!(field(file, name), expected, "{name} of file {file}");
    }
    let (shape, values) = npy(&workshop.path("seen/tone.wav.npy"));
    assert_eq!((shape, values[2], values[3]), (vec![3, 2], -0.5, 0.5));
    let (shape, values) = npy(&workshop.path("seen/dots.png.npy"));
    assert_eq!((shape, &values[15..]), (vec![2, 3, 3], &[20.0, 20.0, 255.0][..]));
    let (shape, values) = npy(&workshop.path("seen/trial.csv.npy"));
    assert_eq!((shape, values[39], values[41]), (vec![2, 40], 39.0, -1.0));

    // A text is its lines, by their characters; one that cannot be read costs no other.
    std::fs::write(workshop.path("lines.en"), b"one\n\xff\n\none\n").expect("writable");
    let text = workshop.json(&["data", "look", "lines.en", "--json"]);
    assert_eq!(text["files"][0]["medium"], "text");
    assert_eq!(
        (&text["files"][0]["shape"], &text["files"][0]["range"]["greatest"]),
        (&serde_json::json!([4]), &3.0.into())
    );
    let warnings = text["files"][0]["warnings"].to_string();
    for words in
        ["1 of 4 lines cannot be read", "1 of 4 lines are empty", "1 of 4 lines stand", "lines.en:2:"]
    {
        assert!(warnings.contains(words), "{words}: {warnings}");
    }

    let table = workshop.succeed(&["data", "look", "tone.wav", "trial.csv"]);
    for line in ["tone.wav: audio, WAV", "3 x 2 (samples, channels)", "8000 Hz", "channels  Oz, O1", "39 uV"]
    {
        let spaced = line.replace("39 uV", "-39 to 39");
        assert!(table.contains(&spaced), "{table}");
    }
}

#[test]
fn one_file_that_cannot_be_read_costs_no_other() {
    let workshop = Workshop::new();
    files(&workshop);
    workshop.write("broken.png", "\u{89}PNG and no more");
    std::fs::write(workshop.path("what.xyz"), [0, 1, 2, 0xff]).expect("writable");
    let finished = workshop.run(&["data", "look", "broken.png", "what.xyz", "dots.png", "missing.wav"]);
    assert_eq!(finished.code, Some(1));
    assert!(finished.stdout.contains("dots.png: image"), "{}", finished.stdout);
    for word in ["broken.png", "what.xyz: no medium knows it", "--medium", "missing.wav", "3 of 4 files"] {
        assert!(finished.stderr.contains(word), "{word}: {}", finished.stderr);
    }
    // Nothing that is there is written over.
    workshop.succeed(&["data", "look", "dots.png", "--output", "seen"]);
    let again = workshop.run(&["data", "look", "dots.png", "--output", "seen"]);
    assert!(again.code == Some(1) && again.stderr.contains("already there"), "{}", again.stderr);
    workshop.succeed(&["data", "look", "dots.png", "--output", "seen", "--overwrite"]);
}

#[test]
fn samples_of_an_experiment_are_shown_as_they_are_trained_on() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 1");
    let arguments = ["data", "look", "experiment.yaml", "--samples", "2", "--output", "seen", "--json"];
    let looks = workshop.json(&arguments);
    let [train, validation, test] = &looks["splits"].as_array().expect("splits")[..] else {
        panic!("{looks}")
    };
    assert_eq!(
        (&train["split"], &validation["split"], &test["split"]),
        (&"train".into(), &"validation".into(), &"test".into())
    );
    assert_eq!(train["samples"], 360);
    let shown = &train["shown"][1];
    let sample = shown["sample"].as_u64().expect("a number") as usize;
    let line = workshop.read("train.en").lines().nth(sample - 1).expect("a line").to_owned();
    assert_eq!(shown["source"]["value"], line.as_str());
    assert_eq!(shown["source"]["positions"], shown["source"]["tokens"].as_array().expect("tokens").len());
    assert_eq!(workshop.read(&format!("seen/translate-train-{sample}-source.txt")), format!("{line}\n"));
    // Each token covers a part of the line; all but the end token together cover every letter.
    let regions = shown["source"]["regions"].as_array().expect("regions");
    assert_eq!(regions.len(), shown["source"]["tokens"].as_array().expect("tokens").len());
    let covered = |region: &serde_json::Value| {
        let bytes = region.get("bytes")?;
        Some(&line[bytes["start"].as_u64()? as usize..bytes["end"].as_u64()? as usize])
    };
    let covered: String = regions.iter().filter_map(covered).collect();
    assert_eq!(covered.replace(' ', ""), line.replace(' ', ""));
    for (side, most) in [("source", &train["positions"]["source"]), ("target", &train["positions"]["target"])]
    {
        let bins = most["histogram"].as_array().expect("bins");
        let samples: u64 = bins.iter().filter_map(|bin| bin["samples"].as_u64()).sum();
        assert_eq!(samples, 360, "{side}");
        assert_eq!(
            (&bins[0]["from"], &bins[bins.len() - 1]["to"]),
            (&most["least"], &most["most"]),
            "{side}"
        );
    }
    let table = workshop.succeed(&["data", "look", "experiment.yaml"]);
    for words in ["translate, train: 360 samples", "positions, median", "  ####", "    covers 0.."] {
        assert!(table.contains(words), "{words}: {table}");
    }
}

/// Outcome of a file that people really have.
enum Outcome {
    /// The values of the reference reader, as far from them at most.
    Values(f64),
    /// Read, with a warning that has these words in it.
    Warned(&'static [&'static str]),
    /// Refused, in words with these in them.
    Refused(&'static [&'static str]),
}
use Outcome::{Refused, Values, Warned};

/// Every real file, and what becomes of it. The references of recordings were written before these were rounded to the
/// steps of 16 bits, 0.003 uV of most files and 0.1 uV of BrainVision's.
#[rustfmt::skip]
const CASES: &[(&str, Outcome)] = &[
    ("audio/a05-20in24.wav", Values(1e-6)),
    ("audio/a05b-12in16.wav", Values(1e-6)),
    ("audio/a05c-12in16-ext.wav", Values(1e-6)),
    ("audio/a05d-16in24.wav", Values(1e-6)),
    ("audio/a07-ext-oversized.wav", Values(1e-6)),
    ("audio/a09-f64.wav", Values(1e-6)),
    ("audio/a10-alaw.wav", Values(1e-6)),
    ("audio/a11-ulaw.wav", Values(1e-6)),
    ("audio/a12-imaadpcm.wav", Values(1e-6)),
    ("audio/a12b-msadpcm.wav", Values(1e-6)),
    ("audio/a12c-gsm610.wav", Refused(&["GSM", "ffmpeg"])),
    ("audio/a14-size0.wav", Values(1e-6)),
    ("audio/a16-int32max.wav", Values(1e-6)),
    ("audio/a17-arecord.wav", Values(1e-6)),
    ("audio/a28b-fmt50.wav", Values(1e-6)),
    ("audio/a29b-f32-fmt40.wav", Values(1e-6)),
    ("audio/a30b-byterate0.wav", Values(1e-6)),
    ("audio/a32-rf64.wav", Values(1e-6)),
    ("audio/a32b-bw64.wav", Values(1e-6)),
    ("audio/a33-w64.w64", Values(1e-6)),
    ("audio/a33-w64.wav", Values(1e-6)),
    ("audio/a34-rifx.wav", Values(1e-6)),
    ("audio/a35-aiff.aiff", Values(1e-6)),
    ("audio/a35-aiff.wav", Values(1e-6)),
    ("audio/a36-au.au", Values(1e-6)),
    ("audio/a36-au.wav", Values(1e-6)),
    ("audio/a37-flac.flac", Values(1e-6)),
    ("audio/a37-flac.wav", Values(1e-6)),
    ("audio/a38-mp3.mp3", Values(1e-3)),
    ("audio/a38-mp3.wav", Values(1e-3)),
    ("audio/a39-ogg.ogg", Values(1e-3)),
    ("audio/a39-ogg.wav", Values(1e-3)),
    ("audio/a39b-caf.caf", Values(1e-6)),
    ("audio/a39b-caf.wav", Values(1e-6)),
    ("audio/a44-antiphase.wav", Warned(&["4000 x 2", "opposite phase"])),
    ("audio/a49-nist.wav", Values(1e-6)),
    ("audio/a50-ogg-in-wav.wav", Refused(&["Ogg inside WAV", "ffmpeg"])),
    ("eeg/e00-plain.edf", Values(1e-5)),
    ("eeg/e03-toofew.edf", Values(4e-3)),
    ("eeg/e04-zero-records.edf", Values(4e-3)),
    ("eeg/e10g-Volt.edf", Values(4e-3)),
    ("eeg/e13-duplicates.edf", Values(4e-3)),
    ("eeg/e15b-latin1-ann.edf", Values(4e-3)),
    ("eeg/e15d-malformed2.edf", Values(4e-3)),
    ("eeg/e16-version-nonascii.edf", Values(4e-3)),
    ("eeg/e16b-version-nul.edf", Values(4e-3)),
    ("eeg/e24b-sleep.rec", Values(4e-3)),
    ("eeg/e25_raw.fif", Values(4e-3)),
    ("eeg/e25b.gdf", Refused(&["GDF without any channel"])),
    ("eeg/e25c.eeg", Refused(&["e25c.vhdr beside it"])),
    ("eeg/e25c.vhdr", Values(0.06)),
    ("eeg/e25d.set", Values(4e-3)),
    ("eeg/e26b-time.csv", Values(4e-3)),
    ("eeg/e26c-openbci.csv", Values(4e-3)),
    ("eeg/e26d-muse.csv", Values(4e-3)),
    ("eeg/e26f-german.csv", Values(4e-3)),
    ("eeg/e27b-transposed.npy", Values(4e-3)),
    ("eeg/e27c-int64.npy", Values(4e-3)),
    ("eeg/e27d-f16.npy", Values(0.05)),
    ("image/i09-nonint-420.jpg", Values(0.0)),
    ("image/i09-nonint-422.jpg", Values(0.0)),
    ("image/i10b-noeoi.jpg", Warned(&["JPEG", "end marker"])),
    ("image/i11-motion.jpg", Values(0.0)),
    ("image/i14-avif.avif", Refused(&["AVIF", "avifdec"])),
    ("image/i14-bmp.bmp", Values(0.0)),
    ("image/i14-gif.gif", Values(0.0)),
    ("image/i14-jp2.jp2", Refused(&["JPEG 2000", "opj_decompress"])),
    ("image/i14-ppm.ppm", Values(0.0)),
    ("image/i14-tiff.tif", Values(0.0)),
    ("image/i14-webp.webp", Values(0.0)),
    ("image/i14h-heic.heic", Refused(&["HEIC", "heif-convert"])),
    ("image/i15c-webp-as-jpg.jpg", Values(0.0)),
    ("image/i16-crc.png", Values(0.0)),
    ("image/x-gzbomb.png", Refused(&["gzip", "no IDX"])),
];

#[test]
fn real_files_come_out_as_their_reference_readers_give_them() {
    let Some(cases) = outside::folder("ANY2ANY_CASES", "") else { return };
    let expected: BTreeMap<&str, &Outcome> = CASES.iter().map(|(name, outcome)| (*name, outcome)).collect();
    let workshop = Workshop::new();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for folder in ["audio", "eeg", "image"] {
        let entries = std::fs::read_dir(cases.join(folder)).expect("a folder of cases");
        for entry in entries {
            let path = entry.expect("readable").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let key = format!("{folder}/{name}");
            let reference = path.with_file_name(format!("{name}.npy"));
            let is_reference = name.strip_suffix(".npy").is_some_and(|of| path.with_file_name(of).is_file());
            if is_reference {
                continue;
            }
            seen += 1;
            let shown = path.display().to_string();
            let finished = workshop.run(&["data", "look", &shown, "--output", "seen"]);
            let outcome = match (finished.code, expected.get(key.as_str())) {
                (_, None) => Err("no outcome is expected of it".to_owned()),
                (Some(0), Some(Values(tolerance))) => {
                    let found = npy(&workshop.path(&format!("seen/{name}.npy")));
                    let wanted = without_margin(wanted(&key, &reference), &found.0);
                    match farthest(&found, &wanted) {
                        Ok(distance) if distance > *tolerance => {
                            Err(format!("{distance} from the reference"))
                        }
                        compared => compared.map(|_| ()),
                    }
                }
                (Some(0), Some(Warned(words))) => has(&finished.stdout, words),
                (Some(1), Some(Refused(words))) => has(&finished.stderr, words),
                (code, _) => Err(format!("exit code {code:?}")),
            };
            if let Err(reason) = outcome {
                wrong.push(format!("{key}: {reason}\n  {}", finished.stderr.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(seen, CASES.len(), "an expected file is missing");
}

fn has(text: &str, words: &[&str]) -> Result<(), String> {
    let lacking: Vec<_> = words.iter().filter(|word| !text.contains(**word)).collect();
    if lacking.is_empty() { Ok(()) } else { Err(format!("without the words {lacking:?}: {text}")) }
}

/// The reference of a case: the file beside it, that of the same sound under the name of a WAV, or for other formats of the
/// same recording that one's.
fn wanted(key: &str, reference: &Path) -> (Vec<usize>, Vec<f64>) {
    let same_recording = [
        "eeg/e15b-latin1-ann.edf",
        "eeg/e25_raw.fif",
        "eeg/e25c.vhdr",
        "eeg/e25d.set",
        "eeg/e26c-openbci.csv",
        "eeg/e26d-muse.csv",
        "eeg/e27d-f16.npy",
    ]
    .contains(&key);
    if same_recording {
        return npy(&reference.with_file_name("e00-plain.edf.npy"));
    }
    if reference.is_file() {
        return npy(reference);
    }
    npy(&reference.with_extension("").with_extension("wav.npy"))
}

/// The rows of a picture in the middle of a reference, which are padded with white above and below to squares.
fn without_margin((shape, values): (Vec<usize>, Vec<f64>), found: &[usize]) -> (Vec<usize>, Vec<f64>) {
    match (&shape[..], found) {
        (&[rows, width, channels], &[height, same, _]) if width == same && height < rows => {
            let row = width * channels;
            let above = (rows - height) / 2 * row;
            let (margin, rest) = values.split_at(above);
            let (middle, below) = rest.split_at(height * row);
            assert!(margin.iter().chain(below).all(|level| *level == 255.0), "a margin of white");
            (vec![height, width, channels], middle.to_vec())
        }
        _ => (shape, values),
    }
}
