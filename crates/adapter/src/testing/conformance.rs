//! Conformance of a medium: every promise of [`Medium`] and [`Adapter`], tried on values.

use std::sync::Arc;

use serde_json::Value as Json;

use super::trial::{Trial, unlike, unloadable, without_end};
use crate::attempt::attempt;
use crate::erased::ErasedMedium;
use crate::promises::{Valued, region_at_fault};
use crate::registry::mistakes;
use crate::{Adapter, AnySide, Encoded, File, Kept, Kind, Medium, OptionProblem, Seed, Value};

/// Most values that are tried; conformance is about rules, not about a corpus.
const MOST: usize = 64;

/// Tests that a medium keeps every promise of [`Medium`] and [`Adapter`] for these options and values.
///
/// Values are those of a dataset, before they are opened; two or more that differ find the most. A medium that is both
/// read and written under different options is tested once with each. With the medium of [`Medium`]'s example:
///
/// ```
/// # mod notes { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/medium/notes.rs")); }
/// use any2any_adapter::testing::conforms;
/// use notes::Notes;
///
/// conforms(Notes, serde_json::json!({ "field": "melody" }), &["c e g".into(), "e d c".into()]);
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
///
/// With the medium of [`Medium`]'s example:
///
/// ```
/// # mod notes { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/medium/notes.rs")); }
/// use any2any_adapter::testing::faults;
/// use notes::Notes;
/// use serde_json::json;
///
/// assert!(faults(Notes, json!({ "field": "melody" }), &["c e g".into(), "e d c".into()]).is_empty());
/// let faults = faults(Notes, json!({ "feild": "melody" }), &["c e g".into()]);
/// assert!(faults[0].contains("unknown field `feild`"), "{faults:?}");
/// ```
pub fn faults(medium: impl Medium, options: Json, values: &[Value]) -> Vec<String> {
    let medium = ErasedMedium(Arc::new(medium));
    let mut trial = Trial { medium: &medium, found: Vec::new() };
    trial.run(&options, values);
    trial.found
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
        self.foreign(&*adapter);
        self.showing(&*adapter);
        self.refusing(&*adapter);
        self.writing(&*adapter, &opened, &sequences);
        self.covering(&*adapter, &sequences);
        self.rounding(&*adapter, &opened);
        if self.is_comparable() {
            self.augmentable(&*adapter, &opened, &sequences);
            self.augmenting(&*adapter, &opened, 4);
            self.saving(&*side, &*adapter, &opened, &sequences);
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
                self.fault(format!("the options do not parse{}: {}", at(&problem), problem.message));
                return None;
            }
            Err(words) => {
                self.fault(format!("parsing the options panics: {words}"));
                return None;
            }
        };
        let problems = self.call("check", || side.problems())?;
        for problem in &problems {
            self.fault(refused(problem));
        }
        if !problems.is_empty() {
            return None;
        }
        let complete = self.call("complete", || side.options())?;
        // That they parse is what `problems` has looked at.
        if let Ok(again) = self.medium.side(&complete, &Kept::default())
            && again.sharing() != side.sharing()
        {
            self.fault("`sharing` differs for the same options with their defaults written out");
        }
        let fields = self.call("fields", || side.fields())?;
        if fields.iter().any(String::is_empty) {
            self.fault("`fields` names a field without a name: refuse an empty one in `check`");
        }
        Some(side)
    }

    /// What a medium says about files that are not its own.
    fn files(&mut self) {
        let medium = self.medium;
        for bytes in [&b""[..], b"\0", b"not a file of this medium", &[0xff; 512]] {
            self.call("recognises", || medium.recognises(bytes));
            for extension in medium.extensions() {
                let file = File::in_memory(format!("broken.{extension}"), bytes.to_vec());
                self.takes("contents", || medium.contents(&file));
                self.takes("events", || medium.events(&file));
            }
        }
    }

    /// Values as adapters take them.
    fn opening(&mut self, side: &dyn AnySide, values: &[Value]) -> Vec<Value> {
        let mut opened = Vec::new();
        for value in values.iter().take(MOST) {
            let Some(first) = self.sound("open", || side.open(value)) else { continue };
            let again = self.sound("open", || side.open(value));
            self.equal(
                Some(&first),
                again.as_ref(),
                "`open` gives another value the second time: let it depend on the value alone",
            );
            opened.push(first.value);
        }
        let empty = Value::Series(Arc::from([]));
        for other in [Value::from(""), empty, File::in_memory("broken", Vec::<u8>::new()).into()] {
            self.takes("open", || side.open(&other));
            self.takes("price", || side.price(&other));
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
        self.takes("fit", || side.fit(&mut std::iter::empty()));
        Some(adapter)
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
                self.fault(format!(
                    "`price` bounds a value by {positions} positions, and it has {length}: count them all"
                ));
            }
        }
    }

    /// Augmentation that gives sequences.
    fn augmentable(&mut self, adapter: &dyn Adapter, opened: &[Value], sequences: &[Option<Encoded>]) {
        // What cannot be encoded is a fault already.
        for (value, _) in opened.iter().zip(sequences).filter(|(_, encoded)| encoded.is_some()) {
            self.sound("augment", || adapter.augment(value, &mut Seed(2).random("conformance", 0)));
        }
    }

    /// Files of an adapter that writes: a format may round, but it rounds once.
    fn rounding(&mut self, adapter: &dyn Adapter, opened: &[Value]) {
        for value in opened.iter().filter(|_| adapter.head().is_some()) {
            let again = |value: &Value| adapter.read_back(&adapter.to_file(value).ok()?.bytes).ok();
            let read = again(value);
            let third = read.as_ref().and_then(again);
            self.equal(
                third.as_ref(),
                read.as_ref(),
                "`read_back` of a file that was read back gives another value: round once",
            );
        }
    }

    /// Regions of written values, which lie within them.
    fn covering(&mut self, adapter: &dyn Adapter, sequences: &[Option<Encoded>]) {
        for encoded in sequences.iter().flatten() {
            let Ok(decoded) = adapter.decode(&without_end(adapter, &encoded.sequence)) else { continue };
            let valued = Valued::new(self.medium.kind(), &decoded.value);
            for (place, region) in decoded.regions.iter().enumerate() {
                if let Some(wrong) = region_at_fault(&valued, region) {
                    self.fault(format!("its `decode` gives a wrong region at position {place}: {wrong}"));
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
                ("encode", self.takes("encode", || adapter.encode(&value))),
                ("to_file", self.takes("to_file", || adapter.to_file(&value))),
            ] {
                // The file of a medium that has none of its own is any value as a text.
                if accepted && method == "encode" {
                    self.fault(format!(
                        "`encode` takes {}, which is of another medium: refuse it",
                        value.kind()
                    ));
                }
            }
        }
        self.takes("read_back", || adapter.read_back(&[0xff, 0, 0xfe]));
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
        let loaded = match side.load(folder.path()) {
            Ok(loaded) => loaded,
            Err(error) => return self.fault(unloadable(error, folder.path())),
        };
        if let Some(fault) = unlike(adapter, &*loaded, opened, sequences) {
            self.fault(fault);
        }
        let stateless = std::fs::read_dir(folder.path()).is_ok_and(|mut files| files.next().is_none());
        if !stateless && self.takes("load", || side.load(empty.path())) {
            self.fault("`load` gives an adapter from an empty folder, though `save` wrote files: name the missing one");
        }
    }
}

/// The fault of options that a medium does not take.
fn refused(problem: &OptionProblem) -> String {
    format!("the options are refused{}: {}", at(problem), problem.message)
}

/// The place of a problem in the options, if it is not all of them.
fn at(problem: &OptionProblem) -> String {
    match &problem.pointer[..] {
        "" => String::new(),
        pointer => format!(" at {pointer}"),
    }
}
