//! Sound files, byte by byte.

/// A chunk of RIFF.
pub(crate) fn chunk(mark: &[u8; 4], content: &[u8]) -> Vec<u8> {
    sized_chunk(mark, content.len() as u32, content)
}

/// A chunk of RIFF that says to be of another length.
pub(crate) fn sized_chunk(mark: &[u8; 4], len: u32, content: &[u8]) -> Vec<u8> {
    let padding = if content.len() % 2 == 1 { &[0][..] } else { &[] };
    [mark, &len.to_le_bytes()[..], content, padding].concat()
}

/// A file of RIFF.
pub(crate) fn riff(mark: &[u8; 4], chunks: &[Vec<u8>]) -> Vec<u8> {
    let chunks = chunks.concat();
    [mark, &(4 + chunks.len() as u32).to_le_bytes()[..], b"WAVE", &chunks].concat()
}

/// The description of samples in WAV.
#[derive(Clone, Copy)]
pub(crate) struct Format {
    pub(crate) tag: u16,
    pub(crate) channels: u16,
    pub(crate) rate: u32,
    pub(crate) align: u16,
    pub(crate) bits: u16,
}

impl Format {
    /// Samples of so many bits, as the standard has it.
    pub(crate) fn new(tag: u16, channels: u16, bits: u16) -> Self {
        Self { tag, channels, rate: 8000, align: channels * bits.div_ceil(8), bits }
    }

    /// As bytes, with what follows.
    pub(crate) fn bytes(self, more: &[u8]) -> Vec<u8> {
        let Self { tag, channels, rate, align, bits } = self;
        let mut bytes = [tag.to_le_bytes(), channels.to_le_bytes()].concat();
        bytes.extend(rate.to_le_bytes());
        bytes.extend((rate * u32::from(align)).to_le_bytes());
        bytes.extend([align.to_le_bytes(), bits.to_le_bytes()].concat());
        bytes.extend(more);
        bytes
    }

    /// With the extension that tells the bits that are used, and what an ordinary tag would.
    pub(crate) fn extensible(self, valid: u16, speakers: u32) -> Vec<u8> {
        let tag = self.tag.to_le_bytes();
        let guid = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
        let extension =
            [&22_u16.to_le_bytes()[..], &valid.to_le_bytes(), &speakers.to_le_bytes(), &tag, &guid];
        Self { tag: 0xfffe, ..self }.bytes(&extension.concat())
    }
}

/// A WAV file.
pub(crate) fn wav(format: &[u8], data: &[u8]) -> Vec<u8> {
    riff(b"RIFF", &[chunk(b"fmt ", format), chunk(b"data", data)])
}

/// AIFF, or AIFC where there is an encoding, at 8 kHz.
pub(crate) fn aiff(channels: u16, bits: u16, encoding: Option<&[u8; 4]>, data: &[u8]) -> Vec<u8> {
    let chunk = |mark: &[u8; 4], content: &[u8]| {
        let padding = if content.len() % 2 == 1 { &[0][..] } else { &[] };
        [mark, &(content.len() as u32).to_be_bytes()[..], content, padding].concat()
    };
    let rate = [0x40, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0];
    let mut common = [&channels.to_be_bytes()[..], &1_u32.to_be_bytes(), &bits.to_be_bytes(), &rate].concat();
    if let Some(encoding) = encoding {
        common.extend(encoding);
        common.extend([0, 0]);
    }
    let samples = chunk(b"SSND", &[&[0; 8], data].concat());
    let name = if encoding.is_some() { b"AIFC" } else { b"AIFF" };
    chunk(b"FORM", &[name, &chunk(b"COMM", &common)[..], &samples].concat())
}

/// AU at 8 kHz.
pub(crate) fn au(encoding: u32, channels: u32, len: u32, data: &[u8]) -> Vec<u8> {
    let numbers = [28, len, encoding, 8000, channels, 0];
    let head: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    [b".snd", &head[..], data].concat()
}

/// CAF at 8 kHz, with a length of its samples.
pub(crate) fn caf(
    encoding: &[u8; 4],
    flags: u32,
    channels: u32,
    bits: u32,
    len: u64,
    data: &[u8],
) -> Vec<u8> {
    let chunk = |mark: &[u8; 4], len: u64, content: &[u8]| [mark, &len.to_be_bytes()[..], content].concat();
    let numbers = [flags, channels * bits / 8, 1, channels, bits];
    let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    let description = [&8000.0_f64.to_be_bytes()[..], encoding, &numbers].concat();
    let data = [&[0; 4], data].concat();
    [&b"caff\0\x01\0\0"[..], &chunk(b"desc", 32, &description), &chunk(b"data", len, &data)].concat()
}

