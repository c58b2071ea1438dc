//! Numbers in headers.

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The lowest byte first.
    Little,
    /// The highest byte first.
    Big,
}

/// A header that is read from its front; `None` where it has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'b> {
    pub(super) rest: &'b [u8],
    order: Order,
}

impl<'b> Header<'b> {
    pub(super) fn new(rest: &'b [u8], order: Order) -> Self {
        Self { rest, order }
    }

    /// The next bytes, as they are.
    pub(super) fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        let bytes = self.array()?;
        Some(match self.order {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        })
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let bytes = self.array()?;
        Some(match self.order {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        })
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let bytes = self.array()?;
        Some(match self.order {
            Order::Little => u64::from_le_bytes(bytes),
            Order::Big => u64::from_be_bytes(bytes),
        })
    }
}

/// A length of a header as one of memory; what does not fit is longer than any file.
pub(super) fn length(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}
