//! Resolution of an experiment and its fitted adapters to the model's architecture.

use any2any_adapter::{FrameCount, Head, Stem};
use any2any_architecture::{Architecture, Block, Entry, Head as HeadData, Stem as StemData, TaskParts};
use any2any_experiment::spec;
use any2any_model::{ModelConfig, block_weights};

use crate::adapters::AdapterSet;

/// The model configuration of an experiment with fitted adapters.
pub fn model_config(experiment: &spec::Experiment, adapters: &AdapterSet) -> ModelConfig {
    ModelConfig {
        architecture: architecture(experiment, adapters),
        dropout: experiment.model.dropout(),
        initialization: experiment.model.initialization(),
    }
}

/// The architecture of an experiment with fitted adapters.
pub fn architecture(experiment: &spec::Experiment, adapters: &AdapterSet) -> Architecture {
    let (encoder, decoder) = experiment.model.stacks();
    let mut parts = Parts {
        adapters,
        model: &experiment.model,
        d_model: decoder.d_model,
        stems: Vec::new(),
        heads: Vec::new(),
        alignments: Vec::new(),
    };
    let tasks = adapters
        .tasks()
        .iter()
        .map(|task| {
            let name = task.name();
            let (source, target) = adapters.numbers(task);
            let aligns = task.spec().losses.ctc > 0.0;
            TaskParts {
                name: name.to_owned(),
                source: source.map(|adapter| parts.stem(adapter, Use::Source, name)),
                target: parts.stem(target, Use::Target, name),
                head: parts.head(target, name),
                alignment: aligns.then(|| parts.alignment(target, name)).flatten(),
            }
        })
        .collect();
    let width = encoder.as_ref().map_or(decoder.d_model, |encoder| encoder.d_model);
    Architecture {
        encoder,
        decoder,
        encoder_blocks: encoder_blocks(experiment, width),
        stems: parts.stems.into_iter().map(|(_, stem)| stem).collect(),
        heads: parts.heads.into_iter().map(|(_, head)| head).collect(),
        alignments: parts.alignments.into_iter().map(|(_, alignment)| alignment).collect(),
        tasks,
    }
}

/// The blocks of the program's own that an experiment chooses.
pub fn encoder_blocks(experiment: &spec::Experiment, d_model: usize) -> Vec<Block> {
    let spec::Model::Transformer(model) = &experiment.model.kind else { return Vec::new() };
    let data = |block: &spec::Plugged| Block {
        name: block.name.clone(),
        options: block.options.clone(),
        weights: block.live.as_ref().and_then(|live| block_weights(live, d_model)).unwrap_or_default(),
        live: block.live.clone(),
    };
    model.encoder_blocks.iter().map(data).collect()
}

/// The sides on which an adapter is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Both,
    Source,
    Target,
}

/// Collects one stem and one head for every adapter, named after the first task that uses them.
struct Parts<'a> {
    adapters: &'a AdapterSet,
    model: &'a spec::Model,
    d_model: usize,
    stems: Vec<((usize, Use), Entry<StemData>)>,
    heads: Vec<(usize, Entry<HeadData>)>,
    alignments: Vec<(usize, Entry<usize>)>,
}

impl Parts<'_> {
    fn stem(&mut self, adapter: usize, side: Use, task: &str) -> usize {
        let name = if side == Use::Source { "source" } else { "target" };
        let joint = self.model.has_joint_vocabulary();
        let all = joint || self.model.tied_embeddings() == spec::TiedEmbeddings::All;
        let side = if all { Use::Both } else { side };
        let read = self.adapters.adapter(adapter).stem();
        let known = self.stems.iter().position(|(of, known)| {
            let alike = || matches!(read, Stem::Lookup { vocabulary, .. } if known.part.vocabulary() == Some(vocabulary));
            *of == (adapter, side) || joint && alike()
        });
        known.unwrap_or_else(|| {
            let stem = match read {
                Stem::Lookup { vocabulary, .. } => {
                    StemData::Lookup { vocabulary, scale: self.model.embedding_scale(self.d_model) }
                }
                Stem::Projection { width } => StemData::Projection { width },
                Stem::Convolution { width, layers } => StemData::Convolution { width, layers },
                Stem::ClassTokens { width, tokens } => StemData::ClassTokens { width, tokens },
                other => unreachable!("a stem without a module: {other:?}"),
            };
            self.stems.push(((adapter, side), Entry::new(format!("{task}.{name}"), stem)));
            self.stems.len() - 1
        })
    }

    fn head(&mut self, adapter: usize, task: &str) -> usize {
        let known = self.heads.iter().position(|(of, _)| *of == adapter);
        known.unwrap_or_else(|| {
            let stem = self.stem(adapter, Use::Target, task);
            let head = match self.adapters.adapter(adapter).head() {
                Some(Head::Regression { width, length }) => {
                    HeadData::Frames { width, stops: matches!(length, FrameCount::UntilStop { .. }) }
                }
                Some(Head::Softmax { vocabulary, .. }) => self.model.softmax(vocabulary, stem),
                _ => self.model.softmax(self.stems[stem].1.part.vocabulary().unwrap_or(0), stem),
            };
            self.heads.push((adapter, Entry::new(format!("{task}.target"), head)));
            self.heads.len() - 1
        })
    }

    /// The alignment head (CTC) of a target medium; `None` if it is not written in tokens.
    fn alignment(&mut self, adapter: usize, task: &str) -> Option<usize> {
        let known = self.alignments.iter().position(|(of, _)| *of == adapter);
        known.or_else(|| match self.adapters.adapter(adapter).head() {
            Some(Head::Softmax { vocabulary, .. }) => {
                self.alignments.push((adapter, Entry::new(format!("{task}.target"), vocabulary)));
                Some(self.alignments.len() - 1)
            }
            _ => None,
        })
    }
}
