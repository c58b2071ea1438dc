//! Blocks of a program's own between the stem of a source and the layers of the encoder.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use any2any_adapter::{Live, OptionProblem, Package, PlugIn, PlugInOptions, Point, Registry, Seed};
use any2any_architecture::{Block as BlockData, BlockWeight, Start};
use burn::module::{
    Content, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, Param,
};
use burn::tensor::{Device, Tensor, TensorData};

use crate::initializer::Initializer;
use crate::keyed::Keyed;

/// Block of a program's own: its options, as an experiment writes them, which change the positions of a source before
/// the layers of the encoder see them.
///
/// A block says what weights it learns, and what it does with them. They are initialized, trained, saved and counted
/// with all others. Inference on the CPU goes through burn for a model that has one.
///
/// ```
/// use std::sync::Arc;
///
/// use any2any_adapter::Live;
/// use any2any_architecture::{Block, BlockWeight, Start};
/// use any2any_model::{BlockInput, BlockWeights, EncoderBlock, rehearse_block};
/// use burn::tensor::Tensor;
///
/// /// A learned factor for each dimension.
/// struct Scale;
///
/// impl EncoderBlock for Scale {
///     fn weights(&self, d_model: usize) -> Vec<BlockWeight> {
///         vec![BlockWeight::new("factors", [d_model], Start::Constant(1.0))]
///     }
///
///     fn forward(&self, weights: &BlockWeights<'_>, input: BlockInput) -> Tensor<3> {
///         input.states * weights.vector("factors").unsqueeze::<3>()
///     }
/// }
///
/// // What a training tries before its first step.
/// let block = Block {
///     name: "scale".to_owned(),
///     options: Default::default(),
///     weights: Scale.weights(8),
///     live: Some(Live::new(Arc::new(Scale) as Arc<dyn EncoderBlock>)),
/// };
/// assert_eq!(rehearse_block(&block, 8), Ok(()));
/// ```
pub trait EncoderBlock: Send + Sync {
    /// Package that the block comes from: [`package!()`](any2any_adapter::package) names it with its version.
    fn package() -> Package
    where
        Self: Sized,
    {
        Package::of::<Self>()
    }

    /// Problems of options that fit their schema.
    fn check(&self) -> Vec<OptionProblem> {
        Vec::new()
    }

    /// The weights that it learns, in a model of this width.
    fn weights(&self, d_model: usize) -> Vec<BlockWeight>;

    /// The positions after the block. What a row of the batch becomes must not depend on its padding, nor on other
    /// rows.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, positions, d_model]`
    fn forward(&self, weights: &BlockWeights<'_>, input: BlockInput) -> Tensor<3>;
}

/// Positions of a batch on their way through a block.
///
/// ```
/// use any2any_model::BlockInput;
/// use burn::tensor::{Device, Tensor};
///
/// /// The mean of the positions of each row, `[batch, 1, d_model]`.
/// fn mean(BlockInput { states, mask }: BlockInput) -> Tensor<3> {
///     (states * mask.clone()).sum_dim(1) / mask.sum_dim(1)
/// }
///
/// let device = Device::default();
/// let states = Tensor::<3>::from_floats([[[1.0, 2.0], [3.0, 4.0], [9.0, 9.0]]], &device);
/// // The last position is padding.
/// let mask = Tensor::<3>::from_floats([[[1.0], [1.0], [0.0]]], &device);
/// let mean: Vec<f32> = mean(BlockInput { states, mask }).into_data().iter::<f32>().collect();
/// assert_eq!(mean, [2.0, 3.0]);
/// ```
#[derive(Clone, Debug)]
pub struct BlockInput {
    /// The positions, `[batch, positions, d_model]`.
    pub states: Tensor<3>,
    /// 1 where a position is part of its row, 0 where it is padding: `[batch, positions, 1]`.
    pub mask: Tensor<3>,
}

/// Weights of a block, by their names.
///
/// ```
/// # use std::sync::Arc;
/// # use any2any_adapter::Live;
/// # use any2any_architecture::{Block, BlockWeight, Start};
/// # use any2any_model::rehearse_block;
/// use any2any_model::{BlockInput, BlockWeights, EncoderBlock};
/// use burn::tensor::Tensor;
///
/// struct Affine;
///
/// impl EncoderBlock for Affine {
///     fn weights(&self, d_model: usize) -> Vec<BlockWeight> {
///         vec![BlockWeight::new("weight", [d_model, d_model], Start::Xavier)]
///     }
///
///     fn forward(&self, weights: &BlockWeights<'_>, input: BlockInput) -> Tensor<3> {
///         let weight = weights.matrix("weight").unsqueeze::<3>();
///         input.states.matmul(weight) + weights.vector("bias").unsqueeze::<3>()
///     }
/// }
///
/// # let live = Some(Live::new(Arc::new(Affine) as Arc<dyn EncoderBlock>));
/// # let (name, options) = ("affine".to_owned(), Default::default());
/// # let block = Block { name, options, weights: Affine.weights(8), live };
/// // A training tries the block before its first step, and finds the weight that `weights` leaves out.
/// let problem = rehearse_block(&block, 8).expect_err("there is no bias");
/// assert_eq!(problem, "it panics: the block has no weight 'bias': say it in `weights`");
/// ```
pub struct BlockWeights<'a>(&'a Keyed<Weight>);

