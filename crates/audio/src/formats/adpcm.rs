//! ADPCM in blocks: differences between samples in 4 bits each, by the rules of the Interactive Multimedia
//! Association (1992), with the blocks of WAV and those of Apple, and by those of Microsoft.

use super::bytes::Header;
use super::track::Excerpt;

/// ADPCM blocks that can each be decoded by themselves.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    kind: Kind,
    /// The bytes of a block of all channels.
    bytes: usize,
    /// The samples of a channel in a block.
    samples: usize,
}

#[derive(Clone, Debug)]
enum Kind {
    ImaWave,
    ImaApple,
    Microsoft,
}

impl Blocks {
    /// IMA ADPCM of WAV: 4 bytes of state a channel, then 4 bytes of each channel in turn.
    pub(super) fn ima_wave(bytes: usize, channels: usize, mut extension: Header) -> Option<Self> {
        let said = extension.u16()?;
        let samples = 2 * bytes.checked_sub(4 * channels)? / channels + 1;
        let whole = bytes > 4 * channels && (bytes - 4 * channels).is_multiple_of(4 * channels);
        (whole && usize::from(said) == samples).then_some(Self { kind: Kind::ImaWave, bytes, samples })
    }

    /// Microsoft's ADPCM: 7 bytes of state a channel, then the differences of all channels in turn.
    pub(super) fn microsoft(bytes: usize, channels: usize, mut header: Header) -> Option<Self> {
        let (said, count) = (header.u16()?, header.u16()?);
        let mut pairs = (0..count).map_while(|_| Some((header.u16()? as i16, header.u16()? as i16)));
        // Nobody has ever written other predictors than these.
        let known =
            PAIRS.iter().all(|pair| pairs.next().is_none_or(|(one, two)| *pair == (one.into(), two.into())));
        let samples = 2 * bytes.checked_sub(7 * channels)? / channels + 2;
        (known && usize::from(said) == samples).then_some(Self { kind: Kind::Microsoft, bytes, samples })
    }

    /// IMA ADPCM of Apple's formats: 34 bytes and 64 samples of each channel in turn.
    pub(super) fn ima_apple(channels: usize) -> Self {
        Self { kind: Kind::ImaApple, bytes: 34 * channels, samples: 64 }
    }

    /// Number of samples of a channel.
    pub(super) fn len(&self, data: &[u8]) -> usize {
        data.len() / self.bytes * self.samples
    }

    /// Samples of all channels from `start` to `end`, of whole blocks.
    pub(super) fn excerpt(&self, data: &[u8], channels: usize, start: usize, end: usize) -> Excerpt {
        let seen = self.len(data);
        let (start, end) = (start.min(seen), end.min(seen));
        let mut values = Vec::new();
        if start < end {
            let first = start / self.samples;
            let blocks = &data[first * self.bytes..end.div_ceil(self.samples) * self.bytes];
            let mut block = vec![0_i16; self.samples * channels];
            for (number, bytes) in blocks.chunks_exact(self.bytes).enumerate() {
                match &self.kind {
                    Kind::ImaWave => ima_wave(bytes, channels, &mut block),
                    Kind::ImaApple => ima_apple(bytes, channels, &mut block),
                    Kind::Microsoft => microsoft(bytes, channels, &mut block),
                }
                let begin = (first + number) * self.samples;
                let from = start.saturating_sub(begin);
                let to = (end - begin).min(self.samples);
                let kept = &block[from * channels..to * channels];
                values.extend(kept.iter().map(|&sample| f32::from(sample) / 32_768.0));
            }
        }
        Excerpt { values, seen, warnings: Vec::new() }
    }
}

/// The state of a channel of IMA ADPCM.
struct Ima {
    sample: i32,
    step: usize,
}

/// Step sizes of IMA ADPCM.
const STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88,
    97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658,
    724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660,
    4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10_442, 11_487, 12_635, 13_899, 15_289,
    16_818, 18_500, 20_350, 22_385, 24_623, 27_086, 29_794, 32_767,
];

