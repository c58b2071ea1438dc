//! Files as devices and programs write them: values, names, rates and what is said of them.

use std::path::PathBuf;

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, Medium, Value};
use any2any_eeg::Eeg;
use serde_json::json;

use crate::bytes::{EdfFile, fif, gdf, numbers, set, structs, text};
use crate::common::{golden, options, signal_of};

/// The contents of a file in one line, `Oz O1 4 Hz [[1.0, 2.0], [3.0, 4.0]]; warnings`, or why it is not read.
fn shown(file: &File) -> String {
    match Eeg.contents(file) {
        Ok(contents) => {
            let len = contents.shape()[1];
            let rows: Vec<&[f32]> = contents.values.chunks_exact(len).collect();
            let rate = contents.rate.map_or("?".to_owned(), |rate| rate.to_string());
            let mut line = format!("{} {rate} Hz {rows:?}", contents.channels.join(" "));
            contents.warnings.iter().for_each(|warning| line += &format!("; {warning}"));
            line
        }
        Err(error) => error.to_string(),
    }
}

/// Checks what a file in memory holds.
fn check(name: &str, bytes: Vec<u8>, expected: &str) {
    let found = shown(&File::in_memory(name, bytes));
    assert!(found.contains(expected), "{name}: {found}\n instead of {expected}");
}

