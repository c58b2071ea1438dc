//! A model that writes one token for every position of the source: all are known after one pass.

use std::convert::Infallible;

use any2any_search::Stepper;

use crate::model::{Model, Source};
use crate::pass::Pass;
use crate::stem::Entrance;

/// The logit of a token that cannot be: small enough to have no probability, and finite.
pub const IMPOSSIBLE: f32 = -1e30;

/// The logits of a batch, and the position that its hypotheses have reached.
///
/// Search finds the best of every position by itself, since none sees the tokens before it. Each source has as
/// many tokens as it is given here, after which nothing but the end is possible.
#[derive(Clone, Debug)]
pub struct PerPositionStepper {
    /// Logits of all positions, `[batch, width, vocabulary]`.
    logits: Vec<f32>,
    width: usize,
    vocabulary: usize,
    /// The number of tokens that each source is given, `[batch]`.
    lengths: Vec<usize>,
    end: u32,
    /// The source of each hypothesis, `[rows]`.
    rows: Vec<usize>,
    place: usize,
}

impl PerPositionStepper {
    /// A row a source before the first token. `lengths` says how many tokens each source is given.
    pub fn new<S: Entrance>(
        model: &Model<S>,
        task: usize,
        source: Source,
        lengths: Vec<usize>,
        end: u32,
        pass: &mut Pass,
    ) -> Self {
        let width = lengths.iter().copied().max().unwrap_or(0);
        let encoded = model.encode(task, source, pass).filter(|_| width > 0);
        let vocabulary = model.architecture().outputs(task);
        let logits = encoded.map_or_else(Vec::new, |encoded| {
            let logits = model.logits(task, model.decode_per_position(task, &encoded, width, pass));
            logits.into_data().convert::<f32>().try_into_vec().expect("logits are 32-bit floats")
        });
        Self { logits, width, vocabulary, rows: (0..lengths.len()).collect(), lengths, end, place: 0 }
    }
}

impl Stepper for PerPositionStepper {
    type Error = Infallible;

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The logits of the next position, `[rows, vocabulary]`.
    fn step(&mut self, _tokens: &[u32]) -> Result<Vec<f32>, Infallible> {
        let mut answer = Vec::with_capacity(self.rows.len() * self.vocabulary);
        for &row in &self.rows {
            let from = answer.len();
            if self.place < self.lengths[row] {
                let at = (row * self.width + self.place) * self.vocabulary;
                answer.extend_from_slice(&self.logits[at..at + self.vocabulary]);
            } else {
                answer.resize(from + self.vocabulary, IMPOSSIBLE);
                answer[from + self.end as usize] = 0.0;
            }
        }
        self.place += 1;
        Ok(answer)
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), Infallible> {
        self.rows = rows.iter().map(|&row| self.rows[row]).collect();
        Ok(())
    }
}
