//! Assembly of a model: every tensor of the files becomes a parameter, or is left out for a reason.

use std::collections::{BTreeMap, BTreeSet};

use any2any_architecture::{Architecture, WaveLayout, names, sinusoidal};

use crate::error::PretrainedError;
use crate::mapping::Mapping;
use crate::orientation;
use crate::pretrained::{LeftOut, Part, Scales, Tensor};
use crate::safetensors::Checkpoint;

/// How far a stored sine may be from its formula: half an ulp of BF16, and angles that were computed in single precision.
const WAVE_TOLERANCE: f32 = 4e-3;

/// Tensors that become parameters, by and by.
pub(crate) struct Assembly<'a> {
    checkpoint: &'a Checkpoint,
    /// Shapes of our parameters that no tensor became yet.
    open: BTreeMap<String, Vec<usize>>,
    weights: BTreeMap<String, Tensor>,
    parts: Vec<Part>,
    taken: BTreeSet<String>,
    scales: BTreeMap<String, Scales>,
}

/// Weights by our names, and what each tensor became.
pub(crate) type Assembled = (BTreeMap<String, Tensor>, Vec<Part>);

impl<'a> Assembly<'a> {
    pub(crate) fn new(checkpoint: &'a Checkpoint, architecture: &Architecture) -> Self {
        let open = architecture.parameters().into_iter().map(|parameter| (parameter.name, parameter.shape));
        Self {
            checkpoint,
            open: open.collect(),
            weights: BTreeMap::new(),
            parts: Vec::new(),
            taken: BTreeSet::new(),
            scales: BTreeMap::new(),
        }
    }

    pub(crate) fn has(&self, theirs: &str) -> bool {
        self.checkpoint.shape(theirs).is_some()
    }

    /// A tensor as it stands.
    pub(crate) fn same(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
        let shape = self.shape(ours)?;
        let values = self.take(theirs, &shape)?;
        self.keep(theirs, shape.clone(), vec![(ours.to_owned(), Tensor { shape, values })]);
        Ok(())
    }

    /// A matrix as it stands, with the scales of its 8-bit products where it is stored in 8 bits. That of its input is a
    /// tensor of one value, which some models lack, by the first of these names that is there.
    pub(crate) fn product(
        &mut self,
        theirs: &str,
        ours: &str,
        input_scales: &[String],
    ) -> Result<(), PretrainedError> {
        self.same(theirs, ours)?;
        self.scales_of(theirs, ours, input_scales)
    }

    /// A matrix that becomes a table, `[inputs, outputs]` to `[outputs, inputs]`, with the scales of its 8-bit products.
    pub(crate) fn turned(
        &mut self,
        theirs: &str,
        ours: &str,
        input_scales: &[String],
    ) -> Result<(), PretrainedError> {
        let [outputs, inputs] = self.matrix(ours)?;
        let values = orientation::transposed(&self.take(theirs, &[inputs, outputs])?, outputs);
        let tensor = Tensor { shape: vec![outputs, inputs], values };
        self.keep(theirs, vec![inputs, outputs], vec![(ours.to_owned(), tensor)]);
        self.scales_of(theirs, ours, input_scales)
    }

    fn scales_of(
        &mut self,
        theirs: &str,
        ours: &str,
        input_scales: &[String],
    ) -> Result<(), PretrainedError> {
        let Some(weight) = self.checkpoint.factor(theirs) else { return Ok(()) };
        let mut input = None;
        for name in input_scales.iter().filter(|name| self.checkpoint.shape(name).is_some()) {
            let factor = self.take(name, &[1, 1])?[0];
            if factor <= 0.0 {
                let reason = format!("its tensor {name} is {factor}, and the scale of a product is above 0");
                return Err(PretrainedError::damaged(self.checkpoint.path(), reason));
            }
            input.get_or_insert(factor);
            let part = vec![format!("{ours}.input_scale")];
            self.parts.push(Part { theirs: name.clone(), shape: vec![1, 1], ours: part, left_out: None });
        }
        self.scales.insert(ours.to_owned(), Scales { weight, input });
        Ok(())
    }

