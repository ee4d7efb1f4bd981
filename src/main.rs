//! The `punctual` binary: see the library.

fn main() -> std::process::ExitCode {
    punctual::main()
}
