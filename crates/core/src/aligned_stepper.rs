//! A model that writes one token for every position of the source: all are known after one pass.

use std::convert::Infallible;

use any2any_search::Stepper;

use crate::model::{Model, Source};
use crate::pass::Pass;
use crate::stem::Entrance;

/// Stands in the place of the logit of a token that cannot be: small enough to have no probability, and finite.
const IMPOSSIBLE: f32 = -1e30;

/// The logits of a batch, and how far each hypothesis has come.
///
/// What search finds is the best of every position by itself, since none sees what was taken before it.
#[derive(Clone, Debug)]
pub struct AlignedStepper {
    /// For each source, `[tokens, vocabulary]`.
    logits: Vec<Vec<f32>>,
    vocabulary: usize,
    end: u32,
    /// The source of each row.
    rows: Vec<usize>,
    place: usize,
}

impl AlignedStepper {
    /// A row a source before the first token. `lengths` says how many tokens each source is given, after which
    /// it ends.
    pub fn new<S: Entrance>(
        model: &Model<S>,
        task: usize,
        source: Source,
        lengths: &[usize],
        end: u32,
    ) -> Self {
        let pass = &mut Pass::evaluation();
        let width = lengths.iter().copied().max().unwrap_or(0);
        let memory = model.encode(task, source, pass).filter(|_| width > 0);
        let [vocabulary, _] = model.softmax_table(task).dims();
        let logits: Vec<f32> = memory.map_or_else(Vec::new, |memory| {
            let logits = model.logits(task, model.decode_aligned(task, &memory, width, pass));
            logits.into_data().convert::<f32>().try_into_vec().expect("logits are 32-bit floats")
        });
        let row = |(row, &length): (usize, &usize)| {
            let from = row * width * vocabulary;
            logits[from..from + length * vocabulary].to_vec()
        };
        let logits: Vec<Vec<f32>> = lengths.iter().enumerate().map(row).collect();
        Self { rows: (0..logits.len()).collect(), logits, vocabulary, end, place: 0 }
    }
}

impl Stepper for AlignedStepper {
    type Error = Infallible;

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn step(&mut self, _tokens: &[u32]) -> Result<Vec<f32>, Infallible> {
        let (end, vocabulary) = (self.end as usize, self.vocabulary);
        let mut answer = Vec::with_capacity(self.rows.len() * vocabulary);
        for &row in &self.rows {
            let from = answer.len();
            match self.logits[row].chunks_exact(vocabulary).nth(self.place) {
                Some(logits) => {
                    answer.extend_from_slice(logits);
                    answer[from + end] = IMPOSSIBLE;
                }
                None => {
                    answer.resize(from + vocabulary, IMPOSSIBLE);
                    answer[from + end] = 0.0;
                }
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
