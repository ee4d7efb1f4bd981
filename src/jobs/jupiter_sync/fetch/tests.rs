use reqwest::header::HeaderMap;

use super::*;
use crate::jobs::jupiter_sync::fixtures::context;

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

#[test]
fn the_key_is_for_the_apis_own_origin_and_not_for_the_clear() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let context = context(&directory, Some("key"));
    let sees = |api: &str, asked: &str| {
        let api = url(api);
        let key = context.secrets.get("any");
        let fetcher = Fetcher::new(&context, &api, key).expect("a key of the usual characters");
        fetcher.may_see_key(&url(asked))
    };
    assert!(sees("https://api.jup.ag", "https://api.jup.ag/tokens/v2/tag"));
    assert!(sees("http://127.0.0.1:8080", "http://127.0.0.1:8080/x"));
    assert!(sees("http://localhost:8080", "http://localhost:8080/x"));
    assert!(!sees("http://api.jup.ag", "http://api.jup.ag/x"), "in clear over a network");
    assert!(!sees("https://api.jup.ag", "http://api.jup.ag/x"));
    assert!(!sees("https://api.jup.ag", "https://api.jup.ag.example.com/x"));
    assert!(!sees("https://api.jup.ag", "https://api.jup.ag:8443/x"));
    assert!(!sees("https://api.jup.ag", "https://example.com/x"));
    assert!(!sees("http://127.0.0.1:8080", "http://127.0.0.1:8081/x"));
}

#[test]
fn a_url_is_shown_without_what_may_be_a_secret() {
    let shown_url = shown(&url("https://user:s3cr3t@example.com:8/a%1b/b?key=s3cr3t#s3cr3t"));
    assert_eq!(shown_url, "https://example.com:8/a%1b/b");
}

#[test]
fn a_429_is_waited_for_as_long_as_the_later_header_says() {
    let clock = Clock::System;
    let check = |headers: &[(&'static str, String)], expected: Option<u64>| {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value")))
            .collect();
        // The present second is under way already.
        let wait = asked_to_wait(&headers, &clock).map(|wait| wait.as_secs_f64().ceil() as u64);
        assert_eq!(wait, expected, "{headers:?}");
    };
    let now = clock.now().since_epoch().as_secs();
    let reset = |seconds: u64| ("x-ratelimit-reset", seconds.to_string());
    let retry = |text: &str| ("retry-after", text.to_owned());
    let date = |seconds: u64| {
        httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(seconds))
    };
    check(&[], None);
    check(&[reset(now + 30)], Some(30));
    check(&[retry("7")], Some(7));
    check(&[reset(now + 30), retry("7")], Some(30));
    check(&[reset(now + 5), retry("60")], Some(60));
    check(&[retry(&date(now + 20))], Some(20));
    // Nonsense: in the past, milliseconds, text, beyond all patience.
    check(&[reset(now - 10)], None);
    check(&[reset(now * 1000)], None);
    check(&[reset(now + 3600)], None);
    check(&[("x-ratelimit-reset", "soon".to_owned()), retry("-1")], None);
    check(&[retry("9999999999999999999999")], None);
    check(&[retry(&date(now - 20)), reset(now + 3)], Some(3));
}
