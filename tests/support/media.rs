//! Pictures, sounds and recordings that tests make themselves: three words, each drawn, sung and felt by two
//! people.

use std::path::Path;

use any2any_adapter::{Random, Seed};

use super::Workshop;
use super::documents::root;

/// The words that pictures, sounds and recordings mean.
const WORDS: [&str; 3] = ["bar", "cross", "ring"];
/// Who made them.
pub(crate) const PEOPLE: [&str; 2] = ["anna", "bert"];
/// Number of samples that each person made of each word.
const EACH: usize = 30;

/// Ids and frames that somebody else has prepared, read from copies that [`fill_prepared`] makes.
pub(crate) const PREPARED: &str = "name: prepared
tasks:
  reverse:
    data:
      files: { train: { tsv: { file: ids.tsv } } }
      split: { shares: { validation: 0.05, test: 0.85 } }
    source: { tokens: { field: ids } }
    target: { tokens: { field: reversed } }
  turn:
    data:
      files: { train: { tsv: { file: frames.tsv } } }
      split: { shares: { validation: 0.05, test: 0.85 } }
    source: { frames: { field: points } }
    target: { frames: { field: turned, output: { codes: { codes: 16 } } } }
model:
  transformer: { d_model: 32, d_ff: 64, heads: 4, encoder_layers: 1, decoder_layers: 1, dropout: 0.0 }
training: { steps: 60, batch: { tokens: 600 }, schedule: { constant: { peak: 5.0e-3, warmup: 1 } } }
evaluation: { every: 60, show: 0, decode_at_most: 10 }
";

/// Writes the experiment [`PREPARED`] as `prepared.yaml`, with its data.
pub(crate) fn fill_prepared(workshop: &Workshop) {
    for file in ["ids.tsv", "frames.tsv"] {
        let from = root().join("examples/prepared").join(file);
        std::fs::copy(from, workshop.path(file)).expect("copied");
    }
    workshop.write("prepared.yaml", PREPARED);
}

/// Reading three media, drawing, cleaning and singing, with one body.
pub(crate) const UNIVERSAL: &str = "name: universal
tasks:
  see:
    data: &pictures
      files: { train: { members: { folder: pictures, names: '{person}_{word}_{number}.png', field: picture } } }
      split: { shares: { validation: 0.1, test: 0.2 } }
    source:
      image:
        field: picture
        background: black
        patches: { width: 4, height: 4 }
        augment: { shift: 1, noise: 0.05 }
    target: { text: { field: word, tokenizer: { words: { vocab: 7, shared: true } } } }
  hear:
    data: &sounds
      files: { train: { members: { folder: sounds, names: '{person}_{word}_{number}.wav', field: sound } } }
      split: { shares: { validation: 0.1, test: 0.2 } }
    source:
      audio:
        field: sound
        rate: 8000
        mel: { bands: 16 }
        stem: { convolution: { layers: [{ kernel: 3, stride: 2 }] } }
        augment: { gain: 3, speed: [0.97, 1.03] }
    target: { text: { field: word, tokenizer: { words: { vocab: 7, shared: true } } } }
  feel:
    data:
      files: { train: { members: { folder: recordings, names: '{person}_{word}_{number}.csv', field: recording } } }
      split: { shares: { validation: 0.1, test: 0.2 } }
    source:
      eeg:
        field: recording
        rate: 64
        features: { spectrum: { window: 0.5, hop: 0.25, low: 4, high: 30, per_channel: true } }
        augment: { noise: 0.1 }
    target: { text: { field: word, tokenizer: { words: { vocab: 7, shared: true } } } }
  draw:
    data: *pictures
    source_dropout: 0.15
    metrics: []
    source: { text: { field: word, tokenizer: { words: { vocab: 7, shared: true } } } }
    target:
      image:
        field: picture
        background: black
        patches: { width: 4, height: 4 }
        output: { codes: { codes: 12 } }
  clean:
    weight: 4
    data: *pictures
    source:
      image:
        field: picture
        background: black
        patches: { width: 4, height: 4 }
        corrupt: { gaussian: { deviation: 0.2 } }
    target:
      image:
        field: picture
        background: black
        patches: { width: 4, height: 4 }
        output: { patches: {} }
  sing:
    data: *sounds
    source: { text: { field: word, tokenizer: { words: { vocab: 7, shared: true } } } }
    target: { audio: { field: sound, rate: 8000, mel: { bands: 16 }, output: { mel: { at_most: 30 } } } }
