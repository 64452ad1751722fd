//! Traffic, money and memory settings: the closed form against the simulator, the simulator against arithmetic, both through `estimate`.
#![cfg(feature = "cli")]

mod support;

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use lambda_slim::elf::Architecture;
use lambda_slim::estimate::{
    Arrival, Demand, Inputs, Method, Model, PackageKind, Plan, Policy, PriceList, Question, Traffic, predict_with,
    simulate,
};
use lambda_slim::units::{ByteSize, Millis};

use support::functions::package;
use support::program::{arg, run};

const MINUTE_MS: f64 = 60_000.0;
const MINUTES_PER_MONTH: f64 = 43_830.0;

fn hello() -> Inputs {
    Inputs::new(PackageKind::Zip, Architecture::X86_64, 512).expect("a setting").with_touched(ByteSize::new(840_000))
}

fn traffic(per_minute: f64, busy_ms: f64, keep_alive_minutes: f64) -> Traffic {
    let mut plan = Plan::new(Demand::PerMonth(per_minute * MINUTES_PER_MONTH), busy_ms, "a test");
    plan.keep_alive_minutes = Some(keep_alive_minutes);
    let mut question = Question::default();
    question.traffic = Some(plan);
    predict_with(&hello(), &Model::prior(), &question).expect("a prediction").traffic.expect("traffic was asked for")
}

/// xorshift64*: not the generator of the library.
struct Random(u64);

impl Random {
    fn exponential(&mut self, mean: f64) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let uniform = ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0;
        -uniform.ln() * mean
    }
}

fn simulated(per_minute: f64, busy_ms: f64, keep_alive_minutes: f64, requests: usize) -> f64 {
    let (mut random, mut now) = (Random(0x9e37_79b9_7f4a_7c15), 0.0);
    let mut policy = Policy::new(keep_alive_minutes * MINUTE_MS);
    policy.concurrency = u32::MAX;
    policy.timeout_ms = f64::INFINITY;
    policy.warm_up_ms = policy.keep_alive_ms;
    let arrivals = (0..requests).map(|_| {
        now += random.exponential(MINUTE_MS / per_minute);
        Arrival { at_ms: now, duration_ms: random.exponential(busy_ms) }
    });
    let simulation = simulate(arrivals, &policy, 0.0);
    simulation.cold_starts as f64 / simulation.invocations as f64
}

/// The research's table and beyond: requests per minute, busy ms, keep-alive minutes.
const TABLE: [(f64, f64, f64); 11] = [
    (0.1, 100.0, 6.0),
    (1.0, 100.0, 6.0),
    (5.0, 100.0, 6.0),
    (10.0, 100.0, 10.0),
    (60.0, 100.0, 6.0),
    (1.0, 2000.0, 6.0),
    (60.0, 1000.0, 6.0),
    (600.0, 100.0, 6.0),
    (600.0, 500.0, 6.0),
    (6000.0, 100.0, 6.0),
    (6000.0, 500.0, 6.0),
];

// `cargo test --test estimate_traffic table -- --nocapture` prints it.
#[test]
#[expect(clippy::print_stderr, clippy::disallowed_macros, reason = "the table is what this test is asked for")]
fn table_of_cold_starts_agrees_with_the_simulator() {
    let mut table = String::new();
    for (per_minute, busy_ms, keep_alive) in TABLE {
        let told = traffic(per_minute, busy_ms, keep_alive);
        let seen = simulated(per_minute, busy_ms, keep_alive, 2_000_000);
        let off = told.cold_share.p50 / seen - 1.0;
        let method = told.method;
        writeln!(
            table,
            "{per_minute:>6}/min {busy_ms:>6} ms K{keep_alive:<3} {method:?}: {:.6} simulated {seen:.6} ({:+.1} %)",
            told.cold_share.p50,
            off * 100.0
        )
        .expect("to a String");
        let busy = per_minute / MINUTE_MS * busy_ms;
        assert_eq!(method, if busy > 2.0 { Method::Simulation } else { Method::ClosedForm }, "{busy} busy");
        // Both count: four standard errors, and 5 % for the formula.
        let noise = 4.0 * (1.0 / (seen * 2e6) * if method == Method::Simulation { 2.0 } else { 1.0 }).sqrt();
        assert!(off.abs() < noise + 0.05, "{table}");
    }
    eprintln!("{table}");
}

