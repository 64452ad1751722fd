//! The values of the prior: every number from outside, with its source.
//!
//! Floors, slopes on touched memory, tails and the trivial first call are aggregates that we computed from
//! **lambda-perf** (<https://github.com/maxday/lambda-perf>, commit 6070b7947b5ddf788cb69f2ffe6bbde3e22033fb, data
//! through 2026-08-22), copyright Maxime David and contributors, licensed under the Apache License, Version 2.0
//! (<https://www.apache.org/licenses/LICENSE-2.0>). The aggregates stand unchanged in `lambda_perf_prior.json` beside
//! this file; changed from the original: daily samples were pooled into quantiles and regressions. The same
//! attribution is part of every serialised model (`Model::data`). `backtest` holds this file against those aggregates.

use std::collections::BTreeMap;

use super::coefficient::{Coefficient, Distribution};
use super::draws::rounded;
use super::interval::{EvidenceGrade, Interval};
use super::model::{DataSource, Model, Platform, Shared, Tail};

/// Day on which all sources below were read.
const READ: &str = "2026-11-23";

const LAMBDA_PERF: &str = "lambda-perf, hello-world functions, 2026-03-01..2026-08-22";
const HELLO_RANGE: &str = "hello-world functions at 128-1024 MB, cold start forced by a configuration update";

use Distribution::{SplitLognormal, SplitNormal};
use EvidenceGrade::{Good, Guess, Moderate, Strong, Weak};

fn coefficient(
    value: [f64; 3],
    unit: &str,
    distribution: Distribution,
    evidence: EvidenceGrade,
    source: &str,
    valid_for: &str,
) -> Coefficient {
    let [p10, p50, p90] = value;
    Coefficient {
        value: Interval { p10, p50, p90 },
        unit: unit.to_owned(),
        distribution,
        evidence,
        source: source.to_owned(),
        read: READ.to_owned(),
        valid_for: valid_for.to_owned(),
    }
}

impl Model {
    /// The model that knows only public data, none of the user's.
    #[must_use]
    pub fn prior() -> Self {
        model()
    }
}

fn model() -> Model {
    Model {
        schema_version: Model::SCHEMA_VERSION,
        id: "prior-2026-08".to_owned(),
        data: vec![DataSource {
            name: "maxday/lambda-perf".to_owned(),
            url: "https://github.com/maxday/lambda-perf".to_owned(),
            commit: "6070b7947b5ddf788cb69f2ffe6bbde3e22033fb".to_owned(),
            licence: "Apache-2.0".to_owned(),
            author: "Maxime David and contributors".to_owned(),
            note: "Quantiles and regressions computed by lambda-slim from the daily samples.".to_owned(),
        }],
        zip_x86_64: zip(&ZIP_X86_64),
        zip_arm64: zip(&ZIP_ARM64),
        image_x86_64: image(&IMAGE_X86_64),
        image_arm64: image(&IMAGE_ARM64),
        shared: shared(),
        functions: BTreeMap::new(),
        calibration: None,
        selected: None,
    }
}

/// What lambda-perf says about one kind of package on one architecture.
struct Observed {
    /// INIT of `rust_on_provided_al2023`, ms: p50 of the window; p10 and p90 hold its half-yearly drift since 2024.
    floor: [f64; 3],
    /// ms per touched MB: p50 between the cross-section of functions and the drift within functions.
    per_touched: [f64; 3],
    per_touched_source: &'static str,
    /// `Duration` of the cold call of Rust hello-worlds, ms.
    first_call: [f64; 3],
    /// ms above the median: at the baseline, and per MB of memory above it.
    p90_above: (f64, f64),
    p99_above: (f64, f64),
    /// p10 and p90 of (observed / fitted) distance over the native functions.
    p90_spread: (f64, f64),
    p99_spread: (f64, f64),
    /// Most touched MB among the native functions: MaxMemoryUsed above the smallest, plus the baseline.
    touched_mb: f64,
    /// MaxMemoryUsed of the smallest native functions, MB: the base of the fits.
    memory_used_mb: f64,
}

const ZIP_X86_64: Observed = Observed {
    floor: [14.5, 16.3, 19.0],
    per_touched: [4.5, 7.2, 9.5],
    per_touched_source: "lambda-perf: 7.4 across 17 native functions, 5.0 within functions over time, 7-9 in two changes of C++",
    first_call: [1.2, 1.4, 1.6],
    p90_above: (8.0, 0.6),
    p99_above: (32.0, 1.6),
    p90_spread: (0.60, 1.36),
    p99_spread: (0.70, 1.24),
    touched_mb: 48.9,
    memory_used_mb: 15.1,
};