    /// A vector or a matrix that is stored as the only one of its kind, with a dimension more in front.
    pub(crate) fn row(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
        let shape = self.shape(ours)?;
        let stored = [&[1], &shape[..]].concat();
        let values = self.take(theirs, &stored)?;
        self.keep(theirs, stored, vec![(ours.to_owned(), Tensor { shape, values })]);
        Ok(())
    }

    /// A linear layer of PyTorch, whose matrix is `[outputs, inputs]`, with a bias where ours has one.
    pub(crate) fn linear(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
        let (stored, ours_weight) = (format!("{theirs}.weight"), format!("{ours}.{}", names::WEIGHT));
        let [inputs, outputs] = self.matrix(&ours_weight)?;
        let values = orientation::transposed(&self.take(&stored, &[outputs, inputs])?, inputs);
        let tensor = Tensor { shape: vec![inputs, outputs], values };
        self.keep(&stored, vec![outputs, inputs], vec![(ours_weight, tensor)]);
        self.bias(theirs, ours)
    }

    /// A linear layer of GPT-2, whose matrix is ours, `[inputs, outputs]`; several of ours stand side by side.
    pub(crate) fn columns(&mut self, theirs: &str, ours: &[String]) -> Result<(), PretrainedError> {
        for part in [names::WEIGHT, names::BIAS] {
            let stored = format!("{theirs}.{part}");
            let ours: Vec<String> = ours.iter().map(|ours| format!("{ours}.{part}")).collect();
            let shapes = ours.iter().map(|ours| self.shape(ours)).collect::<Result<Vec<_>, _>>()?;
            let width = |shape: &[usize]| shape.last().copied().unwrap_or(0);
            let total: usize = shapes.iter().map(|shape| width(shape)).sum();
            let mut shape = shapes[0].clone();
            if let Some(last) = shape.last_mut() {
                *last = total;
            }
            let values = self.take(&stored, &shape)?;
            let mut start = 0;
            let mut tensors = Vec::with_capacity(ours.len());
            for (ours, shape) in ours.into_iter().zip(shapes) {
                let range = start..start + width(&shape);
                start = range.end;
                let values = orientation::columns(&values, total, range);
                tensors.push((ours, Tensor { shape, values }));
            }
            self.keep(&stored, shape, tensors);
        }
        Ok(())
    }

    /// A convolution over frames of PyTorch, whose kernels are `[outputs, inputs, kernel]`; ours are
    /// `[kernel * inputs, outputs]`.
    pub(crate) fn convolution(
        &mut self,
        theirs: &str,
        ours: &str,
        kernel: usize,
    ) -> Result<(), PretrainedError> {
        self.kernels(theirs, ours, &[kernel])
    }

    /// A convolution of PyTorch over one or two dimensions, whose kernels are `[outputs, inputs, ..]`; ours are
    /// `[.. * inputs, outputs]`.
    pub(crate) fn kernels(
        &mut self,
        theirs: &str,
        ours: &str,
        kernel: &[usize],
    ) -> Result<(), PretrainedError> {
        let (stored, ours_weight) = (format!("{theirs}.weight"), format!("{ours}.{}", names::WEIGHT));
        let [rows, outputs] = self.matrix(&ours_weight)?;
        let places: usize = kernel.iter().product();
        let inputs = rows / places;
        let shape = [&[outputs, inputs], kernel].concat();
        let kernels = self.take(&stored, &shape)?;
        let values = orientation::frames_first(&kernels, [outputs, inputs, places]);
        self.keep(&stored, shape, vec![(ours_weight, Tensor { shape: vec![rows, outputs], values })]);
        self.bias(theirs, ours)
    }

