//! Every format and every oddity of its headers: the values that libsndfile 1.2.2 gives, or words that name it.

use any2any_adapter::testing::Tested;
use any2any_adapter::{Contents, File, Medium, Part, Value};
use any2any_audio::Audio;
use serde_json::json;

use crate::files::*;

fn contents(bytes: &[u8]) -> Result<Contents, String> {
    Audio.contents(&File::in_memory("sound", bytes.to_vec())).map_err(|error| error.to_string())
}

const UNKNOWN_LENGTH: &str = "does not say how long";
const CUT_OFF: &str = "ends before the sound";

/// A name, a file, the format, the values, and a word of each warning.
type Case = (&'static str, Vec<u8>, &'static str, Vec<f32>, &'static [&'static str]);

fn check(cases: Vec<Case>) {
    for (name, bytes, format, values, warnings) in cases {
        let found = contents(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found.values, values, "{name}");
        assert_eq!(found.format, format, "{name}");
        assert_eq!(found.warnings.len(), warnings.len(), "{name}: {:?}", found.warnings);
        for (warning, word) in found.warnings.iter().zip(warnings) {
            assert!(warning.contains(word), "{name}: {warning}");
        }
        assert!(Audio.recognises(&bytes), "{name}");
        // Files are known by their content alone.
        let options = json!({ "field": "sound", "rate": 8000 });
        Tested(Audio)
            .open(&options, &Value::File(File::in_memory("x.txt", bytes)))
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

/// -1, 1/2, 1/4 and 0 as integers of so many bits, in so many bytes of which they fill the upper bits.
fn integers(bits: u32, bytes: usize) -> Vec<u8> {
    let fractions = [-1.0_f64, 0.5, 0.25, 0.0];
    let full = 2.0_f64.powi(bits as i32 - 1);
    let place = |fraction: f64| ((fraction * full) as i64) << (8 * bytes as u32 - bits);
    fractions.iter().flat_map(|&fraction| place(fraction).to_le_bytes()[..bytes].to_vec()).collect()
}

/// Whole numbers with the highest byte first.
fn reversed(bits: u32, bytes: usize) -> Vec<u8> {
    integers(bits, bytes)
        .chunks(bytes)
        .flat_map(|sample| sample.iter().rev().copied().collect::<Vec<_>>())
        .collect()
}

fn floats(wide: bool, big: bool) -> Vec<u8> {
    let turned = |mut bytes: Vec<u8>| {
        if big {
            bytes.reverse();
        }
        bytes
    };
    let bytes = |value: f64| match wide {
        true => turned(value.to_le_bytes().to_vec()),
        false => turned((value as f32).to_le_bytes().to_vec()),
    };
    [-1.0, 0.5, 0.25, 0.0].into_iter().flat_map(bytes).collect()
}

fn four() -> Vec<f32> {
    vec![-1.0, 0.5, 0.25, 0.0]
}

#[test]
fn wav_of_every_width_is_read() {
    let plain = |tag, bits, data: &[u8]| wav(&Format::new(tag, 1, bits).bytes(&[]), data);
    let extended = |bits, valid, data: &[u8]| wav(&Format::new(1, 1, bits).extensible(valid, 0), data);
    let odd = |align, bits, data: &[u8]| wav(&Format { align, ..Format::new(1, 1, bits) }.bytes(&[]), data);
    let low = [0, 0, 0x80, 0xff, 0, 0, 0x40, 0, 0, 0, 0x20, 0, 1, 0, 0, 0];
    let contradiction: &[&str] = &["contradicts itself"];
    check(vec![
        ("8", plain(1, 8, &[0, 192, 160, 128]), "WAV, 8 bit integers", four(), &[]),
        ("16", plain(1, 16, &integers(16, 2)), "WAV, 16 bit integers", four(), &[]),
        ("24", plain(1, 24, &integers(24, 3)), "WAV, 24 bit integers", four(), &[]),
        ("32", plain(1, 32, &integers(32, 4)), "WAV, 32 bit integers", four(), &[]),
        ("12 in 16", plain(1, 12, &integers(12, 2)), "WAV, 12 bit integers in 16", four(), &[]),
        ("20 in 24", plain(1, 20, &integers(20, 3)), "WAV, 20 bit integers in 24", four(), &[]),
        ("extended 16", extended(16, 16, &integers(16, 2)), "WAV, 16 bit integers", four(), &[]),
        ("extended 12 in 16", extended(16, 12, &integers(12, 2)), "WAV, 12 bit integers in 16", four(), &[]),
        ("extended 16 in 24", extended(24, 16, &integers(16, 3)), "WAV, 16 bit integers in 24", four(), &[]),
        ("extended 20 in 24", extended(24, 20, &integers(20, 3)), "WAV, 20 bit integers in 24", four(), &[]),
        ("extended 24 in 32", extended(32, 24, &integers(24, 4)), "WAV, 24 bit integers in 32", four(), &[]),
        ("extended, no valid bits", extended(16, 0, &integers(16, 2)), "WAV, 16 bit integers", four(), &[]),
        (
            "extended, valid bits too many",
            extended(16, 99, &integers(16, 2)),
            "WAV, 16 bit integers",
            four(),
            &[],
        ),
        ("24 in the upper of 32", odd(4, 24, &integers(24, 4)), "WAV, 24 bit integers in 32", four(), &[]),
        (
            "24 in the lower of 32",
            odd(4, 24, &low),
            "WAV, 24 bit integers in 32",
            vec![-1.0 / 256.0, 0.5 / 256.0, 0.25 / 256.0, 1.0 / 2_147_483_648.0],
            &["lower bytes"],
        ),
        ("blocks of 0 bytes", odd(0, 16, &integers(16, 2)), "WAV, 16 bit integers", four(), &[]),
        ("blocks of 1 byte", odd(1, 16, &integers(16, 2)), "WAV, 16 bit integers", four(), contradiction),
        ("blocks of 9 bytes", odd(9, 16, &integers(16, 2)), "WAV, 16 bit integers", four(), contradiction),
        (
            "no bits said",
            wav(&Format::new(1, 1, 16).bytes(&[])[..14], &integers(16, 2)),
            "WAV, 16 bit integers",
            four(),
            &[],
        ),
        ("float 32", plain(3, 32, &floats(false, false)), "WAV, 32 bit floats", four(), &[]),
        ("float 64", plain(3, 64, &floats(true, false)), "WAV, 64 bit floats", four(), &[]),
        ("A-law", plain(6, 8, &[0xd5, 0xaa]), "WAV, A-law", vec![8.0 / 32_768.0, 0.984_375], &[]),
        ("mu-law", plain(7, 8, &[0xff, 0x80]), "WAV, mu-law", vec![0.0, 32_124.0 / 32_768.0], &[]),
    ]);
}

#[test]
fn wav_with_odd_headers_is_read() {
    let format = Format::new(1, 1, 16);
    let data = integers(16, 2);
    let with = |more: &[u8]| wav(&format.bytes(more), &data);
    let sized = |len| riff(b"RIFF", &[chunk(b"fmt ", &format.bytes(&[])), sized_chunk(b"data", len, &data)]);
    let mut other_rate = with(&[]);
    other_rate[28..32].fill(0);
    let extended = |more: &[u8]| wav(&[format.extensible(16, 4), more.to_vec()].concat(), &data);
    let float = |more: &[u8]| wav(&Format::new(3, 1, 32).bytes(more), &floats(false, false));
    let around = |mark: &[u8; 4]| {
        let list = chunk(b"LIST", b"INFOISFT\x03\0\0\0ab\0");
        riff(
            mark,
            &[list.clone(), chunk(b"fmt ", &format.bytes(&[])), list.clone(), chunk(b"data", &data), list],
        )
    };
    let long = |mark: &[u8; 4], said: u64, len: u32| {
        let sizes = [&[0; 8][..], &said.to_le_bytes(), &[0; 12]].concat();
        riff(
            mark,
            &[chunk(b"ds64", &sizes), chunk(b"fmt ", &format.bytes(&[])), sized_chunk(b"data", len, &data)],
        )
    };
    let integers16 = "WAV, 16 bit integers";
    let big = {
        let turn = |bytes: &[u8], width: usize| {
            bytes
                .chunks(width)
                .flat_map(|part| part.iter().rev().copied().collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        let head = format.bytes(&[]);
        let head = [turn(&head[..4], 2), turn(&head[4..12], 4), turn(&head[12..], 2)].concat();
        let chunk = |mark: &[u8; 4], content: &[u8]| {
            [mark, &(content.len() as u32).to_be_bytes()[..], content].concat()
        };
        [&b"RIFX\0\0\0\0WAVE"[..], &chunk(b"fmt ", &head), &chunk(b"data", &reversed(16, 2))].concat()
    };
    check(vec![
        ("18 bytes", with(&[0; 2]), integers16, four(), &[]),
        ("17 bytes", with(&[0; 1]), integers16, four(), &[]),
        ("40 bytes", with(&[0; 24]), integers16, four(), &[]),
        ("50 bytes", with(&[&[32, 0], &[0; 32][..]].concat()), integers16, four(), &[]),
        ("50 bytes of ones", with(&[0xff; 34]), integers16, four(), &[]),
        ("extension too long", extended(&[0; 4]), integers16, four(), &[]),
        ("floats of 40 bytes", float(&[0; 24]), "WAV, 32 bit floats", four(), &[]),
        ("no bytes a second", other_rate, integers16, four(), &[]),
        ("chunks around", around(b"RIFF"), integers16, four(), &[]),
        ("length 0", sized(0), integers16, four(), &[UNKNOWN_LENGTH]),
        ("length of a pipe", sized(u32::MAX), integers16, four(), &[UNKNOWN_LENGTH]),
        ("length of ffmpeg", sized(0x7fff_ffff), integers16, four(), &[UNKNOWN_LENGTH]),
        ("length of arecord", sized(0x8000_0000), integers16, four(), &[UNKNOWN_LENGTH]),
        ("length too large", sized(10), integers16, four(), &[CUT_OFF]),
        ("length that is less", sized(4), integers16, four()[..2].to_vec(), &[]),
        ("length of one byte more than samples", sized(5), integers16, four()[..2].to_vec(), &[]),
        ("RF64", long(b"RF64", 8, u32::MAX), "RF64, 16 bit integers", four(), &[]),
        ("BW64", long(b"BW64", 8, u32::MAX), "BW64, 16 bit integers", four(), &[]),
        ("RF64 of both lengths", long(b"RF64", 4, 8), "RF64, 16 bit integers", four()[..2].to_vec(), &[]),
        ("RF64 too long", long(b"RF64", 1 << 20, u32::MAX), "RF64, 16 bit integers", four(), &[CUT_OFF]),
        (
            "RF64 without a length",
            long(b"RF64", 0, u32::MAX),
            "RF64, 16 bit integers",
            four(),
            &[UNKNOWN_LENGTH],
        ),
        ("RIFX", big, "RIFX, 16 bit integers", four(), &[]),
        ("Wave64", wave64(&data), "Wave64, 16 bit integers", four(), &[]),
    ]);
}

#[test]
fn blocks_of_adpcm_are_read() {
    // Values of libsndfile 1.2.2.
    let scaled = |samples: &[i32]| samples.iter().map(|&sample| sample as f32 / 32_768.0).collect::<Vec<_>>();
    let format = |tag, channels, align| Format { align, ..Format::new(tag, channels, 4) };
    let ima = [100, 0, 3, 0, 0x30, 0xf8, 40, 0, 0x4c, 0x07, 0x9f, 0xa1, 0x12, 0xf7, 0x88, 0x35];
    let ima_left = [100, 89, 102, 127, 130, 78, 56, 75, 44];
    let ima_right = [-2000, -1790, -1676, -1155, -2275, -2435, -2580, -1123, 235];
    let ima_both: Vec<i32> =
        ima_left.iter().zip(ima_right).flat_map(|(&left, right)| [left, right]).collect();
    let pairs: [i16; 14] = [256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232];
    let pairs: Vec<u8> = pairs.iter().flat_map(|value| value.to_le_bytes()).collect();
    let microsoft = |samples: u8| [&[32, 0, samples, 0, 7, 0], &pairs[..]].concat();
    let one = [1, 50, 0, 0x2c, 1, 200, 0, 0x1f, 0x83, 0x7c, 0x09];
    let two = [
        &[5, 2, 50, 0, 0xf4, 1, 0x2c, 1, 0xd4, 0xfe, 200, 0, 0x9c, 0xff][..],
        &[0x1f, 0x83, 0x7c, 0x09].repeat(3),
    ];
    let two_left = [200, 300, 426, 169, 881, 1445, 2163, 680, 4798, 8068, 12_239, 3644, 27_557, 32_767];
    let two_right =
        [-100, -300, -500, 1347, -1612, -3381, -1158, 3120, -3736, -7840, -2686, 7239, -8668, -18_186];
    let two_both: Vec<i32> =
        two_left.iter().zip(two_right).flat_map(|(&left, right)| [left, right]).collect();
    let apple = [&[0x01, 0x05, 0x4c, 0x07, 0x9f, 0xa1][..], &[0; 28]].concat();
    check(vec![
        (
            "IMA of WAV",
            wav(&format(0x11, 2, 16).bytes(&[2, 0, 9, 0]), &ima.repeat(2)),
            "WAV, IMA ADPCM",
            scaled(&ima_both).repeat(2),
            &[],
        ),
        (
            "Microsoft, one channel",
            wav(&format(2, 1, 11).bytes(&microsoft(10)), &one),
            "WAV, Microsoft ADPCM",
            scaled(&[200, 300, 450, 556, 350, 495, 1375, 1251, 1127, -887]),
            &[],
        ),
        (
            "Microsoft, two channels, cut off",
            wav(&format(2, 2, 26).bytes(&microsoft(14)), &[two.concat(), vec![1, 2]].concat()),
            "WAV, Microsoft ADPCM",
            scaled(&two_both),
            &["last block"],
        ),
    ]);
    let found = contents(&aiff(1, 16, Some(b"ima4"), &apple)).expect("IMA of Apple");
    assert_eq!(found.shape(), [64, 1]);
    let expected = scaled(&[243, 258, 289, 293, 230, 203, 227, 190, 196, 202, 207, 212]);
    assert_eq!(found.values[..12], expected);
    assert_eq!(found.values[63], 246.0 / 32_768.0);
}

#[test]
fn other_formats_are_read() {
    let (big, little) = (reversed(16, 2), integers(16, 2));
    let law = vec![8.0 / 32_768.0, 0.984_375];
    let mu = vec![0.0, 32_124.0 / 32_768.0];
    let signed = [0x80, 0x40, 0x20, 0];
    let samples = [-32_768, 16_384, 8192, 0];
    check(vec![
        ("AIFF 8", aiff(1, 8, None, &signed), "AIFF, 8 bit integers", four(), &[]),
        ("AIFF 12", aiff(1, 12, None, &reversed(12, 2)), "AIFF, 12 bit integers in 16", four(), &[]),
        ("AIFF 16", aiff(1, 16, None, &big), "AIFF, 16 bit integers", four(), &[]),
        ("AIFF 24", aiff(1, 24, None, &reversed(24, 3)), "AIFF, 24 bit integers", four(), &[]),
        ("AIFF 32", aiff(1, 32, None, &reversed(32, 4)), "AIFF, 32 bit integers", four(), &[]),
        ("AIFC NONE", aiff(1, 16, Some(b"NONE"), &big), "AIFC, 16 bit integers", four(), &[]),
        ("AIFC sowt", aiff(1, 16, Some(b"sowt"), &little), "AIFC, 16 bit integers", four(), &[]),
        ("AIFC raw", aiff(1, 8, Some(b"raw "), &[0, 192, 160, 128]), "AIFC, 8 bit integers", four(), &[]),
        ("AIFC fl32", aiff(1, 16, Some(b"fl32"), &floats(false, true)), "AIFC, 32 bit floats", four(), &[]),
        ("AIFC FL64", aiff(1, 64, Some(b"FL64"), &floats(true, true)), "AIFC, 64 bit floats", four(), &[]),
        ("AIFC alaw", aiff(1, 16, Some(b"alaw"), &[0xd5, 0xaa]), "AIFC, A-law", law.clone(), &[]),
        ("AIFC ulaw", aiff(1, 16, Some(b"ulaw"), &[0xff, 0x80]), "AIFC, mu-law", mu.clone(), &[]),
        ("AU mu-law", au(1, 1, 2, &[0xff, 0x80]), "AU, mu-law", mu.clone(), &[]),
        ("AU 8", au(2, 1, 4, &signed), "AU, 8 bit integers", four(), &[]),
        ("AU 16", au(3, 1, 8, &big), "AU, 16 bit integers", four(), &[]),
        ("AU 24", au(4, 1, 12, &reversed(24, 3)), "AU, 24 bit integers", four(), &[]),
        ("AU 32", au(5, 1, 16, &reversed(32, 4)), "AU, 32 bit integers", four(), &[]),
        ("AU float 32", au(6, 1, 16, &floats(false, true)), "AU, 32 bit floats", four(), &[]),
        ("AU float 64", au(7, 1, 32, &floats(true, true)), "AU, 64 bit floats", four(), &[]),
        ("AU A-law", au(27, 1, 2, &[0xd5, 0xaa]), "AU, A-law", law.clone(), &[]),
        ("AU of a pipe", au(3, 1, u32::MAX, &big), "AU, 16 bit integers", four(), &[]),
        ("AU cut off", au(3, 1, 100, &big), "AU, 16 bit integers", four(), &[CUT_OFF]),
        ("CAF 16", caf(b"lpcm", 0, 1, 16, 12, &big), "CAF, 16 bit integers", four(), &[]),
        ("CAF 16, lowest first", caf(b"lpcm", 2, 1, 16, 12, &little), "CAF, 16 bit integers", four(), &[]),
        (
            "CAF float 32",
            caf(b"lpcm", 3, 1, 32, 20, &floats(false, false)),
            "CAF, 32 bit floats",
            four(),
            &[],
        ),
        ("CAF A-law", caf(b"alaw", 0, 1, 8, 6, &[0xd5, 0xaa]), "CAF, A-law", law, &[]),
        ("CAF mu-law", caf(b"ulaw", 0, 1, 8, 6, &[0xff, 0x80]), "CAF, mu-law", mu.clone(), &[]),
        ("CAF of a pipe", caf(b"lpcm", 0, 1, 16, u64::MAX, &big), "CAF, 16 bit integers", four(), &[]),
        ("CAF cut off", caf(b"lpcm", 0, 1, 16, 99, &big), "CAF, 16 bit integers", four(), &[CUT_OFF]),
        (
            "NIST",
            nist("sample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_coding -s3 pcm\n", &little),
            "NIST SPHERE, 16 bit integers",
            four(),
            &[],
        ),
        (
            "NIST, highest first, cut off",
            nist(
                "channel_count -i 1\nsample_count -i 9\nsample_n_bytes -i 2\nsample_byte_format -s2 10\n",
                &big,
            ),
            "NIST SPHERE, 16 bit integers",
            four(),
            &[CUT_OFF],
        ),
        ("NIST mu-law", nist("sample_coding -s4 ulaw\n", &[0xff, 0x80]), "NIST SPHERE, mu-law", mu, &[]),
        ("FLAC", flac(&samples.repeat(4)), "FLAC, 16 bit integers", four().repeat(4), &[]),
        (
            "FLAC behind a tag",
            [&b"ID3\x03\0\0\0\0\0\x05hello"[..], &flac(&samples.repeat(4))].concat(),
            "FLAC, 16 bit integers",
            four().repeat(4),
            &[],
        ),
        ("MP3", mp3(5), "MP3", vec![0.0; 5 * 1152], &[]),
        (
            "MP3 behind a tag",
            [&b"ID3\x03\0\0\0\0\0\x05hello"[..], &mp3(5)].concat(),
            "MP3",
            vec![0.0; 5 * 1152],
            &[],
        ),
        // The samples before the pre-skip and behind the end are left out.
        ("Opus, 48 kHz", opus(48_000, 5, 312 + 4000), "Ogg Opus", vec![0.0; 4000], &[]),
        ("Opus, 16 kHz", opus(16_000, 5, 312 + 4200), "Ogg Opus", vec![0.0; 1400], &[]),
    ]);
}

#[test]
fn rates_and_channels_are_told() {
    let stereo = contents(&wav(&Format::new(1, 2, 16).extensible(16, 3), &integers(16, 2))).expect("a sound");
    assert_eq!(stereo.axes, [("samples", 2), ("channels", 2)]);
    assert_eq!((stereo.rate, stereo.unit), (Some(8000.0), ""));
    assert_eq!(stereo.channels, ["front left", "front right"]);
    for (rate, expected) in
        [(48_000, 48_000.0), (44_100, 48_000.0), (22_050, 24_000.0), (16_000, 16_000.0), (8000, 8000.0)]
    {
        assert_eq!(contents(&opus(rate, 2, 1000)).expect("Opus").rate, Some(expected));
    }
    // Values are as they are, also where no experiment would take them.
    let wild = [f32::NAN.to_le_bytes(), 1e9_f32.to_le_bytes()].concat();
    let wild = contents(&wav(&Format::new(3, 1, 32).bytes(&[]), &wild)).expect("numbers");
    assert!(wild.values[0].is_nan() && wild.values[1] == 1e9);
    assert!(wild.warnings[0].contains("not numbers"), "{:?}", wild.warnings);
}

#[test]
fn what_is_not_read_is_named() {
    let tagged = |tag| wav(&Format::new(tag, 1, 16).bytes(&[0; 4]), &[0; 64]);
    let ogg = |head: &[u8]| page(2, 0, &[head]);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (tagged(0x31), "GSM 06.10"),
        (tagged(0x11), "IMA ADPCM"),
        (tagged(0x55), "MP3"),
        (tagged(0x161), "Windows Media Audio"),
        (tagged(0x674f), "Ogg Vorbis"),
        (tagged(0x2000), "AC-3"),
        (tagged(0x1234), "0x1234"),
        (wav(&Format::new(1, 1, 16).bytes(&[]), b"OggS and more"), "Ogg inside WAV"),
        (wav(&Format::new(3, 1, 16).bytes(&[]), &[0; 64]), "floats of 16 bits"),
        (wav(&Format::new(1, 1, 64).bytes(&[]), &[0; 64]), "integers of 64 bits"),
        // 24 bits that lie in the upper bytes of 32, where only the bytes of a block say so.
        (
            wav(&Format { align: 4, ..Format::new(1, 1, 24) }.extensible(24, 0), &integers(24, 4)),
            "24 bits in 4 bytes",
        ),
        (aiff(1, 16, Some(b"GSM "), &[0; 64]), "GSM 06.10"),
        (aiff(1, 16, Some(b"abcd"), &[0; 64]), "abcd"),
        (au(23, 1, 64, &[0; 64]), "G.721"),
        (caf(b"aac ", 0, 1, 0, 64, &[0; 64]), "AAC"),
        (nist("sample_coding -s26 pcm,embedded-shorten-v2.00\n", &[0; 64]), "Shorten"),
        (ogg(b"Speex   1.2"), "Speex"),
        (ogg(b"\x80theora"), "Ogg"),
        (b"#!AMR\n\x3c".to_vec(), "AMR"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0".to_vec(), "M4A"),
        (b"0&\xb2u\x8ef\xcf\x11\xa6\xd9".to_vec(), "Windows Media Audio"),
        (b"\x1aE\xdf\xa3\x01".to_vec(), "Matroska"),
        (b"wvpk\0\0".to_vec(), "WavPack"),
        ([&b"\xff\xfd\x24\xc4"[..], &[0; 140]].concat().repeat(4), "layer 1 or 2"),
        (b"Creative Voice File\x1a".to_vec(), "VOC"),
        ([&b"\xff\xf1\x50\x80\x01\x1f\xfc\0"[..]; 4].concat(), "AAC"),
    ];
    for (bytes, word) in cases {
        let error = contents(&bytes).expect_err(word);
        assert!(error.contains(word) && error.contains("`ffmpeg "), "{word}: {error}");
        assert!(Audio.recognises(&bytes), "{word}");
    }
    let unknown: [&[u8]; 7] = [
        b"",
        b"hello, this is no sound",
        b"\xff\xfeh\0i\0",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"\0\0\0\x20ftypavif",
        b"\xff\xd8\xff\xe0",
    ];
    for bytes in unknown {
        assert!(!Audio.recognises(bytes), "{}", bytes.escape_ascii());
        contents(bytes).expect_err("no sound");
    }
}

#[test]
fn parts_are_read_of_every_format() {
    let ramp: Vec<i16> = (0..4000).map(|number| number * 8).collect();
    let little: Vec<u8> = ramp.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let big: Vec<u8> = ramp.iter().flat_map(|sample| sample.to_be_bytes()).collect();
    let kinds = [wav(&Format::new(1, 1, 16).bytes(&[]), &little), aiff(1, 16, None, &big), flac(&ramp)];
    for bytes in kinds {
        let file = File::in_memory("sound", bytes);
        let open = |part, take| {
            let options = json!({ "field": "sound", "rate": 8000, "take": take });
            let opened = Tested(Audio).open(&options, &Value::File(file.part_of(part)));
            opened.map(|opened| opened.value.as_signal().expect("a signal").samples().to_vec())
        };
        let expected = |from: usize, to: usize| {
            (from..to).map(|number| number as f32 * 8.0 / 32_768.0).collect::<Vec<_>>()
        };
        let cases = [
            (Part::Sample(10), None, expected(10, 4000)),
            (Part::Second(0.25), Some(0.125), expected(2000, 3000)),
            (Part::Second(0.25), Some(9.0), expected(2000, 4000)),
            (Part::Second(-1.0), Some(0.001), expected(0, 8)),
        ];
        for (part, take, expected) in cases {
            assert_eq!(open(part, take).expect("a part"), expected);
        }
        for part in [Part::Sample(4000), Part::Second(f64::INFINITY)] {
            let error = open(part, None).expect_err("nothing").to_string();
            assert!(error.contains("ends after 0.500 s"), "{error}");
        }
        assert!(open(Part::Item(0), None).is_err());
    }
}

#[test]
fn one_channel_is_heard() {
    let opposite = wav(&Format::new(1, 2, 16).bytes(&[]), &[0, 0x40, 0, 0xc0].repeat(100));
    let open = |channel: &str| {
        let options = json!({ "field": "sound", "rate": 8000, "channel": channel });
        assert_eq!(Tested(Audio).check(&options), []);
        Tested(Audio)
            .open(&options, &Value::File(File::in_memory("sound", opposite.clone())))
            .expect("a sound")
    };
    for (channel, level, warns) in [("mean", 0.0, true), ("left", 0.5, false), ("right", -0.5, false)] {
        let opened = open(channel);
        assert_eq!(opened.value.as_signal().expect("a signal").samples(), [level; 100], "{channel}");
        assert_eq!(opened.warnings.len(), usize::from(warns), "{:?}", opened.warnings);
    }
    assert!(open("mean").warnings[0].contains("opposite phase"));
    assert!(contents(&opposite).expect("a sound").warnings[0].contains("opposite phase"));
    assert_eq!(Tested(Audio).check(&json!({ "field": "sound", "channel": "middle" })).len(), 1);
}
