/* LZ77 with a hash chain and Elias-gamma-like lengths.
 *
 * Format: a sequence of tokens. Control byte c:
 *   c < 0x80   c + 1 literal bytes follow
 *   c >= 0x80  a match: length class c & 0x1f (see `length_base`), offset class (c >> 5) & 3 (see `offset_base`),
 *              then the extra bytes of the length, then those of the offset, least significant first
 */
#include "tiny.h"

#include <string.h>

enum {
    HASH_BITS = 12,
    HASH_SIZE = 1 << HASH_BITS,
    WINDOW = 1 << 16,
    MIN_MATCH = 4,
    MAX_LITERALS = 128,
    MAX_CHAIN = 48,
    CLASSES = 32
};

static const uint16_t length_base[CLASSES] = {
    4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,  17,  18,  19,
    20, 22, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256, 512,
};

static const uint8_t length_extra[CLASSES] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2,
};

static const uint32_t offset_base[4] = {1, 17, 273, 4369};
static const uint8_t offset_extra[4] = {1, 1, 2, 2};

struct window {
    int32_t head[HASH_SIZE];
    int32_t previous[WINDOW];
};

struct match {
    size_t length;
    size_t offset;
};

struct sink {
    uint8_t *bytes;
    size_t used;
    size_t capacity;
    int full;
};

static uint32_t hash_of(const uint8_t *at) {
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return (word * 2654435761u) >> (32 - HASH_BITS);
}

static void put(struct sink *sink, uint8_t byte) {
    if (sink->used == sink->capacity) {
        sink->full = 1;
        return;
    }
    sink->bytes[sink->used++] = byte;
}

static void put_extra(struct sink *sink, uint32_t value, unsigned bytes) {
    while (bytes-- > 0) {
        put(sink, (uint8_t)value);
        value >>= 8;
    }
}

static void put_literals(struct sink *sink, const uint8_t *from, size_t count) {
    while (count > 0) {
        size_t run = count < MAX_LITERALS ? count : MAX_LITERALS;
        put(sink, (uint8_t)(run - 1));
        for (size_t i = 0; i < run; i++) {
            put(sink, from[i]);
        }
        from += run;
        count -= run;
    }
}

static unsigned length_class(size_t length) {
    unsigned found = 0;
    for (unsigned i = 0; i < CLASSES; i++) {
        if (length_base[i] <= length) {
            found = i;
        }
    }
    return found;
}

static unsigned offset_class(size_t offset) {
    unsigned found = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (offset_base[i] <= offset) {
            found = i;
        }
    }
    return found;
}

/* Shortens `length` until its class can say it: a class without extra bytes says only its base. */
static size_t sayable_length(size_t length) {
    unsigned class = length_class(length);
    size_t most = length_base[class];
    if (length_extra[class] > 0) {
        most += ((size_t)1 << (8 * length_extra[class])) - 1;
    }
    return length < most ? length : most;
}

static int sayable_offset(size_t offset) {
    unsigned class = offset_class(offset);
    return offset - offset_base[class] < ((size_t)1 << (8 * offset_extra[class]));
}

static void put_match(struct sink *sink, struct match match) {
    unsigned lengths = length_class(match.length);
    unsigned offsets = offset_class(match.offset);
    put(sink, (uint8_t)(0x80u | (offsets << 5) | lengths));
    put_extra(sink, (uint32_t)(match.length - length_base[lengths]), length_extra[lengths]);
    put_extra(sink, (uint32_t)(match.offset - offset_base[offsets]), offset_extra[offsets]);
}

static size_t common_length(const uint8_t *a, const uint8_t *b, const uint8_t *end) {
    size_t length = 0;
    while (b + length < end && a[length] == b[length]) {
        length++;
    }
    return length;
}

static struct match longest_match(const struct window *window, const uint8_t *input, size_t at, size_t length) {
    struct match best = {0, 0};
    int32_t candidate = window->head[hash_of(input + at)];
    for (int tries = 0; candidate >= 0 && tries < MAX_CHAIN; tries++) {
        size_t offset = at - (size_t)candidate;
        if (offset >= WINDOW) {
            break;
        }
        if (sayable_offset(offset)) {
            size_t here = common_length(input + candidate, input + at, input + length);
            if (here > best.length) {
                best.length = here;
                best.offset = offset;
            }
        }
        candidate = window->previous[candidate & (WINDOW - 1)];
    }
    return best;
}

static void remember(struct window *window, const uint8_t *input, size_t at) {
    uint32_t hash = hash_of(input + at);
    window->previous[at & (WINDOW - 1)] = window->head[hash];
    window->head[hash] = (int32_t)at;
}

size_t tiny_compress_bound(size_t length) {
    return length + length / MAX_LITERALS + 2;
}

size_t tiny_compress(const uint8_t *input, size_t length, uint8_t *output, size_t capacity) {
    static _Thread_local struct window window;
    struct sink sink = {output, 0, capacity, 0};
    size_t at = 0;
    size_t literals_from = 0;

    memset(window.head, 0xff, sizeof window.head);
    while (at + MIN_MATCH <= length) {
        struct match match = longest_match(&window, input, at, length);
        if (match.length < MIN_MATCH) {
            remember(&window, input, at);
            at++;
            continue;
        }
        match.length = sayable_length(match.length);
        put_literals(&sink, input + literals_from, at - literals_from);
        put_match(&sink, match);
        for (size_t end = at + match.length; at < end; at++) {
            if (at + MIN_MATCH <= length) {
                remember(&window, input, at);
            }
        }
        literals_from = at;
    }
    put_literals(&sink, input + literals_from, length - literals_from);
    return sink.full ? 0 : sink.used;
}

static int take_extra(const uint8_t **at, const uint8_t *end, unsigned bytes, uint32_t *value) {
    uint32_t read = 0;
    if ((size_t)(end - *at) < bytes) {
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++) {
        read |= (uint32_t)(*at)[i] << (8 * i);
    }
    *at += bytes;
    *value = read;
    return 1;
}

size_t tiny_decompress(const uint8_t *input, size_t length, uint8_t *output, size_t capacity) {
    const uint8_t *end = input + length;
    size_t used = 0;
    while (input < end) {
        uint8_t control = *input++;
        if (control < 0x80) {
            size_t run = (size_t)control + 1;
            if ((size_t)(end - input) < run || capacity - used < run) {
                return TINY_ERROR;
            }
            memcpy(output + used, input, run);
            input += run;
            used += run;
            continue;
        }
        unsigned lengths = control & 0x1f;
        unsigned offsets = (control >> 5) & 3;
        uint32_t more_length;
        uint32_t more_offset;
        if (!take_extra(&input, end, length_extra[lengths], &more_length)
            || !take_extra(&input, end, offset_extra[offsets], &more_offset)) {
            return TINY_ERROR;
        }
        size_t count = (size_t)length_base[lengths] + more_length;
        size_t offset = (size_t)offset_base[offsets] + more_offset;
        if (offset > used || capacity - used < count) {
            return TINY_ERROR;
        }
        for (size_t i = 0; i < count; i++, used++) {
            output[used] = output[used - offset];
        }
    }
    return used;
}
