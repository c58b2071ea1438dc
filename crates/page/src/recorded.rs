//! The page in one file: styles and recorded answers inside the HTML, each module as a `data:` address with its text, and
//! the models that it decodes with, beside the engine that does it.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::ZlibEncoder;
use serde_json::{Map, Value, json};

use crate::PageError;
use crate::assets;

/// The policy in the HTML itself, since a file on a disk has no headers: the page may ask no host for anything. A page
/// that decodes may compile WebAssembly, and evaluate nothing else.
fn policy(decodes: bool) -> String {
    let engine = if decodes { " 'wasm-unsafe-eval'" } else { "" };
    format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline' \
         data:{engine}; style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:\">"
    )
}

/// The modules of the engine and their names, below the assets: what decodes, packed, and faster products for browsers that have
/// them.
const MODULES: [(&str, &str); 2] = [("engine", "engine/engine.wasm.gz"), ("relaxed", "engine/relaxed.wasm")];

/// The beginning of a link to a stylesheet, up to its path below the assets.
const LINK: &str = "<link rel=\"stylesheet\" href=\"assets/";

/// The page in one file that needs no server, with recorded answers by question, and the models of some runs by their
/// numbers, as portable files, with which it answers what was not recorded; `opens` is the panel that it opens with, where
/// its address names none.
///
/// # Errors
///
/// If a file of the page is missing or has no place for them.
pub fn recorded(
    answers: &Value,
    models: &BTreeMap<usize, Vec<u8>>,
    opens: Option<&str>,
) -> Result<String, PageError> {
    let text = |path: &str| assets::asset(path).and_then(|bytes| String::from_utf8(bytes.into_owned()).ok());
    let html = text("index.html").ok_or_else(|| broken("index.html"))?;
    let (html, style) = without_links(&html, text)?;
    let imports: Map<String, Value> = assets::modules()
        .into_iter()
        .map(|(name, text)| {
            let address = format!("data:text/javascript;base64,{}", STANDARD.encode(text));
            (format!("any2any/{name}"), Value::from(address))
        })
        .collect();
    let mut head = format!(
        "{}\n<style>\n{style}</style>\n<script type=\"importmap\">{}</script>\n{}",
        policy(!models.is_empty()),
        json!({ "imports": imports }),
        packed("answers", answers.to_string().as_bytes())
    );
    if !models.is_empty() {
        for (name, path) in MODULES {
            let module = assets::asset(path).ok_or_else(|| broken(path))?;
            let module = if path.ends_with(".gz") { unpacked(path, &module)?.into() } else { module };
            head.push_str(&packed(name, &module));
        }
    }
    for (run, model) in models {
        head.push_str(&packed(&format!("model-{run}"), model));
    }
    let (before, after) = html.split_once("<script type=\"module\"").ok_or_else(|| broken("index.html"))?;
    let (_, after) = after.split_once("</script>").ok_or_else(|| broken("index.html"))?;
    let (start, rest) = before.split_once("</head>").ok_or_else(|| broken("index.html"))?;
    // Modules run after the whole page has been read, wherever they stand.
    let main = "<script type=\"module\">import \"any2any/main\";</script>";
    let mut page = format!("{start}{head}</head>{rest}{main}{after}");
    if let Some(panel) = opens {
        let place = page.find("<html").ok_or_else(|| broken("index.html"))? + "<html".len();
        page.insert_str(place, &format!(" data-opens=\"{panel}\""));
    }
    Ok(page)
}

/// Bytes as a part of the page: packed (zlib), as base64, which ends no script.
fn packed(id: &str, bytes: &[u8]) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    let text = STANDARD.encode(packed.expect("memory takes all that is written"));
    format!("<script type=\"text/plain\" id=\"{id}\">{text}</script>\n")
}

/// The bytes of a file of the page that is packed (gzip): a browser is given zlib, which has no place for a name and a date.
fn unpacked(path: &str, packed: &[u8]) -> Result<Vec<u8>, PageError> {
    let mut bytes = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bytes).map_err(|_| broken(path))?;
    Ok(bytes)
}

