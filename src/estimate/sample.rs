//! One draw of the cold start: every unknown takes one value, and the terms follow.

use super::arithmetic::power;
use super::draws::{DRAWS, Draws, Unknown};
use super::function::FunctionModel;
use super::inputs::Inputs;
use super::model::{Model, Platform, Tail};

/// Memory setting that gives one vCPU, in MB. Source: AWS Lambda developer guide, 'Configure memory', read 2026-11-23.
/// Code with one thread gains nothing above it.
const ONE_VCPU_MB: f64 = 1769.0;

/// Length of a CPU scheduling period in ms, in which a function may use its share of a vCPU without waiting.
/// Linux's and Firecracker's usual 20 ms; not documented by AWS: a guess.
const CPU_PERIOD_MS: f64 = 20.0;

/// The terms of one draw, in ms unless the name says otherwise.
pub(super) struct Sample {
    pub(super) placement: f64,
    pub(super) download: f64,
    pub(super) unpack: f64,
    pub(super) init_floor: f64,
    pub(super) touched_mb: f64,
    pub(super) init_touched: f64,
    pub(super) init_untouched: f64,
    pub(super) bundled_libraries: f64,
    /// Factor on INIT.
    pub(super) scatter: f64,
    pub(super) first_call: f64,
    pub(super) tail_p90: f64,
    pub(super) tail_p99: f64,
    /// Slopes: per zipped, unzipped and touched MB.
    pub(super) per_zipped_mb: f64,
    pub(super) per_unzipped_mb: f64,
    pub(super) per_touched_mb: f64,
}

impl Sample {
    pub(super) fn before_init(&self) -> f64 {
        self.placement + self.download + self.unpack
    }

    /// INIT before the scatter factor.
    fn init_explained(&self) -> f64 {
        self.init_floor + self.init_touched + self.init_untouched + self.bundled_libraries
    }

    /// What the scatter factor adds to (or takes from) INIT.
    pub(super) fn init_unexplained(&self) -> f64 {
        (self.scatter - 1.0) * self.init_explained()
    }

    pub(super) fn init(&self) -> f64 {
        self.scatter * self.init_explained()
    }

    pub(super) fn cold_total(&self) -> f64 {
        self.before_init() + self.init() + self.first_call
    }
}

/// Mapped MB around which a guess of touched memory turns: its own size for a single prediction, the geometric mean of both
/// for a comparison. At the pivot the guess is the fit; away from it, it changes as two builds of one program do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pivot(pub(super) f64);

impl Pivot {
    pub(super) fn of(inputs: &Inputs) -> Self {
        Self(inputs.mapped_mb())
    }

    /// The same whichever side comes first; the size itself where both are equal.
    pub(super) fn between(one: &Inputs, other: &Inputs) -> Self {
        let (one, other) = (one.mapped_mb(), other.mapped_mb());
        if one == other { Self(one) } else { Self((one * other).sqrt()) }
    }
}

/// All draws for one package. `deployed` is the package that a calibrated model's logs ran: itself, or the one it replaces.
pub(super) fn samples(inputs: &Inputs, deployed: &Inputs, model: &Model, draws: &Draws, pivot: Pivot) -> Vec<Sample> {
    (0..DRAWS).map(|draw| sample(inputs, deployed, model, pivot, |unknown| draws.score(unknown, draw))).collect()
}

