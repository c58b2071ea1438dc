//! Who may ask: on a loopback address everybody on this machine, elsewhere whoever has the token.
//!
//! A page of another site must not reach a loopback server through the browser of the person who runs it. So the
//! name in `Host` must be one of this machine (another site's name may be made to lead here: "DNS rebinding"), and
//! a request that a page makes must come from a page of this server.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::{self, HeaderMap};
use axum::http::{HeaderValue, Uri};

use crate::error::ExplorerError;
use crate::failure::Failure;

/// What the name of the cookie begins with; its port follows, since browsers do not tell the ports of a machine apart.
const COOKIE: &str = "any2any_token";

/// Who may ask.
pub(super) struct Access {
    /// `None` on a loopback address.
    token: Option<String>,
    /// The name of the cookie.
    cookie: String,
}

impl Access {
    /// Access to a server that listens on an address.
    pub(super) fn new(address: SocketAddr) -> Result<Self, ExplorerError> {
        let token = if address.ip().is_loopback() { None } else { Some(fresh_token()?) };
        Ok(Self { token, cookie: format!("{COOKIE}_{}", address.port()) })
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Lets a request in, or says why not. Gives the cookie to set when the token came with the address.
    pub(super) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<Option<HeaderValue>, Failure> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(uri.host());
        same_origin(host, headers)?;
        own_page(headers)?;
        let Some(token) = &self.token else {
            return match host.map(host_name).is_some_and(is_this_machine) {
                true => Ok(None),
                false => Err(Failure::forbidden(
                    "this server answers on this machine alone",
                    "use http://127.0.0.1 or http://localhost with its port",
                )),
            };
        };
        let bearer =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            (name == self.cookie).then_some(value)
        });
        if bearer.is_some_and(|given| equal(given, token)) || cookies.any(|given| equal(given, token)) {
            return Ok(None);
        }
        let queried = uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("token="));
        if queried.is_some_and(|given| equal(given, token)) {
            let cookie = format!("{}={token}; Path=/; HttpOnly; SameSite=Strict", self.cookie);
            return Ok(HeaderValue::from_str(&cookie).ok());
        }
        Err(Failure::unauthorized())
    }
}

/// Fails when another site's page makes the request.
fn same_origin(host: Option<&str>, headers: &HeaderMap) -> Result<(), Failure> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    if origin.is_some() && origin == host {
        return Ok(());
    }
    Err(Failure::forbidden("a page of another site asks", "ask from this server's own page, or from no page"))
}

/// Fails when a browser says that a page of another site asks, be it one of another port; a link from there may be
/// followed.
fn own_page(headers: &HeaderMap) -> Result<(), Failure> {
    let is = |name: &str, values: &[&str]| {
        headers.get(name).is_some_and(|value| values.iter().any(|known| value.as_bytes() == known.as_bytes()))
    };
    if !is("sec-fetch-site", &["cross-site", "same-site"]) || is("sec-fetch-mode", &["navigate"]) {
        return Ok(());
    }
    Err(Failure::forbidden("a page of another site asks", "ask from this server's own page, or from no page"))
}

/// `localhost` of `localhost:8080`, `::1` of `[::1]:8080`.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    }
}

fn is_this_machine(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// 256 random bits, in hexadecimal.
fn fresh_token() -> Result<String, ExplorerError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| ExplorerError::System { what: "draw a token", source: error.into() })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Compares in a time that does not tell where the first difference is.
fn equal(given: &str, token: &str) -> bool {
    let differences = given.bytes().zip(token.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    given.len() == token.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |&(name, value): &(&'static str, &str)| {
            (header::HeaderName::from_static(name), HeaderValue::from_str(value).expect("plain"))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn a_loopback_server_answers_this_machine() {
        let access = Access::new(SocketAddr::from(([127, 0, 0, 1], 80))).expect("no token is drawn");
        for (pairs, allowed) in [
            (&[("host", "127.0.0.1:80")][..], true),
            (&[("host", "LocalHost")], true),
            (&[("host", "[::1]:80")], true),
            (&[("host", "example.org:80")], false),
            (&[("host", "127.0.0.1.example.org")], false),
            (&[("host", "192.168.1.2:80")], false),
            (&[], false),
            (&[("host", "localhost:80"), ("origin", "http://localhost:80")], true),
            (&[("host", "localhost:80"), ("origin", "http://localhost:81")], false),
            (&[("host", "localhost:80"), ("origin", "https://example.org")], false),
            (&[("host", "localhost:80"), ("origin", "null")], false),
            (&[("host", "localhost:80"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "localhost:80"), ("sec-fetch-site", "none")], true),
            (
                &[("host", "localhost:80"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
                false,
            ),
            (&[("host", "localhost:80"), ("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors")], false),
            (
                &[("host", "localhost:80"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
                true,
            ),
        ] {
            let checked = access.check(&Uri::from_static("/"), &headers(pairs));
            assert_eq!(checked.is_ok(), allowed, "{pairs:?}");
        }
    }

    #[test]
    fn elsewhere_the_token_lets_in() {
        let access = Access { token: Some("abc".to_owned()), cookie: "any2any_token_80".to_owned() };
        for (uri, pairs, allowed) in [
            ("/?token=abc", &[("host", "example.org")][..], Some(true)),
            ("/?a=b&token=abc", &[], Some(true)),
            ("/?token=abd", &[], None),
            ("/?token=ab", &[], None),
            ("/", &[], None),
            ("/", &[("authorization", "Bearer abc")], Some(false)),
            ("/", &[("authorization", "Bearer abcd")], None),
            ("/", &[("cookie", "a=b; any2any_token_80=abc")], Some(false)),
            ("/", &[("cookie", "any2any_token_81=abc")], None),
            ("/", &[("cookie", "any2any_token_80=")], None),
        ] {
            let checked = access.check(&uri.parse().expect("a path"), &headers(pairs)).ok();
            assert_eq!(checked.map(|cookie| cookie.is_some()), allowed, "{uri} {pairs:?}");
        }
        assert_eq!(fresh_token().expect("drawn").len(), 64);
        assert_ne!(fresh_token().expect("drawn"), fresh_token().expect("drawn"));
    }
}