fn broken(file: &str) -> PageError {
    PageError { file: file.to_owned() }
}

/// The page without its links to stylesheets, and the text of all of them in the order of the links, which is the order
/// in which they win over each other.
fn without_links(html: &str, text: impl Fn(&str) -> Option<String>) -> Result<(String, String), PageError> {
    let mut pieces = html.split(LINK);
    let mut rest = pieces.next().unwrap_or_default().trim_end_matches(' ').to_owned();
    let mut style = String::new();
    for piece in pieces {
        let (path, after) = piece.split_once("\">").ok_or_else(|| broken("index.html"))?;
        style.push_str(&text(path).ok_or_else(|| broken(path))?);
        rest.push_str(after.trim_start_matches('\n').trim_end_matches(' '));
    }
    Ok((rest, style))
}

#[cfg(test)]
mod tests {
    use flate2::read::ZlibDecoder;

    use super::*;

    /// The bytes of a part that a page carries.
    fn carried(page: &str, id: &str) -> Vec<u8> {
        let (_, rest) = page.split_once(&format!("id=\"{id}\">")).expect("the part is there");
        let (text, _) = rest.split_once("</script>").expect("a script ends");
        let mut bytes = Vec::new();
        let packed = STANDARD.decode(text).expect("base64");
        ZlibDecoder::new(&packed[..]).read_to_end(&mut bytes).expect("zlib");
        bytes
    }

    #[test]
    fn the_file_needs_no_other() {
        let answers = json!({ "GET /api/runs {}": ["</script><b>"] });
        let page =
            recorded(&answers, &BTreeMap::new(), Some("story")).expect("the page's files are embedded");
        assert_eq!(carried(&page, "answers"), answers.to_string().as_bytes());
        assert!(page.contains("<html data-opens=\"story\""), "it opens with a panel of one's choice");
        for foreign in ["src=\"", "href=\"/", "href=\"./", "http://", "https://"] {
            let html: String = page.lines().filter(|line| !line.contains("importmap")).collect();
            let rest = html.split("<style>").next().into_iter().chain(html.split("</style>").nth(1));
            assert!(rest.into_iter().all(|part| !part.contains(foreign)), "{foreign}");
        }
    }

    #[test]
    fn a_page_that_decodes_carries_the_engine_and_may_compile_it() {
        let page = |models: &[(usize, Vec<u8>)]| {
            recorded(&json!({}), &models.iter().cloned().collect(), None)
                .expect("the page's files are embedded")
        };
        let [plain, decoding] = [page(&[]), page(&[(2, vec![7; 1000])])];
        assert!(!plain.contains("wasm-unsafe-eval") && !plain.contains("id=\"engine\""));
        assert!(decoding.contains("script-src 'unsafe-inline' data: 'wasm-unsafe-eval';"));
        for id in ["engine", "relaxed"] {
            assert!(carried(&decoding, id).starts_with(b"\0asm"), "{id}");
        }
        assert_eq!(carried(&decoding, "model-2"), [7; 1000]);
        assert!(!decoding.contains("'unsafe-eval'"));
    }

    #[test]
    fn styles_stand_in_one_in_the_order_of_their_links() {
        let html = "<head>\n  <link rel=\"stylesheet\" href=\"assets/css/a.css\">\n  \
            <link rel=\"stylesheet\" href=\"assets/css/b.css\">\n</head>";
        let (rest, style) =
            without_links(html, |path| Some(format!("/* {path} */"))).expect("both are there");
        assert_eq!(style, "/* css/a.css *//* css/b.css */");
        assert_eq!(rest, "<head>\n</head>");
        assert!(without_links(html, |_| None).is_err(), "a missing style is said");
    }

    #[test]
    fn every_style_is_in_the_file_once() {
        let page = recorded(&json!({}), &BTreeMap::new(), None).expect("the page's files are embedded");
        for path in assets::below("css", "css") {
            let text = String::from_utf8(assets::asset(&path).expect(&path).into_owned()).expect("text");
            assert_eq!(page.matches(&text).count(), 1, "{path}");
        }
        assert!(!page.contains("<link rel=\"stylesheet\""));
    }
}
