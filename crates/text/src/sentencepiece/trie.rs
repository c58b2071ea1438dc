//! A trie of strings that are searched at the start of a text.

use std::collections::HashMap;

/// A trie over characters, with a number for each string.
#[derive(Debug)]
pub(crate) struct Trie {
    children: HashMap<(u32, char), u32>,
    /// The number of the string that ends at each node.
    ends: Vec<Option<u32>>,
}

impl Trie {
    pub(crate) fn new<'a>(strings: impl Iterator<Item = (&'a str, u32)>) -> Self {
        let mut trie = Self { children: HashMap::new(), ends: vec![None] };
        for (string, number) in strings {
            let mut node = 0;
            for character in string.chars() {
                node = *trie.children.entry((node, character)).or_insert_with(|| {
                    trie.ends.push(None);
                    trie.ends.len() as u32 - 1
                });
            }
            trie.ends[node as usize] = Some(number);
        }
        trie
    }

    /// The strings that a text starts with, the shortest first: the length of each in bytes, and its number.
    pub(crate) fn prefixes(&self, text: &str) -> impl Iterator<Item = (usize, u32)> {
        let nodes = text.char_indices().scan(0, |node, (at, character)| {
            *node = *self.children.get(&(*node, character))?;
            Some((at + character.len_utf8(), *node))
        });
        nodes.filter_map(|(length, node)| Some((length, self.ends[node as usize]?)))
    }

    /// Length in bytes of the longest string that a text starts with.
    pub(super) fn longest(&self, text: &str) -> Option<usize> {
        self.prefixes(text).last().map(|(length, _)| length)
    }
}