/// The events of a file, in one line.
fn events(file: &File) -> String {
    match Eeg.events(file) {
        Ok(events) => {
            let shown = |event: &any2any_adapter::Event| {
                let duration = event.duration.map_or(String::new(), |duration| format!("+{duration}"));
                format!("{}{duration} {}", event.second, event.label)
            };
            events.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
        Err(error) => error.to_string(),
    }
}

fn two() -> Vec<(&'static [u8], &'static [u8], Vec<i32>)> {
    vec![(b"Oz", b"uV", vec![10, -20, 30, 40]), (b"O1", b"uV", vec![50, 60, 70, 80])]
}

const PLAIN: &str = "Oz O1 2 Hz [[1.0, -2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]";

#[test]
fn edf_is_read_as_it_is_written() {
    let file = EdfFile::new(two());
    check("a.edf", file.bytes(), PLAIN);
    check("a.rec", file.bytes(), PLAIN);
    check("a.csv", file.bytes(), PLAIN);
    let versions: [&[u8]; 4] =
        [b"0\0\0\0\0\0\0\0", b"0\xa0\xa0\xa0\xa0\xa0\xa0\xa0", b"\xa0\xa0\xa0\xa0\xa0\xa0\xa0\xa0", b"1"];
    for version in versions {
        check("a.edf", EdfFile { version, ..file.clone() }.bytes(), PLAIN);
    }
    for records in ["-1", "0", "1"] {
        let bytes = EdfFile { records, ..file.clone() }.bytes();
        check("a.edf", bytes, PLAIN);
    }
    check("a.edf", EdfFile { records: "1", ..file.clone() }.bytes(), "announces fewer records than it has");
    check(
        "a.edf",
        EdfFile { records: "3", ..file.clone() }.bytes(),
        "of 3 records 2 are there; copy it anew",
    );
    let wide = EdfFile { version: b"\xffBIOSEMI", reserved: "24BIT", width: 3, ..file.clone() };
    check("a.bdf", wide.bytes(), PLAIN);
    check("a.edf", wide.bytes(), PLAIN);
}

#[test]
fn units_of_edf_become_microvolts() {
    let cases: [(&[u8], &str); 12] = [
        (b"uV", "[[1.0, -2.0]]"),
        (b"UV", "[[1.0, -2.0]]"),
        (b"\xb5V", "[[1.0, -2.0]]"),
        (b"\xc2\xb5V", "[[1.0, -2.0]]"),
        (b"\xce\xbcV", "[[1.0, -2.0]]"),
        (b"\x83\xcaV", "[[1.0, -2.0]]"),
        (b"mV", "[[1000.0, -2000.0]]"),
        (b"mv", "[[1000.0, -2000.0]]"),
        (b"Volt", "[[1000000.0, -2000000.0]]"),
        (b"nV", "[[0.001, -0.002]]"),
        (b"", "no unit is given, and microvolts were taken: 'Oz'"),
        (b"adu", "the unit is no voltage, and numbers were taken as they stand: 'Oz'"),
    ];
    for (unit, expected) in cases {
        check("a.edf", EdfFile::new(vec![(b"Oz", unit, vec![10, -20])]).bytes(), expected);
    }
}

#[test]
fn what_is_no_eeg_is_left_out_and_names_are_made_unique() {
    let with = |label: &'static [u8], unit: &'static [u8]| {
        let mut signals = two();
        signals.insert(1, (label, unit, vec![1, 2, 3, 4]));
        EdfFile::new(signals).bytes()
    };
    let cases: [(&[u8], &[u8], &str, &str); 5] = [
        (b"Status", b"", PLAIN, "left out: 'Status' (triggers)"),
        (b"TRIGGER", b"uV", PLAIN, "left out: 'TRIGGER' (triggers)"),
        (b"-", b"uV", PLAIN, "left out: '-' (an empty channel)"),
        (b"Temp", b"degC", PLAIN, "left out: 'Temp' (unit degC)"),
        (b"Oz", b"uV", "Oz-0 Oz-1 O1 2 Hz", "channels of one name are numbered: 'Oz' is now Oz-0, Oz-1"),
    ];
    for (label, unit, expected, said) in cases {
        check("a.edf", with(label, unit), expected);
        check("a.edf", with(label, unit), said);
    }
    check("a.edf", with(b"Fp1 \xfc", b"uV"), "Oz Fp1 ü O1");
    check("a.edf", with("ü".as_bytes(), b"uV"), "Oz ü O1");
    let wanted = options(json!({ "channels": ["Temp"], "standardize": "none", "features": { "raw": {} } }));
    let file = File::in_memory("a.edf", with(b"Temp", b"degC"));
    let opened = Tested(Eeg).open(&wanted, &file.into()).expect("it is asked for");
    assert!(opened.warnings.iter().any(|said| said.contains("'Temp'")), "{:?}", opened.warnings);
    let mixed = vec![two().remove(0), (b"Resp".as_slice(), b"uV".as_slice(), vec![10, 10])];
    check(
        "a.edf",
        EdfFile::new(mixed).bytes(),
        "[[1.0, -2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0]]; brought to 2 Hz",
    );
}

#[test]
fn annotations_survive_their_neighbours() {
    let annotations: Vec<&[u8]> =
        vec![b"+0.5\x14ferm\xe9s\x14\0", b"x\x14lost\x14\0+1.5\x150.25\x14\xc3\xa9t\xc3\xa9\x14"];
    let file = EdfFile { reserved: "EDF+C", annotations, ..EdfFile::new(two()) }.bytes();
    check("a.edf", file.clone(), PLAIN);
    check("a.edf", file.clone(), "annotations that cannot be read are left out");
    assert_eq!(events(&File::in_memory("a.edf", file)), "0.5 fermés, 1.5+0.25 été");
}

#[test]
fn gdf_is_read() {
    for version in ["1.25", "1.91", "2.11", "2.20"] {
        let bytes = gdf(version, [[10, -20, 30, 40], [50, 60, 70, 80]]);
        check("a.gdf", bytes.clone(), PLAIN);
        let found = events(&File::in_memory("a.gdf", bytes.clone()));
        assert_eq!(found, "1+1 769", "{version}");
        check("a.gdf", bytes[..700].to_vec(), "is cut off");
    }
    let mut header = b"GDF 2.20".to_vec();
    header.resize(608, 0);
    check("a.gdf", header, "is a header of GDF without any channel");
}

#[test]
fn fif_is_read() {
    let channels = [("Oz", 2, 1e-6), ("STI 014", 3, 1.0), ("HEOG", 202, 1e-6), ("O1", 2, 0.5e-6)];
    let rows = [vec![1, 9, 9, 3, -1, 9, 9, 4], vec![2, 9, 9, 5]];
    let bytes = fif(&channels, &rows);
    check(
        "a.fif",
        bytes.clone(),
        "Oz O1 4 Hz [[2.0, -2.0, 4.0], [3.0, 4.0, 5.0]]; no EEG, and left out: 'STI 014'",
    );
    check("a.fif", bytes[..bytes.len() - 60].to_vec(), "is cut off within one of its tags");
    check(
        "a.fif",
        fif(&channels[1..3], &[vec![1, 2]]),
        "has no channel of EEG, but 'STI 014' (triggers), 'HEOG' (EOG)",
    );
    assert_eq!(events(&File::in_memory("a.fif", bytes)), "0.5 flash, 0.75+0.25 12:00");
}

/// The fields of a recording of EEGLAB of two channels.
fn eeglab(data: Vec<u8>) -> Vec<(&'static str, Vec<u8>)> {
    let number = |value: f64| numbers([1, 1], &[value]);
    let channel = |label: &str, kind: &str| vec![text(label), text(kind)];
    let event = |kind: Vec<u8>, latency: f64| vec![kind, number(latency)];
    vec![
        ("data", data),
        ("srate", number(2.0)),
        ("nbchan", number(2.0)),
        ("pnts", number(4.0)),
        ("trials", number(1.0)),
        ("chanlocs", structs("", &["labels", "type"], &[channel("Oz", "EEG"), channel("O1", "")])),
        ("event", structs("", &["type", "latency"], &[event(text("square"), 2.0), event(number(7.0), 3.0)])),
    ]
}

#[test]
fn eeglab_is_read() {
    let data = numbers([2, 4], &[1.0, 5.0, -2.0, 6.0, 3.0, 7.0, 4.0, 8.0]);
    for packed in [false, true] {
        let bytes = set(&eeglab(data.clone()), packed);
        check("a.set", bytes.clone(), PLAIN);
        assert_eq!(events(&File::in_memory("a.set", bytes.clone())), "0.5 square, 1 7");
        check("a.set", bytes[..bytes.len() - 30].to_vec(), "");
    }
    let with = |field: &'static str, value: Vec<u8>| {
        let mut fields = eeglab(data.clone());
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        set(&fields, false)
    };
    let eyes =
        structs("", &["labels", "type"], &[vec![text("Oz"), text("EEG")], vec![text("E"), text("EOG")]]);
    check(
        "a.set",
        with("chanlocs", eyes),
        "Oz 2 Hz [[1.0, -2.0, 3.0, 4.0]]; no EEG, and left out: 'E' (eog)",
    );
    let unnamed = with("chanlocs", numbers([0, 0], &[]));
    check(
        "a.set",
        unnamed,
        "1 2 2 Hz [[1.0, -2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]; does not name its channels",
    );
    check("a.set", with("trials", numbers([1, 1], &[3.0])), "holds 3 epochs that were cut before");
    check("a.set", with("srate", text("x")), "lacks srate");
    check("a.set", with("data", text("a.fdt")), "cannot be reached from within an archive");
}

