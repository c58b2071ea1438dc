//! Promises of entrances, exits, sequences and regions, and how they are broken, in words.

use crate::{FrameCount, Head, Kind, Region, Sequence, Stem, Unreadable, Value};

pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The broken promise of an entrance and an exit, if there is one.
pub(crate) fn ends_at_fault(stem: &Stem, head: Option<&Head>) -> Option<String> {
    stem_at_fault(stem).or_else(|| head_at_fault(head?)).or_else(|| match (stem, head?) {
        (Stem::Lookup { vocabulary, .. }, Head::Softmax { vocabulary: written, .. })
            if vocabulary != written =>
        {
            Some(format!("its stem has {vocabulary} tokens, and its head {written}: they are one vocabulary"))
        }
        (Stem::Lookup { padding, .. }, Head::Softmax { padding: written, .. }) if padding != written => {
            Some(format!("its stem pads with token {padding}, and its head with {written}: use one for both"))
        }
        (Stem::Lookup { .. }, Head::Regression { .. }) => Some(
            "its stem takes tokens, and its head writes frames: a sequence is one or the other".to_owned(),
        ),
        (
            Stem::Projection { .. } | Stem::Convolution { .. } | Stem::ClassTokens { .. },
            Head::Softmax { .. },
        ) => Some(
            "its stem takes frames, and its head writes tokens: a sequence is one or the other".to_owned(),
        ),
        (Stem::ClassTokens { .. }, Head::Regression { .. }) => Some(
            "its stem puts class tokens in front of its frames, and its head writes frames: class tokens are for what is \
             only read"
                .to_owned(),
        ),
        _ => None,
    })
}

fn stem_at_fault(stem: &Stem) -> Option<String> {
    match stem {
        Stem::Lookup { vocabulary, padding } => outside("stem", *vocabulary, &[("padding", *padding)]),
        Stem::Projection { width: 0 }
        | Stem::Convolution { width: 0, .. }
        | Stem::ClassTokens { width: 0, .. } => {
            Some("its stem takes frames of width 0: a frame has a value at least".to_owned())
        }
        Stem::ClassTokens { tokens: 0, .. } => {
            Some("its stem has no class token: give one, or a projection".to_owned())
        }
        Stem::Projection { .. } | Stem::ClassTokens { .. } => None,
        Stem::Convolution { layers, .. } if layers.is_empty() => {
            Some("its stem has no convolution: give a layer, or a projection".to_owned())
        }
        Stem::Convolution { layers, .. } => layers.iter().enumerate().find_map(|(place, layer)| {
            let place = place + 1;
            if layer.kernel.is_multiple_of(2) {
                let kernel = layer.kernel;
                Some(format!("convolution {place} of its stem has a kernel of {kernel}: take {} or {}", kernel.saturating_sub(1).max(1), kernel + 1))
            } else if layer.stride == 0 {
                Some(format!("convolution {place} of its stem has a stride of 0: take 1, which keeps every position"))
            } else if layer.stride > layer.kernel {
                let (kernel, stride) = (layer.kernel, layer.stride);
                Some(format!(
                    "convolution {place} of its stem leaves frames out, with a kernel of {kernel} and a stride of {stride}: take a \
                     kernel of {stride} at least"
                ))
            } else {
                None
            }
        }),
    }
}

fn head_at_fault(head: &Head) -> Option<String> {
    match head {
        Head::Softmax { vocabulary, padding, begin, end, forbidden } => {
            let special = [("padding", *padding), ("begin", *begin), ("end", *end)];
            let forbid = forbidden.iter().map(|&token| ("a forbidden token", token));
            let all: Vec<_> = special.into_iter().chain(forbid).collect();
            outside("head", *vocabulary, &all).or_else(|| {
                if end == padding {
                    Some(format!(
                        "its head ends with token {end}, which is its padding: take two, or no end is learned"
                    ))
                } else if forbidden.contains(end) {
                    Some(
                        "its head forbids its end token: leave it out of `forbidden`, or no output ends"
                            .to_owned(),
                    )
                } else {
                    None
                }
            })
        }
        Head::Regression { width: 0, .. } => {
            Some("its head writes frames of width 0: a frame has a value at least".to_owned())
        }
        Head::Regression { length: FrameCount::Fixed(0) | FrameCount::UntilStop { at_most: 0 }, .. } => {
            Some("its head writes no frames: give a length of 1 at least".to_owned())
        }
        Head::Regression { .. } => None,
    }
}

/// The first of some named tokens that is outside a vocabulary.
fn outside(end: &str, vocabulary: usize, tokens: &[(&str, u32)]) -> Option<String> {
    if vocabulary == 0 {
        return Some(format!("its {end} has a vocabulary without tokens"));
    }
    let (name, token) = tokens.iter().find(|(_, token)| *token as usize >= vocabulary)?;
    Some(format!("its {end} has {vocabulary} tokens, from 0, and {name} is token {token}: take one of them"))
}

/// The broken promise of a sequence, if there is one.
pub(crate) fn sequence_at_fault(stem: &Stem, head: Option<&Head>, sequence: &Sequence) -> Option<String> {
    match (stem.reads(sequence), sequence) {
        (Err(reason), _) => Some(unread(reason)),
        (Ok(()), Sequence::Tokens(tokens)) => tokens_at_fault(head, tokens),
        (Ok(()), Sequence::Frames(frames)) => frames_at_fault(head, frames),
    }
}

