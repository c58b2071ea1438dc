//! Trial of an adapter: its promises, tried on opened values. The tests of a medium try all of them, a training those
//! that it depends on.

use std::fmt::Display;
use std::path::{MAIN_SEPARATOR, Path};

use crate::attempt::attempt;
use crate::registry::is_extension;
use crate::{
    Adapter, AdapterError, AnyMedium, Encoded, FrameCount, Frames, Head, Kind, Seed, Sequence, Stem, Value,
};

/// The fault of an adapter of which nothing else can be tried.
const CHANGEABLE: &str = "`encode` gives another sequence the second time: let it depend on the value alone";

/// A trial of a medium, and what it found.
pub(super) struct Trial<'a> {
    pub(super) medium: &'a dyn AnyMedium,
    pub(super) found: Vec<String>,
}

impl Trial<'_> {
    pub(super) fn fault(&mut self, fault: impl Into<String>) {
        let fault = fault.into();
        let without_numbers = |fault: &str| fault.replace(|letter: char| letter.is_ascii_digit(), "");
        // Other values mostly have other numbers, and the way out is one.
        if !self.found.iter().any(|known| without_numbers(known) == without_numbers(&fault)) {
            self.found.push(fault);
        }
    }

    /// The result of a call; a panic is a fault.
    pub(super) fn call<T>(&mut self, method: &str, call: impl FnOnce() -> T) -> Option<T> {
        attempt(call)
            .map_err(|words| {
                self.fault(format!("its `{method}` panics ({words}): give a value in every case"))
            })
            .ok()
    }

    /// The value of a call that must not fail.
    pub(super) fn sound<T>(
        &mut self,
        method: &str,
        call: impl FnOnce() -> Result<T, AdapterError>,
    ) -> Option<T> {
        let failed = |error: AdapterError| match error {
            AdapterError::Contract { reason, .. } => reason,
            error => format!("`{method}` fails: {error}"),
        };
        self.call(method, call)?.map_err(|error| self.fault(failed(error))).ok()
    }

    /// True if the same value gives the same sequence, without which nothing else can be compared.
    pub(super) fn is_comparable(&self) -> bool {
        !self.found.iter().any(|fault| fault == CHANGEABLE)
    }

    /// True if a call succeeds, which it need not: only a broken promise is a fault.
    pub(super) fn takes<T>(&mut self, method: &str, call: impl FnOnce() -> Result<T, AdapterError>) -> bool {
        match self.call(method, call) {
            Some(Err(AdapterError::Contract { reason, .. })) => {
                self.fault(reason);
                false
            }
            taken => matches!(taken, Some(Ok(_))),
        }
    }

    pub(super) fn equal<T: PartialEq>(&mut self, first: Option<&T>, second: Option<&T>, fault: impl Display) {
        if first.is_some() && second.is_some() && first != second {
            self.fault(fault.to_string());
        }
    }

    /// Sequences of the values, those that can be encoded.
    pub(super) fn encoding(&mut self, adapter: &dyn Adapter, opened: &[Value]) -> Vec<Option<Encoded>> {
        let mut sequences = Vec::new();
        for value in opened {
            let first = self.sound("encode", || adapter.encode(value));
            let again = self.call("encode", || adapter.encode(value).ok()).flatten();
            self.equal(first.as_ref(), again.as_ref(), CHANGEABLE);
            sequences.push(first);
        }
        if let Some(longest) = self.call("longest", || adapter.longest()).flatten() {
            let end = usize::from(matches!(adapter.head(), Some(Head::Softmax { .. })));
            let lengths =
                sequences.iter().flatten().map(|encoded| encoded.sequence.len().saturating_sub(end));
            if let Some(length) = lengths.max().filter(|length| *length > longest) {
                self.fault(format!(
                    "`longest` says {longest}, but a value has {length} positions without its end: outputs would be cut off"
                ));
            }
        }
        for (value, encoded) in opened.iter().zip(&sequences) {
            if let Some(encoded) = encoded {
                self.call("unknown", || adapter.unknown(encoded, value));
            }
        }
        self.call("warnings", || adapter.warnings());
        sequences
    }

    /// Augmentation, which is drawn from its generator alone; where a value cannot be changed, it is trained on as it is.
    pub(super) fn augmenting(&mut self, adapter: &dyn Adapter, opened: &[Value], steps: u64) {
        let augments = self.call("augments", || adapter.augments()).unwrap_or(false);
        for value in opened {
            let plain = self.call("encode", || adapter.encode(value).ok()).flatten();
            for step in 0..steps {
                let random = || Seed(1).random("conformance", step);
                let first = self.call("augment", || adapter.augment(value, &mut random()).ok()).flatten();
                let again = self.call("augment", || adapter.augment(value, &mut random()).ok()).flatten();
                self.equal(
                    first.as_ref(),
                    again.as_ref(),
                    "`augment` gives another sequence for the same generator: draw from that one alone",
                );
                if !augments {
                    self.equal(
                        first.as_ref(),
                        plain.as_ref(),
                        "`augment` changes values, but `augments` says false, and nothing is augmented: let it say true",
                    );
                }
            }
        }
    }

    pub(super) fn showing(&mut self, adapter: &dyn Adapter) {
        let vocabulary = match adapter.stem() {
            Stem::Lookup { vocabulary, .. } => vocabulary,
            _ => 0,
        };
        for token in (0..vocabulary.min(4096) as u32).chain([vocabulary as u32, u32::MAX]) {
            if let Err(words) = attempt(|| adapter.show(token)) {
                self.fault(format!(
                    "its `show` panics ({words}): show every token, also one outside the vocabulary"
                ));
            }
        }
    }

    /// The way back, of an adapter that writes.
    pub(super) fn writing(&mut self, adapter: &dyn Adapter, opened: &[Value], sequences: &[Option<Encoded>]) {
        let Some(head) = adapter.head() else { return self.unwritten(adapter, sequences) };
        for sequence in odd(&head) {
            // What search may write is decoded somehow, unless the sequence is of a length that it never writes.
            self.takes("decode", || adapter.decode(&sequence));
        }
        for (value, encoded) in opened.iter().zip(sequences) {
            let Some(encoded) = encoded else { continue };
            let written = without_end(adapter, &encoded.sequence);
            let Some(decoded) = self.sound("decode", || adapter.decode(&written)) else { continue };
            self.files_of(adapter, &decoded.value);
            self.files_of(adapter, value);
        }
    }

    /// A medium that is only read says so when it is asked to write.
    fn unwritten(&mut self, adapter: &dyn Adapter, sequences: &[Option<Encoded>]) {
        for encoded in sequences.iter().flatten() {
            // Without a head, nobody knows which token is the end.
            let without_last = match &encoded.sequence {
                Sequence::Tokens(tokens) => {
                    Sequence::Tokens(tokens[..tokens.len().saturating_sub(1)].to_vec())
                }
                frames => frames.clone(),
            };
            let sequences = [&encoded.sequence, &without_last];
            if sequences.into_iter().any(|sequence| self.takes("decode", || adapter.decode(sequence))) {
                self.fault(
                    "`head` gives none, so it is only read, but `decode` takes its sequences: give the head that writes \
                     them, or leave `decode` out",
                );
            }
        }
    }

    /// Sequences that the head of an adapter does not write: it refuses them.
    pub(super) fn refusing(&mut self, adapter: &dyn Adapter) {
        match adapter.head() {
            None => {}
            Some(Head::Softmax { vocabulary, .. }) => {
                self.takes("decode", || adapter.decode(&Sequence::Tokens(vec![vocabulary as u32])));
                if let Some(frames) = Frames::new(1, vec![0.0]) {
                    self.refuses(adapter, &Sequence::Frames(frames));
                }
            }
            Some(Head::Regression { width, .. }) => {
                self.refuses(adapter, &Sequence::Tokens(vec![0]));
                if let Some(wide) = Frames::new(width + 1, vec![0.0; width + 1]) {
                    self.refuses(adapter, &Sequence::Frames(wide));
                }
            }
        }
    }

    fn refuses(&mut self, adapter: &dyn Adapter, sequence: &Sequence) {
        if self.takes("decode", || adapter.decode(sequence)) {
            let kind = match sequence {
                Sequence::Tokens(_) => "tokens".to_owned(),
                Sequence::Frames(frames) => format!("frames of width {}", frames.width()),
            };
            self.fault(format!("`decode` takes {kind}, which its head does not write: refuse them"));
        }
    }

    /// A written value as a file, and back.
    fn files_of(&mut self, adapter: &dyn Adapter, value: &Value) {
        let Some(file) = self.sound("to_file", || adapter.to_file(value)) else { return };
        if !is_extension(&file.extension) {
            self.fault(format!(
                "`to_file` gives the extension '{}': write it in lower case and without the dot",
                file.extension
            ));
        }
        let Some(read) = self.sound("read_back", || adapter.read_back(&file.bytes)) else { return };
        if Kind::of(&read) != Some(self.medium.kind()) {
            self.fault(format!("`read_back` gives {}, and values are {}", read.kind(), self.medium.kind()));
        }
        if matches!(value, Value::Text(_) | Value::Custom(_)) {
            self.equal(
                Some(value),
                Some(&read),
                "`read_back` does not give the value that `to_file` wrote: let both agree",
            );
        }
    }
}

