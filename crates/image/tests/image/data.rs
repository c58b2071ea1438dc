//! Real pictures: digits of MNIST, lines of Fraktur, sheets of emoji. Where they lie is said by ANY2ANY_DATA.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use any2any_adapter::testing::Tested;
use any2any_adapter::{Adapter, Encoded, File, Head, Part, Seed, Sequence, Value};
use any2any_image::Image;
use serde_json::{Value as Json, json};

use crate::outside;

/// A folder of real data, where there is one.
fn folder(name: &str) -> Option<PathBuf> {
    outside::folder("ANY2ANY_DATA", name)
}

fn open(options: &Json, files: impl IntoIterator<Item = Value>) -> Vec<Value> {
    assert_eq!(Tested(Image).check(options), []);
    let side = Tested(Image).side(options).expect("sound options");
    files.into_iter().map(|file| side.open(&file).expect("a sound picture").value).collect()
}

fn fit(options: &Json, values: &[Value]) -> Arc<dyn Adapter> {
    Tested(Image).fit(options, &mut values.iter()).expect("pictures of one kind")
}

fn encode(adapter: &dyn Adapter, values: &[Value]) -> Vec<Encoded> {
    values.iter().map(|value| adapter.encode(value).expect("a sound picture")).collect()
}

/// Mean absolute difference of two pictures, in levels.
fn difference(one: &Value, other: &Value) -> f64 {
    let (Value::Image(one), Value::Image(other)) = (one, other) else { panic!("two pictures") };
    assert_eq!((one.width(), one.height()), (other.width(), other.height()));
    let total: u64 = one.pixels().iter().zip(other.pixels()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    total as f64 / one.pixels().len() as f64
}

fn digits(count: usize) -> Option<Vec<Value>> {
    let archive = File::on_disk(folder("mnist")?.join("t10k-images-idx3-ubyte.gz"));
    Some((0..count).map(|number| Value::File(archive.part_of(Part::Item(number)))).collect())
}

#[test]
fn digits_go_in_and_come_out() {
    let Some(files) = digits(2000) else { return };
    let start = Instant::now();
    let regression = json!({ "field": "image", "background": "black", "output": { "patches": {} } });
    let opened = open(&regression, files);
    println!("2,000 digits opened in {:?}", start.elapsed());
    let ink: u64 = match &opened[0] {
        Value::Image(image) => image.pixels().iter().map(|&pixel| u64::from(pixel)).sum(),
        other => panic!("{other}"),
    };
    // The first digit of the test split, a 7, by numpy.
    assert_eq!(ink, 18_454);

    let adapter = fit(&regression, &opened);
    for (encoded, value) in encode(&*adapter, &opened).iter().zip(&opened) {
        assert_eq!(encoded.sequence.len(), 49);
        assert_eq!(&adapter.decode(&encoded.sequence).expect("frames").value, value);
    }

    let codes = json!({ "field": "image", "background": "black", "output": { "codes": { "codes": 256 } } });
    let start = Instant::now();
    let adapter = fit(&codes, &opened[..1000]);
    println!("a codebook of 256 from 49,000 patches in {:?}", start.elapsed());
    let unseen = &opened[1000..];
    let mut total = 0.0;
    for (encoded, value) in encode(&*adapter, unseen).iter().zip(unseen) {
        let tokens = encoded.sequence.tokens().expect("tokens");
        let written = adapter.decode(&Sequence::Tokens(tokens[..49].to_vec())).expect("codes");
        total += difference(&written.value, value);
    }
    let mean = total / unseen.len() as f64;
    println!("unseen digits written in 256 codes are off by {mean:.2} levels");
    assert!(mean < 10.0, "{mean}");
}

#[test]
fn digits_that_follow_each_other_are_a_number() {
    let Some(files) = digits(8) else { return };
    let options = json!({
        "field": "image", "background": "black", "size": { "pad": { "width": 140, "height": 28 } },
        "patches": { "width": 4, "height": null }
    });
    let numbers = [Value::Series(files[..3].into()), Value::Series(files[3..].into())];
    let opened = open(&options, numbers);
    let adapter = fit(&options, &opened);
    for encoded in encode(&*adapter, &opened) {
        assert_eq!(encoded.sequence.len(), 35);
    }
}

#[test]
fn digits_are_augmented_fast_enough_to_train_on() {
    let Some(files) = digits(1000) else { return };
    let options = json!({
        "field": "image", "background": "black", "augment": {
            "shift": 2, "rotate": 10, "scale": 0.1, "shear": 0.1, "contrast": 0.2, "brightness": 0.1, "noise": 0.05
        }
    });
    let opened = open(&options, files);
    let adapter = fit(&options, &opened);
    let start = Instant::now();
    for (number, value) in opened.iter().enumerate() {
        let encoded = adapter.augment(value, &mut Seed(1).random("augment", number as u64)).expect("a digit");
        assert_eq!(encoded.sequence.len(), 49);
    }
    println!("1,000 digits augmented in {:?}", start.elapsed());
}

#[test]
fn lines_of_fraktur_are_columns() {
    let Some(folder) = folder("archiscribe_ocr") else { return };
    let mut archive =
        tar::Archive::new(std::fs::File::open(folder.join("lines_h32.tar")).expect("the archive"));
    let mut files = Vec::new();
    for entry in archive.entries().expect("an archive").take(300) {
        let mut entry = entry.expect("a member");
        let path = entry.path().expect("a name").into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("a member");
        if path.extension().is_some_and(|extension| extension == "png") {
            files.push(Value::File(File::in_memory(path, bytes)));
        }
    }
    let options = json!({
        "field": "line", "invert": true, "size": { "height": 32 }, "patches": { "width": 2, "height": null },
        "stem": { "convolution": { "layers": [{ "kernel": 5, "stride": 2 }, { "kernel": 3, "stride": 2 }] } },
        "augment": { "rotate": 0.3, "shear": 0.1, "contrast": 0.3, "blur": 0.7, "noise": 0.1 }
    });
    let opened = open(&options, files);
    assert!(opened.len() > 250, "{}", opened.len());
    let adapter = fit(&options, &opened);
    let start = Instant::now();
    for (number, value) in opened.iter().enumerate() {
        let Value::Image(image) = value else { panic!("{value}") };
        let encoded = adapter.augment(value, &mut Seed(1).random("augment", number as u64)).expect("a line");
        assert_eq!(encoded.sequence.len(), image.width().div_ceil(2));
        assert_eq!(encoded.regions.len(), image.width().div_ceil(8));
    }
    println!("{} lines augmented in {:?}", opened.len(), start.elapsed());
}

#[test]
fn emoji_are_cells_of_a_sheet() {
    let Some(folder) = folder("emoji") else { return };
    let table = std::fs::read_to_string(folder.join("emoji.tsv")).expect("the table");
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|row| row.split('\t').collect()).collect();
    let cells = |artist: &str, column: usize, size: usize| -> Vec<Value> {
        let sheet = File::on_disk(folder.join(format!("sheet_{artist}_{size}.png")));
        let cell = |row: &Vec<&str>| {
            let place = |text: &str| size * text.parse::<usize>().expect("a number");
            let part = Part::Rectangle { left: place(row[1]), top: place(row[2]), width: size, height: size };
            Value::File(sheet.part_of(part))
        };
        rows.iter().filter(|row| row[column] == "1").map(cell).collect()
    };
    let options = json!({
        "field": "picture", "colour": "rgb", "size": { "resize": { "width": 32, "height": 32 } },
        "output": { "patches": {} }
    });
    let start = Instant::now();
    // Sheets take turns, as they do in a shuffled split.
    let (google, emojione) = (cells("google", 3, 32), cells("emojione", 5, 64));
    let turns = google.iter().zip(&emojione).flat_map(|(one, other)| [one.clone(), other.clone()]);
    let opened = open(&options, turns);
    println!("{} emoji opened in {:?}", opened.len(), start.elapsed());
    assert_eq!(opened.len(), 2 * 1266);
    let adapter = fit(&options, &opened);
    assert!(matches!(adapter.head(), Some(Head::Regression { width: 48, .. })));
    for (encoded, value) in encode(&*adapter, &opened).iter().zip(&opened) {
        assert_eq!(&adapter.decode(&encoded.sequence).expect("frames").value, value);
    }
    let png = adapter.to_file(&opened[0]).expect("a picture").bytes;
    assert!(png.starts_with(b"\x89PNG"));
    assert_eq!(&adapter.read_back(&png).expect("a picture"), &opened[0]);
}
