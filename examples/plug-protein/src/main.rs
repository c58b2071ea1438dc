//! `any2any` with two media more, both written here: amino acids and secondary structure.
//!
//! A protein is a chain of amino acids, a text of one letter a residue. Its secondary structure is a text of the same
//! length with the state of every residue. The command learns to read the one and to write the other.

mod adapter;
mod medium;

use std::process::ExitCode;

use any2any::{Program, media};
use medium::Alphabet;

/// Amino acids (IUPAC-IUB, 1983): the twenty, and X for any other.
const AMINO_ACIDS: Alphabet =
    Alphabet { name: "amino_acids", letters: "ACDEFGHIKLMNPQRSTVWYX", rare: "BJOUZ", read: true };

/// Secondary structure (Kabsch and Sander, 1983) in three states: helix, strand, coil; `-` where it is not known.
const SECONDARY_STRUCTURE: Alphabet =
    Alphabet { name: "secondary_structure", letters: "HEC-", rare: "", read: false };

fn main() -> ExitCode {
    Program::new(media()).medium(AMINO_ACIDS).medium(SECONDARY_STRUCTURE).main()
}

#[cfg(test)]
mod tests;
