//! Who may ask a server: with a token, from which page, under which name; and how the browser is let in.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, Instant};

use any2any_server::{AccessToken, Options, Server};

use crate::support::served::{Served, options, workshop};
use crate::support::started::Started;

const TOKEN: &str = "a-chosen_token.1";

fn chosen() -> AccessToken {
    AccessToken::Given(TOKEN.parse().expect("a token"))
}

#[test]
fn another_site_and_another_name_are_refused() {
    let served = Served::with(options());
    for (headers, status) in [
        ("host: 127.0.0.1:1\r\n", 200),
        ("host: [::1]\r\n", 200),
        ("host: rebound.example\r\n", 403),
        ("host: localhost\r\norigin: https://example.org\r\n", 403),
        ("host: localhost\r\norigin: http://localhost\r\n", 200),
        ("host: localhost\r\nsec-fetch-site: cross-site\r\n", 403),
    ] {
        assert_eq!(served.send("GET", "/api/runs", headers, b"").status, status, "{headers}");
    }
}

#[test]
fn a_token_is_asked_for_on_this_machine_and_elsewhere() {
    for host in [Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED] {
        let served = Served::with(Options { token: AccessToken::Drawn, host: IpAddr::V4(host), ..options() });
        let (_, token) = served.url.split_once("?token=").expect("the address has the token");
        let refused = served.get("/api/runs");
        assert_eq!(refused.status, 401);
        assert!(refused.head.contains("www-authenticate: bearer"), "{}", refused.head);
        let login = served.get("/");
        assert!(login.status == 401 && login.body.contains("<form action=\"/\">"), "{}", login.body);
        assert!(login.head.contains("www-authenticate: bearer"), "{}", login.head);
        assert_eq!(served.get("/?token=guessed").status, 401);
        assert_eq!(served.get("/?once=guessed").status, 401);
        assert_eq!(served.get("/health").status, 200);
        let page = served.get(&format!("/?token={token}"));
        assert!(page.status == 200 && page.body.contains("importmap"));
        let name = format!("any2any_token_{}", served.address.port());
        let cookie = format!("set-cookie: {name}={token}; path=/; httponly; samesite=lax");
        assert!(page.head.contains(&cookie), "{}", page.head);
        for headers in [format!("cookie: {name}={token}\r\n"), format!("authorization: Bearer {token}\r\n")] {
            assert_eq!(served.send("GET", "/api/runs", &headers, b"").status, 200);
        }
    }
}

#[test]
fn pages_of_named_sites_may_ask_and_no_others() {
    let origins = vec!["https://example.org".parse().expect("an origin")];
    let served = Served::with(Options { token: chosen(), origins, ..options() });
    let preflight = |origin: &str| {
        let asked = "access-control-request-method: POST\r\naccess-control-request-headers: authorization\r\n\
                     access-control-request-private-network: true\r\n";
        served.send("OPTIONS", "/api/translate", &format!("origin: {origin}\r\n{asked}"), b"")
    };
    let allowed = preflight("https://example.org");
    for header in [
        "access-control-allow-origin: https://example.org",
        "access-control-allow-methods: get,post",
        "access-control-allow-headers: authorization,content-type",
        "access-control-allow-private-network: true",
    ] {
        assert!(allowed.status == 200 && allowed.head.contains(header), "{header}: {}", allowed.head);
    }
    assert!(!preflight("https://other.example").head.contains("access-control-allow-origin"));
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    let ask = |origin: &str, with: &str| {
        let headers =
            format!("origin: {origin}\r\nsec-fetch-site: cross-site\r\nsec-fetch-mode: cors\r\n{with}");
        served.send("GET", "/api/runs", &headers, b"")
    };
    let answered = ask("https://example.org", &bearer);
    assert_eq!(answered.status, 200);
    assert!(answered.head.contains("access-control-allow-origin: https://example.org"), "{}", answered.head);
    // A page must be able to read why it is refused.
    let refused = ask("https://example.org", "");
    assert_eq!(refused.status, 401);
    assert!(refused.head.contains("access-control-allow-origin: https://example.org"), "{}", refused.head);
    assert_eq!(ask("https://other.example", &bearer).status, 403);
}

#[test]
fn every_page_of_every_site_without_a_token_is_too_many() {
    let origins = vec!["*".parse().expect("an origin")];
    let error = Server::bind(Options { origins, ..options() }).err().expect("refused").to_string();
    assert!(error.contains("every page that somebody opens could ask"), "{error}");
    let command = ["serve", "run", "--no-token", "--cors", "*"];
    let refused = workshop().run(&command);
    assert!(refused.code == Some(1) && refused.stderr.contains("(`--cors SITE`"), "{}", refused.stderr);
}

#[test]
fn a_chosen_token_is_not_printed_and_none_is_asked_for_without() {
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    let of_option = Started::new(&mut workshop().command(&["serve", "run", "--token", TOKEN]));
    let of_environment = Started::new(workshop().command(&["serve", "run"]).env("ANY2ANY_TOKEN", TOKEN));
    for started in [of_option, of_environment] {
        assert!(!started.line.contains("token"), "{}", started.line);
        assert_eq!(started.get("/api/runs", "").status, 401);
        assert_eq!(started.get("/api/runs", &bearer).status, 200);
    }
    let open = Started::new(workshop().command(&["serve", "run", "--no-token"]).env("ANY2ANY_TOKEN", TOKEN));
    assert_eq!(open.get("/api/runs", "").status, 200);
    for (options, said) in
        [(["--token", "short"], "8 to 256"), (["--cors", "example.org"], "https://example.org:8443")]
    {
        let refused = workshop().run(&[&["serve", "run"], &options[..]].concat());
        assert!(refused.code == Some(2) && refused.stderr.contains(said), "{}", refused.stderr);
    }
}

/// Writes down what it is started with, as a browser would read it.
#[cfg(target_os = "linux")]
const BROWSER: &str = "#!/bin/sh\ncp -p \"$1\" \"$OPENED.copied\"\necho \"$1\" > \"$OPENED\"\n";

#[test]
#[cfg(target_os = "linux")]
fn the_browser_is_let_in_by_a_file_that_works_once() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let [program, opened] = ["xdg-open", "opened"].map(|name| folder.path().join(name));
    std::fs::write(&program, BROWSER).expect("written");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("its own");
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").expect("a path"));
    let mut started =
        Started::new(workshop().command(&["explore", "run"]).env("PATH", path).env("OPENED", &opened));
    let ends = Instant::now() + Duration::from_secs(20);
    while !opened.exists() && Instant::now() < ends {
        std::thread::sleep(Duration::from_millis(20));
    }
    let argument = std::fs::read_to_string(&opened).expect("the browser was started");
    let file = Path::new(argument.trim());
    let mode = std::fs::metadata(file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "others read nothing");
    let page = std::fs::read_to_string(file).expect("a page");
    let code = page.split("?once=").nth(1).and_then(|rest| rest.get(..64)).expect("a code");
    let token = started.line.split("?token=").nth(1).expect("a token").to_owned();
    assert!(!page.contains(&token) && !argument.contains(code), "{argument}");
    let let_in = started.get(&format!("/?once={code}"), "");
    assert!(let_in.status == 200 && let_in.head.contains(&format!("={token};")), "{}", let_in.head);
    assert_eq!(started.get(&format!("/?once={code}"), "").status, 401);
    // Stopped, the program takes the file away.
    assert!(started.stop("-INT").success());
    assert!(!file.exists());
}
