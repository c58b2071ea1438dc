//! Access control: who may ask this server, by token, `Host`, `Origin` and cookie.
//!
//! Other people on this machine reach a loopback server too, so it wants a token like any other, unless `--no-token`
//! says otherwise. A page of another site must not reach the server through the browser of the person who runs it:
//! `Host` must name this machine (DNS rebinding makes another site's name lead here), and a request from a page must
//! come from a page of this server, or of a site that was named.

use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::http::header::{self, HeaderMap};
use axum::http::{HeaderValue, Uri};

use super::admission::{AccessToken, Origin};
use crate::api_error::ApiError;
use crate::error::ServerError;

/// The prefix of the cookie's name; the port follows, since browsers share cookies between the ports of a machine.
const COOKIE: &str = "any2any_token";

/// The lifetime of a one-time link.
const PATIENCE: Duration = Duration::from_secs(120);

/// The access rules of one server.
pub(super) struct Access {
    /// The token; `None` if everybody may ask.
    token: Option<String>,
    /// True if the token was chosen, so that whoever starts the server knows it.
    chosen: bool,
    /// True if only names of this machine lead to the server.
    local: bool,
    /// The name of the cookie.
    cookie: String,
    /// Other sites whose pages may ask.
    origins: Vec<Origin>,
    /// The code of the one-time link, and the time when it was made.
    once: Mutex<Option<(String, Instant)>>,
}

impl Access {
    /// Access to a server that listens on `address`.
    pub(super) fn new(
        address: SocketAddr,
        token: &AccessToken,
        origins: Vec<Origin>,
    ) -> Result<Self, ServerError> {
        let chosen = matches!(token, AccessToken::Given(_));
        let token = match token {
            AccessToken::Drawn => Some(random_code()?),
            AccessToken::Given(secret) => Some(secret.text().to_owned()),
            AccessToken::None => None,
        };
        let local = address.ip().is_loopback();
        let cookie = format!("{COOKIE}_{}", address.port());
        Ok(Self { token, chosen, local, cookie, origins, once: Mutex::new(None) })
    }

    /// Other sites whose pages may ask.
    pub(super) fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// The query of the page's URL: the token, if the server drew it.
    pub(super) fn query(&self) -> String {
        match &self.token {
            Some(token) if !self.chosen => format!("?token={token}"),
            _ => String::new(),
        }
    }

    /// The query of a URL that works once, for two minutes.
    pub(super) fn query_once(&self) -> Result<String, ServerError> {
        if self.token.is_none() {
            return Ok(String::new());
        }
        let code = random_code()?;
        let query = format!("?once={code}");
        *self.once() = Some((code, Instant::now()));
        Ok(query)
    }

