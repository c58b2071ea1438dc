//! Phrases that outputs must contain, and how far an output has come with them.

use std::sync::Arc;

/// A phrase that every output of a source must contain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase {
    /// Its tokens at the very beginning of an output.
    pub at_start: Vec<u32>,
    /// Its tokens behind others; with those of a space before it, where there is one.
    pub inside: Vec<u32>,
    /// For each token of the vocabulary: true if it would go on with the phrase's last word, so that the phrase is not
    /// written when this token stands behind it. Tokens beyond the end would not.
    pub continuations: Arc<[bool]>,
}

impl Phrase {
    /// The most tokens that it takes to write.
    pub fn cost(&self) -> usize {
        self.at_start.len().max(self.inside.len())
    }

    /// Both ways to write it, each with the one place where it may begin, if there is but one.
    fn forms(&self) -> [(&[u32], Option<usize>); 2] {
        [(&self.at_start, Some(0)), (&self.inside, None)]
    }

    fn is_continued_by(&self, token: u32) -> bool {
        self.continuations.get(token as usize).copied().unwrap_or(false)
    }
}

/// Progress of a path with the phrases of its source (the state of Post and Vilar 2018): which are written, and how
/// much of the next one is.
#[derive(Clone, Debug)]
pub(crate) struct Coverage {
    written: Vec<bool>,
    /// The tokens before this place belong to phrases that are written.
    free_from: usize,
    /// The phrase that the last token has completed.
    just_written: Option<usize>,
    /// The tokens that are still needed, at most.
    needed: usize,
}

impl Coverage {
    /// The progress before the first token.
    pub(crate) fn new(phrases: &[Phrase]) -> Self {
        let needed = phrases.iter().map(Phrase::cost).sum();
        Self { written: vec![false; phrases.len()], free_from: 0, just_written: None, needed }
    }

    /// The tokens that are still needed, at most; 0 when every phrase is written.
    pub(crate) fn needed(&self) -> usize {
        self.needed
    }

    /// The number of phrases that are written.
    pub(crate) fn count(&self) -> usize {
        self.written.iter().filter(|&&written| written).count()
    }

    /// The tokens that come closer to a phrase behind `tokens`, rising.
    pub(crate) fn next_tokens(&self, tokens: &[u32], phrases: &[Phrase]) -> Vec<u32> {
        let mut next: Vec<u32> = self
            .missing(phrases)
            .flat_map(Phrase::forms)
            .flat_map(|(form, place)| {
                let begins = (0..form.len()).filter(move |&depth| self.holds(tokens, form, depth, place));
                begins.map(|depth| form[depth])
            })
            .collect();
        next.sort_unstable();
        next.dedup();
        next
    }

    /// The progress behind `tokens`, the last of which is new.
    pub(crate) fn after(&self, tokens: &[u32], phrases: &[Phrase]) -> Self {
        let mut next = self.clone();
        if let (Some(number), Some(&token)) = (next.just_written.take(), tokens.last())
            && phrases[number].is_continued_by(token)
        {
            next.written[number] = false;
        }
        let mut complete: Option<(usize, usize)> = None;
        for (number, phrase) in phrases.iter().enumerate().filter(|(number, _)| !next.written[*number]) {
            for (form, place) in phrase.forms() {
                let longer = complete.is_none_or(|(_, length)| form.len() > length);
                if longer && !form.is_empty() && next.holds(tokens, form, form.len(), place) {
                    complete = Some((number, form.len()));
                }
            }
        }
        if let Some((number, _)) = complete {
            next.written[number] = true;
            next.just_written = Some(number);
            next.free_from = tokens.len();
        }
        next.needed = next.count_needed(tokens, phrases);
        next
    }

    fn missing<'p>(&self, phrases: &'p [Phrase]) -> impl Iterator<Item = &'p Phrase> {
        phrases.iter().zip(&self.written).filter(|(_, written)| !**written).map(|(phrase, _)| phrase)
    }

    /// True if `tokens` end with the first `depth` tokens of a form, which begin where they may.
    fn holds(&self, tokens: &[u32], form: &[u32], depth: usize, place: Option<usize>) -> bool {
        let Some(begin) = tokens.len().checked_sub(depth) else { return false };
        begin >= self.free_from
            && place.is_none_or(|place| place == begin)
            && tokens[begin..] == form[..depth]
    }

    fn count_needed(&self, tokens: &[u32], phrases: &[Phrase]) -> usize {
        let all: usize = self.missing(phrases).map(Phrase::cost).sum();
        let saved = self.missing(phrases).flat_map(|phrase| {
            phrase.forms().into_iter().flat_map(move |(form, place)| {
                let begun = (1..form.len()).filter(move |&depth| self.holds(tokens, form, depth, place));
                begun.map(move |depth| phrase.cost() - (form.len() - depth))
            })
        });
        all - saved.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrase(tokens: &[u32], continuations: &[u32]) -> Phrase {
        let mut table = vec![false; 20];
        continuations.iter().for_each(|&token| table[token as usize] = true);
        Phrase { at_start: tokens.to_vec(), inside: tokens.to_vec(), continuations: table.into() }
    }

    /// Needed tokens behind each token, and the tokens that come closer at the end.
    fn check(phrases: &[Phrase], tokens: &[u32], needed: &[usize], closer: &[u32]) {
        let mut coverage = Coverage::new(phrases);
        let mut found = Vec::new();
        for end in 1..=tokens.len() {
            coverage = coverage.after(&tokens[..end], phrases);
            found.push(coverage.needed());
        }
        assert_eq!(
            (found.as_slice(), coverage.next_tokens(tokens, phrases).as_slice()),
            (needed, closer),
            "{tokens:?}"
        );
    }

    #[test]
    fn progress_is_made_lost_and_kept() {
        let two = [phrase(&[5, 6, 7], &[]), phrase(&[8], &[])];
        check(&two, &[5, 6, 7, 8], &[3, 2, 1, 0], &[]);
        check(&two, &[9, 8, 5, 6], &[4, 3, 2, 1], &[5, 7]);
        // Another token on the way, and all that was begun is lost.
        check(&two, &[5, 6, 9], &[3, 2, 4], &[5, 8]);
        check(&two, &[5, 6, 5, 6, 7], &[3, 2, 3, 2, 1], &[8]);
        // The end of what went wrong may be a beginning.
        check(&[phrase(&[5, 5, 6], &[])], &[5, 5, 5, 6], &[2, 1, 1, 0], &[]);
        // A token belongs to one phrase alone.
        let shared = [phrase(&[5, 6], &[]), phrase(&[6, 7], &[])];
        check(&shared, &[5, 6, 7], &[3, 2, 2], &[6]);
    }

    #[test]
    fn a_word_that_goes_on_is_another_word() {
        let one = [phrase(&[5, 6], &[3])];
        check(&one, &[5, 6], &[1, 0], &[]);
        check(&one, &[5, 6, 3], &[1, 0, 2], &[5]);
        check(&one, &[5, 6, 4, 3], &[1, 0, 0, 0], &[]);
    }

    #[test]
    fn the_form_of_the_start_counts_there_alone() {
        let one = [Phrase { at_start: vec![1], inside: vec![2, 3], continuations: [].into() }];
        check(&one, &[], &[], &[1, 2]);
        check(&one, &[1], &[0], &[]);
        check(&one, &[9, 1], &[2, 2], &[2]);
        check(&one, &[9, 2, 3], &[2, 1, 0], &[]);
    }
}
