//! Tensors that are missing, too many or broken, and files that are no files of tensors.

use std::path::Path;

use any2any_adapter::Seed;
use any2any_pretrained::{LeftOut, read};
use safetensors::tensor::Dtype;
use serde_json::json;

use crate::golden::{MODELS, Stored, copy, folder, rewrite, set_options};

const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

fn said(folder: &Path) -> String {
    read(folder).expect_err("a broken model").to_string()
}

/// What is said after a change of the tensors of a model.
fn said_of(model: &str, change: impl FnOnce(&mut Vec<Stored>)) -> String {
    let folder = copy(model);
    rewrite(&folder.path().join(WEIGHTS), change);
    said(folder.path())
}

fn find<'a>(tensors: &'a mut [Stored], name: &str) -> &'a mut Stored {
    tensors.iter_mut().find(|tensor| tensor.name == name).expect("a tensor of the model")
}

/// Takes each tensor of each model away in turn, but for those that a model is whole without.
#[test]
fn a_missing_tensor_is_named() {
    for model in MODELS.into_iter().filter(|model| folder(model).join(WEIGHTS).exists()) {
        let whole = read(&folder(model)).expect("a whole model");
        for part in whole.parts {
            let folder = copy(model);
            let path = folder.path().join(WEIGHTS);
            rewrite(&path, |tensors| tensors.retain(|tensor| tensor.name != part.theirs));
            let read = read(folder.path());
            if part.left_out.is_some() || part.theirs == "final_logits_bias" {
                assert!(read.is_ok(), "{model} without {}", part.theirs);
                continue;
            }
            let said = read.expect_err("a tensor is missing").to_string();
            let wanted = format!("has no tensor {}, which its config.json asks for", part.theirs);
            assert!(said.contains(&wanted), "{model}: {said}");
        }
    }
}

#[test]
fn tensors_that_the_model_has_no_place_for_are_named() {
    let more = |tensors: &mut Vec<Stored>| {
        tensors.extend((0..7).map(|number| Stored::filled(&format!("classifier.{number}"), &[2], 1.0)));
    };
    for model in ["marian", "t5", "gpt2", "whisper"] {
        let said = said_of(model, more);
        assert!(said.contains("has no place for: classifier.0, classifier.1"), "{model}: {said}");
        assert!(said.contains("classifier.4 and 2 more;"), "{model}: {said}");
    }
    // One layer more than config.json says.
    let folder = copy("marian");
    set_options(&folder.path().join("config.json"), &json!({"decoder_layers": 2}));
    assert!(
        said(folder.path()).contains("has no place for: model.decoder.layers.2."),
        "{}",
        said(folder.path())
    );
}

#[test]
fn tensors_are_checked_one_by_one() {
    const NAME: &str = "model.encoder.layers.0.fc1.weight";
    let said = said_of("marian", |tensors| find(tensors, NAME).shape = vec![16, 24]);
    assert!(
        said.contains(NAME) && said.contains("has shape [16, 24], and its config.json asks for [24, 16]"),
        "{said}"
    );
    let said = said_of("marian", |tensors| {
        let tensor = find(tensors, NAME);
        (tensor.dtype, tensor.bytes) = (Dtype::I32, vec![0; tensor.bytes.len()]);
    });
    assert!(said.contains(NAME) && said.contains("holds I32; take a version"), "{said}");
    for value in [f32::NAN, f32::INFINITY] {
        let said =
            said_of("marian", |tensors| find(tensors, NAME).bytes[..4].copy_from_slice(&value.to_le_bytes()));
        assert!(said.contains(NAME) && said.contains("not finite"), "{said}");
    }
}

