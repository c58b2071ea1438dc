//! Files of a model in Marian's own layout: weights, vocabularies, shortlist, options of decoding. Their names follow no
//! rule, so files are recognised by how they begin, and vocabularies by the words in their names.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::config::{Config, open};
use crate::error::PretrainedError;
use crate::generation::GenerationDefaults;

use super::{binary, npz, yaml};

/// The first bytes of a shortlist.
const SHORTLIST: [u8; 8] = 0xF11A_48D5_0134_17F5_u64.to_le_bytes();

/// The most bytes of a file of decoding options.
const DECODER: u64 = 1 << 20;

/// The files of a model's vocabularies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vocabularies {
    /// The SentencePiece model of sources.
    pub source: PathBuf,
    /// The SentencePiece model of targets; the same file where both share one.
    pub target: PathBuf,
    /// A YAML file with the number of each piece, where these are not the numbers of the SentencePiece models.
    pub numbers: Option<PathBuf>,
}

/// The files of a model.
pub(crate) struct Files {
    pub(super) model: PathBuf,
    pub(super) vocabularies: Vocabularies,
    pub(super) shortlist: Option<PathBuf>,
    pub(super) decoding: GenerationDefaults,
}

impl Files {
    /// The files of a model, from its folder or the file of its weights; `None` where no weights of Marian lie there.
    pub(crate) fn find(place: &Path) -> Result<Option<Self>, PretrainedError> {
        let folder = match place.is_dir() {
            true => place,
            false => place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        };
        let beside = listed(folder)?;
        let model = match place.is_dir() {
            true => model(folder, &beside)?,
            false if !place.is_file() || !is_model(place)? => None,
            false => Some(place.to_owned()),
        };
        let Some(model) = model else { return Ok(None) };
        let decoder = decoder(&model, &beside)?;
        let decoding = decoder.as_ref().map(decoding).transpose()?.unwrap_or_default();
        let vocabularies = vocabularies(folder, &beside, decoder.as_ref())?;
        let shortlist = shortlist(folder, &beside)?;
        Ok(Some(Self { model, vocabularies, shortlist, decoding }))
    }
}

/// The files of a folder, sorted by name.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, PretrainedError> {
    let failed = PretrainedError::read(folder);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(&failed)? {
        let path = entry.map_err(&failed)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn names<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> String {
    paths.into_iter().map(|path| name(path)).collect::<Vec<_>>().join(", ")
}

fn unclear(folder: &Path, problem: String) -> PretrainedError {
    PretrainedError::Files { folder: folder.to_owned(), problem }
}

fn is_model(path: &Path) -> Result<bool, PretrainedError> {
    let name = name(path);
    let npz = name.ends_with(".npz") && npz::recognises(path)?;
    Ok(npz || name.ends_with(".bin") && binary::recognises(path)?)
}

/// The one model of a folder.
fn model(folder: &Path, files: &[PathBuf]) -> Result<Option<PathBuf>, PretrainedError> {
    let mut models = Vec::new();
    for path in files {
        // What a training goes on from holds no model.
        if !name(path).ends_with(".optimizer.npz") && is_model(path)? {
            models.push(path.clone());
        }
    }
    match models.len() {
        0 | 1 => Ok(models.pop()),
        _ => Err(unclear(folder, format!("holds several models, name the file of one: {}", names(&models)))),
    }
}

/// The options of decoding: a YAML file beside the model that is called as it is, or `decoder.yml`.
fn decoder(model: &Path, files: &[PathBuf]) -> Result<Option<Config>, PretrainedError> {
    let known = [format!("{}.decoder.yml", name(model)), "decoder.yml".to_owned()];
    let found = known.iter().find_map(|known| files.iter().find(|path| name(path) == *known));
    let Some(path) = found else { return Ok(None) };
    let mut text = Vec::new();
    open(path)?.take(DECODER).read_to_end(&mut text).map_err(PretrainedError::read(path))?;
    Ok(Some(Config::of(path, yaml(path, &text)?)))
}

fn decoding(decoder: &Config) -> Result<GenerationDefaults, PretrainedError> {
    // Sums of logarithms are divided by the length to the power of this number; true is 1.
    let normalize = match decoder.get("normalize") {
        Some(Value::Bool(normalize)) => Some(if *normalize { 1.0 } else { 0.0 }),
        _ => decoder.number("normalize")?,
    };
    Ok(GenerationDefaults {
        num_beams: decoder.count("beam-size")?,
        length_penalty: Some(normalize.unwrap_or(0.0)),
        ..GenerationDefaults::default()
    })
}

/// The vocabularies that the options of decoding name, or the only ones that lie there.
fn vocabularies(
    folder: &Path,
    files: &[PathBuf],
    decoder: Option<&Config>,
) -> Result<Vocabularies, PretrainedError> {
    let is = |path: &Path, ends: &[&str]| ends.iter().any(|end| name(path).ends_with(end));
    let models: Vec<&PathBuf> = files.iter().filter(|path| is(path, &[".spm", ".spm.model"])).collect();
    let named = decoder.and_then(|decoder| decoder.get("vocabs")?.as_array().cloned()).unwrap_or_default();
    let beside = |named: &Value| {
        let named = name(Path::new(named.as_str()?));
        files.iter().find(|path| name(path) == named).cloned()
    };
    let named: Vec<PathBuf> = named.iter().filter_map(beside).collect();
    if let [source, target] = &named[..]
        && is(source, &[".spm"])
        && is(target, &[".spm"])
    {
        return Ok(Vocabularies { source: source.clone(), target: target.clone(), numbers: None });
    }
    let side = |words: &[&str]| {
        let of: Vec<_> =
            models.iter().filter(|path| words.iter().any(|word| name(path).contains(word))).collect();
        if let [path] = of[..] { Some((*path).clone()) } else { None }
    };
    let sides = match models[..] {
        [one] => Some((one.clone(), one.clone())),
        _ => side(&["source", "src"]).zip(side(&["target", "trg", "tgt"])),
    };
    let Some((source, target)) = sides else {
        let problem = match models.is_empty() {
            true => {
                "lies beside no vocabulary: put the SentencePiece model (.spm) of both languages there, or \
                     source.spm and target.spm"
                    .to_owned()
            }
            false => format!(
                "does not say which vocabulary is whose: {}; call them source.spm and target.spm",
                names(models)
            ),
        };
        return Err(unclear(folder, problem));
    };
    let lists: Vec<&PathBuf> =
        files.iter().filter(|path| is(path, &["vocab.yml", "vocab.yaml", "vocab.json"])).collect();
    match lists[..] {
        [] => Ok(Vocabularies { source, target, numbers: None }),
        [numbers] => Ok(Vocabularies { source, target, numbers: Some(numbers.clone()) }),
        _ => {
            let problem = format!(
                "holds several lists of pieces, of which one is known for both languages: {}",
                names(lists)
            );
            Err(unclear(folder, problem))
        }
    }
}

/// The shortlist of a folder, if there is one.
fn shortlist(folder: &Path, files: &[PathBuf]) -> Result<Option<PathBuf>, PretrainedError> {
    let mut found = Vec::new();
    for path in files.iter().filter(|path| name(path).ends_with(".bin")) {
        let mut head = [0; SHORTLIST.len()];
        let mut file = File::open(path).map_err(PretrainedError::read(path))?;
        if file.read_exact(&mut head).is_ok() && head == SHORTLIST {
            found.push(path.clone());
        }
    }
    match found.len() {
        0 | 1 => Ok(found.pop()),
        _ => Err(unclear(folder, format!("holds several shortlists, leave one there: {}", names(&found)))),
    }
}
