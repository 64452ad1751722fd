#!/usr/bin/env python3
"""What a caught panic costs after each rewrite of unwind tables. Run by hand, on a quiet machine:

    python3 tests/bench/panics.py target/release/lambda-slim [--depth 20] [--fat]

Builds a program with lambda_runtime and tokio that panics so many frames down, each with two values to drop, and catches it, 2,000 times in
each of five rounds; then slims it in several ways. Prints the zip's bytes and the fastest round's nanoseconds per panic.
"""

import argparse
import os
import subprocess
import tempfile
import zipfile

MANIFEST = """[package]
name = "panics"
version = "0.1.0"
edition = "2021"
[dependencies]
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
serde_json = "1"
lambda_runtime = "1"
[workspace]
"""

MAIN = r"""
use std::hint::black_box;
use std::panic;

#[inline(never)]
fn deep(left: u32, kept: &mut Vec<String>) -> usize {
    let text = format!("{left}");
    if left == 0 {
        let nothing: Option<usize> = black_box(None);
        kept.push(text.clone());
        panic!("bottom {nothing:?}");
    }
    let below = deep(left - 1, kept);
    kept.push(text);
    black_box(below + kept.len())
}

async fn answer(event: lambda_runtime::LambdaEvent<serde_json::Value>) -> Result<serde_json::Value, lambda_runtime::Error> {
    Ok(event.payload)
}

fn main() {
    if std::env::var("AWS_LAMBDA_RUNTIME_API").is_ok() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async { lambda_runtime::run(lambda_runtime::service_fn(answer)).await.unwrap() });
    }
    panic::set_hook(Box::new(|_| {}));
    let depth: u32 = std::env::args().nth(1).unwrap().parse().unwrap();
    let round = || {
        let start = std::time::Instant::now();
        for _ in 0..2000 {
            let _ = black_box(panic::catch_unwind(|| deep(depth, &mut Vec::new())));
        }
        start.elapsed().as_nanos() / 2000
    };
    println!("{}", (0..5).map(|_| round()).min().unwrap());
}
"""

WAYS = [
    ("strict", ["--level", "strict"]),
    ("default, not merged", ["--without", "merge-unwind"]),
    ("default", []),
    ("default, omit-unwind-index", ["--with", "omit-unwind-index"]),
    ("not merged, omit-unwind-index", ["--without", "merge-unwind", "--with", "omit-unwind-index"]),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("slim")
    parser.add_argument("--depth", default="20")
    parser.add_argument("--fat", action="store_true", help="build with fat LTO and one codegen unit")
    arguments = parser.parse_args()
    slim = os.path.abspath(arguments.slim)
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "src"))
        for path, text in [("Cargo.toml", MANIFEST), ("src/main.rs", MAIN)]:
            with open(os.path.join(folder, path), "w") as file:
                file.write(text)
        environment = dict(os.environ, CARGO_TARGET_DIR=os.path.join(folder, "target"))
        if arguments.fat:
            environment |= {"CARGO_PROFILE_RELEASE_LTO": "fat", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "1"}
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=folder, env=environment, check=True)
        program = os.path.join(folder, "target/release/panics")
        for name, flags in WAYS:
            output = os.path.join(folder, "out.zip")
            subprocess.run([slim, "slim", program, "-o", output, "-q", *flags], check=True, capture_output=True)
            with zipfile.ZipFile(output) as package:
                bootstrap = package.extract("bootstrap", folder)
            os.chmod(bootstrap, 0o755)
            panic = subprocess.run([bootstrap, arguments.depth], check=True, capture_output=True, text=True).stdout
            print(f"  {name:32} {os.path.getsize(output):>10,} bytes {int(panic):>9,} ns", flush=True)
            os.remove(output)


if __name__ == "__main__":
    main()
