//! Colours of a JPEG (JFIF 1.02, and Adobe's marker), in whole numbers as libjpeg and Pillow make them.

/// Colour space of the components of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    Grey,
    Rgb,
    YCbCr,
    Cmyk,
    Ycck,
}

impl Colours {
    /// Colour space by the components' names, the presence of a JFIF marker, and the transform in Adobe's marker.
    pub(super) fn new(ids: &[u8], jfif: bool, adobe: Option<u8>) -> Self {
        match (ids, adobe) {
            ([_], _) => Self::Grey,
            ([_, _, _], _) if jfif => Self::YCbCr,
            ([_, _, _], Some(0)) => Self::Rgb,
            ([b'R', b'G', b'B'], None) => Self::Rgb,
            ([_, _, _], _) => Self::YCbCr,
            (_, None | Some(0)) => Self::Cmyk,
            _ => Self::Ycck,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Rgb => "RGB",
            Self::YCbCr => "YCbCr",
            Self::Cmyk => "CMYK",
            Self::Ycck => "YCCK",
        }
    }

    /// Channels of a pixel.
    pub(super) fn channels(self) -> usize {
        if self == Self::Grey { 1 } else { 3 }
    }

    /// A row of the picture from a row of each component.
    pub(super) fn convert(self, rows: &[Vec<u8>], pixels: &mut [u8]) {
        match (self, rows) {
            (Self::Grey, [grey]) => pixels.copy_from_slice(&grey[..pixels.len()]),
            (Self::Rgb, [a, b, c]) => three(pixels, [a, b, c], |a, b, c| [a, b, c]),
            (Self::YCbCr, [a, b, c]) => three(pixels, [a, b, c], rgb),
            (Self::Cmyk, [a, b, c, k]) => four(pixels, [a, b, c], k, |a, b, c| [a, b, c]),
            (Self::Ycck, [a, b, c, k]) => four(pixels, [a, b, c], k, inverted),
            _ => {}
        }
    }
}

/// Pixels that are converted together, so that the processor does so at once.
const TOGETHER: usize = 16;

type Levels = [u8; TOGETHER];

#[inline(always)]
fn three(pixels: &mut [u8], [a, b, c]: [&[u8]; 3], convert: impl Fn(Levels, Levels, Levels) -> [Levels; 3]) {
    let count = pixels.len() / 3;
    let (whole, rest) = pixels.as_chunks_mut::<{ 3 * TOGETHER }>();
    let planes = a.as_chunks().0.iter().zip(b.as_chunks().0).zip(c.as_chunks().0);
    for (pixels, ((a, b), c)) in whole.iter_mut().zip(planes) {
        spread(&convert(*a, *b, *c), pixels);
    }
    let done = count - rest.len() / 3;
    let filled = |plane: &[u8]| {
        let mut levels = [0; TOGETHER];
        levels[..count - done].copy_from_slice(&plane[done..count]);
        levels
    };
    spread(&convert(filled(a), filled(b), filled(c)), rest);
}

#[inline(always)]
fn spread([red, green, blue]: &[Levels; 3], pixels: &mut [u8]) {
    for (pixel, ((red, green), blue)) in
        pixels.as_chunks_mut().0.iter_mut().zip(red.iter().zip(green).zip(blue))
    {
        *pixel = [*red, *green, *blue];
    }
}

/// Converts four components, inks that are stored inverted as Adobe does: 255 is none.
#[inline(always)]
fn four(
    pixels: &mut [u8],
    colours: [&[u8]; 3],
    black: &[u8],
    convert: impl Fn(Levels, Levels, Levels) -> [Levels; 3],
) {
    three(pixels, colours, convert);
    for (pixel, &light) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(black) {
        let [cyan, magenta, yellow] = pixel.map(|colour| 255 - colour);
        *pixel = inks([cyan, magenta, yellow, 255 - light]);
    }
}

fn inverted(y: Levels, blue: Levels, red: Levels) -> [Levels; 3] {
    rgb(y, blue, red).map(|levels| levels.map(|level| 255 - level))
}

/// Red, green and blue of inks, 255 the most.
pub(crate) fn inks([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let light = 255 - i32::from(black);
    [cyan, magenta, yellow].map(|ink| {
        let product = i32::from(ink) * light + 128;
        (light - (((product >> 8) + product) >> 8)).max(0) as u8
    })
}

/// Red, green and blue of brightness and two differences.
///
/// The factors 1.402, 0.344136, 0.714136 and 1.772 have 16 bits behind the point. Their whole numbers are taken apart
/// from them, so that they fit into the 16 bits that processors multiply many of at once.
#[inline(always)]
fn rgb(y: Levels, blue: Levels, red: Levels) -> [Levels; 3] {
    const HALF: i32 = 1 << 15;
    let level = |value: i32| value.clamp(0, 255) as u8;
    let mut pixels = [[0; TOGETHER]; 3];
    for place in 0..TOGETHER {
        let (y, red) = (i32::from(y[place]), i32::from(red[place]) - 128);
        pixels[0][place] = level(y + red + (((91_881 - 65_536) * red + HALF) >> 16));
    }
    for place in 0..TOGETHER {
        let (y, blue, red) = (i32::from(y[place]), i32::from(blue[place]) - 128, i32::from(red[place]) - 128);
        pixels[1][place] = level(y - red + ((-22_554 * blue + (65_536 - 46_802) * red + HALF) >> 16));
    }
    for place in 0..TOGETHER {
        let (y, blue) = (i32::from(y[place]), i32::from(blue[place]) - 128);
        pixels[2][place] = level(y + 2 * blue + (((116_130 - 131_072) * blue + HALF) >> 16));
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_those_of_pillow() {
        for (ycc, expected) in [
            ([0, 128, 128], [0, 0, 0]),
            ([255, 128, 128], [255, 255, 255]),
            ([76, 85, 255], [254, 0, 0]),
            ([29, 255, 107], [0, 0, 254]),
            ([150, 44, 21], [0, 255, 1]),
        ] {
            let [red, green, blue] = rgb([ycc[0]; TOGETHER], [ycc[1]; TOGETHER], [ycc[2]; TOGETHER]);
            assert_eq!([red[0], green[0], blue[0]], expected, "{ycc:?}");
        }
        for (cmyk, expected) in [
            ([0, 0, 0, 0], [255, 255, 255]),
            ([0, 0, 0, 255], [0, 0, 0]),
            ([255, 128, 0, 0], [0, 127, 255]),
            ([10, 200, 100, 50], [197, 44, 125]),
        ] {
            assert_eq!(inks(cmyk), expected, "{cmyk:?}");
        }
    }

    #[test]
    fn colours_are_named_by_markers_before_ids() {
        for (ids, jfif, adobe, expected) in [
            (&[1][..], true, None, Colours::Grey),
            (&[1, 2, 3], false, None, Colours::YCbCr),
            (b"RGB", false, None, Colours::Rgb),
            (b"RGB", true, Some(0), Colours::YCbCr),
            (&[1, 2, 3], false, Some(0), Colours::Rgb),
            (&[1, 2, 3], false, Some(1), Colours::YCbCr),
            (&[1, 2, 3, 4], false, None, Colours::Cmyk),
            (&[1, 2, 3, 4], true, Some(0), Colours::Cmyk),
            (&[1, 2, 3, 4], true, Some(2), Colours::Ycck),
        ] {
            assert_eq!(Colours::new(ids, jfif, adobe), expected, "{ids:?}, {jfif}, {adobe:?}");
        }
    }
}
