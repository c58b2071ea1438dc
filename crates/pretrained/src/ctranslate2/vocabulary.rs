//! Vocabulary of a model in CTranslate2's layout: the names of its tokens by their order, as a list in JSON or a line each.

use std::io::Read;
use std::path::Path;

use crate::config::open;
use crate::error::PretrainedError;

const JSON: &str = "vocabulary.json";
const LINES: &str = "vocabulary.txt";

/// The most bytes of a vocabulary, many times those of any known.
const BYTES: u64 = 64_000_000;

/// The names of tokens in a folder.
pub(super) fn read(folder: &Path) -> Result<Vec<String>, PretrainedError> {
    let Some(path) = [JSON, LINES].map(|name| folder.join(name)).into_iter().find(|path| path.exists())
    else {
        return Err(PretrainedError::NoFile {
            folder: folder.to_owned(),
            file: "vocabulary.json and no vocabulary.txt",
        });
    };
    let damaged = |reason: String| PretrainedError::damaged(&path, reason);
    let mut text = Vec::new();
    open(&path)?.take(BYTES + 1).read_to_end(&mut text).map_err(PretrainedError::read(&path))?;
    if text.len() as u64 > BYTES {
        return Err(damaged(format!("it is longer than {BYTES} bytes")));
    }
    if path.extension().is_some_and(|extension| extension == "json") {
        return serde_json::from_slice(&text)
            .map_err(|error| damaged(format!("it is no list of tokens: {error}")));
    }
    let text = String::from_utf8(text).map_err(|_| damaged("it is no text".to_owned()))?;
    // A carriage return may be a part of a token, so that lines end with a line feed alone.
    Ok(text.strip_suffix('\n').unwrap_or(&text).split('\n').map(str::to_owned).collect())
}
