//! Names that parameters had in runs written before an architecture was carried by checkpoints.

use std::collections::BTreeMap;

use crate::architecture::{Architecture, Entry};
use crate::names::{
    ALIGNMENTS, CROSS_ATTENTION, DECODER, ENCODER, FEED_FORWARD, HEADS, SELF_ATTENTION, STEMS, norm_of,
};
use crate::stem::Stem;

impl Architecture {
    /// For each name that a parameter had before the name that it has now.
    pub fn former_names(&self) -> BTreeMap<String, String> {
        self.parameters()
            .into_iter()
            .map(|parameter| (self.former_name(&parameter.name), parameter.name))
            .collect()
    }

    /// The name that a parameter had.
    fn former_name(&self, name: &str) -> String {
        if let Some((number, below)) = entry(name, STEMS, &self.stems) {
            let variant = match &self.stems[number].part {
                Stem::Lookup { .. } => "Lookup",
                Stem::Projection { .. } => "Projection",
                Stem::Convolution { .. } => "Convolution",
                Stem::ClassTokens { .. } => "ClassTokens",
            };
            return format!("stems.{number}.{variant}.{below}");
        }
        if let Some((number, below)) = entry(name, HEADS, &self.heads) {
            return format!("heads.{number}.{below}");
        }
        if let Some((number, below)) = entry(name, ALIGNMENTS, &self.alignments) {
            return format!("alignments.{number}.{below}");
        }
        let Some((stack, below)) =
            name.split_once('.').filter(|(stack, _)| [ENCODER, DECODER].contains(stack))
        else {
            return name.to_owned();
        };
        let body = match (&self.encoder, self.is_recurrent()) {
            (_, true) => "Lstm",
            (Some(_), _) => "Transformer",
            (None, _) => "DecoderOnly",
        };
        let body = format!("body.{body}.{stack}");
        if self.is_recurrent() {
            return format!("{body}.{below}");
        }
        format!("{body}.{}", former_layer(stack, below))
    }
}

/// The entry of a list that a parameter belongs to, by number, and its name below that. The longest name that fits: one
/// task's name may begin another's.
fn entry<'a, T>(name: &'a str, list: &str, entries: &[Entry<T>]) -> Option<(usize, &'a str)> {
    let rest = name.strip_prefix(list)?.strip_prefix('.')?;
    let fits = |(number, entry): (usize, &Entry<T>)| {
        let below = rest.strip_prefix(entry.name.as_str())?.strip_prefix('.')?;
        Some((number, below))
    };
    entries.iter().enumerate().filter_map(fits).min_by_key(|(_, below)| below.len())
}

/// The name of a transformer's parameter below its stack.
fn former_layer(stack: &str, name: &str) -> String {
    let own = if stack == ENCODER { "attention" } else { "own" };
    let modules = [
        (SELF_ATTENTION.to_owned(), own.to_owned()),
        (norm_of(SELF_ATTENTION), format!("{own}_residual.norm")),
        (CROSS_ATTENTION.to_owned(), "cross.attention".to_owned()),
        (norm_of(CROSS_ATTENTION), "cross.residual.norm".to_owned()),
        (norm_of(FEED_FORWARD), "feed_forward_residual.norm".to_owned()),
    ];
    let renamed = modules.iter().find_map(|(now, before)| {
        let (layer, below) = name.split_once(&format!(".{now}."))?;
        Some(format!("{layer}.{before}.{below}"))
    });
    let name = renamed.unwrap_or_else(|| name.to_owned());
    let normalises = |of: &str| name.ends_with(&format!("norm.{of}"));
    match (normalises("weight"), normalises("bias")) {
        (true, _) => name.replace("norm.weight", "norm.gamma"),
        (_, true) => name.replace("norm.bias", "norm.beta"),
        _ => name,
    }
}
