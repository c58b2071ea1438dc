//! Activation checkpointing: a piece of a model whose inputs alone are kept for the backward pass, which computes it
//! again (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
//!
//! The piece becomes one step of burn's autodiff graph. Its forward pass runs on constants and records nothing; its
//! backward pass runs it again on leaves of a graph of its own, and hands the gradients of the leaves on. The arithmetic
//! is that of the piece without this, so no bit of a gradient changes. burn's own strategy, `BalancedCheckpointing`,
//! computes single cheap operations again and keeps the results of all others.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, DispatchKindConversion, DispatchTensor, TensorMetadata};
use burn::tensor::Tensor;

/// The most inputs of a piece: its streams, and every parameter in it.
const MOST: usize = 32;

/// An input of a piece, a tensor of any rank.
#[derive(Clone, Debug)]
pub struct Operand(DispatchTensor);

impl Operand {
    /// A tensor, `[..]`.
    pub fn new<const D: usize>(tensor: Tensor<D>) -> Self {
        Self(tensor.into_dispatch())
    }

    /// The tensor, `[..]`, of the rank that it came with.
    pub fn into_tensor<const D: usize>(self) -> Tensor<D> {
        Tensor::from_dispatch(self.0)
    }

    /// The values outside of the graph, `[elements]`.
    fn into_flat(self) -> Tensor<1> {
        self.into_tensor::<1>().inner().reshape([-1])
    }
}

/// The output of a piece of a model, `[..]`, computed by `forward` now and by `again` in the backward pass; both get the
/// inputs in the order given and must do the same with them.
///
/// What tensors a piece needs from a graph must be among its inputs: the closures hold constants alone.
///
/// # Panics
///
/// When a piece has more than 32 inputs, or its inputs are on different devices.
pub fn recomputed<const D: usize>(
    inputs: Vec<Operand>,
    forward: impl FnOnce(Vec<Operand>) -> Tensor<D>,
    again: impl FnOnce(Vec<Operand>) -> Tensor<D> + Send + 'static,
) -> Tensor<D> {
    let is_autodiff = inputs.iter().any(|input| input.clone().into_tensor::<1>().is_autodiff());
    if !is_autodiff {
        return forward(inputs);
    }
    #[cfg(feature = "flex")]
    if is_on::<burn::backend::Flex>(&inputs) {
        return record::<burn::backend::Flex, D>(inputs, forward, again);
    }
    #[cfg(feature = "tch")]
    if is_on::<burn::backend::LibTorch>(&inputs) {
        return record::<burn::backend::LibTorch, D>(inputs, forward, again);
    }
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    if is_on::<burn::backend::Cube>(&inputs) {
        return record::<burn::backend::Cube, D>(inputs, forward, again);
    }
    // A backend that this crate was built without keeps all that it computes.
    drop(again);
    forward(inputs)
}

/// A tensor, `[..]`, whose uses behind this place have their gradients summed here before they join those of its other
/// uses: gradients are sums of 32-bit floats, which depend on their order, and a piece that is computed again hands on one
/// sum. In the backward pass the place comes before whatever `after` comes from.
pub fn gathered<const D: usize>(value: Tensor<D>, after: Option<Tensor<3>>) -> Tensor<D> {
    gathered_for(value, [after, None], None)
}

/// A tensor, `[..]`, as [`gathered`], whose gradient is told to `listener` while the backward pass goes on to what the
/// tensors of `after` come from. It is told flat and outside of any graph; not at all if no use of the tensor leads to the
/// root, which those of `after` must lead to by other ways.
pub fn listened<const D: usize>(
    value: Tensor<D>,
    after: [Option<Tensor<3>>; 2],
    listener: GradientListener,
) -> Tensor<D> {
    gathered_for(value, after, Some(listener))
}

/// What is told a gradient, `[elements]`, by the thread that computes it.
#[derive(Clone)]
pub struct GradientListener(Arc<dyn Fn(Tensor<1>) + Send + Sync>);

impl GradientListener {
    /// A listener that calls a function.
    pub fn new(listen: impl Fn(Tensor<1>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listen))
    }
}

impl fmt::Debug for GradientListener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("GradientListener")
    }
}

fn gathered_for<const D: usize>(
    value: Tensor<D>,
    after: [Option<Tensor<3>>; 2],
    listener: Option<GradientListener>,
) -> Tensor<D> {
    if !value.is_autodiff() || !value.is_tracked() {
        return value;
    }
    let (value, after) = (Operand::new(value), after.map(|after| after.map(Operand::new)));
    #[cfg(feature = "flex")]
    if is_on::<burn::backend::Flex>(std::slice::from_ref(&value)) {
        return gather::<burn::backend::Flex, D>(value, after, listener);
    }
    #[cfg(feature = "tch")]
    if is_on::<burn::backend::LibTorch>(std::slice::from_ref(&value)) {
        return gather::<burn::backend::LibTorch, D>(value, after, listener);
    }
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    if is_on::<burn::backend::Cube>(std::slice::from_ref(&value)) {
        return gather::<burn::backend::Cube, D>(value, after, listener);
    }
    // A backend that this crate was built without sums as it likes, and tells nobody before the end.
    drop((after, listener));
    value.into_tensor()
}

fn gather<B: Backend, const D: usize>(
    value: Operand,
    after: [Option<Operand>; 2],
    listener: Option<GradientListener>,
) -> Tensor<D>
where
    DispatchTensor: DispatchKindConversion<Autodiff<B>>,
{
    let (value, node) = tracked::<B>(value).into_parts();
    let constant = || FloatTensor::<Autodiff<B>>::new(value.clone());
    let [first, second] = after.map(|after| after.map_or_else(constant, tracked::<B>).into_parts().1);
    // The backward pass walks from the last input to the first, as it does through attention.
    let nodes = [first, second, node];
    let output = match Gather.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(listener, value),
        OpsKind::UnTracked(prepared) => prepared.finish(value),
    };
    Tensor::from_primitive::<Autodiff<B>>(output)
}