#[test]
fn bursts_deployments_and_limits_count_as_arithmetic_says() {
    let at = |at_ms: f64| Arrival { at_ms, duration_ms: 100.0 };
    let mut policy = Policy::new(6.0 * MINUTE_MS);
    // 50 at once need 50 environments; 50 more a minute later find them.
    let bursts: Vec<Arrival> =
        (0..2).flat_map(|burst| (0..50).map(move |_| at(f64::from(burst) * MINUTE_MS))).collect();
    let seen = simulate(bursts.clone(), &policy, 200.0);
    assert_eq!((seen.invocations, seen.cold_starts, seen.most_busy, seen.most_per_minute), (100, 50, 50, 50));
    // Half of the requests take 100 ms, half 300.
    assert!((seen.latency.quantile(0.25).map(Millis::get).expect("latencies") - 100.0).abs() < 2.0);
    assert!((seen.latency.quantile(0.9).map(Millis::get).expect("latencies") - 300.0).abs() < 6.0);
    policy.deployments_ms = vec![MINUTE_MS / 2.0];
    assert_eq!(simulate(bursts.clone(), &policy, 200.0).cold_starts, 100);
    policy.concurrency = 20;
    let limited = simulate(bursts, &policy, 200.0);
    assert_eq!((limited.invocations, limited.throttles), (40, 60));
    // 1500 at once: 1000 environments, the rest throttled; 10 s later there may be as many again.
    policy = Policy::new(6.0 * MINUTE_MS);
    policy.concurrency = 10_000;
    let ramp: Vec<Arrival> = (0..1500).map(|_| at(0.0)).chain((0..2500).map(|_| at(10_000.0))).collect();
    let seen = simulate(ramp, &policy, 200.0);
    assert_eq!((seen.cold_starts, seen.throttles), (2000, 1000));
    policy.timeout_ms = 50.0;
    let late = simulate([at(0.0), at(1.0)], &policy, 200.0);
    assert_eq!((late.timeouts, late.duration_ms), (2, 100.0));
}

#[test]
fn rare_requests_are_cold_as_the_exponential_says() {
    let told = traffic(0.1, 100.0, 6.0);
    assert!((told.cold_share.p50 - (-0.6_f64).exp()).abs() < 1e-3, "{told:?}");
    let more = traffic(0.1, 100.0, 15.0);
    assert!(more.cold_share.p50 < told.cold_share.p50);
}

#[test]
fn rare_cold_starts_show_in_p999_where_they_are_one_in_a_hundred() {
    let told = traffic(1.0, 2000.0, 6.0);
    assert!((told.latency_ms.p50.p50 - 2000.0).abs() < 1.0);
    assert!(told.latency_ms.p99.p50 > 2050.0 || told.latency_ms.p999.p50 > 2050.0, "{told:?}");
    assert!(told.latency_ms.p50.p50 <= told.latency_ms.p99.p50 && told.latency_ms.p99.p50 <= told.latency_ms.p999.p50);
}

fn estimate(args: &[&str]) -> Value {
    let zip = package("hello-cargo-lambda.zip");
    run([&["estimate", arg(&zip), "--format", "json"], args].concat()).exits(0).json()["estimate"].clone()
}

#[test]
fn trace_of_times_is_simulated_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("times.csv");
    // Every five minutes for a day, then every seven: with six minutes of keep-alive the second day is all cold.
    let mut text = "time,duration\n".to_owned();
    let mut at = 1_789_257_600.0;
    for gap in [300.0; 288].into_iter().chain([420.0; 205]) {
        at += gap;
        writeln!(text, "{at},25").expect("to a String");
    }
    fs::write(&file, text).expect("a list");
    let traffic = &estimate(&["--trace", arg(&file), "--keep-alive", "6", "--client-timeout", "29"])["traffic"];
    assert_eq!(traffic["method"], "trace");
    let share = traffic["cold_share"]["p50"].as_f64().expect("a share");
    assert!((share - 206.0 / 493.0).abs() < 1e-6, "{share}");
    assert_eq!(traffic["concurrency"]["peak"], 1.0);
    assert_eq!(traffic["timeouts"][1]["limit"], "client");
    let error =
        run(["estimate", arg(&package("hello-cargo-lambda.zip")), "--trace", arg(&package("arm64.zip"))]).error();
    assert!(error.starts_with("the trace holds fewer than two requests"), "{error}");
}

