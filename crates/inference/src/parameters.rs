//! A model's parameters by name, as an engine reads them.

use any2any_kernels::host::forward::weights::{Precision, Weights};
use any2any_kernels::host::rows::Linear;

use crate::error::EngineError;

/// A parameter's value.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a> {
    /// The sizes of its dimensions.
    pub shape: &'a [usize],
    /// The values, row-major.
    pub values: &'a [f32],
}

/// A model's parameters, by their names in checkpoints.
pub trait Parameters {
    /// The parameter of a name.
    fn get(&self, name: &str) -> Option<Parameter<'_>>;
}

/// Reads parameters below one name.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    parameters: &'a dyn Parameters,
    path: String,
    pub(crate) precision: Precision,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(parameters: &'a dyn Parameters, precision: Precision) -> Self {
        Self { parameters, path: String::new(), precision }
    }

    /// The reader of what stands below a name.
    pub(crate) fn child(&self, name: impl std::fmt::Display) -> Self {
        let path = if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) };
        Self { path, ..self.clone() }
    }

    /// The values of a parameter of known shape.
    pub(crate) fn values(&self, name: &str, shape: &[usize]) -> Result<&'a [f32], EngineError> {
        let name = self.child(name).path;
        let Some(found) = self.parameters.get(&name) else { return Err(EngineError::Missing { name }) };
        if found.shape != shape {
            let (expected, found) = (shape.to_vec(), found.shape.to_vec());
            return Err(EngineError::Shape { name, expected, found });
        }
        Ok(found.values)
    }

    /// Linear maps of one input, side by side.
    pub(crate) fn joined(
        &self,
        names: &[&str],
        inputs: usize,
        outputs: usize,
    ) -> Result<Weights, EngineError> {
        let part = |name: &&str| {
            let below = self.child(name);
            let weight = below.values("weight", &[inputs, outputs])?;
            Ok(Linear { weight, bias: below.values("bias", &[outputs])? })
        };
        let parts = names.iter().map(part).collect::<Result<Vec<_>, _>>()?;
        Ok(Weights::new(&parts, inputs, self.precision))
    }
}
