//! Lexical shortlists: the few tokens of a large vocabulary that may be written for a source (Jean et al. 2015, section
//! 3.2; Kim et al. 2019, section 4.4).
//!
//! A list is that of Marian's binary files: the most frequent tokens, which are the first of the vocabulary, and for each
//! token of a source those that it is often translated to. Where source and target share a vocabulary, tokens of the source
//! may be written as they are. Marian puts the lists of all sources of a batch together; here each source has its own, so
//! that what is written for it does not depend on the sources beside it.

use std::fmt;

/// The first eight bytes of a file.
const MAGIC: u64 = 0xF11A_48D5_0134_17F5;

/// The header: magic, checksum, the number of most frequent tokens, the most tokens of a list, the numbers of offsets and
/// of listed tokens.
const HEADER: usize = 6 * 8;

/// Marian fills lists up to a multiple of this many tokens.
const MULTIPLE: usize = 8;

/// The tokens that may be written for each token of a source.
#[derive(Clone, PartialEq, Eq)]
pub struct Shortlist {
    /// The number of tokens that may always be written, the first of the vocabulary.
    frequent: usize,
    /// Where the list of each source token begins, and the end of the last, `[source tokens + 1]`.
    offsets: Vec<usize>,
    /// The lists, one behind the other.
    tokens: Vec<u32>,
}

/// A file that is no shortlist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no shortlist of Marian: {0}")]
pub struct ShortlistError(String);

impl fmt::Debug for Shortlist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shortlist of {} source tokens", self.sources())
    }
}

impl Shortlist {
    /// True if a file begins as a shortlist does.
    pub fn recognises(bytes: &[u8]) -> bool {
        bytes.first_chunk() == Some(&MAGIC.to_le_bytes())
    }

    /// The shortlist of a file in Marian's binary format.
    ///
    /// # Errors
    ///
    /// When it is none, or its parts do not fit together.
    pub fn read(bytes: &[u8]) -> Result<Self, ShortlistError> {
        let broken = |reason: &str| ShortlistError(reason.to_owned());
        if !Self::recognises(bytes) {
            return Err(broken("it does not begin as one"));
        }
        let (head, rest) = bytes.split_at_checked(HEADER).ok_or_else(|| broken("it ends in its header"))?;
        let numbers: Vec<u64> = eights(head).collect();
        let (frequent, offsets, tokens) = (numbers[2], numbers[4], numbers[5]);
        let size = offsets.checked_mul(8).zip(tokens.checked_mul(4)).and_then(|(a, b)| a.checked_add(b));
        if size != Some(rest.len() as u64) || offsets == 0 {
            return Err(ShortlistError(format!(
                "its header speaks of {offsets} offsets and {tokens} tokens, and {} bytes follow",
                rest.len()
            )));
        }
        let (offsets, tokens) = rest.split_at(8 * offsets as usize);
        let offsets: Vec<u64> = eights(offsets).collect();
        let tokens: Vec<u32> =
            tokens.as_chunks::<4>().0.iter().map(|&four| u32::from_le_bytes(four)).collect();
        if !offsets.is_sorted() || offsets.last() != Some(&(tokens.len() as u64)) {
            return Err(broken("its offsets do not rise to the number of its tokens"));
        }
        if frequent > u64::from(u32::MAX) {
            return Err(broken("more tokens are said to be frequent than any vocabulary has"));
        }
        let offsets = offsets.into_iter().map(|offset| offset as usize).collect();
        Ok(Self { frequent: frequent as usize, offsets, tokens })
    }

    /// The shortlist of these lists, one for each source token; no token may always be written.
    pub fn of_lists(lists: &[Vec<u32>]) -> Self {
        let ends = lists.iter().scan(0, |end, list| {
            *end += list.len();
            Some(*end)
        });
        Self { frequent: 0, offsets: [0].into_iter().chain(ends).collect(), tokens: lists.concat() }
    }

    /// The shortlist in Marian's binary format.
    pub fn to_bytes(&self) -> Vec<u8> {
        let longest = self.offsets.windows(2).map(|bounds| bounds[1] - bounds[0]).max().unwrap_or(0);
        let counts = [self.frequent, longest, self.offsets.len(), self.tokens.len()];
        let eights = counts.iter().chain(&self.offsets).flat_map(|&number| (number as u64).to_le_bytes());
        let content: Vec<u8> =
            eights.chain(self.tokens.iter().flat_map(|token| token.to_le_bytes())).collect();
        [&MAGIC.to_le_bytes(), &checksum(&content).to_le_bytes(), &content[..]].concat()
    }

    /// The number of tokens that may always be written.
    pub fn frequent(&self) -> usize {
        self.frequent
    }

