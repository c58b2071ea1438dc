//! Tables in columns, as Parquet and Arrow hold them: batches of Arrow's arrays become samples.
//!
//! The fields are those of `columns`, each with the path of its value (`translation.de`, `answers.text.0`), or else all
//! values that can be read: texts, numbers, booleans, lists of whole numbers, and bytes, which are files. A null is an
//! absent value, which leaves its sample out where it is read.

mod cell;
mod kind;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{Value, grouped};
use any2any_experiment::spec::Columns;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::Fields;

use self::cell::{Cell, cell};
use self::kind::{at_path, file_at, leaves, steps};
use super::lines::wrong;
use super::{BYTES, Sink};
use crate::samples::{Absent, files_in};
use crate::{DataError, Samples, text};

/// The columns to read, each with the path of its value.
pub(super) struct Plan {
    /// Fields and paths.
    pub(super) columns: Vec<(String, String)>,
    /// Values that make no field, and what they are.
    others: Vec<(String, &'static str)>,
}

impl Plan {
    /// The columns of a file with this schema: those that are wanted, those of the files before it, or all that can be
    /// read.
    pub(super) fn new(
        path: &Path,
        schema: &Fields,
        columns: &Columns,
        known: &[String],
    ) -> Result<Self, DataError> {
        let all = leaves(schema);
        let (readable, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, refused)| refused.is_none());
        let readable = readable.into_iter().map(|(path, _)| path);
        let others: Vec<_> =
            others.into_iter().filter_map(|(path, refused)| Some((path, refused?))).collect();
        if columns.is_empty() && known.is_empty() {
            let columns: Vec<_> = readable.map(|path| (path.clone(), path)).collect();
            if columns.is_empty() {
                return Err(wrong(path, "has no column of texts, numbers, lists of whole numbers or bytes"));
            }
            return Ok(Self { columns, others });
        }
        let columns: Vec<(String, String)> = match columns.is_empty() {
            true => known.iter().map(|field| (field.clone(), field.clone())).collect(),
            false => {
                columns.list().into_iter().map(|(field, path)| (field.to_owned(), path.to_owned())).collect()
            }
        };
        let names: Vec<String> = readable.chain(others.iter().map(|(path, _)| path.clone())).collect();
        for (_, column) in &columns {
            let reason = match at_path(schema, column) {
                Some(Ok(())) => continue,
                Some(Err(found)) => format!(
                    "the column '{column}' must hold texts, numbers, lists of whole numbers or bytes, and holds {found}"
                ),
                None => format!("has no column '{column}': {}", text::known(column, &names)),
            };
            return Err(wrong(path, &reason));
        }
        Ok(Self { columns, others })
    }

    /// True if a column of the file, by its path in it, is on the way to one that is read, or inside of it.
    pub(super) fn needs(&self, leaf: &str) -> bool {
        // Items of a list have another path there.
        let outside = |path: &str| {
            let names = path.split('.').take_while(|name| name.parse::<usize>().is_err());
            names.collect::<Vec<_>>().join(".")
        };
        self.columns
            .iter()
            .map(|(_, path)| outside(path))
            .any(|path| is_within(leaf, &path) || is_within(&path, leaf))
    }
}

/// True if no column that is read holds bytes, which become files.
pub(super) fn are_texts(path: &Path, schema: &Fields, columns: &Columns) -> bool {
    let plan = Plan::new(path, schema, columns, &[]);
    plan.is_ok_and(|plan| !plan.columns.iter().any(|(_, path)| file_at(schema, path)))
}

/// True if a path is another one, or leads on from it.
fn is_within(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Hands out the rows of batches in chunks; `name` is that of the format. An error ends them after the rows before it.
pub(super) fn read(
    (path, name): (&Path, &str),
    plan: Plan,
    mut batches: impl Iterator<Item = Result<RecordBatch, String>>,
    (chunk, sink): (usize, &mut Sink<'_>),
) -> Result<(), DataError> {
    let mut rows = Rows::new(path, plan);
    loop {
        let before = rows.all;
        let broken = |reason: String| {
            let after =
                if before == 0 { String::new() } else { format!(" after its row {}", grouped(before)) };
            wrong(path, &format!("is not sound {name}{after} ({reason}); download or write it again"))
        };
        let batch = match walled(|| batches.next().transpose()) {
            Ok(Some(batch)) => batch,
            Ok(None) => break,
            Err(reason) => {
                // The rows before are sound.
                sink(rows.take())?;
                return Err(broken(reason));
            }
        };
        let columns = match rows.found_in(&batch) {
            Ok(columns) => columns,
            Err(reason) => {
                sink(rows.take())?;
                return Err(broken(reason));
            }
        };
        for row in 0..batch.num_rows() {
            if let Err(reason) = walled(|| rows.push(&columns, row)) {
                sink(rows.take())?;
                return Err(broken(reason));
            }
            if rows.count >= chunk || rows.bytes > BYTES {
                sink(rows.take())?;
            }
        }
    }
    if rows.all == 0 {
        return Err(wrong(path, "has no rows"));
    }
    sink(rows.take())
}

/// Runs the work of a library that may panic on bytes from elsewhere, as an error.
pub(super) fn walled<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("its decoder stumbled over it".to_owned()))
}

