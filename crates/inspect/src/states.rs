//! States of a model's positions, and the positions of other inputs whose states lie nearest (Strobelt et al. 2018,
//! "Seq2Seq-Vis: A Visual Debugging Tool for Sequence-to-Sequence Models").

use any2any_architecture::StackKind;
use any2any_run::Task;
use any2any_translate::TranslateError;

use super::array::Array;
use super::input::wrong;
use super::{Ablations, ReadSource};
use crate::inspector::Inspector;

/// A position of one of several inputs, by how near its state lies.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Neighbour {
    /// The place of the input in the list.
    pub input: usize,
    /// The position in it.
    pub position: usize,
    /// The cosine of the angle between both states, from -1 to 1.
    pub similarity: f32,
}

impl Inspector<'_> {
    /// The states that a stack hands on, `[positions, d_model]`: those of the encoder, or those that the next token is chosen
    /// from, one behind the begin token and each token.
    ///
    /// # Errors
    ///
    /// Those of [`look`](Self::look), if there is no encoder, or if states of the decoder are asked for and the task writes
    /// frames.
    pub fn states(
        &self,
        task: &Task,
        (source, tokens): (Option<&ReadSource>, &[u32]),
        stack: StackKind,
        ablations: &Ablations,
    ) -> Result<Array, TranslateError> {
        self.check_ablations(task, source, ablations)?;
        let mut pass = ablations.on(self.pass());
        let states = match stack {
            StackKind::Decoder => {
                let given = self.given(task, source, tokens)?;
                given.hidden(self.model(), &mut pass)
            }
            StackKind::Encoder => {
                self.require_own(task)?;
                let encoded = self.embedded(task, source);
                let encoded = encoded.and_then(|encoded| self.model().encode_embedded(encoded, &mut pass));
                let none = || wrong("this model has no encoder whose states could be compared".to_owned());
                encoded.ok_or_else(none)?.states
            }
        };
        self.cancellation().check()?;
        Ok(Array::of_row(states))
    }
}

/// The inputs with a state nearest to `state`, `[d_model]`: of each of several inputs, `[positions, d_model]`, the
/// nearest position, the nearest input first.
pub fn nearest(state: &[f32], inputs: &[Array], count: usize) -> Vec<Neighbour> {
    let of_input = |(input, states): (usize, &Array)| {
        let positions = (0..states.rows()).map(|position| Neighbour {
            input,
            position,
            similarity: cosine(state, states.row(position)),
        });
        positions.max_by(|a, b| a.similarity.total_cmp(&b.similarity))
    };
    let mut all: Vec<Neighbour> = inputs.iter().enumerate().filter_map(of_input).collect();
    all.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
    all.truncate(count);
    all
}

/// The cosine of the angle between two vectors; 0 if one of them is zero.
fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let product =
        |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum() };
    let lengths = (product(one, one) * product(other, other)).sqrt();
    if lengths == 0.0 { 0.0 } else { (product(one, other) / lengths) as f32 }
}
