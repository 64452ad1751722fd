//! Logarithms in integers: floating point may differ by host, and with it the stream.

/// A bit, in the fixed point of this module.
pub(super) const ONE: u32 = 1 << 16;
/// Bits of the mantissa that are looked up.
const INDEX_BITS: u32 = 11;

/// log2(1 + i / 2^11) by squaring: each square doubles the logarithm, whose next bit is whether two was passed.
const FRACTIONS: [u16; 1 << INDEX_BITS] = {
    let mut table = [0; 1 << INDEX_BITS];
    let mut index = 0;
    while index < table.len() {
        let mut mantissa = ((1 << INDEX_BITS) + index as u64) << (31 - INDEX_BITS);
        let mut fraction: u16 = 0;
        let mut bit = 0;
        while bit < 16 {
            mantissa = (mantissa * mantissa) >> 31;
            fraction <<= 1;
            if mantissa >= 1 << 32 {
                fraction |= 1;
                mantissa >>= 1;
            }
            bit += 1;
        }
        table[index] = fraction;
        index += 1;
    }
    table
};

/// log2 of `value`, which is not zero, in units of 1 / 2^16, to 0.001.
#[inline(always)]
pub(super) const fn log2(value: u32) -> u32 {
    let leading = 31 - value.leading_zeros();
    let mantissa = ((value as u64) << INDEX_BITS >> leading) as usize & ((1 << INDEX_BITS) - 1);
    leading * ONE + FRACTIONS[mantissa] as u32
}

/// A bit in what [`times_log2`] gives.
pub(super) const PART: u64 = 1 << 8;

/// Products of small values, which most counts are.
static PRODUCTS: [u32; 1 << 12] = {
    let mut table = [0; 1 << 12];
    let mut value = 1;
    while value < table.len() {
        table[value] = product(value as u32) as u32;
        value += 1;
    }
    table
};

const fn product(value: u32) -> u64 {
    (value as u64 * log2(value) as u64) >> 8
}

/// `value` times its logarithm, in units of 1 / 2^8; 0 for 0.
#[inline(always)]
pub(super) fn times_log2(value: u32) -> u64 {
    match PRODUCTS.get(value as usize) {
        Some(&product) => product.into(),
        None => product(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_floating_point() {
        for value in (1..100_000).chain([1 << 20, 3 << 22, u32::MAX]) {
            let exact = f64::from(value).log2();
            let got = f64::from(log2(value)) / f64::from(ONE);
            assert!((exact - got).abs() < 1e-3, "{value}: {exact} or {got}");
        }
        assert_eq!((log2(1), log2(1024), times_log2(0), times_log2(8)), (0, 10 * ONE, 0, 24 * PART));
    }
}
