//! Word alignments: which words of a source the words of an output come from.
//!
//! Cross-attention is read in a pass over the finished output: the weights by which the decoder writes a word's tokens,
//! averaged over the heads of one layer. Each word of the output is aligned with the word of the source that has the most
//! of its weight. Of deep decoders the last layer but one is read (Garg et al. 2019, "Jointly Learning to Align and
//! Translate with Transformer Models"), of decoders of one or two layers the last. Weights of the step that reads a token
//! instead of the one that writes it (Chen et al. 2020), which do better in some layers of deep decoders, do worse in
//! every layer of the small models that were measured.
//!
//! Where a task has labels, one for each position of its source, a label belongs to its position; where the encoder was
//! taught to spell targets (`losses.ctc`), a token belongs to the position at which it is spelled, unless a layer or heads
//! are chosen.

mod spelling;

use any2any_adapter::{Encoded, Head, Kind, Sequence, Value};
use any2any_architecture::StackKind;
use any2any_model::{AttentionKind, AttentionWeights, Pass, Place};
use any2any_run::Task;

use crate::batch::Batch;
use crate::decode::Output;
use crate::error::TranslateError;
use crate::example::Example;
use crate::losses::hidden;
use crate::translator::Translator;
use crate::words::words_of_regions;

/// The most tokens of a batch whose attention is kept.
const TOKENS: usize = 1024;

/// The attention that alignments are read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlignmentHeads {
    /// The layer of the decoder, from 0; `None`: the last but one of three or more, or the last.
    pub layer: Option<usize>,
    /// The heads of the layer, from 0, whose weights are averaged; all if empty.
    pub heads: Vec<usize>,
}

/// The way in which outputs are aligned.
#[derive(Clone, Debug)]
pub(crate) enum Aligner {
    /// A label belongs to its position.
    Labels,
    /// The encoder spells; the attention is for targets that are too long for that.
    Spelling(Place),
    /// The weights of one layer, averaged over these heads, or all if there are none.
    Attention(Place, Vec<usize>),
}

/// A source with its outputs, which are given their alignments.
pub(crate) struct Aligned<'a> {
    pub source: &'a Encoded,
    pub text: &'a Value,
    pub outputs: &'a mut [Output],
}

impl Translator {
    /// A translator whose outputs are aligned with their sources.
    ///
    /// # Errors
    ///
    /// If the task does not translate texts to texts, the decoder has no such heads, or it attends to no source.
    pub fn with_alignments(&self, task: &Task, heads: AlignmentHeads) -> Result<Self, TranslateError> {
        let name = task.name();
        let unsupported = |reason: String| TranslateError::Unsupported(format!("task '{name}' {reason}"));
        let kinds = [task.source_medium().map(|medium| medium.kind()), Some(task.target_medium().kind())];
        if kinds != [Some(Kind::Text); 2] {
            return Err(unsupported(
                "does not translate text to text, and alignments are of words".to_owned(),
            ));
        }
        if task.is_per_position() {
            return Ok(self.aligning_by(Aligner::Labels));
        }
        let decoder = &self.architecture().decoder;
        let (layers, of_layer) = match (decoder.transformer(), decoder.lstm()) {
            (Some(transformer), _) => match &transformer.cross_attention {
                Some(attention) => (transformer.layers, attention.heads),
                None => {
                    return Err(unsupported("is written by a decoder without cross-attention".to_owned()));
                }
            },
            (None, Some(_)) => (1, 1),
            (None, None) => return Err(unsupported("is written by a decoder without attention".to_owned())),
        };
        if let Some(layer) = heads.layer.filter(|&layer| layer >= layers) {
            return Err(unsupported(format!(
                "has no layer {layer} in its decoder, which has {layers}, from 0"
            )));
        }
        if let Some(head) = heads.heads.iter().find(|&&head| head >= of_layer) {
            return Err(unsupported(format!(
                "has no head {head} in its decoder's layers, which have {of_layer}, from 0"
            )));
        }
        let usual = if layers > 2 { layers - 2 } else { layers - 1 };
        let kind = AttentionKind::CrossAttention;
        let place = Place { stack: StackKind::Decoder, layer: heads.layer.unwrap_or(usual), kind };
        let spells = self.architecture().tasks[task.number()].alignment.is_some();
        Ok(self.aligning_by(match spells && heads == AlignmentHeads::default() {
            true => Aligner::Spelling(place),
            false => Aligner::Attention(place, heads.heads),
        }))
    }