const ZIP_ARM64: Observed = Observed {
    floor: [12.0, 13.8, 15.5],
    per_touched: [4.5, 6.2, 9.0],
    per_touched_source: "lambda-perf: 6.4 across 15 native functions, 7-9 in two changes of C++; ql4b/lambda-benchmarks 2026-01: 7.5",
    first_call: [1.3, 1.5, 1.7],
    p90_above: (5.0, 0.4),
    p99_above: (27.0, 0.6),
    p90_spread: (0.44, 1.75),
    p99_spread: (0.40, 1.41),
    touched_mb: 44.8,
    memory_used_mb: 15.0,
};

const IMAGE_X86_64: Observed = Observed {
    floor: [30.0, 35.7, 44.0],
    per_touched: [2.3, 3.3, 5.0],
    per_touched_source: "lambda-perf: 3.4 across 17 native functions, 2.9 within functions over time, 4.7 in a change of C++",
    first_call: [1.2, 1.4, 1.6],
    p90_above: (16.0, 5.0),
    p99_above: (53.0, 12.8),
    p90_spread: (0.78, 1.16),
    p99_spread: (0.70, 1.27),
    touched_mb: 43.2,
    memory_used_mb: 17.3,
};

// The tails are Theil-Sen fits: least squares (20 + 1.9, 99 + 5.8) is bent by Bun, and puts the p99 of Rust hello-worlds
// at 99 ms above the median where 60 was observed.
const IMAGE_ARM64: Observed = Observed {
    floor: [25.0, 29.4, 35.0],
    per_touched: [1.8, 2.7, 4.0],
    per_touched_source: "lambda-perf: 2.7 across 15 native functions, 5.3 in a change of C++",
    first_call: [1.3, 1.5, 1.7],
    p90_above: (8.7, 3.1),
    p99_above: (55.5, 9.6),
    p90_spread: (0.65, 1.25),
    p99_spread: (0.55, 1.65),
    touched_mb: 63.8,
    memory_used_mb: 17.0,
};

fn zip(observed: &Observed) -> Platform {
    platform(
        observed,
        BeforeInit {
            placement: coefficient(
                [50.0, 110.0, 250.0],
                "ms",
                SplitNormal,
                Weak,
                "client latency less INIT: M. Shilkov 2021-01, A. Stuyvenberg 2024-01",
                "on-demand functions without VPC or extensions; placement changes with Lambda's policy",
            ),
            download: coefficient(
                [0.0, 8.0, 40.0],
                "ms per zipped MB",
                SplitNormal,
                Weak,
                "two public X-Ray traces 2023-04, A. Stuyvenberg 2024-01 (zip against image); they disagree, and Lambda may \
                 re-pack code on its side, which would make it 0",
                "zips of up to 50 MB, order of magnitude only",
            ),
            unpack: coefficient(
                [0.0, 2.0, 7.0],
                "ms per unzipped MB",
                SplitNormal,
                Guess,
                "local inflate at 277 MB/s (3.6 ms per MB); whether Lambda unpacks at a cold start is not known",
                "nothing measured on Lambda",
            ),
            untouched: coefficient(
                [0.0, 0.0, 0.15],
                "ms per untouched MB",
                SplitNormal,
                Good,
                "lambda-perf's Rust hello-world before and after strip=true on 2024-02-02 (2.85 to 0.77 MB): +0.15 ms x86_64, \
                 +0.06 ms arm64",
                "files of up to 3 MB",
            ),
        },
    )
}

fn image(observed: &Observed) -> Platform {
    platform(
        observed,
        BeforeInit {
            placement: coefficient(
                [50.0, 150.0, 380.0],
                "ms",
                SplitNormal,
                Weak,
                "A. Stuyvenberg 2024-01 (Python 3.11, 0 MB: image 196 ms over zip), less the difference in INIT of lambda-perf \
                 (69 ms); two years apart",
                "on-demand functions without VPC or extensions, image used before in the region",
            ),
            download: coefficient(
                [0.0, 0.0, 0.1],
                "ms per MB of compressed image",
                SplitNormal,
                Moderate,
                "images are read in chunks on demand (Brooker et al., USENIX ATC 2023); M. Shilkov 2021-01: unused +100 MB, \
                 +5 GB = +73, +23 ms. What init reads is part of INIT",
                "bytes that init does not read; chunks new to a region cost more, not modelled",
            ),
            unpack: coefficient(
                [0.0, 0.0, 0.0],
                "ms per unzipped MB",
                SplitNormal,
                Moderate,
                "layers are flattened when the function is created, not at a cold start (Brooker et al., USENIX ATC 2023)",
                "container images",
            ),
            untouched: coefficient(
                [0.0, 0.0, 0.01],
                "ms per untouched MB",
                SplitNormal,
                Moderate,
                "M. Shilkov 2021-01: unused +5 GB cost 23 ms of client latency (0.005 ms per MB), within its noise",
                "images of up to 5 GB",
            ),
        },
    )
}