impl Ima {
    fn new(sample: i16, step: usize) -> Self {
        Self { sample: i32::from(sample), step: step.min(STEPS.len() - 1) }
    }

    fn next(&mut self, code: u8) -> i16 {
        let size = STEPS[self.step];
        let mut difference = size >> 3;
        for (bit, share) in [(4, size), (2, size >> 1), (1, size >> 2)] {
            if code & bit != 0 {
                difference += share;
            }
        }
        let change = if code & 8 == 0 { difference } else { -difference };
        self.sample = (self.sample + change).clamp(-32_768, 32_767);
        self.step = match code & 7 {
            0..=3 => self.step.saturating_sub(1),
            large => (self.step + 2 * (usize::from(large) - 3)).min(STEPS.len() - 1),
        };
        self.sample as i16
    }
}

fn ima_wave(bytes: &[u8], channels: usize, block: &mut [i16]) {
    let (heads, codes) = bytes.split_at(4 * channels);
    let head = |head: &[u8]| Ima::new(i16::from_le_bytes([head[0], head[1]]), usize::from(head[2]));
    let mut states: Vec<Ima> = heads.chunks_exact(4).map(head).collect();
    for (channel, state) in states.iter().enumerate() {
        block[channel] = state.sample as i16;
    }
    for (group, codes) in codes.chunks_exact(4 * channels).enumerate() {
        for (channel, (codes, state)) in codes.chunks_exact(4).zip(&mut states).enumerate() {
            for (number, code) in codes.iter().flat_map(|byte| [byte & 15, byte >> 4]).enumerate() {
                block[(1 + 8 * group + number) * channels + channel] = state.next(code);
            }
        }
    }
}

fn ima_apple(bytes: &[u8], channels: usize, block: &mut [i16]) {
    for (channel, bytes) in bytes.chunks_exact(34).enumerate() {
        let head = u16::from_be_bytes([bytes[0], bytes[1]]);
        let mut state = Ima::new((head & 0xff80) as i16, usize::from(head & 0x7f));
        for (number, code) in bytes[2..].iter().flat_map(|byte| [byte & 15, byte >> 4]).enumerate() {
            block[number * channels + channel] = state.next(code);
        }
    }
}

/// Factors by which Microsoft's step size changes for each code, in 256ths.
const ADAPTION: [i32; 16] = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];
/// Predictors of Microsoft's ADPCM: the weights of the last sample and of the one before it, in 256ths.
const PAIRS: [(i32, i32); 7] = [(256, 0), (512, -256), (0, 0), (192, 64), (240, 0), (460, -208), (392, -232)];

/// Decodes a block of Microsoft's ADPCM: each sample is predicted from the two before it, and the difference is
/// stored.
fn microsoft(bytes: &[u8], channels: usize, block: &mut [i16]) {
    let number = |at: usize| i16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let mut states: Vec<_> = (0..channels)
        .map(|channel| {
            let pair = PAIRS.get(usize::from(bytes[channel])).copied().unwrap_or(PAIRS[0]);
            let at = |value: usize| number(channels + 2 * (value * channels + channel));
            (pair, i32::from(at(0)), at(1), at(2))
        })
        .collect();
    for (channel, (_, _, last, before)) in states.iter().enumerate() {
        block[channel] = *before;
        block[channels + channel] = *last;
    }
    let codes = bytes[7 * channels..].iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (place, code) in (2 * channels..block.len()).zip(codes) {
        let (pair, delta, last, before) = &mut states[place % channels];
        let foretold = (i32::from(*last) * pair.0 + i32::from(*before) * pair.1) >> 8;
        let signed = i32::from(code) - if code & 8 == 0 { 0 } else { 16 };
        let sample = (foretold + signed * *delta).clamp(-32_768, 32_767) as i16;
        // As 16 bits, like everybody's.
        *delta = i32::from(((ADAPTION[usize::from(code)] * *delta) >> 8) as i16).max(16);
        (*before, *last) = (*last, sample);
        block[place] = sample;
    }
}
