//! Stored examples: the encoded samples of a split that lies in a [`Cache`], of which memory holds the lengths alone.
//!
//! Tokens are read from the cache. A side that is encoded as frames, or drawn anew for every epoch, is kept as the value
//! that the data has, and opened and encoded for its batch.

mod build;
mod findings;
mod record;

use std::sync::Arc;

use any2any_adapter::{Adapter, Sequence, Value};
use any2any_data::batching::Lengths;
use any2any_data::cache::{Cache, Entry, Key, Records, Writer, value_of_bytes};
use any2any_data::{Flaws, Streamed};
use any2any_run::{Role, RunError, Task};
use serde_json::{Value as Json, json};

use self::findings::Findings;
use self::record::{Held, Record};
use crate::example::Example;
use crate::split::{Split, evenly};

/// The kind of entry in a cache.
const KIND: &str = "samples";

/// The number of the form of the records, which changes with it.
const RECORDS: u32 = 2;

/// Told how many samples have been encoded so far.
pub type Observer<'o> = dyn FnMut(usize) + 'o;

/// Where examples come from: a task with fitted adapters, and the files of one of its splits.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    /// The task.
    pub task: &'a Arc<Task>,
    /// The files.
    pub streamed: &'a Streamed,
}

/// Encoded samples of a split on the disk.
pub struct StoredExamples {
    task: Arc<Task>,
    entry: Entry,
    records: Records,
    findings: Findings,
}

impl Origin<'_> {
    /// What the examples are made from: the files' contents, the task's sides and prompt, and the state of its adapters.
    fn made_from(&self, cache: &Cache, adapters: &str) -> Result<Json, RunError> {
        let side = |role: Role| {
            let side = match role {
                Role::Source => self.task.sides().source.as_ref()?,
                Role::Target => &self.task.sides().target,
            };
            let options = side.with_options.options();
            Some(json!({ "medium": side.medium.name(), "options": options, "fields": side.fields }))
        };
        Ok(json!({
            "files": self.streamed.made_from(cache).map_err(RunError::data)?,
            "source": side(Role::Source),
            "target": side(Role::Target),
            "prompt": self.task.spec().prompt,
            "per_position": self.task.is_per_position(),
            "adapters": adapters,
            "records": RECORDS,
        }))
    }
}

impl StoredExamples {
    /// The examples of a split from a cache; they are encoded if they are not there, by all threads, and by one process at
    /// a time. `adapters` is a digest of the adapters' state.
    ///
    /// # Errors
    ///
    /// If the files or the cache cannot be read, the cache cannot be written, or not a single sample can be encoded.
    pub fn open(
        origin: Origin<'_>,
        cache: &Cache,
        adapters: &str,
        waits: impl FnOnce(),
        observer: &mut Observer<'_>,
    ) -> Result<Self, RunError> {
        let made_from = origin.made_from(cache, adapters)?;
        let entry = cache.entry(KIND, &Key::of(&made_from));
        if let Some(records) = Records::open(&entry)? {
            return Self::of(origin, entry, records);
        }
        let lock = entry.lock(waits)?;
        // Another process may have made it meanwhile.
        if let Some(records) = Records::open(&entry)? {
            return Self::of(origin, entry, records);
        }
        // What lies there is damaged.
        entry.remove()?;
        let (mut writer, state) = Writer::resume(entry.clone(), lock)?;
        let before: Findings = serde_json::from_value(state).unwrap_or_default();
        let findings = build::build(&mut writer, before, &origin, observer)?;
        let records = writer.finish(json!({ "made_from": made_from, "findings": findings }))?;
        Self::of(origin, entry, records)
    }

    fn of(origin: Origin<'_>, entry: Entry, records: Records) -> Result<Self, RunError> {
        let findings = records.description().get("findings").cloned().unwrap_or_default();
        let findings = serde_json::from_value(findings)
            .map_err(|error| RunError::run(entry.folder(), format!("is no cache of samples: {error}")))?;
        Ok(Self { task: origin.task.clone(), entry, records, findings })
    }

    /// The number of examples.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The lengths of every example.
    pub fn lengths(&self) -> &[Lengths] {
        self.records.lengths()
    }

