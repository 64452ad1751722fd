//! Changes of one function's package whose effect on INIT is public: what the model would have said of them.

use serde::Serialize;

use crate::elf::Architecture::{self, Arm64, X86_64};
use crate::estimate::coefficient::PackageKind;
use crate::estimate::compare::compare;
use crate::estimate::inputs::{Inputs, ZippedSize};
use crate::estimate::interval::Interval;
use crate::estimate::model::Model;
use crate::units::ByteSize;

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExperimentTest {
    /// What was changed, when, by whom.
    pub what: String,
    /// `zip` or `image`, and the architecture.
    pub platform: String,
    /// Predicted change of INIT, in ms.
    pub predicted_ms: Interval,
    /// Observed change of its median, in ms.
    pub observed_ms: f64,
    /// Whether the observation lies within the 80 % interval, widened by the 1 ms below which nothing is claimed.
    pub covered: bool,
}

/// A package in MB: zipped, unzipped, mapped, shared libraries, touched.
#[derive(Clone, Copy)]
struct Sizes {
    zip: f64,
    unzipped: f64,
    libraries: f64,
    touched: f64,
}

struct Experiment {
    what: &'static str,
    package: PackageKind,
    architecture: Architecture,
    before: Sizes,
    after: Sizes,
    observed_ms: f64,
}

/// `Max Memory Used` in MB as touched MB: what lies above the Rust hello-world's, plus what that touches.
fn touched(used_mb: f64, baseline_mb: f64) -> f64 {
    (used_mb - baseline_mb).max(0.0) + 0.84
}

const UNSTRIPPED: Sizes = Sizes { zip: 0.898, unzipped: 2.85, libraries: 0.0, touched: 0.84 };
const STRIPPED: Sizes = Sizes { zip: 0.382, unzipped: 0.77, libraries: 0.0, touched: 0.84 };

fn experiments() -> Vec<Experiment> {
    let strip = "lambda-perf: Rust hello-world gets strip=true, 2024-02-02";
    // The bundled libraries' size was not published: about 5 MB, as the memory that they added.
    let glibc = "lambda-perf: C++ gets a bundled glibc, 2025-09-12";
    let without = "lambda-perf: C++ loses its bundled libraries, 2023-11";
    let sizes = |used_mb: f64, baseline_mb: f64, libraries: f64| Sizes {
        zip: 0.0,
        unzipped: 0.0,
        libraries,
        touched: touched(used_mb, baseline_mb),
    };
    let experiment = |what, package, architecture, before, after, observed_ms| Experiment {
        what,
        package,
        architecture,
        before,
        after,
        observed_ms,
    };
    let (zip, image) = (PackageKind::Zip, PackageKind::Image);
    vec![
        experiment(strip, zip, X86_64, UNSTRIPPED, STRIPPED, 0.15),
        experiment(strip, zip, Arm64, UNSTRIPPED, STRIPPED, 0.06),
        experiment(strip, image, X86_64, UNSTRIPPED, STRIPPED, -1.13),
        experiment(strip, image, Arm64, UNSTRIPPED, STRIPPED, -0.34),
        experiment(glibc, zip, X86_64, sizes(15.9, 15.1, 0.0), sizes(21.0, 15.1, 5.1), 46.3),
        experiment(glibc, zip, Arm64, sizes(16.2, 15.0, 0.0), sizes(20.0, 15.0, 3.8), 34.1),
        experiment(without, zip, X86_64, sizes(26.9, 15.1, 11.8), sizes(14.0, 15.1, 0.0), -107.2),
        experiment(without, zip, Arm64, sizes(27.6, 15.0, 12.6), sizes(15.1, 15.0, 0.0), -84.7),
        experiment(
            "ql4b/lambda-benchmarks, 2026-01: Go net/http (4.29 + 0.75 MB touched) for raw TCP (1.77 + 0.46 MB)",
            zip,
            Arm64,
            Sizes { zip: 0.83, unzipped: 1.90, libraries: 0.0, touched: 2.23 },
            Sizes { zip: 2.07, unzipped: 4.82, libraries: 0.0, touched: 5.04 },
            20.2,
        ),
    ]
}

pub(super) fn test(model: &Model) -> Vec<ExperimentTest> {
    experiments()
        .into_iter()
        .map(|experiment| {
            let [before, after] = [experiment.before, experiment.after].map(|sizes| inputs(&experiment, sizes));
            let predicted_ms = compare(&before, &after, model).init_ms;
            ExperimentTest {
                what: experiment.what.to_owned(),
                platform: format!("{} {}", experiment.package, experiment.architecture),
                predicted_ms,
                observed_ms: experiment.observed_ms,
                covered: (predicted_ms.p10 - 1.0..=predicted_ms.p90 + 1.0).contains(&experiment.observed_ms),
            }
        })
        .collect()
}

fn inputs(experiment: &Experiment, sizes: Sizes) -> Inputs {
    let bytes = |mb: f64| ByteSize::new((mb * 1e6) as u64);
    Inputs::new(experiment.package, experiment.architecture, Inputs::MEMORY_MIN_MB)
        .expect("a setting of Lambda")
        .with_zip(ZippedSize::Known(bytes(sizes.zip)))
        .with_unzipped(bytes(sizes.unzipped))
        .with_loaded(bytes(sizes.unzipped))
        .with_bundled_libraries(bytes(sizes.libraries))
        .with_touched(bytes(sizes.touched))
}
