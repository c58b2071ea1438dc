//! A trained model in the form in which it decodes fastest.

use std::collections::BTreeMap;

use any2any_adapter::{Cancellation, Sequence};
use any2any_architecture::{Architecture, Head, TaskParts, names};
use any2any_kernels::host::decode::weights::{Precision, Weights};
use rayon::prelude::*;

use crate::buffers::Buffers;
use crate::decoder::{Decoder, SourceKeyValues};
use crate::encoder::Encoder;
use crate::error::EngineError;
use crate::listed::Listed;
use crate::parameters::{Parameters, Reader};
use crate::shortlist::Shortlist;
use crate::stem::InputStem;

/// Positions that are encoded together, on one thread.
const POSITIONS: usize = 192;

/// A trained transformer, ready to decode.
#[derive(Debug)]
pub struct Engine {
    stems: Vec<InputStem>,
    heads: Vec<OutputHead>,
    tasks: Vec<TaskParts>,
    /// The tasks' vectors, `[tasks, d_model]`, added to every target position; empty when there is one task.
    task_vectors: Vec<f32>,
    encoder: Option<Encoder>,
    pub(crate) decoder: Decoder,
    /// Tokens that may be written for a source, for tasks that have such a list.
    shortlists: BTreeMap<usize, Shortlist>,
}

#[derive(Debug)]
enum OutputHead {
    /// A softmax, and the factor of hidden states before it.
    Softmax(Table, f32),
    /// Frames: they are not written here.
    Frames,
}

/// The table of a softmax.
#[derive(Debug)]
enum Table {
    Own(Weights),
    /// Those of a stem.
    Tied(usize),
}

impl Engine {
    /// The engine of a model with these parameters.
    ///
    /// # Errors
    ///
    /// When the model is recurrent or has blocks of a program's own, or a parameter is missing or of another shape.
    pub fn new(
        architecture: &Architecture,
        parameters: &dyn Parameters,
        precision: Precision,
    ) -> Result<Self, EngineError> {
        if !architecture.encoder_blocks.is_empty() {
            return Err(EngineError::Blocks);
        }
        let reader = Reader::new(parameters, precision);
        let d_model = architecture.decoder.d_model;
        let Some(layers) = architecture.decoder.transformer() else { return Err(EngineError::Recurrent) };
        let encoder = match &architecture.encoder {
            None => None,
            Some(stack) => {
                let parts = stack.transformer().zip(stack.self_attention()).ok_or(EngineError::Recurrent)?;
                Some(Encoder::read(stack, parts, &reader.child(names::ENCODER))?)
            }
        };
        let d_encoder = encoder.as_ref().map_or(d_model, |encoder| encoder.ends.d_model);
        let decoder = Decoder::read(&architecture.decoder, layers, d_encoder, &reader.child(names::DECODER))?;
        let mut stems = Vec::with_capacity(architecture.stems.len());
        for (number, stem) in architecture.stems.iter().enumerate() {
            let reader = reader.child(names::STEMS).child(&stem.name);
            stems.push(InputStem::read(&stem.part, &reader, architecture.stem_width(number))?);
        }
        let mut heads = Vec::with_capacity(architecture.heads.len());
        for (number, head) in architecture.heads.iter().enumerate() {
            let reader = reader.child(names::HEADS).child(&head.name);
            heads.push(match head.part {
                Head::Frames { .. } => {
                    reader.child(names::FRAMES).only(head.part.outputs(), d_model)?;
                    OutputHead::Frames
                }
                Head::Softmax { vocabulary, tied, bias, scale } => {
                    let bias = bias.then(|| reader.values(names::BIAS, &[vocabulary])).transpose()?;
                    let table = match tied {
                        None => {
                            let mut table = reader.table(vocabulary, d_model)?;
                            table.set_bias(bias.unwrap_or(&[]));
                            Table::Own(table)
                        }
                        Some(stem) => {
                            let Some(table) = stems[stem].table() else {
                                return Err(EngineError::NoTable { head: number, stem });
                            };
                            // A table of embeddings carries the biases of the only softmax that it lends itself to.
                            let tied =
                                architecture.heads.iter().filter(|head| head.part.tied() == Some(stem));
                            match (bias, tied.count()) {
                                (None, _) => Table::Tied(stem),
                                (Some(bias), 1) => {
                                    stems[stem].set_bias(bias);
                                    Table::Tied(stem)
                                }
                                (Some(bias), _) => {
                                    let mut table = table.clone();
                                    table.set_bias(bias);
                                    Table::Own(table)
                                }
                            }
                        }
                    };
                    OutputHead::Softmax(table, scale as f32)
                }
            });
        }
        // Alignments teach the encoder and say nothing when it decodes: they must be there, and that is all.
        for alignment in &architecture.alignments {
            reader.child(names::ALIGNMENTS).child(&alignment.name).only(alignment.part, d_encoder)?;
        }
        let task_vectors = match architecture.tasks.len() {
            0 | 1 => Vec::new(),
            several => reader.values(names::TASK_VECTORS, &[several, d_model])?.to_vec(),
        };
        let (tasks, shortlists) = (architecture.tasks.clone(), BTreeMap::new());
        Ok(Self { stems, heads, tasks, task_vectors, encoder, decoder, shortlists })
    }

