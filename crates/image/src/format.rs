//! Formats of picture files, recognised by their contents, whatever their name is.

/// Format of a picture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Png,
    Jpeg,
    Gif,
    Bmp,
    WebP,
    Tiff,
    /// The family of PBM, PGM, PPM and PAM.
    Pnm,
    /// A format that is named but not read, and the command that converts `FILE`.
    Other(&'static str, &'static str),
}

/// Magic bytes of a format: their offset, the bytes, and the format.
type Mark = (usize, &'static [u8], Format);

const MAGICK: &str = "magick FILE FILE.png";
const RAW: Format = Format::Other("the raw data of a camera", "dcraw_emu -T FILE");
const PHOTOSHOP: Format = Format::Other("a Photoshop document (PSD)", "magick 'FILE[0]' FILE.png");
const PDF: Format = Format::Other("a PDF document", "pdftoppm -png -r 150 FILE FILE");
const POSTSCRIPT: Format = Format::Other("a PostScript document", MAGICK);
const JPEG_2000: Format = Format::Other("a JPEG 2000 picture", "opj_decompress -i FILE -o FILE.png");
const JPEG_XL: Format = Format::Other("a JPEG XL picture", "djxl FILE FILE.png");
const JPEG_LS: Format = Format::Other("a JPEG-LS picture", "ffmpeg -i FILE FILE.png");
const AVIF: Format = Format::Other("an AVIF picture", "avifdec FILE FILE.png");
const HEIC: Format = Format::Other("a HEIC picture", "heif-convert FILE FILE.png");
const SVG: Format = Format::Other("an SVG drawing", "rsvg-convert FILE -o FILE.png");
const ICON: Format = Format::Other("a Windows icon (ICO)", MAGICK);

const MARKS: [Mark; 44] = [
    (0, b"\x89PNG\r\n\x1a\n", Format::Png),
    (0, b"\xff\xd8\xff\xf7", JPEG_LS),
    (0, b"\xff\xd8\xff", Format::Jpeg),
    (0, b"GIF87a", Format::Gif),
    (0, b"GIF89a", Format::Gif),
    (8, b"WEBP", Format::WebP),
    (0, b"II*\0", Format::Tiff),
    (0, b"MM\0*", Format::Tiff),
    (0, b"II+\0", Format::Tiff),
    (0, b"MM\0+", Format::Tiff),
    (0, b"8BPS", PHOTOSHOP),
    (0, b"%PDF-", PDF),
    (0, b"%!PS", POSTSCRIPT),
    (0, b"\xc5\xd0\xd3\xc6", POSTSCRIPT),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", JPEG_2000),
    (0, b"\xff\x4f\xff\x51", JPEG_2000),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", JPEG_XL),
    (0, b"\xff\x0a", JPEG_XL),
    (0, b"IIU\0", RAW),
    (0, b"IIRO", RAW),
    (0, b"IIRS", RAW),
    (0, b"MMOR", RAW),
    (0, b"FUJIFILMCCD-RAW", RAW),
    (0, b"FOVb", RAW),
    (0, b"\0MRM", RAW),
    (4, b"ftypcrx ", RAW),
    (4, b"ftypavif", AVIF),
    (4, b"ftypavis", AVIF),
    (4, b"ftyphei", HEIC),
    (4, b"ftyphev", HEIC),
    (0, b"II\xbc\x01", Format::Other("a JPEG XR picture", "JxrDecApp -i FILE -o FILE.tif")),
    (0, b"gimp xcf", Format::Other("a GIMP document (XCF)", "magick FILE -flatten FILE.png")),
    (0, b"v/1\x01", Format::Other("an OpenEXR picture", MAGICK)),
    (0, b"#?RADIANCE", Format::Other("a Radiance HDR picture", MAGICK)),
    (0, b"DDS ", Format::Other("a DirectDraw surface (DDS)", MAGICK)),
    (0, b"qoif", Format::Other("a QOI picture", MAGICK)),
    (0, b"farbfeld", Format::Other("a farbfeld picture", MAGICK)),
    (0, b"icns", Format::Other("an Apple icon (ICNS)", MAGICK)),
    (0, b"AT&TFORM", Format::Other("a DjVu document", "ddjvu -format=tiff FILE FILE.tif")),
    (0, b"SIMPLE  =", Format::Other("a FITS picture", MAGICK)),
    (0, b"\x8aMNG", Format::Other("an MNG animation", "magick 'FILE[0]' FILE.png")),
    (0, b"\x8bJNG", Format::Other("a JNG picture", MAGICK)),
    (128, b"DICM", Format::Other("a DICOM picture", "dcmj2pnm --write-png FILE FILE.png")),
    (0, b"\xd7\xcd\xc6\x9a", Format::Other("a Windows metafile (WMF)", MAGICK)),
];

impl Format {
    /// The format of a file by its bytes.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let begins =
            |(place, mark, _): &&Mark| bytes.get(*place..).is_some_and(|rest| rest.starts_with(mark));
        if let Some((_, mark, format)) = MARKS.iter().find(begins) {
            let riff = *mark != b"WEBP" || bytes.starts_with(b"RIFF");
            let raw = *format == Self::Tiff && bytes.get(8..10) == Some(b"CR");
            return riff.then_some(if raw { RAW } else { *format });
        }
        let number = |place: usize| bytes.get(place..).and_then(|rest| rest.first_chunk()).copied();
        match bytes {
            // Many texts begin with these letters.
            [b'B', b'M', ..] => {
                let header = number(14).map(u32::from_le_bytes);
                matches!(header, Some(12 | 16 | 40 | 52 | 56 | 64 | 108 | 124)).then_some(Self::Bmp)
            }
            [
                b'P',
                b'1'..=b'7',
                b' ' | b'\t' | b'\r' | b'\n',
                b'0'..=b'9' | b'#' | b' ' | b'\n' | b'W',
                ..,
            ] => Some(Self::Pnm),
            [0, 0, 1, 0, 1..=255, 0, _, _, _, 0, ..] => Some(ICON),
            [_, _, _, _, b'f', b't', b'y', b'p', b'm' | b'M', ..] => of_family(bytes),
            _ => is_svg(bytes).then_some(SVG),
        }
    }
}

