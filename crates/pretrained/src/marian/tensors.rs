//! Tensors of Marian's transformers: which is which parameter. Layers count from 1; a vector is a matrix of one row.

use any2any_architecture::{Architecture, Mixer, NormPlacement, StackKind, names};

use crate::assembly::Assembly;
use crate::error::PretrainedError;

use super::options::Options;

/// The bias of the softmax.
pub(super) const OUTPUT_BIAS: &str = "decoder_ff_logit_out_b";

/// The table of a softmax that shares none, and the matrix that early versions have instead, which is its transpose.
const OUTPUT: &str = "decoder_ff_logit_out_Wt";
const EARLY_OUTPUT: &str = "decoder_ff_logit_out_W";

/// The scale of what goes into the softmax: where its columns are chosen, they have no name.
const OUTPUT_SCALE: &str = "none_QuantMultA";

/// Reads all tensors of a model.
pub(super) fn read(
    assembly: &mut Assembly<'_>,
    options: &Options,
    architecture: &Architecture,
) -> Result<(), PretrainedError> {
    read_tables(assembly, options, architecture)?;
    for (kind, stack) in architecture.stacks() {
        let (theirs, ours) = match kind {
            StackKind::Encoder => ("encoder", names::ENCODER),
            StackKind::Decoder => ("decoder", names::DECODER),
        };
        let mixer = stack.transformer().map(|layers| layers.mixer);
        for number in 0..stack.layers() {
            let layer = Layer {
                theirs: format!("{theirs}_l{}", number + 1),
                ours: format!("{ours}.{}.{number}", names::LAYERS),
                placement: options.placement,
            };
            match mixer {
                Some(Mixer::Ssru) => layer.ssru(assembly)?,
                _ => layer.attention(assembly, "self", names::SELF_ATTENTION)?,
            }
            if kind == StackKind::Decoder {
                layer.attention(assembly, "context", names::CROSS_ATTENTION)?;
            }
            layer.feed_forward(assembly)?;
        }
        if stack.embedding_norm.is_some() {
            norm(assembly, &format!("{theirs}_emb"), "_pre", &format!("{ours}.{}", names::EMBEDDING_NORM))?;
        }
        if stack.final_norm.is_some() {
            norm(assembly, &format!("{theirs}_top"), "", &format!("{ours}.{}", names::FINAL_NORM))?;
        }
    }
    Ok(())
}

/// Reads the tables of embeddings, and the softmax.
fn read_tables(
    assembly: &mut Assembly<'_>,
    options: &Options,
    architecture: &Architecture,
) -> Result<(), PretrainedError> {
    let tables = &options.tables;
    let table = |kind: &str, name: &str| format!("{kind}.{name}.{}", names::TABLE);
    let stems: Vec<String> = architecture.stems.iter().map(|stem| table(names::STEMS, &stem.name)).collect();
    let theirs: &[&str] = if tables.shared { &["Wemb"] } else { &["encoder_Wemb", "decoder_Wemb"] };
    for (number, (theirs, ours)) in theirs.iter().zip(&stems).enumerate() {
        let is_output = tables.tied && number + 1 == stems.len();
        let scales = if is_output { vec![OUTPUT_SCALE.to_owned(), scale_of(theirs)] } else { Vec::new() };
        assembly.product(theirs, ours, &scales)?;
    }
    let head = &architecture.heads[0].name;
    if !tables.tied {
        let ours = table(names::HEADS, head);
        match assembly.has(EARLY_OUTPUT) {
            true => {
                assembly.turned(EARLY_OUTPUT, &ours, &[OUTPUT_SCALE.to_owned(), scale_of(EARLY_OUTPUT)])?
            }
            false => assembly.product(OUTPUT, &ours, &[OUTPUT_SCALE.to_owned(), scale_of(OUTPUT)])?,
        }
    }
    match assembly.has(OUTPUT_BIAS) {
        true => assembly.row(OUTPUT_BIAS, &format!("{}.{head}.{}", names::HEADS, names::BIAS)),
        false => Ok(()),
    }
}

/// The tensor with the scale of what a matrix is multiplied with.
fn scale_of(matrix: &str) -> String {
    format!("{matrix}_QuantMultA")
}

/// One layer, by both names.
struct Layer {
    theirs: String,
    ours: String,
    placement: NormPlacement,
}

impl Layer {
    /// A matrix and its bias, if it has one.
    fn linear(
        &self,
        assembly: &mut Assembly<'_>,
        [matrix, bias]: [&str; 2],
        ours: &str,
    ) -> Result<(), PretrainedError> {
        let ours = format!("{}.{ours}", self.ours);
        let theirs = format!("{}_{matrix}", self.theirs);
        assembly.product(&theirs, &format!("{ours}.{}", names::WEIGHT), &[scale_of(&theirs)])?;
        match bias {
            "" => Ok(()),
            _ => assembly.row(&format!("{}_{bias}", self.theirs), &format!("{ours}.{}", names::BIAS)),
        }
    }

    /// The normalisation of a sub-layer, by the names of what stands before and after it.
    fn norm(
        &self,
        assembly: &mut Assembly<'_>,
        [before, after]: [&str; 2],
        ours: &str,
    ) -> Result<(), PretrainedError> {
        let (theirs, suffix) = match self.placement {
            NormPlacement::Pre => (before, "_pre"),
            NormPlacement::Post => (after, ""),
        };
        let ours = format!("{}.{}", self.ours, names::norm_of(ours));
        norm(assembly, &format!("{}_{theirs}", self.theirs), suffix, &ours)
    }

    fn attention(
        &self,
        assembly: &mut Assembly<'_>,
        theirs: &str,
        ours: &str,
    ) -> Result<(), PretrainedError> {
        for (letter, of_ours) in
            [("q", names::QUERY), ("k", names::KEY), ("v", names::VALUE), ("o", names::OUTPUT)]
        {
            let (matrix, bias) = (format!("{theirs}_W{letter}"), format!("{theirs}_b{letter}"));
            self.linear(assembly, [&matrix, &bias], &format!("{ours}.{of_ours}"))?;
        }
        let norm = format!("{theirs}_Wo");
        self.norm(assembly, [&norm, &norm], ours)
    }

    fn ssru(&self, assembly: &mut Assembly<'_>) -> Result<(), PretrainedError> {
        let ours = |part: &str| format!("{}.{part}", names::SSRU);
        self.linear(assembly, ["rnn_W", ""], &ours(names::CANDIDATE))?;
        self.linear(assembly, ["rnn_Wf", "rnn_bf"], &ours(names::FORGET))?;
        self.norm(assembly, ["rnn", "rnn_ffn"], names::SSRU)
    }

    fn feed_forward(&self, assembly: &mut Assembly<'_>) -> Result<(), PretrainedError> {
        let ours = |part: &str| format!("{}.{part}", names::FEED_FORWARD);
        self.linear(assembly, ["ffn_W1", "ffn_b1"], &ours(names::INNER))?;
        self.linear(assembly, ["ffn_W2", "ffn_b2"], &ours(names::OUTER))?;
        self.norm(assembly, ["ffn_ffn", "ffn_ffn"], names::FEED_FORWARD)
    }
}

/// A normalisation's gain and bias.
fn norm(assembly: &mut Assembly<'_>, theirs: &str, suffix: &str, ours: &str) -> Result<(), PretrainedError> {
    assembly.row(&format!("{theirs}_ln_scale{suffix}"), &format!("{ours}.{}", names::WEIGHT))?;
    assembly.row(&format!("{theirs}_ln_bias{suffix}"), &format!("{ours}.{}", names::BIAS))
}