/// Wave64 of 16 bit integers.
pub(crate) fn wave64(data: &[u8]) -> Vec<u8> {
    let tail = [0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a];
    let chunk = |mark: &[u8; 4], content: &[u8]| {
        let len = (24 + content.len() as u64).to_le_bytes();
        [mark, &tail[..], &len, content, &vec![0; content.len().next_multiple_of(8) - content.len()]].concat()
    };
    let riff = [b'r', b'i', b'f', b'f', 0x2e, 0x91, 0xcf, 0x11, 0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0, 0];
    let format = Format::new(1, 1, 16).bytes(&[]);
    [&riff[..], &[0; 8], b"wave", &tail, &chunk(b"fmt ", &format), &chunk(b"data", data)].concat()
}

/// NIST SPHERE at 8 kHz.
pub(crate) fn nist(fields: &str, data: &[u8]) -> Vec<u8> {
    let mut head = format!("NIST_1A\n   1024\nsample_rate -i 8000\n{fields}end_head\n").into_bytes();
    head.resize(1024, b' ');
    [head, data.to_vec()].concat()
}

/// FLAC of one frame of 16 bit integers that are not compressed, at 8 kHz.
pub(crate) fn flac(samples: &[i16]) -> Vec<u8> {
    let count = samples.len() as u16;
    let mut head = b"fLaC\x80\0\0\x22".to_vec();
    head.extend([count.to_be_bytes(), count.to_be_bytes()].concat());
    head.extend([0; 6]);
    // 20 bits of the rate, 3 of the channels, 5 of the bits and 36 of the length.
    let packed = 8000_u64 << 44 | 15 << 36 | u64::from(count);
    head.extend(packed.to_be_bytes());
    head.extend([0; 16]);
    // A length of 16 bits, 8 kHz, one channel, 16 bits, frame 0.
    let mut frame = vec![0xff, 0xf8, 0x74, 0x08, 0];
    frame.extend((count - 1).to_be_bytes());
    frame.push(remainder(&frame, 8, 0x07) as u8);
    frame.push(2);
    frame.extend(samples.iter().flat_map(|sample| sample.to_be_bytes()));
    let checksum = remainder(&frame, 16, 0x8005);
    frame.extend((checksum as u16).to_be_bytes());
    [head, frame].concat()
}

/// A checksum of so many bits.
fn remainder(bytes: &[u8], bits: u32, polynomial: u32) -> u32 {
    bytes.iter().fold(0, |mut sum, &byte| {
        sum ^= u32::from(byte) << (bits - 8);
        for _ in 0..8 {
            let over = sum >> (bits - 1) & 1 == 1;
            sum = sum << 1 & ((1 << bits) - 1);
            if over {
                sum ^= polynomial;
            }
        }
        sum
    })
}

/// MP3 of silence: so many frames of 1,152 samples at 44.1 kHz, all zeros but their heads.
pub(crate) fn mp3(frames: usize) -> Vec<u8> {
    let mut frame = vec![0xff, 0xfb, 0x90, 0xc4];
    frame.resize(417, 0);
    frame.repeat(frames)
}

/// A page of Ogg with whole packets of fewer than 255 bytes.
pub(crate) fn page(flags: u8, granule: u64, packets: &[&[u8]]) -> Vec<u8> {
    let lengths: Vec<u8> = packets.iter().map(|packet| packet.len() as u8).collect();
    let head = [&b"OggS\0"[..], &[flags], &granule.to_le_bytes(), &[7; 4], &[0; 8], &[lengths.len() as u8]];
    [head.concat(), lengths, packets.concat()].concat()
}

/// Opus of so many packets of silence, 20 ms each, in one channel that was recorded at a rate.
pub(crate) fn opus(rate: u32, packets: usize, granule: u64) -> Vec<u8> {
    let head = [&b"OpusHead\x01\x01"[..], &312_u16.to_le_bytes(), &rate.to_le_bytes(), &[0; 3]].concat();
    let silence: &[u8] = &[0xf8, 0xff, 0xfe];
    let tags = [b"OpusTags", &[0; 8][..]].concat();
    let pages = [page(2, 0, &[&head]), page(0, 0, &[&tags]), page(4, granule, &vec![silence; packets])];
    pages.concat()
}
