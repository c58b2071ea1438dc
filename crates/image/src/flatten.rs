//! Pixels of a file as a picture: transparency laid over the background, colour made grey or grey colour.

use any2any_adapter::Image;

use crate::decoded::{Area, Pixels};
use crate::options::Colour;

/// A rectangle of pixels as a picture of the wanted colours.
pub(crate) fn flatten(pixels: &Pixels, area: Area, colour: Colour, background: [u8; 3]) -> Option<Image> {
    let mut values = Vec::with_capacity(area.width * area.height * colour.channels());
    for y in area.top..area.top + area.height {
        let start = (y * pixels.width + area.left) * pixels.channels;
        let row = pixels.values.get(start..start + area.width * pixels.channels)?;
        match (pixels.channels, colour) {
            (1, Colour::Grey) | (3, Colour::Rgb) => values.extend_from_slice(row),
            _ => {
                for pixel in row.chunks_exact(pixels.channels) {
                    let rgb = opaque(pixel, background);
                    match colour {
                        Colour::Grey => values.push(luma(rgb)),
                        Colour::Rgb => values.extend(rgb),
                    }
                }
            }
        }
    }
    Image::new(area.width, area.height, colour.channels(), values)
}

/// A pixel over the background.
fn opaque(pixel: &[u8], background: [u8; 3]) -> [u8; 3] {
    let over = |value: u8, alpha: u8, background: u8| {
        let (value, alpha, background) = (u32::from(value), u32::from(alpha), u32::from(background));
        ((value * alpha + background * (255 - alpha) + 127) / 255) as u8
    };
    match *pixel {
        [grey] => [grey; 3],
        [grey, alpha] => background.map(|background| over(grey, alpha, background)),
        [red, green, blue] => [red, green, blue],
        [red, green, blue, alpha] => [
            over(red, alpha, background[0]),
            over(green, alpha, background[1]),
            over(blue, alpha, background[2]),
        ],
        _ => background,
    }
}

/// The luma of ITU-R Recommendation BT.601, in whole numbers as Pillow has it: grey stays as it is.
pub(crate) fn luma([red, green, blue]: [u8; 3]) -> u8 {
    ((19595 * u32::from(red) + 38470 * u32::from(green) + 7471 * u32::from(blue) + 0x8000) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoded::whole;

    #[test]
    fn pixels_become_opaque_pixels_of_the_wanted_colours() {
        type Case = (&'static [u8], Colour, [u8; 3], &'static [u8]);
        let cases: [Case; 9] = [
            (&[7], Colour::Grey, [0; 3], &[7]),
            (&[7], Colour::Rgb, [0; 3], &[7, 7, 7]),
            (&[100, 0], Colour::Grey, [255; 3], &[255]),
            (&[100, 51], Colour::Grey, [200; 3], &[180]),
            (&[255, 0, 0], Colour::Grey, [0; 3], &[76]),
            (&[1, 2, 3], Colour::Rgb, [0; 3], &[1, 2, 3]),
            (&[10, 20, 30, 255], Colour::Rgb, [255; 3], &[10, 20, 30]),
            (&[10, 20, 30, 0], Colour::Rgb, [1, 2, 3], &[1, 2, 3]),
            (&[200, 200, 200, 0], Colour::Grey, [255, 0, 0], &[76]),
        ];
        for (values, colour, background, expected) in cases {
            let pixels = Pixels { width: 1, height: 1, channels: values.len(), values: values.into() };
            let image = flatten(&pixels, whole(&pixels), colour, background).expect("one pixel");
            assert_eq!(image.pixels(), expected, "{values:?} over {background:?} in {colour:?}");
        }
        for grey in 0..=255 {
            assert_eq!(luma([grey; 3]), grey);
        }
    }

    #[test]
    fn a_cell_is_cut_out() {
        let pixels = Pixels { width: 4, height: 3, channels: 1, values: (0..12).collect() };
        let area = Area { left: 1, top: 1, width: 2, height: 2 };
        let image = flatten(&pixels, area, Colour::Grey, [0; 3]).expect("inside");
        assert_eq!(image.pixels(), [5, 6, 9, 10]);
    }
}