/// A folder of its own for the files of a test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A header of BrainVision of two channels at 2 Hz.
fn header(common: &str, binary: &str, channels: [&str; 2]) -> String {
    let [first, second] = channels;
    format!(
        "Brain Vision Data Exchange Header File Version 1.0\r\n; written by a test\r\n[Common Infos]\r\n{common}\
         NumberOfChannels=2\r\nSamplingInterval=500000\r\n[Binary Infos]\r\n{binary}\r\n[Channel Infos]\r\n\
         Ch1={first}\r\nCh2={second}\r\n[Comment]\r\n[Channel Infos]\r\nCh1=another,,9,V\r\n"
    )
}

#[test]
fn brainvision_is_read() {
    let folder = folder("brainvision");
    let row: [i16; 8] = [10, 50, -20, 60, 30, 70, 40, 80];
    let column: [i16; 8] = [10, -20, 30, 40, 50, 60, 70, 80];
    let bytes = |numbers: [i16; 8]| numbers.map(i16::to_le_bytes).concat();
    let floats = row.map(|number| (f32::from(number) / 10.0).to_le_bytes()).concat();
    let write = |name: &str, data: Vec<u8>| std::fs::write(folder.join(name), data).expect("a folder");
    write("row.eeg", bytes(row));
    write("column.eeg", bytes(column));
    write("floats.dat", floats);
    write("big.eeg", row.map(i16::to_be_bytes).concat());
    write("text.eeg", b"Oz O1\n1,0 5\n-2 6\n3 7\n4 8\n".to_vec());
    write("cut.eeg", bytes(row)[..15].to_vec());
    let tenths = ["Oz,,0.1,\u{b5}V", "O1,,0.1,uV"];
    let multiplexed = |file: &str| format!("DataFile={file}\r\nDataOrientation=MULTIPLEXED\r\n");
    let vectorized = "DataFile=column.eeg\r\nDataOrientation=VECTORIZED\r\n".to_owned();
    let ascii = "DataFile=text.eeg\r\nDataFormat=ASCII\r\nDataOrientation=MULTIPLEXED\r\n".to_owned();
    let cases = [
        ("a", header(&multiplexed("row.eeg"), "BinaryFormat=INT_16", tenths), PLAIN),
        ("a", header(&multiplexed("C:\\old\\row.eeg"), "BinaryFormat=INT_16", tenths), PLAIN),
        ("a", header(&multiplexed("ROW.EEG"), "BinaryFormat=INT_16", tenths), PLAIN),
        ("row", header(&multiplexed("$b.eeg"), "BinaryFormat=INT_16", tenths), PLAIN),
        (
            "row",
            header(&multiplexed("old.eeg"), "BinaryFormat=INT_16", tenths),
            "the header's own stem was read",
        ),
        ("a", header(&vectorized, "BinaryFormat=INT_16", tenths), PLAIN),
        ("a", header(&multiplexed("floats.dat"), "BinaryFormat=IEEE_FLOAT_32", ["Oz,,1", "O1,,,"]), PLAIN),
        ("a", header(&multiplexed("row.eeg"), "", ["Oz,,0.0001,mV", "O1,,100,nV"]), PLAIN),
        ("a", header(&multiplexed("row.eeg"), "", ["Oz\\1x,,0.1,", "O1,,0.1,C"]), "Oz,x 2 Hz"),
        ("a", header(&multiplexed("big.eeg"), "UseBigEndianOrder=YES", tenths), PLAIN),
        ("a", header(&ascii, "[ASCII Infos]\r\nSkipLines=1\r\nDecimalSymbol=,", ["Oz", "O1"]), PLAIN),
        ("a", header(&multiplexed("cut.eeg"), "", tenths), "are cut off within the last one"),
        ("a", header(&multiplexed("none.eeg"), "", tenths), "lie in 'none.eeg', which is not beside it"),
        ("a", header(&multiplexed("row.eeg"), "BinaryFormat=INT_12", tenths), "a BinaryFormat of 'INT_12'"),
        ("a", header("DataFile=row.eeg\r\n", "", tenths), "lacks DataOrientation"),
    ];
    for (stem, text, expected) in cases {
        let path = folder.join(format!("{stem}.vhdr"));
        // Headers are in UTF-8 or in Latin-1.
        for text in [text.clone().into_bytes(), text.chars().map(|letter| letter as u8).collect()] {
            std::fs::write(&path, &text).expect("a folder");
            let found = shown(&File::on_disk(&path));
            assert!(found.contains(expected), "{found}\n instead of {expected}");
        }
    }
    let marked = multiplexed("row.eeg") + "MarkerFile=old.vmrk\r\n";
    let markers = "Brain Vision Data Exchange Marker File, Version 1.0\r\n[Marker Infos]\r\n\
        Mk1=New Segment,,1,1,0,20200101\r\nMk2=Stimulus,S  1,2,1,0\r\nMk3=Comment,a\\1b,3,2,0\r\n";
    write("m.vhdr", header(&marked, "", tenths).into_bytes());
    write("m.vmrk", markers.as_bytes().to_vec());
    assert_eq!(events(&File::on_disk(folder.join("m.vhdr"))), "0.5+0.5 Stimulus/S  1, 1+1 Comment/a,b");
    assert!(shown(&File::on_disk(folder.join("m.vmrk"))).contains("the .vhdr beside it"));
    assert!(shown(&File::on_disk(folder.join("row.eeg"))).contains("the .vhdr of BrainVision"));
    check(
        "a.vhdr",
        header(&multiplexed("row.eeg"), "", tenths).into_bytes(),
        "cannot be reached from within an archive",
    );
    let fdt = row.map(|number| (f32::from(number) / 10.0).to_le_bytes()).concat();
    write("set.fdt", fdt);
    for name in ["set.fdt", "renamed.fdt"] {
        write("set.set", set(&eeglab(text(name)), true));
        assert!(shown(&File::on_disk(folder.join("set.set"))).starts_with(PLAIN), "{name}");
    }
}

