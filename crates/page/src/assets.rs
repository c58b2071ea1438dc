//! Files of the page, embedded in the program.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

static ASSETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets");

/// The environment variable with a folder whose files replace the embedded ones, for development.
const FOLDER: &str = "ANY2ANY_ASSETS";

/// A file of the page, by its path below `assets`; `None` for a path that leads out of it.
pub fn asset(path: &str) -> Option<Cow<'static, [u8]>> {
    let plain = |part: &str| {
        let allowed = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(allowed)
    };
    if !path.split('/').all(plain) {
        return None;
    }
    match folder() {
        Some(folder) => std::fs::read(folder.join(path)).ok().map(Cow::Owned),
        None => ASSETS.get_file(path).map(|file| Cow::Borrowed(file.contents())),
    }
}

/// The HTML that asks for the access token.
pub fn login() -> &'static str {
    include_str!("../assets/login.html")
}

/// The media type of a file, by its extension.
pub fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

/// Every module of the page: its path below `assets/js`, without the extension, and its text.
pub(crate) fn modules() -> Vec<(String, Cow<'static, [u8]>)> {
    let module = |path: String| {
        let name = path.strip_prefix("js/")?.strip_suffix(".js")?.to_owned();
        Some((name, asset(&path)?))
    };
    below("js", "js").into_iter().filter_map(module).collect()
}

/// Paths of all files of a folder of the page that end in `.extension`, in alphabetical order.
pub(crate) fn below(name: &str, extension: &str) -> Vec<String> {
    let mut paths = match folder() {
        Some(folder) => files_on_disk(&folder.join(name), name),
        None => ASSETS.get_dir(name).map(files).unwrap_or_default(),
    };
    paths.retain(|path| path.rsplit_once('.').is_some_and(|(_, found)| found == extension));
    paths.sort();
    paths
}

fn files(folder: &Dir<'_>) -> Vec<String> {
    let mut all: Vec<String> =
        folder.files().filter_map(|file| Some(file.path().to_str()?.replace('\\', "/"))).collect();
    for folder in folder.dirs() {
        all.extend(files(folder));
    }
    all
}

fn files_on_disk(folder: &Path, name: &str) -> Vec<String> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        match entry.path() {
            path if path.is_dir() => all.extend(files_on_disk(&path, &name)),
            _ => all.push(name),
        }
    }
    all
}

fn folder() -> Option<PathBuf> {
    if cfg!(debug_assertions) { std::env::var_os(FOLDER).map(PathBuf::from) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_found_by_plain_paths_alone() {
        assert!(asset("index.html").is_some());
        for path in
            ["", "/", "..", "../Cargo.toml", "js/../index.html", "js//api.js", "/etc/passwd", "a%2f", "."]
        {
            assert!(asset(path).is_none(), "{path}");
        }
    }
}
