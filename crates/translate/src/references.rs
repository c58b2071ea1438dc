//! Further references: fields of the dataset, or texts from elsewhere, with other right outputs of a split's samples.
//! They serve scores, never training.

use any2any_adapter::Value;
use any2any_data::{DataRoot, Samples};
use any2any_run::{Role, RunError, Task, TaskSides};

use crate::held_out::HeldOut;
use crate::translator::Translator;

/// The values of a task's further fields, for samples by their numbers: a set for each field that the split has.
pub(crate) fn of_fields(
    samples: &Samples,
    task: &TaskSides,
    numbers: &[usize],
) -> Result<Vec<Vec<Value>>, RunError> {
    let columns = task.references.iter().filter_map(|field| samples.column(field));
    columns.map(|column| open(column, task, numbers)).collect()
}

/// Opens the values of some samples with the target's medium.
fn open(values: &[Value], task: &TaskSides, numbers: &[usize]) -> Result<Vec<Value>, RunError> {
    let open = |&number: &usize| {
        let opened = task.target.open(&values[number]);
        Ok(opened.map_err(|error| task.error(Role::Target, error))?.value)
    };
    numbers.iter().map(open).collect()
}

impl Translator {
    /// Scores a split against fields of its dataset too, instead of those that the experiment names.
    ///
    /// # Errors
    ///
    /// If the data is missing, has no such field, or a value cannot be read.
    pub fn refer_to_fields(
        &self,
        task: &Task,
        name: &str,
        fields: &[String],
        split: &mut HeldOut,
        root: &DataRoot,
    ) -> Result<(), RunError> {
        let samples = task.sides().dataset(&task.spec().data, &self.data_root(root))?.split(name)?;
        let numbers: Vec<usize> = split.numbers().collect();
        let set = |field: &String| open(samples.require(field)?, task.sides(), &numbers);
        split.split_mut().alternatives = fields.iter().map(set).collect::<Result<_, RunError>>()?;
        Ok(())
    }
}

impl HeldOut {
    /// Scores a split against texts too, one for each sample of the split in the order of the dataset.
    ///
    /// # Errors
    ///
    /// The number of samples, if it differs.
    pub fn refer_to(&mut self, texts: &[String]) -> Result<(), usize> {
        let text = |number: usize| Value::from(texts[number].as_str());
        let split = self.split_mut();
        if texts.len() != split.broken.of {
            return Err(split.broken.of);
        }
        split.alternatives.push(split.examples.iter().map(|example| text(example.sample)).collect());
        Ok(())
    }
}
