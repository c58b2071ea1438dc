//! Arrays of numbers with a shape, in which results leave this crate without burn's tensors.

use burn::tensor::{Tensor, TensorData};

/// An array of numbers with a shape, row-major.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Array {
    /// The sizes of its dimensions.
    pub shape: Vec<usize>,
    /// The values, row-major.
    pub values: Vec<f32>,
}

impl Array {
    /// The values of the only row of a batch, without the dimension of the batch.
    pub(crate) fn of_row<const D: usize>(tensor: Tensor<D>) -> Self {
        let mut array = Self::of_data(tensor.into_data());
        array.shape.remove(0);
        array
    }

    /// All values.
    pub(crate) fn of_data(data: TensorData) -> Self {
        let shape = data.shape().to_vec();
        let values = data.convert::<f32>().try_into_vec().expect("converted to 32-bit floats");
        Self { shape, values }
    }

    /// The values at one index of the first dimension; none beyond its end.
    pub fn row(&self, number: usize) -> &[f32] {
        let width: usize = self.shape.iter().skip(1).product();
        self.values.get(number * width..(number + 1) * width).unwrap_or_default()
    }

    /// The size of the first dimension.
    pub fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }
}
