//! Requirements on what a caller hands in: tasks of this run, sequences that their stems can read.

use any2any_adapter::{Sequence, Stem, Unreadable};
use any2any_run::Task;

use super::Translator;
use crate::error::TranslateError;
use crate::example::Example;

impl Translator {
    /// Fails for a task of another run, whose number may be that of no stem and no head here.
    ///
    /// # Errors
    ///
    /// If it is one.
    pub fn require_own(&self, task: &Task) -> Result<(), TranslateError> {
        let own = self.adapters.tasks();
        if own.get(task.number()).is_some_and(|own| own.name() == task.name()) {
            return Ok(());
        }
        let known = own.iter().map(|task| task.name().to_owned()).collect();
        Err(TranslateError::OtherTask { name: task.name().to_owned(), known })
    }

    /// Fails for a source that the task's stem cannot read: of the other kind of sequence, of frames of another width,
    /// of tokens outside the vocabulary, or empty.
    ///
    /// # Errors
    ///
    /// If it is one.
    pub fn require_source_sequence(&self, task: &Task, source: &Sequence) -> Result<(), TranslateError> {
        match task.source() {
            Some(adapter) => unreadable(&adapter.stem(), source).map_or(Ok(()), |reason| {
                Err(TranslateError::Sequence { task: task.name().to_owned(), reason })
            }),
            None => Ok(task.require_source()?),
        }
    }

    /// Fails for tokens that the task does not write.
    ///
    /// # Errors
    ///
    /// If a token is outside the vocabulary, or the task writes frames.
    pub fn require_written(&self, task: &Task, tokens: &[u32]) -> Result<(), TranslateError> {
        task.require_tokens()?;
        let vocabulary = task.vocabulary().unwrap_or(0);
        outside(tokens, vocabulary)
            .map_or(Ok(()), |reason| Err(TranslateError::Sequence { task: task.name().to_owned(), reason }))
    }

    /// Fails for examples that the task cannot be scored on.
    pub(crate) fn require_examples<'e>(
        &self,
        task: &Task,
        examples: impl IntoIterator<Item = &'e Example>,
    ) -> Result<(), TranslateError> {
        self.require_own(task)?;
        for Example { source, target, .. } in examples {
            match source {
                Some(source) => self.require_source_sequence(task, source)?,
                None if task.source().is_some() => return Err(task.source_missing().into()),
                None => {}
            }
            let task_name = || task.name().to_owned();
            let reason = match (task.vocabulary(), target) {
                (Some(vocabulary), Sequence::Tokens(tokens)) => outside(tokens, vocabulary),
                (None, Sequence::Frames(_)) => None,
                (Some(_), Sequence::Frames(_)) => Some("tokens are written, and these are frames".to_owned()),
                (None, Sequence::Tokens(_)) => Some("frames are written, and these are tokens".to_owned()),
            };
            if let Some(reason) = reason {
                return Err(TranslateError::Sequence { task: task_name(), reason });
            }
        }
        Ok(())
    }
}

/// The reason why a stem cannot read a sequence; `None` if it can.
fn unreadable(stem: &Stem, sequence: &Sequence) -> Option<String> {
    Some(match stem.reads(sequence).err()? {
        Unreadable::Empty => "it is empty".to_owned(),
        Unreadable::Frames => "tokens are read, and these are frames".to_owned(),
        Unreadable::Tokens => "frames are read, and these are tokens".to_owned(),
        Unreadable::Width { found, width } => {
            format!("its frames are {found} wide, and those that are read {width}")
        }
        Unreadable::Token { token, vocabulary, .. } => no_token(token, vocabulary),
        other => format!("its stem cannot read it ({other:?})"),
    })
}

fn outside(tokens: &[u32], vocabulary: usize) -> Option<String> {
    let token = tokens.iter().find(|&&token| token as usize >= vocabulary)?;
    Some(no_token(*token, vocabulary))
}

fn no_token(token: u32, vocabulary: usize) -> String {
    format!("there is no token {token}: the vocabulary has {vocabulary}, from 0")
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Frames;

    use super::*;

    #[test]
    fn sequences_of_another_stem_are_told_apart() {
        let lookup = Stem::Lookup { vocabulary: 5, padding: 0 };
        let projection = Stem::Projection { width: 2 };
        let tokens = |tokens: &[u32]| Sequence::Tokens(tokens.to_vec());
        let frames = |width, values: &[f32]| {
            Sequence::Frames(Frames::new(width, values.to_vec()).expect("whole frames"))
        };
        for (stem, sequence, expected) in [
            (&lookup, tokens(&[4, 0]), None),
            (&lookup, tokens(&[]), Some("it is empty")),
            (&lookup, tokens(&[1, 5]), Some("there is no token 5: the vocabulary has 5, from 0")),
            (
                &lookup,
                tokens(&[u32::MAX]),
                Some("there is no token 4294967295: the vocabulary has 5, from 0"),
            ),
            (&lookup, frames(2, &[0.0; 4]), Some("tokens are read, and these are frames")),
            (&projection, frames(2, &[0.0; 4]), None),
            (&projection, frames(2, &[]), Some("it is empty")),
            (&projection, frames(4, &[0.0; 4]), Some("its frames are 4 wide, and those that are read 2")),
            (&projection, tokens(&[1]), Some("frames are read, and these are tokens")),
        ] {
            assert_eq!(unreadable(stem, &sequence).as_deref(), expected, "{stem:?} {sequence:?}");
        }
    }
}
