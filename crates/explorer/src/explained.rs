//! What the library's analyses find, as the interface shows it.

use std::time::Duration;

use any2any_inspect::{self as library, Array, ReadSource, SearchTree};

use crate::pooling;
use crate::protocol::{
    Attention, AttentionKind, BeamNode, BeamTree, Floats, Look, LookPosition, LookSource, LookTarget, Part,
    PartValues, WrittenPosition,
};
use crate::view::{region, view};

fn floats(array: &Array) -> Floats {
    Floats::new(array.shape.clone(), &array.values)
}

/// What a pass has shown.
pub(crate) fn look(
    look: &library::Look,
    source: Option<&ReadSource>,
    longest: usize,
    took: Duration,
) -> Look {
    let source = source.map(|source| LookSource {
        view: view(&source.value),
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
    let written = |position: &library::WrittenPosition| WrittenPosition {
        token: position.token,
        label: position.label.clone(),
        region: region(&position.region),
        log_probability: position.log_probability,
    };
    let target = LookTarget {
        view: look.target.value.as_ref().map(view),
        positions: look.target.positions.iter().map(written).collect(),
    };
    let attention = |attention: &library::Attention| Attention {
        stack: attention.place.stack,
        kind: match attention.place.kind {
            library::AttentionKind::SelfAttention => AttentionKind::Own,
            library::AttentionKind::CrossAttention => AttentionKind::Cross,
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

/// A layer of attention, as the library names it.
pub(crate) fn place(stack: library::StackKind, kind: AttentionKind, layer: usize) -> library::Place {
    library::Place {
        stack,
        kind: match kind {
            AttentionKind::Own => library::AttentionKind::SelfAttention,
            AttentionKind::Cross => library::AttentionKind::CrossAttention,
        },
        layer,
    }
}

/// A beam search as a tree.
pub(crate) fn tree(tree: SearchTree) -> BeamTree {
    let node = |(id, node): (usize, library::SearchNode)| BeamNode {
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

/// A box of the figure.
pub(crate) fn part(part: &library::Part) -> Part {
    let values = |values: &library::PartValues| PartValues {
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
