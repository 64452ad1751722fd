/* tiny: an LZ77 compressor, CRC-32 and a byte sum. Test material: small, but real code with real tables. */
#ifndef TINY_H
#define TINY_H

#include <stddef.h>
#include <stdint.h>

#define TINY_ERROR ((size_t)-1)

/* The most bytes that `length` bytes can pack to. */
size_t tiny_compress_bound(size_t length);
/* Packs; returns the bytes written, 0 if `capacity` is too small. */
size_t tiny_compress(const uint8_t *input, size_t length, uint8_t *output, size_t capacity);
/* Unpacks; returns the bytes written, TINY_ERROR if the input is damaged or `capacity` too small. */
size_t tiny_decompress(const uint8_t *input, size_t length, uint8_t *output, size_t capacity);
/* CRC-32 as in zip, going on from `seed`. */
uint32_t tiny_crc32(uint32_t seed, const uint8_t *input, size_t length);
/* 1 if the built-in tables agree with the polynomial that made them. */
int tiny_self_check(void);
/* The sum of all bytes. Assembly on x86-64. */
uint64_t tiny_sum_bytes(const uint8_t *input, size_t length);

#endif
