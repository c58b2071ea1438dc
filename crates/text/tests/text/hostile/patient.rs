//! Trial of a tokenizer file: it is checked, read, and texts go through it in both ways.

use any2any_adapter::testing::Tested;
use any2any_adapter::{Adapter, Sequence, Stem, Value};
use any2any_text::Text;
use serde_json::json;

/// Texts: nothing, what people write, what they do not, and words of 10 kB.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "The ferry leaves  <2de> </s> at 7.",
        "Fa\u{308}hre ☃ ﬁ\t\u{3000}渡船 👩\u{200d}🚀 ﷺ\u{0}x",
    ]
    .map(str::to_owned)
    .into();
    texts.push("ab".repeat(5_000));
    texts.push("a".repeat(10_000));
    texts.push(" ".repeat(10_000));
    texts.push("ä<s>渡".repeat(1_000));
    texts
}

/// Reads a file and uses it.
///
/// # Errors
///
/// The reason why it was refused.
pub(crate) fn try_file(name: &str, document: &[u8]) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, document).expect("a writable folder");
    let options = json!({ "field": "en", "tokenizer": { "file": { "path": path } } });
    let problems = Tested(Text).check_files(&options);
    let adapter = match Tested(Text).fit(&options, &mut [].iter()) {
        Err(error) => {
            assert!(!problems.is_empty(), "only training refuses it: {error}");
            return Err(error.to_string());
        }
        Ok(adapter) => adapter,
    };
    assert_eq!(problems, [], "only `check` refuses it");
    Ok(texts().iter().filter_map(|text| used(adapter.as_ref(), text).err()).collect())
}

/// A text there and back.
fn used(adapter: &dyn Adapter, text: &str) -> Result<(), String> {
    let Stem::Lookup { vocabulary, .. } = adapter.stem() else { panic!("texts are looked up") };
    assert!(vocabulary < 5_000_000, "{vocabulary} tokens");
    let encoded = adapter.encode(&Value::from(text)).map_err(|error| error.to_string())?;
    let tokens = encoded.sequence.tokens().expect("tokens");
    assert!(tokens.iter().all(|token| (*token as usize) < vocabulary), "a token outside");
    assert_eq!(tokens.len(), encoded.regions.len());
    let few = tokens[..tokens.len().min(200)].to_vec();
    adapter.decode(&Sequence::Tokens(few)).map_err(|error| error.to_string())?;
    let all = (0..vocabulary.min(200) as u32).collect();
    adapter.decode(&Sequence::Tokens(all)).map_err(|error| error.to_string())?;
    adapter.decode(&Sequence::Tokens(Vec::new())).map_err(|error| error.to_string())?;
    Ok(())
}
