//! Tests of the built binary and of the repository's files, in one binary.

mod generated;
mod hello;
mod sandbox;
mod tidy;
mod walkthrough;
