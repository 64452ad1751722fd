/* The byte sum where there is no assembly for it. */
#include "tiny.h"

uint64_t tiny_sum_bytes(const uint8_t *input, size_t length) {
    uint64_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum += input[i];
    }
    return sum;
}