impl BlockWeights<'_> {
    /// A weight of one dimension.
    ///
    /// # Panics
    ///
    /// When the block has said no such weight.
    pub fn vector(&self, name: &str) -> Tensor<1> {
        match self.find(name) {
            Weight::Vector(weight) => weight.val(),
            other => panic!("the weight '{name}' is {}, not a vector", other.noun()),
        }
    }

    /// A weight of two dimensions.
    ///
    /// # Panics
    ///
    /// When the block has said no such weight.
    pub fn matrix(&self, name: &str) -> Tensor<2> {
        match self.find(name) {
            Weight::Matrix(weight) => weight.val(),
            other => panic!("the weight '{name}' is {}, not a matrix", other.noun()),
        }
    }

    /// A weight of three dimensions.
    ///
    /// # Panics
    ///
    /// When the block has said no such weight.
    pub fn cube(&self, name: &str) -> Tensor<3> {
        match self.find(name) {
            Weight::Cube(weight) => weight.val(),
            other => panic!("the weight '{name}' is {}, not of three dimensions", other.noun()),
        }
    }

    fn find(&self, name: &str) -> &Weight {
        self.0.get(name).unwrap_or_else(|| panic!("the block has no weight '{name}': say it in `weights`"))
    }
}

/// A registry with a block of a program's own, under a name.
#[must_use]
pub fn with_block<T: EncoderBlock + PlugInOptions>(registry: Registry, name: &str) -> Registry {
    let live = |block: T| Live::new(Arc::new(block) as Arc<dyn EncoderBlock>);
    registry.plugging(PlugIn::new(Point::Block, name, T::package(), T::check, live))
}

/// The weights that a block of a program's own learns, in a model of this width; `None` if the object at work is no
/// block.
pub fn block_weights(live: &Live, d_model: usize) -> Option<Vec<BlockWeight>> {
    Some(live.get::<Arc<dyn EncoderBlock>>()?.weights(d_model))
}

/// A weight of one to three dimensions.
#[derive(Module, Debug)]
pub(crate) enum Weight {
    Vector(Param<Tensor<1>>),
    Matrix(Param<Tensor<2>>),
    Cube(Param<Tensor<3>>),
}

impl Weight {
    fn init(data: &BlockWeight, initializer: &Initializer) -> Self {
        match data.shape[..] {
            [a] => Self::Vector(started([a], data.start, initializer)),
            [a, b] => Self::Matrix(started([a, b], data.start, initializer)),
            [a, b, c] => Self::Cube(started([a, b, c], data.start, initializer)),
            _ => panic!(
                "the weight '{}' has {} dimensions: one to three can be learned",
                data.name,
                data.shape.len()
            ),
        }
    }

    fn noun(&self) -> &'static str {
        match self {
            Self::Vector(_) => "a vector",
            Self::Matrix(_) => "a matrix",
            Self::Cube(_) => "of three dimensions",
        }
    }
}

fn started<const D: usize>(shape: [usize; D], start: Start, initializer: &Initializer) -> Param<Tensor<D>> {
    match start {
        Start::Constant(value) => initializer.constant(shape, value),
        Start::Normal(deviation) => initializer.normal(shape, deviation),
        Start::Xavier => {
            let (inputs, outputs): (usize, usize) = (shape[..D - 1].iter().product(), shape[D - 1]);
            initializer.uniform(shape, (6.0 / (inputs + outputs) as f64).sqrt())
        }
    }
}

/// A block with its weights.
#[derive(Clone)]
pub(crate) struct Block {
    plug_in: Arc<dyn EncoderBlock>,
    weights: Keyed<Weight>,
}

impl Block {
    /// A block with fresh weights.
    ///
    /// # Panics
    ///
    /// When the architecture was only read, so that no plug-in stands behind its data.
    pub(crate) fn init(data: &BlockData, initializer: &Initializer) -> Self {
        let plug_in = data.live.as_ref().and_then(|live| live.get::<Arc<dyn EncoderBlock>>());
        let plug_in =
            plug_in.unwrap_or_else(|| panic!("no plug-in is at work for the block '{}'", data.name));
        let weight =
            |data: &BlockWeight| (data.name.clone(), Weight::init(data, &initializer.child(&data.name)));
        Self { plug_in: plug_in.clone(), weights: data.weights.iter().map(weight).collect() }
    }

