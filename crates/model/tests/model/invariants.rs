//! Checks that hold for every architecture, whatever its choices: all are put through the same ones.

use any2any_adapter::Seed;
use any2any_architecture::{
    Activation, Architecture, DropoutRates, Initialization, LstmAttention, LstmLayers, NormPlacement,
    Positions, Stack, Stem,
};
use any2any_model::{
    AttentionKind, Initializer, Input, LossConfig, Model, ModelConfig, ModelStepper, ParameterPath, Pass,
    PerPositionStepper, SoftmaxOperands, Source, TokenTargets,
};
use any2any_search::{Beam, SearchOptions, SourceRow, Stepper, Strategy, search};
use burn::tensor::{Device, Tensor, TensorData};

const VOCABULARY: usize = 23;
const TOLERANCE: f32 = 2e-5;

fn stack(norm: NormPlacement, positions: Positions, activation: Activation, residual_scale: f64) -> Stack {
    let stack = Stack::of_transformer(16, 24, 4, 2).normalised(norm).with(|layers| {
        layers.feed_forward.activation = activation;
        layers.residual_scale = residual_scale;
    });
    Stack { positions, ..stack }
}

fn lstm(attention: LstmAttention, bidirectional: bool, layers: usize) -> Architecture {
    let of = |bidirectional, attention| Stack::of_lstm(16, LstmLayers { layers, bidirectional, attention });
    let encoder = of(bidirectional, LstmAttention::None);
    Architecture::of_text(Some(encoder), of(false, attention), VOCABULARY)
}

/// Every model under test, by a name for failures.
pub(crate) fn models() -> Vec<(String, ModelConfig)> {
    use Initialization::{DeepNorm, DepthScaled, Xavier};
    let config = |architecture, initialization| ModelConfig {
        architecture,
        dropout: DropoutRates::everywhere(0.2),
        initialization,
    };
    let mut models = Vec::new();
    for (norm, positions, activation, initialization) in [
        (NormPlacement::Pre, Positions::SINUSOIDAL, Activation::Relu, Xavier),
        (NormPlacement::Post, Positions::SINUSOIDAL, Activation::Relu, Xavier),
        (NormPlacement::Post, Positions::Learned { limit: 32, offset: 0 }, Activation::Gelu, DeepNorm),
        (NormPlacement::Pre, Positions::Rotary, Activation::Swiglu, DepthScaled),
        (NormPlacement::Pre, Positions::Alibi, Activation::Gelu, Xavier),
    ] {
        let stack = |scale| stack(norm, positions, activation, scale);
        let encoder = stack(initialization.encoder(2, 2).residual_scale);
        let decoder = stack(initialization.decoder(2).residual_scale).attending();
        let alone = stack(initialization.decoder_only(2).residual_scale);
        let name = format!("{norm:?} {positions:?} {activation:?} {initialization:?}");
        let transformer = Architecture::of_text(Some(encoder), decoder, VOCABULARY);
        models.push((format!("transformer {name}"), config(transformer, initialization)));
        let decoder_only = Architecture::of_text(None, alone, VOCABULARY);
        models.push((format!("decoder-only {name}"), config(decoder_only, initialization)));
    }
    for (attention, bidirectional, layers) in [
        (LstmAttention::Additive, true, 1),
        (LstmAttention::Additive, false, 2),
        (LstmAttention::Dot, true, 2),
        (LstmAttention::None, true, 1),
    ] {
        let architecture = lstm(attention, bidirectional, layers);
        models.push((format!("lstm {attention:?} {bidirectional} {layers}"), config(architecture, Xavier)));
    }
    for (name, architecture) in Architecture::families(VOCABULARY) {
        models.push((name.to_owned(), config(architecture, Xavier)));
    }
    models
}

pub(crate) fn model(config: &ModelConfig, device: &Device) -> Model {
    config.init(&Initializer::new(Seed(4), device))
}

/// Every parameter has the name and the shape that the architecture says.
#[test]
fn parameters_are_those_of_the_architecture() {
    for (name, config) in models() {
        let mut named = Named::default();
        burn::module::Module::visit(&model(&config, &Device::default()), &mut named);
        let mut expected: Vec<_> =
            config.architecture.parameters().into_iter().map(|of| (of.name, of.shape)).collect();
        expected.sort();
        named.found.sort();
        assert_eq!(named.found, expected, "{name}");
    }
}

/// Gathers names and shapes.
#[derive(Default)]
struct Named {
    path: ParameterPath,
    found: Vec<(String, Vec<usize>)>,
}

