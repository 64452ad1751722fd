//! What is asked beside the cold start: traffic, money, memory.

use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::estimate::{Arrival, Demand, Inputs, MEMORY_SIZES, Plan, PriceList, Question};
use crate::host::log_inputs;
use crate::logs::{LogsError, Place, Sample, read, timed_request};

use super::error::CliError;
use super::estimate_args::{Estimate, TrafficFlags};
use super::predictor::Predictor;
use super::terminal::Terminal;

/// How long a warm request takes where nobody says, in ms.
const ASSUMED_WARM_MS: f64 = 100.0;

pub(super) fn question(
    flags: &Estimate,
    predictor: &Predictor,
    inputs: &Inputs,
    terminal: Terminal,
) -> Result<Question, CliError> {
    let list = PriceList::embedded();
    let prices = match (list.of(&flags.money.region, inputs.architecture()), flags.money.price) {
        (Ok(prices), Some(usd)) => prices.at(usd)?,
        // The price outranks the list, which only needs a region for what is not given.
        (Err(_), Some(usd)) => list.of(PriceList::DEFAULT_REGION, inputs.architecture())?.at(usd)?,
        (prices, None) => prices?,
    };
    let memory_sizes = match &flags.sweep {
        None => Vec::new(),
        Some(sizes) if sizes.is_empty() => MEMORY_SIZES.to_vec(),
        Some(sizes) => sizes.clone(),
    };
    let traffic = plan(&flags.traffic, predictor, terminal)?;
    Ok(Question { traffic, prices: Some(prices), memory_sizes })
}

fn plan(flags: &TrafficFlags, predictor: &Predictor, terminal: Terminal) -> Result<Option<Plan>, CliError> {
    let function = predictor.model.function();
    let (warm_ms, warm_source) = warm(flags, predictor);
    let demand = match (&flags.trace, flags.requests_per_month) {
        (Some(path), _) => Demand::Trace(trace(path, warm_ms, terminal)?),
        (None, Some(requests)) => Demand::PerMonth(requests),
        (None, None) => match function.and_then(|function| function.requests_per_month) {
            Some(requests) if requests > 0.0 => Demand::PerMonth(requests),
            _ => return Ok(None),
        },
    };
    let logged = function.and_then(|function| function.keep_alive_minutes.as_ref());
    let mut plan = Plan::new(demand, warm_ms, warm_source);
    plan.keep_alive_minutes = flags.keep_alive;
    plan.logged_keep_alive = logged.cloned().filter(|_| flags.keep_alive.is_none());
    plan.concurrency = flags.concurrency;
    plan.deployments_per_month = flags.deployments_per_month;
    plan.function_timeout_ms = flags.timeout.map(|seconds| seconds * 1000.0);
    plan.client_timeout_ms = flags.client_timeout.map(|seconds| seconds * 1000.0);
    Ok(Some(plan))
}

/// How long a warm request takes, and who says so.
fn warm(flags: &TrafficFlags, predictor: &Predictor) -> (f64, String) {
    let logged = predictor.model.function().and_then(|function| function.warm_ms);
    match (&flags.trace, flags.duration, logged) {
        (_, Some(ms), _) => (ms, "as given with --duration".to_owned()),
        (Some(path), None, Some(ms)) => (ms, format!("{}, and the model's logs where it does not say", path.display())),
        (Some(path), None, None) => {
            (ASSUMED_WARM_MS, format!("{}; assumed {ASSUMED_WARM_MS} ms where it does not say", path.display()))
        }
        (None, None, Some(ms)) => (ms, format!("mean of warm invocations in the logs of model {}", predictor.model.id)),
        (None, None, None) => (ASSUMED_WARM_MS, format!("assumed: say --duration (here {ASSUMED_WARM_MS} ms)")),
    }
}

/// Requests in the order of time: from a log, or from lines of times.
fn trace(path: &Path, warm_ms: f64, terminal: Terminal) -> Result<Vec<Arrival>, CliError> {
    let spinner = terminal.spinner("reading requests");
    let mut arrivals = Vec::new();
    for input in log_inputs(&[path.to_owned()])? {
        let mut lines = BufReader::new(input.open()?);
        let is_list = lines.fill_buf().is_ok_and(is_list_of_times);
        if is_list {
            for line in lines.split(b'\n') {
                let line = line
                    .map_err(|cause| CliError::Log { path: input.path().to_owned(), source: LogsError::Read(cause) })?;
                let request = timed_request(&String::from_utf8_lossy(&line));
                arrivals.extend(request.map(|request| Arrival {
                    at_ms: request.at_ms,
                    duration_ms: request.duration_ms.unwrap_or(warm_ms),
                }));
            }
            continue;
        }
        let mut take = |sample: &Sample<'_>| {
            let Sample::Report(report) = sample else { return };
            // A REPORT line is written when the invocation is over; a cold one's duration is not a warm one's.
            let Some(end) = report.place.at else { return };
            let init = report.init.map_or(0.0, crate::units::Millis::get);
            let duration_ms = if report.init.is_some() { warm_ms } else { report.duration.get() };
            arrivals.push(Arrival { at_ms: end.0 as f64 - report.duration.get() - init, duration_ms });
        };
        read(&mut lines, &Place::default(), &mut take)
            .map_err(|source| CliError::Log { path: input.path().to_owned(), source })?;
    }
    spinner.finish_and_clear();
    arrivals.sort_by(|one, other| one.at_ms.total_cmp(&other.at_ms));
    Ok(arrivals)
}

/// True where one of the first two lines is a time: the first may be headings.
fn is_list_of_times(start: &[u8]) -> bool {
    start.split(|byte| *byte == b'\n').take(2).any(|line| timed_request(&String::from_utf8_lossy(line)).is_some())
}
