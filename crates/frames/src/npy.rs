//! NPY, the files of NumPy's arrays: version 1 to 3 of NumPy Enhancement Proposal 1, for all types of real numbers.
//!
//! Reasons of errors are the ends of sentences that begin with the name of the file: `has ...`, `is ...`.

mod header;
mod number;
mod write;

use header::Header;
use number::NumberType;
pub use write::{npy_of_floats, npy_of_ids};

/// First bytes of every NPY file.
pub const NPY_MAGIC: &[u8] = b"\x93NUMPY";

/// Array of an NPY file: its shape and type, and its numbers where the file has them.
///
/// A number is read when it is asked for, so that nothing is allocated that only a header claims.
#[derive(Clone, Debug)]
pub struct Npy<'a> {
    data: &'a [u8],
    shape: Vec<usize>,
    strides: Vec<usize>,
    number: NumberType,
}

impl<'a> Npy<'a> {
    /// The array of a file, whose data must be as long as its shape and its type say.
    ///
    /// # Errors
    ///
    /// When the file is broken, cut off, or holds no real numbers.
    pub fn new(bytes: &'a [u8]) -> Result<Self, String> {
        let (header, data) = header::split(bytes)?;
        let Header { description, fortran, shape } = Header::parse(header)?;
        let number = NumberType::new(description)?;
        let values = shape.iter().try_fold(1_usize, |values, side| values.checked_mul(*side));
        if values.and_then(|values| values.checked_mul(number.width())) != Some(data.len()) {
            let there = data.len();
            return Err(format!("has {there} bytes of data, which is not what the shape {shape:?} needs"));
        }
        let strides = strides(&shape, fortran);
        Ok(Self { data, shape, strides, number })
    }

    /// The length of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Distance between neighbours along each axis, in numbers.
    pub fn strides(&self) -> &[usize] {
        &self.strides
    }

    /// The name of the type of the numbers: `float32`, `int64, big-endian`.
    pub fn type_name(&self) -> String {
        self.number.name()
    }

    /// True if the numbers are whole by their type.
    pub fn is_whole(&self) -> bool {
        self.number.is_whole()
    }

    /// The number at a place, counted in numbers from the start of the data.
    ///
    /// # Panics
    ///
    /// When the place lies beyond the array.
    pub fn value(&self, place: usize) -> f32 {
        self.number.value(self.bytes(place))
    }

    /// The whole number at a place; `None` if the type has fractions.
    ///
    /// # Panics
    ///
    /// When the place lies beyond the array.
    pub fn whole(&self, place: usize) -> Option<i128> {
        self.number.whole(self.bytes(place))
    }

    fn bytes(&self, place: usize) -> &[u8] {
        let width = self.number.width();
        &self.data[place * width..][..width]
    }
}

/// Distances in numbers: the last axis is the fastest in the order of C, the first in that of Fortran. The products are
/// no larger than the number of values, unless an axis is empty and none is ever used.
fn strides(shape: &[usize], fortran: bool) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    let mut product = 1_usize;
    let mut next = |axis: usize| {
        strides[axis] = product;
        product = product.saturating_mul(shape[axis]);
    };
    if fortran {
        (0..shape.len()).for_each(&mut next)
    } else {
        (0..shape.len()).rev().for_each(&mut next)
    }
    strides
}

#[cfg(test)]
pub(crate) mod testing {
    /// File of version 1.0 with a header as it is given.
    pub(crate) fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(data);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::testing::file;
    use super::*;

    #[test]
    fn places_follow_the_order_of_the_file() {
        let numbers: Vec<u8> = (0_i16..12).flat_map(i16::to_le_bytes).collect();
        for (order, shape, strides) in [
            ("False", "(2, 6)", vec![6, 1]),
            ("True", "(2, 6)", vec![1, 2]),
            ("False", "(3, 2, 2,)", vec![4, 2, 1]),
            ("True", "(3, 2, 2)", vec![1, 3, 6]),
            ("False", "(12,)", vec![1]),
        ] {
            let header = format!("{{'descr': '<i2', 'fortran_order': {order}, 'shape': {shape}, }}");
            let bytes = file(&header, &numbers);
            let array = Npy::new(&bytes).expect(shape);
            assert_eq!(array.strides(), strides, "{order} {shape}");
            assert_eq!((array.value(5), array.whole(5), array.is_whole()), (5.0, Some(5), true));
        }
    }

    #[test]
    fn hostile_headers_allocate_nothing() {
        let all = |shape: &str| format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
        let many = format!("({})", "1, ".repeat(1000));
        for (header, reason) in [
            (all("(9999999999, 9999999999)"), "has 8 bytes of data, which is not what the shape"),
            (all("(18446744073709551615, 2)"), "has 8 bytes of data"),
            (all("(99999999999999999999999, 2)"), "its shape has a side of '99999999999999999999999'"),
            (all("(-1, 2)"), "its shape has a side of '-1'"),
            (all("(2, 2"), "its header has no shape"),
            (all(&many), "has 1000 axes"),
            (all("(1,)"), "has 8 bytes of data, which is not what the shape [1] needs"),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".into(), "holds Python objects"),
            ("{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }".into(), "of type '<U2'"),
            ("{'descr': '|S8', 'fortran_order': False, 'shape': (1,), }".into(), "of type '|S8'"),
            ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }".into(), "of type '<c8'"),
            ("{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (1,), }".into(), "holds records"),
            ("{'fortran_order': False, 'shape': (1,), }".into(), "its header lacks 'descr'"),
            (String::new(), "its header lacks 'descr'"),
        ] {
            let error = Npy::new(&file(&header, &[0; 8])).map(drop).expect_err(&header);
            assert!(error.contains(reason), "{header}: {error}");
            assert!(error.len() < 400, "{error}");
        }
    }

    #[test]
    fn lengths_that_are_not_there_are_refused() {
        for (bytes, reason) in [
            (&b""[..], "is no NPY file"),
            (b"PK\x03\x04", "is no NPY file"),
            (b"\x93NUMPY", "is cut off within its header"),
            (b"\x93NUMPY\x01\x00\xff", "is cut off within its header"),
            (b"\x93NUMPY\x01\x00\xff\xff{", "is cut off within its header"),
            (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", "is cut off within its header"),
            (b"\x93NUMPY\x09\x00\x01\x00{", "has version 9 of NPY: 1 to 3 are known"),
            (b"\x93NUMPY\x01\x00\x01\x00\xff", "its header is no text"),
        ] {
            let error = Npy::new(bytes).map(drop).expect_err(reason);
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn arrays_without_numbers_are_arrays() {
        for (order, shape) in
            [("False", "(0, 3)"), ("True", "(3, 0)"), ("False", "(0, 18446744073709551615)")]
        {
            let header = format!("{{'descr': '<f4', 'fortran_order': {order}, 'shape': {shape}, }}");
            let bytes = file(&header, &[]);
            assert_eq!(Npy::new(&bytes).expect(shape).shape().len(), 2);
        }
    }
}