/// A sequence that the stem of its own adapter cannot read, and the way out.
fn unread(reason: Unreadable) -> String {
    match reason {
        Unreadable::Empty => "an empty sequence: refuse the value with an error that says why".to_owned(),
        Unreadable::Frames => "frames, and its stem takes tokens: let both agree".to_owned(),
        Unreadable::Tokens => "tokens, and its stem takes frames: let both agree".to_owned(),
        Unreadable::Width { found, width } => {
            format!("frames of width {found}, and its stem takes frames of width {width}: let both agree")
        }
        Unreadable::Token { token, position, vocabulary } => format!(
            "token {token} at position {position}, and its vocabulary has {vocabulary} tokens, from 0: count all of them"
        ),
    }
}

fn tokens_at_fault(head: Option<&Head>, tokens: &[u32]) -> Option<String> {
    let Some(Head::Softmax { padding, begin, end, .. }) = head else { return None };
    if tokens.last() != Some(end) {
        return Some(format!(
            "tokens without the end token {end} behind them: put it there, or outputs do not end"
        ));
    }
    if begin != end && tokens.first() == Some(begin) {
        return Some(format!(
            "tokens that start with the begin token {begin}: leave it out, the model puts it there"
        ));
    }
    tokens
        .contains(padding)
        .then(|| format!("the padding token {padding} among its tokens: keep that one for batches"))
}

fn frames_at_fault(head: Option<&Head>, frames: &crate::Frames) -> Option<String> {
    if let Some(place) = frames.values().iter().position(|value| !value.is_finite()) {
        let (value, width) = (frames.values()[place], frames.width());
        let (frame, column) = (place / width, place % width);
        return Some(format!(
            "{value} in frame {frame}, value {column}: give finite numbers, or refuse the value"
        ));
    }
    let Some(Head::Regression { width, length }) = head else { return None };
    if frames.width() != *width {
        let found = frames.width();
        return Some(format!(
            "frames of width {found}, and its head writes frames of width {width}: let both agree"
        ));
    }
    match length {
        FrameCount::Fixed(fixed) if *fixed != frames.len() => Some(format!(
            "{}, and its head always writes {fixed}: let both agree",
            count(frames.len(), "frame")
        )),
        _ => None,
    }
}

/// A value whose regions are looked at, with what is counted once for all of them.
pub(crate) struct Valued<'a> {
    kind: Kind,
    value: &'a Value,
    /// Number of items of a value of its own kind; the most there are for any other.
    items: usize,
}

impl<'a> Valued<'a> {
    /// A value of a medium of a kind.
    pub(crate) fn new(kind: Kind, value: &'a Value) -> Self {
        let items = match value {
            Value::Custom(custom) => custom.count(),
            _ => usize::MAX,
        };
        Self { kind, value, items }
    }
}

/// The broken promise of a region of a value, if there is one.
pub(crate) fn region_at_fault(value: &Valued<'_>, region: &Region) -> Option<String> {
    let Valued { kind, value, items } = *value;
    let span = |start: f64, end: f64| {
        let sound = start.is_finite() && end.is_finite() && start <= end;
        (!sound).then(|| format!("it goes from second {start} to {end}"))
    };
    let within = |range: &std::ops::Range<usize>, length: usize, unit: &str| {
        let sound = range.start <= range.end && range.end <= length;
        let (start, end) = (range.start, range.end);
        (!sound).then(|| format!("it goes from {unit} {start} to {end} of {length}: stay within the value"))
    };
    match (kind, region) {
        (_, Region::Nothing) => None,
        (Kind::Text, Region::Bytes(range)) => {
            within(range, value.as_text().map_or(usize::MAX, str::len), "byte")
        }
        (Kind::Custom, Region::Items(range)) => within(range, items, "item"),
        (Kind::Image, &Region::Rectangle { left, top, width, height }) => {
            let sound = [left, top, width, height].iter().all(|edge| edge.is_finite());
            (!sound || width < 0.0 || height < 0.0)
                .then(|| format!("a rectangle of {width} x {height} at {left}, {top}"))
        }
        (Kind::Signal, &Region::Span { start, end }) => span(start, end),
        (Kind::Signal, Region::Window { channels, start, end }) => {
            let known = value.as_signal().map_or(usize::MAX, |signal| signal.channels().len());
            within(channels, known, "channel").or_else(|| span(*start, *end))
        }
        _ => Some(format!("{} in a medium of {kind}: give {}, or nothing", named(region), usual(kind))),
    }
}

/// The regions of values of a kind.
fn usual(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "bytes",
        Kind::Image => "rectangles",
        Kind::Signal => "spans or windows of time",
        Kind::Custom => "items",
    }
}

fn named(region: &Region) -> &'static str {
    match region {
        Region::Nothing => "nothing",
        Region::Bytes(_) => "bytes",
        Region::Items(_) => "items",
        Region::Rectangle { .. } => "a rectangle",
        Region::Span { .. } => "a span of time",
        Region::Window { .. } => "a window of time",
    }
}
