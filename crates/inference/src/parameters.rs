//! A model's parameters by name, as an engine reads them.

use any2any_architecture::names;
use any2any_kernels::host::decode::int8::ProductScales;
use any2any_kernels::host::decode::weights::{Precision, Weights};
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

    /// The scales of 8-bit products with the matrix of a name, where the model brings them: it is then kept in 8 bits,
    /// whatever the precision of the others.
    fn scales(&self, name: &str) -> Option<ProductScales> {
        let _ = name;
        None
    }
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

    /// The reader of the parameters below a name.
    pub(crate) fn child(&self, name: impl std::fmt::Display) -> Self {
        let path = if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) };
        Self { path, ..self.clone() }
    }

    /// The values of a parameter, `[..]` of the expected shape.
    pub(crate) fn values(&self, name: &str, shape: &[usize]) -> Result<&'a [f32], EngineError> {
        let name = self.child(name).path;
        let Some(found) = self.parameters.get(&name) else { return Err(EngineError::Missing { name }) };
        if found.shape != shape {
            let (expected, found) = (shape.to_vec(), found.shape.to_vec());
            return Err(EngineError::Shape { name, expected, found });
        }
        Ok(found.values)
    }

    /// The scales of 8-bit products with a parameter.
    fn scales(&self, name: &str) -> Option<ProductScales> {
        self.parameters.scales(&self.child(name).path)
    }

    /// The table of this name, `[rows, inputs]`, as the map from rows to their inner products with its rows.
    pub(crate) fn table(&self, rows: usize, inputs: usize) -> Result<Weights, EngineError> {
        let table = self.values(names::TABLE, &[rows, inputs])?;
        Ok(match self.scales(names::TABLE) {
            Some(scales) => Weights::transposed_with_scales(table, inputs, scales),
            None => Weights::transposed(table, inputs, self.precision),
        })
    }

    /// The linear map of this name, with a bias.
    pub(crate) fn only(&self, outputs: usize, inputs: usize) -> Result<Weights, EngineError> {
        let weight = self.values(names::WEIGHT, &[inputs, outputs])?;
        let linear = Linear { weight, bias: self.values(names::BIAS, &[outputs])? };
        Ok(Weights::new(&[linear], inputs, self.precision))
    }

    /// Linear maps of one input, side by side.
    pub(crate) fn joined(&self, maps: &[Map<'_>], inputs: usize) -> Result<Weights, EngineError> {
        let part = |map: &Map<'_>| {
            let below = self.child(map.name);
            let weight = below.values(names::WEIGHT, &[inputs, map.outputs])?;
            let bias = if map.bias { below.values(names::BIAS, &[map.outputs])? } else { &[] };
            let scaled = |values: &[f32]| values.iter().map(|value| value * map.scale).collect();
            let mut bias: Vec<f32> = scaled(bias);
            bias.resize(map.outputs, 0.0);
            Ok((scaled(weight), bias))
        };
        let parts = maps.iter().map(part).collect::<Result<Vec<(Vec<f32>, Vec<f32>)>, EngineError>>()?;
        let linears: Vec<_> = parts.iter().map(|(weight, bias)| Linear { weight, bias }).collect();
        // Weights that are scaled have other whole numbers.
        let scales = |map: &Map<'_>| self.child(map.name).scales(names::WEIGHT).filter(|_| map.scale == 1.0);
        match maps.iter().map(scales).collect::<Option<Vec<_>>>() {
            Some(scales) => {
                let parts: Vec<_> = linears.into_iter().zip(scales).collect();
                Ok(Weights::with_scales(&parts, inputs))
            }
            None => Ok(Weights::new(&linears, inputs, self.precision)),
        }
    }
}

/// A linear map by the name of its parameters.
#[derive(Clone, Copy)]
pub(crate) struct Map<'a> {
    pub(crate) name: &'a str,
    pub(crate) outputs: usize,
    /// It has a bias.
    pub(crate) bias: bool,
    /// Multiplies weights and bias.
    pub(crate) scale: f32,
}

impl<'a> Map<'a> {
    pub(crate) fn new(name: &'a str, outputs: usize, bias: bool) -> Self {
        Self { name, outputs, bias, scale: 1.0 }
    }
}