    /// Admits a request, or says why not. Gives the cookie to set if the token came with the URL.
    pub(super) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<Option<HeaderValue>, ApiError> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(uri.host());
        let from_page = self.page_of_this_server(host, headers)?;
        let name = host.map(host_name);
        // Without a token, only the name tells a page that DNS rebinding has led here.
        let sound = |name: &str| is_this_machine(name) || (!self.local && name.parse::<IpAddr>().is_ok());
        if (self.local || self.token.is_none()) && !name.is_some_and(sound) {
            return Err(match self.local {
                true => ApiError::forbidden(
                    "this server answers on this machine alone",
                    "use http://127.0.0.1 or http://localhost with its port",
                ),
                false => ApiError::forbidden(
                    "without a token this server answers to its number alone",
                    "use its IP address, or start it with a token",
                ),
            });
        }
        let Some(token) = &self.token else { return Ok(None) };
        let bearer =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        // Browsers send the cookie along with requests from pages of other ports of this machine, too.
        let cookies = headers.get_all(header::COOKIE).iter().filter(|_| from_page);
        let cookies = cookies.filter_map(|value| value.to_str().ok());
        let mut cookies = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            (name == self.cookie).then_some(value)
        });
        if bearer.is_some_and(|given| equal(given, token)) || cookies.any(|given| equal(given, token)) {
            return Ok(None);
        }
        let queried = |name: &str| {
            let mut pairs =
                uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
            pairs.find_map(|(key, value)| (key == name).then_some(value))
        };
        if queried("token").is_some_and(|given| equal(given, token))
            || queried("once").is_some_and(|given| self.opens_once(given))
        {
            // `SameSite=Strict` would leave the cookie out when somebody follows a link from another site, such as a
            // slide.
            let cookie = format!("{}={token}; Path=/; HttpOnly; SameSite=Lax", self.cookie);
            return Ok(HeaderValue::from_str(&cookie).ok());
        }
        Err(ApiError::unauthorized())
    }

    /// True if this is the token, or none is asked for.
    pub(super) fn is_token(&self, given: &str) -> bool {
        self.token.as_ref().is_none_or(|token| equal(given, token))
    }

    /// Checks a code against the one-time link, which is used up if they agree.
    fn opens_once(&self, given: &str) -> bool {
        let mut once = self.once();
        let opens = once.as_ref().is_some_and(|(code, made)| made.elapsed() < PATIENCE && equal(given, code));
        if opens {
            *once = None;
        }
        opens
    }

    fn once(&self) -> std::sync::MutexGuard<'_, Option<(String, Instant)>> {
        // The value behind the lock is whole at any time.
        self.once.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// True if the request comes from this server's own page, or from no page at all. Fails if it comes from a page of
    /// a site that was not named.
    fn page_of_this_server(&self, host: Option<&str>, headers: &HeaderMap) -> Result<bool, ApiError> {
        let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
        let own = |origin: &str| origin.split_once("://").is_some_and(|(_, site)| Some(site) == host);
        if origin.is_some_and(|origin| !own(origin) && self.origins.iter().any(|site| site.covers(origin))) {
            return Ok(false);
        }
        let is = |name: &str, values: &[&str]| {
            headers
                .get(name)
                .is_some_and(|value| values.iter().any(|known| value.as_bytes() == known.as_bytes()))
        };
        // Links from other sites may be followed.
        let foreign =
            is("sec-fetch-site", &["cross-site", "same-site"]) && !is("sec-fetch-mode", &["navigate"]);
        if origin.is_some_and(|origin| !own(origin)) || foreign {
            return Err(ApiError::forbidden(
                "a page of another site asks",
                "ask from this server's own page, or start the server with --cors and that site",
            ));
        }
        Ok(true)
    }
}

