//! The attention sub-layer.

use any2any_architecture::Attention;
use burn::tensor::{Device, Tensor, TensorData, activation, module};

use super::branch::Branch;
use crate::host::dropout::Mask;
use crate::host::rotation::Rotation;

/// The parameters of an attention sub-layer: weight and bias of each matrix, `[d_model, width]` and `[width]` of those
/// that lead to the heads, where `width` is that of all heads together.
#[derive(Clone, Debug)]
pub struct AttentionParameters {
    /// Projects queries.
    pub query: (Tensor<2>, Tensor<1>),
    /// Projects keys.
    pub key: (Tensor<2>, Tensor<1>),
    /// Projects values.
    pub value: (Tensor<2>, Tensor<1>),
    /// Mixes the heads.
    pub output: (Tensor<2>, Tensor<1>),
}

/// Which keys a query sees, and how distance counts.
#[derive(Clone, Debug, Default)]
pub struct Visibility {
    /// How many keys of each sequence are there; the rest is padding. None when all are.
    pub lengths: Option<Vec<usize>>,
    /// Whether a query sees no key after itself.
    pub causal: bool,
    /// What a step of distance costs each head (Press et al. 2022, "ALiBi").
    pub slopes: Option<Vec<f32>>,
    /// An addition to scores, `[1, heads, queries, keys]`, such as a learned bias of distances; not fused.
    pub bias: Option<Tensor<4>>,
}

/// The settings of an attention sub-layer.
#[derive(Clone, Debug)]
pub struct AttentionSettings {
    /// The heads.
    pub attention: Attention,
    /// Which keys count.
    pub visibility: Visibility,
    /// Turns queries and keys, of a stream that attends to itself.
    pub rotation: Option<Rotation>,
    /// Drops attention weights: a row is a query of a head of a sequence, a column a key.
    pub mask: Option<Mask>,
}

/// `residual_scale * x + dropout(attention(norm(x), memory))`, where the memory is `norm(x)` itself unless given
/// (Vaswani et al. 2017, section 3.2).
///
/// A query that sees no key gets no values.
///
/// # Shapes
///
/// - stream and output: `[batch, queries, d_model]`; memory: `[batch, keys, d_model]`
pub fn attention(
    stream: Tensor<3>,
    memory: Option<Tensor<3>>,
    parameters: AttentionParameters,
    branch: &Branch,
    shape: AttentionSettings,
) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if super::fused::applies(&stream.device()) && is_fused(&stream, memory.as_ref(), &shape) {
        return on_flex(stream, memory, parameters, branch, shape);
    }
    primitive(stream, memory, parameters, branch, shape)
}

/// Whether the fused form has these sizes: heads that divide `d_model`, a memory of that width, scaled scores that
/// nothing is added to.
#[cfg(feature = "flex")]
fn is_fused(stream: &Tensor<3>, memory: Option<&Tensor<3>>, shape: &AttentionSettings) -> bool {
    let [_, _, d_model] = stream.dims();
    let same_width = memory.is_none_or(|memory| memory.dims()[2] == d_model);
    let AttentionSettings { attention, visibility, .. } = shape;
    attention.width() == d_model && same_width && attention.scaled && visibility.bias.is_none()
}

/// The attention sub-layer as a composition of primitives.
pub fn primitive(
    stream: Tensor<3>,
    memory: Option<Tensor<3>>,
    parameters: AttentionParameters,
    branch: &Branch,
    shape: AttentionSettings,
) -> Tensor<3> {
    let [batch, queries, _] = stream.dims();
    let Attention { heads: count, d_head, .. } = shape.attention;
    let rotation = shape.rotation.filter(|_| memory.is_none());
    let apply_rotary = |heads: Tensor<4>| match &rotation {
        None => heads,
        Some(rotation) => apply_rotary(rotation, heads),
    };
    let input = branch.primitive_input(stream.clone());
    let memory = memory.unwrap_or_else(|| input.clone());
    let [_, keys, _] = memory.dims();
    let linear =
        |input: Tensor<3>, (weight, bias): (Tensor<2>, Tensor<1>)| module::linear(input, weight, Some(bias));
    let heads =
        |input: Tensor<3>, positions: usize| input.reshape([batch, positions, count, d_head]).swap_dims(1, 2);
    let query = apply_rotary(heads(linear(input, parameters.query), queries));
    let key = apply_rotary(heads(linear(memory.clone(), parameters.key), keys));
    let value = heads(linear(memory, parameters.value), keys);
    let weights = attention_weights(query, key, shape.attention.scale(), &shape.visibility, None);
    let context = super::dropout::primitive(weights, shape.mask).matmul(value);
    let context = context.swap_dims(1, 2).reshape([batch, queries, count * d_head]);
    branch.primitive_join(stream, linear(context, parameters.output))
}

