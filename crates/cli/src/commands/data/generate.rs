//! `any2any data generate`: large corpora, written to the disk, to measure with.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use any2any_adapter::grouped;
use any2any_synthetic::{SPELLED_RATE, large_pair, spelled};
use anyhow::Context;
use rayon::prelude::*;

use crate::arguments::GenerateCorpus;

/// Lines that are made at once.
const CHUNK: u64 = 65_536;

/// Lines of the validation and of the test files.
const HELD_OUT: u64 = 500;

pub(super) fn run(corpus: GenerateCorpus) -> anyhow::Result<()> {
    match corpus {
        GenerateCorpus::Pairs { folder, pairs, seed } => generate_pairs(&folder, pairs, seed),
        GenerateCorpus::Sounds { folder, hours, seed } => generate_sounds(&folder, hours, seed),
    }
}

fn generate_pairs(folder: &Path, pairs: u64, seed: u64) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut first = 0;
    for (name, lines) in [("test", HELD_OUT), ("validation", HELD_OUT), ("train", pairs)] {
        write_pairs(folder, name, first..first + lines, seed)?;
        first += lines;
    }
    eprintln!("{} pairs are in {}", grouped(pairs), folder.display());
    Ok(())
}

/// Writes the lines of some numbers as `NAME.en` and `NAME.de`, which have their names when they are whole.
fn write_pairs(folder: &Path, name: &str, lines: std::ops::Range<u64>, seed: u64) -> anyhow::Result<()> {
    let places = ["en", "de"].map(|language| folder.join(format!("{name}.{language}")));
    if let Some(there) = places.iter().find(|place| place.exists()) {
        anyhow::bail!("{} is there already: move it away, or choose another folder", there.display());
    }
    let unfinished = places.each_ref().map(|place| place.with_added_extension("unfinished"));
    let open = |place: &Path| -> anyhow::Result<BufWriter<File>> {
        Ok(BufWriter::new(File::create(place).with_context(|| format!("cannot write {}", place.display()))?))
    };
    let (mut english, mut german) = (open(&unfinished[0])?, open(&unfinished[1])?);
    for start in lines.clone().step_by(CHUNK as usize) {
        let numbers = start..(start + CHUNK).min(lines.end);
        let pairs: Vec<_> = numbers.into_par_iter().map(|number| large_pair(seed, number)).collect();
        for pair in pairs {
            let written =
                writeln!(english, "{}", pair.english).and_then(|()| writeln!(german, "{}", pair.german));
            written.with_context(|| format!("cannot write to {}", folder.display()))?;
        }
    }
    english
        .flush()
        .and_then(|()| german.flush())
        .with_context(|| format!("cannot write to {}", folder.display()))?;
    for (unfinished, place) in unfinished.iter().zip(&places) {
        std::fs::rename(unfinished, place).with_context(|| format!("cannot write {}", place.display()))?;
    }
    Ok(())
}

/// Sounds that are made at once, and lie in a folder of their own.
const SOUNDS: u64 = 1024;

/// Seconds of the sounds for validation and for the test.
const HELD_OUT_SECONDS: f64 = 300.0;

fn generate_sounds(folder: &Path, hours: f64, seed: u64) -> anyhow::Result<()> {
    if !hours.is_finite() || hours <= 0.0 {
        anyhow::bail!("--hours {hours}: give a number above 0");
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let splits = [("test", HELD_OUT_SECONDS), ("validation", HELD_OUT_SECONDS), ("train", hours * 3600.0)];
    let mut next = 0;
    for (name, seconds) in splits {
        let (sounds, of) = write_sounds(folder, name, seconds, next, seed)?;
        next += sounds;
        eprintln!("{name}: {} sounds of {:.1} minutes", grouped(sounds as usize), of / 60.0);
    }
    eprintln!("the sounds are in {}", folder.display());
    Ok(())
}

/// Writes sounds of so many seconds together, and a table `NAME.tsv` of their places and texts, which has its name when all of
/// them are there. Gives the number of sounds, and their seconds.
fn write_sounds(folder: &Path, name: &str, least: f64, first: u64, seed: u64) -> anyhow::Result<(u64, f64)> {
    let table = folder.join(name).with_extension("tsv");
    if table.exists() {
        anyhow::bail!("{} is there already: move it away, or choose another folder", table.display());
    }
    let unwritten = |path: &Path| format!("cannot write {}", path.display());
    let (mut lines, mut sounds, mut seconds) = ("sound\ttext\n".to_owned(), 0, 0.0);
    while seconds < least {
        let place = format!("{name}/{:04}", sounds / SOUNDS);
        std::fs::create_dir_all(folder.join(&place)).with_context(|| unwritten(&folder.join(&place)))?;
        let made: Vec<(String, Vec<i16>)> =
            (sounds..sounds + SOUNDS).into_par_iter().map(|number| spelled(seed, first + number)).collect();
        let few = made.iter().scan(seconds, |seconds, (_, sound)| {
            let before = *seconds;
            *seconds += sound.len() as f64 / f64::from(SPELLED_RATE);
            (before < least).then_some(*seconds)
        });
        let few: Vec<f64> = few.collect();
        let made = &made[..few.len()];
        made.par_iter().enumerate().try_for_each(|(at, (_, sound))| {
            let number = sounds + at as u64;
            let path = folder.join(format!("{place}/{number:07}.wav"));
            write_sound(&path, sound).with_context(|| unwritten(&path))
        })?;
        for ((text, _), number) in made.iter().zip(sounds..) {
            lines += &format!("{place}/{number:07}.wav\t{text}\n");
        }
        sounds += made.len() as u64;
        seconds = few.last().copied().unwrap_or(seconds);
    }
    let unfinished = table.with_added_extension("unfinished");
    std::fs::write(&unfinished, lines)
        .and_then(|()| std::fs::rename(&unfinished, &table))
        .with_context(|| unwritten(&table))?;
    Ok((sounds, seconds))
}

/// Writes a WAV file of 16 bits.
fn write_sound(path: &Path, sound: &[i16]) -> hound::Result<()> {
    let (bits_per_sample, sample_format) = (16, hound::SampleFormat::Int);
    let spec = hound::WavSpec { channels: 1, sample_rate: SPELLED_RATE, bits_per_sample, sample_format };
    let mut writer = hound::WavWriter::create(path, spec)?;
    let mut samples = writer.get_i16_writer(sound.len() as u32);
    sound.iter().for_each(|&sample| samples.write_sample(sample));
    samples.flush()?;
    writer.finalize()
}