#[test]
fn formats_are_recognised_by_what_stands_in_them() {
    let known: [&[u8]; 8] = [
        b"\xffBIOSEMI",
        b"GDF 1.25",
        b"\x93NUMPY\x01\0",
        b"Brain Vision Data Exchange Header File Version 2.0\n",
        b"MATLAB 5.0 MAT-file",
        b"MATLAB 7.3 MAT-file, Platform: PCWIN64",
        b"XDF:",
        b"%OpenBCI Raw EEG Data",
    ];
    for bytes in known {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().max(200), 0);
        assert!(Eeg.recognises(&bytes), "{bytes:?}");
    }
    assert!(Eeg.recognises(&golden("plus.edf").bytes().expect("beside the tests")));
    assert!(Eeg.recognises(&fif(&[("Oz", 2, 1.0)], &[vec![1]])));
    let others: [&[u8]; 6] =
        [b"", b"RIFF\0\0\0\0WAVE", b"\x89PNG", b"Oz,O1\n1,2\n", b"0       and so on", b"{\"a\": 1}"];
    for bytes in others {
        assert!(!Eeg.recognises(bytes), "{bytes:?}");
    }
    check("a.set", b"MATLAB 7.3 MAT-file, Platform: PCWIN64".to_vec(), "'version', '6'");
    check("a.xdf", b"XDF:".to_vec(), "pyxdf");
    check("a.cnt", b"Version 3.0\0\0".to_vec(), "mne.io.read_raw_cnt('FILE', preload=True)");
    check("a.fif", vec![0x1f, 0x8b, 8, 0], "gunzip");
    check(
        "a.ahdr",
        b"Brain Vision Data Exchange Header File Version 1.0".to_vec(),
        "mne.io.read_raw_brainvision",
    );
    check("a.doc", vec![1, 2, 3], "'.doc' is no recording that is known: use edf, bdf");
}

