//! The engine beside the model that it is made from: every choice of body, the same scores and hypotheses.

use std::collections::BTreeMap;

use any2any_adapter::{Random, Seed, Sequence};
use any2any_core::{
    Activation, BodyConfig, DecoderOnlyConfig, HeadConfig, Initialization, Initializer, Input, LstmAttention,
    LstmConfig, Model, ModelConfig, ModelStepper, NormPlacement, PositionsConfig, Source, StemConfig,
    TaskConfig, TransformerConfig,
};
use any2any_inference::{Engine, EngineError, EngineStepper, Parameter, Parameters, Precision};
use any2any_search::{
    Answer, Beam, Hypothesis, SearchOptions, SourceRow, Stepper, Strategy, Wanted, search,
};
use any2any_train::{Weights, weights, with_weights};
use burn::tensor::{Device, Tensor, TensorData};

const VOCABULARY: usize = 61;
const TOLERANCE: f32 = 1e-4;
const (BEGIN, END): (u32, u32) = (2, 3);

struct Named(BTreeMap<String, Weights>);

impl Parameters for Named {
    fn get(&self, name: &str) -> Option<Parameter<'_>> {
        self.0.get(name).map(|Weights { shape, values }| Parameter { shape, values })
    }
}