/// A column of a batch.
struct Column {
    /// Arrays on the way to it, of which a null makes it one too.
    parents: Vec<ArrayRef>,
    array: ArrayRef,
    /// The rest of the path, which leads into lists.
    rest: Vec<String>,
}

/// Rows that are still to be handed out.
struct Rows {
    path: Arc<Path>,
    plan: Plan,
    columns: Vec<Vec<Value>>,
    absent: BTreeMap<String, BTreeMap<usize, Absent>>,
    count: usize,
    /// Number of bytes of the files in them.
    bytes: u64,
    /// Number of rows from the beginning of the file.
    all: usize,
}

impl Rows {
    fn new(path: &Path, plan: Plan) -> Self {
        let columns = vec![Vec::new(); plan.columns.len()];
        Self { path: Arc::from(path), plan, columns, absent: BTreeMap::new(), count: 0, bytes: 0, all: 0 }
    }

    /// The columns of a batch.
    fn found_in(&self, batch: &RecordBatch) -> Result<Vec<Column>, String> {
        let schema = batch.schema();
        let column = |(_, path): &(String, String)| {
            let (index, mut rest) = steps(schema.fields(), path).ok_or("a batch of other columns")?;
            let mut array = batch.columns().get(index).cloned().ok_or("a batch of other columns")?;
            let mut parents = Vec::new();
            while !rest.is_empty()
                && let Some(inner) = array.as_any().downcast_ref::<arrow_array::StructArray>()
            {
                let (index, further) =
                    steps(inner.fields(), &rest.join(".")).ok_or("a batch of other columns")?;
                let next = inner.columns().get(index).cloned().ok_or("a batch of other columns")?;
                parents.push(std::mem::replace(&mut array, next));
                rest = further;
            }
            Ok(Column { parents, array, rest })
        };
        self.plan.columns.iter().map(column).collect()
    }

    fn push(&mut self, columns: &[Column], row: usize) -> Result<(), String> {
        self.all += 1;
        let (place, number) = (self.path.clone(), self.all);
        let found: Vec<Cell> = columns
            .iter()
            .map(|column| match column.parents.iter().any(|parent| parent.is_null(row)) {
                true => Cell::Other("null"),
                false => cell(&column.array, row, &column.rest, &place, number),
            })
            .collect();
        for ((cell, (field, _)), column) in found.into_iter().zip(&self.plan.columns).zip(&mut self.columns) {
            let found = match cell {
                Cell::Value(value) => {
                    let sizes = files_in(&value).into_iter().map(|file| file.size().unwrap_or_default());
                    self.bytes += sizes.sum::<u64>();
                    column.push(value);
                    continue;
                }
                Cell::Other(found) => Some(found),
                Cell::Nothing => None,
            };
            column.push(Value::from(""));
            let absent = Absent { path: place.clone(), line: number, found };
            self.absent.entry(field.clone()).or_default().insert(self.count, absent);
        }
        self.count += 1;
        Ok(())
    }

    /// The rows so far, which are then no longer here.
    fn take(&mut self) -> Samples {
        let fields = self.plan.columns.iter().map(|(field, _)| field.clone());
        let columns = fields.zip(self.columns.iter_mut().map(std::mem::take)).collect();
        (self.count, self.bytes) = (0, 0);
        let unread = |&(ref name, found): &(String, &'static str)| {
            (name.clone(), Absent { path: self.path.clone(), line: 1, found: Some(found) })
        };
        let unread = self.plan.others.iter().map(unread).collect();
        let absent = std::mem::take(&mut self.absent);
        Samples::new(columns).unwrap_or_default().with_absent(absent).with_unread(unread)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::testing::chunks_are_parts_of_the_whole;

    #[test]
    fn chunks_are_parts_of_the_whole_of_every_table() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/formats/tables"));
        for yaml in [
            "parquet: { file: 'texts-*.parquet' }",
            "parquet: { file: [media.parquet, gone.parquet] }",
            "arrow: { file: 'texts-*.arrow' }",
            "arrow: { file: media.arrow, columns: [text, audio] }",
            "webdataset: { shards: 'shard.tar.*', fields: { text: txt, audio: wav, caption: 'json:caption.en' } }",
        ] {
            let files = serde_yaml::from_str(yaml).expect("files of a split");
            assert!(super::super::read(&files, folder).is_ok_and(|samples| samples.len() > 2), "{yaml}");
            chunks_are_parts_of_the_whole(&files, folder);
        }
    }
}