    /// Vectors that are stored one by one, each `[1, 1, width]`, as the rows of a matrix.
    pub(crate) fn stacked(&mut self, theirs: &[String], ours: &str) -> Result<(), PretrainedError> {
        let [_, width] = self.matrix(ours)?;
        let mut values = Vec::new();
        for theirs in theirs {
            let stored = vec![1, 1, width];
            values.extend(self.take(theirs, &stored)?);
            let part = vec![ours.to_owned()];
            self.parts.push(Part { theirs: theirs.clone(), shape: stored, ours: part, left_out: None });
        }
        self.open.remove(ours);
        self.weights.insert(ours.to_owned(), Tensor { shape: vec![theirs.len(), width], values });
        Ok(())
    }

    /// Says that a parameter has another shape in the files, because something is folded into it afterwards.
    pub(crate) fn stored_as(&mut self, ours: &str, shape: Vec<usize>) {
        self.open.insert(ours.to_owned(), shape);
    }

    /// A tensor that is folded into parameters of ours, which other tensors become.
    pub(crate) fn folded(
        &mut self,
        theirs: &str,
        shape: &[usize],
        ours: &[String],
    ) -> Result<Vec<f32>, PretrainedError> {
        let values = self.take(theirs, shape)?;
        let (theirs, shape) = (theirs.to_owned(), shape.to_vec());
        self.parts.push(Part { theirs, shape, ours: ours.to_vec(), left_out: None });
        Ok(values)
    }

    /// A normalisation, with a bias where ours has one.
    pub(crate) fn norm(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
        self.same(&format!("{theirs}.weight"), &format!("{ours}.{}", names::WEIGHT))?;
        self.bias(theirs, ours)
    }

    fn bias(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
        let ours = format!("{ours}.{}", names::BIAS);
        match self.open.contains_key(&ours) {
            true => self.same(&format!("{theirs}.bias"), &ours),
            false => Ok(()),
        }
    }

    /// Leaves out a tensor, where it is there.
    pub(crate) fn leave_out(&mut self, theirs: &str, reason: LeftOut) {
        if let Some(shape) = self.checkpoint.shape(theirs) {
            let shape = shape.to_vec();
            self.taken.insert(theirs.to_owned());
            self.parts.push(Part {
                theirs: theirs.to_owned(),
                shape,
                ours: Vec::new(),
                left_out: Some(reason),
            });
        }
    }

    /// Leaves out a tensor, where it is there, after looking that it is equal to the one that became a parameter of
    /// ours.
    pub(crate) fn duplicate(
        &mut self,
        theirs: &str,
        ours: &str,
        reason: &str,
    ) -> Result<(), PretrainedError> {
        if !self.has(theirs) {
            return Ok(());
        }
        let differs = |other: &str| PretrainedError::Differs {
            path: self.checkpoint.path().to_owned(),
            tensor: theirs.to_owned(),
            other: other.to_owned(),
            reason: reason.to_owned(),
        };
        let of = self.parts.iter().find(|part| part.ours.iter().any(|name| name == ours));
        let Some(of) = of.map(|part| part.theirs.clone()) else { return Err(self.unfilled(ours)) };
        let Some(kept) = self.weights.get(ours) else { return Err(self.unfilled(ours)) };
        let same = self.checkpoint.shape(theirs) == Some(&kept.shape[..]);
        if !same || self.checkpoint.values(theirs)? != kept.values {
            return Err(differs(&of));
        }
        self.leave_out(theirs, LeftOut::Duplicate { of });
        Ok(())
    }

    /// Leaves out stored sines and cosines, where they are there, after looking that from the first position's row on
    /// they are those of a formula.
    pub(crate) fn sinusoids(
        &mut self,
        theirs: &str,
        layout: WaveLayout,
        first: usize,
        d_model: usize,
    ) -> Result<(), PretrainedError> {
        if !self.has(theirs) {
            return Ok(());
        }
        if !are_sinusoids(self.checkpoint, theirs, layout, first, d_model)? {
            return Err(PretrainedError::Differs {
                path: self.checkpoint.path().to_owned(),
                tensor: theirs.to_owned(),
                other: format!("the sines and cosines of {d_model} dimensions"),
                reason: "models of this family learn no positions".to_owned(),
            });
        }
        self.leave_out(theirs, LeftOut::Sinusoidal);
        Ok(())
    }

