//! Vision encoder-decoders: a vision transformer whose output a decoder of text attends to. TrOCR (Li et al. 2021) reads
//! lines of text; others write captions. The decoder is TrOCR's, or that of BART, mBART or GPT-2.

use std::collections::BTreeMap;

use any2any_architecture::{NormPlacement, Positions, Stack, StackKind, WaveLayout, names};

use super::encoder_decoder::{Form, learned};
use super::text::LEARNED_OFFSET;
use super::vit::Vit;
use super::{Model, architecture, gpt2};
use crate::assembly::Assembly;
use crate::config::Config;
use crate::error::PretrainedError;
use crate::pretrained::{LeftOut, Tensor};
use crate::safetensors::Checkpoint;
use crate::tables::Tables;

pub(crate) fn read(config: &Config, checkpoint: &Checkpoint) -> Result<Model, PretrainedError> {
    config.require(&[("is_encoder_decoder", true), ("tie_encoder_decoder", false)])?;
    let (encoder, options) = (Vit::of(&config.section("encoder")?)?, config.section("decoder")?);
    options.require(&[("add_cross_attention", true), ("is_encoder_decoder", false)])?;
    let decoder = Decoder::of(&options)?;
    let mut tables = Tables::of(&options)?;
    if options.flag_or("scale_embedding", false)? {
        tables.scale = (decoder.stack.d_model as f64).sqrt();
    }
    let ends = tables.ends_behind(encoder.stem.clone());
    let widths = [encoder.stack.d_model, decoder.stack.d_model];
    let projected = is_projected(&options, widths)?;
    let positions = encoder.stack.positions.limit();
    let architecture = architecture(config, Some(encoder.stack.clone()), decoder.stack.clone(), ends)?;
    let mut assembly = Assembly::new(checkpoint, &architecture);
    encoder.read(&mut assembly, "encoder.", &architecture.stems[0].name)?;
    let projection =
        projected.then(|| Projection::read(&mut assembly, &decoder.stack, widths)).transpose()?;
    tables.read_behind(&mut assembly, decoder.table, decoder.head)?;
    decoder.map(&mut assembly)?;
    let (mut weights, parts) = assembly.finish()?;
    if let Some(projection) = projection {
        projection.fold(&mut weights);
    }
    Ok(Model { architecture, weights, parts, positions })
}

/// The decoder of a family.
struct Decoder {
    stack: Stack,
    /// The form of a decoder in the words of BART; none of GPT-2.
    form: Option<Form>,
    /// The tensor of its table of embeddings.
    table: &'static str,
    /// The tensor of its softmax.
    head: &'static str,
}

impl Decoder {
    fn of(config: &Config) -> Result<Self, PretrainedError> {
        const TYPE: &str = "model_type";
        const BART_TABLE: &str = "decoder.model.decoder.embed_tokens.weight";
        let bart = |placement, embedding_norm, positions, head| {
            let form = Form { placement, embedding_norm, key_bias: true };
            let stack = form.stack(config, StackKind::Decoder, positions)?;
            Ok(Self { stack, form: Some(form), table: BART_TABLE, head })
        };
        let learned = || {
            let limit = config.size("max_position_embeddings")? + LEARNED_OFFSET;
            Ok::<_, PretrainedError>(Positions::Learned { limit, offset: LEARNED_OFFSET })
        };
        match config.text(TYPE)? {
            Some("trocr") => {
                let positions = match config.flag_or("use_learned_position_embeddings", true)? {
                    true => learned()?,
                    false => {
                        let padding = config.count("pad_token_id")?.unwrap_or(1);
                        Positions::Sinusoidal { layout: WaveLayout::HalfSplitClosed, offset: padding + 1 }
                    }
                };
                let normalised = config.flag_or("layernorm_embedding", true)?;
                bart(NormPlacement::Post, normalised, positions, "decoder.output_projection.weight")
            }
            Some("bart") => bart(NormPlacement::Post, true, learned()?, "decoder.lm_head.weight"),
            Some("mbart") => bart(NormPlacement::Pre, true, learned()?, "decoder.lm_head.weight"),
            Some("gpt2") => {
                let stack = gpt2::stack(config, config.size("n_positions")?)?;
                let stack = stack.attending();
                let (table, head) = ("decoder.transformer.wte.weight", "decoder.lm_head.weight");
                Ok(Self { stack, form: None, table, head })
            }
            found => {
                let found = found.map_or("missing".to_owned(), |found| format!("\"{found}\""));
                let problem = format!("is {found}; known decoders are trocr, bart, mbart, gpt2");
                Err(config.refuse(TYPE, problem))
            }
        }
    }

