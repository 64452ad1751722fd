//! Samples as readable text.

use std::fmt::Write as _;
use std::io::Read;

use lambda_slim::logs::{Aggregate, Histogram, Metric, Place, Report, Sample, Tally, Timestamp, Trace, read};
use lambda_slim::units::Millis;

/// What reading gives: a line for each sample, then the tally.
pub(crate) fn show(input: &mut (dyn Read + Send), known: &Place<'_>) -> String {
    let mut text = String::new();
    let tally = read(input, known, &mut |sample| text.push_str(&line(sample))).expect("readable");
    text.push_str(&tally_text(&tally));
    text
}

/// The samples of bytes, a line each.
pub(crate) fn samples(input: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    read(&mut &*input, &Place::default(), &mut |sample| lines.push(line(sample))).expect("readable");
    lines
}

/// The samples of bytes without their places.
pub(crate) fn samples_anywhere(input: &[u8]) -> Vec<String> {
    samples(input).iter().map(|line| line.split(" @ ").next().unwrap_or_default().to_owned()).collect()
}

fn tally_text(tally: &Tally) -> String {
    let formats: Vec<&str> = tally.formats.iter().map(|format| format.name()).collect();
    let mut text = format!(
        "-- {} records of {} bytes: {} samples, {} passed over, {} malformed; {}\n",
        tally.lines,
        tally.bytes,
        tally.samples,
        tally.passed_over,
        tally.malformed,
        formats.join(", "),
    );
    for malformed in &tally.first_malformed {
        writeln!(text, "   line {}: {}: {:?}", malformed.line, malformed.what, malformed.text).expect("a string");
    }
    text
}

fn line(sample: &Sample<'_>) -> String {
    let (what, place) = match sample {
        Sample::Report(sample) => (report(sample), sample.place),
        Sample::InitStart(sample) => (
            format!(
                "init start {:?} {:?} runtime {}",
                sample.initialization,
                sample.phase,
                sample.runtime_version.unwrap_or("-")
            ),
            sample.place,
        ),
        Sample::InitReport(sample) => (
            format!(
                "init report {:?} {:?} {:?} {}",
                sample.initialization,
                sample.phase,
                sample.status,
                ms(sample.duration)
            ),
            sample.place,
        ),
        Sample::Trace(sample) => (trace(sample), sample.place),
        Sample::Metric(sample) => (metric(sample), sample.place),
        Sample::Aggregate(sample) => (aggregate(sample), sample.place),
    };
    format!("{what} @ {}\n", place_text(&place))
}

fn report(report: &Report<'_>) -> String {
    let mut text = format!("report {} duration {}", report.request_id.unwrap_or("-"), ms(report.duration));
    let times = [
        ("billed", report.billed),
        ("init", report.init),
        ("restore", report.restore),
        ("billed restore", report.billed_restore),
    ];
    for (name, time) in times {
        if let Some(time) = time {
            write!(text, " {name} {}", ms(time)).expect("a string");
        }
    }
    let memory = report.memory_mb.map_or_else(|| "-".to_owned(), |mb| mb.to_string());
    let used = report.max_memory_used_mb.map_or_else(|| "-".to_owned(), |mb| mb.to_string());
    write!(text, " memory {used}/{memory} MB {:?}", report.status).expect("a string");
    text
}

fn trace(trace: &Trace<'_>) -> String {
    let part = |name: &str, time: Option<Millis>| time.map_or_else(String::new, |time| format!(" {name} {}", ms(time)));
    format!(
        "trace {:?}{}{}{} total {}",
        trace.kind,
        part("before init", trace.before_init),
        part("init", trace.init),
        part("invocation", trace.invocation),
        ms(trace.total)
    )
}

fn metric(metric: &Metric<'_>) -> String {
    let points: Vec<String> = metric.points.iter().map(|(at, value)| format!("{}={value}", time(*at))).collect();
    let complete = if metric.complete { "complete" } else { "incomplete" };
    format!("metric {:?} {} {complete}: {}", metric.name, metric.statistic.unwrap_or("-"), points.join(" "))
}

fn aggregate(row: &Aggregate<'_>) -> String {
    format!(
        "aggregate {} invocations, memory {:?} MB, init {}, first call {}, warm {}, used {} MB, billed otherwise {}",
        row.invocations,
        row.memory_mb,
        histogram(&row.init),
        histogram(&row.first_call),
        histogram(&row.warm),
        row.cold_max_memory_used_mb,
        row.billed_otherwise
    )
}

fn histogram(histogram: &Histogram) -> String {
    let buckets: Vec<String> = histogram.buckets().map(|(bucket, count)| format!("{bucket}={count}")).collect();
    format!("{{{}}}", buckets.join(" "))
}

fn place_text(place: &Place<'_>) -> String {
    let at = place.at.map_or_else(|| "-".to_owned(), time);
    let [function, version, stream] = [place.function, place.version, place.stream].map(|name| name.unwrap_or("-"));
    format!("{function} {version} {stream} {at}")
}

/// Day since 1970 and time of day.
fn time(at: Timestamp) -> String {
    let rest = at.0.rem_euclid(86_400_000);
    let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
    format!("{}d{hours:02}:{minutes:02}:{seconds:02}.{:03}", at.day(), rest % 1000)
}

fn ms(time: Millis) -> String {
    format!("{} ms", time.get())
}