/// Turns queries or keys, `[batch, heads, positions, d_head]`, in burn's primitives on every backend.
pub fn apply_rotary(rotation: &Rotation, heads: Tensor<4>) -> Tensor<4> {
    let [_, _, positions, d_head] = heads.dims();
    let (half, device) = (d_head / 2, heads.device());
    let table = |values: &[f32]| {
        Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, 1, positions, half]), &device)
    };
    let (cos, sin) = (table(&rotation.cos), table(&rotation.sin));
    let first = heads.clone().narrow(3, 0, half);
    let second = heads.narrow(3, half, half);
    Tensor::cat(
        vec![first.clone() * cos.clone() - second.clone() * sin.clone(), first * sin + second * cos],
        3,
    )
}

/// The weights of projected queries over projected keys, in burn's primitives on every backend.
///
/// # Shapes
///
/// - query: `[batch, heads, queries, d_head]`; key: `[batch, heads, keys, d_head]`; `scale` multiplies their products
/// - shown: `[batch, 1, 1, keys]`, 0 at keys that are hidden besides, 1 at the others; none when none is
/// - output: `[batch, heads, queries, keys]`; rows sum to one, or to 0 where no key is visible
pub fn attention_weights(
    query: Tensor<4>,
    key: Tensor<4>,
    scale: f64,
    visibility: &Visibility,
    shown: Option<Tensor<4>>,
) -> Tensor<4> {
    let [_, heads, queries, _] = query.dims();
    let [_, _, keys, _] = key.dims();
    let device = query.device();
    let scores = query.matmul(key.swap_dims(2, 3)) * scale;
    let scores = match &visibility.slopes {
        None => scores,
        Some(slopes) => scores + distance_bias(slopes, heads, queries, keys, &device),
    };
    let scores = match &visibility.bias {
        None => scores,
        Some(bias) => scores + bias.clone(),
    };
    let visible = match (visible(visibility, queries, keys, &device), shown) {
        (Some(visible), Some(shown)) => Some(visible * shown),
        (visible, shown) => visible.or(shown),
    };
    let Some(visible) = visible else {
        return activation::softmax(scores, 3);
    };
    // What is hidden gets a large finite cost, so that a row without any key stays finite; then nothing.
    activation::softmax(scores + (visible.clone() - 1.0) * HIDDEN, 3) * visible
}

/// What hides a score.
const HIDDEN: f64 = 1e9;

/// 1 where a query sees a key, `[batch or 1, 1, queries or 1, keys]`; none when all is seen.
fn visible(visibility: &Visibility, queries: usize, keys: usize, device: &Device) -> Option<Tensor<4>> {
    let bit = |seen: bool| f32::from(u8::from(seen));
    let present = visibility.lengths.as_ref().map(|lengths| {
        let values: Vec<f32> =
            lengths.iter().flat_map(|&length| (0..keys).map(move |key| bit(key < length))).collect();
        Tensor::<4>::from_data(TensorData::new(values, [lengths.len(), 1, 1, keys]), device)
    });
    let past = visibility.causal.then(|| {
        let values: Vec<f32> = (0..queries)
            .flat_map(|query| (0..keys).map(move |key| bit(key + queries <= query + keys)))
            .collect();
        Tensor::<4>::from_data(TensorData::new(values, [1, 1, queries, keys]), device)
    });
    match (present, past) {
        (Some(present), Some(past)) => Some(present * past),
        (present, past) => present.or(past),
    }
}