#[test]
fn money_is_the_region_s_and_init_is_billed() {
    let cost = |args: &[&str]| estimate(args)["cost"].clone();
    let here = cost(&["--memory", "1024", "--region", "us-east-1"]);
    let init = estimate(&["--memory", "1024"])["init_ms"]["p50"].as_f64().expect("ms");
    let usd = here["init_per_million_usd"]["p50"].as_f64().expect("USD");
    // A million times the ms, at 1 GB.
    assert!((usd / (init * 1000.0 * 0.000_016_666_7) - 1.0).abs() < 0.01, "{usd} for {init} ms");
    let milan = cost(&["--memory", "1024", "--region", "eu-south-1"]);
    assert_eq!(milan["per_gb_second_usd"], 0.000_019_517_2);
    assert_eq!(cost(&["--price", "0.00001"])["per_gb_second_usd"], 0.000_01);
    let month = &cost(&["--requests-per-month", "1e6", "--duration", "100", "--memory", "1024"])["month"];
    assert_eq!(month["requests_usd"], 0.2);
    let duration = month["duration_usd"].as_f64().expect("USD");
    assert!((duration - 1e6 * 0.1005 * 0.000_016_666_7).abs() < 1e-5, "{duration}");
    let error = run(["estimate", arg(&package("arm64.zip")), "--region", "mars-1"]).error();
    assert!(error.starts_with("no prices for region \"mars-1\": give --price, or one of af-south-1"), "{error}");
    let wrong = [
        ("--price", "-1"),
        ("--requests-per-month", "0"),
        ("--requests-per-month", "NaN"),
        ("--duration", "-5"),
        ("--keep-alive", "inf"),
        ("--concurrency", "0"),
        ("--timeout", "-1"),
        ("--client-timeout", "NaN"),
        ("--deployments-per-month", "-3"),
    ];
    for (flag, value) in wrong {
        let (zip, flag) = (package("arm64.zip"), format!("{flag}={value}"));
        let mut args = vec!["estimate", arg(&zip), &flag];
        if !flag.starts_with("--requests") {
            args.push("--requests-per-month=1e6");
        }
        run(args).error();
    }
    assert!(PriceList::embedded().dated.starts_with("2026-"));
}

#[test]
fn memory_changes_calls_and_money_and_never_init() {
    let folder = tempfile::tempdir().expect("a folder");
    let memory = &estimate(&["--sweep=128,512,1769", "--memory", "512"])["memory"];
    let rows = memory["rows"].as_array().expect("rows");
    assert_eq!(
        rows.iter().map(|row| row["memory_mb"].as_u64()).collect::<Vec<_>>(),
        [Some(128), Some(512), Some(1769)]
    );
    assert!(rows.iter().all(|row| row["init_ms"] == rows[0]["init_ms"]), "{memory}");
    let calls: Vec<f64> = rows.iter().map(|row| row["first_call_ms"]["p90"].as_f64().expect("ms")).collect();
    assert!(calls[0] > calls[1] * 3.0 && calls[1] > calls[2] * 2.0, "{calls:?}");
    assert!(memory["conclusions"].to_string().contains("Init does not get faster with memory"));
    let zip = package("hello-cargo-lambda.zip");
    let text = run(["estimate", arg(&zip), "--sweep", "-o", arg(&folder.path().join("a"))]);
    text.exits(0);
    run(["estimate", arg(&zip), "--sweep=64"]).error();
}

// What recompression, stripping and less touched memory are worth, as the command tells it.
#[test]
fn changes_are_worth_what_the_evidence_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let (zip, slim) = (package("hello-unstripped.zip"), folder.path().join("slim.zip"));
    run(["slim", arg(&zip), "--level", "strict", "-o", arg(&slim)]).exits(0);
    let against = |old: &std::path::Path, new: &std::path::Path| {
        run(["estimate", arg(new), "--against", arg(old), "--format", "json"]).exits(0).json()["estimate"]["against"]["change"].clone()
    };
    // Stripped and recompressed: no init, some download.
    let change = against(&zip, &slim);
    assert_eq!(change["init_ms"]["p50"], 0.0);
    assert!(change["before_init_ms"]["p50"].as_f64() < Some(-1.0), "{change}");
    assert!(change["conclusion"].as_str().expect("words").contains("INIT: no measurable change expected"), "{change}");
    let back = against(&slim, &zip);
    assert_eq!(back["before_init_ms"]["p50"].as_f64(), change["before_init_ms"]["p50"].as_f64().map(|ms| -ms));
    // 12 MB of touched memory halved: 6 MB at 7.2 ms [4.5, 9.5], with the scatter on top.
    let touched = |mb: u64| hello().with_touched(ByteSize::new(mb * 1_000_000));
    let change = lambda_slim::estimate::compare(&touched(12), &touched(6), &Model::prior());
    assert!((change.init_ms.p50 + 43.2).abs() < 3.0, "{change:?}");
    assert!(change.init_ms.p10 < -57.0 && change.init_ms.p90 > -27.0 && change.init_ms.p90 < -10.0, "{change:?}");
    assert_eq!(change.before_init_ms.p50, 0.0);
}

#[test]
fn evidence_can_be_printed_by_itself() {
    let test = run(["estimate", "--backtest", "--format", "json"]).exits(0).json();
    assert_eq!(test["families"].as_array().map(Vec::len), Some(4));
    let script = run(["estimate", "--experiment"]).exits(0).stdout;
    assert!(script.starts_with("#!/usr/bin/env bash") && script.contains("lambda-slim calibrate"), "{script}");
}
