//! Writer of NPY 1.0.

use super::NPY_MAGIC;

/// The NPY file of an array of 32-bit floats, row-major.
pub fn npy_of_floats(shape: &[usize], values: &[f32]) -> Vec<u8> {
    file("<f4", shape, values.iter().flat_map(|value| value.to_le_bytes()))
}

/// The NPY file of a row of whole numbers, of 64 bits as NumPy itself has them.
pub fn npy_of_ids(ids: &[u32]) -> Vec<u8> {
    file("<i8", &[ids.len()], ids.iter().flat_map(|&id| i64::from(id).to_le_bytes()))
}

fn file(description: &str, shape: &[usize], data: impl Iterator<Item = u8>) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let mut header =
        format!("{{'descr': '{description}', 'fortran_order': False, 'shape': ({}), }}", sizes.trim_end());
    // Values begin at a multiple of 64 bytes. Magic, version and length take 10 bytes, the line end one.
    let padding = (64 - (header.len() + 11) % 64) % 64;
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    let length = u16::try_from(header.len()).expect("a shape of a few axes");
    let mut bytes = [NPY_MAGIC, &[1, 0], &length.to_le_bytes(), header.as_bytes()].concat();
    bytes.extend(data);
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::Npy;
    use super::*;

    #[test]
    fn the_header_says_the_shape_and_ends_at_a_multiple_of_64() {
        for (shape, said) in [(vec![3], "(3,)"), (vec![2, 3], "(2, 3,)"), (vec![2, 3, 4], "(2, 3, 4,)")] {
            let values = vec![0.5; shape.iter().product()];
            let bytes = npy_of_floats(&shape, &values);
            let head = bytes.len() - 4 * values.len();
            assert_eq!(head % 64, 0, "{shape:?}");
            let header = std::str::from_utf8(&bytes[10..head]).expect("ASCII");
            assert!(header.contains(&format!("'shape': {said}")) && header.ends_with('\n'), "{header}");
            assert_eq!(bytes[head..head + 4], 0.5_f32.to_le_bytes());
            assert_eq!(Npy::new(&bytes).expect("what was written").shape(), shape);
        }
    }

    #[test]
    fn ids_are_read_back() {
        for ids in [vec![], vec![0, 7, u32::MAX]] {
            let bytes = npy_of_ids(&ids);
            let array = Npy::new(&bytes).expect("what was written");
            assert_eq!((array.shape(), array.type_name()), (&[ids.len()][..], "int64".to_owned()));
            let read: Vec<i128> = (0..ids.len()).filter_map(|place| array.whole(place)).collect();
            assert_eq!(read, ids.iter().map(|&id| id.into()).collect::<Vec<i128>>());
        }
    }
}
