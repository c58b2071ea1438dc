//! Conversion of the results of `inspect` into the types of the interface.

use std::time::Duration;

use any2any_inspect::{self as inspect, Ablations, Array, BeamTrace, ReadSource};
use any2any_run::Task;

use crate::pooling;
use crate::protocol::{
    Attention, AttentionChange, AttentionEdit, AttentionKind, AttentionRow, BeamNode, BeamTree, Floats, Head,
    Lens, LensToken, Look, LookPosition, LookSource, LookTarget, LookWindow, Part, PartValues,
    WrittenPosition,
};
use any2any_portable::{region, view};

pub(crate) fn floats(array: &Array) -> Floats {
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

/// Masked positions, ablated heads and edited attention, as `inspect` names them.
pub(crate) fn ablations(masked: Vec<usize>, ablated: &[Head], edited: Vec<AttentionEdit>) -> Ablations {
    let head = |head: &Head| (place(head.stack, head.kind, head.layer), head.head);
    let edit = |edit: AttentionEdit| inspect::AttentionEdit {
        place: place(edit.stack, edit.kind, edit.layer),
        head: edit.head,
        change: match edit.change {
            AttentionChange::Row(AttentionRow { query, weights }) => {
                inspect::AttentionChange::Row { query, weights }
            }
            AttentionChange::Silence(key) => inspect::AttentionChange::Silence { key },
        },
    };
    Ablations {
        masked,
        ablated: ablated.iter().map(head).collect(),
        edited: edited.into_iter().map(edit).collect(),
    }
}

/// The distributions behind every layer of the decoder, in the type of the interface.
pub(crate) fn lens(lens: inspect::Lens, task: &Task) -> Lens {
    let adapter = task.target();
    let token = |token: inspect::LensToken| LensToken {
        token: token.token,
        label: adapter.show(token.token),
        log_probability: token.log_probability,
    };
    let rows = |rows: Vec<Vec<inspect::LensToken>>| -> Vec<Vec<LensToken>> {
        rows.into_iter().map(|tokens| tokens.into_iter().map(token).collect()).collect()
    };
    Lens {
        log_probability: floats(&lens.log_probability),
        rank: floats(&lens.rank),
        entropy: floats(&lens.entropy),
        divergence: floats(&lens.divergence),
        likeliest: lens.likeliest.into_iter().map(rows).collect(),
        tokens: lens.tokens,
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
