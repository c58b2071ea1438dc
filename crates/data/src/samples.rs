//! Samples: the columns of one split, in memory.
//!
//! Columns rather than rows, since an adapter is fitted to one field and a task reads one field a side.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{File, Value};

use crate::{DataError, Filtered, Flaws};

/// The samples of one split: as many values in every field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    columns: Vec<(String, Vec<Value>)>,
    absent: BTreeMap<String, BTreeMap<usize, Absent>>,
    /// Names of the file that are no fields, and what stands there.
    unread: BTreeMap<String, Absent>,
    flaws: Flaws,
}

/// The reason why a sample has no value in a field that others have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Absent {
    pub path: Arc<Path>,
    pub line: usize,
    /// Kind of the value at its place; none if there is no value.
    pub found: Option<&'static str>,
}

impl Absent {
    fn reason(&self, field: &str) -> String {
        format!("{}:{}: {}", self.path.display(), self.line, self.reason_in_line(field))
    }

    fn reason_in_line(&self, field: &str) -> String {
        match self.found {
            Some(found) => no_value(field, found),
            None => format!("no field '{field}'"),
        }
    }

    fn error(&self, field: &str) -> DataError {
        DataError::Line { path: self.path.to_path_buf(), line: self.line, reason: self.reason_in_line(field) }
    }
}

/// The reason why what was found in a field is no value.
pub(crate) fn no_value(field: &str, found: &str) -> String {
    format!("field '{field}' must be a string, a number or a list of whole numbers, it is {found}")
}

impl Samples {
    /// Samples from their columns, in the order given.
    ///
    /// Returns `None` when the columns differ in length or two have the same name.
    pub fn new(columns: Vec<(String, Vec<Value>)>) -> Option<Self> {
        Self { columns, ..Self::default() }.rectangular()
    }

    /// The samples with one field more.
    ///
    /// Returns `None` when there is a field of that name, or the values are not as many as the samples.
    pub(crate) fn with_column(mut self, field: &str, values: Vec<Value>) -> Option<Self> {
        self.columns.push((field.to_owned(), values));
        self.rectangular()
    }

    /// The samples with these fields alone, in this order.
    ///
    /// # Errors
    ///
    /// When they lack one.
    pub(crate) fn arranged(mut self, fields: &[String]) -> Result<Self, DataError> {
        fields.iter().try_for_each(|field| self.require(field).map(drop))?;
        let mut columns = Vec::with_capacity(fields.len());
        for field in fields {
            let place = self.columns.iter().position(|(name, _)| name == field);
            columns.extend(place.map(|place| self.columns.swap_remove(place)));
        }
        self.columns = columns;
        self.absent.retain(|field, _| fields.contains(field));
        Ok(self)
    }

    /// Adds further samples with the same fields in the same order.
    pub(crate) fn append(&mut self, other: Self) {
        let before = self.len();
        for ((_, values), (_, more)) in self.columns.iter_mut().zip(other.columns) {
            values.extend(more);
        }
        for (field, absent) in other.absent {
            let absent = absent.into_iter().map(|(sample, absent)| (before + sample, absent));
            self.absent.entry(field).or_default().extend(absent);
        }
        for (field, unread) in other.unread {
            self.unread.entry(field).or_insert(unread);
        }
        self.flaws.merge(other.flaws);
    }

