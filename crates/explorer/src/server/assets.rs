//! The files of the page, embedded in the program, and the page itself with the names of its modules.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use include_dir::{Dir, include_dir};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

static ASSETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets");

/// Names a folder whose files are served instead, by builds for development.
const FOLDER: &str = "ANY2ANY_ASSETS";

/// The page.
pub(crate) struct Page {
    /// The HTML, with an import map.
    pub html: String,
    /// What it may load and run.
    pub policy: String,
}

/// A file of the page, by its path below `assets`; none outside of it.
pub(crate) fn asset(path: &str) -> Option<Cow<'static, [u8]>> {
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

/// The media type of a file, by its extension.
pub(crate) fn media_type(path: &str) -> &'static str {
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

/// The page, with modules by name: `any2any/draw/arcs` is `/assets/js/draw/arcs.js`.
pub(crate) fn page() -> Option<Page> {
    let html = String::from_utf8(asset("index.html")?.into_owned()).ok()?;
    let address =
        |(name, _): (String, _)| (format!("any2any/{name}"), format!("/assets/js/{name}.js").into());
    let imports: Map<String, Value> = modules().into_iter().map(address).collect();
    let map = Value::Object(Map::from_iter([("imports".to_owned(), Value::Object(imports))])).to_string();
    let hash = STANDARD.encode(Sha256::digest(map.as_bytes()));
    let script = format!("<script type=\"importmap\">{map}</script>\n");
    let mut html = html;
    // A map counts only for modules that come after it.
    let place = html.find("<script").or_else(|| html.find("</head>")).unwrap_or(0);
    html.insert_str(place, &script);
    let policy = format!(
        "default-src 'none'; script-src 'self' 'sha256-{hash}'; style-src 'self'; img-src 'self' data: blob:; \
         media-src blob: data:; connect-src 'self'; worker-src 'self' blob:; font-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    Some(Page { html, policy })
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

    #[test]
    fn the_page_names_its_modules_before_it_uses_them() {
        let Page { html, policy } = page().expect("there is a page");
        let map = html.find("type=\"importmap\"").expect("an import map");
        assert!(html.find("type=\"module\"").is_none_or(|module| map < module));
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'sha256-"));
        for (name, _) in modules() {
            assert!(html.contains(&format!("\"any2any/{name}\":\"/assets/js/{name}.js\"")), "{name}");
        }
    }
    #[test]
    fn the_page_links_to_every_style_once_and_all_are_there() {
        let html = page().expect("there is a page").html;
        let styles = below("css", "css");
        assert!(styles.len() > 10, "{styles:?}");
        for path in &styles {
            assert_eq!(html.matches(&format!("href=\"assets/{path}\"")).count(), 1, "{path}");
        }
        assert_eq!(
            html.matches("rel=\"stylesheet\"").count(),
            styles.len(),
            "links lead to files that are there"
        );
    }
}
