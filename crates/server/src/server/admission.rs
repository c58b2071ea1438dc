//! Admission options: the token of requests, and the sites whose pages may ask.

use std::str::FromStr;

/// The fewest characters of a chosen token.
const SHORTEST: usize = 8;
/// The most characters of a chosen token.
const LONGEST: usize = 256;

/// The token that requests must carry.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum AccessToken {
    /// A random token of 256 bits, drawn when the server starts.
    #[default]
    Drawn,
    /// A chosen token.
    Given(Secret),
    /// No token: everybody who reaches the server may ask.
    None,
}

/// A chosen token: 8 to 256 letters, digits and `-_.~`, which mean the same in an address, a cookie and a header.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    /// Hides the token.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |character: char| character.is_ascii_alphanumeric() || "-_.~".contains(character);
        let length = text.chars().count();
        if (SHORTEST..=LONGEST).contains(&length) && text.chars().all(plain) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("a token has {SHORTEST} to {LONGEST} letters, digits and -_.~; left out, one is drawn"))
    }
}

/// An origin (a site) whose pages may ask: a scheme, a host and perhaps a port, as browsers write it in `Origin`; or
/// `*`, any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// True for `*`, which allows any site.
    pub fn is_any(&self) -> bool {
        self.0 == "*"
    }

    /// True if it allows pages of this origin.
    pub(super) fn covers(&self, origin: &str) -> bool {
        self.is_any() || self.0 == origin
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let site = lower.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(scheme));
        let is_host = |host: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
            !host.is_empty() && host.bytes().all(plain)
        };
        if text == "*" || site.is_some_and(|(_, host)| is_host(host)) {
            return Ok(Self(lower));
        }
        Err("an origin is a scheme, a host and perhaps a port, as in https://example.org:8443; or *, any"
            .to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_means_the_same_everywhere() {
        for (text, sound) in [
            ("abcdefgh", true),
            ("A-z_0.9~", true),
            ("short", false),
            ("with space", false),
            ("semi;colon", false),
        ] {
            assert_eq!(text.parse::<Secret>().is_ok(), sound, "{text}");
        }
        assert!("a".repeat(257).parse::<Secret>().is_err());
        assert!(!format!("{:?}", "abcdefgh".parse::<Secret>()).contains("abcdefgh"));
    }

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        for (text, origin) in [
            ("https://Example.org", Some("https://example.org")),
            ("http://[::1]:80", Some("http://[::1]:80")),
            ("*", Some("*")),
            ("https://example.org/", None),
            ("example.org", None),
            ("file://", None),
            ("null", None),
            ("https://a b", None),
        ] {
            assert_eq!(text.parse().ok(), origin.map(|origin| Origin(origin.to_owned())), "{text}");
        }
    }
}
