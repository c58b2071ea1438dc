//! Marian: `source.spm` and `target.spm`, whose pieces have the numbers of `vocab.json`.

use any2any_pretrained::TokenRoles;
use any2any_text::{Renumbered, renumbered};
use serde_json::{Value as Json, json};

use super::sentencepiece::numbered_names;
use super::{Folders, Tokenizers};

const VOCABULARY: &str = "vocab.json";

pub(super) fn tokenizers(folders: &Folders<'_>, tokens: &TokenRoles) -> anyhow::Result<Tokenizers> {
    if folders.has("target_vocab.json") {
        let reason =
            "beside it stands target_vocab.json, a vocabulary of targets alone, which is not known yet";
        return Err(folders.wrong(VOCABULARY, reason).into());
    }
    let names = numbered_names(folders, VOCABULARY)?;
    let name = |token: Option<u32>, usual: &str| {
        token.and_then(|token| names.get(token as usize).cloned()).unwrap_or_else(|| usual.to_owned())
    };
    let (end, padding) = (name(tokens.end.first().copied(), "</s>"), name(tokens.padding, "<pad>"));
    let begin = name(tokens.decoder_start, &padding);
    let mut notes = Vec::new();
    let mut side = |file: &str| -> anyhow::Result<Json> {
        let model = folders.read(file)?;
        let control = [end.as_str(), padding.as_str(), begin.as_str()];
        let Renumbered { document, lacking, unknown } =
            renumbered(&model, &names, &control).map_err(|reason| folders.wrong(file, reason))?;
        if !lacking.is_empty() {
            notes.push(format!(
                "{file}: {} pieces have no number in vocab.json, and texts are cut into others, where Marian has unknown \
                 ones: {}",
                lacking.len(),
                lacking.iter().take(5).cloned().collect::<Vec<_>>().join(" ")
            ));
        }
        let path = folders.write(file, &document)?;
        Ok(
            json!({ "path": path, "padding": padding, "unknown": unknown, "unknown_by_name": true, "begin": begin, "end": end }),
        )
    };
    let (source, target) = (side("source.spm")?, side("target.spm")?);
    Ok(Tokenizers { source: Some(source), target, adds_padding: false, notes })
}
