//! The medium from its options to sequences and back, on sounds made here.

use std::sync::Arc;

use any2any_adapter::testing::Tested;
use any2any_adapter::{
    Adapter, Convolution, FrameCount, Frames, Head, Kept, Kind, Region, Registry, Seed, Sequence, Signal,
    Stem, Value,
};
use any2any_audio::Audio;
use serde_json::{Value as Json, json};

/// A few sounds of 0.2 s and more: rising tones.
fn sounds() -> Vec<Value> {
    (0..6)
        .map(|number| {
            let count = 1600 + 133 * number;
            let sample =
                |n: usize| 0.4 * (n as f32 * (0.05 + 0.02 * number as f32) + (n * n) as f32 * 1e-4).sin();
            let samples: Vec<f32> = (0..count).map(sample).collect();
            Value::Signal(Signal::mono(8000.0, samples).expect("a rate"))
        })
        .collect()
}

fn options(more: &Json) -> Json {
    let mut options = json!({ "field": "sound", "rate": 8000 });
    for (key, option) in more.as_object().expect("a mapping") {
        options[key] = option.clone();
    }
    assert_eq!(Tested(Audio).check(&options), []);
    options
}

fn fit(more: &Json) -> Result<Arc<dyn Adapter>, String> {
    Tested(Audio).fit(&options(more), &mut sounds().iter()).map_err(|error| error.to_string())
}

fn frames(value: Sequence) -> Frames {
    match value {
        Sequence::Frames(frames) => frames,
        Sequence::Tokens(tokens) => panic!("{tokens:?}"),
    }
}

#[test]
fn every_kind_of_sequence_has_its_entrance_exit_and_regions() {
    let layers =
        json!({ "convolution": { "layers": [{ "kernel": 3, "stride": 2 }, { "kernel": 5, "stride": 2 }] } });
    let convolutions = vec![Convolution { kernel: 3, stride: 2 }, Convolution { kernel: 5, stride: 2 }];
    let regression = |width, at_most| Head::Regression { width, length: FrameCount::UntilStop { at_most } };
    let codes = |head: &Option<Head>| matches!(head, Some(Head::Softmax { vocabulary: 19, .. }));
    // A sound of 1600 samples has 21 frames.
    let cases = [
        (json!({}), Stem::Projection { width: 40 }, None, 21),
        (json!({ "deltas": true }), Stem::Projection { width: 120 }, None, 21),
        (json!({ "stack": 4 }), Stem::Projection { width: 160 }, None, 6),
        (json!({ "stem": layers }), Stem::Convolution { width: 40, layers: convolutions }, None, 21),
        (json!({ "output": { "mel": {} } }), Stem::Projection { width: 40 }, Some(regression(40, 300)), 21),
        (
            json!({ "output": { "mel": { "at_most": 20 } }, "stack": 2 }),
            Stem::Projection { width: 80 },
            Some(regression(80, 20)),
            11,
        ),
    ];
    for (more, stem, head, len) in cases {
        let adapter = fit(&more).expect("options that fit");
        assert_eq!((adapter.stem(), adapter.head()), (stem, head), "{more}");
        let encoded = adapter.encode(&sounds()[0]).expect("a sound");
        assert_eq!(encoded.sequence.len(), len, "{more}");
        check_regions(&encoded.regions, adapter.stem().positions(len), &more);
        assert_eq!(adapter.longest(), None);
    }
    for (more, len) in [(json!({ "codes": 16 }), 22), (json!({ "codes": 16, "stack": 3 }), 8)] {
        let adapter = fit(&json!({ "output": { "codes": more } })).expect("options that fit");
        assert!(codes(&adapter.head()) && matches!(adapter.stem(), Stem::Lookup { vocabulary: 19, .. }));
        let encoded = adapter.encode(&sounds()[0]).expect("a sound");
        assert_eq!(encoded.sequence.len(), len, "{more}");
        assert_eq!(encoded.regions[len - 1], Region::Nothing);
        check_regions(&encoded.regions[..len - 1], len - 1, &more);
        // The longest has 2265 samples: 29 frames.
        assert_eq!(adapter.longest(), Some(if len == 22 { 30 } else { 11 }));
        assert_eq!(adapter.show(5), "<code 2>");
    }
}

