//! Words of a text: by white space for alignments, by letters for terms.

use std::ops::Range;

use any2any_adapter::Region;

/// The bytes of each word of a text, by white space.
pub(crate) fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut inside = false;
    for (at, character) in text.char_indices() {
        let is_space = character.is_whitespace();
        match (is_space, inside, words.last_mut()) {
            (true, ..) => {}
            (false, true, Some(word)) => word.end = at + character.len_utf8(),
            (false, ..) => words.push(at..at + character.len_utf8()),
        }
        inside = !is_space;
    }
    words
}

/// The word that each region of a text belongs to: the first that it covers a part of; `None` if it covers none.
pub(crate) fn words_of_regions(text: &str, regions: &[Region]) -> Vec<Option<usize>> {
    let words = words(text);
    let word_of = |region: &Region| match region {
        Region::Bytes(bytes) => {
            let first = words.partition_point(|word| word.end <= bytes.start);
            words.get(first).is_some_and(|word| word.start < bytes.end).then_some(first)
        }
        _ => None,
    };
    regions.iter().map(word_of).collect()
}

/// True for a character that makes two words one where nothing else stands between them: letters and digits, except
/// those of scripts that set no spaces between words, or add particles to them.
pub(crate) fn joins_words(character: char) -> bool {
    let sets_no_spaces = matches!(u32::from(character),
        // Thai, Lao, Tibetan; Burmese; Khmer; kana; Chinese; Hangul.
        0x0E00..=0x0FFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x9FFF
        | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF);
    character.is_alphanumeric() && !sets_no_spaces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_between_white_space() {
        assert_eq!(words("  der Hund\tbellt . "), [2..5, 6..10, 11..16, 17..18]);
        assert_eq!(words("a\u{3000}ö"), [0..1, 4..6]);
        assert!(words(" \n").is_empty());
    }

    #[test]
    fn a_region_belongs_to_the_word_that_it_covers() {
        let text = "der Hund .";
        let regions = [0..3, 3..6, 6..8, 8..9, 9..10, 3..4, 0..10].map(Region::Bytes);
        let expected = [Some(0), Some(1), Some(1), None, Some(2), None, Some(0)];
        assert_eq!(words_of_regions(text, &regions), expected);
        assert_eq!(words_of_regions(text, &[Region::Nothing]), [None]);
    }

    #[test]
    fn letters_join_where_spaces_are_set() {
        for (character, expected) in [
            ('a', true),
            ('ß', true),
            ('7', true),
            ('я', true),
            ('-', false),
            ('。', false),
            ('犬', false),
            ('한', false),
        ] {
            assert_eq!(joins_words(character), expected, "{character}");
        }
    }
}
