//! `exp`, `ln` and the normal quantile from IEEE additions, multiplications and divisions alone.
//!
//! The platform's own `exp` and `ln` may differ in the last bit between hosts; the same input has to give the same
//! report on each of them. Accurate to about 1e-9 (relative), far below what the model knows.

use std::f64::consts::{LN_2, SQRT_2};

/// The standard normal's 90th percentile: how many standard deviations p90 lies above p50.
pub(super) const Z90: f64 = 1.281_551_565_544_600_4;

/// Milliseconds of a month of 365.25 / 12 days.
pub(super) const MONTH_MS: f64 = 2_629_800_000.0;

/// e to the power of `x`; `x` is held within -700..=700, where the result is a normal number.
pub(super) fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let twos = (x / LN_2).round();
    let rest = x - twos * LN_2;
    // |rest| <= ln(2)/2, so 14 terms of the series reach the last bit.
    let series = (1..=14).rev().fold(1.0, |sum, divisor| 1.0 + rest / f64::from(divisor) * sum);
    series * power_of_two(twos as i64)
}

/// The natural logarithm of a positive normal number; smaller numbers count as the smallest normal number.
pub(super) fn ln(x: f64) -> f64 {
    let bits = x.max(f64::MIN_POSITIVE).to_bits();
    let mut exponent = (bits >> 52) as i64 - 1023;
    let mut mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    if mantissa > SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    // ln(m) = 2 artanh((m - 1) / (m + 1)); the argument stays below 0.172, so 12 odd terms reach the last bit.
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let square = t * t;
    let series = (0..12).rev().fold(0.0, |sum, k| sum * square + 1.0 / f64::from(2 * k + 1));
    2.0 * t * series + exponent as f64 * LN_2
}

/// `base` to the power of `exponent`; 0 where `base` is not positive.
pub(super) fn power(base: f64, exponent: f64) -> f64 {
    if base > 0.0 { exp(exponent * ln(base)) } else { 0.0 }
}

/// The standard normal's quantile at `share`, strictly between 0 and 1.
///
/// Rational approximation by P. J. Acklam (2003), relative error below 1.15e-9 over the whole range.
pub(super) fn normal_quantile(share: f64) -> f64 {
    const CENTRE_TOP: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const CENTRE_BOTTOM: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const TAIL_TOP: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const TAIL_BOTTOM: [f64; 5] =
        [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416, 1.0];
    const TAIL: f64 = 0.02425;

    if share < TAIL {
        let q = (-2.0 * ln(share)).sqrt();
        return polynomial(&TAIL_TOP, q) / polynomial(&TAIL_BOTTOM, q);
    }
    if share > 1.0 - TAIL {
        return -normal_quantile(1.0 - share);
    }
    let q = share - 0.5;
    let square = q * q;
    q * polynomial(&CENTRE_TOP, square) / polynomial(&CENTRE_BOTTOM, square)
}

/// Highest power first.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

fn power_of_two(exponent: i64) -> f64 {
    let biased = (exponent + 1023).clamp(1, 2046);
    f64::from_bits((biased as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The judge is the platform's library, which nothing here uses.
    #[test]
    fn exp_and_ln_agree_with_the_platform() {
        for step in -2000..=2000 {
            let x = f64::from(step) * 0.31;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "exp({x})");
            assert!((ln(x.exp()) - x).abs() < 1e-12 * x.abs().max(1.0), "ln(exp({x}))");
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(ln(1.0), 0.0);
    }

    // Reference values: Python 3 statistics.NormalDist().inv_cdf.
    #[test]
    fn normal_quantile_agrees_with_published_values() {
        for (share, expected) in [
            (0.5, 0.0),
            (0.9, Z90),
            (0.99, 2.326_347_874_040_840_8),
            (0.001, -3.090_232_306_167_813_5),
            (0.000_05, -3.890_591_886_413_094),
            (0.3, -0.524_400_512_708_040_9),
        ] {
            assert!((normal_quantile(share) - expected).abs() < 1e-8, "{share}");
        }
    }
}