/// Regions cover the first sound, 0.2 s, without a gap.
fn check_regions(regions: &[Region], count: usize, case: &Json) {
    assert_eq!(regions.len(), count, "{case}");
    let mut last = 0.0;
    for region in regions {
        let Region::Span { start, end } = *region else { panic!("{case}: {region:?}") };
        assert!(start == last && end > start, "{case}: {region:?}");
        last = end;
    }
    assert_eq!(last, 0.2, "{case}");
}

#[test]
fn what_is_saved_is_loaded() {
    let cases = [
        json!({}),
        json!({ "normalize": "per_utterance", "deltas": true }),
        json!({ "output": { "mel": {} }, "normalize": "none" }),
        json!({ "output": { "codes": { "codes": 8, "stack": 2 } } }),
    ];
    for more in &cases {
        let adapter = fit(more).expect("options that fit");
        let folder = tempfile::tempdir().expect("a folder");
        adapter.save(folder.path()).expect("a folder to write into");
        let resolved = Tested(Audio).resolve(&options(more));
        let loaded = Tested(Audio).load(&resolved, folder.path()).expect("what was saved");
        let sound = &sounds()[3];
        let encoded = adapter.encode(sound).expect("a sound");
        assert_eq!(loaded.encode(sound).expect("a sound"), encoded, "{more}");
        assert_eq!(
            (loaded.stem(), loaded.head(), loaded.longest()),
            (adapter.stem(), adapter.head(), adapter.longest())
        );
        if adapter.head().is_some() {
            let decoded = |adapter: &dyn Adapter| adapter.decode(&encoded.sequence).expect("a sound");
            assert_eq!(decoded(&*loaded), decoded(&*adapter), "{more}");
        }
        // A state that belongs to other options is not loaded.
        for other in [json!({ "mel": { "bands": 20 } }), json!({ "output": { "codes": { "stack": 3 } } })] {
            assert!(Tested(Audio).load(&options(&other), folder.path()).is_err(), "{more} {other}");
        }
    }
    let empty = tempfile::tempdir().expect("a folder");
    let error = Tested(Audio).load(&options(&json!({})), empty.path()).err().expect("no file");
    assert!(error.to_string().contains("audio.json"), "{error}");
}

#[test]
fn written_sounds_have_the_frames_and_regions_of_what_was_read() {
    for more in [
        json!({ "output": { "mel": {} } }),
        json!({ "output": { "mel": {} }, "stack": 3, "normalize": "none" }),
    ] {
        let adapter = fit(&more).expect("options that fit");
        for sound in sounds() {
            let encoded = adapter.encode(&sound).expect("a sound");
            let decoded = adapter.decode(&encoded.sequence).expect("frames");
            assert_eq!(decoded.regions.len(), encoded.sequence.len());
            let again = frames(adapter.encode(&decoded.value).expect("a sound").sequence);
            assert_eq!(again.len(), encoded.sequence.len(), "{more}");
            let before = frames(encoded.sequence);
            let error: f32 = before.values().iter().zip(again.values()).map(|(a, b)| (a - b).abs()).sum();
            let mean = error / before.values().len() as f32;
            // Deviations, or nepers, which are smaller.
            assert!(mean < if more["normalize"] == "none" { 1.0 } else { 0.3 }, "{more}: {mean}");
        }
    }
}

#[test]
fn nothing_written_is_an_empty_sound() {
    let mel = fit(&json!({ "output": { "mel": {} } })).expect("options that fit");
    let codes = fit(&json!({ "output": { "codes": { "codes": 4 } } })).expect("options that fit");
    let none = Sequence::Frames(Frames::new(40, vec![]).expect("no rows"));
    for (adapter, sequence) in
        [(&mel, none), (&codes, Sequence::Tokens(vec![])), (&codes, Sequence::Tokens(vec![2]))]
    {
        let decoded = adapter.decode(&sequence).expect("nothing");
        assert_eq!(decoded.regions, vec![Region::Nothing; sequence.len()]);
        let Value::Signal(signal) = &decoded.value else { panic!("{}", decoded.value) };
        assert!(signal.is_empty());
        let bytes = adapter.to_file(&decoded.value).expect("an empty sound").bytes;
        assert_eq!(bytes.len(), 44);
        assert_eq!(adapter.read_back(&bytes).expect("an empty sound"), decoded.value);
    }
}

