//! Whole models whose weights are pickled: the same as in safetensors.

use std::path::Path;

use any2any_pretrained::{LeftOut, read};
use serde_json::json;

use crate::golden::{copy, folder};

const SHARD: &str = "pytorch_model-00001-of-00002.bin";
const INDEX: &str = "pytorch_model.bin.index.json";

fn said(folder: &Path) -> String {
    read(folder).expect_err("no model").to_string()
}

#[test]
fn a_pickled_model_is_the_same_as_in_safetensors() {
    let wanted = read(&folder("gpt2")).expect("safetensors");
    for layout in ["pickled/whole", "pickled/shards"] {
        let found = read(&folder(layout)).unwrap_or_else(|error| panic!("{layout}: {error}"));
        assert_eq!(found.weights, wanted.weights, "{layout}");
        assert_eq!(found.architecture, wanted.architecture, "{layout}");
        assert_eq!((found.family, found.tokens), (wanted.family, wanted.tokens.clone()), "{layout}");
        // Safetensors have no second name for a table, and pickles do.
        let (more, same): (Vec<_>, Vec<_>) =
            found.parts.into_iter().partition(|part| part.theirs == "lm_head.weight");
        assert_eq!(same, wanted.parts, "{layout}");
        let table = LeftOut::Duplicate { of: "transformer.wte.weight".to_owned() };
        assert!(more.iter().all(|part| part.left_out.as_ref() == Some(&table)), "{more:?}");
        assert_eq!(more.len(), 1, "{layout}");
    }
}

#[test]
fn safetensors_come_first() {
    let both = copy("gpt2");
    std::fs::write(both.path().join("pytorch_model.bin"), "no weights").expect("written");
    assert!(read(both.path()).is_ok());
    std::fs::remove_file(both.path().join("model.safetensors")).expect("it was there");
    let said = said(both.path());
    assert!(said.contains("pytorch_model.bin is damaged: it is no file of PyTorch"), "{said}");
}

#[test]
fn shards_must_be_as_their_list_says() {
    let absent = copy("pickled/shards");
    std::fs::remove_file(absent.path().join(SHARD)).expect("it was there");
    assert!(said(absent.path()).contains(SHARD), "{}", said(absent.path()));

    let fewer = copy("pickled/shards");
    let list = json!({"weight_map": {"more": SHARD}}).to_string();
    std::fs::write(fewer.path().join(INDEX), list).expect("written");
    let lacks = format!("it lacks more, which {INDEX} says it has");
    assert!(said(fewer.path()).contains(&lacks), "{}", said(fewer.path()));

    // A file that is a program among those of weights.
    let hostile = copy("pickled/shards");
    std::fs::copy(folder("pickled").join("hostile.bin"), hostile.path().join(SHARD)).expect("a copy");
    let said = said(hostile.path());
    assert!(said.contains(SHARD) && said.contains("would run `posix.system`"), "{said}");
}

/// What is said about a tensor points at the file of options, however the weights' file is called.
#[test]
fn options_are_those_of_config_json() {
    let folder = copy("pickled/whole");
    crate::golden::set_options(&folder.path().join("config.json"), &json!({"n_layer": 3}));
    let said = said(folder.path());
    assert!(
        said.contains("has no tensor transformer.h.2.") && said.contains("which its config.json"),
        "{said}"
    );
}