/// The coefficients that are known by kind of package, not by architecture.
struct BeforeInit {
    placement: Coefficient,
    download: Coefficient,
    unpack: Coefficient,
    untouched: Coefficient,
}

fn platform(observed: &Observed, before: BeforeInit) -> Platform {
    Platform {
        placement: before.placement,
        download_per_zipped_mb: before.download,
        unpack_per_unzipped_mb: before.unpack,
        init_floor: coefficient(
            observed.floor,
            "ms",
            SplitNormal,
            Strong,
            &format!("{LAMBDA_PERF}, rust_on_provided_al2023; interval: drift 2024-2026"),
            HELLO_RANGE,
        ),
        init_per_touched_mb: coefficient(
            observed.per_touched,
            "ms per touched MB",
            SplitNormal,
            Good,
            &format!("{}; that less touched memory causes less INIT is moderate evidence", observed.per_touched_source),
            &format!("native code that touches up to {} MB", observed.touched_mb),
        ),
        init_per_untouched_mb: before.untouched,
        init_per_library_mb: coefficient(
            [0.0, 2.0, 4.0],
            "ms per MB of shared libraries in the package",
            SplitNormal,
            Moderate,
            "lambda-perf's C++ hello-world with and without a bundled glibc (2023-11, 2025-09-12): 7-9 ms per MB of memory, \
             about 2 above other native code",
            "glibc and libstdc++, about 5 MB",
        ),
        first_call_floor: coefficient(
            observed.first_call,
            "ms",
            SplitNormal,
            Strong,
            &format!("{LAMBDA_PERF}, Duration of the cold call of Rust hello-worlds"),
            "handlers that do nothing, 128-1024 MB",
        ),
        tail_p90: tail(observed.p90_above, observed.p90_spread),
        tail_p99: tail(observed.p99_above, observed.p99_spread),
        touched_mb_observed: observed.touched_mb,
        max_memory_used_baseline_mb: observed.memory_used_mb,
    }
}

fn tail((base, slope): (f64, f64), (low, high): (f64, f64)) -> Tail {
    let scaled = |value: f64, unit: &str| {
        coefficient(
            // Rounded, so that the model reads back from JSON as it was written.
            [rounded(value * low), value, rounded(value * high)],
            unit,
            SplitNormal,
            Good,
            &format!("{LAMBDA_PERF}, native functions; interval: p10 and p90 of observed over fitted"),
            HELLO_RANGE,
        )
    };
    Tail {
        base: scaled(base, "ms above the median"),
        per_touched_mb: scaled(slope, "ms above the median per touched MB"),
    }
}

fn exact(value: f64, unit: &str, evidence: EvidenceGrade, source: &str, valid_for: &str) -> Coefficient {
    coefficient([value; 3], unit, SplitNormal, evidence, source, valid_for)
}

/// Rows behind the guess of touched memory: loaded MB -> file pages + anonymous MB when init asks for its first
/// invocation, page cache warm, `x86_64`. Read 2026-11-23 from our measurements on one 2-core machine.
///
/// | program | loaded | file | anonymous |
/// |---|---|---|---|
/// | Rust hello-world | 0.77 | 0.60 | 0.24 |
/// | Go, raw TCP | 1.90 | 1.77 | 0.46 |
/// | Rust axum + `lambda_http`, fat LTO | 2.14 | 1.62 | 0.25 |
/// | Go, net/http + json | 4.82 | 4.29 | 0.75 |
/// | Rust aws-sdk-dynamodb, thin LTO | 14.0 | 6.55 | 1.29 |
/// | Rust aws-sdk-dynamodb, default release | 17.45 | 7.66 | 1.48 |
/// | Rust axum + aws-config + DynamoDB (`api`) | 19.8 | 11.83 | 9.79 |
/// | Bun 1.0.4 | 95.4 | 24.1 | 10.1 |
///
/// Least squares on logarithms: file = 0.96 * loaded^0.75 (residuals 0.76 to 1.36), anonymous = 0.22 * loaded^0.86
/// (0.58 to 3.5). `api` linked in first-call order touches 4.7-5.6 MB of file pages, 0.52 to 0.62 of the fit, hence
/// the lower end. Loaded sizes are sizes of stripped files.
const TOUCHED_ROWS: &str = "fit to 8 local measurements (6 native functions in Rust and Go, `api`, Bun)";
const TOUCHED_RANGE: &str = "0.77 to 95 MB loaded; one row above 20 MB";

