//! Sines and cosines that alternate, put in halves: a new order of the widths of a stack, in all its weights.
//!
//! A model whose positions alternate is, up to the order of additions, the same function as one whose widths are in
//! another order everywhere: normalisations do not care, and matrices follow.

use std::collections::BTreeMap;

use any2any_architecture::{Architecture, Positions, StackKind, WaveLayout, names};

use crate::pretrained::Tensor;

/// The model with positions in halves, where they alternate in all of its stacks; none where there is nothing to do.
pub(crate) fn in_halves(
    architecture: &Architecture,
    weights: &BTreeMap<String, Tensor>,
) -> Option<(Architecture, BTreeMap<String, Tensor>)> {
    let alternate = |positions: &Positions| {
        matches!(positions, Positions::Sinusoidal { layout: WaveLayout::Interleaved, .. })
    };
    let width = architecture.decoder.d_model;
    let fits = architecture
        .stacks()
        .all(|(_, stack)| alternate(&stack.positions) && stack.d_model == width && width.is_multiple_of(2));
    if !fits {
        return None;
    }
    let mut changed = architecture.clone();
    for kind in [StackKind::Encoder, StackKind::Decoder] {
        let stack = match kind {
            StackKind::Encoder => changed.encoder.as_mut(),
            StackKind::Decoder => Some(&mut changed.decoder),
        };
        if let Some(Positions::Sinusoidal { layout, .. }) = stack.map(|stack| &mut stack.positions) {
            *layout = WaveLayout::HalfSplit;
        }
    }
    let order: Vec<usize> = (0..width).step_by(2).chain((1..width).step_by(2)).collect();
    let weights =
        weights.iter().map(|(name, tensor)| (name.clone(), reordered(name, tensor, &order))).collect();
    Some((changed, weights))
}

/// Where the width of a stack is in a parameter.
enum Side {
    /// Each row is one of its places.
    Rows,
    /// Each column is one of its places.
    Columns,
    /// It has none.
    Nowhere,
}

fn side(name: &str) -> Side {
    let parts: Vec<&str> = name.rsplitn(4, '.').collect();
    let (last, part) = (parts[0], parts.get(1).copied().unwrap_or_default());
    if last == names::TABLE || part.ends_with("norm") || name == names::TASK_VECTORS {
        return Side::Columns;
    }
    match part {
        names::QUERY | names::KEY | names::VALUE | names::INNER | names::GATE if last == names::WEIGHT => {
            Side::Rows
        }
        names::OUTPUT | names::OUTER => Side::Columns,
        _ => Side::Nowhere,
    }
}

fn reordered(name: &str, tensor: &Tensor, order: &[usize]) -> Tensor {
    let width = tensor.shape.last().copied().unwrap_or(0);
    let values = match side(name) {
        Side::Nowhere => tensor.values.clone(),
        Side::Rows => order.iter().flat_map(|&row| &tensor.values[row * width..][..width]).copied().collect(),
        Side::Columns => tensor
            .values
            .chunks_exact(width.max(1))
            .flat_map(|row| order.iter().map(|&place| row[place]))
            .collect(),
    };
    Tensor { shape: tensor.shape.clone(), values }
}

#[cfg(test)]
mod tests {
    use any2any_architecture::Stack;

    use super::*;

    #[test]
    fn each_parameter_of_a_width_is_reordered_along_it() {
        let stack = Stack::of_transformer(4, 6, 2, 1);
        let architecture = Architecture::of_text(Some(stack.clone()), stack.attending(), 5);
        let weights: BTreeMap<String, Tensor> = architecture
            .parameters()
            .into_iter()
            .map(|parameter| {
                let count: usize = parameter.shape.iter().product();
                let values = (0..count).map(|value| value as f32).collect();
                (parameter.name, Tensor { shape: parameter.shape, values })
            })
            .collect();
        let (changed, halves) = in_halves(&architecture, &weights).expect("positions that alternate");
        assert_eq!(in_halves(&changed, &halves), None);
        let values = |name: &str| halves[name].values[..8.min(halves[name].values.len())].to_vec();
        assert_eq!(values("stems.text.target.table"), [0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]);
        assert_eq!(
            values("encoder.layers.0.self_attention.query.weight"),
            [0.0, 1.0, 2.0, 3.0, 8.0, 9.0, 10.0, 11.0]
        );
        assert_eq!(values("encoder.layers.0.self_attention.query.bias"), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(values("decoder.layers.0.cross_attention.output.bias"), [0.0, 2.0, 1.0, 3.0]);
        assert_eq!(values("decoder.layers.0.feed_forward_norm.bias"), [0.0, 2.0, 1.0, 3.0]);
        assert_eq!(values("decoder.norm.weight"), [0.0, 2.0, 1.0, 3.0]);
        assert_eq!(values("decoder.layers.0.feed_forward.outer.weight")[..4], [0.0, 2.0, 1.0, 3.0]);
    }
}
