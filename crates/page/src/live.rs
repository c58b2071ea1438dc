//! The page as a server sends it: its HTML with an import map, and its Content-Security-Policy.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::assets::{asset, modules};

/// The page and its Content-Security-Policy.
pub struct Live {
    /// The HTML, with an import map.
    pub html: String,
    /// Value of the `Content-Security-Policy` header: what the page may load and run.
    pub policy: String,
}

/// The page, with modules by name: `any2any/draw/arcs` is `/assets/js/draw/arcs.js`.
pub fn live() -> Option<Live> {
    let html = String::from_utf8(asset("index.html")?.into_owned()).ok()?;
    let address =
        |(name, _): (String, _)| (format!("any2any/{name}"), format!("/assets/js/{name}.js").into());
    let imports: Map<String, Value> = modules().into_iter().map(address).collect();
    let map = Value::Object(Map::from_iter([("imports".to_owned(), Value::Object(imports))])).to_string();
    let hash = STANDARD.encode(Sha256::digest(map.as_bytes()));
    let script = format!("<script type=\"importmap\">{map}</script>\n");
    let mut html = html;
    // An import map takes effect only for modules that come after it.
    let place = html.find("<script").or_else(|| html.find("</head>")).unwrap_or(0);
    html.insert_str(place, &script);
    let policy = format!(
        "default-src 'none'; script-src 'self' 'sha256-{hash}'; style-src 'self'; img-src 'self' data: blob:; \
         media-src blob: data:; connect-src 'self'; worker-src 'self' blob:; font-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    Some(Live { html, policy })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::below;

    #[test]
    fn the_page_names_its_modules_before_it_uses_them() {
        let Live { html, policy } = live().expect("there is a page");
        let map = html.find("type=\"importmap\"").expect("an import map");
        assert!(html.find("type=\"module\"").is_none_or(|module| map < module));
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'sha256-"));
        for (name, _) in modules() {
            assert!(html.contains(&format!("\"any2any/{name}\":\"/assets/js/{name}.js\"")), "{name}");
        }
    }

    #[test]
    fn the_page_links_to_every_style_once_and_all_are_there() {
        let html = live().expect("there is a page").html;
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
