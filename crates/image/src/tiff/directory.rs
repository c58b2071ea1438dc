//! Directory of a TIFF: the tags of its first picture, where their values are few numbers.

/// Directory of a TIFF.
pub(super) struct Directory {
    entries: Vec<Entry>,
    /// Offsets of entries that promise more values than the whole file has bytes for.
    pub(super) impossible: Vec<usize>,
    /// True if another directory follows.
    pub(super) more: bool,
}

struct Entry {
    tag: u16,
    values: Vec<u64>,
    /// Offset of the first value in the file.
    place: usize,
}

/// Byte order of a TIFF, and numbers in it.
#[derive(Clone, Copy)]
pub(super) struct Order {
    big_endian: bool,
}

impl Order {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { big_endian: bytes.starts_with(b"MM") }
    }

    fn number(self, bytes: &[u8], place: usize, width: usize) -> Option<u64> {
        let bytes = bytes.get(place..place.checked_add(width)?)?;
        let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if self.big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) })
    }

    pub(super) fn short(self, number: u16) -> [u8; 2] {
        if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }
}

impl Directory {
    /// The first directory of a file; `None` where it is cut off.
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        let order = Order::of(bytes);
        // BigTIFF has longer numbers everywhere.
        let big = order.number(bytes, 2, 2)? == 43;
        let (wide, count_width) = if big { (8, 8) } else { (4, 2) };
        let start = usize::try_from(order.number(bytes, if big { 8 } else { 4 }, wide)?).ok()?;
        let count = usize::try_from(order.number(bytes, start, count_width)?).ok()?;
        let first = start.checked_add(count_width)?;
        let length = 4 + 2 * wide;
        let end = first.checked_add(count.checked_mul(length)?).filter(|end| *end <= bytes.len())?;
        let (mut entries, mut impossible) = (Vec::new(), Vec::new());
        for place in (first..end).step_by(length) {
            let tag = order.number(bytes, place, 2)? as u16;
            let width = match order.number(bytes, place + 2, 2)? {
                1 | 2 | 6 | 7 => 1,
                3 | 8 => 2,
                4 | 9 | 11 | 13 => 4,
                // Fractions and floats are of no use here, but are counted as others are.
                5 | 10 | 12 | 16..=18 => 8,
                _ => continue,
            };
            let count = usize::try_from(order.number(bytes, place + 4, wide)?).ok()?;
            if count.checked_mul(width).is_none_or(|len| len > bytes.len()) {
                impossible.push(place);
                continue;
            }
            let inline = place + 4 + wide;
            let place = match count * width <= wide {
                true => inline,
                false => usize::try_from(order.number(bytes, inline, wide)?).ok()?,
            };
            // A map of colours is the longest that is asked for; a tag that lies outside has no values.
            let values =
                (0..count.min(3 << 16)).map_while(|index| order.number(bytes, place + index * width, width));
            entries.push(Entry { tag, values: values.collect(), place });
        }
        let more = order.number(bytes, end, wide).is_some_and(|next| next != 0);
        Some(Self { entries, impossible, more })
    }

    pub(super) fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    pub(super) fn values(&self, tag: u16) -> &[u64] {
        self.entry(tag).map_or(&[], |entry| &entry.values)
    }

    pub(super) fn value(&self, tag: u16) -> Option<u64> {
        self.values(tag).first().copied()
    }

    /// Offset of the first value of a tag in the file.
    pub(super) fn place(&self, tag: u16) -> Option<usize> {
        self.entry(tag).map(|entry| entry.place)
    }
}