    /// The scales of 8-bit products, by parameter.
    pub(crate) fn take_scales(&mut self) -> BTreeMap<String, Scales> {
        std::mem::take(&mut self.scales)
    }

    /// The weights, once each tensor is accounted for.
    pub(crate) fn finish(self) -> Result<Assembled, PretrainedError> {
        if let Some(ours) = self.open.keys().next() {
            return Err(self.unfilled(ours));
        }
        let names = self.checkpoint.names();
        let unexpected: Vec<String> =
            names.filter(|name| !self.taken.contains(*name)).map(str::to_owned).collect();
        match unexpected.is_empty() {
            true => Ok((self.weights, self.parts)),
            false => Err(PretrainedError::Unexpected {
                path: self.checkpoint.path().to_owned(),
                tensors: unexpected,
            }),
        }
    }

    fn unfilled(&self, ours: &str) -> PretrainedError {
        PretrainedError::Unfilled { path: self.checkpoint.path().to_owned(), parameter: ours.to_owned() }
    }

    /// The shape of a parameter that no tensor became yet.
    fn shape(&self, ours: &str) -> Result<Vec<usize>, PretrainedError> {
        self.open.get(ours).cloned().ok_or_else(|| self.unfilled(ours))
    }

    fn matrix(&self, ours: &str) -> Result<[usize; 2], PretrainedError> {
        self.shape(ours)?.try_into().map_err(|_| self.unfilled(ours))
    }

    /// The values of a tensor, which must have this shape.
    fn take(&mut self, theirs: &str, expected: &[usize]) -> Result<Vec<f32>, PretrainedError> {
        let (path, tensor) = (self.checkpoint.path().to_owned(), theirs.to_owned());
        let Some(found) = self.checkpoint.shape(theirs) else {
            return Err(PretrainedError::Missing { path, tensor });
        };
        if found != expected {
            let (found, expected) = (found.to_vec(), expected.to_vec());
            return Err(PretrainedError::Shape { path, tensor, found, expected });
        }
        self.taken.insert(tensor);
        self.checkpoint.values(theirs)
    }

    fn keep(&mut self, theirs: &str, shape: Vec<usize>, tensors: Vec<(String, Tensor)>) {
        let ours = tensors.iter().map(|(name, _)| name.clone()).collect();
        self.parts.push(Part { theirs: theirs.to_owned(), shape, ours, left_out: None });
        for (name, tensor) in tensors {
            self.open.remove(&name);
            self.weights.insert(name, tensor);
        }
    }
}

impl Mapping for Assembly<'_> {
    fn same(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
        Self::same(self, theirs, ours)
    }

    fn linear(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
        Self::linear(self, theirs, ours)
    }

    fn columns(&mut self, theirs: &str, ours: &[String]) -> Result<(), PretrainedError> {
        Self::columns(self, theirs, ours)
    }

    fn convolution(&mut self, theirs: &str, ours: &str, kernel: usize) -> Result<(), PretrainedError> {
        Self::convolution(self, theirs, ours, kernel)
    }

    fn norm(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError> {
        Self::norm(self, theirs, ours)
    }

    fn leave_out(&mut self, theirs: &str, reason: LeftOut) {
        Self::leave_out(self, theirs, reason);
    }
}

/// True where a tensor holds the sines and cosines of a formula, from the row of the first position on.
pub(crate) fn are_sinusoids(
    checkpoint: &Checkpoint,
    theirs: &str,
    layout: WaveLayout,
    first: usize,
    d_model: usize,
) -> Result<bool, PretrainedError> {
    let Some(&[rows, width]) = checkpoint.shape(theirs) else { return Ok(false) };
    if width != d_model || first > rows {
        return Ok(false);
    }
    let stored = checkpoint.values(theirs)?;
    let formula = sinusoidal(layout, first..rows, d_model);
    let near = |(stored, formula): (&f32, &f32)| (stored - formula).abs() < WAVE_TOLERANCE;
    Ok(stored[first * width..].iter().zip(&formula).all(near))
}
