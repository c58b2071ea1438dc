//! Disassembly of a model: every parameter becomes a tensor of another program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use any2any_architecture::names;

use crate::error::PretrainedError;
use crate::mapping::Mapping;
use crate::orientation;
use crate::pretrained::{LeftOut, Tensor};

/// Parameters that become tensors, by and by.
pub(crate) struct Disassembly<'a> {
    weights: &'a BTreeMap<String, Tensor>,
    /// Linear layers and normalisations without a bias are given one of zeros.
    zeros: bool,
    tensors: BTreeMap<String, Tensor>,
    taken: BTreeSet<String>,
}

impl<'a> Disassembly<'a> {
    pub(crate) fn new(weights: &'a BTreeMap<String, Tensor>, zeros: bool) -> Self {
        Self { weights, zeros, tensors: BTreeMap::new(), taken: BTreeSet::new() }
    }

    /// A tensor that was made of some parameters of ours.
    pub(crate) fn put(&mut self, theirs: &str, tensor: Tensor, of: &[&str]) {
        self.taken.extend(of.iter().map(|name| (*name).to_owned()));
        self.tensors.insert(theirs.to_owned(), tensor);
    }

    /// Says that a parameter is nothing that the other program needs.
    pub(crate) fn pass_over(&mut self, ours: &str) {
        self.taken.insert(ours.to_owned());
    }

    /// The tensors, once each parameter is accounted for.
    pub(crate) fn finish(self) -> Result<BTreeMap<String, Tensor>, PretrainedError> {
        match self.weights.keys().find(|name| !self.taken.contains(*name)) {
            None => Ok(self.tensors),
            Some(name) => Err(unfilled(name)),
        }
    }

    fn take(&mut self, ours: &str) -> Result<&'a Tensor, PretrainedError> {
        let tensor = self.weights.get(ours).ok_or_else(|| unfilled(ours))?;
        self.taken.insert(ours.to_owned());
        Ok(tensor)
    }

    fn bias(&mut self, theirs: &str, ours: &str, width: usize) -> Result<(), PretrainedError> {
        let (theirs, ours) = (format!("{theirs}.bias"), format!("{ours}.{}", names::BIAS));
        if self.weights.contains_key(&ours) {
            self.same(&theirs, &ours)?;
        } else if self.zeros {
            self.put(&theirs, Tensor { shape: vec![width], values: vec![0.0; width] }, &[]);
        }
        Ok(())
    }
}

fn unfilled(ours: &str) -> PretrainedError {
    PretrainedError::Unfilled { path: PathBuf::from("the exported model"), parameter: ours.to_owned() }
}

impl Mapping for Disassembly<'_> {
    fn same(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
        let tensor = self.take(ours)?.clone();
        self.tensors.insert(theirs.to_owned(), tensor);
        Ok(())
    }

    fn linear(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
        let name = format!("{ours}.{}", names::WEIGHT);
        let tensor = self.take(&name)?;
        let [inputs, outputs] = tensor.shape[..] else { return Err(unfilled(&name)) };
        let values = orientation::transposed(&tensor.values, outputs);
        self.tensors.insert(format!("{theirs}.weight"), Tensor { shape: vec![outputs, inputs], values });
        self.bias(theirs, ours, outputs)
    }

    fn columns(&mut self, theirs: &str, ours: &[String]) -> Result<(), PretrainedError> {
        let mut matrices = Vec::new();
        let mut biases = Vec::new();
        for ours in ours {
            let matrix = self.take(&format!("{ours}.{}", names::WEIGHT))?;
            let width = matrix.shape.last().copied().unwrap_or(0);
            let bias = format!("{ours}.{}", names::BIAS);
            match self.weights.contains_key(&bias) {
                true => biases.extend_from_slice(&self.take(&bias)?.values),
                false => biases.resize(biases.len() + width, 0.0),
            }
            matrices.push((matrix, width));
        }
        let rows = matrices.first().map_or(0, |(matrix, _)| matrix.shape[0]);
        let mut values = Vec::with_capacity(rows * biases.len());
        for row in 0..rows {
            for (matrix, width) in &matrices {
                values.extend_from_slice(&matrix.values[row * width..][..*width]);
            }
        }
        let width = biases.len();
        self.tensors.insert(format!("{theirs}.weight"), Tensor { shape: vec![rows, width], values });
        self.tensors.insert(format!("{theirs}.bias"), Tensor { shape: vec![width], values: biases });
        Ok(())
    }

    fn convolution(&mut self, theirs: &str, ours: &str, kernel: usize) -> Result<(), PretrainedError> {
        let name = format!("{ours}.{}", names::WEIGHT);
        let tensor = self.take(&name)?;
        let [rows, outputs] = tensor.shape[..] else { return Err(unfilled(&name)) };
        let shape = [outputs, rows / kernel, kernel];
        let values = orientation::kernels_first(&tensor.values, shape);
        self.tensors.insert(format!("{theirs}.weight"), Tensor { shape: shape.into(), values });
        self.bias(theirs, ours, outputs)
    }

    fn norm(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
        let name = format!("{ours}.{}", names::WEIGHT);
        let width = self.take(&name)?.values.len();
        self.same(&format!("{theirs}.weight"), &name)?;
        self.bias(theirs, ours, width)
    }

    /// Nothing of ours became it, so it is not written.
    fn leave_out(&mut self, _theirs: &str, _reason: LeftOut) {}
}
