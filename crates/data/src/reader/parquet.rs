//! Parquet, batch by batch; of the columns only those that are read are decoded.

mod pages;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use any2any_experiment::spec::{Columns, Records};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::Sink;
use super::columnar::{self, Plan, walled};
use super::lines::wrong;
use super::packed;
use crate::DataError;

/// Number of rows that are decoded at once.
const BATCH: usize = 1024;

type Builder = ParquetRecordBatchReaderBuilder<File>;

/// Reads the rows of a file. `known` are the fields of the files before it, if there are any.
pub(super) fn read(
    path: &Path,
    columns: &Columns,
    known: &[String],
    chunks: (usize, &mut Sink<'_>),
) -> Result<(), DataError> {
    let builder = open(path)?;
    let plan = Plan::new(path, builder.schema().fields(), columns, known)?;
    let schema = builder.parquet_schema();
    let needed = schema.columns().iter().enumerate();
    let needed = needed.filter(|(_, column)| plan.needs(&column.path().string())).map(|(index, _)| index);
    let needed: Vec<usize> = needed.collect();
    let mask = ProjectionMask::leaves(schema, needed.iter().copied());
    let reader = walled(|| {
        check_pages(path, &builder, &needed)?;
        let reader = builder.with_batch_size(BATCH).with_projection(mask).build();
        reader.map_err(|error| error.to_string())
    });
    let reader = reader.map_err(|reason| unsound(path, &reason))?;
    let batches = reader.map(|batch| batch.map_err(|error| error.to_string()));
    columnar::read((path, "Parquet"), plan, batches, chunks)
}

/// Refuses a file whose pages say to unpack to far more than they can.
fn check_pages(path: &Path, builder: &Builder, columns: &[usize]) -> Result<(), String> {
    let mut file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    for group in builder.metadata().row_groups() {
        for &column in columns {
            let (start, length) = group.column(column).byte_range();
            pages::check(&mut file, start..start.saturating_add(length))?;
        }
    }
    Ok(())
}

/// True if all columns that are read hold texts: no sounds, no pictures.
pub(super) fn is_text(records: &Records, folder: &Path) -> bool {
    let files = records.file.files(folder).unwrap_or_default();
    // A file that cannot be read says nothing; all have the columns of the first that can.
    let Some((path, builder)) = files.iter().find_map(|path| Some((path, open(path).ok()?))) else {
        return true;
    };
    columnar::are_texts(path, builder.schema().fields(), &records.columns)
}

fn open(path: &Path) -> Result<Builder, DataError> {
    let (file, _) = packed::file(path)?;
    // Arrow's own schema, which a file may have beside that of Parquet, only tells what else its writer called a text.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let open = || Builder::try_new_with_options(file, options).map_err(|error| error.to_string());
    walled(open).map_err(|reason| unsound(path, &reason))
}

fn unsound(path: &Path, reason: &str) -> DataError {
    wrong(path, &format!("is not sound Parquet ({reason}); download or write it again"))
}
