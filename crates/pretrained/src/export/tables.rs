//! Tables of embeddings, the softmax and its biases, as Hugging Face's families keep them.

use any2any_architecture::{Head, Stem, names};

use super::options::refused;
use super::{Disassembly, ExportError, Outgoing};
use crate::pretrained::Tensor;

/// The bias of a token that is never written: its probability is 0 in 32-bit floats.
pub(crate) const NEVER: f32 = -1e9;

/// The softmax of a task.
#[derive(Clone, Debug)]
pub(crate) struct Softmax {
    pub(crate) vocabulary: usize,
    /// The stem whose table it shares.
    pub(crate) tied: Option<usize>,
    pub(crate) bias: bool,
    pub(crate) scale: f64,
}

impl Outgoing {
    /// The softmax of the task.
    pub(crate) fn softmax(&self, format: &'static str) -> Result<Softmax, ExportError> {
        match self.architecture.heads[self.parts().head].part {
            Head::Softmax { vocabulary, tied, bias, scale } => Ok(Softmax { vocabulary, tied, bias, scale }),
            Head::Frames { .. } => Err(ExportError::refused(format, "target", "it writes tokens alone")),
        }
    }

    /// The factor of a stem's embeddings.
    pub(crate) fn embedding_scale(&self, format: &'static str, stem: usize) -> Result<f64, ExportError> {
        match self.architecture.stems[stem].part {
            Stem::Lookup { scale, .. } => Ok(scale),
            _ => Err(ExportError::refused(format, "source", "it reads tokens alone")),
        }
    }

    /// The name of a stem's table.
    pub(crate) fn stem_table(&self, stem: usize) -> String {
        format!("{}.{}.{}", names::STEMS, self.architecture.stems[stem].name, names::TABLE)
    }

    /// The name of a parameter of the head.
    pub(crate) fn of_head(&self, part: &str) -> String {
        format!("{}.{}.{part}", names::HEADS, self.architecture.heads[self.parts().head].name)
    }

    /// The table of the softmax, by name.
    pub(crate) fn head_table(&self, softmax: &Softmax) -> String {
        softmax.tied.map_or_else(|| self.of_head(names::TABLE), |stem| self.stem_table(stem))
    }
}

/// Where the tables of a model with an encoder stand.
pub(crate) struct Placed {
    pub(crate) source: usize,
    pub(crate) target: usize,
    /// Source and target have a table each.
    pub(crate) apart: bool,
    pub(crate) tied: bool,
    /// Embeddings are multiplied with the square root of their width.
    pub(crate) scaled: bool,
    pub(crate) source_offset: u32,
}

/// Writes the tables in the words of BART; a family that can keeps two vocabularies apart, others behind each other.
pub(crate) fn place(
    model: &Outgoing,
    into: &mut Disassembly<'_>,
    format: &'static str,
    can_be_apart: bool,
) -> Result<Placed, ExportError> {
    let parts = model.parts();
    let source = parts.source.unwrap_or(parts.target);
    let softmax = model.softmax(format)?;
    if softmax.scale != 1.0 {
        return Err(refused("output_scale", "T5 alone scales the states before the softmax"));
    }
    if softmax.tied.is_some_and(|stem| stem != parts.target) {
        return Err(refused("tied_embeddings", "the softmax shares the table of targets, or none"));
    }
    let tied = softmax.tied.is_some();
    let [scale_of_source, scale] =
        [model.embedding_scale(format, source)?, model.embedding_scale(format, parts.target)?];
    let root = (model.architecture.decoder.d_model as f64).sqrt();
    if scale != 1.0 && scale != root {
        return Err(refused(
            "embedding_scale",
            format!("it is {scale}, and may be 1 or the root of d_model, {root}"),
        ));
    }
    let names = [model.stem_table(source), model.stem_table(parts.target)];
    let [of_source, of_target] = [model.tensor(&names[0])?, model.tensor(&names[1])?];
    let (rows, width) = (of_target.shape[0], model.architecture.decoder.d_model);
    let mut placed = Placed {
        source: of_source.shape[0],
        target: rows,
        apart: false,
        tied,
        scaled: scale == root && scale != 1.0,
        source_offset: 0,
    };
    let ours = [names[0].as_str(), names[1].as_str()];
    if source == parts.target {
        into.put("model.shared.weight", of_target.clone(), &ours);
        if !tied {
            let table = model.of_head(names::TABLE);
            into.put("lm_head.weight", model.tensor(&table)?.clone(), &[&table]);
        }
        return Ok(placed);
    }
    let rescaled = rescaled(of_source, scale_of_source / scale);
    if can_be_apart {
        into.put("model.encoder.embed_tokens.weight", rescaled, &ours);
        into.put("model.decoder.embed_tokens.weight", of_target.clone(), &[]);
        if !tied {
            let table = model.of_head(names::TABLE);
            into.put("lm_head.weight", model.tensor(&table)?.clone(), &[&table]);
        }
        placed.apart = true;
        return Ok(placed);
    }
    // Of the targets first, so that what is written has our numbers.
    let joined = |first: &Tensor, second: Vec<f32>| {
        let values = [&first.values[..], &second].concat();
        Tensor { shape: vec![values.len() / width, width], values }
    };
    let unused = vec![0.0; of_source.values.len()];
    into.put("model.shared.weight", joined(of_target, rescaled.values), &ours);
    if !tied {
        let table = model.of_head(names::TABLE);
        into.put("lm_head.weight", joined(model.tensor(&table)?, unused), &[&table]);
    }
    placed.source_offset = rows as u32;
    placed.source += rows;
    placed.target = placed.source;
    Ok(placed)
}

pub(crate) fn rescaled(tensor: &Tensor, factor: f64) -> Tensor {
    let mut tensor = tensor.clone();
    if factor != 1.0 {
        tensor.values.iter_mut().for_each(|value| *value = (f64::from(*value) * factor) as f32);
    }
    tensor
}

/// The biases of a softmax of so many tokens as a row; those behind the targets are never written.
pub(crate) fn biases(model: &Outgoing, softmax: &Softmax, tokens: usize) -> Result<Tensor, ExportError> {
    let mut values = match softmax.bias {
        true => model.tensor(&model.of_head(names::BIAS))?.values.clone(),
        false => vec![0.0; softmax.vocabulary],
    };
    values.resize(tokens, NEVER);
    Ok(Tensor { shape: vec![1, tokens], values })
}

/// True where the biases of a softmax say no more than that tokens are never written.
pub(crate) fn forbid_alone(model: &Outgoing, softmax: &Softmax) -> Result<bool, ExportError> {
    if !softmax.bias {
        return Ok(true);
    }
    let biases = &model.tensor(&model.of_head(names::BIAS))?.values;
    let forbidden = |token: usize| model.target.forbidden.contains(&(token as u32));
    Ok(biases.iter().enumerate().all(|(token, &bias)| bias == 0.0 || (bias <= NEVER && forbidden(token))))
}