impl burn::module::ModuleVisitor for Named {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.leave(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
        self.found.push((self.path.name(), param.val().dims().to_vec()));
    }
}

/// RowSelection of tokens, padded with 0.
pub(crate) fn padded(rows: &[&[i32]]) -> (Vec<i32>, Vec<usize>) {
    let longest = rows.iter().map(|row| row.len()).max().unwrap_or(0);
    let mut values = Vec::new();
    for row in rows {
        values.extend_from_slice(row);
        values.extend(std::iter::repeat_n(0, longest - row.len()));
    }
    (values, rows.iter().map(|row| row.len()).collect())
}

pub(crate) fn source(model: &Model, rows: &[&[i32]]) -> Option<Source> {
    model.architecture().encoder.as_ref()?;
    let (values, lengths) = padded(rows);
    let stem = &model.architecture().stems[model.architecture().tasks[0].source?].part;
    let input = match *stem {
        // A wave a token stands for frames.
        Stem::ClassTokens { width, .. } => {
            let wave = |&token: &i32| (0..width).map(move |at| ((token * (at as i32 + 1)) as f32).sin());
            let frames: Vec<f32> = values.iter().flat_map(wave).collect();
            let shape = [rows.len(), values.len() / rows.len(), width];
            Input::Frames(Tensor::from_data(TensorData::new(frames, shape), &model.device()))
        }
        _ => model.tokens(values, rows.len()),
    };
    Some(Source { input, lengths })
}

/// Positions of the encoder for a source of so many tokens, class tokens among them.
fn source_positions(architecture: &Architecture, tokens: usize) -> usize {
    let source = architecture.tasks[0].source;
    source.map_or(tokens, |stem| architecture.stems[stem].part.positions(tokens))
}

fn logits(model: &Model, sources: &[&[i32]], targets: &[&[i32]], pass: &mut Pass) -> Tensor<3> {
    let (values, _) = padded(targets);
    let hidden = model.forward(0, source(model, sources), model.tokens(values, targets.len()), pass);
    model.logits(0, hidden)
}

fn distance(a: Tensor<3>, b: Tensor<3>) -> f32 {
    (a - b).abs().max().into_scalar()
}

pub(crate) const SOURCES: [&[i32]; 3] = [&[5, 9, 3, 7, 22], &[4, 4], &[11, 6, 8]];
pub(crate) const TARGETS: [&[i32]; 3] = [&[2, 8, 9], &[2, 7, 12, 13, 5, 6], &[2]];

#[test]
fn padding_and_batch_mates_change_nothing() {
    for (name, config) in models() {
        let model = model(&config, &Device::default());
        let together = logits(&model, &SOURCES, &TARGETS, &mut Pass::evaluation());
        for row in 0..SOURCES.len() {
            let alone = logits(&model, &[SOURCES[row]], &[TARGETS[row]], &mut Pass::evaluation());
            let length = TARGETS[row].len();
            let same = together.clone().narrow(0, row, 1).narrow(1, 0, length);
            let difference = distance(alone, same);
            assert!(difference < TOLERANCE, "{name}: row {row} differs by {difference}");
        }
    }
}

#[test]
fn the_future_changes_nothing() {
    for (name, config) in models() {
        let model = model(&config, &Device::default());
        let run = |target: &[i32]| logits(&model, &SOURCES[..1], &[target], &mut Pass::evaluation());
        let difference =
            distance(run(&[2, 8, 9, 10, 11]).narrow(1, 0, 3), run(&[2, 8, 9, 21, 3]).narrow(1, 0, 3));
        assert!(difference < TOLERANCE, "{name}: positions see the future, by {difference}");
    }
}

#[test]
#[allow(clippy::needless_range_loop)] // the position counts steps, and rows change places in between
fn one_by_one_with_a_cache_equals_all_at_once() {
    for (name, config) in models() {
        let model = model(&config, &Device::default());
        let targets: [&[i32]; 3] = [&[2, 8, 9, 4], &[2, 7, 12, 13], &[2, 3, 20, 6]];
        let at_once = logits(&model, &SOURCES, &targets, &mut Pass::evaluation());
        let mut stepper = ModelStepper::new(&model, 0, source(&model, &SOURCES), &mut Pass::evaluation());
        // After two positions the rows change places and one is doubled, as in a beam.
        let mut rows = vec![0, 1, 2];
        for position in 0..targets[0].len() {
            if position == 2 {
                rows = vec![2, 0, 0, 1];
                stepper.select(&rows).expect("infallible");
            }
            let tokens: Vec<u32> = rows.iter().map(|&row| targets[row][position] as u32).collect();
            let stepped = stepper.step(&tokens).expect("infallible");
            for (place, &row) in rows.iter().enumerate() {
                let stepped = &stepped[place * VOCABULARY..][..VOCABULARY];
                let expected = at_once.clone().narrow(0, row, 1).narrow(1, position, 1);
                let stepped = Tensor::from_data(
                    TensorData::new(stepped.to_vec(), [1, 1, VOCABULARY]),
                    &Device::default(),
                );
                let difference = distance(stepped, expected);
                assert!(
                    difference < TOLERANCE,
                    "{name}: position {position} of row {row} differs by {difference}"
                );
            }
        }
    }
}

