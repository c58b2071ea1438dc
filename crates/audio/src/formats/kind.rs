//! Kinds of files, by their first bytes.

/// The kind of a file that holds sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// WAV, RIFX, RF64 and BW64.
    Wave,
    /// Wave64 of Sonic Foundry.
    Wave64,
    /// AIFF and AIFC.
    Aiff,
    /// AU of Sun and NeXT.
    Au,
    /// Apple's Core Audio Format.
    Caf,
    /// NIST SPHERE.
    Nist,
    /// FLAC.
    Flac,
    /// MPEG audio of layer 3: MP3.
    Mpeg,
    /// Ogg, whatever is in it.
    Ogg,
    /// A format that is not read, by its name.
    Other(&'static str),
}

/// The mark of Wave64.
const WAVE64: &[u8] =
    &[b'r', b'i', b'f', b'f', 0x2e, 0x91, 0xcf, 0x11, 0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0, 0];
/// The first bytes of formats that are not read.
const OTHERS: &[(&[u8], &str)] = &[
    (b"#!AMR", "AMR"),
    (b"#!EVRC", "EVRC"),
    (b"#!SILK", "SILK"),
    (b"\x02#!SILK", "SILK"),
    (b"#!iLBC", "iLBC"),
    (b"wvpk", "WavPack"),
    (b"MAC ", "Monkey's Audio"),
    (b"TTA1", "True Audio"),
    (b"TTA2", "True Audio"),
    (b"MPCK", "Musepack"),
    (b"MP+", "Musepack"),
    (b"tBaK", "TAK"),
    (b"OFR ", "OptimFROG"),
    (b"ajkg", "Shorten"),
    (b"qoaf", "QOA"),
    (b"DSD ", "DSD"),
    (b"FRM8", "DSD"),
    (b"ADIF", "AAC"),
    (b"\x0b\x77", "Dolby AC-3"),
    (b"\x7f\xfe\x80\x01", "DTS"),
    (b".ra\xfd", "RealAudio"),
    (b".RMF", "RealMedia"),
    (b"0&\xb2u\x8ef\xcf\x11", "Windows Media Audio"),
    (b"\x1aE\xdf\xa3", "Matroska or WebM"),
    (b"Creative Voice File\x1a", "Creative Voice (VOC)"),
    (b"2BIT", "AVR"),
    (b" paf", "Ensoniq PARIS"),
    (b"fap ", "Ensoniq PARIS"),
    (b"PVF1\n", "Portable Voice Format"),
    (b"PVF2\n", "Portable Voice Format"),
    (b"ALawSoundFile**", "Psion WVE"),
    (b"Extended Instrument: ", "FastTracker 2"),
    (b"\xf0\x7e\0\x01", "MIDI Sample Dump"),
    (b"MThd", "MIDI, which holds notes and no sound"),
    (b"\x64\xa3\x01\0", "IRCAM"),
    (b"\x64\xa3\x02\0", "IRCAM"),
    (b"\x64\xa3\x03\0", "IRCAM"),
    (b"\x64\xa3\x04\0", "IRCAM"),
    (b"\0\x01\xa3\x64", "IRCAM"),
    (b"\0\x02\xa3\x64", "IRCAM"),
    (b"\0\x03\xa3\x64", "IRCAM"),
    (b"\0\x04\xa3\x64", "IRCAM"),
];

impl Kind {
    /// The kind of a file; `None` where its bytes are those of no sound.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let inner = bytes.get(8..12).unwrap_or_default();
        let known = match bytes.get(..4)? {
            b"RIFF" | b"RIFX" | b"RF64" | b"BW64" if inner == b"WAVE" => Self::Wave,
            b"RIFF" | b"RIFX" | b"RF64" | b"BW64" if bytes.len() < 12 => Self::Wave,
            b"RIFF" if inner == b"AVI " => Self::Other("AVI"),
            b"RIFF" if inner == b"RMID" => Self::Other("MIDI, which holds notes and no sound"),
            b"riff" if bytes.starts_with(WAVE64) => Self::Wave64,
            b"FORM" if inner == b"AIFF" || inner == b"AIFC" => Self::Aiff,
            b"FORM" if inner == b"8SVX" || inner == b"16SV" => Self::Other("Amiga IFF (8SVX)"),
            b".snd" | b"dns." => Self::Au,
            b"caff" => Self::Caf,
            b"NIST" if bytes.starts_with(b"NIST_1A") => Self::Nist,
            b"OggS" => Self::Ogg,
            _ if inner_is_movie(bytes) => Self::Other("M4A or MP4"),
            _ => match OTHERS.iter().find(|(mark, _)| bytes.starts_with(mark)) {
                Some((_, name)) => Self::Other(name),
                None => return Self::after_tags(bytes),
            },
        };
        Some(known)
    }

    /// The kind of a file that may have tags in front of it.
    fn after_tags(bytes: &[u8]) -> Option<Self> {
        let (tagged, bytes) = (bytes.starts_with(b"ID3"), after_tags(bytes));
        match bytes {
            _ if bytes.starts_with(b"fLaC") => Some(Self::Flac),
            _ if is_frames(bytes, mpeg_frame) && bytes[1] >> 1 & 3 == 1 => Some(Self::Mpeg),
            // symphonia 0.6 misses frames of these.
            _ if is_frames(bytes, mpeg_frame) => Some(Self::Other("MPEG audio of layer 1 or 2")),
            _ if is_frames(bytes, aac_frame) => Some(Self::Other("AAC")),
            // Tags of ID3 stand before little else.
            _ if tagged && bytes.starts_with(b"RIFF") => Self::of(bytes),
            _ => tagged.then_some(Self::Mpeg),
        }
    }
}

