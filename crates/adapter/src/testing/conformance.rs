//! Conformance of a medium: every promise of [`Medium`] and [`Adapter`], tried on values.

use std::fmt::Display;
use std::sync::Arc;

use serde_json::Value as Json;

use super::attempt::attempt;
use crate::erased::ErasedMedium;
use crate::registry::mistakes;
use crate::{
    Adapter, AdapterError, AnyMedium, AnySide, Encoded, File, Frames, Head, Kept, Kind, Medium, Seed,
    Sequence, Stem, Value,
};

/// Most values that are tried; conformance is about rules, not about a corpus.
const MOST: usize = 64;

/// Tests that a medium keeps every promise of [`Medium`] and [`Adapter`] for these options and values.
///
/// Values are those of a dataset, before they are opened; two or more that differ find the most. A medium that is both
/// read and written under different options is tested once with each.
///
/// ```
/// # use any2any_adapter::{Adapter, AdapterError, Decoded, Encoded, Frames, Medium, Region, Sequence, Side, Stem, Value};
/// # #[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// # #[serde(deny_unknown_fields)]
/// # struct Options {
/// #     /// The field of the dataset.
/// #     field: String,
/// # }
/// # #[derive(Clone)]
/// # struct Letters;
/// # impl Medium for Letters {
/// #     type Options = Options;
/// #     type Adapter = Letters;
/// #     fn name(&self) -> &str { "letters" }
/// #     fn fields(&self, options: &Options) -> Vec<String> { vec![options.field.clone()] }
/// #     fn fit(&self, _: &Side<Options>, _: &mut dyn Iterator<Item = &Value>) -> Result<Letters, AdapterError> { Ok(Letters) }
/// # }
/// # impl Adapter for Letters {
/// #     fn stem(&self) -> Stem { Stem::Projection { width: 1 } }
/// #     fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
/// #         let text = value.as_text().ok_or_else(|| AdapterError::other_medium("a text", value))?;
/// #         let frames = text.bytes().map(f32::from).collect();
/// #         let regions = (0..text.len()).map(|at| Region::Bytes(at..at + 1)).collect();
/// #         let frames = Frames::new(1, frames).filter(|frames| !frames.is_empty());
/// #         let frames = frames.ok_or_else(|| AdapterError::value("it is empty"))?;
/// #         Ok(Encoded { sequence: Sequence::Frames(frames), regions })
/// #     }
/// # }
/// any2any_adapter::testing::conforms(
///     Letters,
///     serde_json::json!({ "field": "word" }),
///     &["one".into(), "two".into()],
/// );
/// ```
///
/// # Panics
///
/// When the medium breaks a promise; the message lists every one that it breaks.
pub fn conforms(medium: impl Medium, options: Json, values: &[Value]) {
    let faults = faults(medium, options, values);
    assert!(faults.is_empty(), "the medium does not conform:\n- {}", faults.join("\n- "));
}

/// The promises that a medium breaks for these options and values, in words; see [`conforms`].
pub fn faults(medium: impl Medium, options: Json, values: &[Value]) -> Vec<String> {
    let medium = ErasedMedium(Arc::new(medium));
    let mut trial = Trial { medium: &medium, found: Vec::new() };
    trial.run(&options, values);
    trial.found
}

/// A trial of a medium, and what it found.
struct Trial<'a> {
    medium: &'a dyn AnyMedium,
    found: Vec<String>,
}

