//! Models of ours in the layouts of other programs: the way back of [`read`](crate::read).
//!
//! [`hugging_face`] and [`ctranslate2`](ctranslate2()) write the weights and options of one task of a model, of which an
//! [`Outgoing`] says all that they need. What a layout cannot say is refused by the name of the part ([`ExportError`]);
//! what it says in other words is said in them: a bias that is not there is one of zeros, sines and cosines that alternate
//! are put in halves with all widths in their new order, two vocabularies stand one behind the other in one table.
//!
//! Tokenizers are written by whoever has them; [`Written`] says from which number on the tokens of sources count.

mod bart;
mod ctranslate2;
mod disassembly;
mod error;
mod files;
mod gpt2;
mod gpt_neox;
mod halves;
mod options;
mod prompt;
mod sound;
mod t5;
mod tables;
mod whisper;

use std::collections::BTreeMap;
use std::path::Path;

use any2any_architecture::{
    Architecture, Mixer, Positions, Stack, Stem, TaskParts, TransformerLayers, names,
};

pub use ctranslate2::ctranslate2;
pub(crate) use disassembly::Disassembly;
pub use error::ExportError;
pub use prompt::Prompt;
pub use sound::FeatureExtractor;

use crate::generation::GenerationDefaults;
use crate::pretrained::Tensor;
use options::HuggingFace;

/// A model of ours with all that another program has to know of it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// What it is.
    pub architecture: Architecture,
    /// The number of the task that is written.
    pub task: usize,
    /// Its weights, by the architecture's names of parameters.
    pub weights: BTreeMap<String, Tensor>,
    /// The vocabulary of sources; none of a language model, and of one that reads recordings.
    pub source: Option<Vocabulary>,
    /// The vocabulary of targets.
    pub target: Vocabulary,
    /// The tokens in front of sources and outputs.
    pub prompt: Prompt,
    /// The frames that a recording becomes, of a model that reads recordings.
    pub sound: Option<FeatureExtractor>,
    /// Defaults of decoding.
    pub decoding: GenerationDefaults,
    /// The most positions of a text, where the model itself has no limit.
    pub positions: usize,
    /// The tokens that may be written for a source, if not all may.
    pub shortlist: Option<Lists>,
}

/// Lexical shortlist: target tokens by the source tokens for which they may be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// The tokens that may always be written.
    pub always: Vec<u32>,
    /// The lists of source tokens, by their numbers.
    pub of_source: Vec<Vec<u32>>,
}

/// Vocabulary of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// The names of tokens, by their numbers.
    pub names: Vec<String>,
    /// The token that fills up a batch.
    pub padding: u32,
    /// The token that the decoder starts from.
    pub begin: u32,
    /// The token that ends a text.
    pub end: u32,
    /// The token of what the vocabulary has no word for.
    pub unknown: Option<u32>,
    /// Tokens that are never written.
    pub forbidden: Vec<u32>,
    /// Tokens that no output begins with, behind its prompt.
    pub forbidden_first: Vec<u32>,
}

impl Vocabulary {
    /// The name of a token.
    pub(crate) fn name(&self, token: u32) -> &str {
        self.names.get(token as usize).map_or("", String::as_str)
    }

    /// The number of the token of a name.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.names.iter().position(|known| known == name).map(|number| number as u32)
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The kind of model that the other program takes it for.
    pub kind: String,
    /// The number of the first token of sources; 0 but where both vocabularies stand in one table.
    pub source_offset: u32,
    /// The padding at the end of the vocabulary is left out, since the layout needs none.
    pub without_padding: bool,
    /// What is not quite the same there.
    pub notes: Vec<String>,
}

impl Outgoing {
    fn parts(&self) -> &TaskParts {
        &self.architecture.tasks[self.task]
    }

    fn tensor(&self, name: &str) -> Result<&Tensor, ExportError> {
        self.weights.get(name).ok_or_else(|| ExportError::Weight { parameter: name.to_owned() })
    }

    /// The model without what only other tasks use.
    fn of_task(&self) -> Self {
        let parts = self.parts();
        let head = &self.architecture.heads[parts.head];
        let stems: Vec<usize> =
            parts.source.into_iter().chain([parts.target]).chain(head.part.tied()).collect();
        let of_others: Vec<String> = (0..)
            .zip(&self.architecture.stems)
            .filter(|(stem, _)| !stems.contains(stem))
            .map(|(_, stem)| format!("{}.{}.", names::STEMS, stem.name))
            .chain(
                (0..)
                    .zip(&self.architecture.heads)
                    .filter(|(number, _)| *number != parts.head)
                    .map(|(_, head)| format!("{}.{}.", names::HEADS, head.name)),
            )
            // What an encoder was taught beside its task.
            .chain([format!("{}.", names::ALIGNMENTS)])
            .collect();
        let mut model = self.clone();
        model.weights.retain(|name, _| !of_others.iter().any(|other| name.starts_with(other)));
        model
    }

