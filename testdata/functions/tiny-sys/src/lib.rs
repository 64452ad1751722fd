//! `tiny`: an LZ77 compressor, CRC-32 and a byte sum, in C and assembly, with the thin Rust face of a `-sys` crate.

use std::ffi::c_int;

unsafe extern "C" {
    fn tiny_compress_bound(length: usize) -> usize;
    fn tiny_compress(input: *const u8, length: usize, output: *mut u8, capacity: usize) -> usize;
    fn tiny_decompress(input: *const u8, length: usize, output: *mut u8, capacity: usize) -> usize;
    fn tiny_crc32(seed: u32, input: *const u8, length: usize) -> u32;
    fn tiny_self_check() -> c_int;
    fn tiny_sum_bytes(input: *const u8, length: usize) -> u64;
}

/// The packed bytes, or nothing if the C side found its tables wrong or the room too small.
pub fn compress(input: &[u8]) -> Option<Vec<u8>> {
    // SAFETY: `output` has as many writable bytes as it says, `input` as many readable ones.
    unsafe {
        if tiny_self_check() == 0 {
            return None;
        }
        let mut output = vec![0; tiny_compress_bound(input.len())];
        let written = tiny_compress(input.as_ptr(), input.len(), output.as_mut_ptr(), output.len());
        output.truncate(written);
        (written > 0).then_some(output)
    }
}

/// The bytes that `compress` was given, if there were no more than `capacity` of them.
pub fn decompress(input: &[u8], capacity: usize) -> Option<Vec<u8>> {
    let mut output = vec![0; capacity];
    // SAFETY: as in `compress`.
    let written = unsafe { tiny_decompress(input.as_ptr(), input.len(), output.as_mut_ptr(), output.len()) };
    if written > capacity {
        return None;
    }
    output.truncate(written);
    Some(output)
}

/// The CRC-32 that zip and zlib use.
pub fn crc32(input: &[u8]) -> u32 {
    // SAFETY: `input` has as many readable bytes as it says.
    unsafe { tiny_crc32(0, input.as_ptr(), input.len()) }
}

/// The sum of all bytes.
pub fn sum(input: &[u8]) -> u64 {
    // SAFETY: as in `crc32`.
    unsafe { tiny_sum_bytes(input.as_ptr(), input.len()) }
}
