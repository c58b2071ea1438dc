//! Parts of a model by the names that people give them, as sets of parameters.

use std::collections::BTreeSet;

use crate::architecture::Architecture;
use crate::names::{ALIGNMENTS, EMBEDDING_NORM, ENCODER, ENCODER_BLOCKS, FINAL_NORM, HEADS, STEMS, TABLE};

/// The tables of all entrances.
const EMBEDDINGS: &str = "embeddings";
/// All normalisations.
const NORMS: &str = "norms";

/// True if a parameter belongs to a part: `encoder`, `decoder`, `embeddings`, `stems`, `heads`, `norms`, or any beginning or
/// part of its name, such as `encoder.layers.0` or `cross_attention`.
pub fn belongs_to(part: &str, parameter: &str) -> bool {
    let names: Vec<&str> = parameter.split('.').collect();
    // Names of stems, heads and alignments come from tasks, which may be called anything.
    let is_named = [STEMS, HEADS, ALIGNMENTS].contains(&names[0]);
    match part {
        EMBEDDINGS => names[0] == STEMS && names.last() == Some(&TABLE),
        NORMS => {
            let is_norm =
                |name: &&str| [EMBEDDING_NORM, FINAL_NORM].contains(name) || name.ends_with("_norm");
            !is_named && names.iter().any(is_norm)
        }
        ENCODER => [ENCODER, ENCODER_BLOCKS].contains(&names[0]),
        part => {
            let wanted: Vec<&str> = part.split('.').collect();
            names.starts_with(&wanted)
                || !is_named && names.windows(wanted.len()).any(|names| names == wanted)
        }
    }
}

impl Architecture {
    /// True if some parameter belongs to a part.
    pub fn has_part(&self, part: &str) -> bool {
        self.parameters().iter().any(|parameter| belongs_to(part, &parameter.name))
    }

    /// Names of parts that this model has: those of its parameters without numbers, and those of several together.
    pub fn part_names(&self) -> Vec<String> {
        let mut names = BTreeSet::new();
        for parameter in self.parameters() {
            let parts: Vec<&str> = parameter.name.split('.').collect();
            let is_named = [STEMS, HEADS, ALIGNMENTS].contains(&parts[0]);
            let most = if is_named { 1 } else { parts.len() };
            let is_name = |part: &&&str| part.parse::<usize>().is_err();
            names.extend(parts[..most].iter().filter(is_name).map(|part| (*part).to_owned()));
        }
        for part in [EMBEDDINGS, NORMS] {
            names.extend(self.has_part(part).then(|| part.to_owned()));
        }
        names.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_by_the_names_of_parameters() {
        for (part, parameter, expected) in [
            ("encoder", "encoder.layers.0.self_attention.query.weight", true),
            ("encoder", "encoder_blocks.0.weight", true),
            ("encoder", "decoder.layers.0.self_attention.query.weight", false),
            ("encoder", "stems.encoder.source.table", false),
            ("encoder.layers.1", "encoder.layers.1.feed_forward.inner.bias", true),
            ("encoder.layers.1", "encoder.layers.10.feed_forward.inner.bias", false),
            ("cross_attention", "decoder.layers.2.cross_attention.key.weight", true),
            ("cross_attention", "decoder.layers.2.cross_attention_norm.weight", false),
            ("layers.0", "decoder.layers.0.cross_attention.key.weight", true),
            ("norms", "decoder.layers.2.cross_attention_norm.weight", true),
            ("norms", "decoder.norm.bias", true),
            ("norms", "heads.norm.target.table", false),
            ("embeddings", "stems.en-de.source.table", true),
            ("embeddings", "encoder.positions.table", false),
            ("embeddings", "stems.read.source.weight", false),
            ("stems.en-de", "stems.en-de.source.table", true),
            ("stems.en", "stems.en-de.source.table", false),
            ("heads", "heads.en-de.target.bias", true),
            ("bias", "heads.bias.target.table", false),
        ] {
            assert_eq!(belongs_to(part, parameter), expected, "{part} {parameter}");
        }
    }

    #[test]
    fn every_name_of_a_part_is_one() {
        for (name, architecture) in Architecture::families(9) {
            let names = architecture.part_names();
            assert!(names.iter().all(|part| architecture.has_part(part)), "{name}: {names:?}");
            assert!(names.iter().any(|part| part == "decoder"), "{name}: {names:?}");
            assert!(!architecture.has_part("decodr"));
        }
    }
}
