//! Tokenizers of the shapes that people have. Where they lie is said by ANY2ANY_CASES.

use std::sync::Arc;

use any2any_adapter::Adapter;
use any2any_adapter::testing::Tested;
use any2any_text::Text;
use serde_json::json;

use crate::corpus::{decode, encode, options};
use crate::outside;

fn load(name: &str, added: &[&str]) -> Option<Arc<dyn Adapter>> {
    let folder = outside::folder("ANY2ANY_CASES", "text")?;
    let mut options = options(json!({ "file": { "path": folder.join(name) } }));
    options["added_tokens"] = json!(added);
    assert_eq!(Tested(Text).check(&options), [], "{name}");
    Some(Tested(Text).fit(&options, &mut [].iter()).unwrap_or_else(|error| panic!("{name}: {error}")))
}

#[test]
fn their_special_tokens_come_out_only_when_asked_for() {
    for (name, special) in [
        ("t5.json", "<extra_id_0>"),
        ("nllb.json", "deu_Latn"),
        ("gpt2_added.json", "<|im_start|>"),
        ("sp_nmt.model", "<2de>"),
    ] {
        for named in [vec![], vec![special]] {
            let Some(adapter) = load(name, &named) else { return };
            let text = format!("a man {special} in a</s>b <pad>");
            let tokens = encode(adapter.as_ref(), &text);
            let shown: Vec<String> = tokens.iter().map(|token| adapter.show(*token)).collect();
            let times = shown.iter().filter(|shown| *shown == special).count();
            assert_eq!(times, named.len(), "{name}: {shown:?}");
            let no_text = ["</s>", "<pad>", "<|pad|>", "<|endoftext|>"];
            let ends = shown.iter().filter(|shown| no_text.contains(&shown.as_str())).count();
            assert_eq!(ends, 1, "{name}: {shown:?}");
            assert_eq!(decode(adapter.as_ref(), &encode(adapter.as_ref(), "a man in")), "a man in", "{name}");
        }
    }
}
