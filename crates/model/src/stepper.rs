//! A model that writes one token after the other, a row a hypothesis.

use std::convert::Infallible;

use any2any_search::Stepper;

use crate::decoder::DecoderState;
use crate::encoder_output::RowSelection;
use crate::model::{Model, Source};
use crate::pass::Pass;
use crate::stem::{Entrance, InputStem};

/// The state of a batch of hypotheses.
#[derive(Debug)]
pub struct ModelStepper<'a, S: Entrance = InputStem> {
    model: &'a Model<S>,
    task: usize,
    state: DecoderState,
}

impl<'a, S: Entrance> ModelStepper<'a, S> {
    /// A row a source before the first token; without a source, as many rows as the first step feeds. Sources are
    /// encoded in `pass`.
    pub fn new(model: &'a Model<S>, task: usize, source: Option<Source>, pass: &mut Pass) -> Self {
        let encoded = source.and_then(|source| model.encode(task, source, pass));
        Self { model, task, state: model.start(encoded.as_ref()) }
    }

    /// Feeds each row its next token, `[rows]`, and gives the logits of what follows, `[rows, vocabulary]`.
    pub fn logits(&mut self, tokens: &[u32]) -> Vec<f32> {
        let rows = tokens.len();
        let tokens = tokens.iter().map(|&token| token as i32).collect();
        let tokens = self.model.tokens(tokens, rows);
        let hidden = self.model.extend(self.task, tokens, &mut self.state, &mut Pass::evaluation());
        let logits = self.model.logits(self.task, hidden);
        logits.into_data().convert::<f32>().try_into_vec().expect("logits are 32-bit floats")
    }
}

impl<S: Entrance> Stepper for ModelStepper<'_, S> {
    type Error = Infallible;

    fn vocabulary(&self) -> usize {
        self.model.architecture().outputs(self.task)
    }

    /// The logits of what follows, `[rows, vocabulary]`.
    fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Infallible> {
        Ok(self.logits(tokens))
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), Infallible> {
        self.state.select(&RowSelection::new(rows, &self.model.device()));
        Ok(())
    }
}
