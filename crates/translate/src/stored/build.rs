//! Encoding of a split into records, chunk by chunk, on all cores; a process that was killed is gone on with.

use any2any_adapter::{AdapterError, Value};
use any2any_data::Samples;
use any2any_data::cache::Writer;
use any2any_run::{Role, RunError, Task};
use rayon::prelude::*;
use serde_json::json;

use super::findings::{Findings, Seen, digest};
use super::record::{Held, Record};
use super::{Observer, Origin};
use crate::example::{Example, checksum_bytes, checksum_with};
use crate::opened_split::{OpenedRow, Rows, named};
use crate::per_position::mismatch;

/// Samples between two points from which a killed process is gone on with.
const COMMITTED: usize = 32_768;

/// A sample that was opened and encoded.
struct Encoded {
    example: Example,
    held: (Held, Held),
    opened: OpenedRow,
    digest: Option<u64>,
}

/// Encodes all that a writer lacks, and gives what was found.
pub(super) fn build(
    writer: &mut Writer,
    before: Findings,
    origin: &Origin<'_>,
    observer: &mut Observer<'_>,
) -> Result<Findings, RunError> {
    let Origin { task, streamed } = *origin;
    let mut findings = before;
    let done = findings.samples;
    let mut seen = Seen::default();
    let (mut passed, mut committed) = (0, writer.len());
    for chunk in streamed.chunks() {
        let chunk = chunk.map_err(RunError::data)?;
        let rows = chunk.len();
        // A chunk without samples behind all that was done brings flaws that were not counted yet.
        if passed < done && passed + rows <= done {
            // What a former process has encoded is only looked at for texts that come again.
            note(&chunk, task, &mut seen)?;
            passed += rows;
            continue;
        }
        add(&chunk, task, passed, &mut findings, &mut seen, writer)?;
        passed += rows;
        findings.samples = passed;
        observer(passed);
        if writer.len() - committed >= COMMITTED {
            writer.commit(&json!(findings))?;
            committed = writer.len();
        }
    }
    // Lines that cannot be read are no samples.
    findings.broken.of += findings.samples;
    if writer.is_empty() {
        let reason = findings.first.unwrap_or_else(|| "it has no sample".to_owned());
        return Err(RunError::Adapter {
            side: format!("{} {}", task.name(), Role::Target.word()),
            source: AdapterError::Value { reason },
        });
    }
    Ok(findings)
}

/// Encodes the samples of a chunk and writes them.
fn add(
    chunk: &Samples,
    task: &Task,
    first: usize,
    findings: &mut Findings,
    seen: &mut Seen,
    writer: &mut Writer,
) -> Result<(), RunError> {
    let rows = Rows::of(chunk, task.sides())?;
    let encode = |row: usize| -> Result<Encoded, (Role, AdapterError)> {
        let opened = rows.open(row)?;
        let target_value = &opened.target.value;
        let source_value = opened.source.as_ref().map(|source| &source.value);
        let source = source_value.zip(task.source()).map(|(value, adapter)| {
            let encoded = adapter.encode(value).map_err(|error| (Role::Source, error))?;
            let held = Held::of(&encoded.sequence, rows.unread(Role::Source, row), adapter.augments());
            Ok((encoded.sequence, held.ok_or_else(|| (Role::Source, unheld(value)))?))
        });
        let (source, held_source) = match source.transpose()? {
            Some((sequence, held)) => (Some(sequence), held),
            None => (None, Held::Nothing),
        };
        let adapter = task.target();
        let target = adapter.encode(target_value).map_err(|error| (Role::Target, error))?.sequence;
        let held = Held::of(&target, rows.unread(Role::Target, row), adapter.augments());
        let held = (held_source, held.ok_or_else(|| (Role::Target, unheld(target_value)))?);
        let example = Example { sample: first + row, source, target };
        if let (true, Some(reason)) = (task.is_per_position(), mismatch(task, &example)) {
            return Err((Role::Target, AdapterError::Value { reason }));
        }
        Ok(Encoded { digest: digest(source_value, target_value), example, held, opened })
    };
    let encoded: Vec<_> = (0..chunk.len()).into_par_iter().map(encode).collect();
    let flaws = chunk.flaws();
    // Until the end, `of` counts the lines that are no samples.
    findings.broken.of += flaws.broken.count;
    findings.broken.count += flaws.broken.count;
    for reason in &flaws.broken.reasons {
        findings.broken.name(reason);
        findings.first.get_or_insert_with(|| reason.clone());
    }
    for remark in &flaws.remarks {
        if !findings.remarks.contains(remark) {
            findings.remarks.push(remark.clone());
        }
    }
    let copies = rows.are_copies();
    for (row, encoded) in encoded.into_iter().enumerate() {
        match encoded {
            Ok(Encoded { example, held, opened, digest }) => {
                let values = (opened.source.as_ref().map(|source| &source.value), &opened.target.value);
                if let (Some(_), Some(digest)) = (findings.oddities.count(values.0, values.1, copies), digest)
                {
                    findings.oddities.duplicates += usize::from(!seen.note(digest));
                }
                findings.checksum = checksum_with(findings.checksum, &example);
                findings.checksum_bytes += checksum_bytes(&example);
                let record = Record { sample: example.sample, source: held.0, target: held.1 };
                writer.append(&record.to_bytes(), example.lengths())?;
                rows.warn(&mut findings.warnings, (first, row), opened);
            }
            Err((role, error)) => {
                let reason = named(role, first + row, &error);
                findings.broken.add(&reason);
                findings.first.get_or_insert(reason);
            }
        }
    }
    Ok(())
}

/// Notes the texts of a chunk.
fn note(chunk: &Samples, task: &Task, seen: &mut Seen) -> Result<(), RunError> {
    let rows = Rows::of(chunk, task.sides())?;
    let texts = |row: usize| {
        let opened = rows.open(row).ok()?;
        digest(opened.source.as_ref().map(|source| &source.value), &opened.target.value)
    };
    let digests: Vec<Option<u64>> = (0..chunk.len()).into_par_iter().map(texts).collect();
    digests.into_iter().flatten().for_each(|digest| {
        seen.note(digest);
    });
    Ok(())
}

fn unheld(value: &Value) -> AdapterError {
    AdapterError::value(format!(
        "{} cannot be kept beside the data: set `store: memory` in the task's `data`",
        value.kind()
    ))
}
