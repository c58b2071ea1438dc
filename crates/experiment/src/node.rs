//! The tree of a YAML document, in which every node and every key has its place in the text.

use crate::limits::Size;
use crate::source::Place;

/// A node of the tree: a value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// The value of a node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// An entry of a mapping: a key with its place, and its node.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) node: Node,
}

impl PartialEq for Node {
    /// Values are compared without their places.
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.node == other.node
    }
}

impl Node {
    /// The entries of a mapping; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    pub(crate) fn entries_mut(&mut self) -> &mut [Entry] {
        match &mut self.value {
            Value::Mapping(entries) => entries,
            _ => &mut [],
        }
    }

    /// The entry of a key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries_mut().iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node)
    }

    /// The node at a JSON pointer.
    pub(crate) fn find(&self, pointer: &str) -> Option<&Node> {
        steps(pointer).try_fold(self, |node, step| node.child(&step).map(|(_, child)| child))
    }

    /// The place to show for a JSON pointer: a short value itself, the key of a mapping or sequence, and the nearest
    /// ancestor if there is no such node.
    pub(crate) fn place_of(&self, pointer: &str) -> &Place {
        let (mut node, mut place) = (self, &self.place);
        for step in steps(pointer) {
            let Some((key, child)) = node.child(&step) else {
                break;
            };
            place = match (&child.value, key) {
                (Value::Mapping(_) | Value::Sequence(_) | Value::Null, Some(key)) => key,
                _ => &child.place,
            };
            node = child;
        }
        place
    }

    fn child(&self, step: &str) -> Option<(Option<&Place>, &Node)> {
        match &self.value {
            Value::Sequence(items) => items.get(step.parse::<usize>().ok()?).map(|item| (None, item)),
            _ => self.entry(step).map(|entry| (Some(&entry.place), &entry.node)),
        }
    }

    /// The number of values, and of bytes of texts and keys.
    pub(crate) fn size(&self) -> Size {
        let one = |bytes| Size { values: 1, bytes };
        match &self.value {
            Value::Text(text) => one(text.len()),
            Value::Sequence(items) => items.iter().map(Self::size).fold(one(0), Size::with),
            Value::Mapping(entries) => {
                let sizes = entries
                    .iter()
                    .map(|entry| entry.node.size().with(Size { values: 0, bytes: entry.key.len() }));
                sizes.fold(one(0), Size::with)
            }
            _ => one(0),
        }
    }

    /// The value in words, for messages.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Boolean(value) => format!("`{value}`"),
            Value::Integer(_) | Value::Float(_) => format!("the number {}", self.place.text().trim()),
            Value::Text(text) => format!("the text '{}'", shorten(text)),
            Value::Sequence(_) => "a list".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
        }
    }
}

/// The first line of a text, cut when it is long.
pub(crate) fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    match line.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.len() < text.len() => format!("{line}…"),
        None => line.to_owned(),
    }
}

/// A JSON pointer (RFC 6901) one step further down.
pub(crate) fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn steps(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::tree;

    #[test]
    fn pointers_find_nodes_and_their_nearest_ancestors() {
        let root = tree("a:\n  b: [1, {c: 2}]\n  d/e: text\nf:\n");
        let text = |pointer: &str| root.find(pointer).map(Node::describe);
        assert_eq!(text("/a/b/1/c").as_deref(), Some("the number 2"));
        assert_eq!(below("/a", "d/e"), "/a/d~1e");
        assert_eq!(text("/a/d~1e").as_deref(), Some("the text 'text'"));
        assert_eq!(text("/a/x"), None);
        let cases = [
            ("/a/b/0", (2, 7)),
            ("/a/b", (2, 3)),
            ("/a/b/7", (2, 3)),
            ("/a/x/y", (1, 1)),
            ("/a/d~1e", (3, 8)),
            ("/f", (4, 1)),
            ("", (1, 1)),
        ];
        for (pointer, expected) in cases {
            let place = root.place_of(pointer);
            assert_eq!((place.line, place.column), expected, "{pointer}");
        }
    }
}
