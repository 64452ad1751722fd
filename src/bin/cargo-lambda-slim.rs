//! `cargo lambda-slim`: the same program as `lambda-slim`, found by cargo under this name.

fn main() -> std::process::ExitCode {
    lambda_slim::cli::run(std::env::args_os())
}
