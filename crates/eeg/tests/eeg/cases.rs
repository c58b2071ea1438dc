//! The files that people really have, where ANY2ANY_CASES names a folder of them: each is read as MNE reads it, or
//! refused in words.

use std::path::{Path, PathBuf};

use any2any_adapter::{Contents, File, Medium};
use any2any_eeg::Eeg;

use crate::outside;

/// The folder of the recordings, if there is one.
fn folder() -> Option<PathBuf> {
    outside::folder("ANY2ANY_CASES", "eeg")
}

/// The values of a recording, `[channels, samples]`.
fn contents(path: &Path) -> Result<Contents, String> {
    Eeg.contents(&File::on_disk(path)).map_err(|error| error.to_string())
}

#[test]
fn real_files_are_read_as_the_reference_reads_them() {
    let Some(folder) = folder() else { return };
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("a folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    let plain = contents(&folder.join("e00-plain.edf")).expect("a plain file");
    // Files without a reference of their own that hold what the plain one holds.
    let same = ["e15b", "e25_raw", "e25c.vhdr", "e25d", "e26c", "e26d"];
    for name in names.iter().filter(|name| !names.iter().any(|other| **name == format!("{other}.npy"))) {
        let found = contents(&folder.join(name));
        let reference = folder.join(format!("{name}.npy"));
        let expected = match reference.exists() {
            true => Some(contents(&reference).expect("a reference")),
            false => same.iter().any(|start| name.starts_with(start)).then(|| plain.clone()),
        };
        match (found, expected) {
            (Ok(found), Some(expected)) => {
                println!(
                    "{name}: {}, {:?} Hz, {}; {:?}",
                    found.format,
                    found.rate,
                    found.channels.join(" "),
                    found.warnings
                );
                assert_eq!(found.shape(), expected.shape(), "{name}");
                for (found, expected) in found.values.iter().zip(&expected.values) {
                    // References are rounded as the file rounds: 16 bits over the range, a tenth of a microvolt.
                    let tolerance = if name.starts_with("e25c") { 0.06 } else { 4e-3 };
                    assert!((found - expected).abs() < tolerance, "{name}: {found} {expected}");
                }
            }
            (Ok(found), None) => println!("{name}: {}, {:?}", found.format, found.shape()),
            (Err(reason), None) => println!("{name}: {reason}"),
            (Err(reason), Some(_)) => panic!("{name} {reason}"),
        }
    }
}
