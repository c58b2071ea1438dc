//! Sounds.

use any2any_adapter::File;
use any2any_audio::Audio;
use serde_json::json;

use crate::{Target, tokens};

#[allow(dead_code, reason = "the tests of sounds use the rest")]
#[path = "../../../crates/audio/tests/audio/files.rs"]
mod files;

pub(super) fn targets() -> Vec<Target> {
    vec![
        Target::new("audio_wave", tokens::WAVE, wave, read),
        Target::new("audio_wave64", tokens::WAVE, || vec![files::wave64(&samples())], read),
        Target::new("audio_aiff", tokens::AIFF, aiff, read),
        Target::new("audio_au", &[".snd"], au, read),
        Target::new("audio_caf", tokens::CAF, caf, read),
        Target::new("audio_nist", tokens::NIST, nist, read),
        Target::new("audio_flac", tokens::OGG, || vec![files::flac(&[0, 100, -100, 32_767].repeat(8))], read)
            .repaired_by(flac_checksums),
        Target::new("audio_mp3", tokens::OGG, mp3, read),
        Target::new("audio_ogg", tokens::OGG, ogg, read),
    ]
}

fn read(bytes: &[u8]) -> bool {
    let options = json!({ "field": "sound", "rate": 16_000, "trim": {} });
    super::opens(Audio, &options, File::in_memory("sound", bytes))
}

fn samples() -> Vec<u8> {
    (0..128_i16).flat_map(|number| (number * 200).to_le_bytes()).collect()
}

fn wave() -> Vec<Vec<u8>> {
    use files::{Format, chunk, riff, wav};
    let pcm = |bits| Format::new(1, 1, bits);
    let ima = Format { align: 36, ..Format::new(0x11, 1, 4) };
    let microsoft = Format { align: 32, ..Format::new(2, 1, 4) };
    let coefficients: Vec<u8> = [256_i16, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let extension = [&[32, 0, 52, 0, 7, 0][..], &coefficients].concat();
    let large = [&[0xff; 8][..], &256_u64.to_le_bytes(), &128_u64.to_le_bytes(), &[0; 4]].concat();
    let rf64 = [chunk(b"ds64", &large[8..]), chunk(b"fmt ", &pcm(16).bytes(&[])), chunk(b"data", &samples())];
    vec![
        wav(&pcm(16).bytes(&[]), &samples()),
        wav(&Format::new(1, 2, 24).extensible(20, 3), &samples()[..252]),
        wav(&Format::new(3, 1, 32).bytes(&[0, 0]), &[0, 0, 128, 62].repeat(60)),
        wav(&Format::new(7, 1, 8).bytes(&[0, 0]), &samples()),
        wav(&ima.bytes(&[2, 0, 65, 0]), &[[0, 0, 3, 0].to_vec(), vec![0x17; 32]].concat().repeat(3)),
        wav(&microsoft.bytes(&extension), &[1; 96]),
        riff(b"RF64", &rf64),
    ]
}

fn aiff() -> Vec<Vec<u8>> {
    vec![
        files::aiff(2, 16, None, &samples()),
        files::aiff(1, 16, Some(b"sowt"), &samples()),
        files::aiff(1, 32, Some(b"fl32"), &[62, 128, 0, 0].repeat(60)),
        files::aiff(1, 16, Some(b"ima4"), &[0x17; 34 * 3]),
    ]
}

fn au() -> Vec<Vec<u8>> {
    vec![
        files::au(3, 1, 256, &samples()),
        files::au(1, 2, u32::MAX, &samples()),
        files::au(6, 1, 240, &[62, 128, 0, 0].repeat(60)),
    ]
}

fn caf() -> Vec<Vec<u8>> {
    vec![
        files::caf(b"lpcm", 2, 1, 16, 260, &samples()),
        files::caf(b"ulaw", 0, 2, 8, 260, &samples()),
        alac(),
    ]
}

/// Apple Lossless of one packet of silence that is not compressed.
fn alac() -> Vec<u8> {
    let chunk =
        |mark: &[u8; 4], content: &[u8]| [&mark[..], &(content.len() as u64).to_be_bytes(), content].concat();
    let numbers = [1, 0, 16, 1, 0_u32].map(u32::to_be_bytes).concat();
    let description = [&8000.0_f64.to_be_bytes()[..], b"alac", &numbers].concat();
    let mut cookie = 16_u32.to_be_bytes().to_vec();
    cookie.extend([0, 16, 40, 10, 14, 1, 0, 255]);
    cookie.extend([[0; 4], [0; 4], 8000_u32.to_be_bytes()].concat());
    // One packet: an element of one channel, whose 23rd bit says that it is not compressed, then the three bits of the end.
    let mut bits = [0_u8; 36];
    (bits[2], bits[34], bits[35]) = (2, 1, 0xc0);
    let table = [&1_u64.to_be_bytes()[..], &16_u64.to_be_bytes(), &[0; 8], &[bits.len() as u8]].concat();
    [
        b"caff\0\x01\0\0".to_vec(),
        chunk(b"desc", &description),
        chunk(b"kuki", &cookie),
        chunk(b"pakt", &table),
        chunk(b"data", &[&[0; 4], &bits[..]].concat()),
    ]
    .concat()
}

fn nist() -> Vec<Vec<u8>> {
    vec![
        files::nist(
            "channel_count -i 1\nsample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_coding -s3 pcm\n",
            &samples(),
        ),
        files::nist("sample_coding -s4 ulaw\n", &samples()),
    ]
}

fn mp3() -> Vec<Vec<u8>> {
    vec![files::mp3(3), [&b"ID3\x03\0\0\0\0\0\x05hello"[..], &files::mp3(3)].concat()]
}

fn ogg() -> Vec<Vec<u8>> {
    vec![files::opus(48_000, 4, 312 + 3000), files::opus(16_000, 3, 312 + 2000)]
}

/// The checksum of the frame's head, which the decoder looks for; that of the whole frame is let be.
fn flac_checksums(bytes: &mut [u8]) {
    let Some(frame) = bytes.get_mut(42..50) else { return };
    frame[7] = frame[..7].iter().fold(0_u8, |sum, &byte| {
        (0..8).fold(sum ^ byte, |sum, _| if sum & 0x80 == 0 { sum << 1 } else { sum << 1 ^ 7 })
    });
}
