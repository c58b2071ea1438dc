//! Number of labels of per-position tasks.

use any2any_adapter::Stem;

/// Number of labels for a source of `length` positions: as many as the encoder sees, except the end of a sequence of
/// tokens.
pub(crate) fn labels(stem: &Stem, length: usize) -> usize {
    match stem {
        Stem::Lookup { .. } => length.saturating_sub(1),
        stem => stem.positions(length),
    }
}
