//! Files that `tests/golden/make_pickled.py` wrote, programs in the place of weights, and damages.

use std::fs::File;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use any2any_adapter::Seed;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::safetensors::Checkpoint;

use super::{SHARING, places};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pickled").join(name)
}

fn open(path: &Path) -> Result<Checkpoint, String> {
    let file = File::open(path).expect("a file");
    let tensors = places(path, &file).map_err(|error| error.to_string())?;
    let length = file.metadata().expect("a length").len();
    assert!(tensors.values().map(|place| place.bytes as u64).sum::<u64>() <= SHARING * length);
    Ok(Checkpoint::of(path, file, tensors))
}

fn said(path: &Path) -> String {
    open(path).err().unwrap_or_else(|| panic!("{} is read", path.display()))
}

/// The members of an archive.
fn members(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(File::open(path).expect("a file")).expect("an archive");
    let count = archive.len();
    let read = |index| {
        let mut member = archive.by_index(index).expect("a member");
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).expect("its bytes");
        (member.name().to_owned(), bytes)
    };
    (0..count).map(read).collect()
}

fn write(path: &Path, members: &[(String, Vec<u8>)], compression: CompressionMethod) {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = SimpleFileOptions::default().compression_method(compression);
        archive.start_file(name.as_str(), options).expect("a member");
        archive.write_all(bytes).expect("its bytes");
    }
    std::fs::write(path, archive.finish().expect("an archive").into_inner()).expect("written");
}

/// What is said about an archive of a pickle and one storage of four floats.
fn said_of(pickle: &[u8]) -> String {
    said_with(pickle, &[0; 16])
}

fn said_with(pickle: &[u8], storage: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("pytorch_model.bin");
    let members = [("a/data.pkl", pickle), ("a/data/0", storage)];
    let members = members.map(|(name, bytes)| (name.to_owned(), bytes.to_vec()));
    write(&path, &members, CompressionMethod::Stored);
    said(&path)
}

#[test]
fn tensors_are_as_pytorch_has_them() {
    let checkpoint = open(&golden("tensors.bin")).expect("a file of PyTorch");
    let text = std::fs::read(golden("tensors.json")).expect("written by make_pickled.py");
    let wanted: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&text).expect("an object");
    assert!(wanted.len() == 16 && checkpoint.names().count() == 16, "{checkpoint:?}");
    for (name, wanted) in &wanted {
        let shape: Vec<usize> = serde_json::from_value(wanted["shape"].clone()).expect("sizes");
        assert_eq!(checkpoint.shape(name), Some(&shape[..]), "{name}");
        let values: Option<Vec<f32>> = serde_json::from_value(wanted["values"].clone()).expect("values");
        match values {
            Some(values) => assert_eq!(checkpoint.values(name).expect("floats"), values, "{name}"),
            None => {
                let said = checkpoint.values(name).expect_err("no float").to_string();
                assert!(said.contains(name) && said.contains("take a version of the model in F32"), "{said}");
            }
        }
    }
    let checkpoint = open(&golden("protocol_4.bin")).expect("another protocol");
    assert_eq!(checkpoint.values("weight").expect("floats")[11], 11.0 / 8.0);
}

#[test]
fn what_pytorch_alone_reads_is_refused_with_the_way_out() {
    for (name, wanted) in [
        ("early.bin", "was written by a PyTorch before 1.6; convert it in its folder with: python -c"),
        ("negated.bin", "has a tensor whose values are conjugated or negated; convert it"),
        ("repeated.bin", "has a tensor weight that repeats values of its storage (dimensions [1000, 3]"),
        ("nested.bin", "has an entry `step` that is no tensor; convert it"),
        (
            "eighths.bin",
            "has tensors of 8-bit floats or of another new type (`torch._utils._rebuild_tensor_v3`); convert",
        ),
        (
            "hostile.bin",
            "is a program, not weights alone: it would run `posix.system`, and nothing of it was run",
        ),
    ] {
        let said = said(&golden(name));
        assert!(said.contains(wanted), "{name}: {said}");
    }
}

