//! The number that attribution and activation patching explain.

use any2any_model::{Embedded, Model, Pass};
use any2any_run::Task;
use any2any_translate::TranslateError;
use burn::tensor::{Tensor, activation};

use super::ReadSource;
use super::input::{Fed, ModelInput, hidden, wrong};
use crate::inspector::Inspector;

/// The token to explain, and what it is held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Explained {
    /// The number of tokens before it, which is the row of the logits.
    pub position: usize,
    /// The token; `None` for the one that was written there.
    pub token: Option<u32>,
    /// The token that might have been written instead (Yin and Neubig 2022, "Interpreting Language Models with
    /// Contrastive Explanations"): explained is by how much the token's log-probability is above that of this one, which is
    /// the difference of their logits. `None` explains the token's log-probability.
    pub contrast: Option<u32>,
}

/// A checked number to explain.
#[derive(Clone, Copy)]
pub(super) struct Goal {
    token: u32,
    contrast: Option<u32>,
}

impl Goal {
    /// The explained number of each row after the decoder's last position, `[batch]`.
    pub(super) fn values(
        self,
        model: &Model,
        task: usize,
        source: Option<Embedded>,
        fed: &Fed,
        pass: &mut Pass,
    ) -> Tensor<1> {
        self.of_hidden(model, task, hidden(model, task, source, fed, pass))
    }

    /// The explained number of each row's last hidden state, `[batch, target, d_model]` to `[batch]`.
    pub(super) fn of_hidden(self, model: &Model, task: usize, hidden: Tensor<3>) -> Tensor<1> {
        let [batch, width, _] = hidden.dims();
        let logits = model.logits(task, hidden.narrow(1, width - 1, 1));
        let log_probabilities = activation::log_softmax(logits, 2);
        let of = |token: u32| log_probabilities.clone().narrow(2, token as usize, 1).reshape([batch]);
        match self.contrast {
            None => of(self.token),
            Some(contrast) => of(self.token) - of(contrast),
        }
    }
}

impl Inspector<'_> {
    /// The input up to the explained token, and the number to explain.
    pub(super) fn goal(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        tokens: &[u32],
        Explained { position, token, contrast }: Explained,
    ) -> Result<(ModelInput, Goal), TranslateError> {
        let known =
            || wrong(format!("there is no token at {position} to explain: {} are given", tokens.len()));
        let before = tokens.get(..position).ok_or_else(known)?;
        let token = token.or_else(|| tokens.get(position).copied()).ok_or_else(known)?;
        let given = self.given(task, source, before)?;
        if given.width() <= position {
            return Err(wrong(format!("nothing but the end follows {position} tokens of this source")));
        }
        let vocabulary = self.model().architecture().outputs(task.number());
        if let Some(absent) =
            std::iter::once(token).chain(contrast).find(|&token| token as usize >= vocabulary)
        {
            return Err(wrong(format!("there is no token {absent}: the vocabulary has {vocabulary}")));
        }
        if contrast == Some(token) {
            return Err(wrong(format!(
                "token {token} is held against itself: give another one as the contrast"
            )));
        }
        Ok((given, Goal { token, contrast }))
    }
}
