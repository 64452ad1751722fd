//! The encoder of `--effort max`, on a real function and judged by Python's zlib.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use lambda_slim::archive::{Archive, Limits};
use lambda_slim::deflate::{Effort, compress};

mod support;
use support::skip::skip;

/// Inflates stdin, raw; fails where anything follows the stream.
const INFLATE: &str = "
import sys, zlib
inflater = zlib.decompressobj(-15)
data = inflater.decompress(sys.stdin.buffer.read()) + inflater.flush()
assert inflater.eof and not inflater.unused_data
sys.stdout.buffer.write(data)
";

/// What Python's zlib reads from `stream`, where there is a Python.
fn inflated_by_python(stream: &[u8]) -> Option<Vec<u8>> {
    let mut python = Command::new("python3");
    python.args(["-I", "-c", INFLATE]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = python.spawn() else {
        skip("python's zlib", "no python3 here");
        return None;
    };
    child.stdin.take().expect("it was asked for").write_all(stream).expect("python reads all before it writes");
    let output = child.wait_with_output().expect("python ends");
    assert!(output.status.success(), "python refuses the stream");
    Some(output.stdout)
}

#[test]
fn a_real_function_comes_back_from_zlib_and_is_half_a_percent_smaller_than_by_libdeflate() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/packages/hello-cargo-lambda.zip");
    let zip = std::fs::read(path).expect("the package lies there");
    let archive = Archive::parse(&zip, &Limits::default()).expect("a sound zip");
    let entry = archive.entries().iter().max_by_key(|entry| entry.uncompressed_size()).expect("it has a program");
    let data = entry.read().expect("a sound entry");
    let stream = compress(&data, Effort::Max);
    let default = compress(&data, Effort::Default).len();
    assert!(stream.len() + default / 200 <= default, "{} bytes, default {default}", stream.len());
    if let Some(output) = inflated_by_python(&stream) {
        assert!(output == *data, "python reads other bytes");
    }
}

#[test]
fn what_only_libdeflate_finds_is_not_lost() {
    // Strings of two letters: their many long matches are not all looked at.
    let mut seed = 1u32;
    let mut letter = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + (seed >> 31) as u8
    };
    for size in [0, 1, 10, 1_000, 100_000] {
        let data: Vec<u8> = (0..size).map(|_| letter()).collect();
        let (stream, default) = (compress(&data, Effort::Max), compress(&data, Effort::Default));
        assert!(stream.len() <= default.len(), "{size} bytes: {}, default {}", stream.len(), default.len());
        if let Some(output) = inflated_by_python(&stream) {
            assert!(output == data, "python reads other bytes of {size}");
        }
    }
}

#[test]
fn mutated_programs_are_read_back() {
    // This test's own program: machine code, tables and text.
    let program = std::fs::read(std::env::current_exe().expect("a program")).expect("it can be read");
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as usize
    };
    for round in 0..100 {
        let size = next() % 60_000;
        let from = next() % (program.len() - size);
        let mut data = program[from..from + size].to_vec();
        for _ in 0..next() % 30 {
            let (at, length) = (next() % (data.len() + 1), next() % 2_000);
            let end = (at + length).min(data.len());
            match next() % 4 {
                0 => data[at..end].fill(next() as u8),
                1 => data[at..end].iter_mut().for_each(|byte| *byte ^= next() as u8),
                2 => data.extend_from_within(at..end),
                _ => drop(data.drain(at..end)),
            }
        }
        let stream = compress(&data, Effort::Max);
        let mut output = vec![];
        let read = flate2::read::DeflateDecoder::new(&stream[..]).read_to_end(&mut output);
        assert!(read.is_ok() && output == data, "round {round}: {read:?}");
    }
}