    /// The positions after the block, `[batch, positions, d_model]` in and out; row `i` has `lengths[i]` of them.
    pub(crate) fn forward(&self, states: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
        let [batch, positions, _] = states.dims();
        let row = |&length: &usize| (0..positions).map(move |at| f32::from(at < length));
        let mask: Vec<f32> = lengths.iter().flat_map(row).collect();
        let mask = Tensor::from_data(TensorData::new(mask, [batch, positions, 1]), &states.device());
        self.plug_in.forward(&BlockWeights(&self.weights), BlockInput { states, mask })
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({:?})", self.weights)
    }
}

/// A block is its weights: they stand in files directly under its number.
impl Module for Block {
    fn num_params(&self) -> usize {
        Module::num_params(&self.weights)
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        self.weights.visit(visitor);
    }

    fn map<Mapper: ModuleMapper>(self, mapper: &mut Mapper) -> Self {
        Self { weights: self.weights.map(mapper), ..self }
    }

    fn to_device(self, device: &Device) -> Self {
        Self { weights: self.weights.to_device(device), ..self }
    }

    fn fork(self, device: &Device) -> Self {
        Self { weights: self.weights.fork(device), ..self }
    }

    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        self.weights.collect_devices(devices)
    }

    fn valid(&self) -> Self {
        Self { weights: self.weights.valid(), plug_in: self.plug_in.clone() }
    }

    fn train(self) -> Self {
        Self { weights: self.weights.train(), ..self }
    }

    fn materialize(self) -> Self {
        Self { weights: self.weights.materialize(), ..self }
    }
}

impl ModuleDisplayDefault for Block {
    fn content(&self, content: Content) -> Option<Content> {
        self.weights.content(content)
    }
}

impl ModuleDisplay for Block {}

/// Tries a block on a small batch: it must keep the shape, give finite numbers, and what a row becomes must not depend
/// on its padding.
///
/// # Errors
///
/// The broken promise, in words.
pub fn rehearse_block(data: &BlockData, d_model: usize) -> Result<(), String> {
    if let Some(weight) = data.weights.iter().find(|weight| !(1..=3).contains(&weight.shape.len())) {
        let (name, count) = (&weight.name, weight.shape.len());
        return Err(format!("its weight '{name}' has {count} dimensions: one to three can be learned"));
    }
    let names: Vec<&str> = data.weights.iter().map(|weight| weight.name.as_str()).collect();
    if let Some(name) =
        names.iter().enumerate().find_map(|(at, name)| names[..at].contains(name).then_some(name))
    {
        return Err(format!("it has two weights called '{name}'"));
    }
    if let Some(name) = names.iter().find(|name| name.is_empty() || name.contains('.')) {
        return Err(format!("its weight cannot be called '{name}': a name has letters, and no dot"));
    }
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        let device = Device::default();
        let block = Block::init(data, &Initializer::new(Seed(0), &device));
        let mut random = Seed(0).random("block", 0);
        let row: Vec<f32> = (0..3 * d_model).map(|_| random.normal() as f32).collect();
        // A row of some positions, with padding behind it.
        let output = |length: usize, positions: usize, padding: f32| {
            let mut values = row[..length * d_model].to_vec();
            values.resize(positions * d_model, padding);
            let states = Tensor::<3>::from_data(TensorData::new(values, [1, positions, d_model]), &device);
            let output = block.forward(states, &[length]);
            (output.dims(), output.into_data().iter::<f32>().collect::<Vec<f32>>())
        };
        [output(3, 3, 0.0), output(3, 7, 0.0), output(3, 7, 5.0), output(1, 1, 0.0)]
    }));
    let [alone, padded, filled, single] = attempt.map_err(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
        format!("it panics: {}", words.unwrap_or_default())
    })?;
    for ([batch, positions, width], wanted) in [(alone.0, 3), (single.0, 1)] {
        if [batch, positions, width] != [1, wanted, d_model] {
            return Err(format!(
                "it turns 1 x {wanted} x {d_model} into {batch} x {positions} x {width}: a block keeps the shape of its \
                 input"
            ));
        }
    }
    if alone.1.iter().any(|value| !value.is_finite()) {
        return Err("it gives numbers that are not finite".to_owned());
    }
    let same =
        |other: &[f32]| alone.1.iter().zip(other).all(|(a, b)| (a - b).abs() <= 1e-4 * (1.0 + a.abs()));
    if !same(&padded.1) || !same(&filled.1) {
        return Err(
            "what a row becomes depends on its padding: multiply by `mask`, or leave those positions out"
                .into(),
        );
    }
    Ok(())
}