fn shared() -> Shared {
    Shared {
        // exp(-1.2816 * 0.35), 1, exp(1.2816 * 0.35)
        init_scatter: coefficient(
            [0.6386, 1.0, 1.5660],
            "factor on INIT",
            SplitLognormal,
            Moderate,
            "sd of ln 0.35: leave-family-out errors on lambda-perf and 6 local validations",
            "native code that was not calibrated; half of it is off by more than 24 %",
        ),
        touched_baseline_mb: exact(
            0.84,
            "touched MB",
            Good,
            "lambda-perf's Rust hello-world rebuilt and measured: 0.60 MB of file pages + 0.24 MB anonymous",
            "x86_64, page cache warm",
        ),
        touched_file: coefficient([0.6, 0.96, 1.35], "factor", SplitLognormal, Weak, TOUCHED_ROWS, TOUCHED_RANGE),
        touched_file_exponent: exact(0.75, "exponent of loaded MB", Weak, TOUCHED_ROWS, TOUCHED_RANGE),
        touched_anonymous: coefficient([0.11, 0.22, 0.65], "factor", SplitLognormal, Weak, TOUCHED_ROWS, TOUCHED_RANGE),
        touched_anonymous_exponent: exact(0.86, "exponent of loaded MB", Weak, TOUCHED_ROWS, TOUCHED_RANGE),
        touched_change_exponent: coefficient(
            [0.2, 0.8, 1.2],
            "exponent of loaded MB",
            SplitNormal,
            Guess,
            "one pair of builds (17.45 to 14.0 MB loaded: 0.70); removed bytes may never have been touched",
            "two builds of one program",
        ),
        first_call_cpu: coefficient(
            [0.0, 0.0, 50.0],
            "CPU ms at one vCPU",
            SplitNormal,
            Guess,
            "half of the range is a trivial handler; upper end: a TLS handshake and first DynamoDB call took 900 ms at 128 MB \
             (shinyaz.com 2026-03-31), 460-540 ms in another service (2025)",
            "handlers whose first call was not measured; measure it",
        ),
        first_call_exponent: coefficient(
            [1.0, 1.1, 1.2],
            "exponent of 1769 MB / memory setting",
            SplitNormal,
            Good,
            "lambda-perf: first calls with real work take 2.0 to 2.4 times as long at half the memory",
            "128-1024 MB; 1769 MB is one vCPU (AWS Lambda documentation, memory)",
        ),
        cpu_ratio: coefficient(
            [0.8, 1.3, 2.5],
            "Lambda CPU ms per local CPU ms",
            SplitLognormal,
            Guess,
            "engineering judgement",
            "not measured on Lambda",
        ),
        arm_factor: coefficient(
            [0.78, 0.84, 0.90],
            "INIT on arm64 / INIT on x86_64",
            SplitLognormal,
            Good,
            &format!("{LAMBDA_PERF}: median 0.84, range 0.74-1.08, zip"),
            HELLO_RANGE,
        ),
        keep_alive_minutes: coefficient(
            [4.0, 6.0, 15.0],
            "minutes",
            SplitNormal,
            Weak,
            "M. Shilkov: 2021-01 between 6 and 7 minutes, 2019-08 exactly 10, 2019-03 half of them 44",
            "Lambda as it was then; its policy drifts, and log streams of your own function tell it (calibrate)",
        ),
        ahead_of_requests: coefficient(
            [0.0, 0.5, 0.85],
            "share of environments started",
            SplitNormal,
            Weak,
            "A. Stuyvenberg 2023-07: 50 to 75 % (one day 63 of 74), K. Collins 80 %; sparse traffic: not seen",
            "busy functions, two authors",
        ),
    }
}
