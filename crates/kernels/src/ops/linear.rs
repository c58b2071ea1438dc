//! Linear maps and other products of a precision in burn's primitives.

use burn::tensor::{FloatDType, Tensor, module};

use crate::host::products::Products;

/// `x W + b`, `[batch, positions, d_input]` to `[batch, positions, d_output]`; weight: `[d_input, d_output]`, bias:
/// `[d_output]`.
pub(super) fn linear(
    input: Tensor<3>,
    (weight, bias): (Tensor<2>, Tensor<1>),
    products: Products,
) -> Tensor<3> {
    match products {
        Products::Float32 => module::linear(input, weight, Some(bias)),
        Products::Bfloat16(_) => wide(module::linear(narrow(input), narrow(weight), None)) + bias.unsqueeze(),
    }
}

/// The product of two matrices, `[m, k]` and `[k, n]` to `[m, n]`.
pub(super) fn product(left: Tensor<2>, right: Tensor<2>, products: Products) -> Tensor<2> {
    match products {
        Products::Float32 => left.matmul(right),
        Products::Bfloat16(_) => wide(narrow(left).matmul(narrow(right))),
    }
}

fn narrow<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    tensor.cast(FloatDType::BF16)
}

fn wide<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    tensor.cast(FloatDType::F32)
}
