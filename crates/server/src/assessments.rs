//! Samples of a split that are held against the model, piece by piece, as `/api/distance` does.

use any2any_inspect::{self as inspect, Ablations, Inspector};
use any2any_run::Task;
use any2any_translate::{Output, Translator};

use crate::api_error::ApiError;
use crate::piece::{Piece, Sample, without_end};
use crate::protocol::{AssessedSample, Assessments, Confusion};

/// Holds the samples of a piece, all of which have a source, against the model, which has written `outputs`. A sample that
/// the model cannot take is left out.
pub(crate) fn assessed(
    piece: Piece,
    model: &Translator,
    task: &Task,
    outputs: &[Vec<Output>],
) -> Result<Assessments, ApiError> {
    let mut samples = Vec::new();
    for (sample, outputs) in piece.samples.into_iter().zip(outputs) {
        let Sample { number, source: Some(source), tokens, reference } = sample else { continue };
        let Some(output) = outputs.first() else { continue };
        let written = without_end(task, &output.sequence);
        let given = (&tokens[..], &written[..]);
        let found = Inspector::new(model).assess(task, Some(&source), given, &Ablations::default())?;
        samples.push(AssessedSample {
            number,
            source: source.value.as_text().map(str::to_owned),
            reference,
            output: output.decoded.value.to_string(),
            positions: source.positions.len(),
            tokens: found.tokens,
            loss: found.loss,
            entropy: found.entropy,
            error: found.error,
            confusions: found.confusions.iter().map(|confusion| shown(task, confusion)).collect(),
        });
    }
    Ok(Assessments { total: piece.total, next: piece.next, samples })
}

fn shown(task: &Task, confusion: &inspect::Confusion) -> Confusion {
    let adapter = task.target();
    Confusion {
        position: confusion.position,
        expected: adapter.show(confusion.expected),
        likeliest: adapter.show(confusion.likeliest),
        log_probability: confusion.log_probability,
    }
}
