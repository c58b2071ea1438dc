//! Arrays of NumPy files, to compare with what reference readers give.

use std::path::Path;

/// Values of a NumPy file, whatever their type, with their shape.
pub(crate) fn npy(path: &Path) -> (Vec<usize>, Vec<f64>) {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let begin = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..begin]).expect("ASCII");
    assert!(header.contains("'fortran_order': False"), "{header}");
    let shape = header.split_once("'shape': (").expect("a shape").1.split_once(')').expect("its end").0;
    let shape = shape.split(',').filter_map(|size| size.trim().parse().ok()).collect();
    let data = &bytes[begin..];
    let values = match header.split('\'').nth(3).expect("a type") {
        "<f8" => data.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().expect("8"))).collect(),
        "<f4" => data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().expect("4")).into()).collect(),
        "|u1" => data.iter().copied().map(f64::from).collect(),
        other => panic!("{}: {other}", path.display()),
    };
    (shape, values)
}

/// The greatest distance of two arrays whose shapes are the same but for axes of length 1.
pub(crate) fn farthest(
    found: &(Vec<usize>, Vec<f64>),
    wanted: &(Vec<usize>, Vec<f64>),
) -> Result<f64, String> {
    let sizes = |shape: &[usize]| shape.iter().copied().filter(|size| *size != 1).collect::<Vec<_>>();
    if sizes(&found.0) != sizes(&wanted.0) {
        return Err(format!("shape {:?}, not {:?}", found.0, wanted.0));
    }
    let pairs = found.1.iter().zip(&wanted.1);
    // NaN is as far as can be.
    let distance = |(found, wanted): (&f64, &f64)| match (found - wanted).abs() {
        distance if distance.is_nan() => f64::INFINITY,
        distance => distance,
    };
    Ok(pairs.map(distance).fold(0.0, f64::max))
}
