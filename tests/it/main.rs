//! Tests of the built binary and of the repository's files, in one binary.

mod hello;
mod sandbox;
