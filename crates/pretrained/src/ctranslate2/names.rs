//! Names of a Whisper's variables: which tensor of Hugging Face's layout is which variable, or which rows of one.

use std::collections::{BTreeMap, BTreeSet};

use super::binary::Variables;
use crate::config::Config;
use crate::error::PretrainedError;
use crate::pretrained::{LeftOut, Part};
use crate::safetensors::{Checkpoint, Place};
use crate::values::Values;

/// A part of a variable: one of several equal ranges of its rows.
#[derive(Clone, Debug)]
struct Rows {
    variable: String,
    number: usize,
    of: usize,
}

/// The part of a variable that each tensor of Hugging Face's layout is.
pub(super) struct Names {
    rows: BTreeMap<String, Rows>,
    shapes: BTreeMap<String, Vec<usize>>,
}

/// Sub-layers with attention: their names here, and those of Hugging Face's layout.
const ATTENTIONS: [(&str, &str); 2] = [("self_attention", "self_attn"), ("attention", "encoder_attn")];

impl Names {
    /// The names of a model, each of whose variables is accounted for.
    pub(super) fn of(variables: &Variables, options: &Config) -> Result<Self, PretrainedError> {
        let mut names = Self { rows: BTreeMap::new(), shapes: BTreeMap::new() };
        for number in 1..=2 {
            names.layer(
                &format!("encoder/conv{number}"),
                &format!("encoder.conv{number}"),
                ["weight", "bias"],
            );
        }
        names.whole("decoder/embeddings/weight", "decoder.embed_tokens.weight");
        // It may be missing, where it is the table of embeddings.
        if variables.tensors.shape("decoder/projection/weight").is_some() {
            names.rows.insert("proj_out.weight".to_owned(), Rows::whole("decoder/projection/weight"));
        }
        for side in ["encoder", "decoder"] {
            names.whole(
                &format!("{side}/position_encodings/encodings"),
                &format!("{side}.embed_positions.weight"),
            );
            names.norm(&format!("{side}/layer_norm"), &format!("{side}.layer_norm"));
            for number in 0..options.layers(&format!("{side}_layers"))? {
                names.of_layer(variables, side, number)?;
            }
        }
        names.account(variables)?;
        Ok(names)
    }

    fn of_layer(&mut self, variables: &Variables, side: &str, number: usize) -> Result<(), PretrainedError> {
        let (layer, hugging) = (format!("{side}/layer_{number}"), format!("{side}.layers.{number}"));
        let attentions = if side == "encoder" { &ATTENTIONS[..1] } else { &ATTENTIONS[..] };
        for (attention, theirs) in attentions {
            let (attention, hugging) = (format!("{layer}/{attention}"), format!("{hugging}.{theirs}"));
            let linears: &[&[&str]] = match *theirs {
                "self_attn" => &[&["q_proj", "k_proj", "v_proj"], &["out_proj"]],
                _ => &[&["q_proj"], &["k_proj", "v_proj"], &["out_proj"]],
            };
            for (number, parts) in linears.iter().enumerate() {
                self.linear(variables, &format!("{attention}/linear_{number}"), &hugging, parts)?;
            }
            self.norm(&format!("{attention}/layer_norm"), &format!("{hugging}_layer_norm"));
        }
        for (number, name) in ["fc1", "fc2"].iter().enumerate() {
            let theirs = format!("{layer}/ffn/linear_{number}");
            self.layer(&theirs, &format!("{hugging}.{name}"), ["weight", "bias"]);
        }
        self.norm(&format!("{layer}/ffn/layer_norm"), &format!("{hugging}.final_layer_norm"));
        Ok(())
    }

    /// Linear layers of an attention, one below the other. Keys have no bias, so theirs must be zeros.
    fn linear(
        &mut self,
        variables: &Variables,
        theirs: &str,
        hugging: &str,
        parts: &[&str],
    ) -> Result<(), PretrainedError> {
        for kind in ["weight", "bias"] {
            let (variable, of) = (format!("{theirs}/{kind}"), parts.len());
            let shape = variables.tensors.shape(&variable);
            let rows = shape.and_then(|shape| shape.first()).copied().unwrap_or(0);
            if !rows.is_multiple_of(of) {
                let reason = format!("{variable} has {rows} rows, and they are those of {of} layers");
                return Err(PretrainedError::damaged(variables.tensors.path(), reason));
            }
            for (number, part) in parts.iter().enumerate() {
                if *part == "k_proj" && kind == "bias" {
                    if shape.is_some() {
                        let values = variables.tensors.values(&variable)?;
                        let size = values.len() / of;
                        self.require_zeros(variables, &variable, &values[number * size..][..size])?;
                    }
                } else {
                    let name = format!("model.{hugging}.{part}.{kind}");
                    self.rows.insert(name, Rows { variable: variable.clone(), number, of });
                }
            }
        }
        Ok(())
    }

