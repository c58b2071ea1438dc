//! `any2any data generate`: large corpora, written to the disk, to measure with.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use any2any_adapter::grouped;
use any2any_synthetic::large_pair;
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