    /// The number of source tokens that have a list.
    pub fn sources(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The list of a source token, without those that may always be written; empty for one that has none.
    pub fn list(&self, source: u32) -> &[u32] {
        match self.offsets.get(source as usize..source as usize + 2) {
            Some(&[from, to]) => &self.tokens[from..to],
            _ => &[],
        }
    }

    /// The highest token that it names; `None` if it names none.
    pub fn highest(&self) -> Option<u32> {
        let frequent = self.frequent.checked_sub(1).map(|highest| highest as u32);
        self.tokens.iter().copied().max().max(frequent)
    }

    /// The tokens that may be written for a source, in rising order; `shared` where both have one vocabulary.
    ///
    /// # Panics
    ///
    /// When a list names a token beyond the vocabulary.
    pub fn listed(&self, source: &[u32], shared: bool, vocabulary: usize) -> Vec<u32> {
        let mut listed = vec![false; vocabulary];
        listed[..self.frequent.min(vocabulary)].fill(true);
        for &token in source {
            self.list(token).iter().for_each(|&token| listed[token as usize] = true);
            if shared && let Some(listed) = listed.get_mut(token as usize) {
                *listed = true;
            }
        }
        let count = listed.iter().filter(|&&listed| listed).count();
        let lacking = count.next_multiple_of(MULTIPLE) - count;
        listed.iter_mut().filter(|listed| !**listed).take(lacking).for_each(|listed| *listed = true);
        (0..).zip(listed).filter_map(|(token, listed)| listed.then_some(token)).collect()
    }
}

/// Marian's checksum of what stands behind it: the whole numbers of eight bytes, mixed one after the other as boost's
/// `hash_combine` does.
fn checksum(content: &[u8]) -> u64 {
    eights(content).fold(0, |seed, number| {
        let mixed = number.wrapping_add(0x9E37_79B9).wrapping_add(seed << 6).wrapping_add(seed >> 2);
        seed ^ mixed
    })
}

fn eights(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks::<8>().0.iter().map(|&eight| u64::from_le_bytes(eight))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(frequent: u64, offsets: &[u64], tokens: &[u32]) -> Vec<u8> {
        let head = [MAGIC, 0, frequent, 50, offsets.len() as u64, tokens.len() as u64];
        let eights = head.iter().chain(offsets).flat_map(|number| number.to_le_bytes());
        eights.chain(tokens.iter().flat_map(|token| token.to_le_bytes())).collect()
    }

    #[test]
    fn a_source_may_be_written_with_frequent_listed_and_its_own_tokens() {
        let shortlist = Shortlist::read(&file(2, &[0, 2, 2, 5], &[30, 31, 10, 11, 31])).expect("sound");
        assert_eq!((shortlist.frequent(), shortlist.sources(), shortlist.highest()), (2, 3, Some(31)));
        // Filled up to eight with the first that are not there.
        assert_eq!(shortlist.listed(&[0, 2], false, 40), [0, 1, 2, 3, 10, 11, 30, 31]);
        assert_eq!(shortlist.listed(&[0, 2, 39], true, 40), [0, 1, 2, 10, 11, 30, 31, 39]);
        assert_eq!(shortlist.listed(&[1, 77], false, 40), [0, 1, 2, 3, 4, 5, 6, 7]);
        // A vocabulary that is no multiple of eight is not left.
        assert_eq!(shortlist.listed(&[], false, 5), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let lists = [vec![30, 31], vec![], vec![10, 11, 31]];
        let shortlist = Shortlist::of_lists(&lists);
        let bytes = shortlist.to_bytes();
        assert_eq!(Shortlist::read(&bytes), Ok(shortlist.clone()));
        assert_eq!((shortlist.frequent(), shortlist.sources(), shortlist.highest()), (0, 3, Some(31)));
        assert_eq!(shortlist.listed(&[2], false, 40), [0, 1, 2, 3, 4, 10, 11, 31]);
        assert_eq!(eights(&bytes).nth(3), Some(3), "the longest list has three");
        // The checksum of a file that Marian wrote is compared in `tests/import_marian.rs`.
        assert_eq!(checksum(&[1, 0, 0, 0, 0, 0, 0, 0]), 0x9E37_79BA);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let sound = file(2, &[0, 2], &[30, 31]);
        for (broken, reason) in [
            (b"text".to_vec(), "begin"),
            (sound[..20].to_vec(), "header"),
            (sound[..sound.len() - 1].to_vec(), "2 offsets and 2 tokens"),
            (file(2, &[], &[]), "0 offsets"),
            (file(2, &[2, 0], &[30, 31]), "rise"),
            (file(2, &[0, 1], &[30, 31]), "rise"),
            (file(1 << 40, &[0, 2], &[30, 31]), "frequent"),
            ([&sound[..32], &[255; 16], &sound[48..]].concat(), "offsets"),
        ] {
            let error = Shortlist::read(&broken).expect_err(reason).to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