#[test]
fn what_is_odd_is_said_where_files_are_opened() {
    let table = |rate: &str, head: &str| {
        let rows: String = (0..64).map(|n| format!("{},{n}\n", f64::from(n) / 128.0)).collect();
        File::in_memory("a.csv", format!("{rate}{head},Oz\n{rows}").into_bytes())
    };
    // The comments, the name of the column of times, the option `rate`, and the rate that is taken.
    let cases = [
        ("", "time", json!(null), Some(128.0), "left out: 'time' (time)"),
        ("", "time", json!(100), Some(100.0), "the file has 128 Hz and 'rate' is 100 Hz: 100 Hz is taken"),
        ("% Sample Rate = 200 Hz\n", "time", json!(100), Some(200.0), "200 Hz is taken"),
        ("", "index", json!(100), Some(100.0), "left out: 'index' (a counter)"),
        ("", "index", json!(null), None, "does not say its rate"),
    ];
    for (comments, head, given, expected, said) in cases {
        let options = options(json!({ "rate": given, "features": { "raw": {} } }));
        match (Tested(Eeg).open(&options, &table(comments, head).into()), expected) {
            (Ok(opened), Some(expected)) => {
                let rate = opened.value.as_signal().map(any2any_adapter::Signal::rate);
                assert_eq!(rate, Some(expected), "{comments}{head}");
                assert!(opened.warnings.iter().any(|own| own.contains(said)), "{:?}", opened.warnings);
            }
            (Err(error), None) => assert!(error.to_string().contains(said), "{error}"),
            (found, _) => panic!("{comments}{head}: {found:?}"),
        }
    }
    let swapped = File::in_memory("b.csv", b"O1,OZ\n3,1\n4,2\n".to_vec());
    let first = File::in_memory("a.csv", b"Oz,O1\n1,3\n2,4\n".to_vec());
    let series = Value::Series([first.clone().into(), swapped.into()].into());
    let raw = options(json!({ "rate": 2, "standardize": "none", "features": { "raw": {} } }));
    assert_eq!(signal_of(&raw, &series).samples(), [1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0]);
    let other = File::in_memory("c.csv", b"ECG,O1\n3,1\n4,2\n".to_vec());
    let error = Tested(Eeg)
        .open(&raw, &Value::Series([first.into(), other.into()].into()))
        .expect_err("ECG")
        .to_string();
    assert!(error.contains("which has 'ECG' instead of 'Oz', cannot be joined"), "{error}");
}

