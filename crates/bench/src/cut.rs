//! Training samples of one length, cut from the data.

use any2any_adapter::Sequence;
use any2any_data::Limits;
use any2any_train::{PreparedTask, TrainError};
use any2any_translate::Example;

/// Replaces a task's training samples by samples of `length` tokens, cut from all its sources and all its targets in
/// their order.
pub(super) fn to_length(task: &mut PreparedTask, length: usize) -> Result<(), TrainError> {
    let examples = match task.stored.take() {
        Some(stored) => (0..stored.len()).map(|number| stored.example(number)).collect::<Result<_, _>>()?,
        None => std::mem::take(&mut task.train.examples),
    };
    let has_source = examples.iter().any(|example| example.source.is_some());
    let mut sources = Vec::new();
    for example in &examples {
        match &example.source {
            Some(Sequence::Tokens(tokens)) => sources.extend_from_slice(tokens),
            Some(Sequence::Frames(_)) => {
                return Err(TrainError::Unsupported(format!(
                    "task '{}' reads frames; only sources of tokens can be cut to a length",
                    task.name
                )));
            }
            None => {}
        }
    }
    let targets: Vec<u32> = examples.iter().flat_map(Example::target_tokens).copied().collect();
    let mut pieces = sources.chunks_exact(length);
    task.train.examples = targets
        .chunks_exact(length)
        .map_while(|target| {
            let source = pieces.next().map(|tokens| Sequence::Tokens(tokens.to_vec()));
            (source.is_some() == has_source).then(|| (source, Sequence::Tokens(target.to_vec())))
        })
        .enumerate()
        .map(|(sample, (source, target))| Example { sample, source, target })
        .collect();
    if task.train.examples.is_empty() {
        return Err(TrainError::Unsupported(format!(
            "task '{}' has fewer than {length} tokens on one side; ask for a shorter length",
            task.name
        )));
    }
    let all = Limits { source: usize::MAX, target: usize::MAX };
    task.selection = all.select(&task.train.lengths());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use any2any_data::{Broken, Flaws};
    use any2any_translate::Oddities;
    use any2any_translate::Split;
    use any2any_translate::Warnings;

    #[test]
    fn every_sample_has_the_length() {
        let example = |sample, source: &[u32], target: &[u32]| Example {
            sample,
            source: Some(Sequence::Tokens(source.to_vec())),
            target: Sequence::Tokens(target.to_vec()),
        };
        let examples = vec![example(0, &[1, 2, 3], &[9]), example(1, &[4, 5], &[8, 7, 6, 5, 4])];
        let train = Split {
            examples,
            long: BTreeMap::new(),
            sources: Vec::new(),
            references: Vec::new(),
            alternatives: Vec::new(),
            broken: Broken::default(),
            warnings: Warnings::default(),
            flaws: Flaws::default(),
            oddities: Oddities::default(),
        };
        let mut task = PreparedTask {
            name: "task".to_owned(),
            train,
            stored: None,
            selection: Limits { source: 2, target: 2 }.select(&[]),
            validation: None,
            test: None,
        };
        to_length(&mut task, 2).expect("there are enough tokens");
        let pieces: Vec<_> = task
            .train
            .examples
            .iter()
            .map(|example| {
                (example.source.as_ref().and_then(|source| source.tokens()), example.target_tokens())
            })
            .collect();
        assert_eq!(pieces, [(Some(&[1, 2][..]), &[9, 8][..]), (Some(&[3, 4][..]), &[7, 6][..])]);
        assert_eq!(task.selection.kept, [0, 1]);
        assert!(to_length(&mut task, 9).is_err());
    }
}
