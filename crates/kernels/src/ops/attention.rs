//! The attention sub-layer.

use any2any_architecture::Attention;
use burn::tensor::{Device, Tensor, TensorData, activation};

use super::branch::Branch;
use super::masked_softmax::HIDDEN;
use crate::host::dropout::Mask;
use crate::host::rotation::Rotation;

/// The parameters of an attention sub-layer, weight and bias of each matrix; keys and values are projected from states
/// that are `d_keys` wide, or `d_model` of self-attention.
#[derive(Clone, Debug)]
pub struct AttentionParameters {
    /// Projects queries, `[d_model, heads * d_head]` and `[heads * d_head]`.
    pub query: (Tensor<2>, Tensor<1>),
    /// Projects keys, `[d_keys, heads * d_head]` and `[heads * d_head]`.
    pub key: (Tensor<2>, Tensor<1>),
    /// Projects values, `[d_keys, heads * d_head]` and `[heads * d_head]`.
    pub value: (Tensor<2>, Tensor<1>),
    /// Mixes the heads, `[heads * d_head, d_model]` and `[d_model]`.
    pub output: (Tensor<2>, Tensor<1>),
}

/// The keys that a query sees, and the cost of distance.
#[derive(Clone, Debug, Default)]
pub struct Visibility {
    /// The number of keys of each sequence, `[batch]`; the rest is padding. None when all are there.
    pub lengths: Option<Vec<usize>>,
    /// A query sees no key after itself.
    pub causal: bool,
    /// The cost of a step of distance for each head, `[heads]` (Press et al. 2022, "ALiBi").
    pub slopes: Option<Vec<f32>>,
    /// An addition to scores, `[1, heads, queries, keys]`, such as a learned bias of distances; not fused.
    pub bias: Option<Tensor<4>>,
}

/// The settings of an attention sub-layer.
#[derive(Clone, Debug)]
pub struct AttentionSettings {
    /// The heads.
    pub attention: Attention,
    /// The keys that count.
    pub visibility: Visibility,
    /// Rotates queries and keys, of a stream that attends to itself.
    pub rotation: Option<Rotation>,
    /// Drops attention weights: a row is a query of a head of a sequence, a column a key.
    pub mask: Option<Mask>,
}

/// `residual_scale * x + dropout(attention(norm(x), attended))`, where the states attended to are `norm(x)` itself
/// unless given (Vaswani et al. 2017, section 3.2).
///
/// A query that sees no key gets no values.
///
/// # Shapes
///
/// - stream and output: `[batch, queries, d_model]`; attended: `[batch, keys, d_keys]`
pub fn attention(
    stream: Tensor<3>,
    attended: Option<Tensor<3>>,
    parameters: AttentionParameters,
    branch: &Branch,
    settings: AttentionSettings,
) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if super::fused::applies(&stream.device()) && is_fused(&stream, attended.as_ref(), &settings) {
        return on_flex(stream, attended, parameters, branch, settings);
    }
    primitive(stream, attended, parameters, branch, settings)
}

/// True for the sizes of the fused form: heads that divide `d_model`, states attended to of that width, scaled scores
/// that nothing is added to.
///
/// # Shapes
///
/// - stream: `[batch, queries, d_model]`; attended: `[batch, keys, d_keys]`
#[cfg(feature = "flex")]
fn is_fused(stream: &Tensor<3>, attended: Option<&Tensor<3>>, settings: &AttentionSettings) -> bool {
    let [_, _, d_model] = stream.dims();
    let d_keys = attended.map_or(d_model, |attended| {
        let [_, _, d_keys] = attended.dims();
        d_keys
    });
    let AttentionSettings { attention, visibility, .. } = settings;
    attention.width() == d_model && d_keys == d_model && attention.scaled && visibility.bias.is_none()
}

/// The attention sub-layer as a composition of primitives.
///
/// # Shapes
///
/// - stream and output: `[batch, queries, d_model]`; attended: `[batch, keys, d_keys]`
pub fn primitive(
    stream: Tensor<3>,
    attended: Option<Tensor<3>>,
    parameters: AttentionParameters,
    branch: &Branch,
    settings: AttentionSettings,
) -> Tensor<3> {
    let [batch, queries, _] = stream.dims();
    let Attention { heads: count, d_head, .. } = settings.attention;
    let rotation = settings.rotation.filter(|_| attended.is_none());
    let apply_rotary = |heads: Tensor<4>| match &rotation {
        None => heads,
        Some(rotation) => apply_rotary(rotation, heads),
    };
    let input = branch.primitive_input(stream.clone());
    // Keys and values are two uses, which the fused form makes one.
    let attended = attended.map(|attended| super::recompute::gathered(attended, Some(stream.clone())));
    let attended = attended.unwrap_or_else(|| input.clone());
    let [_, keys, _] = attended.dims();
    let linear = |input, parameters| super::linear::linear(input, parameters, branch.products);
    let heads =
        |input: Tensor<3>, positions: usize| input.reshape([batch, positions, count, d_head]).swap_dims(1, 2);
    let query = apply_rotary(heads(linear(input, parameters.query), queries));
    let key = apply_rotary(heads(linear(attended.clone(), parameters.key), keys));
    let value = heads(linear(attended, parameters.value), keys);
    let weights = attention_weights(query, key, settings.attention.scale(), &settings.visibility, None);
    let context = super::dropout::primitive(weights, settings.mask).matmul(value);
    let context = context.swap_dims(1, 2).reshape([batch, queries, count * d_head]);
    branch.primitive_join(stream, linear(context, parameters.output))
}

