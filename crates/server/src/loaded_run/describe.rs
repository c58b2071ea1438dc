//! Runs as the interface lists them: model, tasks, sides and vocabularies.

use any2any_adapter::{Adapter, AnyMedium, Head, Kind, Stem};
use any2any_architecture::{Architecture, Positions};
use any2any_experiment::spec;
use any2any_run::Task;

use super::LoadedRun;
use crate::api_error::ApiError;
use crate::protocol::{self, Body, Checkpoint, RunModel, Side, TaskLanguages, Vocabulary};

impl LoadedRun {
    /// The model's entry in the list of runs.
    pub(crate) fn describe(&self, checkpoints: Vec<Checkpoint>) -> RunModel {
        let Architecture { encoder, decoder, .. } = &self.architecture;
        let transformer = decoder.transformer();
        RunModel {
            body: match (encoder, transformer) {
                (_, None) => Body::Lstm,
                (Some(_), Some(_)) => Body::Transformer,
                (None, Some(_)) => Body::DecoderOnly,
            },
            d_model: decoder.d_model,
            d_ff: transformer.map_or(0, |layers| layers.feed_forward.d_ff),
            heads: decoder.self_attention().map_or(0, |attention| attention.heads),
            encoder_layers: encoder.as_ref().map_or(0, |encoder| encoder.layers()),
            decoder_layers: decoder.layers(),
            parameters: self.parameters,
            norm: transformer.map(|layers| layers.placement),
            positions: match decoder.positions {
                Positions::Sinusoidal { .. } => Some(spec::Positions::Sinusoidal),
                Positions::Learned { .. } => Some(spec::Positions::Learned),
                Positions::Rotary => Some(spec::Positions::Rotary),
                Positions::Alibi => Some(spec::Positions::Alibi),
                Positions::None | Positions::Relative { .. } => None,
            },
            checkpoints,
            tasks: self.adapters.tasks().iter().map(|task| self.describe_task(task)).collect(),
        }
    }

    /// A task as it is listed.
    fn describe_task(&self, task: &Task) -> protocol::Task {
        let source = task.source_medium().zip(task.source());
        protocol::Task {
            number: task.number(),
            name: task.name().to_owned(),
            per_position: task.is_per_position(),
            source: source.map(|(medium, adapter)| side(medium, adapter.as_ref())),
            target: side(task.target_medium(), task.target().as_ref()),
            decoding: task.decoding().clone(),
            splits: self.splits(task),
            languages: task.prompt().and_then(languages),
        }
    }
}

/// The languages of a prompt; `None` if it names none.
fn languages(prompt: &spec::Prompt) -> Option<TaskLanguages> {
    let (reads_source, reads_target) = (prompt.reads_source_language(), prompt.reads_target_language());
    (reads_source || reads_target).then(|| TaskLanguages {
        known: prompt.languages.keys().cloned().collect(),
        reads_source,
        reads_target,
        source: prompt.source_language.clone(),
        target: prompt.target_language.clone(),
    })
}

/// The vocabulary of a task's target.
pub(crate) fn vocabulary(task: &Task) -> Result<Vocabulary, ApiError> {
    match task.target().head() {
        Some(Head::Softmax { vocabulary, begin, end, forbidden, .. }) => Ok(Vocabulary {
            tokens: (0..vocabulary as u32).map(|token| task.target().show(token)).collect(),
            begin,
            end,
            forbidden,
        }),
        _ => Err(ApiError::missing("this task writes frames, which have no vocabulary", "")),
    }
}

/// A side of a task as it is listed.
fn side(medium: &dyn AnyMedium, adapter: &dyn Adapter) -> Side {
    let vocabulary = match (adapter.stem(), adapter.head()) {
        (Stem::Lookup { vocabulary, .. }, _) | (_, Some(Head::Softmax { vocabulary, .. })) => {
            Some(vocabulary)
        }
        _ => None,
    };
    Side {
        medium: medium.name().to_owned(),
        kind: match medium.kind() {
            Kind::Image => protocol::Kind::Image,
            Kind::Signal => protocol::Kind::Signal,
            Kind::Custom => protocol::Kind::Items,
            _ => protocol::Kind::Text,
        },
        extensions: medium.extensions().iter().map(|&extension| extension.to_owned()).collect(),
        tokens: vocabulary.is_some(),
        vocabulary,
    }
}