/// Sequences that a head may write and that no data has: very short, very long, of all tokens.
fn odd(head: &Head) -> Vec<Sequence> {
    match head {
        Head::Softmax { vocabulary, forbidden, end, .. } => {
            let written = |token: &u32| token != end && !forbidden.contains(token);
            let all: Vec<u32> = (0..*vocabulary as u32).filter(written).collect();
            let few = all.iter().rev().take(4).copied().collect();
            vec![Sequence::Tokens(Vec::new()), Sequence::Tokens(all), Sequence::Tokens(few)]
        }
        Head::Regression { width, length } => {
            let counts = match length {
                FrameCount::Fixed(fixed) => vec![*fixed],
                FrameCount::UntilStop { at_most } => vec![1, 2.min(*at_most), 7.min(*at_most)],
            };
            let frames = |count| Frames::new(*width, vec![0.5; count * width]).map(Sequence::Frames);
            counts.into_iter().filter_map(frames).collect()
        }
    }
}

/// A sequence as search writes it: without the end token.
pub(super) fn without_end(adapter: &dyn Adapter, sequence: &Sequence) -> Sequence {
    match (adapter.head(), sequence) {
        (Some(Head::Softmax { end, .. }), Sequence::Tokens(tokens)) => {
            Sequence::Tokens(tokens.strip_suffix(&[end]).unwrap_or(tokens).to_vec())
        }
        _ => sequence.clone(),
    }
}