    /// The model without the vectors that tell its tasks apart, where they say nothing or learned positions can say it: the
    /// decoder adds both to its input.
    fn without_task_vectors(mut self) -> Self {
        let decoder = &self.architecture.decoder;
        let d_model = decoder.d_model;
        let Some(vectors) = self.weights.get(names::TASK_VECTORS) else { return self };
        let vector = vectors.values[self.task * d_model..][..d_model].to_vec();
        let table = format!("{}.{}.{}", names::DECODER, names::POSITIONS, names::TABLE);
        let learned = matches!(decoder.positions, Positions::Learned { .. });
        if vector.iter().any(|&value| value != 0.0) {
            let Some(table) = self.weights.get_mut(&table).filter(|_| learned) else { return self };
            for row in table.values.chunks_exact_mut(d_model) {
                row.iter_mut().zip(&vector).for_each(|(value, of_task)| *value += of_task);
            }
        }
        self.weights.remove(names::TASK_VECTORS);
        self
    }

    /// Refuses what no layout of a transformer of text can say.
    fn check(&self, format: &'static str) -> Result<(), ExportError> {
        let refuse = |part: &str, reason: &str| Err(ExportError::refused(format, part, reason));
        for (_, stack) in self.architecture.stacks() {
            let Some(layers) = stack.transformer() else {
                return refuse("lstm", "it has no layers of LSTM cells");
            };
            if layers.mixer == Mixer::Ssru {
                return refuse("mixer: ssru", "it has no SSRU");
            }
            if layers.residual_scale != 1.0 {
                return refuse("residual_scale", "it has no factor of residual sums (DeepNorm)");
            }
        }
        let source = self.parts().source.map(|stem| &self.architecture.stems[stem].part);
        if let Some(Stem::ClassTokens { .. }) = source {
            return refuse("class_tokens", "pictures and other frames behind class tokens do not go out yet");
        }
        if let Some(block) = self.architecture.encoder_blocks.first() {
            return refuse(&block.name, "it has no blocks of a program's own");
        }
        Ok(())
    }
}

/// The layers of a stack that [`Outgoing::check`] has seen.
fn layers<'a>(format: &'static str, stack: &'a Stack) -> Result<&'a TransformerLayers, ExportError> {
    stack.transformer().ok_or_else(|| ExportError::refused(format, "lstm", "it has no layers of LSTM cells"))
}

/// The name of this layout in errors.
const HUGGING_FACE: &str = "Hugging Face's layout";

/// Writes `config.json`, `generation_config.json` and `model.safetensors` of the family of transformers that says the same
/// function.
///
/// # Errors
///
/// The part that no family says, or a file that cannot be written.
pub fn hugging_face(model: &Outgoing, folder: &Path) -> Result<Written, ExportError> {
    let model = &model.of_task().without_task_vectors();
    model.check(HUGGING_FACE)?;
    if model.weights.contains_key(names::TASK_VECTORS) {
        let reason =
            "no family has a vector of a task; CTranslate2's layout has room for it in its positions";
        return Err(options::refused("tasks", reason));
    }
    let found = match whisper::stem(model) {
        Some((width, convolutions)) => whisper::write(model, width, convolutions)?,
        None => match (&model.architecture.encoder, model.architecture.decoder.positions) {
            (None, Positions::Rotary) => gpt_neox::write(model)?,
            (None, _) => gpt2::write(model)?,
            (Some(_), Positions::Relative { .. }) => t5::write(model)?,
            (Some(encoder), _) => bart::write(model, encoder)?,
        },
    };
    let HuggingFace { kind, config, tensors, source_offset, without_padding } = found;
    files::json(&folder.join("config.json"), &config)?;
    let generation = match whisper::stem(model) {
        Some(_) => whisper::generation(model, &config)?,
        None => options::generation(model, &config)?,
    };
    files::json(&folder.join("generation_config.json"), &generation)?;
    if let Some(sound) = &model.sound {
        files::json(&folder.join(sound::FILE), &sound.config(model))?;
    }
    files::safetensors(&folder.join("model.safetensors"), &tensors)?;
    let notes = match &model.architecture.encoder {
        Some(encoder) if matches!(kind, "MarianMTModel" | "BartForConditionalGeneration") => {
            options::other_epsilon([encoder, &model.architecture.decoder]).into_iter().collect()
        }
        _ => Vec::new(),
    };
    Ok(Written { kind: kind.to_owned(), source_offset, without_padding, notes })
}