/// `-slope * distance`, `[1, heads, queries, keys]`.
fn distance_bias(slopes: &[f32], heads: usize, queries: usize, keys: usize, device: &Device) -> Tensor<4> {
    let values: Vec<f32> = slopes
        .iter()
        .flat_map(|slope| {
            (0..queries).flat_map(move |query| {
                (0..keys).map(move |key| -slope * (query + keys).abs_diff(key + queries) as f32)
            })
        })
        .collect();
    Tensor::from_data(TensorData::new(values, [1, heads, queries, keys]), device)
}

#[cfg(feature = "flex")]
fn on_flex(
    stream: Tensor<3>,
    memory: Option<Tensor<3>>,
    parameters: AttentionParameters,
    branch: &Branch,
    shape: AttentionSettings,
) -> Tensor<3> {
    use crate::host::train::attention_layer::AttentionGradients;

    let dims = stream.dims();
    let [batch, queries, _] = dims;
    let keys = memory.as_ref().map_or(queries, |memory| memory.dims()[1]);
    let layer = Layer {
        crossed: memory.is_some(),
        branch: branch.settings(),
        lengths: shape.visibility.lengths,
        causal: shape.visibility.causal,
        slopes: shape.visibility.slopes,
        rotation: shape.rotation,
        mask: shape.mask,
        shape: crate::host::train::attention::Shape {
            batch,
            queries,
            keys,
            heads: shape.attention.heads,
            d_head: shape.attention.d_head,
        },
    };
    let mut inputs = super::fused::Inputs::new(stream);
    if let Some(memory) = memory {
        inputs = inputs.and(memory);
    }
    inputs = branch.add_to(inputs);
    for (weight, bias) in [parameters.query, parameters.key, parameters.value, parameters.output] {
        inputs = inputs.and(weight).and(bias);
    }
    let again = layer.clone();
    inputs.run(
        dims,
        move |inputs| {
            let memory = layer.crossed.then(|| inputs[1]);
            layer.host(inputs).forward(inputs[0], memory)
        },
        move |inputs, saved, gradient| {
            let memory = again.crossed.then(|| inputs[1]);
            let AttentionGradients { stream, memory, norm, query, key, value, output } =
                again.host(inputs).backward(inputs[0], memory, saved, gradient);
            let mut all = vec![stream];
            all.extend(memory);
            all.extend(norm.into_iter().flat_map(|norm| [norm.gain, norm.bias]));
            let linears = [query, key, value, output];
            all.extend(linears.into_iter().flat_map(|linear| [linear.weight, linear.bias]));
            all
        },
    )
}

/// The sub-layer without its tensors.
#[cfg(feature = "flex")]
#[derive(Clone)]
struct Layer {
    crossed: bool,
    branch: super::branch::Settings,
    lengths: Option<Vec<usize>>,
    causal: bool,
    slopes: Option<Vec<f32>>,
    rotation: Option<Rotation>,
    mask: Option<Mask>,
    shape: crate::host::train::attention::Shape,
}

#[cfg(feature = "flex")]
impl Layer {
    /// The sub-layer over its inputs.
    fn host<'a>(&'a self, inputs: &[&'a [f32]]) -> crate::host::train::attention_layer::AttentionLayer<'a> {
        let (branch, linears) = self.branch.host(&inputs[1 + usize::from(self.crossed)..]);
        let linear = |number: usize| crate::host::rows::Linear {
            weight: linears[2 * number],
            bias: linears[2 * number + 1],
        };
        crate::host::train::attention_layer::AttentionLayer {
            branch,
            query: linear(0),
            key: linear(1),
            value: linear(2),
            output: linear(3),
            visibility: crate::host::train::attention::Visibility {
                lengths: self.lengths.as_deref(),
                causal: self.causal,
                slopes: self.slopes.as_deref(),
            },
            rotation: self.rotation.as_ref(),
            mask: self.mask,
            shape: self.shape,
        }
    }
}