    /// Aligns outputs with their sources, if that is asked for.
    pub(crate) fn align(&self, task: &Task, mut pairs: Vec<Aligned<'_>>) -> Result<(), TranslateError> {
        let Some(aligner) = self.aligner() else { return Ok(()) };
        let mut examples = Vec::new();
        let mut places = Vec::new();
        for (pair, Aligned { source, outputs, .. }) in pairs.iter().enumerate() {
            for (number, output) in
                outputs.iter().enumerate().filter(|(_, output)| !output.tokens().is_empty())
            {
                let target = output.tokens().iter().copied().chain([task.end()]).collect();
                let source = Some(source.sequence.clone());
                examples.push(Example { sample: examples.len(), source, target: Sequence::Tokens(target) });
                places.push((pair, number));
            }
        }
        let mut order: Vec<&Example> = examples.iter().collect();
        let longest = |example: &Example| example.lengths().longest();
        order.sort_by_key(|example| std::cmp::Reverse(longest(example)));
        let mut rest = order.as_slice();
        while let Some(first) = rest.first() {
            let (now, later) = rest.split_at((TOKENS / longest(first)).clamp(1, rest.len()));
            rest = later;
            let weights = self.weights(task, now, aligner)?;
            for (example, weights) in now.iter().zip(weights) {
                let (pair, number) = places[example.sample];
                let Aligned { source, text, outputs } = &mut pairs[pair];
                outputs[number].alignment = aligned(source, text, &outputs[number], &weights);
            }
        }
        Ok(())
    }

    /// The weights of each example.
    fn weights(
        &self,
        task: &Task,
        examples: &[&Example],
        aligner: &Aligner,
    ) -> Result<Vec<Weights>, TranslateError> {
        let (place, heads) = match aligner {
            Aligner::Labels => {
                let labels = |example: &&Example| {
                    let positions: Vec<usize> = (0..example.target.len()).collect();
                    Weights::at(&positions, example.lengths().source())
                };
                return Ok(examples.iter().map(labels).collect());
            }
            Aligner::Spelling(place) => (place, &[][..]),
            Aligner::Attention(place, heads) => (place, heads.as_slice()),
        };
        let model = self.model();
        let device = model.device();
        let batch = Batch::new(task.number(), examples.iter().copied(), task.framing());
        let mut pass = Pass::traced().until(self.cancellation().clone());
        let encoded = batch.source(&device).and_then(|source| model.encode(batch.task, source, &mut pass));
        hidden(model, &batch, encoded.as_ref(), &device, &mut pass);
        self.cancellation().check()?;
        let trace = pass.into_trace();
        let Some(kept) = trace.attention().iter().find(|kept| kept.place == *place) else {
            let reason = "is written by a decoder that attends to no source";
            return Err(TranslateError::Unsupported(format!("task '{}' {reason}", task.name())));
        };
        let mut weights = averaged(kept, heads);
        if let (Aligner::Spelling(_), Some(encoded)) = (aligner, &encoded)
            && let Some(logits) = model.alignment(task.number(), encoded)
            && let Some(Head::Softmax { padding, .. }) = task.target().head()
        {
            let [_, positions, vocabulary] = logits.dims();
            let logits = logits.into_data().convert::<f32>();
            let logits: Vec<f32> = logits.try_into_vec().expect("converted to 32-bit floats");
            for (row, (example, weights)) in examples.iter().zip(&mut weights).enumerate() {
                let source = example.lengths().source();
                let own = &logits[row * positions * vocabulary..][..source * vocabulary];
                let (_, tokens) = example.target_tokens().split_last().unwrap_or((&0, &[]));
                // The padding token is the blank, as in training.
                if let Some(places) = spelling::positions_of(own, vocabulary, tokens, padding) {
                    *weights = Weights::at(&places, source);
                }
            }
        }
        Ok(weights)
    }
}