/// The fault of a state that cannot be loaded, with files named inside of the folder, which nobody will find again.
pub(super) fn unloadable(error: AdapterError, folder: &Path) -> String {
    let folder = format!("{}{MAIN_SEPARATOR}", folder.display());
    match error {
        AdapterError::Contract { reason, .. } => reason,
        error => {
            let error = error.to_string().replace(&folder, "");
            format!("what its `save` wrote cannot be loaded ({error}): read what is written")
        }
    }
}

/// The first way in which a loaded adapter is unlike the one that was saved; `sequences` are those of the saved one.
pub(crate) fn unlike(
    adapter: &dyn Adapter,
    loaded: &dyn Adapter,
    opened: &[Value],
    sequences: &[Option<Encoded>],
) -> Option<String> {
    if adapter.stem() != loaded.stem() || adapter.head() != loaded.head() {
        return Some(
            "`load` gives an adapter with another stem or head than `save` had: save all it learned".into(),
        );
    }
    let differs = |(value, encoded): (&Value, &Option<Encoded>)| {
        encoded.is_some() && attempt(|| loaded.encode(value).ok()).ok().flatten() != *encoded
    };
    let differing = opened.iter().zip(sequences).any(differs);
    differing.then(|| {
        "`load` gives an adapter that encodes otherwise than the saved one: save all it learned".into()
    })
}
