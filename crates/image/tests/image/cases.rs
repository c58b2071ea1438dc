//! Files that people really have, against what Pillow reads from them: a folder `image` with `NAME.npy` beside each
//! file, all laid into the middle of 64 x 64 white pixels. Where it lies is said by ANY2ANY_CASES.

use std::path::PathBuf;

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, Value};
use any2any_image::Image;
use serde_json::json;

use crate::outside;

fn files() -> Vec<PathBuf> {
    let Some(folder) = outside::folder("ANY2ANY_CASES", "image") else { return Vec::new() };
    let folder = std::fs::read_dir(folder).expect("the folder of pictures");
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("a file").path()).collect();
    files.retain(|path| path.extension().is_none_or(|extension| extension != "npy"));
    files.sort();
    assert!(files.len() > 10);
    files
}

#[test]
fn pixels_are_those_of_pillow_or_the_format_is_named() {
    let options =
        json!({ "field": "image", "colour": "rgb", "size": { "pad": { "width": 64, "height": 64 } } });
    for path in files() {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let file = File::on_disk(&path);
        match Tested(Image).open(&options, &Value::File(file)) {
            Ok(opened) => {
                println!("{name}: read, {:?}", opened.warnings);
                let Value::Image(image) = opened.value else { panic!("{name}: no picture") };
                let Ok(expected) = std::fs::read(format!("{}.npy", path.display())) else { continue };
                // Behind a header of 128 bytes.
                assert_eq!(image.pixels(), &expected[128..], "{name}");
            }
            Err(error) => {
                println!("{name}: {error}");
                assert!(error.to_string().contains('`'), "{name}: {error} names no way out");
            }
        }
    }
}
