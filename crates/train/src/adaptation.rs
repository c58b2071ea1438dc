//! Low-rank adaptation in training: beside frozen matrices, two narrow ones learn (Hu et al. 2021).
//!
//! The products are added to the matrices before each pass, so that the model knows nothing of them, and a training
//! without them takes no other way. Dropout of what enters `A` is therefore one of rows of `A`, drawn anew for each pass:
//! `x diag(m) A`, in which all positions of a pass share `m`, where Hu et al. draw it for each position.

use std::collections::BTreeMap;

use any2any_adapter::Seed;
use any2any_architecture::Architecture;
use any2any_experiment::spec::Lora as Options;
use any2any_model::Model;
use any2any_run::lora::{Lora, names_of};
use any2any_run::parameters::{self, Named, Weights};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

use crate::learning::{Learning, Learns};

/// Matrices `A`, `[inputs, rank]`, and `B`, `[rank, outputs]`, of every adapted matrix.
#[derive(Clone, Debug)]
pub(crate) struct Adaptation {
    scale: f64,
    /// The dropout rate of what enters `A`.
    dropout: f64,
    seed: Seed,
    /// The adapted matrices.
    adapted: Vec<String>,
    /// `A` and `B` by their names, outside of any graph.
    matrices: BTreeMap<String, Tensor<2>>,
}

/// The matrices of one pass, with their gradients.
pub(crate) struct Adapted {
    leaves: BTreeMap<String, Tensor<2>>,
}

impl Adaptation {
    /// A fresh adaptation: `A` is drawn at random, and `B` is 0, so that nothing changes at first.
    pub(crate) fn new(
        options: &Options,
        learning: &Learning,
        architecture: &Architecture,
        seed: Seed,
        device: &Device,
    ) -> Self {
        let (scale, dropout) = (options.scale(), options.dropout);
        let mut adaptation = Self { scale, dropout, seed, adapted: Vec::new(), matrices: BTreeMap::new() };
        let device = device.clone().inner();
        for parameter in architecture.parameters() {
            let &[inputs, outputs] = &parameter.shape[..] else { continue };
            if learning.of(&parameter.name) != Learns::LowRank {
                continue;
            }
            let mut random = seed.random(&format!("lora {}", parameter.name), 0);
            let deviation = (inputs as f64).powf(-0.5);
            let a: Vec<f32> =
                (0..inputs * options.rank).map(|_| (random.normal() * deviation) as f32).collect();
            let b = vec![0.0; options.rank * outputs];
            let shapes = [[inputs, options.rank], [options.rank, outputs]];
            for ((name, values), shape) in names_of(&parameter.name).into_iter().zip([a, b]).zip(shapes) {
                let tensor = Tensor::from_data(TensorData::new(values, shape), &device);
                adaptation.matrices.insert(name, tensor);
            }
            adaptation.adapted.push(parameter.name);
        }
        adaptation
    }

    /// The adaptation with the matrices of a checkpoint.
    ///
    /// # Errors
    ///
    /// If they are not those of this adaptation: the first that is not.
    pub(crate) fn with_matrices(mut self, lora: &Lora) -> Result<Self, String> {
        let shapes = self.matrices.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec()));
        let found = lora.matrices.iter().map(|(name, weights)| (name, &weights.shape));
        parameters::check_shapes(&shapes.collect(), found)?;
        for (name, tensor) in &mut self.matrices {
            let data = TensorData::new(lora.matrices[name].values.clone(), tensor.dims());
            *tensor = Tensor::from_data(data, &tensor.device());
        }
        Ok(self)
    }

    /// A model with the products added to its matrices, which then have a graph that leads to `A` and `B`; in a pass of
    /// training, of this number, with dropout.
    pub(crate) fn applied_to(&self, model: Model, pass: Option<u64>) -> (Model, Adapted) {
        let mut weights = parameters::matrices(&model, &self.adapted);
        let leaf = |tensor: &Tensor<2>| Tensor::from_inner(tensor.clone()).require_grad();
        let leaves: BTreeMap<String, Tensor<2>> =
            self.matrices.iter().map(|(name, tensor)| (name.clone(), leaf(tensor))).collect();
        for (matrix, weight) in &mut weights {
            let [mut a, b] = names_of(matrix).map(|name| leaves[&name].clone());
            if let Some(pass) = pass.filter(|_| self.dropout > 0.0) {
                a = a.clone().mul(self.mask(matrix, pass, &a));
            }
            *weight = weight.clone() + a.matmul(b).mul_scalar(self.scale);
        }
        (parameters::with_matrices(model, weights), Adapted { leaves })
    }

    /// What rows of `A` are multiplied with in a pass: 0, or what keeps their mean. `[inputs, 1]`
    fn mask(&self, matrix: &str, pass: u64, a: &Tensor<2>) -> Tensor<2> {
        let [inputs, _] = a.dims();
        let mut random = self.seed.random(&format!("lora dropout {matrix}"), pass);
        let kept = (1.0 / (1.0 - self.dropout)) as f32;
        let mask: Vec<f32> =
            (0..inputs).map(|_| if random.unit() < self.dropout { 0.0 } else { kept }).collect();
        Tensor::from_data(TensorData::new(mask, [inputs, 1]), &a.device())
    }

    /// Replaces each matrix, flat, by the result of `change`, from its name, its shape and its value.
    pub(crate) fn update(&mut self, mut change: impl FnMut(&str, [usize; 2], Tensor<1>) -> Tensor<1>) {
        for (name, tensor) in &mut self.matrices {
            let shape = tensor.dims();
            *tensor = change(name, shape, tensor.clone().reshape([-1])).reshape(shape);
        }
    }

    /// The matrices on the host.
    pub(crate) fn to_host(&self) -> Lora {
        let host = |tensor: &Tensor<2>| Weights {
            shape: tensor.dims().to_vec(),
            values: tensor.to_data().convert::<f32>().try_into_vec().expect("converted to 32-bit floats"),
        };
        let matrices = self.matrices.iter().map(|(name, tensor)| (name.clone(), host(tensor))).collect();
        Lora { scale: self.scale as f32, matrices }
    }

    /// The number of values that learn.
    pub(crate) fn size(&self) -> usize {
        self.matrices.values().map(|tensor| tensor.dims().iter().product::<usize>()).sum()
    }
}

impl Adapted {
    /// Takes the gradients of all matrices out of the result of a backward pass, flat.
    pub(crate) fn take_gradients(self, gradients: &mut Gradients) -> Named {
        let taken = self.leaves.into_iter().filter_map(|(name, leaf)| {
            let gradient: Tensor<2> = leaf.grad_remove(gradients)?;
            Some((name, gradient.reshape([-1])))
        });
        taken.collect()
    }
}
