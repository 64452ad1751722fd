//! C and assembly in the binary: tiny-sys (local, a few C files and one of assembly) and libz-sys (zlib, built from source).

use std::ffi::c_int;

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request {
    text: String,
}

#[derive(Serialize)]
struct Response {
    tiny_length: usize,
    tiny_round_trip: bool,
    tiny_crc32: u32,
    tiny_sum: u64,
    zlib_length: usize,
    zlib_crc32: u32,
}

async fn function_handler(event: LambdaEvent<Request>) -> Result<Response, Error> {
    let text = event.payload.text.as_bytes();
    let packed = tiny_sys::compress(text).ok_or("tiny_compress failed")?;
    let unpacked = tiny_sys::decompress(&packed, text.len()).ok_or("tiny_decompress failed")?;
    Ok(Response {
        tiny_length: packed.len(),
        tiny_round_trip: unpacked == text,
        tiny_crc32: tiny_sys::crc32(text),
        tiny_sum: tiny_sys::sum(text),
        zlib_length: zlib_compress(text)?.len(),
        zlib_crc32: zlib_crc32(text),
    })
}

fn zlib_compress(text: &[u8]) -> Result<Vec<u8>, Error> {
    // SAFETY: compressBound only computes.
    let mut length = unsafe { libz_sys::compressBound(text.len() as _) };
    let mut out = vec![0_u8; length as usize];
    // SAFETY: `out` has `length` writable bytes, `text` has `text.len()` readable ones.
    let code: c_int = unsafe { libz_sys::compress2(out.as_mut_ptr(), &mut length, text.as_ptr(), text.len() as _, 9) };
    if code != libz_sys::Z_OK {
        return Err(format!("zlib's compress2 returned {code}").into());
    }
    out.truncate(length as usize);
    Ok(out)
}

fn zlib_crc32(text: &[u8]) -> u32 {
    // SAFETY: `text` has `text.len()` readable bytes.
    unsafe { libz_sys::crc32(0, text.as_ptr(), text.len() as _) as u32 }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(function_handler)).await
}
