//! Floor and slopes from several functions and versions, by Bayes' rule around the prior.
//!
//! INIT: `ln(init) = ln(s) + ln(floor + touched * x + untouched * u)`, with one factor s for each program (its prior: the model's
//! scatter) and Gaussian priors on the three coefficients; maximised by Gauss-Newton steps, intervals from the curvature there.
//! Before INIT: `gap = placement + download * zip + unpack * unzipped`, which is linear, so exact.

use super::solve::Matrix;
use crate::estimate::arithmetic::{Z90, exp, ln};
use crate::estimate::draws::rounded;
use crate::estimate::interval::Interval;

const STEPS: usize = 30;
/// What a coefficient must not fall below while steps are taken.
const LEAST: f64 = 1e-3;

/// Median INIT of one version.
pub(super) struct InitPoint {
    /// Number of the program: points of one share their factor.
    pub(super) program: usize,
    /// Touched MB above the baseline.
    pub(super) touched_mb: f64,
    /// MB of the package that are not touched.
    pub(super) untouched_mb: f64,
    /// ln of the median in ms, and its standard deviation.
    pub(super) ln_init: f64,
    pub(super) sd: f64,
}

/// How many programs the prior's scatter counts for, against those at hand: judgement.
const SCATTER_PRIOR: f64 = 4.0;

/// Coefficients with their intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct InitFit {
    /// Standard deviation of ln of the programs' factors.
    pub(super) scatter_sd: f64,
    pub(super) floor: Interval,
    pub(super) touched: Interval,
    pub(super) untouched: Interval,
}

/// Standard deviation of a coefficient as if it were normal.
fn deviation(interval: Interval) -> f64 {
    ((interval.p90 - interval.p10) / (2.0 * Z90)).max(LEAST)
}

fn around(value: f64, sd: f64) -> Interval {
    let at = |value: f64| rounded(value.max(0.0));
    Interval { p10: at(value - Z90 * sd), p50: at(value), p90: at(value + Z90 * sd) }
}

/// `None` where the points do not determine a step.
pub(super) fn fit_init(points: &[InitPoint], programs: usize, prior: InitFit) -> Option<InitFit> {
    const OWN: usize = 3;
    let priors = [prior.floor, prior.touched, prior.untouched];
    let means = priors.map(|coefficient| coefficient.p50);
    let mut theta = vec![0.0; OWN + programs];
    theta[..OWN].copy_from_slice(&means);
    let size = theta.len();
    let mut curvature = None;
    let mut scatter_sd = prior.scatter_sd;
    for _ in 0..STEPS {
        let mut hessian = Matrix::new(size);
        let mut gradient = vec![0.0; size];
        for (index, coefficient) in priors.iter().enumerate() {
            let weight = deviation(*coefficient).powi(-2);
            hessian.add(index, index, weight);
            gradient[index] += weight * (means[index] - theta[index]);
        }
        for program in 0..programs {
            let weight = scatter_sd.powi(-2);
            hessian.add(OWN + program, OWN + program, weight);
            gradient[OWN + program] -= weight * theta[OWN + program];
        }
        for point in points {
            let explained = theta[0] + theta[1] * point.touched_mb + theta[2] * point.untouched_mb;
            let slopes = [
                (0, 1.0 / explained),
                (1, point.touched_mb / explained),
                (2, point.untouched_mb / explained),
                (OWN + point.program, 1.0),
            ];
            let weight = point.sd.powi(-2);
            let off = point.ln_init - theta[OWN + point.program] - ln(explained);
            for (row, one) in slopes {
                gradient[row] += weight * one * off;
                for (column, other) in slopes {
                    hessian.add(row, column, weight * one * other);
                }
            }
        }
        let decomposed = hessian.decompose()?;
        for (value, step) in theta.iter_mut().zip(decomposed.solve(&gradient)) {
            *value += step;
        }
        theta[0] = theta[0].max(1.0);
        theta[1] = theta[1].max(LEAST);
        theta[2] = theta[2].max(0.0);
        // The programs' factors tell how far programs scatter: an inverse gamma prior, at its mean.
        let squares: f64 = (0..programs).map(|at| theta[OWN + at].powi(2) + decomposed.variance(OWN + at)).sum();
        scatter_sd = ((SCATTER_PRIOR * prior.scatter_sd.powi(2) + squares) / (SCATTER_PRIOR + programs as f64)).sqrt();
        curvature = Some(decomposed);
    }
    let decomposed = curvature?;
    let of = |index: usize| around(theta[index], decomposed.variance(index).sqrt());
    Some(InitFit { scatter_sd, floor: of(0), touched: of(1), untouched: of(2) })
}