impl Trial<'_> {
    fn run(&mut self, options: &Json, values: &[Value]) {
        self.description();
        let Some(side) = self.options(options) else { return };
        self.files();
        let opened = self.opening(&*side, values);
        if opened.is_empty() {
            self.fault("no value can be opened: give values that the options can read");
            return;
        }
        let Some(adapter) = self.fitting(&*side, &opened) else { return };
        let sequences = self.encoding(&*adapter, &opened);
        self.price(&*side, values, &opened, &sequences);
        self.augmenting(&*adapter, &opened);
        self.foreign(&*adapter);
        self.showing(&*adapter);
        self.writing(&*adapter, &opened, &sequences);
        self.saving(&*side, &*adapter, &opened, &sequences);
    }

    fn fault(&mut self, fault: impl Into<String>) {
        let fault = fault.into();
        if !self.found.contains(&fault) {
            self.found.push(fault);
        }
    }

    /// The result of a call; a panic is a fault.
    fn call<T>(&mut self, method: &str, call: impl FnOnce() -> T) -> Option<T> {
        attempt(call).map_err(|words| self.fault(format!("`{method}` panics: {words}"))).ok()
    }

    /// The value of a call that must not fail.
    fn sound<T>(&mut self, method: &str, call: impl FnOnce() -> Result<T, AdapterError>) -> Option<T> {
        let failed = |error: AdapterError| match error {
            AdapterError::Contract { reason, .. } => reason,
            error => format!("`{method}` fails: {error}"),
        };
        self.call(method, call)?.map_err(|error| self.fault(failed(error))).ok()
    }

    fn equal<T: PartialEq>(&mut self, first: Option<&T>, second: Option<&T>, fault: impl Display) {
        if first.is_some() && second.is_some() && first != second {
            self.fault(fault.to_string());
        }
    }

    /// Name, extensions and schema.
    fn description(&mut self) {
        self.found.extend(mistakes(self.medium));
        let schema = self.medium.schema();
        let properties = schema.as_value()["properties"].as_object().cloned().unwrap_or_default();
        for (option, schema) in &properties {
            if schema.get("description").is_none() && schema.get("$ref").is_none() {
                self.fault(format!(
                    "the option `{option}` has no description: write a comment above its field"
                ));
            }
        }
        let strict = |schema: &Json| schema.get("additionalProperties") == Some(&Json::Bool(false));
        if !properties.is_empty() && !strict(schema.as_value()) {
            self.fault("unknown options are passed over in silence: put #[serde(deny_unknown_fields)] on the options");
        }
    }

    /// The side of some options, which are complete when every default is written out.
    fn options(&mut self, options: &Json) -> Option<Arc<dyn AnySide>> {
        let parsed = |json: &Json| self.medium.side(json, &Kept::default());
        let side = match attempt(|| parsed(options)) {
            Ok(Ok(side)) => side,
            Ok(Err(problem)) => {
                self.fault(format!("the options do not parse: {} {}", problem.pointer, problem.message));
                return None;
            }
            Err(words) => {
                self.fault(format!("parsing the options panics: {words}"));
                return None;
            }
        };
        for problem in self.call("check", || side.problems())? {
            self.fault(format!("`check` refuses the options: {} {}", problem.pointer, problem.message));
        }
        if !self.found.is_empty() && side.problems().first().is_some() {
            return None;
        }
        let complete = self.call("complete", || side.options())?;
        match attempt(|| self.medium.side(&complete, &Kept::default())) {
            Ok(Ok(again)) => {
                if again.options() != complete {
                    self.fault("options with all defaults written out read back as others: skip no field");
                }
                if again.sharing() != side.sharing() {
                    self.fault("`sharing` differs for the same options with their defaults written out");
                }
            }
            Ok(Err(problem)) => {
                self.fault(format!(
                    "options with all defaults written out do not parse: {}",
                    problem.message
                ));
            }
            Err(words) => self.fault(format!("parsing the options panics: {words}")),
        }
        let fields = self.call("fields", || side.fields())?;
        if fields.is_empty() {
            self.fault("`fields` names no field of the dataset: name those that are read");
        }
        if fields.iter().any(String::is_empty) {
            self.fault("`fields` names a field without a name: refuse an empty one in `check`");
        }
        Some(side)
    }

    /// What a medium says about files that are not its own.
    fn files(&mut self) {
        for bytes in [&b""[..], b"\0", b"not a file of this medium", &[0xff; 512]] {
            self.call("recognises", || self.medium.recognises(bytes));
            for extension in self.medium.extensions() {
                let file = File::in_memory(format!("broken.{extension}"), bytes.to_vec());
                self.call("contents", || self.medium.contents(&file).is_ok());
                self.call("events", || self.medium.events(&file).is_ok());
            }
        }
    }

    /// Values as adapters take them.
    fn opening(&mut self, side: &dyn AnySide, values: &[Value]) -> Vec<Value> {
        let mut opened = Vec::new();
        for value in values.iter().take(MOST) {
            let Some(first) = self.sound("open", || side.open(value)) else { continue };
            let again = self.sound("open", || side.open(value));
            self.equal(Some(&first), again.as_ref(), "`open` gives another value the second time");
            opened.push(first.value);
        }
        let empty = Value::Series(Arc::from([]));
        for other in [Value::from(""), empty, File::in_memory("broken", Vec::<u8>::new()).into()] {
            self.call("open", || side.open(&other).is_ok());
            self.call("price", || side.price(&other).is_ok());
        }
        opened
    }

    fn fitting(&mut self, side: &dyn AnySide, opened: &[Value]) -> Option<Arc<dyn Adapter>> {
        let adapter = self.sound("fit", || side.fit(&mut opened.iter()))?;
        let again = self.sound("fit", || side.fit(&mut opened.iter()))?;
        let encoded = |adapter: &Arc<dyn Adapter>| -> Vec<Option<Encoded>> {
            let encode = |value| attempt(|| adapter.encode(value).ok()).ok().flatten();
            opened.iter().map(encode).collect()
        };
        let ends = (adapter.stem(), adapter.head());
        if ends != (again.stem(), again.head()) || encoded(&adapter) != encoded(&again) {
            self.fault(
                "`fit` gives another adapter for the same values: use no order of a hash, time or chance",
            );
        }
        self.call("fit", || side.fit(&mut std::iter::empty()).is_ok());
        Some(adapter)
    }

    /// Sequences of the values, those that can be encoded.
    fn encoding(&mut self, adapter: &dyn Adapter, opened: &[Value]) -> Vec<Option<Encoded>> {
        let mut sequences = Vec::new();
        for value in opened {
            let first = self.sound("encode", || adapter.encode(value));
            let again = self.call("encode", || adapter.encode(value).ok()).flatten();
            self.equal(first.as_ref(), again.as_ref(), "`encode` gives another sequence the second time");
            sequences.push(first);
        }
        if let Some(longest) = self.call("longest", || adapter.longest()).flatten() {
            let end = usize::from(matches!(adapter.head(), Some(Head::Softmax { .. })));
            let lengths =
                sequences.iter().flatten().map(|encoded| encoded.sequence.len().saturating_sub(end));
            if let Some(length) = lengths.max().filter(|length| *length > longest) {
                self.fault(format!(
                    "`longest` says {longest}, but a value has {length} positions without its end"
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

    fn price(
        &mut self,
        side: &dyn AnySide,
        values: &[Value],
        opened: &[Value],
        sequences: &[Option<Encoded>],
    ) {
        // Values and sequences go together only if all values were opened.
        if opened.len() != values.len().min(MOST) {
            return;
        }
        for (value, encoded) in values.iter().zip(sequences) {
            let Some(price) = self.sound("price", || side.price(value)) else { continue };
            let length = encoded.as_ref().map_or(0, |encoded| encoded.sequence.len()) as u64;
            if let Some(positions) = price.positions.filter(|positions| *positions < length) {
                self.fault(format!("`price` bounds a value by {positions} positions, and it has {length}"));
            }
        }
    }

    fn augmenting(&mut self, adapter: &dyn Adapter, opened: &[Value]) {
        let augments = self.call("augments", || adapter.augments()).unwrap_or(false);
        for value in opened {
            let plain = self.call("encode", || adapter.encode(value).ok()).flatten();
            for step in 0..4 {
                let random = || Seed(1).random("conformance", step);
                let first = self.sound("augment", || adapter.augment(value, &mut random()));
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
                        "`augment` changes values, but `augments` says false",
                    );
                }
            }
        }
    }

    /// What an adapter does with values and sequences of other media: it refuses them.
    fn foreign(&mut self, adapter: &dyn Adapter) {
        let image = crate::Image::new(2, 2, 1, vec![0; 4]).map(Value::from);
        let signal = crate::Signal::mono(10.0, vec![0.0; 4]).map(Value::from);
        let series = Value::Series(Arc::from([Value::from("a")]));
        let values = [Some(Value::from("text")), image, signal, Some(series)];
        for value in values.into_iter().flatten().filter(|value| Kind::of(value) != Some(self.medium.kind()))
        {
            for (method, accepted) in [
                ("encode", self.call("encode", || adapter.encode(&value).is_ok())),
                ("to_file", self.call("to_file", || adapter.to_file(&value).is_ok())),
            ] {
                // The file of a medium that has none of its own is any value as a text.
                if accepted == Some(true) && method == "encode" {
                    self.fault(format!(
                        "`encode` takes {}, which is of another medium: refuse it",
                        value.kind()
                    ));
                }
            }
        }
        self.call("read_back", || adapter.read_back(&[0xff, 0, 0xfe]).is_ok());
    }

    fn showing(&mut self, adapter: &dyn Adapter) {
        let vocabulary = match adapter.stem() {
            Stem::Lookup { vocabulary, .. } => vocabulary,
            _ => 0,
        };
        for token in (0..vocabulary.min(4096) as u32).chain([vocabulary as u32, u32::MAX]) {
            self.call("show", || adapter.show(token));
        }
    }

    /// The way back, of an adapter that writes.
    fn writing(&mut self, adapter: &dyn Adapter, opened: &[Value], sequences: &[Option<Encoded>]) {
        let odd = match adapter.head() {
            None => return self.refused(adapter),
            Some(Head::Softmax { vocabulary, forbidden, end, .. }) => {
                let all: Vec<u32> = (0..vocabulary as u32)
                    .filter(|token| *token != end && !forbidden.contains(token))
                    .collect();
                let over = Sequence::Tokens(vec![vocabulary as u32]);
                let frames = Frames::new(1, vec![0.0]).map(Sequence::Frames);
                self.call("decode", || adapter.decode(&over).is_ok());
                if let Some(frames) = frames {
                    self.refuses(adapter, &frames);
                }
                let few: Vec<u32> = all.iter().rev().take(4).copied().collect();
                [Sequence::Tokens(Vec::new()), Sequence::Tokens(all), Sequence::Tokens(few)]
            }
            Some(Head::Regression { width, .. }) => {
                self.refuses(adapter, &Sequence::Tokens(vec![0]));
                if let Some(wide) = Frames::new(width + 1, vec![0.0; width + 1]) {
                    self.refuses(adapter, &Sequence::Frames(wide));
                }
                let frames = |count| Frames::new(width, vec![0.5; count * width]).map(Sequence::Frames);
                [frames(1), frames(2), frames(7)].map(|frames| frames.unwrap_or(Sequence::Tokens(Vec::new())))
            }
        };
        for sequence in &odd {
            let decoded = self.call("decode", || adapter.decode(sequence));
            // What search may write is decoded somehow, unless the sequence is of a length that it never writes.
            if let Some(Err(AdapterError::Contract { reason, .. })) = decoded {
                self.fault(reason);
            }
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
    fn refused(&mut self, adapter: &dyn Adapter) {
        self.refuses(adapter, &Sequence::Tokens(Vec::new()));
    }

    fn refuses(&mut self, adapter: &dyn Adapter, sequence: &Sequence) {
        if self.call("decode", || adapter.decode(sequence).is_ok()) == Some(true) {
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
        if file.extension.is_empty() || file.extension.starts_with('.') {
            self.fault(format!(
                "`to_file` gives the extension '{}': write it without the dot",
                file.extension
            ));
        }
        let Some(read) = self.sound("read_back", || adapter.read_back(&file.bytes)) else { return };
        if Kind::of(&read) != Some(self.medium.kind()) {
            self.fault(format!("`read_back` gives {}, and values are {}", read.kind(), self.medium.kind()));
        }
        // A format may round, but it rounds once.
        let again = self.sound("to_file", || adapter.to_file(&read)).map(|file| file.bytes);
        let third = again.as_ref().and_then(|bytes| self.sound("read_back", || adapter.read_back(bytes)));
        self.equal(
            third.as_ref(),
            Some(&read),
            "`read_back` of a file that was read back gives another value",
        );
        if matches!(value, Value::Text(_) | Value::Custom(_)) {
            self.equal(Some(value), Some(&read), "`read_back` does not give the value that `to_file` wrote");
        }
    }

    /// The adapter that is loaded is the one that was saved.
    fn saving(
        &mut self,
        side: &dyn AnySide,
        adapter: &dyn Adapter,
        opened: &[Value],
        sequences: &[Option<Encoded>],
    ) {
        let (folder, empty) = match (tempfile::tempdir(), tempfile::tempdir()) {
            (Ok(folder), Ok(empty)) => (folder, empty),
            (Err(error), _) | (_, Err(error)) => {
                return self.fault(format!("there is no folder to save into: {error}"));
            }
        };
        if self.sound("save", || adapter.save(folder.path())).is_none() {
            return;
        }
        let Some(loaded) = self.sound("load", || side.load(folder.path())) else { return };
        if let Some(fault) = unlike(adapter, &*loaded, opened, sequences) {
            self.fault(fault);
        }
        let stateless = std::fs::read_dir(folder.path()).is_ok_and(|mut files| files.next().is_none());
        if !stateless && self.call("load", || side.load(empty.path()).is_ok()) == Some(true) {
            self.fault("`load` gives an adapter from an empty folder, though `save` wrote files: name the missing one");
        }
    }
}

/// A sequence as search writes it: without the end token.
fn without_end(adapter: &dyn Adapter, sequence: &Sequence) -> Sequence {
    match (adapter.head(), sequence) {
        (Some(Head::Softmax { end, .. }), Sequence::Tokens(tokens)) => {
            Sequence::Tokens(tokens.strip_suffix(&[end]).unwrap_or(tokens).to_vec())
        }
        _ => sequence.clone(),
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
