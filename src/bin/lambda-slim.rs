//! `lambda-slim`: see the library's `cli` room.

fn main() -> std::process::ExitCode {
    lambda_slim::cli::run(std::env::args_os())
}