/// The weights of one layer, averaged over some heads, or over all if there are none named.
fn averaged(kept: &AttentionWeights, heads: &[usize]) -> Vec<Weights> {
    let [rows, of_layer, target, source] = kept.weights.dims();
    let all: Vec<usize> = (0..of_layer).collect();
    let heads = if heads.is_empty() { &all } else { heads };
    let values = kept.weights.clone().into_data().convert::<f32>();
    let values: Vec<f32> = values.try_into_vec().expect("converted to 32-bit floats");
    let size = target * source;
    let mean = |row: usize| {
        let mut mean = vec![0.0; size];
        for &head in heads {
            let own = &values[(row * of_layer + head) * size..][..size];
            mean.iter_mut().zip(own).for_each(|(mean, weight)| *mean += weight / heads.len() as f32);
        }
        Weights { values: mean, source }
    };
    (0..rows).map(mean).collect()
}

/// Weights of source positions, `[target, source]`, padding included.
struct Weights {
    values: Vec<f32>,
    source: usize,
}

impl Weights {
    /// Each target position looks at one position of a source alone.
    fn at(positions: &[usize], source: usize) -> Self {
        let mut values = vec![0.0; positions.len() * source];
        for (row, &position) in positions.iter().enumerate().filter(|(_, position)| **position < source) {
            values[row * source + position] = 1.0;
        }
        Self { values, source }
    }
}

/// The pairs of words, of the source and of the output, by rising word of the output.
fn aligned(source: &Encoded, text: &Value, output: &Output, weights: &Weights) -> Vec<(usize, usize)> {
    let (Some(source_text), Some(target_text)) = (text.as_text(), output.decoded.value.as_text()) else {
        return Vec::new();
    };
    let source_words = words_of_regions(source_text, &source.regions);
    let target_words = words_of_regions(target_text, &output.decoded.regions);
    let count = source_words.iter().flatten().max().map_or(0, |last| last + 1);
    let mut pairs = Vec::new();
    let mut token = 0;
    while token < target_words.len() {
        let word = target_words[token];
        let end =
            (token..target_words.len()).find(|&at| target_words[at] != word).unwrap_or(target_words.len());
        if let Some(word) = word {
            let mut shares = vec![0.0; count];
            for at in token..end {
                let row = &weights.values[at * weights.source..][..weights.source];
                for (weight, word) in row.iter().zip(&source_words) {
                    word.iter().for_each(|&word| shares[word] += weight);
                }
            }
            let best = (0..count).reduce(|best, word| if shares[word] > shares[best] { word } else { best });
            pairs.extend(best.filter(|&best| shares[best] > 0.0).map(|best| (best, word)));
        }
        token = end;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use any2any_adapter::{Decoded, Region};

    use super::*;

    #[test]
    fn tokens_are_merged_into_words() {
        let bytes =
            |ranges: &[std::ops::Range<usize>]| ranges.iter().cloned().map(Region::Bytes).collect::<Vec<_>>();
        let mut regions = bytes(&[0..2, 2..3, 3..7]);
        regions.push(Region::Nothing);
        let source = Encoded { sequence: Sequence::Tokens(vec![5, 6, 7, 3]), regions };
        let text = Value::from("the dog");
        let decoded = Decoded { value: Value::from("Hund der"), regions: bytes(&[0..2, 2..4, 4..8]) };
        let output = Output::new(decoded, Sequence::Tokens(vec![8, 9, 10]), 0.0, 0.0);
        // "Hund" looks at "dog" most, "der" at the two tokens of "the"; what lies on the end belongs to no word.
        let values = vec![
            0.3, 0.2, 0.1, 0.4, //
            0.0, 0.0, 0.6, 0.4, //
            0.2, 0.2, 0.3, 0.3, //
            0.0, 1.0, 0.0, 0.0,
        ];
        let weights = Weights { values, source: 4 };
        assert_eq!(aligned(&source, &text, &output, &weights), [(1, 0), (0, 1)]);
    }
}