#[test]
fn programs_are_refused_by_the_name_of_what_they_would_run() {
    let cases: [(&[u8], &str); 17] = [
        (b"\x80\x02cos\nsystem\nX\x02\0\0\0id\x85R.", "would run `os.system`"),
        (b"\x80\x02c__builtin__\neval\n(X\x01\0\0\x001tR.", "would run `__builtin__.eval`"),
        (
            b"\x80\x04\x95\x20\0\0\0\0\0\0\0\x8c\x08builtins\x94\x8c\x04eval\x94\x93.",
            "would run `builtins.eval`",
        ),
        // Names that lead from a known module to another.
        (b"\x80\x04\x8c\x05torch\x8c\x09os.system\x93.", "would run `torch.os.system`"),
        (
            b"\x80\x04\x8c\x0ctorch._utils\x8c\x1a_rebuild_tensor_v2.__call_\x93.",
            "_rebuild_tensor_v2.__call_`",
        ),
        (b"\x80\x02ctorch\nload\n.", "would run `torch.load`"),
        (b"\x80\x02ctorch.hub\nload\n.", "would run `torch.hub.load`"),
        // A name inside of the arguments of a known function.
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((cos\npopen\ntR.", "would run `os.popen`"),
        (b"\x80\x02}X\x01\0\0\0acnumpy\nload\ns.", "would run `numpy.load`"),
        (b"\x80\x02(X\x02\0\0\0idios\nsystem\n.", "would run `os.system`"),
        (b"\x80\x02(ccollections\nOrderedDict\no.", "would make an object (OBJ)"),
        (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "would make an object (NEWOBJ)"),
        (b"\x80\x04ccollections\nOrderedDict\n)}\x92.", "would make an object (NEWOBJ_EX)"),
        (b"\x80\x02\x82\x01.", "would run what is registered by a number (EXT)"),
        (b"\x80\x02ctorch\nFloatStorage\n)R.", "would call what is no function of weights"),
        (b"\x80\x02ccollections\nOrderedDict\n}b.", "would set the state of an object (BUILD)"),
        (b"\x80\x02cos\x1b[2J\nsystem\n.", "would run `os\\u{1b}[2J.system`"),
    ];
    for (pickle, wanted) in cases {
        let said = said_of(pickle);
        assert!(said.contains(wanted) && said.contains("nothing of it was run"), "{said}");
    }
}

/// A pickle of a tensor of a storage of `count` floats, with a view of it in pickles of tuples.
fn tensor(count: &[u8], offset: &[u8], shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpu";
    let parts: [&[u8]; 9] = [
        b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(",
        storage,
        count,
        b"tQ",
        offset,
        shape,
        strides,
        b"\x89}tRs",
        b".",
    ];
    parts.concat()
}

#[test]
fn pickles_that_claim_too_much_are_refused() {
    let huge = b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f";
    let deep = |count: usize| [&b"\x80\x02)"[..], &vec![0x85; count], b"."].concat();
    let (two, one, four) = (&b"K\x02K\x02\x86"[..], &b"K\x02K\x01\x86"[..], &b"K\x04"[..]);
    let wide = [b"K\x09".as_slice(), huge, b"\x86"].concat();
    for (pickle, wanted) in [
        (b"\x80\x02X\xff\xff\xff\xffab.".to_vec(), "its pickle ends too early"),
        (b"\x80\x02}".to_vec(), "its pickle ends too early"),
        (b"\x80\x02}.}.".to_vec(), "does not end where it says"),
        (b"\x80\x02}}.".to_vec(), "does not end where it says"),
        (b"\x80\x63}.".to_vec(), "is of protocol 99"),
        (b"\x80\x02\x8a\x09123456789.".to_vec(), "a number of 9 bytes"),
        (b"\x80\x02((\x85.".to_vec(), "takes more from its stack than there is"),
        (b"\x80\x02}(0.".to_vec(), "the instruction 0x30"),
        (b"\x80\x02j\xff\xff\xff\xff.".to_vec(), "fetches what it never kept"),
        (b"\x80\x02K\x01K\x02K\x03s.".to_vec(), "of what is no dictionary"),
        (b"\x80\x02}(K\x01u.".to_vec(), "of what is no dictionary"),
        (b"\x80\x02K\x01.".to_vec(), "holds no dictionary of tensors"),
        (b"\x80\x02}K\x01K\x01s.".to_vec(), "an entry whose name is no text"),
        (deep(1_000_000), "holds no dictionary of tensors"),
        (deep(2_000_000), "makes more than 1048576 values"),
        (vec![b'('; 17 << 20], "its data.pkl has 17825792 bytes"),
        (tensor(huge, b"K\x00", two, one), "in a storage of 16 bytes that claims 9223372036854775807 F32s"),
        (tensor(b"K\x05", b"K\x00", two, one), "in a storage of 16 bytes that claims 5 F32s"),
        (tensor(four, b"K\x01", two, one), "reaches beyond the 4 values of its storage"),
        (tensor(four, huge, two, one), "reaches beyond the 4 values"),
        (tensor(four, b"J\xff\xff\xff\xff", two, one), "with arguments that it has not"),
        (tensor(four, b"K\x00", &wide, one), "reaches beyond the 4 values"),
        (tensor(four, b"K\x00", two, &wide), "reaches beyond the 4 values"),
        (tensor(four, b"K\x00", two, b"K\x01\x85"), "reaches beyond the 4 values"),
        (tensor(four, b"K\x00", &[b"(".as_slice(), &b"K\x01".repeat(9), b"t"].concat(), one), "are no sizes"),
        (tensor(four, b"K\x00", b"K\x02", one), "has dimensions that are no sizes"),
    ] {
        let said = said_of(&pickle);
        assert!(said.contains(wanted), "{said}, and not {wanted}");
    }
    // A storage of 64 KiB by twenty names, and twice by one.
    let one = tensor(b"M\x00\x40", b"K\x00", b"M\x00\x40\x85", b"K\x01\x85");
    let named = |names: u8| {
        let more =
            (b'a'..b'a' + names - 1).flat_map(|name| [b"X\x01\0\0\0", &[name][..], b"h\x01s"].concat());
        [&one[..one.len() - 2], b"q\x01s", &more.collect::<Vec<_>>(), b"."].concat()
    };
    let said = said_with(&named(20), &[0; 65_536]);
    assert!(said.contains("more than 16 times the bytes of the file"), "{said}");
    let twice = [&one[..one.len() - 2], b"q\x01sX\x01\0\0\0wh\x01s."].concat();
    let said = said_with(&twice, &[0; 65_536]);
    assert!(said.contains("it has the tensor w twice"), "{said}");
}

#[test]
fn archives_that_are_not_pytorchs_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("pytorch_model.bin");
    let whole = members(&golden("tensors.bin"));
    type Change = fn(&mut Vec<(String, Vec<u8>)>);
    let changes: [(Change, &str); 6] = [
        (|members| members.retain(|(name, _)| !name.ends_with("data.pkl")), "it has 0 members data.pkl"),
        (|members| members.push(("b/data.pkl".to_owned(), Vec::new())), "it has 2 members data.pkl"),
        (|members| members.retain(|(name, _)| !name.ends_with("data/0")), "in a storage that is not there"),
        (
            |members| {
                let storage = members.iter_mut().find(|(name, _)| name.ends_with("data/0"));
                storage.expect("a storage").1.truncate(47);
            },
            "in a storage of 47 bytes that claims 12 F32s",
        ),
        (
            |members| {
                let order = members.iter_mut().find(|(name, _)| name.ends_with("byteorder"));
                order.expect("an order").1 = b"big".to_vec();
            },
            "was written on a big-endian machine; convert it",
        ),
        (|members| members.clear(), "is damaged: "),
    ];
    for (change, wanted) in changes {
        let mut members = whole.clone();
        change(&mut members);
        write(&path, &members, CompressionMethod::Stored);
        assert!(said(&path).contains(wanted), "{}, and not {wanted}", said(&path));
    }
    write(&path, &whole, CompressionMethod::Deflated);
    assert!(said(&path).contains("is compressed, and PyTorch compresses none"), "{}", said(&path));
    for text in ["", "version https://git-lfs.github.com/spec/v1", "PK"] {
        std::fs::write(&path, text).expect("written");
        assert!(said(&path).contains("it is no file of PyTorch"), "{}", said(&path));
    }
    let bytes = std::fs::read(golden("tensors.bin")).expect("a file");
    for length in [4, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).expect("written");
        assert!(said(&path).contains("is damaged: "), "cut at {length}: {}", said(&path));
    }
}

/// Instructions of pickles, and numbers at the edge.
const BYTES: &[u8] = b"\x80\x95(.NGKMJX)tehjqrcRbQiosu}]\x85\x86\x87\x8a\x8c\x93\x94\0\x01\x7f\xff";

/// Bytes that are changed at random, in the pickle, its checksum made anew, and in the archive around it: read or refused,
/// never a panic, and never more tensors than the file has room for.
#[test]
fn any_damage_ends_in_an_error_or_in_tensors() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("pytorch_model.bin");
    let (whole, bytes) =
        (members(&golden("tensors.bin")), std::fs::read(golden("tensors.bin")).expect("a file"));
    let damage = |bytes: &mut Vec<u8>, name: &str, number| {
        let mut random = Seed(7).random(name, number);
        for _ in 0..random.below(4) + 1 {
            let place = random.below(bytes.len());
            match random.below(6) {
                0 => drop(bytes.remove(place)),
                1 => bytes.insert(place, BYTES[random.below(BYTES.len())]),
                _ => bytes[place] = BYTES[random.below(BYTES.len())],
            }
        }
    };
    let mut refused = [0; 2];
    for number in 0..1_600 {
        let within = usize::from(number % 2 == 0);
        match within {
            1 => {
                let mut members = whole.clone();
                let pickle = members.iter_mut().find(|(name, _)| name.ends_with("data.pkl"));
                damage(&mut pickle.expect("a pickle").1, "pickle", number);
                write(&path, &members, CompressionMethod::Stored);
            }
            _ => {
                let mut bytes = bytes.clone();
                damage(&mut bytes, "archive", number);
                std::fs::write(&path, bytes).expect("written");
            }
        }
        match open(&path) {
            Err(_) => refused[within] += 1,
            Ok(checkpoint) => {
                for name in checkpoint.names() {
                    let count: usize = checkpoint.shape(name).expect("a tensor").iter().product();
                    if let Ok(values) = checkpoint.values(name) {
                        assert_eq!(values.len(), count, "{name}");
                    }
                }
            }
        }
    }
    assert!(refused.iter().all(|&refused| refused > 200), "{refused:?} of 800 each were refused");
}
