//! Targets: the formats that strangers' bytes are read as.

use any2any_adapter::Seed;

use crate::mutation::mutated;
use crate::{experiments, media, memory, pretrained, tables, vocabularies};
#[cfg(feature = "runs")]
use crate::{requests, runs};

/// A format that is read.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name, also of its program for `cargo fuzz`.
    pub name: &'static str,
    /// Small valid files.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Tokens of the format: marks, keys, numbers at a limit.
    pub tokens: &'static [&'static str],
    /// Corrects the checksums of a mutated file, for readers that stop at a wrong one.
    pub(crate) repair: Option<fn(&mut [u8])>,
    /// Reads bytes; true if anything could be read of them.
    pub(crate) read: fn(&[u8]) -> bool,
}

impl Target {
    pub(crate) const fn new(
        name: &'static str,
        tokens: &'static [&'static str],
        seeds: fn() -> Vec<Vec<u8>>,
        read: fn(&[u8]) -> bool,
    ) -> Self {
        Self { name, seeds, tokens, repair: None, read }
    }

    pub(crate) const fn repaired_by(self, repair: fn(&mut [u8])) -> Self {
        Self { repair: Some(repair), ..self }
    }

    /// Input of a number, always the same: the seeds come first as they are, mutated ones follow.
    pub fn input(&self, seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
        let seed = usize::try_from(number).ok().and_then(|number| seeds.get(number));
        seed.cloned().unwrap_or_else(|| mutated(self, seeds, &mut Seed(0).random(self.name, number)))
    }

    /// Reads bytes, and says whether anything could be read of them.
    ///
    /// # Panics
    ///
    /// When the reader does; where it takes too much memory, the process ends.
    pub fn read(&self, bytes: &[u8]) -> bool {
        memory::at_most(memory::MOST, || (self.read)(bytes))
    }
}

/// All targets, in the order of their subjects; those of runs and of a server where these are compiled in.
pub fn targets() -> Vec<Target> {
    [
        media::targets(),
        tables::targets(),
        vocabularies::targets(),
        pretrained::targets(),
        experiments::targets(),
        #[cfg(feature = "runs")]
        runs::targets(),
        #[cfg(feature = "runs")]
        requests::targets(),
    ]
    .concat()
}

/// The target of a name.
pub fn target(name: &str) -> Option<Target> {
    targets().into_iter().find(|target| target.name == name)
}
