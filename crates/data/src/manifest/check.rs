//! Checks of a manifest, beyond those of its types.

use std::path::{Component, Path};

use any2any_experiment::Pattern;

use super::{Manifest, ManifestFile, ManifestKind, Reads, split_reads};
use crate::reader::expression;

impl Manifest {
    /// Returns the first problem, with the way out.
    pub(super) fn check(&self) -> Result<(), String> {
        if !is_name(&self.name) {
            return Err(format!(
                "name '{}' must be letters, digits, '-', '_' and '.', to name a folder",
                self.name
            ));
        }
        if let Some(folder) = self.folder.as_ref().filter(|folder| !is_name(folder)) {
            return Err(format!("folder '{folder}' must be letters, digits, '-', '_' and '.'"));
        }
        if self.kind == ManifestKind::Model {
            self.check_model()?;
        }
        match (&self.generator, self.files.is_empty() && self.splits.is_empty() && self.roles.is_none()) {
            (Some(generator), true) => return generator.check(),
            (Some(_), false) => {
                return Err("a generator makes its own splits: leave out files, splits and roles".into());
            }
            (None, _) if self.splits.is_empty() && self.kind == ManifestKind::Dataset => {
                return Err("give it splits, or a generator".into());
            }
            (None, _) => {}
        }
        self.files.iter().try_for_each(check_file)?;
        if let Some(file) = self.files.iter().find(|file| file.urls.is_empty())
            && self.origin.is_none()
        {
            return Err(format!(
                "file {} has no url: give it one, or say in origin where it comes from",
                file.path.display()
            ));
        }
        for (index, file) in self.files.iter().enumerate() {
            if self.files[..index].iter().any(|earlier| earlier.path == file.path) {
                return Err(format!("file {} stands twice", file.path.display()));
            }
        }
        for (name, files) in &self.splits {
            if let Some(problem) = files.problems().first() {
                let (place, reason, help) = (&problem.pointer, &problem.message, &problem.help);
                return Err(format!("split '{name}', {place}: {reason}; {help}"));
            }
            for reads in split_reads(files) {
                if let Some(path) = self.lacks(&reads) {
                    let path = path.display();
                    return Err(format!(
                        "split '{name}' reads {path}, which is neither in files nor in an archive"
                    ));
                }
            }
        }
        self.check_roles()
    }

    fn check_model(&self) -> Result<(), String> {
        let has_samples = !self.splits.is_empty() || self.roles.is_some() || self.generator.is_some();
        if has_samples || self.folder.is_some() {
            return Err("a model has files alone: leave out splits, roles, generator and folder".into());
        }
        if self.files.is_empty() {
            return Err("a model has files: give their paths, urls, sha256 and bytes".into());
        }
        Ok(())
    }

    fn check_roles(&self) -> Result<(), String> {
        let Some(roles) = &self.roles else { return Ok(()) };
        let named = [Some(&roles.train), roles.validation.as_ref(), roles.test.as_ref()];
        match named.into_iter().flatten().find(|name| !self.splits.contains_key(*name)) {
            Some(name) => {
                let known: Vec<String> = self.splits.keys().cloned().collect();
                Err(format!("roles name the split '{name}': {}", crate::text::known(name, &known)))
            }
            None => Ok(()),
        }
    }

    /// The first path of a split's files that the set does not have.
    fn lacks<'a>(&self, reads: &Reads<'a>) -> Option<&'a Path> {
        match reads {
            Reads::File(path) => (!self.provides(path)).then_some(*path),
            Reads::Folder(path) => {
                let unpacked = |file: &ManifestFile| {
                    file.archive.as_ref().is_some_and(|archive| path.starts_with(&archive.into))
                };
                let known = self.files.iter().any(|file| file.path.starts_with(path) || unpacked(file));
                (!is_inside(path) || !known).then_some(*path)
            }
            Reads::Named(path) => {
                let names = Pattern::parse(&path.to_string_lossy()).and_then(|names| expression(&names));
                let fits = |file: &ManifestFile| {
                    names.as_ref().is_ok_and(|names| names.is_match(&file.path.to_string_lossy()))
                };
                // The contents of an archive are not known by name.
                let known = self.files.iter().any(|file| file.archive.is_some() || fits(file));
                (!is_inside(path) || !known).then_some(*path)
            }
        }
    }

    fn provides(&self, path: &Path) -> bool {
        is_inside(path)
            && self.files.iter().any(|file| match &file.archive {
                Some(archive) => path.starts_with(&archive.into),
                None => path == file.path,
            })
    }
}