/// The name in a `Host` header: `localhost` of `localhost:8080`, `::1` of `[::1]:8080`.
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
fn random_code() -> Result<String, ServerError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| ServerError::System { what: "draw a token", source: error.into() })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Compares in constant time, which does not tell where the first difference is.
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

    fn access(ip: [u8; 4], token: &AccessToken, origins: &[&str]) -> Access {
        let origins = origins.iter().map(|origin| origin.parse().expect("an origin")).collect();
        Access::new(SocketAddr::from((ip, 80)), token, origins).expect("a token is drawn")
    }

    #[test]
    fn a_server_without_a_token_answers_this_machine() {
        let access = access([127, 0, 0, 1], &AccessToken::None, &[]);
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
    fn elsewhere_without_a_token_a_name_may_be_anybodys() {
        let access = access([0, 0, 0, 0], &AccessToken::None, &[]);
        for (host, allowed) in [
            ("192.168.1.2:80", true),
            ("localhost", true),
            ("[fd00::2]:80", true),
            ("rebound.example", false),
        ] {
            assert_eq!(
                access.check(&Uri::from_static("/"), &headers(&[("host", host)])).is_ok(),
                allowed,
                "{host}"
            );
        }
    }

    #[test]
    fn the_token_lets_in() {
        let token = AccessToken::Given("abcdefgh".parse().expect("a token"));
        for ip in [[127, 0, 0, 1], [0, 0, 0, 0]] {
            let access = access(ip, &token, &[]);
            assert_eq!(access.query(), "", "a chosen token is not printed");
            for (uri, pairs, allowed) in [
                ("/?token=abcdefgh", &[][..], Some(true)),
                ("/?a=b&token=abcdefgh", &[], Some(true)),
                ("/?token=abcdefgi", &[], None),
                ("/?token=abcdefg", &[], None),
                ("/?once=abcdefgh", &[], None),
                ("/", &[], None),
                ("/", &[("authorization", "Bearer abcdefgh")], Some(false)),
                ("/", &[("authorization", "Bearer abcdefghi")], None),
                ("/", &[("cookie", "a=b; any2any_token_80=abcdefgh")], Some(false)),
                ("/", &[("cookie", "any2any_token_81=abcdefgh")], None),
                ("/", &[("cookie", "any2any_token_80=")], None),
            ] {
                let pairs = [&[("host", "localhost")], pairs].concat();
                let checked = access.check(&uri.parse().expect("a path"), &headers(&pairs)).ok();
                assert_eq!(checked.map(|cookie| cookie.is_some()), allowed, "{uri} {pairs:?}");
            }
        }
        let elsewhere = access([0, 0, 0, 0], &token, &[]);
        let by_name = headers(&[("host", "models.example"), ("authorization", "Bearer abcdefgh")]);
        assert!(elsewhere.check(&Uri::from_static("/"), &by_name).is_ok(), "a server has names");
        let drawn = [
            access([127, 0, 0, 1], &AccessToken::Drawn, &[]).query(),
            elsewhere.query_once().expect("drawn"),
        ];
        assert!(drawn[0].len() == "?token=".len() + 64 && drawn[1].len() == "?once=".len() + 64, "{drawn:?}");
    }

    #[test]
    fn a_link_opens_once_and_the_newest_alone() {
        let access = access([127, 0, 0, 1], &AccessToken::Drawn, &[]);
        let opens = |query: &str| {
            let uri = format!("/{query}").parse().expect("a path");
            access.check(&uri, &headers(&[("host", "localhost")])).is_ok_and(|cookie| cookie.is_some())
        };
        let [first, second] = [access.query_once().expect("drawn"), access.query_once().expect("drawn")];
        assert_ne!(first, second);
        assert!(!opens(&first));
        assert!(opens(&second));
        assert!(!opens(&second));
        let late = access.query_once().expect("drawn");
        let made = Instant::now().checked_sub(PATIENCE).expect("the clock runs for longer");
        if let Some(once) = access.once().as_mut() {
            once.1 = made;
        }
        assert!(!opens(&late));
    }

    #[test]
    fn pages_of_named_sites_ask_with_the_token_itself() {
        let token = AccessToken::Given("abcdefgh".parse().expect("a token"));
        let named = access([127, 0, 0, 1], &token, &["https://example.org"]);
        let any = access([127, 0, 0, 1], &token, &["*"]);
        let bearer = ("authorization", "Bearer abcdefgh");
        let cookie = ("cookie", "any2any_token_80=abcdefgh");
        let cross = ("sec-fetch-site", "cross-site");
        for (access, origin, carried, allowed) in [
            (&named, "https://example.org", bearer, true),
            (&named, "https://example.org", cookie, false),
            (&named, "https://example.org:8443", bearer, false),
            (&named, "http://localhost", cookie, true),
            (&any, "https://other.example", bearer, true),
            (&any, "http://localhost:81", cookie, false),
            (&any, "http://localhost", cookie, true),
            (&any, "null", bearer, true),
        ] {
            let own = if origin == "http://localhost" { ("sec-fetch-site", "same-origin") } else { cross };
            let pairs = headers(&[("host", "localhost"), ("origin", origin), own, carried]);
            assert_eq!(access.check(&Uri::from_static("/"), &pairs).is_ok(), allowed, "{origin} {carried:?}");
        }
    }
}
