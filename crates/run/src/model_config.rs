//! From the experiment's words to the model's sizes.

use any2any_adapter::{FrameCount, Head, Stem};
use any2any_core::{
    Activation, BodyConfig, DecoderOnlyConfig, HeadConfig, Initialization, LstmAttention, LstmConfig,
    ModelConfig, NormPlacement, PositionsConfig, StemConfig, TaskConfig, TransformerConfig,
};
use any2any_experiment::spec;

use crate::adapters::AdapterSet;

/// The model of an experiment whose adapters are known.
pub fn model_config(experiment: &spec::Experiment, adapters: &AdapterSet) -> ModelConfig {
    let tied = match &experiment.model {
        spec::Model::Transformer(model) => model.tied_embeddings,
        spec::Model::DecoderOnly(model) => model.tied_embeddings,
        spec::Model::Lstm(model) => model.tied_embeddings,
    };
    let (stems, heads, alignments) = (Vec::new(), Vec::new(), Vec::new());
    let mut builder = Builder { adapters, tied, stems, heads, alignments };
    let tasks = adapters
        .tasks()
        .iter()
        .map(|task| {
            let aligns = experiment.tasks.get(&task.name).is_some_and(|task| task.losses.ctc > 0.0);
            TaskConfig {
                source: task.source.map(|adapter| builder.stem(adapter, Use::Source)),
                target: builder.stem(task.target, Use::Target),
                head: builder.head(task.target),
                alignment: aligns.then(|| builder.alignment(task.target)).flatten(),
            }
        })
        .collect();
    ModelConfig {
        body: body_config(&experiment.model),
        stems: builder.stems.into_iter().map(|(_, _, stem)| stem).collect(),
        heads: builder.heads.into_iter().map(|(_, head)| head).collect(),
        alignments: builder.alignments.into_iter().map(|(_, vocabulary)| vocabulary).collect(),
        tasks,
    }
}

/// What an adapter's sequences are used as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Both,
    Source,
    Target,
}

/// Gives every adapter its stem and head once.
struct Builder<'a> {
    adapters: &'a AdapterSet,
    tied: spec::TiedEmbeddings,
    stems: Vec<(usize, Use, StemConfig)>,
    heads: Vec<(usize, HeadConfig)>,
    alignments: Vec<(usize, usize)>,
}

impl Builder<'_> {
    fn stem(&mut self, adapter: usize, role: Use) -> usize {
        let role = if self.tied == spec::TiedEmbeddings::All { Use::Both } else { role };
        let known = self.stems.iter().position(|(of, known, _)| (*of, *known) == (adapter, role));
        known.unwrap_or_else(|| {
            let stem = match self.adapters.adapter(adapter).stem() {
                Stem::Lookup { vocabulary, .. } => StemConfig::Lookup { vocabulary },
                Stem::Projection { width } => StemConfig::Projection { width },
                Stem::Convolution { width, layers } => StemConfig::Convolution { width, layers },
                other => unreachable!("a stem without a module: {other:?}"),
            };
            self.stems.push((adapter, role, stem));
            self.stems.len() - 1
        })
    }

    fn head(&mut self, adapter: usize) -> usize {
        let known = self.heads.iter().position(|(of, _)| *of == adapter);
        known.unwrap_or_else(|| {
            let stem = self.stem(adapter, Use::Target);
            let head = match self.adapters.adapter(adapter).head() {
                Some(Head::Regression { width, length }) => {
                    HeadConfig::Frames { width, stops: matches!(length, FrameCount::UntilStop { .. }) }
                }
                Some(Head::Softmax { vocabulary, .. }) if self.tied == spec::TiedEmbeddings::None => {
                    HeadConfig::Own { vocabulary }
                }
                _ => HeadConfig::Tied { stem },
            };
            self.heads.push((adapter, head));
            self.heads.len() - 1
        })
    }

    /// The alignment head of a target medium; none for one that is not written in tokens.
    fn alignment(&mut self, adapter: usize) -> Option<usize> {
        let known = self.alignments.iter().position(|(of, _)| *of == adapter);
        known.or_else(|| match self.adapters.adapter(adapter).head() {
            Some(Head::Softmax { vocabulary, .. }) => {
                self.alignments.push((adapter, vocabulary));
                Some(self.alignments.len() - 1)
            }
            _ => None,
        })
    }
}

/// The sizes and choices of the body.
pub fn body_config(model: &spec::Model) -> BodyConfig {
    match model {
        spec::Model::Transformer(model) => BodyConfig::Transformer(TransformerConfig {
            d_model: model.d_model,
            d_ff: model.d_ff,
            heads: model.heads,
            encoder_layers: model.encoder_layers,
            decoder_layers: model.decoder_layers,
            dropout: model.dropout,
            embedding_dropout: model.embedding_dropout.unwrap_or(model.dropout),
            attention_dropout: model.attention_dropout.unwrap_or(model.dropout),
            activation_dropout: model.activation_dropout.unwrap_or(model.dropout),
            norm: norm(model.norm),
            positions: positions(model.positions, model.max_positions),
            activation: activation(model.activation),
            initialization: initialization(model.initialization),
        }),
        spec::Model::DecoderOnly(model) => BodyConfig::DecoderOnly(DecoderOnlyConfig(TransformerConfig {
            d_model: model.d_model,
            d_ff: model.d_ff,
            heads: model.heads,
            encoder_layers: 0,
            decoder_layers: model.layers,
            dropout: model.dropout,
            embedding_dropout: model.embedding_dropout.unwrap_or(model.dropout),
            attention_dropout: model.attention_dropout.unwrap_or(model.dropout),
            activation_dropout: model.activation_dropout.unwrap_or(model.dropout),
            norm: norm(model.norm),
            positions: positions(model.positions, model.max_positions),
            activation: activation(model.activation),
            initialization: initialization(model.initialization),
        })),
        spec::Model::Lstm(model) => BodyConfig::Lstm(LstmConfig {
            d_model: model.d_model,
            encoder_layers: model.encoder_layers,
            decoder_layers: model.decoder_layers,
            bidirectional: model.bidirectional,
            attention: match model.attention {
                spec::Attention::Additive => LstmAttention::Additive,
                spec::Attention::Dot => LstmAttention::Dot,
                spec::Attention::None => LstmAttention::None,
            },
            dropout: model.dropout,
        }),
    }
}

fn norm(norm: spec::NormPlacement) -> NormPlacement {
    match norm {
        spec::NormPlacement::Pre => NormPlacement::Pre,
        spec::NormPlacement::Post => NormPlacement::Post,
    }
}

fn positions(positions: spec::Positions, limit: usize) -> PositionsConfig {
    match positions {
        spec::Positions::Sinusoidal => PositionsConfig::Sinusoidal,
        spec::Positions::Learned => PositionsConfig::Learned { limit },
        spec::Positions::Rotary => PositionsConfig::Rotary,
        spec::Positions::Alibi => PositionsConfig::Alibi,
    }
}

fn activation(activation: spec::Activation) -> Activation {
    match activation {
        spec::Activation::Relu => Activation::Relu,
        spec::Activation::Gelu => Activation::Gelu,
        spec::Activation::Swiglu => Activation::Swiglu,
    }
}

fn initialization(initialization: spec::Initialization) -> Initialization {
    match initialization {
        spec::Initialization::Xavier => Initialization::Xavier,
        spec::Initialization::DepthScaled => Initialization::DepthScaled,
        spec::Initialization::DeepNorm => Initialization::DeepNorm,
    }
}
