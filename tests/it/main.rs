//! Tests of the built binary and of the repository's files, in one binary.

mod bad_days;
mod captures;
mod cli;
mod config;
mod daemon;
mod daemon_control;
mod daemon_http;
mod daemon_init;
mod daemon_notify;
mod docs;
mod exposition;
mod frame;
mod generated;
mod hello;
mod history;
mod logs;
mod mem_report;
mod next;
mod output;
mod pings;
mod sandbox;
mod server;
mod sync;
mod tidy;
mod tokens;
mod walkthrough;
