//! Tables of vocabularies with as many rows as a tokenizer has tokens.

use std::collections::BTreeMap;
use std::path::Path;

use any2any_architecture::{Architecture, names};
use any2any_pretrained::Tensor;

use crate::error::{ImportError, Result};

/// The bias of a token that is never written: its probability is 0 in 32-bit floats.
const NEVER: f32 = -1e9;

/// Gives the tables of vocabularies a row for padding, which changes no probability of another token.
pub(super) fn add_padding(theirs: &Architecture, weights: &mut BTreeMap<String, Tensor>) {
    let stems = theirs.stems.iter().map(|stem| format!("{}.{}.{}", names::STEMS, stem.name, names::TABLE));
    let head = format!("{}.{}", names::HEADS, theirs.heads[theirs.tasks[0].head].name);
    let table = format!("{head}.{}", names::TABLE);
    for name in stems.chain([table]) {
        if let Some(tensor) = weights.get_mut(&name) {
            tensor.values.resize(tensor.values.len() + tensor.shape[1], 0.0);
            tensor.shape[0] += 1;
        }
    }
    let tokens = theirs.outputs(0);
    let bias = weights
        .entry(format!("{head}.{}", names::BIAS))
        .or_insert_with(|| Tensor { shape: vec![tokens], values: vec![0.0; tokens] });
    bias.values.push(NEVER);
    bias.shape[0] += 1;
}

/// Cuts off the rows of tables that no token has, which programs add so that sizes are round.
pub(super) fn fit_vocabulary(
    source: &Path,
    theirs: &Architecture,
    ours: &Architecture,
    weights: &mut BTreeMap<String, Tensor>,
    notes: &mut Vec<String>,
) -> Result<()> {
    let expected: BTreeMap<String, Vec<usize>> =
        ours.parameters().into_iter().map(|parameter| (parameter.name, parameter.shape)).collect();
    for (name, tensor) in weights.iter_mut() {
        let Some(shape) = expected.get(name).filter(|shape| **shape != tensor.shape) else { continue };
        // A table and a bias have a row a token; a matrix of its own, `[d_model, vocabulary]`, has a column.
        if tensor.shape[0] > shape[0] && tensor.shape[1..] == shape[1..] {
            tensor.values.truncate(shape.iter().product());
        } else if let ([height, width], [same, narrow]) = (&tensor.shape[..], &shape[..])
            && height == same
            && width > narrow
        {
            tensor.values = tensor.values.chunks(*width).flat_map(|row| &row[..*narrow]).copied().collect();
        } else {
            let reason = format!(
                "its tokenizer has more tokens than its tables have rows: {name} is {:?}, and {shape:?} are needed",
                tensor.shape
            );
            return Err(ImportError::of(source, reason));
        }
        tensor.shape.clone_from(shape);
    }
    let cut = theirs.outputs(0).saturating_sub(ours.outputs(0));
    if cut > 0 {
        notes.push(format!("{cut} rows of its tables belong to no token, and are left out"));
    }
    Ok(())
}
