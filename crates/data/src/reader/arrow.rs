//! Arrow IPC, as a file or as a stream, batch by batch. A file is a stream between two marks, with an index at its end
//! that is not needed to read it from beginning to end.
//!
//! Compressed buffers begin with the length that they unpack to, for which the decoder makes room at once: lengths that no
//! file of this size unpacks to are refused before.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use any2any_adapter::UnpackedLimit;
use any2any_experiment::spec::{Columns, Records};
use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_schema::{ArrowError, Fields, SchemaRef};

use super::Sink;
use super::columnar::{self, Plan, walled};
use super::lines::wrong;
use super::packed;
use crate::DataError;

/// First bytes of a file; a stream begins with its schema.
const MAGIC: &[u8; 8] = b"ARROW1\0\0";

/// The mark before the length of a message; streams of old have the length alone.
const CONTINUATION: [u8; 4] = [0xff; 4];

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

/// Reads the rows of a file. `known` are the fields of the files before it, if there are any.
pub(super) fn read(
    path: &Path,
    columns: &Columns,
    known: &[String],
    chunks: (usize, &mut Sink<'_>),
) -> Result<(), DataError> {
    let (schema, _) = open(path, None)?;
    let plan = Plan::new(path, schema.fields(), columns, known)?;
    let (_, batches) = open(path, Some(needed(schema.fields(), &plan)))?;
    // Lengths are looked at batch by batch, so that the batches before a wrong one are read.
    let mut lengths = Lengths::of(path)?;
    let mut batches = batches.map(|batch| batch.map_err(|error| error.to_string()));
    let checked = std::iter::from_fn(move || match lengths.next_batch() {
        Ok(()) => batches.next(),
        Err(reason) => Some(Err(reason)),
    });
    columnar::read((path, "Arrow IPC"), plan, checked, chunks)
}

/// The columns that are decoded, by their numbers.
fn needed(fields: &Fields, plan: &Plan) -> Vec<usize> {
    let fields = fields.iter().enumerate();
    fields.filter(|(_, field)| plan.needs(field.name())).map(|(index, _)| index).collect()
}

/// True if all columns that are read hold texts: no sounds, no pictures.
pub(super) fn is_text(records: &Records, folder: &Path) -> bool {
    let files = records.file.files(folder).unwrap_or_default();
    // A file that cannot be read says nothing; all have the columns of the first that can.
    let Some((path, (schema, _))) = files.iter().find_map(|path| Some((path, open(path, None).ok()?))) else {
        return true;
    };
    columnar::are_texts(path, schema.fields(), &records.columns)
}

/// The schema of a file, and its batches with some of their columns.
fn open(path: &Path, columns: Option<Vec<usize>>) -> Result<(SchemaRef, Batches), DataError> {
    let read = |source| DataError::Read { path: path.to_owned(), source };
    let (file, _) = packed::file(path)?;
    let reader = begun(file).map_err(read)?;
    let opened = walled(|| -> Result<(SchemaRef, Batches), String> {
        let reader = StreamReader::try_new(reader, columns).map_err(|error| error.to_string())?;
        Ok((reader.schema(), Box::new(reader)))
    });
    opened.map_err(|reason| {
        wrong(path, &format!("is not sound Arrow IPC ({reason}); download or write it again"))
    })
}

/// A reader at the beginning of the stream in a file.
fn begun(file: File) -> std::io::Result<BufReader<File>> {
    let mut reader = BufReader::new(file);
    let mut head = Vec::new();
    reader.by_ref().take(MAGIC.len() as u64).read_to_end(&mut head)?;
    if head != MAGIC {
        reader.rewind()?;
    }
    Ok(reader)
}

/// The lengths that the buffers of a stream say, message by message.
struct Lengths {
    reader: BufReader<File>,
    /// Length of the file in bytes.
    size: u64,
}

impl Lengths {
    fn of(path: &Path) -> Result<Self, DataError> {
        let read = |source| DataError::Read { path: path.to_owned(), source };
        let (file, size) = packed::file(path)?;
        Ok(Self { reader: begun(file).map_err(read)?, size })
    }

    /// Looks at the messages up to the end of the next batch of rows. What is cut off is for the decoder to say.
    fn next_batch(&mut self) -> Result<(), String> {
        loop {
            match self.next_message() {
                Ok(Some(Ok(true))) | Ok(None) | Err(_) => return Ok(()),
                Ok(Some(Ok(false))) => {}
                Ok(Some(Err(reason))) => return Err(reason),
            }
        }
    }

    /// Looks at a message: true if it is a batch of rows, or why it is refused; `None` at the end.
    fn next_message(&mut self) -> std::io::Result<Option<Result<bool, String>>> {
        let mut length = [0; 4];
        self.reader.read_exact(&mut length)?;
        if length == CONTINUATION {
            self.reader.read_exact(&mut length)?;
        }
        let length = u64::try_from(i32::from_le_bytes(length)).unwrap_or(0);
        if length == 0 {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.reader.by_ref().take(length).read_to_end(&mut bytes)?;
        let Ok(message) = arrow_ipc::root_as_message(&bytes) else { return Ok(None) };
        let batch = message.header_as_record_batch();
        let values = batch.or_else(|| message.header_as_dictionary_batch()?.data());
        let body = self.reader.stream_position()?;
        let packed = values.filter(|values| values.compression().is_some());
        for buffer in packed.and_then(|values| values.buffers()).into_iter().flatten() {
            let (at, packed) = (u64::try_from(buffer.offset()), u64::try_from(buffer.length()).unwrap_or(0));
            let Some(at) = at.ok().and_then(|at| body.checked_add(at)).filter(|_| packed >= 8) else {
                continue;
            };
            let mut unpacked = [0; 8];
            self.reader.seek(SeekFrom::Start(at))?;
            self.reader.read_exact(&mut unpacked)?;
            let limit = UnpackedLimit::of_packed(Some(packed.min(self.size)));
            // A length of -1 says that the buffer is not compressed.
            if u64::try_from(i64::from_le_bytes(unpacked)).is_ok_and(|unpacked| unpacked > limit.bytes()) {
                let reason = "a buffer says that it unpacks to far more than its size allows";
                return Ok(Some(Err(reason.to_owned())));
            }
        }
        let end = u64::try_from(message.bodyLength()).ok().and_then(|length| body.checked_add(length));
        self.reader.seek(SeekFrom::Start(end.unwrap_or(u64::MAX).min(self.size)))?;
        Ok(Some(Ok(batch.is_some())))
    }
}