    /// Maps all but the table and the softmax.
    fn map(&self, assembly: &mut Assembly<'_>) -> Result<(), PretrainedError> {
        const PREFIX: &str = "decoder.model.";
        let Some(form) = self.form else {
            return gpt2::map(assembly, "decoder.transformer.", &self.stack);
        };
        match self.stack.positions {
            Positions::Sinusoidal { .. } => {
                let constant = format!("{PREFIX}decoder.embed_positions._float_tensor");
                assembly.leave_out(&constant, LeftOut::Constant);
            }
            _ => learned(assembly, PREFIX, StackKind::Decoder)?,
        }
        form.map(assembly, PREFIX, StackKind::Decoder, &self.stack)
    }
}

/// True where the encoder's output is projected to the decoder's width before it is attended to; otherwise keys and values
/// are as wide as the encoder.
fn is_projected(config: &Config, [encoder, decoder]: [usize; 2]) -> Result<bool, PretrainedError> {
    const OPTION: &str = "cross_attention_hidden_size";
    match config.count(OPTION)? {
        Some(width) if width != encoder => {
            Err(config.refuse(OPTION, format!("is {width}, and the encoder is {encoder} wide")))
        }
        Some(_) => Ok(false),
        None => Ok(encoder != decoder),
    }
}

/// The projection of the encoder's output to the decoder's width. Keys and values are linear maps of it, so that it and
/// each of them are one.
struct Projection {
    /// `[decoder, encoder]`.
    weight: Vec<f32>,
    bias: Vec<f32>,
    encoder: usize,
    /// Keys and values of all layers.
    maps: Vec<String>,
}

impl Projection {
    fn read(
        assembly: &mut Assembly<'_>,
        stack: &Stack,
        [encoder, decoder]: [usize; 2],
    ) -> Result<Self, PretrainedError> {
        let attention = stack.transformer().and_then(|layers| layers.cross_attention);
        let width = attention.map_or(decoder, |attention| attention.width());
        let map = |number: usize, map: &str| {
            format!("{}.{}.{number}.{}.{map}", names::DECODER, names::LAYERS, names::CROSS_ATTENTION)
        };
        let maps: Vec<String> = (0..stack.layers())
            .flat_map(|number| [names::KEY, names::VALUE].map(|of| map(number, of)))
            .collect();
        let named = |part: &str| maps.iter().map(|map| format!("{map}.{part}")).collect::<Vec<_>>();
        let (weights, biases) = (named(names::WEIGHT), named(names::BIAS));
        let weight = assembly.folded("enc_to_dec_proj.weight", &[decoder, encoder], &weights)?;
        let bias = assembly.folded("enc_to_dec_proj.bias", &[decoder], &biases)?;
        weights.iter().for_each(|ours| assembly.stored_as(ours, vec![decoder, width]));
        Ok(Self { weight, bias, encoder, maps })
    }

    /// Puts itself in front of each map: `(h P + p) W + b = h (P W) + (p W + b)`.
    fn fold(&self, weights: &mut BTreeMap<String, Tensor>) {
        for map in &self.maps {
            let weight = format!("{map}.{}", names::WEIGHT);
            let Some(Tensor { shape, values }) = weights.remove(&weight) else { continue };
            let outputs = shape[1];
            let mut rows = vec![0.0_f64; self.encoder * outputs];
            let mut added = vec![0.0_f64; outputs];
            let add = |sum: &mut [f64], factor: f32, row: &[f32]| {
                sum.iter_mut()
                    .zip(row)
                    .for_each(|(sum, &value)| *sum += f64::from(factor) * f64::from(value));
            };
            let inner =
                values.chunks_exact(outputs).zip(self.weight.chunks_exact(self.encoder)).zip(&self.bias);
            for ((row, projected), &bias) in inner {
                rows.chunks_exact_mut(outputs)
                    .zip(projected)
                    .for_each(|(sum, &factor)| add(sum, factor, row));
                add(&mut added, bias, row);
            }
            let values = rows.into_iter().map(|value| value as f32).collect();
            weights.insert(weight, Tensor { shape: vec![self.encoder, outputs], values });
            if let Some(bias) = weights.get_mut(&format!("{map}.{}", names::BIAS)) {
                bias.values.iter_mut().zip(&added).for_each(|(bias, added)| *bias += *added as f32);
            }
        }
    }
}
