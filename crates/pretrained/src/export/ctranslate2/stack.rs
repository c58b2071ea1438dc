//! A stack in the words of CTranslate2.

use any2any_architecture::{
    Activation, Attention, Norm, NormKind, NormPlacement, Positions, Stack, TransformerLayers, names,
    sinusoidal,
};

use super::FORMAT;
use super::binary::Variables;
use crate::ctranslate2::layout::GELU;
use crate::export::{ExportError, Outgoing, layers};
use crate::orientation::transposed;
use crate::pretrained::Tensor;

/// Writer of a stack's variables.
pub(super) struct StackWriter<'a> {
    pub(super) model: &'a Outgoing,
    pub(super) variables: &'a mut Variables,
    /// The beginning of the names of its variables and of its parameters.
    pub(super) side: &'a str,
    pub(super) stack: &'a Stack,
    /// The number of its positions, where they are computed.
    pub(super) positions: usize,
    /// It is an encoder of frames, whose other options are Whisper's.
    pub(super) of_frames: bool,
}

fn refused(part: &str, reason: &str) -> ExportError {
    ExportError::refused(FORMAT, part, reason)
}

impl StackWriter<'_> {
    pub(super) fn write(mut self) -> Result<(), ExportError> {
        let side = self.side;
        let of = layers(FORMAT, self.stack)?;
        let Some(attention) = self.stack.self_attention().copied() else {
            return Err(refused("mixer", "its layers have self-attention"));
        };
        if of.cross_attention.is_some_and(|cross| cross.heads != attention.heads) {
            return Err(refused("cross_attention.heads", "all attention of a stack has as many heads"));
        }
        let heads = i16::try_from(attention.heads);
        self.variables.int16(&format!("{side}/num_heads"), heads.map_err(|_| refused("heads", "too many"))?);
        if !self.of_frames {
            self.write_options(of)?;
        }
        self.write_positions()?;
        if let Some(norm) = self.stack.embedding_norm {
            self.norm(
                &format!("{side}/layernorm_embedding"),
                &format!("{side}.{}", names::EMBEDDING_NORM),
                &norm,
            )?;
        }
        for number in 0..of.layers {
            let (theirs, ours) =
                (format!("{side}/layer_{number}"), format!("{side}.{}.{number}", names::LAYERS));
            let norm_of = |sub_layer| format!("{ours}.{}", names::norm_of(sub_layer));
            let own = format!("{theirs}/self_attention");
            self.attention(&own, &format!("{ours}.{}", names::SELF_ATTENTION), &attention, true)?;
            self.norm(&format!("{own}/layer_norm"), &norm_of(names::SELF_ATTENTION), &of.norm)?;
            if let Some(cross) = &of.cross_attention {
                let theirs = format!("{theirs}/attention");
                self.attention(&theirs, &format!("{ours}.{}", names::CROSS_ATTENTION), cross, false)?;
                self.norm(&format!("{theirs}/layer_norm"), &norm_of(names::CROSS_ATTENTION), &of.norm)?;
            }
            let (ffn, inner) = (format!("{theirs}/ffn"), format!("{ours}.{}", names::FEED_FORWARD));
            let into = match of.feed_forward.activation.is_gated() {
                true => {
                    self.linear(&format!("{ffn}/linear_0"), &[format!("{inner}.{}", names::GATE)])?;
                    format!("{ffn}/linear_0_noact")
                }
                false => format!("{ffn}/linear_0"),
            };
            self.linear(&into, &[format!("{inner}.{}", names::INNER)])?;
            self.linear(&format!("{ffn}/linear_1"), &[format!("{inner}.{}", names::OUTER)])?;
            self.norm(&format!("{ffn}/layer_norm"), &norm_of(names::FEED_FORWARD), &of.norm)?;
        }
        if let Some(norm) = self.stack.final_norm {
            self.norm(&format!("{side}/layer_norm"), &format!("{side}.{}", names::FINAL_NORM), &norm)?;
        }
        Ok(())
    }

    /// Writes the options of layers of text.
    fn write_options(&mut self, of: &TransformerLayers) -> Result<(), ExportError> {
        let side = self.side;
        self.variables.flag(&format!("{side}/pre_norm"), of.placement == NormPlacement::Pre);
        self.variables.int8(&format!("{side}/activation"), activation(of.feed_forward.activation)?);
        if side == names::ENCODER {
            self.variables.int8(&format!("{side}/embeddings_merge"), 0);
            self.variables.flag(&format!("{side}/multi_query_attention"), false);
            return Ok(());
        }
        self.variables.int16(&format!("{side}/alignment_layer"), -1);
        self.variables.int16(&format!("{side}/alignment_heads"), 1);
        for flag in ["alibi", "alibi_use_positive_positions", "scale_alibi", "start_from_zero_embedding"] {
            self.variables.flag(&format!("{side}/{flag}"), false);
        }
        Ok(())
    }

    /// Writes the table of positions that are added to embeddings. Where tasks are several, the vector of this one is added
    /// to each: the decoder adds both to its input.
    fn write_positions(&mut self) -> Result<(), ExportError> {
        let d_model = self.stack.d_model;
        let name = format!("{}.{}.{}", self.side, names::POSITIONS, names::TABLE);
        let mut table = match self.stack.positions {
            Positions::Sinusoidal { layout, offset } => {
                sinusoidal(layout, offset..offset + self.positions, d_model)
            }
            Positions::Learned { offset, .. } => {
                self.model.tensor(&name)?.values[offset * d_model..].to_vec()
            }
            Positions::Alibi => return Err(refused("positions: alibi", "its slopes are of other heads")),
            Positions::Relative { .. } | Positions::Rotary | Positions::None => Vec::new(),
        };
        if table.is_empty() && self.stack.positions == Positions::None {
            table = vec![0.0; self.positions * d_model];
        }
        if self.side == names::DECODER
            && let Some(vectors) = self.model.weights.get(names::TASK_VECTORS)
        {
            if table.is_empty() {
                return Err(refused("tasks", "it adds the vector of a task to added positions alone"));
            }
            let vector = &vectors.values[self.model.task * d_model..][..d_model];
            for row in table.chunks_exact_mut(d_model) {
                row.iter_mut().zip(vector).for_each(|(value, of_task)| *value += of_task);
            }
        }
        if !table.is_empty() {
            let tensor = Tensor { shape: vec![table.len() / d_model, d_model], values: table };
            self.variables.tensor(&format!("{}/position_encodings/encodings", self.side), &tensor);
        }
        Ok(())
    }

    fn attention(
        &mut self,
        theirs: &str,
        ours: &str,
        attention: &Attention,
        own: bool,
    ) -> Result<(), ExportError> {
        let map = |name: &str| format!("{ours}.{name}");
        let [query, key, value] = [names::QUERY, names::KEY, names::VALUE].map(map);
        let output = [map(names::OUTPUT)];
        if own {
            self.linear(&format!("{theirs}/linear_0"), &[query, key, value])?;
            self.linear(&format!("{theirs}/linear_1"), &output)?;
        } else {
            self.linear(&format!("{theirs}/linear_0"), &[query])?;
            self.linear(&format!("{theirs}/linear_1"), &[key, value])?;
            self.linear(&format!("{theirs}/linear_2"), &output)?;
        }
        let wide = attention.width() != self.stack.d_model;
        if wide {
            // Sizes are bounded by the architecture's check.
            self.variables.int32(&format!("{theirs}/head_dim"), attention.d_head as i32);
        }
        if wide || !attention.scaled {
            self.variables.number(&format!("{theirs}/queries_scale"), attention.scale());
        }
        match self.stack.positions {
            Positions::Rotary if own => {
                self.variables.int32(&format!("{theirs}/rotary_dim"), attention.d_head as i32);
                self.variables.flag(&format!("{theirs}/rotary_interleave"), false);
                self.variables.number(&format!("{theirs}/rotary_base"), 10_000.0);
            }
            Positions::Relative { max_distance, .. } if own => {
                let first = format!("{}/layer_0/self_attention/relative_attention_bias", self.side);
                let name = format!("{theirs}/relative_attention_bias");
                if name == first {
                    let table = format!("{}.{}.{}", self.side, names::POSITIONS, names::TABLE);
                    self.variables.tensor(&first, self.model.tensor(&table)?);
                } else {
                    self.variables.alias(&name, &first);
                }
                let distance = i32::try_from(max_distance).map_err(|_| refused("max_distance", "too far"))?;
                self.variables.int32(&format!("{theirs}/relative_attention_max_distance"), distance);
            }
            _ => {}
        }
        Ok(())
    }

    /// Linear layers of ours, one below the other; where one of them has a bias, the others have zeros.
    fn linear(&mut self, theirs: &str, ours: &[String]) -> Result<(), ExportError> {
        let (mut values, mut biases, mut any, mut inputs) = (Vec::new(), Vec::new(), false, 0);
        for ours in ours {
            let matrix = self.model.tensor(&format!("{ours}.{}", names::WEIGHT))?;
            let width = matrix.shape.last().copied().unwrap_or(0);
            inputs = matrix.shape[0];
            values.extend(transposed(&matrix.values, width));
            match self.model.weights.get(&format!("{ours}.{}", names::BIAS)) {
                Some(bias) => {
                    biases.extend_from_slice(&bias.values);
                    any = true;
                }
                None => biases.resize(biases.len() + width, 0.0),
            }
        }
        let outputs = biases.len();
        self.variables.tensor(&format!("{theirs}/weight"), &Tensor { shape: vec![outputs, inputs], values });
        if any {
            self.variables
                .tensor(&format!("{theirs}/bias"), &Tensor { shape: vec![outputs], values: biases });
        }
        Ok(())
    }

    /// A normalisation: it is one of mean and variance exactly where it has a bias.
    fn norm(&mut self, theirs: &str, ours: &str, norm: &Norm) -> Result<(), ExportError> {
        let gain = self.model.tensor(&format!("{ours}.{}", names::WEIGHT))?;
        self.variables.tensor(&format!("{theirs}/gamma"), gain);
        let bias = self.model.weights.get(&format!("{ours}.{}", names::BIAS));
        match (norm.kind, bias) {
            (NormKind::RmsNorm, Some(_)) => Err(refused("norm.bias", "its RMSNorm has none")),
            (NormKind::RmsNorm, None) => Ok(()),
            (NormKind::LayerNorm, Some(bias)) => {
                self.variables.tensor(&format!("{theirs}/beta"), bias);
                Ok(())
            }
            (NormKind::LayerNorm, None) => {
                let zeros = Tensor { shape: gain.shape.clone(), values: vec![0.0; gain.values.len()] };
                self.variables.tensor(&format!("{theirs}/beta"), &zeros);
                Ok(())
            }
        }
    }
}

/// The number of an activation.
fn activation(activation: Activation) -> Result<i8, ExportError> {
    match activation {
        Activation::Relu => Ok(0),
        Activation::GeluTanh | Activation::Geglu => Ok(1),
        Activation::Silu | Activation::Swiglu => Ok(2),
        Activation::Gelu => Ok(GELU),
        Activation::ReluSquared => Err(refused("activation: relu_squared", "it has no squared ReLU")),
    }
}
