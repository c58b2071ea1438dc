//! Bodies that are forms, as browsers and many clients send them: fields of text, and files.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use multer::Multipart;

use crate::api_error::ApiError;
use crate::protocol;

/// The most fields of a form.
const FIELDS: usize = 1024;

/// The fields of a form, in order.
pub(super) struct Form(Vec<(String, Field)>);

/// The value of a field.
enum Field {
    Text(String),
    File(protocol::InputFile),
}

impl Form {
    /// Parses a body by its content type; `None` if that is no form's.
    pub(super) async fn parse(headers: &HeaderMap, bytes: &[u8]) -> Result<Option<Self>, ApiError> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/x-www-form-urlencoded" => {
                let pairs = form_urlencoded::parse(bytes).take(FIELDS);
                let text = |(name, value): (_, std::borrow::Cow<'_, str>)| {
                    (std::borrow::Cow::into_owned(name), Field::Text(value.into_owned()))
                };
                Ok(Some(Self(pairs.map(text).collect())))
            }
            "multipart/form-data" => {
                let boundary = multer::parse_boundary(kind).map_err(|error| wrong(&error))?;
                Self::multipart(boundary, bytes).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn multipart(boundary: String, bytes: &[u8]) -> Result<Self, ApiError> {
        let whole = futures_util::stream::iter([Ok::<_, Infallible>(Bytes::copy_from_slice(bytes))]);
        let mut parts = Multipart::new(whole, boundary);
        let mut fields = Vec::new();
        while let Some(part) = parts.next_field().await.map_err(|error| wrong(&error))? {
            if fields.len() == FIELDS {
                return Err(ApiError::too_large(format!("a form has at most {FIELDS} fields"), ""));
            }
            let name = part.name().unwrap_or_default().to_owned();
            let field = match part.file_name().map(str::to_owned) {
                Some(file) => {
                    let content = part.bytes().await.map_err(|error| wrong(&error))?.to_vec();
                    Field::File(protocol::InputFile { name: file, content: protocol::Bytes(content) })
                }
                None => Field::Text(part.text().await.map_err(|error| wrong(&error))?),
            };
            fields.push((name, field));
        }
        Ok(Self(fields))
    }

    /// The texts of a field, which may stand there several times.
    pub(super) fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(move |(known, field)| match field {
            Field::Text(text) if known == name => Some(text.as_str()),
            _ => None,
        })
    }

    /// The text of a field; `None` if it is left out or empty, as some clients say so.
    pub(super) fn text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.texts(name).next().filter(|text| !text.is_empty())
    }

    /// Takes the file of a field out of the form.
    pub(super) fn take_file(&mut self, name: &str) -> Option<protocol::InputFile> {
        let place =
            self.0.iter().position(|(known, field)| known == name && matches!(field, Field::File(_)))?;
        match self.0.swap_remove(place) {
            (_, Field::File(file)) => Some(file),
            _ => None,
        }
    }
}

fn wrong(error: &multer::Error) -> ApiError {
    ApiError::wrong("malformed", format!("the body is no form: {error}"), "/openapi.json describes the body")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn parsed(kind: &str, body: &str) -> Result<Option<Form>, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().expect("a header"));
        Form::parse(&headers, body.as_bytes()).await
    }

    #[tokio::test]
    async fn both_kinds_of_forms_are_read() {
        let form = parsed("application/x-www-form-urlencoded; charset=utf-8", "q=a+%26+b&q=c&empty=").await;
        let form = form.expect("sound").expect("a form");
        assert_eq!(form.texts("q").collect::<Vec<_>>(), ["a & b", "c"]);
        assert_eq!((form.text("q"), form.text("empty"), form.text("other")), (Some("a & b"), None, None));

        let body = "--x\r\ncontent-disposition: form-data; name=\"q\"\r\n\r\na\r\nb\r\n--x\r\ncontent-disposition: \
                    form-data; name=\"file\"; filename=\"../a.wav\"\r\ncontent-type: audio/wav\r\n\r\n\0\r\n--x--\r\n";
        let mut form = parsed("multipart/form-data; boundary=x", body).await.expect("sound").expect("a form");
        assert_eq!(form.text("q"), Some("a\r\nb"));
        let file = form.take_file("file").expect("a file");
        assert_eq!((file.name.as_str(), &file.content.0[..]), ("../a.wav", &[0][..]));
        assert!(form.take_file("file").is_none(), "it was taken");
        assert!(parsed("application/json", "{}").await.expect("sound").is_none());
    }

    #[tokio::test]
    async fn half_a_form_is_an_error() {
        let half = "--x\r\ncontent-disposition: form-data; name=\"q\"\r\n\r\na";
        assert!(parsed("multipart/form-data; boundary=x", half).await.is_err());
        assert!(parsed("multipart/form-data", half).await.is_err(), "it has no boundary");
    }
}
