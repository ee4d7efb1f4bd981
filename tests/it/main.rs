//! Tests of the built binary and of the repository's files, in one binary.

mod bad_days;
mod captures;
mod generated;
mod hello;
mod sandbox;
mod server;
mod sync;
mod tidy;
mod tokens;
mod walkthrough;
