//! How many starts are cold, and what callers see of them.

use super::start::{Line, times};
use crate::estimate::{Interval, Method, Traffic};
use crate::render::document::{Document, Tone};
use crate::render::human;

/// `sourced`: grade and footnote by what they are of.
pub(super) fn add(document: &mut Document, traffic: &Traffic, sourced: impl Fn(&str) -> String) {
    document.title("Traffic");
    let share = |share: f64| format!("{} %", percent(share));
    let of = |interval: Interval, unit: &dyn Fn(f64) -> String| {
        format!("{} ({} to {})", unit(interval.p50), unit(interval.p10), unit(interval.p90))
    };
    let count = |count: f64| format!("{count:.0}");
    let how = match traffic.method {
        Method::ClosedForm => "by formula, for requests at random at a constant rate",
        Method::Simulation => {
            "simulated, for requests at random at a constant rate: too many environments for the formula"
        }
        Method::Trace => "simulated on the times that were given",
    };
    let concurrency = &traffic.concurrency;
    document.fields(vec![
        ("requests per month", count(traffic.requests_per_month)),
        ("a warm one takes", format!("{} ms ({})", human::decimal(traffic.warm_ms), traffic.warm_source)),
        (
            "idle environments live",
            format!("{} minutes; {}", human::interval(traffic.keep_alive_minutes), traffic.keep_alive_source),
        ),
        ("cold starts", format!("{} of requests, {how}", of(traffic.cold_share, &share))),
        ("cold starts per month", of(traffic.cold_starts_per_month, &count)),
        ("environments busy", busy(traffic)),
        (
            "throttled",
            format!(
                "{} of requests (limit: {} at once, {} requests/s; +1000 environments in 10 s; {})",
                share(concurrency.throttled_share),
                concurrency.limit,
                concurrency.requests_per_second_limit,
                sourced("limits")
            ),
        ),
    ]);
    if traffic.ahead_of_requests.p90 > 0.0 {
        document.paragraph(
            Tone::Dim,
            format!(
                "Of these cold starts Lambda is thought to run {} ahead of a request, so that nobody waits for them ({}).",
                of(traffic.ahead_of_requests, &|part| format!("{:.0} %", part * 100.0)),
                sourced("ahead_of_requests")
            ),
        );
    }
    document.table(times(
        "what callers wait, of all requests",
        vec![
            Line::new("p50", traffic.latency_ms.p50),
            Line::new("p99", traffic.latency_ms.p99),
            Line::new("p99.9", traffic.latency_ms.p999),
        ],
    ));
    let risks = traffic.timeouts.iter().map(|risk| {
        format!(
            "{} s {}: {} of cold starts pass it ({})",
            human::decimal(risk.limit_ms / 1000.0),
            match risk.limit.as_str() {
                "init" => "that Lambda gives init",
                "function" => "of the function's time-out",
                _ => "until callers give up",
            },
            share(risk.share_of_cold_starts),
            risk.counts
        )
    });
    for risk in risks {
        document.paragraph(Tone::Plain, risk);
    }
    let metrics = &traffic.cloudwatch;
    document.caption("The month in CloudWatch, as predicted (AWS/Lambda)");
    document.fields(vec![
        ("Invocations, Sum", count(metrics.invocations)),
        ("Errors, Sum", format!("{} (time-outs alone)", count(metrics.errors))),
        ("Throttles, Sum", count(metrics.throttles)),
        ("Duration, Average", format!("{} ms (without init)", human::decimal(metrics.duration_ms))),
        ("ConcurrentExecutions, Maximum", count(metrics.concurrent_executions)),
    ]);
}

fn busy(traffic: &Traffic) -> String {
    let concurrency = &traffic.concurrency;
    let most = match traffic.method {
        Method::Trace => "at most",
        Method::ClosedForm | Method::Simulation => "one request in 1000 finds as many as this busy:",
    };
    format!("{} on average, {most} {:.0}", significant(concurrency.mean), concurrency.peak)
}

/// A share in percent, with two digits that count.
fn percent(share: f64) -> String {
    significant(share * 100.0)
}

fn significant(number: f64) -> String {
    let digits = match number.abs() {
        number if number == 0.0 || number >= 10.0 => 1,
        number if number >= 1.0 => 2,
        number if number >= 0.1 => 3,
        number if number >= 0.01 => 4,
        _ => 5,
    };
    format!("{number:.digits$}")
}