/// True if these bytes are a file of the MP4 family that holds sound; pictures are of that family too.
fn inner_is_movie(bytes: &[u8]) -> bool {
    const BRANDS: [&[u8]; 14] = [
        b"M4A", b"M4B", b"M4P", b"M4V", b"isom", b"iso", b"mp4", b"3g", b"qt", b"MSNV", b"dash", b"f4",
        b"F4", b"avc1",
    ];
    bytes.get(4..8) == Some(b"ftyp") && BRANDS.iter().any(|brand| bytes[8..].starts_with(brand))
}

/// The bytes behind the ID3v2 tags at the beginning of a file.
pub(super) fn after_tags(mut bytes: &[u8]) -> &[u8] {
    while let Some(&[b'I', b'D', b'3', major, _, flags, a, b, c, d]) = bytes.first_chunk::<10>() {
        if major == 0xff || [a, b, c, d].iter().any(|&part| part >= 0x80) {
            break;
        }
        let len = [a, b, c, d].iter().fold(0, |len, &part| len << 7 | usize::from(part));
        let footer = if flags & 0x10 == 0 { 0 } else { 10 };
        bytes = bytes.get(10 + len + footer..).unwrap_or_default();
        // Some programs leave room between their tags and the sound.
        let padding = bytes.iter().take_while(|&&byte| byte == 0).count();
        bytes = &bytes[padding..];
    }
    bytes
}

/// True if frames follow each other: a single one is often found in a file that is no sound.
fn is_frames(bytes: &[u8], frame: impl Fn(&[u8]) -> Option<usize>) -> bool {
    let mut rest = bytes;
    for _ in 0..3 {
        match frame(rest) {
            None => return false,
            // The end of the file, or of what is known of it.
            Some(len) if len >= rest.len() => return rest.len() != bytes.len() || len == rest.len(),
            Some(len) => rest = &rest[len..],
        }
        // Tags at the end.
        if rest.starts_with(b"TAG") || rest.starts_with(b"APETAGEX") {
            return true;
        }
    }
    true
}

/// The length of the frame of MPEG audio that begins here (ISO 11172-3, 13818-3).
fn mpeg_frame(bytes: &[u8]) -> Option<usize> {
    let &[0xff, second, third, _] = bytes.first_chunk()? else { return None };
    if second & 0xe0 != 0xe0 {
        return None;
    }
    let (version, layer) = (second >> 3 & 3, 4 - (second >> 1 & 3));
    let (bits, rate, padding) =
        (usize::from(third >> 4), usize::from(third >> 2 & 3), usize::from(third >> 1 & 1));
    if version == 1 || layer == 4 || matches!(bits, 0 | 15) || rate == 3 {
        return None;
    }
    const KILOBITS: [[usize; 14]; 5] = [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let (first, row) = match (version, layer) {
        (3, layer) => (true, usize::from(layer) - 1),
        (_, 1) => (false, 3),
        _ => (false, 4),
    };
    let hertz = [44_100, 48_000, 32_000][rate]
        >> match version {
            3 => 0,
            2 => 1,
            _ => 2,
        };
    let bytes_a_second = KILOBITS[row][bits - 1] * 125;
    Some(match layer {
        1 => (12 * 8 * bytes_a_second / 8 / hertz * 4 + 4 * padding).max(4),
        3 if !first => 576 * bytes_a_second / hertz + padding,
        _ => 1152 * bytes_a_second / hertz + padding,
    })
}

/// The length of the frame of AAC that begins here (ADTS).
fn aac_frame(bytes: &[u8]) -> Option<usize> {
    let &[0xff, second, third, a, b, c, _] = bytes.first_chunk()? else { return None };
    let len = usize::from(a & 3) << 11 | usize::from(b) << 3 | usize::from(c) >> 5;
    (second & 0xf6 == 0xf0 && third >> 2 & 15 < 13 && len > 7).then_some(len)
}
