use clap::{Args as _, FromArgMatches as _};

use super::fixtures::context;
use super::fixtures::server::{Answer, Server};
use super::fixtures::tokens::list;
use super::*;

fn job(server: &Server) -> JupiterSync {
    let command = JupiterSync::augment_args(clap::Command::new("x"));
    let arguments = ["x", "--tags", "verified", "--api-url", &server.url()].map(str::to_owned);
    let matches = command.try_get_matches_from(arguments).expect("valid arguments");
    JupiterSync::from_arg_matches(&matches).expect("a job")
}

async fn run(server: &Server) -> Result<SyncReport> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let result = job(server).run(&context(&directory, None)).await;
    result.map_err(|failure| failure.error)
}

/// The limit is a second here, and thirty seconds in the program.
#[tokio::test(flavor = "multi_thread")]
async fn a_stall_in_mid_body_is_tried_again() {
    let stalled = Answer::ok(&list(0..60)[..9000]).then_stall();
    let server = Server::with([stalled, Answer::ok(list(0..60))]);
    let total = run(&server).await.expect("the second try gives all").total;
    assert_eq!((total.fetched, total.inserted + total.existing), (60, 60));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_for_ever_is_a_service_that_is_unavailable() {
    let server = Server::with([Answer::ok("[").then_stall()]);
    let error = run(&server).await.expect_err("it never ends");
    assert_eq!(error.exit(), Exit::Unavailable);
    assert!(error.chain().contains("sent nothing for 1s"), "{}", error.chain());
    assert_eq!(server.requests().len(), TRIES_MAX as usize);
}

#[test]
fn the_path_of_the_api_is_put_behind_whatever_path_the_url_has() {
    for (api, expected) in [
        ("https://api.jup.ag", "https://api.jup.ag/tokens/v2/tag?query=a%26b"),
        ("https://x/", "https://x/tokens/v2/tag?query=a%26b"),
        ("http://[::1]:8/p/q/", "http://[::1]:8/p/q/tokens/v2/tag?query=a%26b"),
    ] {
        let url = tag_url(&parse_api_url(api).expect("a URL"), "a&b").expect("a URL");
        assert_eq!(url.as_str(), expected);
    }
}

#[test]
fn lists_that_failed_alike_are_named_together() {
    let failed = |label: &str, exit, message: &str| (label.to_owned(), Error::new(exit, message));
    joined(Vec::new()).expect("nothing failed");
    let error = joined(vec![
        failed("tag a", Exit::Unavailable, "down"),
        failed("tag b", Exit::Protocol, "odd"),
        failed("tag c", Exit::Unavailable, "down"),
    ]);
    let error = error.expect_err("three failed");
    assert_eq!(error.chain(), "tag a, tag c: down; tag b: odd");
    assert_eq!(error.exit(), Exit::Unavailable);
}
