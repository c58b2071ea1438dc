//! SentencePiece models whose pieces have other numbers in a family's vocabulary: Pegasus, mBART-50, M2M-100 and NLLB.
//! A `tokenizer.json` beside them says the same, and is taken first.

use std::collections::BTreeMap;

use any2any_pretrained::Family;
use any2any_text::{piece_names, renumbered};
use serde_json::{Value as Json, json};

use super::{Folders, JSON_FILE};
use crate::error::Result;

const OF_FAIRSEQ: &str = "sentencepiece.bpe.model";
const OF_PEGASUS: &str = "spiece.model";
const SPECIAL: &str = "special_tokens_map.json";
const CONFIG: &str = "tokenizer_config.json";

/// The languages of M2M-100, in the order of their tokens (Fan et al. 2021), for folders that list none.
pub const LANGUAGES_OF_M2M100: &str = "af am ar ast az ba be bg bn br bs ca ceb cs cy da de el en es et fa ff fi fr fy ga gd gl gu ha he \
                         hi hr ht hu hy id ig ilo is it ja jv ka kk km kn ko lb lg ln lo lt lv mg mk ml mn mr ms my ne nl \
                         no ns oc or pa pl ps pt ro ru sd si sk sl so sq sr ss su sv sw ta th tl tn tr uk ur uz vi wo xh \
                         yi yo zh zu";

/// The languages of mBART, in the order of their tokens (Liu et al. 2020), for folders that list none.
const OF_MBART: &str = "ar_AR cs_CZ de_DE en_XX es_XX et_EE fi_FI fr_XX gu_IN hi_IN it_IT ja_XX kk_KZ ko_KR lt_LT lv_LV \
                        my_MM ne_NP nl_XX ro_RO ru_RU si_LK tr_TR vi_VN zh_CN";

/// The `tokenizer.file` options of a family with one vocabulary.
pub(super) fn tokenizer(family: Family, folders: &Folders<'_>) -> Result<Json> {
    let begin = if family == Family::Pegasus { "<pad>" } else { "</s>" };
    let options = |path| json!({ "path": path, "padding": "<pad>", "begin": begin, "end": "</s>" });
    if folders.has(JSON_FILE) {
        return Ok(options(folders.found(&[JSON_FILE])?));
    }
    let file = if family == Family::Pegasus { OF_PEGASUS } else { OF_FAIRSEQ };
    folders.found(&[JSON_FILE, file])?;
    let model = folders.read(file)?;
    let pieces = piece_names(&model).map_err(|reason| folders.wrong(file, reason))?;
    let names = match family {
        Family::Pegasus => of_pegasus(&pieces),
        Family::M2m100 if folders.has("vocab.json") => {
            let mut names = numbered_names(folders, "vocab.json")?;
            names.extend(languages(family, folders)?);
            names
        }
        _ => {
            let mut names = ["<s>", "<pad>", "</s>", "<unk>"].map(str::to_owned).to_vec();
            names.extend(pieces.iter().skip(3).cloned());
            names.extend(languages(family, folders)?);
            names.push("<mask>".to_owned());
            names
        }
    };
    let languages = languages(family, folders)?;
    let control: Vec<&str> =
        ["<s>", "</s>", "<pad>", "<mask>"].into_iter().chain(languages.iter().map(String::as_str)).collect();
    let found = renumbered(&model, &names, &control).map_err(|reason| folders.wrong(file, reason))?;
    Ok(options(folders.write("tokenizer.model", &found.document)?))
}

/// Pegasus keeps 103 numbers in front of its pieces for what it was trained to fill in.
fn of_pegasus(pieces: &[String]) -> Vec<String> {
    let fixed = ["<pad>", "</s>", "<mask_1>", "<mask_2>"].map(str::to_owned).into_iter();
    let unknown = (2..=102).map(|number| format!("<unk_{number}>"));
    fixed.chain(unknown).chain(pieces.iter().skip(2).cloned()).collect()
}

/// The tokens of languages, in the order of their numbers.
fn languages(family: Family, folders: &Folders<'_>) -> Result<Vec<String>> {
    let listed = folders.read_json(SPECIAL)?;
    let name = |token: &Json| token.as_str().or(token["content"].as_str()).map(str::to_owned);
    let tokens = listed["additional_special_tokens"].as_array().into_iter().flatten();
    let found: Vec<String> = tokens.filter_map(name).filter(|name| name != "<mask>").collect();
    if !found.is_empty() {
        return Ok(found);
    }
    match family {
        Family::Mbart => Ok(OF_MBART.split_whitespace().map(str::to_owned).collect()),
        Family::M2m100 if folders.read_json(CONFIG)?["language_codes"].as_str() == Some("m2m100") => {
            Ok(LANGUAGES_OF_M2M100.split_whitespace().map(|code| format!("__{code}__")).collect())
        }
        _ => Ok(found),
    }
}

/// The names of a file that maps each name to its number, in the order of the numbers.
pub(super) fn numbered_names(folders: &Folders<'_>, file: &str) -> Result<Vec<String>> {
    let numbers: BTreeMap<String, u32> = serde_json::from_slice(&folders.read(file)?)
        .map_err(|error| folders.wrong(file, format!("no mapping from pieces to numbers: {error}")))?;
    by_number(numbers).map_err(|reason| folders.wrong(file, reason))
}

/// The names of pieces in the order of their numbers.
pub(super) fn by_number(numbers: BTreeMap<String, u32>) -> Result<Vec<String>, String> {
    let mut names = vec![None; numbers.len()];
    for (name, number) in numbers {
        match names.get_mut(number as usize) {
            Some(place @ None) => *place = Some(name),
            _ => return Err(format!("'{name}' has the number {number}, which is another's or too large")),
        }
    }
    Ok(names.into_iter().flatten().collect())
}