fn sample(inputs: &Inputs, deployed: &Inputs, model: &Model, pivot: Pivot, score: impl Fn(Unknown) -> f64) -> Sample {
    let platform = model.platform(inputs.package, inputs.architecture);
    let explained = Explained::of(inputs, model, pivot, &score);
    let bytes = PackageBytes::of(platform, &score);
    let observed =
        model.function_of(inputs).map(|function| Observed::of(function, deployed, model, pivot, &bytes, &score));
    let scatter = match observed.and_then(|observed| observed.scatter) {
        Some(scatter) => scatter,
        None => model.shared.init_scatter.at(score(Unknown::Scatter)),
    };
    let placement = match observed.and_then(|observed| observed.placement) {
        Some(placement) => placement,
        None => platform.placement.at(score(Unknown::Placement)),
    };
    let (tail_p90, tail_p99) = tails(model, inputs, explained.above_baseline_mb, score(Unknown::Tail));
    Sample {
        placement,
        download: bytes.per_zipped_mb * inputs.zip.size().megabytes(),
        unpack: bytes.per_unzipped_mb * inputs.unzipped.megabytes(),
        init_floor: explained.floor,
        touched_mb: explained.touched_mb,
        init_touched: explained.touched,
        init_untouched: explained.untouched,
        bundled_libraries: explained.libraries,
        scatter,
        first_call: first_call(inputs, model, platform, &score),
        tail_p90,
        tail_p99,
        per_zipped_mb: bytes.per_zipped_mb,
        per_unzipped_mb: bytes.per_unzipped_mb,
        per_touched_mb: scatter * explained.per_touched_mb,
    }
}

/// INIT as the coefficients explain it, in one draw.
struct Explained {
    touched_mb: f64,
    above_baseline_mb: f64,
    per_touched_mb: f64,
    floor: f64,
    touched: f64,
    untouched: f64,
    libraries: f64,
}

impl Explained {
    fn of(inputs: &Inputs, model: &Model, pivot: Pivot, score: impl Fn(Unknown) -> f64) -> Self {
        let platform = model.platform(inputs.package, inputs.architecture);
        let (touched_mb, touched_of_package_mb) = touched(inputs, model, pivot, &score);
        // A program smaller than the Rust hello-world is not faster than it: C++ without libc starts in 14.9 ms, not in 10.
        let above_baseline_mb = (touched_mb - model.shared.touched_baseline_mb.at(0.0)).max(0.0);
        let untouched_mb = (inputs.unzipped.megabytes() - touched_of_package_mb).max(0.0);
        let per_touched_mb = platform.init_per_touched_mb.at(score(Unknown::PerTouched));
        Self {
            touched_mb,
            above_baseline_mb,
            per_touched_mb,
            floor: platform.init_floor.at(score(Unknown::InitFloor)),
            touched: per_touched_mb * above_baseline_mb,
            untouched: platform.init_per_untouched_mb.at(score(Unknown::PerUntouched)) * untouched_mb,
            libraries: platform.init_per_library_mb.at(score(Unknown::PerLibrary))
                * inputs.bundled_libraries.megabytes(),
        }
    }

    fn sum(&self) -> f64 {
        self.floor + self.touched + self.untouched + self.libraries
    }
}

/// What a MB of the package costs before INIT, in one draw.
struct PackageBytes {
    per_zipped_mb: f64,
    per_unzipped_mb: f64,
}

impl PackageBytes {
    fn of(platform: &Platform, score: impl Fn(Unknown) -> f64) -> Self {
        Self {
            per_zipped_mb: platform.download_per_zipped_mb.at(score(Unknown::PackageBytes)),
            per_unzipped_mb: platform.unpack_per_unzipped_mb.at(score(Unknown::PackageBytes)),
        }
    }
}

/// What logs fix in one draw: their sums are known, so that what remains of them follows from the other terms.
#[derive(Clone, Copy)]
struct Observed {
    scatter: Option<f64>,
    placement: Option<f64>,
}

impl Observed {
    fn of(
        function: &FunctionModel,
        deployed: &Inputs,
        model: &Model,
        pivot: Pivot,
        bytes: &PackageBytes,
        score: impl Fn(Unknown) -> f64,
    ) -> Self {
        let deployed = function.deployed(deployed);
        let scatter = function.init.as_ref().map(|init| {
            let explained = Explained::of(&deployed, model, pivot, &score).sum();
            init.at(score(Unknown::Scatter)) / explained.max(f64::MIN_POSITIVE)
        });
        let placement = function.before_init.as_ref().map(|before| {
            let bytes = bytes.per_zipped_mb * deployed.zip.size().megabytes()
                + bytes.per_unzipped_mb * deployed.unzipped.megabytes();
            (before.at(score(Unknown::Placement)) - bytes).max(0.0)
        });
        Self { scatter, placement }
    }
}

