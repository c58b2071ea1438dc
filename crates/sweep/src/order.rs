//! Order of the trainings of a grid: from coarse to fine, so that the whole map can soon be seen.

/// The places of all cells of a grid: first those that are far apart, then those between.
pub(crate) fn coarse_to_fine(sizes: &[usize]) -> Vec<Vec<usize>> {
    let cells = sizes.iter().product();
    let mut order: Vec<Vec<usize>> = (0..cells).map(|number| place(number, sizes)).collect();
    // A stable sort keeps cells of one fineness in rows.
    order.sort_by_key(|place| std::cmp::Reverse(fineness(place)));
    order
}

/// The place of a cell by its number, the last axis fastest.
pub(crate) fn place(mut number: usize, sizes: &[usize]) -> Vec<usize> {
    let mut place = vec![0; sizes.len()];
    for (axis, size) in sizes.iter().enumerate().rev() {
        place[axis] = number % size;
        number /= size;
    }
    place
}

/// The number of times that all of a cell's coordinates can be halved, at most six.
fn fineness(place: &[usize]) -> u32 {
    place.iter().map(|at| at.trailing_zeros()).min().unwrap_or(0).min(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_cells_come_first_and_every_cell_once() {
        let order = coarse_to_fine(&[5]);
        assert_eq!(order, [[0], [4], [2], [1], [3]]);
        let order = coarse_to_fine(&[4, 3]);
        assert_eq!(order[..5], [[0, 0], [0, 2], [2, 0], [2, 2], [0, 1]]);
        let mut all = order.clone();
        all.sort();
        assert_eq!(all, (0..12).map(|number| place(number, &[4, 3])).collect::<Vec<_>>());
    }
}
