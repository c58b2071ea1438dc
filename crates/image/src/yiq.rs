//! Brightness and two axes of colour: YIQ, the television standard of 1953.

/// Brightness and the two axes, of red, green and blue.
const FROM_RGB: [[f32; 3]; 3] =
    [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]];
/// Red, green and blue, of brightness and the two axes.
const TO_RGB: [[f32; 3]; 3] = [[1.0, 0.956, 0.619], [1.0, -0.272, -0.647], [1.0, -1.106, 1.703]];

/// Brightness and two axes of colour.
pub(crate) fn of_rgb(rgb: [f32; 3]) -> [f32; 3] {
    product(&FROM_RGB, rgb)
}

/// Red, green and blue.
pub(crate) fn to_rgb(yiq: [f32; 3]) -> [f32; 3] {
    product(&TO_RGB, yiq)
}

fn product(matrix: &[[f32; 3]; 3], [a, b, c]: [f32; 3]) -> [f32; 3] {
    matrix.map(|[x, y, z]| x * a + y * b + z * c)
}
