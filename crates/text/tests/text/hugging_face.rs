//! The saved file says to others what we do: the `tokenizers` crate, given the file alone, gives the same tokens
//! and the same texts.

use any2any_adapter::{Seed, Sequence};
use serde_json::json;
use tokenizers::Tokenizer;

use crate::corpus::{alphabet, encode, fitted, kinds, options, random_text, texts};

#[test]
fn the_file_alone_gives_the_same_tokens() {
    let mut characters = alphabet();
    characters.extend("☃u\u{308}ﬁ\t▁#ẞé$=".chars());
    let mut settings: Vec<_> = kinds().into_iter().map(options).collect();
    settings.push(json!({
        "field": "en", "tokenizer": { "bpe": { "vocab": 300 } }, "normalize": "nfkc", "lowercase": true,
    }));
    for options in settings {
        let adapter = fitted(&options);
        let folder = tempfile::tempdir().expect("a folder");
        adapter.save(folder.path()).expect("a writable folder");
        let other = Tokenizer::from_file(folder.path().join("tokenizer.json")).expect("a tokenizer");
        let mut random = Seed(4).random("file", 0);
        let random_texts: Vec<String> = (0..300).map(|_| random_text(&mut random, &characters)).collect();
        for text in texts().iter().map(ToString::to_string).chain(random_texts) {
            let tokens = encode(adapter.as_ref(), &text);
            let expected = other.encode(text.as_str(), true).expect("a text");
            assert_eq!(tokens, expected.get_ids(), "{options}: {text:?}");
            if !tokens.contains(&1) {
                let spelled = other.decode(&tokens, true).expect("tokens");
                let decoded =
                    adapter.decode(&Sequence::Tokens(tokens.clone())).expect("tokens").value.to_string();
                assert_eq!(decoded, spelled, "{options}: {text:?}");
            }
        }
    }
}