    /// The engine with a list of the tokens that a task may write for a source.
    ///
    /// # Errors
    ///
    /// When the task writes no tokens, or the list names tokens beyond its vocabulary.
    pub fn with_shortlist(mut self, task: usize, shortlist: Shortlist) -> Result<Self, EngineError> {
        let vocabulary = match self.tasks.get(task).map(|parts| &self.heads[parts.head]) {
            Some(OutputHead::Softmax(..)) => self.table(task).outputs(),
            _ => 0,
        };
        if shortlist.highest().is_none_or(|highest| highest as usize >= vocabulary) {
            return Err(EngineError::Shortlist { task, vocabulary });
        }
        self.shortlists.insert(task, shortlist);
        Ok(self)
    }

    /// The part of a task's softmax for each source, where the task has a shortlist.
    pub(crate) fn listed(&self, task: usize, sources: &[&Sequence]) -> Vec<Listed> {
        let Some(shortlist) = self.shortlists.get(&task) else { return Vec::new() };
        let (table, parts) = (self.table(task), &self.tasks[task]);
        let shared = parts.shares_stem();
        let listed = |source: &&Sequence| {
            Listed::new(table, shortlist.listed(source.tokens().unwrap_or(&[]), shared, table.outputs()))
        };
        sources.par_iter().map(listed).collect()
    }

    /// The table of a task's softmax.
    ///
    /// # Panics
    ///
    /// When the task writes frames.
    pub(crate) fn table(&self, task: usize) -> &Weights {
        match &self.heads[self.tasks[task].head] {
            OutputHead::Softmax(Table::Own(table), _) => table,
            OutputHead::Softmax(Table::Tied(stem), _) => {
                self.stems[*stem].table().expect("checked when the engine was built")
            }
            OutputHead::Frames => panic!("a task that writes frames has no softmax"),
        }
    }

    /// Scales hidden states of a task, `[rows, d_model]`, for its softmax.
    pub(crate) fn scale(&self, task: usize, hidden: &mut [f32]) {
        if let OutputHead::Softmax(_, scale) = self.heads[self.tasks[task].head]
            && scale != 1.0
        {
            hidden.iter_mut().for_each(|value| *value *= scale);
        }
    }

    /// Embeds target tokens of a task, `[rows]` to `[rows, d_model]`, as zeros where they are hidden.
    pub(crate) fn embed(&self, task: usize, tokens: &[u32], hidden: bool, rows: &mut [f32]) {
        let d_model = self.decoder.ends.d_model;
        let stem = &self.stems[self.tasks[task].target];
        for (&token, row) in tokens.iter().zip(rows.chunks_exact_mut(d_model)) {
            match hidden {
                false => stem.token(token, row),
                true => row.fill(0.0),
            }
            if let Some(vector) = self.task_vectors.chunks_exact(d_model).nth(task) {
                row.iter_mut().zip(vector).for_each(|(value, &of_task)| *value += of_task);
            }
        }
    }

    /// Encodes sources of a task; nothing when the model has no encoder. The result of work that is given up means
    /// nothing.
    pub(crate) fn encode(
        &self,
        task: usize,
        sources: &[&Sequence],
        cancellation: &Cancellation,
    ) -> Vec<SourceKeyValues> {
        let Some(stem) = self.source_stem(task) else { return Vec::new() };
        let mut groups: Vec<&[&Sequence]> = Vec::new();
        let mut rest = sources;
        while !rest.is_empty() {
            let mut positions = 0;
            let fits = rest.iter().take_while(|source| {
                positions += stem.positions(source.len());
                positions <= POSITIONS
            });
            let (group, others) = rest.split_at(fits.count().max(1));
            groups.push(group);
            rest = others;
        }
        let encode =
            |buffers: &mut Buffers, group: &[&Sequence]| self.encode_with(task, group, cancellation, buffers);
        match groups[..] {
            [group] => encode(&mut Buffers::default(), group),
            _ => groups.into_par_iter().map_init(Buffers::default, encode).flatten_iter().collect(),
        }
    }

    /// The entrance of a task's sources; nothing when the model has no encoder.
    fn source_stem(&self, task: usize) -> Option<&InputStem> {
        self.encoder.as_ref()?;
        self.tasks[task].source.map(|stem| &self.stems[stem])
    }

    /// Encodes sources of a task together, on this thread.
    pub(crate) fn encode_with(
        &self,
        task: usize,
        sources: &[&Sequence],
        cancellation: &Cancellation,
        buffers: &mut Buffers,
    ) -> Vec<SourceKeyValues> {
        let (Some(encoder), Some(stem)) = (&self.encoder, self.source_stem(task)) else { return Vec::new() };
        let lengths: Vec<usize> = sources.iter().map(|source| stem.positions(source.len())).collect();
        let d_model = encoder.ends.d_model;
        let mut stream = vec![0.0; lengths.iter().sum::<usize>() * d_model];
        let mut rows = &mut stream[..];
        for (source, &length) in sources.iter().zip(&lengths) {
            let (own, others) = rows.split_at_mut(length * d_model);
            stem.sequence(source, own);
            rows = others;
        }
        encoder.apply(&mut stream, &lengths, cancellation, buffers);
        self.decoder.read_sources(&stream, &lengths, buffers)
    }
}