#[test]
fn duplicates_are_compared_before_they_are_left_out() {
    for (model, name, table, ours) in [
        ("marian", "lm_head.weight", "model.shared.weight", "stems.translate.source.table"),
        (
            "marian",
            "model.encoder.embed_tokens.weight",
            "model.shared.weight",
            "stems.translate.source.table",
        ),
        ("t5", "decoder.embed_tokens.weight", "shared.weight", "stems.translate.source.table"),
        ("gpt2", "lm_head.weight", "transformer.wte.weight", "stems.complete.target.table"),
        ("whisper", "proj_out.weight", "model.decoder.embed_tokens.weight", "stems.translate.target.table"),
    ] {
        let folder = copy(model);
        let path = folder.path().join(WEIGHTS);
        rewrite(&path, |tensors| {
            let Stored { dtype, shape, bytes, .. } = find(tensors, table);
            let twin =
                Stored { name: name.to_owned(), dtype: *dtype, shape: shape.clone(), bytes: bytes.clone() };
            tensors.push(twin);
        });
        let pretrained = read(folder.path()).unwrap_or_else(|error| panic!("{model}: {error}"));
        let part = pretrained.parts.iter().find(|part| part.theirs == name).expect("it is accounted for");
        assert_eq!(part.left_out, Some(LeftOut::Duplicate { of: table.to_owned() }), "{model}");
        assert!(pretrained.parts.iter().any(|part| part.theirs == table && part.ours == [ours]), "{model}");

        rewrite(&path, |tensors| find(tensors, name).bytes[..4].copy_from_slice(&9.0_f32.to_le_bytes()));
        let said = said(folder.path());
        assert!(said.contains(&format!("{name} differs from {table}, although")), "{model}: {said}");
        assert!(said.contains("\"tie_word_embeddings\": false"), "{model}: {said}");

        // The softmax may have a table of its own.
        if name != table && matches!(name, "lm_head.weight" | "proj_out.weight") {
            set_options(&folder.path().join("config.json"), &json!({"tie_word_embeddings": false}));
            let architecture = read(folder.path()).expect("a table of its own").architecture;
            assert_eq!(architecture.heads[0].part.tied(), None, "{model}");
        }
    }
}

#[test]
fn sines_that_are_none_are_found() {
    let name = "model.decoder.embed_positions.weight";
    let said =
        said_of("pegasus", |tensors| find(tensors, name).bytes[..4].copy_from_slice(&0.5_f32.to_le_bytes()));
    assert!(said.contains(&format!("{name} differs from the sines and cosines of 16 dimensions")), "{said}");
    // Whisper's may be trained, and are then a table.
    let folder = copy("whisper");
    let name = "model.encoder.embed_positions.weight";
    rewrite(&folder.path().join(WEIGHTS), |tensors| {
        find(tensors, name).bytes[..4].copy_from_slice(&0.5_f32.to_le_bytes());
    });
    let pretrained = read(folder.path()).expect("trained positions");
    assert_eq!(pretrained.weights["encoder.positions.table"].values[0], 0.5);
}

/// GPT-2's first files have no prefix and carry masks, and T5's a bias that nothing reads.
#[test]
fn what_the_first_files_carry_is_left_out() {
    let folder = copy("gpt2");
    rewrite(&folder.path().join(WEIGHTS), |tensors| {
        for tensor in tensors.iter_mut() {
            tensor.name = tensor.name.replace("transformer.", "");
        }
        let bytes = vec![1; 32 * 32];
        tensors.push(Stored {
            name: "h.0.attn.bias".to_owned(),
            dtype: Dtype::U8,
            shape: vec![1, 1, 32, 32],
            bytes,
        });
        tensors.push(Stored::filled("h.1.attn.masked_bias", &[], f32::NEG_INFINITY));
    });
    let parts = read(folder.path()).expect("a first file").parts;
    let constant =
        |name: &str| parts.iter().any(|part| part.theirs == name && part.left_out == Some(LeftOut::Constant));
    assert!(constant("h.0.attn.bias") && constant("h.1.attn.masked_bias"));

    let folder = copy("t5");
    let name = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight";
    rewrite(&folder.path().join(WEIGHTS), |tensors| tensors.push(Stored::filled(name, &[8, 3], 1.0)));
    let parts = read(folder.path()).expect("a first file").parts;
    assert!(parts.iter().any(|part| part.theirs == name && part.left_out == Some(LeftOut::Unused)));

    let folder = copy("marian");
    rewrite(&folder.path().join(WEIGHTS), |tensors| {
        tensors.retain(|tensor| tensor.name != "final_logits_bias");
        tensors.push(Stored::filled("final_logits_bias", &[1, 40], 0.0));
    });
    let pretrained = read(folder.path()).expect("biases of zero");
    assert!(!pretrained.weights.contains_key("heads.translate.target.bias"));
}

