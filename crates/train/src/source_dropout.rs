//! Source dropout: training samples without their source, from which the model learns the distribution of targets
//! alone.

use std::borrow::Cow;

use any2any_adapter::Seed;
use any2any_translate::{Example, absent_source};

/// The source dropout of a task.
#[derive(Clone, Debug)]
pub(crate) struct SourceDropout {
    seed: Seed,
    task: String,
    share: f64,
}

impl SourceDropout {
    /// Leaves out this share of the sources; `None` if it is 0.
    pub(crate) fn new(task: &str, share: f64, seed: Seed) -> Option<Self> {
        (share > 0.0).then(|| Self { seed, task: task.to_owned(), share })
    }

    /// Leaves sources out at random. The draw depends only on epoch and sample, so that a resumed run makes the same
    /// one.
    pub(crate) fn apply(&self, examples: &mut [Cow<'_, Example>], epoch: u64) {
        for example in examples {
            let purpose = format!("source dropout {} {}", self.task, example.sample);
            if self.seed.random(&purpose, epoch).unit() < self.share {
                let silent = example.source.as_ref().map(absent_source);
                example.to_mut().source = silent;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::{Frames, Sequence};

    use super::*;

    #[test]
    fn a_share_of_the_sources_is_left_out_and_another_one_every_epoch() {
        let frames = Frames::new(2, vec![1.0; 6]).expect("three frames");
        let examples: Vec<Example> = (0..1000)
            .map(|sample| Example {
                sample,
                source: Some(match sample % 2 {
                    0 => Sequence::Tokens(vec![7, 8, 3]),
                    _ => Sequence::Frames(frames.clone()),
                }),
                target: Sequence::Tokens(vec![5, 3]),
            })
            .collect();
        let source_dropout = SourceDropout::new("draw", 0.25, Seed(1)).expect("a share");
        let left_out = |epoch| {
            let mut examples: Vec<_> = examples.iter().map(Cow::Borrowed).collect();
            source_dropout.apply(&mut examples, epoch);
            let sources = examples.into_iter().map(|example| example.into_owned().source.expect("a source"));
            sources.map(|source| (source.len() == 1).then_some(source)).collect::<Vec<_>>()
        };
        let first = left_out(0);
        let zeros = Sequence::Frames(Frames::new(2, vec![0.0; 2]).expect("a frame"));
        for (sample, source) in first.iter().enumerate().filter_map(|(n, source)| Some((n, source.as_ref()?)))
        {
            assert_eq!(*source, if sample % 2 == 0 { Sequence::Tokens(vec![3]) } else { zeros.clone() });
        }
        let count = first.iter().flatten().count();
        assert!((200..300).contains(&count), "{count} of 1,000");
        assert_eq!(first, left_out(0));
        assert_ne!(first, left_out(1));
        assert!(SourceDropout::new("draw", 0.0, Seed(1)).is_none());
    }
}