/// Rotates queries or keys, `[batch, heads, positions, d_head]` in and out, in burn's primitives on every backend.
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
/// - key_mask: `[batch or 1, 1, 1, keys]`, 0 at keys that are hidden besides, 1 at the others; none when none is
/// - output: `[batch, heads, queries, keys]`; rows sum to one, or to 0 where no key is visible
pub fn attention_weights(
    query: Tensor<4>,
    key: Tensor<4>,
    scale: f64,
    visibility: &Visibility,
    key_mask: Option<Tensor<4>>,
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
    let visible = match (visible(visibility, queries, keys, &device), key_mask) {
        (Some(visible), Some(mask)) => Some(visible * mask),
        (visible, mask) => visible.or(mask),
    };
    let Some(visible) = visible else {
        return activation::softmax(scores, 3);
    };
    // Hidden keys cost much, and weigh nothing even in a row without any key.
    activation::softmax(scores + (visible.clone() - 1.0) * HIDDEN, 3) * visible
}

/// 1 where a query sees a key, `[batch or 1, 1, queries or 1, keys]`; none when all is seen.
fn visible(visibility: &Visibility, queries: usize, keys: usize, device: &Device) -> Option<Tensor<4>> {
    let bit = |seen: bool| f32::from(u8::from(seen));
    let present = visibility.lengths.as_ref().map(|lengths| {
        let values: Vec<f32> =
            lengths.iter().flat_map(|&length| (0..keys).map(move |key| bit(key < length))).collect();
        Tensor::<4>::from_data(TensorData::new(values, [lengths.len(), 1, 1, keys]), device)
    });
    let earlier = visibility.causal.then(|| {
        let values: Vec<f32> = (0..queries)
            .flat_map(|query| (0..keys).map(move |key| bit(key + queries <= query + keys)))
            .collect();
        Tensor::<4>::from_data(TensorData::new(values, [1, 1, queries, keys]), device)
    });
    match (present, earlier) {
        (Some(present), Some(earlier)) => Some(present * earlier),
        (present, earlier) => present.or(earlier),
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

/// The attention sub-layer on flex.
///
/// # Shapes
///
/// - stream and output: `[batch, queries, d_model]`; attended: `[batch, keys, d_model]`
#[cfg(feature = "flex")]
fn on_flex(
    stream: Tensor<3>,
    attended: Option<Tensor<3>>,
    parameters: AttentionParameters,
    branch: &Branch,
    settings: AttentionSettings,
) -> Tensor<3> {
    use crate::host::train::attention_layer::AttentionGradients;

    let [batch, queries, d_model] = stream.dims();
    let keys = attended.as_ref().map_or(queries, |attended| {
        let [_, keys, _] = attended.dims();
        keys
    });
    let layer = Layer {
        crossed: attended.is_some(),
        branch: branch.settings(),
        lengths: settings.visibility.lengths,
        causal: settings.visibility.causal,
        slopes: settings.visibility.slopes,
        rotation: settings.rotation,
        mask: settings.mask,
        shape: crate::host::train::attention::Shape {
            batch,
            queries,
            keys,
            heads: settings.attention.heads,
            d_head: settings.attention.d_head,
        },
    };
    let mut inputs = super::fused::Inputs::new(stream);
    if let Some(attended) = attended {
        inputs = inputs.and(attended);
    }
    inputs = branch.add_to(inputs);
    for (weight, bias) in [parameters.query, parameters.key, parameters.value, parameters.output] {
        inputs = inputs.and(weight).and(bias);
    }
    let again = layer.clone();
    inputs.run(
        [batch, queries, d_model],
        move |inputs| {
            let attended = layer.crossed.then(|| inputs[1]);
            layer.host(inputs).forward(inputs[0], attended)
        },
        move |inputs, saved, gradient| {
            let attended = again.crossed.then(|| inputs[1]);
            let AttentionGradients { stream, attended, norm, query, key, value, output } =
                again.host(inputs).backward(inputs[0], attended, saved, gradient);
            let mut all = vec![stream];
            all.extend(attended);
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
    /// The sub-layer over its inputs: stream `[batch * queries, d_model]`, states attended to, normalisation and
    /// parameters.
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