#[test]
fn channels_are_compared_by_name() {
    let options = options(json!({ "standardize": "none", "features": { "raw": { "window": 1, "hop": 1 } } }));
    let signal = |labels: [&'static [u8]; 2]| {
        let [first, second] = two().try_into().expect("two channels");
        let signals = vec![(labels[0], first.1, first.2), (labels[1], second.1, second.2)];
        Value::Signal(signal_of(&options, &File::in_memory("a.edf", EdfFile::new(signals).bytes()).into()))
    };
    let swapped = {
        let mut signals = two();
        signals.reverse();
        signals[0].0 = b"EEG O1-Ref";
        signals[1].0 = b"OZ..";
        Value::Signal(signal_of(&options, &File::in_memory("a.edf", EdfFile::new(signals).bytes()).into()))
    };
    let known = signal([b"Oz", b"O1"]);
    let adapter = Tested(Eeg).fit(&options, &mut [&known, &swapped].into_iter()).expect("the same channels");
    let encoded = adapter.encode(&known).expect("the same channels");
    assert_eq!(adapter.encode(&swapped).expect("the same channels").sequence, encoded.sequence);
    let mut random = any2any_adapter::Seed(1).random("channels", 0);
    assert_eq!(adapter.augment(&swapped, &mut random).expect("the same channels").sequence, encoded.sequence);
    for (labels, expected) in [
        ([b"ECG".as_slice(), b"O1".as_slice()], "has 'ECG' instead of 'Oz'"),
        ([b"Oz", b"O2"], "has 'O2' instead of 'O1'"),
    ] {
        let other = signal(labels);
        let error = adapter.encode(&other).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
        let mut both = [&known, &other].into_iter();
        let error = Tested(Eeg).fit(&options, &mut both).map(|_| ()).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
}
