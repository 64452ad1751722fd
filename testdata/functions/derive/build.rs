//! Writes `primes.rs`: a table of the first 2,048 primes, as a `static`, and a function that reads it.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

fn main() {
    let primes: Vec<u32> = (2_u32..)
        .filter(|&n| (2..).take_while(|d| d * d <= n).all(|d| n % d != 0))
        .take(2048)
        .collect();
    let mut code = format!("pub(crate) static PRIMES: [u32; {}] = [", primes.len());
    for prime in &primes {
        write!(code, "{prime}, ").expect("writing to a String");
    }
    code.push_str(
        "];\n\n#[inline(never)]\npub(crate) fn prime(index: usize) -> Option<u32> {\n    PRIMES.get(index).copied()\n}\n",
    );
    let out_dir = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    fs::write(Path::new(&out_dir).join("primes.rs"), code).expect("OUT_DIR is writable");
    println!("cargo::rerun-if-changed=build.rs");
}