/// Hands the sum of the gradients of a tensor's uses on, and tells it to whoever listens.
#[derive(Debug)]
struct Gather;

impl<B: Backend> Backward<B, 3> for Gather
where
    DispatchTensor: DispatchKindConversion<Autodiff<B>>,
{
    type State = Option<GradientListener>;

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        if let Some(GradientListener(listen)) = ops.state {
            let constant = operand::<B>(FloatTensor::<Autodiff<B>>::new(gradient.clone()));
            listen(constant.into_flat());
        }
        if let [_, _, Some(parent)] = ops.parents {
            gradients.register::<B>(parent.id, gradient);
        }
    }
}

/// True when the first input is tracked by the autodiff of a backend.
fn is_on<B: Backend>(inputs: &[Operand]) -> bool
where
    DispatchTensor: DispatchKindConversion<Autodiff<B>>,
{
    inputs
        .first()
        .is_some_and(|input| input.clone().into_tensor::<1>().try_into_primitive::<Autodiff<B>>().is_ok())
}

fn record<B: Backend, const D: usize>(
    inputs: Vec<Operand>,
    forward: impl FnOnce(Vec<Operand>) -> Tensor<D>,
    again: impl FnOnce(Vec<Operand>) -> Tensor<D> + Send + 'static,
) -> Tensor<D>
where
    DispatchTensor: DispatchKindConversion<Autodiff<B>>,
{
    let (values, mut nodes): (Vec<_>, Vec<_>) =
        inputs.into_iter().map(|input| tracked::<B>(input).into_parts()).unzip();
    let constant = |value: &FloatTensor<B>| operand::<B>(FloatTensor::<Autodiff<B>>::new(value.clone()));
    let output = tracked::<B>(Operand::new(forward(values.iter().map(constant).collect()))).into_primitive();
    while nodes.len() < MOST {
        let (_, node) = FloatTensor::<Autodiff<B>>::new(output.clone()).into_parts();
        nodes.push(node);
    }
    let nodes: [_; MOST] = nodes.try_into().unwrap_or_else(|_| panic!("a piece of over {MOST} inputs"));
    let piece = Piece { values, again: Box::new(move |inputs| tracked::<B>(Operand::new(again(inputs)))) };
    let output = match Again.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(Once(Arc::new(Mutex::new(Some(piece)))), output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    };
    Tensor::from_primitive::<Autodiff<B>>(output)
}

fn tracked<B: Backend>(input: Operand) -> FloatTensor<Autodiff<B>>
where
    DispatchTensor: DispatchKindConversion<Autodiff<B>>,
{
    let tensor = input.into_tensor::<1>().try_into_primitive::<Autodiff<B>>();
    tensor.expect("all tensors of a piece are on one autodiff device")
}

fn operand<B: Backend>(tensor: FloatTensor<Autodiff<B>>) -> Operand
where
    DispatchTensor: DispatchKindConversion<Autodiff<B>>,
{
    Operand::new(Tensor::<1>::from_primitive::<Autodiff<B>>(tensor))
}

/// The forward pass of a piece that is to be computed again.
type Forward<B> = Box<dyn FnOnce(Vec<Operand>) -> FloatTensor<Autodiff<B>> + Send>;

/// A piece with the values of its inputs.
struct Piece<B: Backend> {
    values: Vec<FloatTensor<B>>,
    again: Forward<B>,
}

/// A state that one backward pass takes.
struct Once<T>(Arc<Mutex<Option<T>>>);

impl<T> Once<T> {
    fn take(self) -> T {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.expect("a piece is differentiated once")
    }
}

impl<T> Clone for Once<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Once<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Once")
    }
}

/// Computes a piece again, and takes the gradient of its output to those of its inputs.
#[derive(Debug)]
struct Again;

impl<B: Backend> Backward<B, MOST> for Again
where
    DispatchTensor: DispatchKindConversion<Autodiff<B>>,
{
    type State = Once<Piece<B>>;

    fn backward(self, ops: Ops<Self::State, MOST>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let upstream = gradients.consume::<B>(&ops.node);
        let Piece { values, again } = ops.state.take();
        let leaf = |(value, parent): (FloatTensor<B>, &Option<_>)| {
            let leaf = FloatTensor::<Autodiff<B>>::new(value);
            if parent.is_some() { leaf.require_grad() } else { leaf }
        };
        let leaves: Vec<_> = values.into_iter().zip(&ops.parents).map(leaf).collect();
        let output = again(leaves.iter().cloned().map(operand::<B>).collect());
        let mut found = with_gradient::<B>(output, upstream).backward();
        for (parent, leaf) in ops.parents.into_iter().zip(leaves) {
            if let (Some(parent), Some(gradient)) = (parent, leaf.grad_remove(&mut found)) {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}

/// A root for the backward pass of an output, `[..]`, whose gradient is given.
fn with_gradient<B: Backend>(
    output: FloatTensor<Autodiff<B>>,
    gradient: FloatTensor<B>,
) -> FloatTensor<Autodiff<B>> {
    let (value, node) = output.into_parts();
    let root = B::float_zeros([1].into(), &value.device(), value.dtype().into());
    match Given.prepare::<NoCheckpointing>([node]).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(gradient, root),
        OpsKind::UnTracked(prepared) => prepared.finish(root),
    }
}

/// Hands a given gradient on, whatever its own is.
#[derive(Debug)]
struct Given;

impl<B: Backend> Backward<B, 1> for Given {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            gradients.register::<B>(parent.id, ops.state);
        }
    }
}
