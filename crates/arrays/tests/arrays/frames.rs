//! The medium of frames.

use any2any_adapter::testing::{Tested, conforms};
use any2any_adapter::{Encoded, File, FrameCount, Head, Region, Sequence, Stem, Value};
use any2any_arrays::Frames;
use serde_json::{Value as Json, json};

fn values() -> Vec<Value> {
    vec!["1 2 3; 4 5 6".into(), "0 -2 3; 4 5 9".into(), "7 8 9; 1 1 1".into()]
}

fn options(own: &Json) -> Json {
    let mut all = json!({ "field": "x" });
    for (key, option) in own.as_object().expect("a mapping") {
        all[key] = option.clone();
    }
    all
}

#[test]
fn every_output_conforms() {
    let layers = json!({ "convolution": { "layers": [{ "kernel": 3, "stride": 2 }] } });
    for own in [
        json!({}),
        json!({ "normalize": false, "rate": 50, "width": 3 }),
        json!({ "stem": layers }),
        json!({ "output": { "frames": {} } }),
        json!({ "output": { "frames": { "count": 2 } } }),
        json!({ "output": { "codes": { "codes": 4 } } }),
    ] {
        conforms(Frames, options(&own), &values());
    }
}

#[test]
fn frames_are_normalised_and_written_back() {
    let options = options(&json!({ "rate": 4, "output": { "frames": { "at_most": 5 } } }));
    let opened: Vec<Value> =
        values().iter().map(|value| Tested(Frames).open(&options, value).expect("frames").value).collect();
    let adapter = Tested(Frames).fit(&options, &mut opened.iter()).expect("an adapter");
    assert_eq!(adapter.stem(), Stem::Projection { width: 3 });
    let until = FrameCount::UntilStop { at_most: 5 };
    assert_eq!(adapter.head(), Some(Head::Regression { width: 3, length: until }));
    let Encoded { sequence, regions } = adapter.encode(&opened[0]).expect("frames");
    assert_eq!(regions, [(0.0, 0.25), (0.25, 0.5)].map(|(start, end)| Region::Span { start, end }));
    let first: f32 = sequence.frames().expect("frames").values()[0];
    // The first column is 1, 4, 0, 4, 7 and 1: mean 17/6.
    assert!((first - (1.0 - 17.0 / 6.0) / 2.409_472).abs() < 1e-5, "{first}");
    let decoded = adapter.decode(&sequence).expect("frames").value;
    let file = adapter.to_file(&decoded).expect("a file");
    assert_eq!(file.extension, "npy");
    let again = Tested(Frames).open(&options, &File::in_memory("a.npy", file.bytes).into()).expect("frames");
    let (again, original) = (again.value, opened[0].as_signal().expect("a signal"));
    for (found, expected) in again.as_signal().expect("a signal").samples().iter().zip(original.samples()) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}

#[test]
fn what_does_not_belong_is_refused_by_name() {
    let file = |bytes: &[u8]| Value::File(File::in_memory("x/a.npy", bytes.to_vec()));
    for (own, value, reason) in [
        (json!({ "width": 2 }), "1 2 3".into(), "its frames have 3 values, and 'width' is 2"),
        (json!({ "longest": 1 }), values()[0].clone(), "it has 2 frames, and 'longest' is 1"),
        (
            json!({ "output": { "frames": { "count": 3 } } }),
            values()[0].clone(),
            "'output.frames.count' is 3",
        ),
        (json!({}), "1 nan".into(), "frame 0 holds NaN in column 1"),
        (json!({}), "1 1e39".into(), "frame 0 holds inf in column 1"),
        (json!({}), " ".into(), "there is no frame in it"),
        (json!({}), file(b""), "cannot read x/a.npy: it is empty"),
        (json!({}), file(b"PK\x03\x04rest"), "cannot read x/a.npy: it is an archive of arrays (NPZ)"),
        (json!({}), file(b"\xff\xfe"), "neither an NPY file nor a text"),
        (json!({}), file(b"\x93NUMPY\x01\x00\xff\xff"), "it is cut off within its header"),
        (json!({}), Value::Series([].into()), "there is no frame in it"),
        (json!({}), Value::Series(["1 2".into(), "1".into()].into()), "its frames have 1 values"),
    ] {
        let error = Tested(Frames).open(&options(&own), &value).expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    }
    let opened: Vec<Value> = ["1 2", "3"]
        .map(|text| Tested(Frames).open(&options(&json!({})), &text.into()).expect("frames").value)
        .to_vec();
    let fit = |values: &[Value]| Tested(Frames).fit(&options(&json!({})), &mut values.iter());
    let error = fit(&opened).err().expect("two widths").to_string();
    assert!(error.contains("width: the training split has frames of 2 values and of 1"), "{error}");
    let adapter = fit(&opened[..1]).expect("one width");
    let error = adapter.encode(&opened[1]).expect_err("another width").to_string();
    assert!(error.contains("its frames have 1 values, and 'width' is 2"), "{error}");
    assert!(adapter.decode(&Sequence::Tokens(vec![3])).is_err());
    let few = options(&json!({ "output": { "frames": { "at_most": 1 } } }));
    let long = Tested(Frames).open(&few, &values()[0]).expect("frames").value;
    let error = Tested(Frames).fit(&few, &mut [&long].into_iter()).err().expect("too long").to_string();
    assert!(error.contains("has 2 frames: raise it"), "{error}");
}

#[test]
fn prices_bound_what_headers_claim() {
    let price = |value: Value| Tested(Frames).price(&options(&json!({})), &value).expect("a price");
    let claims = |shape: &str| {
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
        let bytes =
            [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &[0; 24]];
        Value::File(File::in_memory("a.npy", bytes.concat()))
    };
    let sound = price(claims("(2, 3)"));
    assert_eq!(sound.positions, Some(2));
    assert!((24 + 6 * 12..2000).contains(&sound.bytes), "{sound:?}");
    let huge = price(claims("(99999999999, 9999999)"));
    assert!(huge.bytes < 1000 && huge.positions.is_none(), "{huge:?}");
    assert_eq!(price("1 2; 3 4".into()).positions, Some(2));
    assert_eq!(price("1\n".repeat(9000).into()).positions, Some(4096));
    assert_eq!(price(Value::Series(values().into())).positions, Some(6));
    assert!(
        Tested(Frames).price(&options(&json!({})), &Value::custom(any2any_arrays::Ids(vec![1]))).is_err()
    );
}
