//! Embeddings, and the vectors of positions that are added to them.

use burn::tensor::{Int, Tensor, module};

use crate::host::dropout::Mask;

/// The rows of a table that the tokens name, times `scale`.
///
/// # Shapes
///
/// - table: `[vocabulary, d_model]`; tokens: `[batch, positions]`; output: `[batch, positions, d_model]`
///
/// # Panics
///
/// When a token is not below the vocabulary's size.
pub fn embedding(table: Tensor<2>, tokens: Tensor<2, Int>, scale: f64) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if super::fused::applies(&table.device()) {
        return on_flex(table, tokens, scale);
    }
    primitive(table, tokens, scale)
}

/// Embeddings as a composition of primitives.
///
/// # Shapes
///
/// - table: `[vocabulary, d_model]`; tokens: `[batch, positions]`; output: `[batch, positions, d_model]`
pub fn primitive(table: Tensor<2>, tokens: Tensor<2, Int>, scale: f64) -> Tensor<3> {
    module::embedding(table, tokens) * scale
}

/// Embeddings on flex.
///
/// # Shapes
///
/// - table: `[vocabulary, d_model]`; tokens: `[batch, positions]`; output: `[batch, positions, d_model]`
#[cfg(feature = "flex")]
fn on_flex(table: Tensor<2>, tokens: Tensor<2, Int>, scale: f64) -> Tensor<3> {
    use crate::host::blocks::zeros;
    use crate::host::train::embedding;

    let [batch, positions] = tokens.dims();
    let [_, d_model] = table.dims();
    let tokens: Vec<u32> = tokens.into_data().iter::<u32>().collect();
    let again = tokens.clone();
    let scale = scale as f32;
    super::fused::Inputs::new(table).run(
        [batch, positions, d_model],
        move |inputs| (embedding::forward(inputs[0], d_model, &tokens, scale), ()),
        move |inputs, (), gradient| {
            let mut of_table = zeros(inputs[0].len());
            embedding::backward(&mut of_table, d_model, &again, gradient, scale);
            vec![of_table]
        },
    )
}

/// Embeddings plus the vectors of their positions, with elements dropped.
///
/// # Shapes
///
/// - input and output: `[batch, positions, d_model]`; vectors: `[positions, d_model]`
pub fn add_positions(input: Tensor<3>, vectors: Tensor<2>, mask: Option<Mask>) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if super::fused::applies(&input.device()) {
        return add_on_flex(input, vectors, mask);
    }
    add_primitive(input, vectors, mask)
}

/// Embeddings plus positions as a composition of primitives.
///
/// # Shapes
///
/// - input and output: `[batch, positions, d_model]`; vectors: `[positions, d_model]`
pub fn add_primitive(input: Tensor<3>, vectors: Tensor<2>, mask: Option<Mask>) -> Tensor<3> {
    super::dropout::primitive(input + vectors.unsqueeze(), mask)
}

/// Embeddings plus positions on flex.
///
/// # Shapes
///
/// - input and output: `[batch, positions, d_model]`; vectors: `[positions, d_model]`
#[cfg(feature = "flex")]
fn add_on_flex(input: Tensor<3>, vectors: Tensor<2>, mask: Option<Mask>) -> Tensor<3> {
    use crate::host::train::embedding;

    let [batch, positions, d_model] = input.dims();
    super::fused::Inputs::new(input).and(vectors).run(
        [batch, positions, d_model],
        move |inputs| (embedding::add_positions(inputs[0], inputs[1], d_model, mask), ()),
        move |_, (), gradient| {
            let of_input = super::dropout::masked(gradient, d_model, mask);
            let of_vectors = embedding::sum_over_sequences(&of_input, positions * d_model);
            vec![of_input, of_vectors]
        },
    )
}
