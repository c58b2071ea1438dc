//! A neural entrance of one's own: a burn module between a medium's frames and the shared body, without a fork.
//!
//! The model is generic over its stems (`Model<S: Entrance>`). Here sources go through a gated projection that
//! any2any does not have, and targets through the built-in table of embeddings; body, loss and everything else
//! are the library's. The model learns to name which column of each frame is the largest.
//!
//!     cargo run --release -p any2any-model --example custom_entrance

use any2any_adapter::{Random, Seed};
use any2any_architecture::{Architecture, Entry, Stack, Stem};
use any2any_model::{
    Entrance, Initializer, Input, InputStem, LossConfig, Model, ModelConfig, Pass, SoftmaxOperands, Source,
    TokenTargets,
};
use burn::module::Module;
use burn::nn::Linear;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData, activation};

const WIDTH: usize = 6;
const FRAMES: usize = 5;
const ROWS: usize = 16;
const D_MODEL: usize = 32;
/// Padding, begin, then a token for each column.
const BEGIN: u32 = 1;
const FIRST: u32 = 2;

/// Frames through two projections, of which one opens and shuts the other (Dauphin et al. 2017).
#[derive(Module, Debug)]
struct Gated {
    value: Linear,
    gate: Linear,
}

/// Entrances of the model.
#[derive(Module, Debug)]
enum Mine {
    /// Our own, for sources.
    Gated(Gated),
    /// A built-in one, for targets.
    BuiltIn(InputStem),
}

impl Entrance for Mine {
    fn forward(&self, input: Input, lengths: &[usize]) -> Tensor<3> {
        match (self, input) {
            (Mine::Gated(gated), Input::Frames(frames)) => {
                gated.value.forward(frames.clone()) * activation::sigmoid(gated.gate.forward(frames))
            }
            (Mine::Gated(_), Input::Tokens(_)) => panic!("the gated entrance embeds frames"),
            (Mine::BuiltIn(stem), input) => stem.forward(input, lengths),
        }
    }

    fn table(&self) -> Option<Tensor<2>> {
        match self {
            Mine::Gated(_) => None,
            Mine::BuiltIn(stem) => stem.table(),
        }
    }
}

fn model(device: &Device) -> Model<Mine> {
    let initializer = Initializer::new(Seed(1), device);
    let own = initializer.child("gated");
    let gated = Gated {
        value: own.linear("value", WIDTH, D_MODEL, 1.0),
        gate: own.linear("gate", WIDTH, D_MODEL, 1.0),
    };
    let vocabulary = FIRST as usize + WIDTH;
    let stack = Stack::of_transformer(D_MODEL, 64, 4, 1);
    let mut architecture = Architecture::of_text(Some(stack.clone()), stack.attending(), vocabulary);
    // The source has an entrance of its own; the architecture knows the width of its frames.
    architecture.stems.push(Entry::new("source", Stem::Projection { width: WIDTH }));
    architecture.tasks[0].source = Some(1);
    let lookup = InputStem::init(&architecture.stems[0].part, D_MODEL, &initializer.child("lookup"));
    let stems = vec![Mine::BuiltIn(lookup), Mine::Gated(gated)];
    ModelConfig::new(architecture).init_with_stems(stems, &initializer)
}

/// Frames, and for each the token of its largest column.
fn batch(random: &mut Random) -> (Vec<f32>, Vec<u32>) {
    let frames: Vec<f32> = (0..ROWS * FRAMES * WIDTH).map(|_| random.normal() as f32).collect();
    let largest = |frame: &[f32]| {
        let best = (0..WIDTH).max_by(|&a, &b| frame[a].total_cmp(&frame[b]));
        FIRST + best.unwrap_or_default() as u32
    };
    let tokens = frames.chunks_exact(WIDTH).map(largest).collect();
    (frames, tokens)
}

/// Trains for some steps; the mean loss of a token over the last of them, in nats.
fn train(steps: u64) -> f64 {
    let device = Device::default().autodiff();
    let mut model = model(&device);
    let mut optimizer = AdamConfig::new().init();
    let (mut sum, mut counted) = (0.0, 0);
    for step in 0..steps {
        let (frames, tokens) = batch(&mut Seed(2).random("batch", step));
        let frames = Tensor::from_data(TensorData::new(frames, [ROWS, FRAMES, WIDTH]), &device);
        let source = Source { input: Input::Frames(frames), lengths: vec![FRAMES; ROWS] };
        let shifted = tokens.chunks_exact(FRAMES).flat_map(|row| {
            let earlier = row[..FRAMES - 1].iter().map(|&token| token as i32);
            std::iter::once(BEGIN as i32).chain(earlier)
        });
        let input = model.tokens(shifted.collect(), ROWS);
        let hidden = model.forward(0, Some(source), input, &mut Pass::training(Seed(1), step));
        let SoftmaxOperands { rows, table } = model.softmax(0, hidden.reshape([ROWS * FRAMES, D_MODEL]));
        let targets = TokenTargets { tokens: &tokens, padding: 0 };
        let (loss, total) = LossConfig::default().forward(rows, table, targets, 1.0 / tokens.len() as f64);
        if step + 10 >= steps {
            sum += loss.negative_log_likelihood;
            counted += loss.tokens;
        }
        let gradients = GradientsParams::from_grads(total.backward(), &model);
        model = optimizer.step(3e-3, model, gradients);
    }
    sum / counted as f64
}

fn main() {
    println!("loss of a token, where guessing costs {:.3} nats:", (WIDTH as f64).ln());
    for steps in [10, 100, 400] {
        println!("  after {steps:>3} steps  {:.3}", train(steps));
    }
}

#[test]
fn the_model_learns_through_its_own_entrance() {
    let loss = train(300);
    assert!(loss < 0.5 * (WIDTH as f64).ln(), "{loss}");
}
