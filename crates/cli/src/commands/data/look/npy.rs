//! Writer of NPY 1.0, the format of NumPy's arrays.

/// The NPY file of an array of 32-bit floats, row-major.
pub(super) fn bytes(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sizes.trim_end());
    // Values begin at a multiple of 64 bytes. Magic, version and length take 10 bytes, the line end one.
    let padding = (64 - (header.len() + 11) % 64) % 64;
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    let length = u16::try_from(header.len()).expect("a shape of a few axes");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn the_header_says_the_shape_and_ends_at_a_multiple_of_64() {
        for (shape, said) in [(vec![3], "(3,)"), (vec![2, 3], "(2, 3,)"), (vec![2, 3, 4], "(2, 3, 4,)")] {
            let values = vec![0.5; shape.iter().product()];
            let bytes = bytes(&shape, &values);
            let head = bytes.len() - 4 * values.len();
            assert_eq!(head % 64, 0, "{shape:?}");
            let header = std::str::from_utf8(&bytes[10..head]).expect("ASCII");
            assert!(header.contains(&format!("'shape': {said}")) && header.ends_with('\n'), "{header}");
            assert_eq!(bytes[head..head + 4], 0.5_f32.to_le_bytes());
        }
    }
}