model:
  transformer: { d_model: 32, d_ff: 64, heads: 4, encoder_layers: 1, decoder_layers: 1, dropout: 0.0 }
training:
  steps: 900
  batch: { tokens: 400 }
  schedule: { constant: { peak: 5.0e-3, warmup: 10 } }
  label_smoothing: 0.0
evaluation: { metrics: [exact_match], every: 250, keep_best: 1, show: 1 }
";

/// Fills `pictures/*.png`, `sounds/*.wav` and `recordings/*.csv`; names are `PERSON_WORD_NUMBER`.
pub(crate) fn fill(workshop: &Workshop) {
    for folder in ["pictures", "sounds", "recordings"] {
        std::fs::create_dir(workshop.path(folder)).expect("a new folder");
    }
    for (person, name) in PEOPLE.iter().enumerate() {
        for (word, means) in WORDS.iter().enumerate() {
            for number in 0..EACH {
                let random = &mut Seed(1).random(&format!("{name} {means}"), number as u64);
                let path = |folder: &str, extension: &str| {
                    workshop.path(&format!("{folder}/{name}_{means}_{number}.{extension}"))
                };
                picture(word, random).save(path("pictures", "png")).expect("a PNG");
                sound(&path("sounds", "wav"), word, person, random);
                std::fs::write(path("recordings", "csv"), recording(word, person, random)).expect("a CSV");
            }
        }
    }
}

/// White on black, 12 x 12 pixels: a bar, a cross or a ring, moved by a pixel at most, under some noise.
fn picture(word: usize, random: &mut Random) -> image::GrayImage {
    let (left, top) = (random.below(3) as i32 - 1, random.below(3) as i32 - 1);
    image::GrayImage::from_fn(12, 12, |x, y| {
        let (x, y) = (x as i32 - 6 - left, y as i32 - 6 - top);
        let on = match word {
            0 => x.abs() <= 1 && y.abs() <= 4,
            1 => (x.abs() <= 1 || y.abs() <= 1) && x.abs() <= 4 && y.abs() <= 4,
            _ => (9..=20).contains(&(x * x + y * y)),
        };
        let level = if on { 220.0 } else { 20.0 };
        image::Luma([(level + 10.0 * random.normal()).clamp(0.0, 255.0) as u8])
    })
}

/// A tone of 300, 700 or 1,500 Hz, a little higher for the second person, for 0.15 to 0.2 seconds.
fn sound(path: &Path, word: usize, person: usize, random: &mut Random) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("a WAV");
    let frequency = [300.0, 700.0, 1500.0][word] * (1.0 + 0.05 * person as f64);
    for sample in 0..1200 + random.below(400) {
        let tone = (std::f64::consts::TAU * frequency * sample as f64 / 8000.0).sin();
        let value = 0.5 * tone + 0.02 * random.normal();
        writer.write_sample((value * 32_000.0).clamp(-32_768.0, 32_767.0) as i16).expect("a sample");
    }
    writer.finalize().expect("a whole WAV");
}

/// Two channels at 64 Hz for a second: a rhythm of 8, 13 or 20 Hz, weaker for the second person.
fn recording(word: usize, person: usize, random: &mut Random) -> String {
    let phase = random.unit();
    let mut table = "O1,O2\n".to_owned();
    for sample in 0..64 {
        let turns = [8.0, 13.0, 20.0][word] * sample as f64 / 64.0 + phase;
        let wave = (std::f64::consts::TAU * turns).sin() * (1.0 - 0.3 * person as f64);
        let noise = |random: &mut Random| 0.3 * random.normal();
        table += &format!("{:.4},{:.4}\n", wave + noise(random), 0.5 * wave + noise(random));
    }
    table
}