fn tails(model: &Model, inputs: &Inputs, above_baseline_mb: f64, score: f64) -> (f64, f64) {
    let prior = |tail: &Tail| tail.base.at(score) + tail.per_touched_mb.at(score) * above_baseline_mb;
    let platform = model.platform(inputs.package, inputs.architecture);
    match model.function_of(inputs).and_then(|function| function.tails.as_ref()) {
        Some(tails) => (tails.p90.at(score), tails.p99.at(score)),
        None => (prior(&platform.tail_p90), prior(&platform.tail_p99)),
    }
}

/// MB that init touches, and how many of them are bytes of the package.
fn touched(inputs: &Inputs, model: &Model, pivot: Pivot, score: impl Fn(Unknown) -> f64) -> (f64, f64) {
    if let Some(touched) = inputs.touched {
        // Which part is anonymous is not known here; the coefficient of untouched bytes is too small for it to matter.
        return (touched.megabytes(), touched.megabytes());
    }
    let shared = &model.shared;
    let mapped = inputs.mapped_mb();
    let change = if mapped == pivot.0 {
        1.0
    } else {
        // Two empty sizes are equal, so the pivot is 0 only where one side maps nothing: then nothing is common.
        power(mapped / pivot.0.max(f64::MIN_POSITIVE), shared.touched_change_exponent.at(score(Unknown::TouchedChange)))
    };
    let fit = |factor: f64, exponent: f64| factor * power(pivot.0, exponent) * change;
    let file =
        fit(shared.touched_file.at(score(Unknown::TouchedFile)), shared.touched_file_exponent.at(0.0)).min(mapped);
    let anonymous =
        fit(shared.touched_anonymous.at(score(Unknown::TouchedAnonymous)), shared.touched_anonymous_exponent.at(0.0));
    (file + anonymous, file)
}

/// `Duration` of the cold call: the floor, plus the handler's CPU time at the share of a vCPU that the memory setting gives.
/// What fits in one scheduling period is not slowed down, which is why a trivial handler is as fast at 128 MB.
fn first_call(inputs: &Inputs, model: &Model, platform: &Platform, score: impl Fn(Unknown) -> f64) -> f64 {
    let shared = &model.shared;
    let logged = model.function_of(inputs).and_then(|function| function.first_call_cpu.as_ref());
    let cpu = match (logged, inputs.first_call_cpu) {
        (Some(cpu), _) => cpu.at(score(Unknown::FirstCallCpu)),
        (None, Some(cpu)) => cpu.get() * shared.cpu_ratio.at(score(Unknown::CpuRatio)),
        (None, None) => shared.first_call_cpu.at(score(Unknown::FirstCallCpu)),
    };
    let exponent = shared.first_call_exponent.at(score(Unknown::FirstCallExponent));
    platform.first_call_floor.at(score(Unknown::FirstCallFloor))
        + first_call_of(cpu, CpuShare::of(inputs.memory_mb), exponent)
}

/// Share of a vCPU that a memory setting gives, for code with one thread: at most 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct CpuShare(f64);

impl CpuShare {
    pub(super) fn of(memory_mb: u32) -> Self {
        Self((f64::from(memory_mb) / ONE_VCPU_MB).min(1.0))
    }
}

/// Milliseconds that so many CPU ms take, in a call.
pub(super) fn first_call_of(cpu: f64, CpuShare(share): CpuShare, exponent: f64) -> f64 {
    let unthrottled = cpu.min(CPU_PERIOD_MS * share);
    unthrottled + (cpu - unthrottled) * power(1.0 / share, exponent)
}
