//! Samples: the columns of one split, in memory.
//!
//! Columns rather than rows, since an adapter is fitted to one field and a task reads one field a side.

use any2any_adapter::Value;

use crate::DataError;

/// The samples of one split: as many values in every field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    columns: Vec<(String, Vec<Value>)>,
}

impl Samples {
    /// Samples from their columns, in the order given.
    ///
    /// Returns `None` when the columns differ in length or two have the same name.
    pub fn new(columns: Vec<(String, Vec<Value>)>) -> Option<Self> {
        let rectangular = columns.windows(2).all(|pair| pair[0].1.len() == pair[1].1.len());
        let distinct = columns
            .iter()
            .enumerate()
            .all(|(index, (name, _))| columns[..index].iter().all(|(earlier, _)| earlier != name));
        (rectangular && distinct).then_some(Self { columns })
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, values)| values.len())
    }

    /// Whether there is no sample.
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
        Self { columns: self.columns.iter().map(|(name, values)| (name.clone(), pick(values))).collect() }
    }

    /// The columns.
    pub(crate) fn into_columns(self) -> Vec<(String, Vec<Value>)> {
        self.columns
    }

    /// The values of one field that must be there.
    ///
    /// # Errors
    ///
    /// When no field has that name; the error names those there are.
    pub fn require(&self, field: &str) -> Result<&[Value], DataError> {
        self.column(field).ok_or_else(|| DataError::Field {
            field: field.to_owned(),
            known: self.fields().map(str::to_owned).collect(),
        })
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
