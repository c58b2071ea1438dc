//! Conversion of the results of `inspect` into the types of the interface.

use std::time::Duration;

use any2any_inspect::{self as inspect, Array, BeamTrace, ReadSource};

use crate::pooling;
use crate::protocol::{
    Attention, AttentionKind, BeamNode, BeamTree, Floats, Look, LookPosition, LookSource, LookTarget,
    LookWindow, Part, PartValues, WrittenPosition,
};
use any2any_portable::{region, view};

fn floats(array: &Array) -> Floats {
    Floats::new(array.shape.clone(), &array.values)
}

/// A forward pass, with its attention and logits, in the type of the interface.
pub(crate) fn look(
    look: &inspect::Look,
    source: Option<&ReadSource>,
    longest: usize,
    took: Duration,
) -> Look {
    let source = source.map(|source| LookSource {
        view: view(&source.value),
        window: source.window.map(|window| {
            let inspect::SourceWindow { number, count, start, end } = window;
            LookWindow { number, count, start, end }
        }),
        positions: source
            .positions
            .iter()
            .map(|position| LookPosition { label: position.label.clone(), region: region(&position.region) })
            .collect(),
        unknown: source.unknown.clone(),
        warnings: source.warnings.clone(),
        frames: source
            .sequence
            .frames()
            .map(|frames| Floats::new(vec![frames.len(), frames.width()], frames.values())),
    });
    let written = |position: &inspect::WrittenPosition| WrittenPosition {
        token: position.token,
        label: position.label.clone(),
        region: region(&position.region),
        log_probability: position.log_probability,
    };
    let target = LookTarget {
        view: look.target.value.as_ref().map(view),
        positions: look.target.positions.iter().map(written).collect(),
    };
    let attention = |attention: &inspect::Attention| Attention {
        stack: attention.place.stack,
        kind: match attention.place.kind {
            inspect::AttentionKind::SelfAttention => AttentionKind::SelfAttention,
            inspect::AttentionKind::CrossAttention => AttentionKind::CrossAttention,
        },
        layer: attention.place.layer,
        weights: pooling::attention(&attention.weights),
    };
    Look {
        source,
        target,
        attention: look.attention.iter().map(attention).collect(),
        logits: look.logits.as_ref().map(floats),
        longest: look.logits.as_ref().map(|_| longest),
        milliseconds: took.as_secs_f64() * 1e3,
    }
}

/// The place of a layer of attention, as `inspect` names it.
pub(crate) fn place(stack: inspect::StackKind, kind: AttentionKind, layer: usize) -> inspect::Place {
    inspect::Place {
        stack,
        kind: match kind {
            AttentionKind::SelfAttention => inspect::AttentionKind::SelfAttention,
            AttentionKind::CrossAttention => inspect::AttentionKind::CrossAttention,
        },
        layer,
    }
}

/// A beam search as a tree.
pub(crate) fn tree(tree: BeamTrace) -> BeamTree {
    let node = |(id, node): (usize, inspect::SearchNode)| BeamNode {
        id,
        parent: node.parent,
        step: node.position,
        token: node.token,
        label: node.label,
        log_probability: node.log_probability,
        total: node.total,
        score: node.score,
        fate: node.fate,
    };
    BeamTree { nodes: tree.nodes.into_iter().enumerate().map(node).collect(), best: tree.best }
}

/// A box of the figure, with its activations and parameters.
pub(crate) fn part(part: &inspect::Part) -> Part {
    let values = |values: &inspect::PartValues| PartValues {
        name: values.name.clone(),
        shape: values.array.shape.clone(),
        data: floats(&values.array),
    };
    Part {
        id: part.id.clone(),
        name: part.name.clone(),
        kind: part.kind,
        stack: part.stack,
        layer: part.layer,
        values: part.values.iter().map(values).collect(),
        parameters: part.parameters.clone(),
    }
}