    /// The samples, if all columns are as long, and each has a name of its own.
    fn rectangular(self) -> Option<Self> {
        let columns = &self.columns;
        let rectangular = columns.windows(2).all(|pair| pair[0].1.len() == pair[1].1.len());
        let distinct = columns
            .iter()
            .enumerate()
            .all(|(index, (name, _))| columns[..index].iter().all(|(earlier, _)| earlier != name));
        (rectangular && distinct).then_some(self)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, values)| values.len())
    }

    /// True if there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the fields.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// The values of one field, sample after sample.
    pub fn column(&self, field: &str) -> Option<&[Value]> {
        self.columns.iter().find(|(name, _)| name == field).map(|(_, values)| values.as_slice())
    }

    /// The texts of one field that must be there, sample after sample.
    ///
    /// # Errors
    ///
    /// When no field has that name, or it holds other values than texts.
    pub fn texts(&self, field: &str) -> Result<Vec<&str>, DataError> {
        let texts = self.require(field)?.iter().map(Value::as_text).collect::<Option<_>>();
        texts.ok_or_else(|| DataError::NoText { field: field.to_owned() })
    }

    /// The samples of these numbers, in this order; a number may stand more than once.
    ///
    /// # Panics
    ///
    /// When there is no sample of a number.
    pub(crate) fn select(&self, samples: &[usize]) -> Self {
        let pick = |values: &Vec<Value>| samples.iter().map(|&sample| values[sample].clone()).collect();
        let pick_absent = |absent: &BTreeMap<usize, Absent>| {
            let places = samples.iter().enumerate();
            places.filter_map(|(at, sample)| Some((at, absent.get(sample)?.clone()))).collect()
        };
        Self {
            columns: self.columns.iter().map(|(name, values)| (name.clone(), pick(values))).collect(),
            absent: self.absent.iter().map(|(name, absent)| (name.clone(), pick_absent(absent))).collect(),
            unread: self.unread.clone(),
            flaws: self.flaws.clone(),
        }
    }

    /// The bytes of the files that a sample has as values in some fields. A part of a file, whose own size is only known once
    /// it is opened, counts for so many bytes; what cannot be reached counts for none, and is reported when it is opened.
    pub fn bytes_of_files(&self, fields: &[String], sample: usize, part: u64) -> u64 {
        let values = fields.iter().filter_map(|field| self.column(field)?.get(sample));
        let size = |file: &File| match file.part() {
            None => file.size().unwrap_or_default(),
            Some(_) => part,
        };
        values.flat_map(files_in).map(size).sum()
    }

    /// The samples for which `kept` is true, in their order.
    pub(crate) fn retain(mut self, kept: &[bool]) -> Self {
        if kept.iter().all(|&kept| kept) {
            return self;
        }
        for (_, values) in &mut self.columns {
            let mut kept = kept.iter();
            values.retain(|_| kept.next().is_some_and(|&kept| kept));
        }
        for absent in self.absent.values_mut() {
            let all = std::mem::take(absent);
            let places = kept.iter().scan(0, |place, &kept| {
                let at = *place;
                *place += usize::from(kept);
                Some(kept.then_some(at))
            });
            let places: Vec<Option<usize>> = places.collect();
            absent.extend(all.into_iter().filter_map(|(row, absent)| Some((places[row]?, absent))));
        }
        self
    }

    /// Flaws of the files that the samples were read from.
    pub fn flaws(&self) -> &Flaws {
        &self.flaws
    }

    /// The samples with these flaws of their files.
    pub(crate) fn with_flaws(self, flaws: Flaws) -> Self {
        Self { flaws, ..self }
    }

    /// The samples, those counted among their flaws that filters have left out.
    pub(crate) fn with_filtered(mut self, filtered: Filtered) -> Self {
        self.flaws.filtered = filtered;
        self
    }

    /// The samples with absent values in some fields; an empty text takes their place.
    pub(crate) fn with_absent(self, absent: BTreeMap<String, BTreeMap<usize, Absent>>) -> Self {
        Self { absent, ..self }
    }

    /// The samples, knowing why these names of their file are no fields.
    pub(crate) fn with_unread(self, unread: BTreeMap<String, Absent>) -> Self {
        Self { unread, ..self }
    }

    /// The reason why a sample has no value in one of some fields; `None` when it has all.
    pub fn absent(&self, fields: &[String], sample: usize) -> Option<String> {
        if self.absent.is_empty() {
            return None;
        }
        fields.iter().find_map(|field| Some(self.absent.get(field)?.get(&sample)?.reason(field)))
    }

    /// The samples that have a value in every field; the others are counted among the broken ones.
    ///
    /// # Errors
    ///
    /// When none has: the error is the reason of the first.
    pub(crate) fn settled(mut self) -> Result<Self, DataError> {
        let absent = std::mem::take(&mut self.absent);
        let fields: Vec<String> = absent.keys().cloned().collect();
        let mut lacking: BTreeMap<usize, (Absent, &String)> = BTreeMap::new();
        for field in &fields {
            for (&sample, absent) in &absent[field] {
                lacking.entry(sample).or_insert((absent.clone(), field));
            }
        }
        let Some((_, (first, field))) = lacking.first_key_value() else { return Ok(self) };
        if lacking.len() == self.len() {
            return Err(first.error(field));
        }
        for (absent, field) in lacking.values() {
            self.flaws.broken.add(absent.reason(field));
        }
        let kept: Vec<usize> = (0..self.len()).filter(|sample| !lacking.contains_key(sample)).collect();
        Ok(self.select(&kept))
    }

    /// The columns.
    pub(crate) fn into_columns(self) -> Vec<(String, Vec<Value>)> {
        self.columns
    }

    /// The values of one field that must be there.
    ///
    /// # Errors
    ///
    /// When no field has that name; the error names those there are, or the place where the field holds no value.
    pub fn require(&self, field: &str) -> Result<&[Value], DataError> {
        self.column(field).ok_or_else(|| match self.unread.get(field) {
            Some(unread) => unread.error(field),
            None => DataError::Field {
                field: field.to_owned(),
                known: self.fields().map(str::to_owned).collect(),
            },
        })
    }
}

/// The files in a value: itself, or those of a series.
pub(crate) fn files_in(value: &Value) -> Vec<&File> {
    match value {
        Value::File(file) => vec![file],
        Value::Series(values) => values.iter().flat_map(files_in).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, values: &[&str]) -> (String, Vec<Value>) {
        (name.to_owned(), values.iter().map(|value| Value::from(*value)).collect())
    }

    #[test]
    fn columns_are_found_by_name() {
        let samples =
            Samples::new(vec![column("en", &["a", "b"]), column("de", &["c", "d"])]).expect("two by two");
        assert_eq!(samples.len(), 2);
        assert_eq!(samples.fields().collect::<Vec<_>>(), ["en", "de"]);
        assert_eq!(samples.column("de").expect("there")[1], Value::from("d"));
        assert!(samples.column("fr").is_none());
        let error = samples.require("eng").expect_err("no such field").to_string();
        assert_eq!(error, "no field is called 'eng': did you mean 'en'? (known: en, de)");
    }

    #[test]
    fn crooked_columns_are_refused() {
        assert!(Samples::new(vec![column("en", &["a"]), column("de", &[])]).is_none());
        assert!(Samples::new(vec![column("en", &["a"]), column("en", &["b"])]).is_none());
        assert!(Samples::new(Vec::new()).expect("nothing").is_empty());
    }
}
