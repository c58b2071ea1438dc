//! A fused operation as one step of burn's autodiff graph on flex.

use std::fmt;
use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, DispatchTensor, Flex};
use burn::tensor::{Device, Shape, Tensor, TensorData};

type Tracked = FloatTensor<Autodiff<Flex>>;
type Plain = FloatTensor<Flex>;

/// True when the tensors of a device are slices of this process.
pub(super) fn applies(device: &Device) -> bool {
    device.clone().inner() == Device::flex()
}

/// The tensors that an operation reads, all on flex.
pub(super) struct Inputs {
    tensors: Vec<DispatchTensor>,
    differentiable: bool,
}

impl Inputs {
    /// The first input, `[..]`.
    pub(super) fn new<const D: usize>(first: Tensor<D>) -> Self {
        Self { differentiable: first.is_autodiff(), tensors: vec![first.into_dispatch()] }
    }

    /// Adds another input, `[..]`.
    pub(super) fn and<const D: usize>(mut self, next: Tensor<D>) -> Self {
        self.tensors.push(next.into_dispatch());
        self
    }

    /// Runs `forward` on the inputs' values and records `backward`, which gets the values, the results that `forward`
    /// has kept, and the gradient of the output, and gives the gradients of the first inputs, or of all.
    ///
    /// # Shapes
    ///
    /// - values and gradients of inputs: those of the inputs, flat; output and its gradient: `[..]` as in `shape`
    pub(super) fn run<const D: usize, S: Send + Sync + 'static>(
        self,
        shape: [usize; D],
        forward: impl FnOnce(&[&[f32]]) -> (Vec<f32>, S),
        backward: impl Fn(&[&[f32]], &S, &[f32]) -> Vec<Vec<f32>> + Send + Sync + 'static,
    ) -> Tensor<D> {
        if !self.differentiable {
            let inputs: Vec<Plain> = self.tensors.into_iter().map(plain).collect();
            let (values, _) = forward(&slices(&inputs));
            return Tensor::from_primitive::<Flex>(tensor(values, Shape::from(shape.to_vec())));
        }
        let tracked: Vec<Tracked> = self.tensors.into_iter().map(tracked).collect();
        let inputs: Vec<Plain> = tracked.iter().map(|tensor| tensor.primitive().to_contiguous()).collect();
        let (values, kept) = forward(&slices(&inputs));
        let output = tensor(values, Shape::from(shape.to_vec()));
        let step = Step(Arc::new(move |gradient| {
            let gradients = backward(&slices(&inputs), &kept, gradient);
            let shapes = inputs.iter().map(|input| input.layout().shape().clone());
            gradients.into_iter().zip(shapes).map(|(values, shape)| tensor(values, shape)).collect()
        }));
        Tensor::from_primitive::<Autodiff<Flex>>(record(tracked, step, output))
    }
}

/// Reads the values of a tensor without autodiff, `[..]`.
pub(super) fn with_values<const D: usize, R>(tensor: &Tensor<D>, read: impl FnOnce(&[f32]) -> R) -> R {
    let tensor = plain(tensor.clone().into_dispatch());
    read(tensor.as_slice().expect("contiguous 32-bit floats"))
}

fn plain(tensor: DispatchTensor) -> Plain {
    let tensor = Tensor::<1>::from_dispatch(tensor).try_into_primitive::<Flex>();
    tensor.expect("all inputs of an operation are on one device").to_contiguous()
}

fn tracked(tensor: DispatchTensor) -> Tracked {
    let tensor = Tensor::<1>::from_dispatch(tensor).try_into_primitive::<Autodiff<Flex>>();
    tensor.expect("all inputs of an operation are on one autodiff device")
}

/// The values of tensors, `[..]` each.
fn slices(tensors: &[Plain]) -> Vec<&[f32]> {
    tensors.iter().map(|tensor| tensor.as_slice().expect("contiguous 32-bit floats")).collect()
}

/// A tensor of values, `[..]`.
fn tensor(values: Vec<f32>, shape: Shape) -> Plain {
    Plain::from_data(TensorData::new(values, shape))
}

/// Takes the gradient of an output to those of its inputs.
type BackwardPass = dyn Fn(&[f32]) -> Vec<Plain> + Send + Sync;

/// The backward pass of one recorded operation.
#[derive(Clone)]
struct Step(Arc<BackwardPass>);

impl fmt::Debug for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Step")
    }
}

#[derive(Debug)]
struct Fused;

impl<const N: usize> Backward<Flex, N> for Fused {
    type State = Step;

    fn backward(self, ops: Ops<Step, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let of_inputs = ops.state.0(gradient.as_slice().expect("contiguous 32-bit floats"));
        for (parent, of_input) in ops.parents.into_iter().zip(of_inputs) {
            if let Some(parent) = parent {
                gradients.register::<Flex>(parent.id, of_input);
            }
        }
    }
}

/// Hangs the output into the graph below its inputs.
fn record(inputs: Vec<Tracked>, step: Step, output: Plain) -> Tracked {
    macro_rules! by_length {
        ($($n:literal)*) => {
            match inputs.len() {
                $($n => record_exactly::<$n>(inputs, step, output),)*
                more => panic!("an operation of {more} inputs"),
            }
        };
    }
    by_length!(1 2 3 4 5 6 7 8 9 10 11 12)
}

fn record_exactly<const N: usize>(inputs: Vec<Tracked>, step: Step, output: Plain) -> Tracked {
    let nodes: Vec<_> = inputs.iter().map(|input| input.node()).collect();
    let nodes: [_; N] = nodes.try_into().expect("the number of inputs was matched");
    match Fused.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(step, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}