fn check_file(file: &ManifestFile) -> Result<(), String> {
    let path = file.path.display();
    let into = file.archive.as_ref().map(|archive| archive.into.as_path());
    for place in [Some(file.path.as_path()), into].into_iter().flatten() {
        if !is_inside(place) {
            return Err(format!("path {} must be relative and stay in the set's folder", place.display()));
        }
    }
    if into.is_some_and(|into| file.path.starts_with(into)) {
        return Err(format!("archive {path} must not lie in the folder that it is unpacked into"));
    }
    if let Some(url) =
        file.urls.iter().find(|url| !url.starts_with("https://") && !url.starts_with("http://"))
    {
        return Err(format!("file {path}: url {url} must start with https:// or http://"));
    }
    if file.sha256.len() != 64 || !file.sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(format!("file {path}: sha256 must be 64 lower-case hexadecimal digits"));
    }
    if file.bytes == 0 {
        return Err(format!("file {path}: bytes must be at least 1"));
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_inside(path: &Path) -> bool {
    !path.as_os_str().is_empty()
        && path.components().all(|component| matches!(component, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name: x\ndescription: d\nlicence: l\n";

    fn file(path: &str, rest: &str) -> String {
        let sha256 = "0".repeat(64);
        format!("files:\n  - {{ path: {path}, urls: [http://h/x], sha256: '{sha256}', bytes: 1{rest} }}\n")
    }

    fn check(text: &str, expected: &str) {
        match Manifest::parse("x.yaml", text) {
            Ok(_) => assert_eq!(expected, "", "{text}"),
            Err(error) => {
                let error = error.to_string();
                assert!(
                    !expected.is_empty() && error.contains(expected),
                    "{error}\ndoes not contain {expected}"
                );
            }
        }
    }

    #[test]
    fn sound_and_broken_manifests() {
        let split = "splits: { train: { parallel: { en: a } } }\n";
        let archive = ", archive: { format: tar_gz, into: data }";
        let cases = [
            (format!("{HEAD}{}{split}", file("a", "")), ""),
            (
                format!("{HEAD}{}splits: {{ train: {{ tsv: {{ file: data/a }} }} }}", file("a.tgz", archive)),
                "",
            ),
            (format!("{HEAD}generator: {{ toy_en_de: {{ pairs: 100, seed: 1 }} }}"), ""),
            (format!("{HEAD}generator: {{ toy_en_de: {{ pairs: 0, seed: 1 }} }}"), "pairs must be"),
            (
                format!(
                    "{HEAD}generator: {{ agreement: {{ pairs: 9, seed: 1, test_distances: {{ from: 9, to: 8 }} }} }}"
                ),
                "test_distances must rise and stay within 2 to 200 words, they are 9 to 8",
            ),
            (format!("{HEAD}{split}generator: {{ toy_en_de: {{ pairs: 9, seed: 1 }} }}"), "leave out files"),
            (format!("{HEAD}{split}"), "split 'train' reads a, which is neither"),
            (format!("{HEAD}{}", file("a", "")), "give it splits"),
            (format!("{HEAD}{}{split}", file("../a", "")), "path ../a must be relative"),
            (format!("{HEAD}{}{split}", file("/a", "")), "path /a must be relative"),
            (format!("{HEAD}{}{split}", file("data/a", archive)), "must not lie in the folder"),
            (format!("{HEAD}{}{split}roles: {{ train: tain }}", file("a", "")), "did you mean 'train'?"),
            (format!("{HEAD}{}{split}", file("a", "").replace("http:", "ftp:")), "must start with https://"),
            (format!("{HEAD}{}{split}", file("a", "").replace("000'", "00'")), "64 lower-case"),
            (format!("{HEAD}{}{split}", file("a", "").replace("bytes: 1", "bytes: 0")), "at least 1"),
            (format!("{HEAD}{}{split}license: l", file("a", "")), "license"),
            (format!("{HEAD}{}{split}folder: ../a", file("a", "")), "folder '../a' must be"),
            (
                format!("{HEAD}{}{split}", file("a", "").replace("[http://h/x]", "[]")),
                "a has no url: give it one",
            ),
            (format!("{HEAD}origin: made\n{}{split}", file("a", "").replace("[http://h/x]", "[]")), ""),
            (
                format!(
                    "{HEAD}{}splits: {{ train: {{ members: {{ folder: raw, names: '{{n}}', field: f }} }} }}",
                    file("raw/a", "")
                ),
                "",
            ),
            (
                format!(
                    "{HEAD}{}splits: {{ train: {{ members: {{ folder: raw, names: '{{n}}', field: f }} }} }}",
                    file("a", "")
                ),
                "reads raw, which is neither",
            ),
            (
                format!(
                    "{HEAD}{}splits: {{ train: {{ members: {{ names: '{{n}}', field: f }} }} }}",
                    file("a", "")
                ),
                "split 'train', /members: `members` of neither an archive nor a folder; give either",
            ),
            (
                format!(
                    "{HEAD}{}splits: {{ train: {{ rows: {{ from: {{ tsv: {{ file: a }} }}, files: {{ x: {{ file: 'b{{n}}' }} }} }} }} }}",
                    file("a", "")
                ),
                "reads b{n}, which is neither",
            ),
            (
                format!(
                    "{HEAD}{}splits: {{ train: {{ rows: {{ from: {{ tsv: {{ file: a1 }} }}, files: {{ x: {{ file: 'a{{n}}' }} }} }} }} }}",
                    file("a1", "")
                ),
                "",
            ),
            (format!("{HEAD}{}{split}", file("a", "")).replace("name: x", "name: ../x"), "to name a folder"),
            (format!("{HEAD}kind: model\n{}", file("a", "")), ""),
            (format!("{HEAD}kind: model\n{}{split}", file("a", "")), "a model has files alone"),
            (format!("{HEAD}kind: model\nfolder: y\n{}", file("a", "")), "a model has files alone"),
            (format!("{HEAD}kind: model"), "a model has files: give their paths"),
            (String::new(), "x.yaml"),
        ];
        for (text, expected) in &cases {
            check(text, expected);
        }
    }

    #[test]
    fn a_role_comes_before_a_name() {
        let text = format!(
            "{HEAD}{}splits: {{ train: {{ parallel: {{ en: a }} }}, test_2016: {{ tsv: {{ file: a }} }} }}\n\
             roles: {{ train: train, test: test_2016 }}",
            file("a", "")
        );
        let manifest = Manifest::parse("x.yaml", &text).expect("sound");
        assert_eq!(manifest.split("test").map(|(name, _)| name), Some("test_2016"));
        assert_eq!(manifest.split("test_2016").map(|(name, _)| name), Some("test_2016"));
        assert_eq!(manifest.split("validation"), None);
        assert_eq!(manifest.download_bytes(), 1);
    }
}
