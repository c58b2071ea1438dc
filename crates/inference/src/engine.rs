//! A trained model in the form in which it decodes fastest.

use any2any_adapter::{Cancellation, Sequence};
use any2any_core::{BodyConfig, HeadConfig, ModelConfig, TaskConfig};
use any2any_kernels::host::forward::weights::{Precision, Weights};
use rayon::prelude::*;

use crate::buffers::Buffers;
use crate::decoder::{Decoder, SourceMemory};
use crate::encoder::Encoder;
use crate::error::EngineError;
use crate::parameters::{Parameters, Reader};
use crate::stack::StackConfig;
use crate::stem::Stem;

/// Positions that are encoded together, on one thread.
const POSITIONS: usize = 192;

/// A trained transformer, ready to decode.
#[derive(Debug)]
pub struct Engine {
    stems: Vec<Stem>,
    /// The tables of heads that have their own.
    heads: Vec<Head>,
    tasks: Vec<TaskConfig>,
    /// `[tasks, d_model]`, added to every target position; empty when there is one task.
    task_vectors: Vec<f32>,
    encoder: Option<Encoder>,
    pub(crate) decoder: Decoder,
}

#[derive(Debug)]
enum Head {
    Own(Weights),
    Tied(usize),
    /// Frames: they are not written here.
    Frames,
}

impl Engine {
    /// The engine of a model with these parameters.
    ///
    /// # Errors
    ///
    /// When the model is recurrent, or a parameter is missing or of another shape.
    pub fn new(
        config: &ModelConfig,
        parameters: &dyn Parameters,
        precision: Precision,
    ) -> Result<Self, EngineError> {
        let reader = Reader::new(parameters, precision);
        let d_model = config.body.d_model();
        let (encoder, decoder) = match &config.body {
            BodyConfig::Transformer(body) => {
                let reader = reader.child("body.Transformer");
                let encoder = StackConfig::new(body, body.encoder_layers, body.encoder_carry());
                let decoder = StackConfig::new(body, body.decoder_layers, body.decoder_carry());
                let encoder = Encoder::read(&encoder, &reader.child("encoder"))?;
                (Some(encoder), Decoder::read(&decoder, true, &reader.child("decoder"))?)
            }
            BodyConfig::DecoderOnly(body) => {
                let reader = reader.child("body.DecoderOnly.decoder");
                let decoder = StackConfig::new(&body.0, body.0.decoder_layers, body.carry());
                (None, Decoder::read(&decoder, false, &reader)?)
            }
            BodyConfig::Lstm(_) => return Err(EngineError::Recurrent),
        };
        let stem = |(number, stem)| Stem::read(stem, &reader.child("stems").child(number), d_model);
        let stems = config.stems.iter().enumerate().map(stem).collect::<Result<Vec<_>, _>>()?;
        let head = |(number, head): (usize, &HeadConfig)| match *head {
            HeadConfig::Tied { stem } if stems[stem].table().is_none() => {
                Err(EngineError::NoTable { head: number, stem })
            }
            HeadConfig::Tied { stem } => Ok(Head::Tied(stem)),
            HeadConfig::Own { vocabulary } => {
                let table = reader.child("heads").child(number).values("table", &[vocabulary, d_model])?;
                Ok(Head::Own(Weights::transposed(table, d_model, precision)))
            }
            HeadConfig::Frames { width, stops } => {
                let reader = reader.child("heads").child(number);
                reader.joined(&["frames"], d_model, width + usize::from(stops))?;
                Ok(Head::Frames)
            }
        };
        let heads = config.heads.iter().enumerate().map(head).collect::<Result<_, _>>()?;
        // Alignments teach the encoder and say nothing when it decodes: they must be there, and that is all.
        for (number, &vocabulary) in config.alignments.iter().enumerate() {
            reader.child("alignments").joined(&[&number.to_string()], d_model, vocabulary)?;
        }
        let task_vectors = match config.tasks.len() {
            0 | 1 => Vec::new(),
            several => reader.values("task_vectors", &[several, d_model])?.to_vec(),
        };
        Ok(Self { stems, heads, tasks: config.tasks.clone(), task_vectors, encoder, decoder })
    }

    /// What a task's softmax multiplies hidden states with.
    ///
    /// # Panics
    ///
    /// When the task writes frames.
    pub(crate) fn table(&self, task: usize) -> &Weights {
        match &self.heads[self.tasks[task].head] {
            Head::Own(table) => table,
            Head::Tied(stem) => self.stems[*stem].table().expect("checked when the engine was built"),
            Head::Frames => panic!("a task that writes frames has no softmax"),
        }
    }

    /// Embeds target tokens of a task, `[rows, d_model]`.
    pub(crate) fn embed(&self, task: usize, tokens: &[u32], rows: &mut [f32]) {
        let d_model = self.decoder.d_model;
        let stem = &self.stems[self.tasks[task].target];
        for (&token, row) in tokens.iter().zip(rows.chunks_exact_mut(d_model)) {
            stem.token(token, row);
            if let Some(vector) = self.task_vectors.chunks_exact(d_model).nth(task) {
                row.iter_mut().zip(vector).for_each(|(value, &of_task)| *value += of_task);
            }
        }
    }

    /// Encodes sources of a task; nothing when the model has no encoder. What comes out of work that is given up means
    /// nothing.
    pub(crate) fn encode(
        &self,
        task: usize,
        sources: &[&Sequence],
        cancellation: &Cancellation,
    ) -> Vec<SourceMemory> {
        let (Some(encoder), Some(stem)) = (&self.encoder, self.tasks[task].source) else {
            return Vec::new();
        };
        let stem = &self.stems[stem];
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
        let encode = |buffers: &mut Buffers, group: &[&Sequence]| {
            let lengths: Vec<usize> = group.iter().map(|source| stem.positions(source.len())).collect();
            let d_model = self.decoder.d_model;
            let mut stream = vec![0.0; lengths.iter().sum::<usize>() * d_model];
            let mut rows = &mut stream[..];
            for (source, &length) in group.iter().zip(&lengths) {
                let (own, others) = rows.split_at_mut(length * d_model);
                stem.sequence(source, own);
                rows = others;
            }
            encoder.apply(&mut stream, &lengths, cancellation, buffers);
            self.decoder.read_sources(&stream, &lengths, buffers)
        };
        match groups[..] {
            [group] => encode(&mut Buffers::default(), group),
            _ => groups.into_par_iter().map_init(Buffers::default, encode).flatten_iter().collect(),
        }
    }
}
