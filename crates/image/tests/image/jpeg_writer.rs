//! A writer of small JPEG files of flat blocks, in any order of scans.

/// Bits, most significant first, with stuffed bytes.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for place in (0..count).rev() {
            self.held = self.held << 1 | (value >> place & 1);
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.held as u8);
                if self.held == 0xff {
                    self.bytes.push(0);
                }
                (self.held, self.count) = (0, 0);
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        while self.count > 0 {
            self.put(1, 1);
        }
        self.bytes
    }

    /// The difference of a mean from the one before: four bits say how many follow. Then an end of the block.
    fn mean(&mut self, difference: i32, waves: bool) {
        let size = 32 - difference.unsigned_abs().leading_zeros();
        self.put(size, 4);
        let value = if difference < 0 { difference - 1 } else { difference };
        self.put(value as u32 & ((1 << size) - 1), size);
        if waves {
            self.put(0, 1);
        }
    }
}

/// A JPEG of flat blocks.
pub(crate) struct Flat {
    /// Width and height in units of the largest factors times 8.
    pub(crate) units: (usize, usize),
    /// Sampling factors of each channel.
    pub(crate) factors: &'static [(usize, usize)],
    /// The channels of each scan.
    pub(crate) scans: &'static [&'static [usize]],
    /// Units between two restarts; 0: none.
    pub(crate) restart: usize,
    pub(crate) progressive: bool,
    /// The transform in Adobe's marker.
    pub(crate) adobe: Option<u8>,
}

impl Flat {
    /// The bytes; `level` gives the level of a channel's block, less 128, by its place.
    pub(crate) fn write(&self, level: impl Fn(usize, usize, usize) -> i32) -> Vec<u8> {
        let across = self.factors.iter().map(|factors| factors.0).max().expect("a channel");
        let down = self.factors.iter().map(|factors| factors.1).max().expect("a channel");
        let mut bytes = vec![0xff, 0xd8];
        let mut segment = |marker: u8, content: &[u8]| {
            bytes.extend([0xff, marker]);
            bytes.extend((content.len() as u16 + 2).to_be_bytes());
            bytes.extend(content);
        };
        if let Some(adobe) = self.adobe {
            segment(0xee, &[b"Adobe\0d\0\0\0\0".as_slice(), &[adobe]].concat());
        }
        // A mean of 8 is a level of 1.
        let mut table = vec![0, 8];
        table.extend([1; 63]);
        segment(0xdb, &table);
        let (width, height) = (8 * across * self.units.0, 8 * down * self.units.1);
        let mut frame = vec![8];
        frame.extend((height as u16).to_be_bytes());
        frame.extend((width as u16).to_be_bytes());
        frame.push(self.factors.len() as u8);
        for (number, factors) in self.factors.iter().enumerate() {
            frame.extend([number as u8 + 1, (factors.0 << 4 | factors.1) as u8, 0]);
        }
        segment(if self.progressive { 0xc2 } else { 0xc0 }, &frame);
        // Means: 16 codes of 4 bits, less the last, which would be all ones. Waves: one code, the end of the block.
        segment(0xc4, &[&[0, 0, 0, 0, 15][..], &[0; 12], &(0..15).collect::<Vec<u8>>()].concat());
        segment(0xc4, &[&[0x10, 1][..], &[0; 15], &[0]].concat());
        if self.restart > 0 {
            segment(0xdd, &(self.restart as u16).to_be_bytes());
        }
        let mut scans: Vec<(&[usize], bool)> = self.scans.iter().map(|scan| (*scan, false)).collect();
        if self.progressive {
            scans.extend((0..self.factors.len()).map(|channel| (&[0, 1, 2, 3][channel..=channel], true)));
        }
        for (channels, waves) in scans {
            let mut header = vec![channels.len() as u8];
            channels.iter().for_each(|channel| header.extend([*channel as u8 + 1, 0]));
            header.extend(match (self.progressive, waves) {
                (false, _) => [0, 63, 0],
                (true, false) => [0, 0, 0],
                (true, true) => [1, 63, 0],
            });
            bytes.extend([0xff, 0xda]);
            bytes.extend((header.len() as u16 + 2).to_be_bytes());
            bytes.extend(header);
            let alone = channels.len() == 1;
            let own = self.factors[channels[0]];
            let (wide, high) = if alone { (self.units.0 * own.0, self.units.1 * own.1) } else { self.units };
            let mut bits = Bits::default();
            let mut means = [0; 4];
            for unit in 0..wide * high {
                if self.restart > 0 && unit > 0 && unit % self.restart == 0 {
                    bytes.extend(std::mem::take(&mut bits).finish());
                    bytes.extend([0xff, 0xd0 + ((unit / self.restart - 1) % 8) as u8]);
                    means = [0; 4];
                }
                for &channel in channels {
                    let (across, down) = if alone { (1, 1) } else { self.factors[channel] };
                    for inner in 0..across * down {
                        if waves {
                            bits.put(0, 1);
                            continue;
                        }
                        let x = unit % wide * across + inner % across;
                        let y = unit / wide * down + inner / across;
                        let mean = level(channel, x, y);
                        bits.mean(mean - means[channel], !self.progressive);
                        means[channel] = mean;
                    }
                }
            }
            bytes.extend(bits.finish());
        }
        bytes.extend([0xff, 0xd9]);
        bytes
    }
}
