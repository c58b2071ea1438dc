//! Catalog of the datasets and models that a program knows by name: those that ship with it, and those that a person adds.

use std::path::Path;

use crate::{DataError, Manifest};

/// The manifests that ship with the program: part of it, so that it works from any folder.
const SHIPPED: [(&str, &str); 18] = [
    ("agreement", include_str!("../datasets/agreement.yaml")),
    ("archiscribe", include_str!("../datasets/archiscribe.yaml")),
    ("emoji", include_str!("../datasets/emoji.yaml")),
    ("emoji-pairs", include_str!("../datasets/emoji-pairs.yaml")),
    ("fsdd", include_str!("../datasets/fsdd.yaml")),
    ("mnist", include_str!("../datasets/mnist.yaml")),
    ("multi30k", include_str!("../datasets/multi30k.yaml")),
    ("protein-ss", include_str!("../datasets/protein-ss.yaml")),
    ("signs", include_str!("../datasets/signs.yaml")),
    ("ssvep-exo", include_str!("../datasets/ssvep-exo.yaml")),
    ("toy-en-de", include_str!("../datasets/toy-en-de.yaml")),
    ("firefox-de-en", include_str!("../models/firefox-de-en.yaml")),
    ("firefox-en-de", include_str!("../models/firefox-en-de.yaml")),
    ("firefox-en-es", include_str!("../models/firefox-en-es.yaml")),
    ("firefox-en-fr", include_str!("../models/firefox-en-fr.yaml")),
    ("firefox-en-pt", include_str!("../models/firefox-en-pt.yaml")),
    ("whisper-base", include_str!("../models/whisper-base.yaml")),
    ("whisper-tiny", include_str!("../models/whisper-tiny.yaml")),
];

/// Manifests by name.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    manifests: Vec<Manifest>,
}

impl Catalog {
    /// The manifests that ship with the program.
    ///
    /// # Errors
    ///
    /// Never, once built and tested: they are part of the program.
    pub fn shipped() -> Result<Self, DataError> {
        let manifests =
            SHIPPED.iter().map(|(name, text)| Manifest::parse(name, text)).collect::<Result<_, _>>()?;
        Ok(Self { manifests })
    }

    /// Adds a manifest, or every manifest (`*.yaml`) of a folder. One of a known name replaces it.
    ///
    /// # Errors
    ///
    /// When the path cannot be read, or a manifest is wrong.
    pub fn add(&mut self, path: &Path) -> Result<(), DataError> {
        if path.is_dir() {
            let read = |source| DataError::Read { path: path.to_owned(), source };
            let mut files = Vec::new();
            for entry in std::fs::read_dir(path).map_err(read)? {
                let file = entry.map_err(read)?.path();
                if file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
                    files.push(file);
                }
            }
            files.sort();
            files.iter().try_for_each(|file| self.add_file(file))
        } else {
            self.add_file(path)
        }
    }

    fn add_file(&mut self, path: &Path) -> Result<(), DataError> {
        let manifest = Manifest::load(path)?;
        self.manifests.retain(|known| known.name != manifest.name);
        self.manifests.push(manifest);
        Ok(())
    }

    /// All manifests.
    pub fn manifests(&self) -> &[Manifest] {
        &self.manifests
    }

    /// The manifest of a name, or else at a path, with or without `.yaml`.
    ///
    /// # Errors
    ///
    /// When there is neither, or the manifest at the path is wrong.
    pub fn find(&self, name_or_path: &str) -> Result<Manifest, DataError> {
        if let Some(manifest) = self.manifests.iter().find(|manifest| manifest.name == name_or_path) {
            return Ok(manifest.clone());
        }
        let path = Path::new(name_or_path);
        if path.is_file() {
            return Manifest::load(path);
        }
        let with_extension = Path::new(&format!("{name_or_path}.yaml")).to_owned();
        if with_extension.is_file() {
            return Manifest::load(&with_extension);
        }
        Err(DataError::Dataset {
            name: name_or_path.to_owned(),
            known: self.manifests.iter().map(|manifest| manifest.name.clone()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManifestKind;

    #[test]
    fn shipped_manifests_are_sound_and_named_as_their_files() {
        let catalog = Catalog::shipped().expect("sound");
        for ((name, _), manifest) in SHIPPED.iter().zip(catalog.manifests()) {
            assert_eq!(*name, manifest.name);
            assert!(manifest.citation.is_some() && manifest.licence.len() >= 7, "{name}");
        }
        let error = catalog.find("multi-30k").expect_err("no such set").to_string();
        assert!(error.contains("did you mean 'multi30k'? (known: agreement, "), "{error}");
    }

    #[test]
    fn shipped_models_say_where_each_file_comes_from() {
        let catalog = Catalog::shipped().expect("sound");
        let is_model = |manifest: &&Manifest| manifest.kind == ManifestKind::Model;
        let models: Vec<&Manifest> = catalog.manifests().iter().filter(is_model).collect();
        assert_eq!(models.len(), 7);
        for model in models {
            assert!(model.homepage.is_some() && model.origin.is_some(), "{}", model.name);
            assert_eq!(model.folder(), Path::new("models").join(&model.name));
            let of_name =
                |end: &str| model.files.iter().any(|file| file.path.to_string_lossy().ends_with(end));
            let needed: &[&str] = match model.name.starts_with("whisper") {
                true => &["config.json", "tokenizer.json", "model.safetensors"],
                false => &[".intgemm.alphas.bin", ".s2t.bin", ".spm"],
            };
            assert!(needed.iter().all(|end| of_name(end)), "{}", model.name);
            for file in &model.files {
                let name = file.path.display().to_string();
                assert!(file.urls.iter().all(|url| url.ends_with(&format!("/{name}"))), "{name}");
                // What an address leads to never changes: it names a version or a commit.
                assert!(file.urls.iter().all(|url| !url.contains("/main/")), "{name}");
            }
        }
    }

    #[test]
    fn a_person_adds_manifests_by_file_and_by_folder() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str| {
            let text = format!(
                "name: {name}\ndescription: d\nlicence: l\ngenerator: {{ toy_en_de: {{ pairs: 5, seed: 1 }} }}"
            );
            std::fs::write(folder.path().join(format!("{name}.yaml")), text).expect("written");
        };
        write("one");
        write("multi30k");
        std::fs::write(folder.path().join("notes.txt"), "not a manifest").expect("written");
        let mut catalog = Catalog::shipped().expect("sound");
        catalog.add(folder.path()).expect("two sound manifests");
        let names: Vec<&str> = catalog.manifests().iter().map(|manifest| manifest.name.as_str()).collect();
        assert_eq!(names.len(), SHIPPED.len() + 1);
        assert_eq!(names[SHIPPED.len() - 2..], ["whisper-tiny", "multi30k", "one"]);
        assert_eq!(catalog.find("multi30k").expect("replaced").description, "d");

        let path = folder.path().join("one");
        let found =
            Catalog::default().find(&path.display().to_string()).expect("found without its extension");
        assert_eq!(found.name, "one");
        assert!(catalog.add(&folder.path().join("none.yaml")).is_err());
    }
}