#[test]
fn files_that_are_no_files_of_tensors_are_refused() {
    let huge = {
        let head = br#"{"a":{"dtype":"F32","shape":[4611686018427387904,16],"data_offsets":[0,8]}}"#;
        [&(head.len() as u64).to_le_bytes()[..], head, &[0; 8]].concat()
    };
    let overlapping = {
        let head = br#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
        [&(head.len() as u64).to_le_bytes()[..], head, &[0; 12]].concat()
    };
    let cases: [(&[u8], &str); 7] = [
        (b"", "it is too short for safetensors"),
        (b"PK\x03\x04", "it is too short for safetensors"),
        (&u64::MAX.to_le_bytes(), "its header claims 18446744073709551615 bytes, and the file has 8"),
        (&90_000_000_u64.to_le_bytes(), "its header claims 90000000 bytes"),
        (b"\x02\0\0\0\0\0\0\0[]", "its header: "),
        (&huge, "its header: "),
        (&overlapping, "its header: "),
    ];
    for (bytes, wanted) in cases {
        let folder = copy("marian");
        std::fs::write(folder.path().join(WEIGHTS), bytes).expect("written");
        let said = said(folder.path());
        assert!(said.contains("model.safetensors is damaged: ") && said.contains(wanted), "{said}");
    }
    let whole = std::fs::read(folder("marian").join(WEIGHTS)).expect("a file");
    for length in [9, 100, whole.len() / 2, whole.len() - 1] {
        let folder = copy("marian");
        std::fs::write(folder.path().join(WEIGHTS), &whole[..length]).expect("written");
        assert!(said(folder.path()).contains("is damaged"), "cut at {length}");
    }
}

/// Bytes that mean something in JSON, and some that do not.
const BYTES: &[u8] = b"0129-\"{}[]:,aZ\0\xff";

/// Bytes that are changed at random, in headers and options where each one counts: read or refused, never a panic.
#[test]
fn any_damage_ends_in_an_error_or_a_model() {
    for (model, name) in
        [("marian", WEIGHTS), ("m2m_100", INDEX), ("t5", "config.json"), ("bart", "generation_config.json")]
    {
        let folder = copy(model);
        let path = folder.path().join(name);
        let whole = std::fs::read(&path).expect("a file");
        let mut refused = 0;
        for number in 0..200 {
            let mut random = Seed(7).random(name, number);
            let mut bytes = whole.clone();
            let within = bytes.len().min(4_000);
            for _ in 0..random.below(3) + 1 {
                let place = random.below(within);
                bytes[place] = BYTES[random.below(BYTES.len())];
            }
            std::fs::write(&path, bytes).expect("written");
            refused += usize::from(read(folder.path()).is_err());
        }
        assert!(refused > 50, "{name}: {refused} of 200 were refused");
    }
}

#[test]
fn shards_must_be_as_their_list_says() {
    let shard = "model-00002-of-";
    let name_of = |folder: &Path| {
        let mut entries =
            std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        entries.find(|path| path.to_string_lossy().contains(shard)).expect("a second shard")
    };
    let absent = copy("m2m_100");
    std::fs::remove_file(name_of(absent.path())).expect("it was there");
    assert!(said(absent.path()).contains("cannot be read") || said(absent.path()).contains(shard));

    let more = copy("m2m_100");
    rewrite(&name_of(more.path()), |tensors| tensors.push(Stored::filled("more", &[1], 1.0)));
    assert!(said(more.path()).contains("it does not list more, which a shard has"), "{}", said(more.path()));

    let fewer = copy("m2m_100");
    rewrite(&name_of(fewer.path()), |tensors| drop(tensors.pop()));
    assert!(said(fewer.path()).contains("it lacks model."), "{}", said(fewer.path()));

    let twice = copy("m2m_100");
    rewrite(&name_of(twice.path()), |tensors| tensors.push(Stored::filled("model.shared.weight", &[1], 1.0)));
    assert!(
        said(twice.path()).contains("another file has the tensor model.shared.weight too"),
        "{}",
        said(twice.path())
    );

    for path in ["../elsewhere.safetensors", "/etc/passwd", "a/b", "..", ""] {
        let outside = copy("m2m_100");
        let list = json!({"weight_map": {"model.shared.weight": path}}).to_string();
        std::fs::write(outside.path().join(INDEX), list).expect("written");
        let said = said(outside.path());
        assert!(
            said.contains("it says that model.shared.weight is in what is no name of a file"),
            "{path}: {said}"
        );
    }
    for text in ["[]", "{}", "{\"weight_map\": 3}", "{"] {
        let folder = copy("m2m_100");
        std::fs::write(folder.path().join(INDEX), text).expect("written");
        assert!(said(folder.path()).contains("index.json is damaged"), "{text}");
    }
}

#[test]
fn folders_without_a_model_say_what_they_lack() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(said(folder.path()).contains("holds no config.json: give the folder of a model"));
    std::fs::write(folder.path().join("config.json"), "no JSON").expect("written");
    assert!(said(folder.path()).contains("config.json is damaged: it is no JSON: "));
    std::fs::write(folder.path().join("config.json"), "[]").expect("written");
    assert!(said(folder.path()).contains("config.json is damaged: it is no JSON object"));

    let folder = copy("marian");
    std::fs::remove_file(folder.path().join(WEIGHTS)).expect("it was there");
    assert!(said(folder.path()).contains("holds no model.safetensors or pytorch_model.bin: give the folder"));
}