    fn require_zeros(
        &self,
        variables: &Variables,
        variable: &str,
        values: &[f32],
    ) -> Result<(), PretrainedError> {
        match values.iter().all(|&value| value == 0.0) {
            true => Ok(()),
            false => Err(PretrainedError::Differs {
                path: variables.tensors.path().to_owned(),
                tensor: variable.to_owned(),
                other: "zeros in the rows of keys".to_owned(),
                reason: "keys of Whisper have no bias".to_owned(),
            }),
        }
    }

    fn whole(&mut self, variable: &str, hugging: &str) {
        self.rows.insert(format!("model.{hugging}"), Rows::whole(variable));
    }

    /// The two tensors of a layer, called so.
    fn layer(&mut self, theirs: &str, hugging: &str, [weight, bias]: [&str; 2]) {
        self.whole(&format!("{theirs}/{weight}"), &format!("{hugging}.weight"));
        self.whole(&format!("{theirs}/{bias}"), &format!("{hugging}.bias"));
    }

    fn norm(&mut self, theirs: &str, hugging: &str) {
        self.layer(theirs, hugging, ["gamma", "beta"]);
    }

    /// Looks that there is each variable that the model needs, of floats, and no other.
    fn account(&mut self, variables: &Variables) -> Result<(), PretrainedError> {
        let path = || variables.tensors.path().to_owned();
        let needed: BTreeSet<&str> = self.rows.values().map(|rows| rows.variable.as_str()).collect();
        for &variable in &needed {
            let Some(place) = variables.tensors.place(variable) else {
                return Err(PretrainedError::Missing { path: path(), tensor: variable.to_owned() });
            };
            if let Values::Other(dtype) = &place.values {
                let (tensor, dtype) = (variable.to_owned(), dtype.clone());
                return Err(PretrainedError::Dtype { path: path(), tensor, dtype });
            }
            self.shapes.insert(variable.to_owned(), place.shape.clone());
        }
        let more = variables.tensors.names().filter(|name| !needed.contains(name));
        let more: Vec<String> = more.map(str::to_owned).collect();
        match more.is_empty() {
            true => Ok(()),
            false => Err(PretrainedError::Unexpected { path: path(), tensors: more }),
        }
    }

    /// The tensors of Hugging Face's layout, where they lie among the variables.
    pub(super) fn tensors(&self, variables: &Checkpoint) -> BTreeMap<String, Place> {
        let place = |(name, rows): (&String, &Rows)| {
            let mut place = variables.place(&rows.variable)?.clone();
            if let Some(first) = place.shape.first_mut() {
                *first /= rows.of;
            }
            place.bytes /= rows.of;
            place.start += (place.bytes * rows.number) as u64;
            Some((name.clone(), place))
        };
        self.rows.iter().filter_map(place).collect()
    }

    /// The variable of a tensor.
    fn variable(&self, tensor: String) -> String {
        self.rows.get(&tensor).map_or(tensor, |rows| rows.variable.clone())
    }

    /// What each variable became.
    pub(super) fn of_parts(&self, parts: Vec<Part>) -> Vec<Part> {
        let mut ours: Vec<Part> = Vec::new();
        for part in parts {
            let theirs = self.variable(part.theirs);
            if let Some(first) = ours.iter_mut().find(|first| first.theirs == theirs) {
                first.ours.extend(part.ours);
                continue;
            }
            let shape = self.shapes.get(&theirs).cloned().unwrap_or(part.shape);
            let left_out = part.left_out.map(|reason| match reason {
                LeftOut::Duplicate { of } => LeftOut::Duplicate { of: self.variable(of) },
                other => other,
            });
            ours.push(Part { theirs, shape, ours: part.ours, left_out });
        }
        ours
    }

    /// An error with the names that the file has.
    pub(super) fn of_error(&self, mut error: PretrainedError) -> PretrainedError {
        use PretrainedError::{Differs, Missing, NotFinite, Shape};
        if let Shape { tensor, found, expected, .. } = &mut error {
            let of = self.rows.get(tensor).map_or(1, |rows| rows.of);
            for first in [found.first_mut(), expected.first_mut()].into_iter().flatten() {
                *first *= of;
            }
        }
        if let Missing { tensor, .. }
        | Shape { tensor, .. }
        | NotFinite { tensor, .. }
        | Differs { tensor, .. } = &mut error
        {
            *tensor = self.variable(std::mem::take(tensor));
        }
        error
    }
}

impl Rows {
    fn whole(variable: &str) -> Self {
        Self { variable: variable.to_owned(), number: 0, of: 1 }
    }
}