/// Format of a file in the container of HEIF and AVIF, by its compatible brands; films are none.
fn of_family(bytes: &[u8]) -> Option<Format> {
    let length = u32::from_be_bytes(*bytes.first_chunk()?) as usize;
    let brands = bytes.get(8..length.min(bytes.len()))?.as_chunks::<4>().0;
    let has = |names: &[&[u8; 4]]| brands.iter().any(|brand| names.contains(&brand));
    match () {
        () if has(&[b"avif", b"avis"]) => Some(AVIF),
        () if has(&[b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"]) => Some(HEIC),
        () => None,
    }
}

/// True if a text is an SVG drawing: its first element is `svg`.
fn is_svg(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4096)];
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    start.starts_with(b"<svg")
        || (start.starts_with(b"<?xml") || start.starts_with(b"<!"))
            && start.windows(4).any(|window| window == b"<svg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_their_first_bytes() {
        let mut bitmap = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0".to_vec();
        bitmap.extend(40_u32.to_le_bytes());
        let cases: [(&[u8], Option<Format>); 22] = [
            (b"\x89PNG\r\n\x1a\n\0", Some(Format::Png)),
            (b"\xff\xd8\xff\xe0", Some(Format::Jpeg)),
            (b"\xff\xd8\xff\xf7", Some(JPEG_LS)),
            (b"GIF89a\0", Some(Format::Gif)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(Format::WebP)),
            (b"RIFF\0\0\0\0WAVEfmt ", None),
            (b"II*\0\x08\0\0\0\0\0", Some(Format::Tiff)),
            (b"II*\0\x10\0\0\0CR\x02\0", Some(RAW)),
            (&bitmap, Some(Format::Bmp)),
            (b"BMI,height,weight\n1,2,3\n", None),
            (b"P6\n# made by hand\n1 1\n255\n", Some(Format::Pnm)),
            (b"P7\nWIDTH 1\n", Some(Format::Pnm)),
            (b"P300 is a wave of the EEG", None),
            (b"\0\0\x01\0\x02\0\x20\x20\0\0", Some(ICON)),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", Some(AVIF)),
            (b"\0\0\0\x18ftypmif1\0\0\0\0heic", Some(HEIC)),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1", Some(HEIC)),
            (b"\0\0\0\x18ftypmp42\0\0\0\0isom", None),
            (b"\xef\xbb\xbf<?xml version='1.0'?>\n<svg>", Some(SVG)),
            (b"<!doctype html><html>", None),
            (b"hello", None),
            (b"", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Format::of(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
        }
        for (place, mark, format) in MARKS {
            let mut bytes = vec![0; place];
            bytes.extend(mark);
            let riff = format == Format::WebP;
            assert_eq!(Format::of(&bytes), (!riff).then_some(format), "{mark:?}");
        }
    }
}
