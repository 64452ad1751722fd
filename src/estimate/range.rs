//! The measured range of the model's sources: what lies outside is still predicted, and named.

use super::coefficient::PackageKind;
use super::inputs::Inputs;
use super::interval::Interval;
use super::model::Model;

/// Largest memory setting of lambda-perf, in MB; data through 2026-08-22.
const MEMORY_OBSERVED_MB: u32 = 1024;
/// Largest zip that can be uploaded directly, in MB; nothing is known about the download of larger ones.
/// Source: AWS Lambda quotas page, read 2026-11-23.
const ZIP_OBSERVED_MB: f64 = 50.0;
/// Size of the file whose symbols were stripped without effect on INIT (2.85 MB), rounded up.
const UNTOUCHED_OBSERVED_MB: f64 = 3.0;
/// Largest unused content of an image that was tried (M. Shilkov, 2021-01-05), in MB.
const IMAGE_UNTOUCHED_OBSERVED_MB: f64 = 5000.0;
/// Smallest and largest mapped size behind the guess of touched memory, in MB.
const MAPPED_OBSERVED_MB: (f64, f64) = (0.77, 95.4);
/// Share by which a size may lie outside its range before it is named.
const TOLERANCE: f64 = 0.05;

/// What lies outside the measured range, in the order in which it matters to a cold start; empty where nothing does.
pub(super) fn outside(inputs: &Inputs, model: &Model, touched_mb: Interval) -> Vec<String> {
    let platform = model.platform(inputs.package, inputs.architecture);
    let zip_mb = inputs.zip.size().megabytes();
    let unzipped_mb = inputs.unzipped.megabytes();
    let mapped_mb = inputs.mapped_mb();
    let untouched_observed_mb = match inputs.package {
        PackageKind::Zip => UNTOUCHED_OBSERVED_MB,
        PackageKind::Image => IMAGE_UNTOUCHED_OBSERVED_MB,
    };
    let (mapped_low_mb, mapped_high_mb) = MAPPED_OBSERVED_MB;

    let mut why = Vec::new();
    if model.function_of(inputs).is_none()
        && let (Some(function), Some(name)) = (model.function(), model.function_name())
    {
        why.push(format!(
            "the logs of {name} are of a {} on {}: nothing of them is used for a {} on {}",
            function.package_kind, function.architecture, inputs.package, inputs.architecture
        ));
    }
    if inputs.package == PackageKind::Zip && zip_mb > ZIP_OBSERVED_MB {
        why.push(format!("zip of {zip_mb:.1} MB: the download slope is a guess above {ZIP_OBSERVED_MB} MB"));
    }
    if touched_mb.p50 > platform.touched_mb_observed {
        why.push(format!(
            "init touches {:.1} MB: measured functions touch up to {} MB",
            touched_mb.p50, platform.touched_mb_observed
        ));
    }
    let below = mapped_mb < mapped_low_mb * (1.0 - TOLERANCE);
    let above = mapped_mb > mapped_high_mb * (1.0 + TOLERANCE);
    if inputs.touched.is_none() && (below || above) {
        why.push(format!(
            "{mapped_mb:.2} MB loaded: touched memory was fitted on programs of {mapped_low_mb} to {mapped_high_mb} MB"
        ));
    }
    if unzipped_mb > untouched_observed_mb {
        why.push(format!(
            "{unzipped_mb:.1} MB unzipped: that untouched bytes cost no INIT was measured up to {untouched_observed_mb} MB"
        ));
    }
    if inputs.memory_mb > MEMORY_OBSERVED_MB {
        why.push(format!(
            "{} MB of memory: that INIT does not depend on memory was measured from 128 to {MEMORY_OBSERVED_MB} MB",
            inputs.memory_mb
        ));
    }
    why
}