#[test]
fn written_files_are_read_back() {
    let adapter = fit(&json!({ "output": { "mel": {} } })).expect("options that fit");
    let sounds = sounds();
    let bytes = adapter.to_file(&sounds[0]).expect("a sound").bytes;
    let (Value::Signal(sound), Ok(Value::Signal(back))) = (&sounds[0], adapter.read_back(&bytes)) else {
        panic!("signals")
    };
    assert_eq!((back.rate(), back.len()), (sound.rate(), sound.len()));
    for (back, sound) in back.samples().iter().zip(sound.samples()) {
        assert!((back - sound).abs() <= 1.0 / 32_767.0, "{back} {sound}");
    }
    assert!(adapter.read_back(b"no sound").is_err());
}

#[test]
fn what_does_not_fit_is_an_error_with_the_way_out() {
    let read = fit(&json!({})).expect("options that fit");
    let mel = fit(&json!({ "output": { "mel": {} } })).expect("options that fit");
    let codes = fit(&json!({ "output": { "codes": { "codes": 4 } } })).expect("options that fit");
    let rows = |width| Sequence::Frames(Frames::new(width, vec![0.0; width]).expect("a row"));
    let tokens = |token| Sequence::Tokens(vec![3, token]);
    let decodings = [
        (&read, rows(40), "set 'output'"),
        (&mel, rows(39), "frames of 40 values were expected"),
        (&mel, tokens(3), "frames of 40 values were expected"),
        (&codes, rows(40), "tokens were expected"),
        (&codes, tokens(7), "token 7 is outside the vocabulary of 7"),
    ];
    for (adapter, sequence, expected) in decodings {
        let error = adapter.decode(&sequence).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
    let stereo = Signal::new(8000.0, ["a".to_owned(), "b".to_owned()], vec![0.0; 20]).expect("two channels");
    let values = [
        (Value::from("text"), "an opened sound was expected"),
        (Value::Signal(Signal::mono(16_000.0, vec![0.0; 9]).expect("a rate")), "one channel at 8000 Hz"),
        (Value::Signal(stereo), "one channel at 8000 Hz"),
        (Value::Signal(Signal::mono(8000.0, vec![]).expect("a rate")), "no sample"),
    ];
    for (value, expected) in values {
        let error = read.encode(&value).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
        assert!(read.augment(&value, &mut Seed(1).random("augment", 0)).is_err());
    }
    assert!(read.to_file(&Value::from("text")).is_err());
    let short = fit(&json!({ "output": { "mel": { "at_most": 28 } } })).err().expect("29 frames");
    assert!(short.contains("output.mel.at_most") && short.contains("29"), "{short}");
    assert!(Tested(Audio).fit(&options(&json!({})), &mut [].into_iter()).is_err());
    let wrong = Tested(Audio).open(&json!({ "field": "sound", "mel": { "fft": 100 } }), &sounds()[0]);
    assert!(wrong.expect_err("a short transform").to_string().contains("audio.mel.fft"));
}

#[test]
fn hidden_values_stay_hidden_in_every_normalisation() {
    let masks = json!({ "spec_augment": { "time_masks": 1, "time_width": 8, "time_share": 1.0, "frequency_width": 10 } });
    for normalize in ["fitted", "per_utterance", "none"] {
        for more in [json!({}), json!({ "deltas": true, "stack": 2 })] {
            let mut all = json!({ "normalize": normalize, "augment": masks });
            more.as_object().expect("a mapping").iter().for_each(|(key, option)| all[key] = option.clone());
            let adapter = fit(&all).expect("options that fit");
            let plain = adapter.encode(&sounds()[0]).expect("a sound");
            let changed = (0..20).filter(|&step| {
                let masked =
                    adapter.augment(&sounds()[0], &mut Seed(1).random("augment", step)).expect("a sound");
                assert_eq!(masked.regions, plain.regions);
                masked != plain
            });
            assert!(changed.count() > 10, "{all}");
        }
    }
}

#[test]
fn the_medium_says_what_it_is() {
    let registry = Registry::new().with(Audio);
    let audio = registry.get("audio").expect("registered");
    assert_eq!(audio.kind(), Kind::Signal);
    assert!(
        ["wav", "flac", "mp3", "ogg", "aiff"].iter().all(|extension| audio.extensions().contains(extension))
    );
    let side = audio.side(&json!({ "field": "recording" }), &Kept::default()).expect("sound options");
    assert_eq!(side.fields(), ["recording"]);
}