/// Median gap before INIT of one package.
pub(super) struct GapPoint {
    pub(super) zip_mb: f64,
    pub(super) unzipped_mb: f64,
    pub(super) gap_ms: f64,
    pub(super) sd: f64,
}

/// Placement, download per zipped MB, unpack per unzipped MB.
pub(super) fn fit_gap(points: &[GapPoint], prior: [Interval; 3]) -> Option<[Interval; 3]> {
    let mut precision = Matrix::new(3);
    let mut right = vec![0.0; 3];
    for (index, coefficient) in prior.iter().enumerate() {
        let weight = deviation(*coefficient).powi(-2);
        precision.add(index, index, weight);
        right[index] += weight * coefficient.p50;
    }
    for point in points {
        let factors = [1.0, point.zip_mb, point.unzipped_mb];
        let weight = point.sd.max(LEAST).powi(-2);
        for (row, one) in factors.iter().enumerate() {
            right[row] += weight * one * point.gap_ms;
            for (column, other) in factors.iter().enumerate() {
                precision.add(row, column, weight * one * other);
            }
        }
    }
    let decomposed = precision.decompose()?;
    let means = decomposed.solve(&right);
    Some([0, 1, 2].map(|index| around(means[index], decomposed.variance(index).sqrt())))
}

/// Precision-weighted mean of a prior and an observation, on the logarithmic scale: (median, standard deviation of ln).
pub(super) fn combined(prior: Option<(f64, f64)>, observed: f64, sd: f64) -> (f64, f64) {
    let Some((prior, prior_sd)) = prior else { return (observed, sd) };
    let (before, seen) = (prior_sd.powi(-2), sd.powi(-2));
    (exp((before * ln(prior) + seen * ln(observed)) / (before + seen)), (before + seen).powf(-0.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(p10: f64, p50: f64, p90: f64) -> Interval {
        Interval { p10, p50, p90 }
    }

    fn prior() -> InitFit {
        InitFit {
            scatter_sd: 0.35,
            floor: interval(14.5, 16.3, 19.0),
            touched: interval(4.5, 7.2, 9.5),
            untouched: interval(0.0, 0.0, 0.15),
        }
    }

    // Twenty versions of one program that touch 1 to 20 MB, at 5.5 ms per MB: the prior's 7.2 gives way.
    #[test]
    fn slope_of_the_logs_outranks_the_prior() {
        let points: Vec<InitPoint> = (1..=20)
            .map(|mb| InitPoint {
                program: 0,
                touched_mb: f64::from(mb),
                untouched_mb: 0.0,
                ln_init: ln(16.0 + 5.5 * f64::from(mb)),
                sd: 0.03,
            })
            .collect();
        let fit = fit_init(&points, 1, prior()).expect("determined");
        // The factor of the one program is free, so what is known is the ratio of slope to floor.
        let ratio = fit.touched.p50 / fit.floor.p50;
        assert!((ratio / (5.5 / 16.0) - 1.0).abs() < 0.04, "{fit:?}");
        assert!(fit.touched.p90 - fit.touched.p10 < 5.0, "{fit:?}");
    }

    #[test]
    fn without_points_the_prior_stays() {
        let fit = fit_init(&[], 0, prior()).expect("the prior determines itself");
        assert_eq!((fit.floor.p50, fit.touched.p50), (16.3, 7.2));
    }

    // The padding experiment: zips of 0 to 45 MB at 12 ms per MB.
    #[test]
    fn padded_packages_tell_download_from_unpacking() {
        let mut points = Vec::new();
        for pad in [0.0, 1.0, 5.0, 20.0, 45.0] {
            points.push(GapPoint { zip_mb: 1.0 + pad, unzipped_mb: 2.0 + pad, gap_ms: 140.0 + 12.0 * pad, sd: 5.0 });
            points.push(GapPoint { zip_mb: 1.0, unzipped_mb: 2.0 + pad, gap_ms: 140.0, sd: 5.0 });
        }
        let prior = [interval(50.0, 110.0, 250.0), interval(0.0, 8.0, 40.0), interval(0.0, 2.0, 7.0)];
        let [_, download, unpack] = fit_gap(&points, prior).expect("determined");
        assert!((download.p50 - 12.0).abs() < 0.5 && unpack.p90 < 0.5, "{download:?} {unpack:?}");
    }
}
