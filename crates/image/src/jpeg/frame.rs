//! Frame of a JPEG: the size of the picture, and its components with their blocks (T.81, A.1 and B.2.2).

use super::{broken, refused};
use crate::error::ImageError;
use crate::picture::check_plausible;

/// A block of coefficients takes a bit at least, and 64 pixels are a block.
const MOST_PIXELS_A_BYTE: usize = 8 * 64;

/// Frame of a JPEG.
pub(super) struct Frame {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) progressive: bool,
    /// The largest sampling factors.
    pub(super) across: usize,
    pub(super) down: usize,
    /// Minimum coded units of a scan of several components.
    pub(super) units_across: usize,
    pub(super) units_down: usize,
    pub(super) components: Vec<Component>,
}

/// Component of a frame: one of brightness and two of colour, say.
pub(super) struct Component {
    pub(super) id: u8,
    /// Blocks of a minimum coded unit.
    pub(super) across: usize,
    pub(super) down: usize,
    /// Samples that belong to the picture.
    pub(super) width: usize,
    pub(super) height: usize,
    /// Blocks in a row, with those that fill the last unit.
    pub(super) stride: usize,
    /// Number of its quantization table.
    pub(super) table: usize,
    /// The values of that table when the component's first scan began, row by row.
    pub(super) quantization: Option<[u16; 64]>,
    /// Levels, `[8 * blocks down, 8 * stride]`.
    pub(super) levels: Vec<u8>,
    /// Coefficients of all blocks, row by row, where they come in several scans.
    pub(super) coefficients: Vec<[i16; 64]>,
    /// Number of low bits of each coefficient that are still to come; `None`: all of them.
    pub(super) missing: [Option<u8>; 64],
}

impl Frame {
    /// Frame from the content of its segment; `len` is the length of the file.
    pub(super) fn new(segment: &[u8], progressive: bool, len: usize) -> Result<Self, ImageError> {
        let [precision, h1, h0, w1, w0, count, components @ ..] = segment else {
            return Err(broken("the header of its frame is cut off"));
        };
        if *precision != 8 {
            return Err(refused(format!("a JPEG of {precision} bits a sample")));
        }
        let height = usize::from(u16::from_be_bytes([*h1, *h0]));
        let width = usize::from(u16::from_be_bytes([*w1, *w0]));
        if height == 0 {
            return Err(refused("a JPEG that says its height only behind its pixels".to_owned()));
        }
        check_plausible((width, height), len, MOST_PIXELS_A_BYTE)?;
        if !matches!(count, 1 | 3 | 4) {
            return Err(refused(format!("a JPEG of {count} channels")));
        }
        let (components, rest) = components.as_chunks::<3>();
        if components.len() != usize::from(*count) || !rest.is_empty() {
            return Err(broken("the header of its frame has a wrong length"));
        }
        let factors = components.iter().map(|&[_, factors, _]| factors);
        if factors
            .clone()
            .any(|factors| !(1..=4).contains(&(factors >> 4)) || !(1..=4).contains(&(factors & 15)))
            || components.iter().any(|&[_, _, table]| table > 3)
        {
            return Err(broken("the header of its frame names sampling factors or tables that do not exist"));
        }
        let across = factors.clone().map(|factors| usize::from(factors >> 4)).max().unwrap_or(1);
        let down = factors.map(|factors| usize::from(factors & 15)).max().unwrap_or(1);
        let (units_across, units_down) = (width.div_ceil(8 * across), height.div_ceil(8 * down));
        let component = |&[id, factors, table]: &[u8; 3]| {
            let (own_across, own_down) = (usize::from(factors >> 4), usize::from(factors & 15));
            if across % own_across != 0 || down % own_down != 0 {
                return Err(refused(
                    "a JPEG with channels of sizes that are no multiples of each other".to_owned(),
                ));
            }
            let blocks = units_across * own_across * units_down * own_down;
            Ok(Component {
                id,
                across: own_across,
                down: own_down,
                width: (width * own_across).div_ceil(across),
                height: (height * own_down).div_ceil(down),
                stride: units_across * own_across,
                table: usize::from(table),
                quantization: None,
                levels: vec![0; 64 * blocks],
                coefficients: if progressive { vec![[0; 64]; blocks] } else { Vec::new() },
                missing: [None; 64],
            })
        };
        let components = components.iter().map(component).collect::<Result<_, _>>()?;
        Ok(Self { width, height, progressive, across, down, units_across, units_down, components })
    }

    /// True if every bit of every coefficient has come.
    pub(super) fn is_complete(&self) -> bool {
        self.components.iter().all(Component::is_complete)
    }
}

impl Component {
    pub(super) fn is_complete(&self) -> bool {
        self.missing == [Some(0); 64]
    }

    /// Blocks that belong to the picture, across and down: those of a scan of this component alone.
    pub(super) fn blocks(&self) -> (usize, usize) {
        (self.width.div_ceil(8), self.height.div_ceil(8))
    }

    /// Offset of a block's first level.
    pub(super) fn place(&self, x: usize, y: usize) -> usize {
        8 * (8 * y * self.stride + x)
    }
}