#[test]
fn traced_attention_sums_to_one_and_changes_nothing() {
    for (name, config) in models() {
        let model = model(&config, &Device::default());
        let mut pass = Pass::traced();
        let traced = logits(&model, &SOURCES, &TARGETS, &mut pass);
        let plain = logits(&model, &SOURCES, &TARGETS, &mut Pass::evaluation());
        assert!(distance(traced, plain) < TOLERANCE, "{name}");
        let trace = pass.into_trace();
        let attends = |stack: &Stack| match (stack.transformer(), stack.lstm()) {
            (Some(layers), _) => {
                let own = usize::from(stack.self_attention().is_some());
                layers.layers * (own + usize::from(layers.cross_attention.is_some()))
            }
            (_, lstm) => lstm.map_or(0, |lstm| usize::from(lstm.attention != LstmAttention::None)),
        };
        let expected: usize = config.architecture.stacks().map(|(_, stack)| attends(stack)).sum();
        assert_eq!(trace.attention().len(), expected, "{name}");
        for attention in trace.attention() {
            let [batch, _, queries, keys] = attention.weights.dims();
            let positions = |tokens| source_positions(&config.architecture, tokens);
            let expected =
                if attention.place.kind == AttentionKind::CrossAttention { positions(5) } else { keys };
            assert_eq!((batch, keys), (3, expected), "{name}");
            let sums = attention.weights.clone().sum_dim(3) - 1.0;
            let worst: f32 = sums.abs().max().into_scalar();
            assert!(worst < 1e-5, "{name}: {queries} rows sum to 1 but for {worst}");
            if attention.place.kind == AttentionKind::CrossAttention {
                let (inside, all) = (positions(2), positions(5));
                let row = attention.weights.clone().narrow(0, 1, 1);
                let beyond: f32 = row.narrow(3, inside, all - inside).max().into_scalar();
                assert!(beyond < 1e-6, "{name}: padding is looked at, by {beyond}");
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_weights_and_dropout() {
    for (name, config) in models() {
        let device = Device::default().autodiff();
        let run = |step| {
            let mut pass = Pass::training(Seed(9), step);
            logits(&model(&config, &device), &SOURCES, &TARGETS, &mut pass).inner()
        };
        assert_eq!(distance(run(1), run(1)), 0.0, "{name}");
        assert!(distance(run(1), run(2)) > 1e-3, "{name}: dropout does not depend on the step");
    }
}

/// Every parameter's gradient points the way that a small step shows.
#[test]
fn gradients_are_those_of_the_loss() {
    for (name, config) in models() {
        let device = Device::default().autodiff();
        let model = model(&config, &device);
        let (targets, _) = padded(&TARGETS);
        let labels: Vec<u32> = targets.iter().map(|&token| (token as u32 + 3) % VOCABULARY as u32).collect();
        let loss = LossConfig { label_smoothing: 0.1, ..LossConfig::default() };
        let loss_of = |model: &Model| {
            let tokens = model.tokens(targets.clone(), TARGETS.len());
            let hidden = model.forward(0, source(model, &SOURCES), tokens, &mut Pass::evaluation());
            let rows = labels.len();
            let SoftmaxOperands { rows, table } = model.softmax(0, hidden.reshape([rows, 16]));
            loss.forward(rows, table, TokenTargets { tokens: &labels, padding: 0 }, 1.0)
        };
        let (before, surrogate) = loss_of(&model);
        let gradients = burn::optim::GradientsParams::from_grads(surrogate.backward(), &model);
        // A step of this length against the gradient lowers the loss by about its squared norm times it.
        let rate = 1e-4;
        let mut mover = Mover { gradients, rate, squared: 0.0 };
        let moved = burn::module::Module::map(model, &mut mover);
        let (after, _) = loss_of(&moved);
        let expected = rate * mover.squared;
        let fallen = before.smoothed - after.smoothed;
        assert!(
            (fallen / expected - 1.0).abs() < 0.1,
            "{name}: the loss fell by {fallen}, its gradient foretold {expected}"
        );
    }
}

/// Moves every parameter against its gradient.
struct Mover {
    gradients: burn::optim::GradientsParams,
    rate: f64,
    squared: f64,
}

impl burn::module::ModuleMapper for Mover {
    fn map_float<const D: usize>(
        &mut self,
        param: burn::module::Param<Tensor<D>>,
    ) -> burn::module::Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        let squared: f32 = gradient.clone().square().sum().into_scalar();
        self.squared += f64::from(squared);
        param.map(|value| Tensor::from_inner(value.inner() - gradient * self.rate).require_grad())
    }
}

/// Every position says what it is by itself: search finds the best of each, as many as the source is given.
#[test]
fn aligned_targets_are_written_at_once() {
    let reads = |config: &ModelConfig| {
        let Architecture { encoder, decoder, .. } = &config.architecture;
        encoder.as_ref().is_some_and(|encoder| encoder.d_model == decoder.d_model)
    };
    for (name, config) in models().into_iter().filter(|(_, config)| reads(config)) {
        let model = model(&config, &Device::default());
        let source = source(&model, &SOURCES).expect("a body with an encoder");
        let pass = &mut Pass::evaluation();
        let memory = model.encode(0, source.clone(), pass).expect("a body with an encoder");
        let logits = model.logits(0, model.decode_per_position(0, &memory, 5, pass));
        let logits: Vec<f32> = logits.into_data().try_into_vec().expect("32-bit floats");
        let lengths = [5, 1, 3];
        let rows: Vec<SourceRow> = lengths
            .iter()
            .enumerate()
            .map(|(id, &length)| SourceRow {
                id: id as u64,
                prefix: vec![],
                min_length: length,
                max_length: length,
            })
            .collect();
        let beam = Strategy::Beam(Beam { size: 3, length_penalty: 1.0, n_best: 3 });
        for strategy in [Strategy::Greedy, beam] {
            let mut stepper = PerPositionStepper::new(
                &model,
                0,
                source.clone(),
                lengths.to_vec(),
                3,
                &mut Pass::evaluation(),
            );
            let options = SearchOptions { strategy, ..SearchOptions::default() };
            let found = search(&mut stepper, &rows, 2, 3, &[0, 1, 2], &options).expect("a valid search");
            for (row, &length) in lengths.iter().enumerate() {
                let best = |place: usize| {
                    let logits = &logits[(row * 5 + place) * VOCABULARY..][..VOCABULARY];
                    (4..VOCABULARY).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).expect("tokens") as u32
                };
                let expected: Vec<u32> = (0..length).map(best).collect();
                assert_eq!(found[row][0].tokens, expected, "{name}: row {row}");
                assert!(found[row][0].log_probability > -1e3, "{name}: the end costs nothing");
            }
        }
    }
}

#[test]
fn search_runs_on_every_body() {
    for (name, config) in models() {
        let model = model(&config, &Device::default());
        let rows: Vec<SourceRow> = (0..SOURCES.len())
            .map(|id| SourceRow { id: id as u64, prefix: vec![], min_length: 0, max_length: 8 })
            .collect();
        let run = |sources: &[&[i32]], rows: &[SourceRow], strategy: Strategy| {
            let mut stepper = ModelStepper::new(&model, 0, source(&model, sources), &mut Pass::evaluation());
            let options = SearchOptions { strategy, ..SearchOptions::default() };
            search(&mut stepper, rows, 2, 3, &[0, 1, 2], &options).expect("a valid search")
        };
        let beam = |size| Strategy::Beam(Beam { size, length_penalty: 1.0, n_best: 1 });
        let greedy = run(&SOURCES, &rows, Strategy::Greedy);
        let narrow = run(&SOURCES, &rows, beam(1));
        let wide = run(&SOURCES, &rows, beam(4));
        for row in 0..SOURCES.len() {
            assert_eq!(greedy[row][0].tokens, narrow[row][0].tokens, "{name}: a beam of 1 is greedy");
            assert!(
                wide[row][0].score >= greedy[row][0].score_under(1.0) - 1e-6,
                "{name}: beam is below greedy"
            );
            let alone = run(&SOURCES[row..=row], &rows[row..=row], beam(4));
            assert_eq!(alone[0][0].tokens, wide[row][0].tokens, "{name}: batch-mates change row {row}");
        }
    }
}