    /// The checksum of all examples behind others, of which `sum` is the checksum.
    pub fn checksum_behind(&self, sum: u32) -> u32 {
        crc32c::crc32c_combine(sum, self.findings.checksum, self.findings.checksum_bytes)
    }

    /// A split with what was found in the samples, without any example.
    pub fn findings(&self) -> Split {
        let Findings { broken, warnings, remarks, passed_over, filtered, oddities, .. } =
            self.findings.clone();
        let mut flaws = Flaws::default();
        (flaws.remarks, flaws.passed_over, flaws.filtered) = (remarks, passed_over, filtered);
        Split { broken, warnings, flaws, oddities, ..Split::default() }
    }

    /// Some examples, evenly spaced over all, with their values: those that tokens stand for, where none are kept.
    ///
    /// # Errors
    ///
    /// As [`example`](Self::example).
    pub fn some(&self, count: usize) -> Result<Split, RunError> {
        let mut split = self.findings();
        for number in evenly(count, self.len()) {
            let (example, [source_value, target_value]) = self.whole(number)?;
            let value = |adapter: &dyn Adapter, sequence: &Sequence, kept: Option<Value>| {
                let decoded = || adapter.decode(sequence).map(|decoded| decoded.value);
                kept.or_else(|| decoded().ok()).unwrap_or_else(|| Value::from(""))
            };
            if let (Some(adapter), Some(sequence)) = (self.task.source(), &example.source) {
                split.sources.push(value(adapter.as_ref(), sequence, source_value));
            }
            split.references.push(value(self.task.target().as_ref(), &example.target, target_value));
            split.examples.push(example);
        }
        Ok(split)
    }

    /// An example.
    ///
    /// # Errors
    ///
    /// If the cache cannot be read or is damaged, or a value can no longer be read.
    pub fn example(&self, number: usize) -> Result<Example, RunError> {
        Ok(self.whole(number)?.0)
    }

    /// An example, with the opened values of the sides that are kept as values.
    ///
    /// # Errors
    ///
    /// As [`example`](Self::example).
    pub fn whole(&self, number: usize) -> Result<(Example, [Option<Value>; 2]), RunError> {
        let Record { sample, source, target } = self.record(number)?;
        let (source, source_value) = self.side(number, Role::Source, source)?;
        let (target, target_value) = self.side(number, Role::Target, target)?;
        let target = target.ok_or_else(|| self.damaged(number))?;
        Ok((Example { sample, source, target }, [source_value, target_value]))
    }

    fn record(&self, number: usize) -> Result<Record, RunError> {
        let bytes = self.records.read(number).map_err(|error| self.given_up(error.into()))?;
        Record::of_bytes(&bytes).ok_or_else(|| self.damaged(number))
    }

    fn side(
        &self,
        number: usize,
        role: Role,
        held: Held,
    ) -> Result<(Option<Sequence>, Option<Value>), RunError> {
        match held {
            Held::Nothing => Ok((None, None)),
            Held::Tokens(tokens) => Ok((Some(Sequence::Tokens(tokens)), None)),
            Held::Value(value) => {
                let value = value_of_bytes(&value).ok_or_else(|| self.damaged(number))?;
                let (opened, encoded) = match role {
                    Role::Source => {
                        let opened = self.task.sides().open_source(&value)?;
                        let encoded = self.task.encode_source(&opened)?;
                        (opened, encoded)
                    }
                    Role::Target => {
                        let opened = self.task.sides().open_target(&value)?;
                        let encoded = self.task.encode_target(&opened)?;
                        (opened, encoded)
                    }
                };
                Ok((Some(encoded.sequence), Some(opened)))
            }
        }
    }

    /// The error of a damaged entry, which is taken away so that nobody trusts it again.
    fn damaged(&self, number: usize) -> RunError {
        self.given_up(self.records.damaged(number).into())
    }

    fn given_up(&self, error: RunError) -> RunError {
        if let RunError::Data(any2any_data::DataError::Damaged { .. }) = error {
            // The error says what is wrong; that it could not be removed as well would hide it.
            let _ = self.entry.remove();
        }
        error
    }
}
