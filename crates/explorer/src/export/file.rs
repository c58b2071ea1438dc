//! The page's files put into one: the style and the answers inside of the HTML, each module as an address that holds
//! its text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::error::ExplorerError;
use crate::server::assets;

/// It opens from a disk, so it says itself that it may ask nothing of anybody.
const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
    script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:\">";

/// The page with recorded answers.
pub(super) fn page(answers: &Value) -> Result<String, ExplorerError> {
    let text = |path: &str| assets::asset(path).and_then(|bytes| String::from_utf8(bytes.into_owned()).ok());
    let html = text("index.html").ok_or(ExplorerError::Page("index.html"))?;
    let style = text("style.css").ok_or(ExplorerError::Page("style.css"))?;
    let imports: Map<String, Value> = assets::modules()
        .into_iter()
        .map(|(name, text)| {
            let address = format!("data:text/javascript;base64,{}", STANDARD.encode(text));
            (format!("any2any/{name}"), Value::from(address))
        })
        .collect();
    let head = format!(
        "{POLICY}\n<style>\n{style}</style>\n<script type=\"importmap\">{}</script>\n\
         <script type=\"application/json\" id=\"answers\">{}</script>\n",
        harmless(&json!({ "imports": imports })),
        harmless(answers)
    );
    let html = without(&html, "<link rel=\"stylesheet\"", ">").ok_or(ExplorerError::Page("index.html"))?;
    let (before, after) =
        html.split_once("<script type=\"module\"").ok_or(ExplorerError::Page("index.html"))?;
    let (_, after) = after.split_once("</script>").ok_or(ExplorerError::Page("index.html"))?;
    let (start, rest) = before.split_once("</head>").ok_or(ExplorerError::Page("index.html"))?;
    // Modules wait for the whole page, wherever they stand.
    let main = "<script type=\"module\">import \"any2any/main\";</script>";
    Ok(format!("{start}{head}</head>{rest}{main}{after}"))
}

/// JSON that ends no script.
fn harmless(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

/// A text without its first tag that begins so.
fn without(html: &str, begin: &str, end: &str) -> Option<String> {
    let (before, after) = html.split_once(begin)?;
    let (_, after) = after.split_once(end)?;
    Some(format!("{before}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_needs_no_other() {
        let page =
            page(&json!({ "GET /api/runs {}": ["</script><b>"] })).expect("the page's files are embedded");
        assert!(page.contains(r#""GET /api/runs {}":["\u003c/script>\u003cb>"]"#), "data ends no script");
        for foreign in ["src=\"", "href=\"/", "href=\"./", "http://", "https://"] {
            let html: String = page.lines().filter(|line| !line.contains("importmap")).collect();
            let rest = html.split("<style>").next().into_iter().chain(html.split("</style>").nth(1));
            assert!(rest.into_iter().all(|part| !part.contains(foreign)), "{foreign}");
        }
    }
}
