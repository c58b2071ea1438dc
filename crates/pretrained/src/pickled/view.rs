//! Views of storages: which values of a storage a tensor is.

/// The most dimensions of a tensor, twice those of any weight of these families.
pub(super) const DIMENSIONS: usize = 8;

/// View of a storage that fits into it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct View {
    /// The number of values from the first to the last one of the tensor.
    pub(super) span: usize,
    /// True if these are all values of the tensor, and in its order.
    pub(super) row_major: bool,
}

/// Reason why a tensor is no view of its storage.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// It reaches beyond its storage, or has no stride for a dimension.
    Beyond,
    /// It has values of its storage several times.
    Repeats,
}

impl View {
    /// A tensor of this shape, whose values begin at an offset of a storage of `count` and stand `strides` apart.
    pub(super) fn of(shape: &[usize], strides: &[usize], offset: u64, count: u64) -> Result<Self, Problem> {
        let room = count.checked_sub(offset).and_then(|room| usize::try_from(room).ok());
        let room = room.filter(|_| shape.len() == strides.len()).ok_or(Problem::Beyond)?;
        if shape.contains(&0) {
            return Ok(Self { span: 0, row_major: true });
        }
        let steps = shape.iter().zip(strides).map(|(size, stride)| (size - 1).checked_mul(*stride));
        let last = steps.into_iter().try_fold(0_usize, |last, step| last.checked_add(step?));
        let span = last.and_then(|last| last.checked_add(1)).filter(|&span| span <= room);
        let span = span.ok_or(Problem::Beyond)?;
        let values = shape.iter().try_fold(1_usize, |count, &size| count.checked_mul(size));
        let values = values.filter(|&values| values <= span).ok_or(Problem::Repeats)?;
        let mut wanted = 1;
        let row_major = shape.iter().zip(strides).rev().all(|(&size, &stride)| {
            // The stride of a single row is never taken.
            let fits = size == 1 || stride == wanted;
            wanted *= size;
            fits
        });
        Ok(Self { span, row_major: row_major && values == span })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_stay_in_their_storage() {
        let view = |span, row_major| Ok(View { span, row_major });
        let huge = usize::MAX / 2;
        for (shape, strides, offset, wanted) in [
            (&[2, 3][..], &[3, 1][..], 0, view(6, true)),
            (&[2, 3], &[3, 1], 4, view(6, true)),
            (&[2, 3], &[3, 1], 5, Err(Problem::Beyond)),
            (&[3, 2], &[1, 3], 0, view(6, false)),
            (&[2, 2], &[4, 1], 0, view(6, false)),
            (&[1, 4], &[99, 1], 0, view(4, true)),
            (&[], &[], 9, view(1, true)),
            (&[], &[], 10, Err(Problem::Beyond)),
            (&[0, 5], &[huge, huge], 10, view(0, true)),
            (&[0], &[1], 11, Err(Problem::Beyond)),
            (&[1000], &[0], 0, Err(Problem::Repeats)),
            (&[4, 4], &[1, 1], 0, Err(Problem::Repeats)),
            (&[huge, huge, huge], &[0, 0, 0], 0, Err(Problem::Repeats)),
            (&[huge, 2], &[huge, 1], 0, Err(Problem::Beyond)),
            (&[2, 2], &[huge, huge], 0, Err(Problem::Beyond)),
            (&[2], &[1, 1], 0, Err(Problem::Beyond)),
        ] {
            assert_eq!(View::of(shape, strides, offset, 10), wanted, "{shape:?} {strides:?} at {offset}");
        }
    }
}
