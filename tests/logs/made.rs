//! Invocations that proptest makes up, and every way in which Lambda's tools write them.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Value, json};

/// One invocation. Times are hundredths of a millisecond, so that all formats say them exactly.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    request: String,
    duration: u32,
    billed: u32,
    memory: u32,
    used: u32,
    init: Option<u32>,
    restore: Option<(u32, u32)>,
    status: &'static str,
}

pub(crate) fn invocation() -> impl Strategy<Value = Invocation> {
    let status = prop_oneof![Just("success"), Just("error"), Just("timeout")];
    let numbers = (0..90_000_000_u32, 0..900_001_u32, 128..10_241_u32, 0..10_241_u32);
    let init = proptest::option::of(0..1_000_000_u32);
    let restore = proptest::option::of((0..1_000_000_u32, 0..10_000_u32));
    ("[0-9a-f]{8}-[0-9a-f]{4}", numbers, init, restore, status).prop_map(
        |(request, (duration, billed, memory, used), init, restore, status)| Invocation {
            request,
            duration,
            billed,
            memory,
            used,
            init,
            restore,
            status,
        },
    )
}

pub(crate) fn invocations() -> impl Strategy<Value = Vec<Invocation>> {
    proptest::collection::vec(invocation(), 1..8)
}

fn hundredths(number: u32) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

fn number(number: u32) -> Value {
    serde_json::from_str(&hundredths(number)).expect("a number")
}

impl Invocation {
    /// The fields of a REPORT line, in Lambda's order.
    pub(crate) fn fields(&self) -> Vec<String> {
        let mut fields = vec![
            format!("Duration: {} ms", hundredths(self.duration)),
            format!("Billed Duration: {} ms", self.billed),
            format!("Memory Size: {} MB", self.memory),
            format!("Max Memory Used: {} MB", self.used),
        ];
        fields.extend(self.init.map(|init| format!("Init Duration: {} ms", hundredths(init))));
        if let Some((restore, billed)) = self.restore {
            fields.push(format!("Restore Duration: {} ms", hundredths(restore)));
            fields.push(format!("Billed Restore Duration: {billed} ms"));
        }
        if self.status != "success" {
            fields.push(format!("Status: {}", self.status));
        }
        fields
    }

    /// A REPORT line of fields.
    pub(crate) fn line(&self, fields: &[String], separator: &str) -> String {
        format!("REPORT RequestId: {}{separator}{}{separator}", self.request, fields.join(separator))
    }

    /// A REPORT line as Lambda writes it.
    pub(crate) fn report(&self) -> String {
        self.line(&self.fields(), "\t")
    }

    fn platform(&self) -> Value {
        let mut metrics = json!({
            "durationMs": number(self.duration),
            "billedDurationMs": self.billed,
            "memorySizeMB": self.memory,
            "maxMemoryUsedMB": self.used,
        });
        if let Some(init) = self.init {
            metrics["initDurationMs"] = number(init);
        }
        if let Some((restore, billed)) = self.restore {
            metrics["restoreDurationMs"] = number(restore);
            metrics["billedRestoreDurationMs"] = billed.into();
        }
        let record = json!({ "requestId": self.request, "metrics": metrics, "status": self.status });
        json!({ "time": "2026-09-13T05:53:48.893Z", "type": "platform.report", "record": record })
    }
}

/// The same invocations in every format that says all of them, by name.
pub(crate) fn formats(invocations: &[Invocation]) -> Vec<(&'static str, Vec<u8>)> {
    let reports: Vec<String> = invocations.iter().map(Invocation::report).collect();
    let platform: Vec<Value> = invocations.iter().map(Invocation::platform).collect();
    let compact: Vec<String> = platform.iter().map(Value::to_string).collect();
    let lines = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let prefixed = |prefix: &str, lines: &[String]| lines.iter().map(|l| format!("{prefix} {l}\n")).collect::<String>();
    let tail = "2026-09-13T05:53:48.893000+00:00 2026/09/13/[$LATEST]0123abcd";
    let pretty: Vec<String> = platform.iter().map(|v| serde_json::to_string_pretty(v).expect("JSON")).collect();
    let array = serde_json::to_string_pretty(&platform).expect("JSON");
    let texts = vec![
        ("text", lines(&reports)),
        ("CRLF", lines(&reports).replace('\n', "\r\n")),
        ("spaces", lines(&reports).replace('\t', " ")),
        ("tail", prefixed(tail, &reports)),
        ("tail of JSON", prefixed(tail, &compact)),
        ("pretty tail of JSON", prefixed(tail, &pretty)),
        ("JSON lines", lines(&compact)),
        ("JSON without line ends", compact.concat()),
        ("pretty JSON", lines(&pretty)),
        ("Telemetry API", array),
        ("filter-log-events", events(&reports, "\n")),
        ("filter-log-events of JSON", events(&compact, "")),
        ("subscription", subscription(&reports)),
        ("CSV", csv(&reports, "\n")),
        ("CSV of JSON", csv(&compact, "")),
        ("query results", query_results(&reports)),
    ];
    let mut formats: Vec<(&str, Vec<u8>)> = texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    formats.push(("gzip", gzip(lines(&reports).as_bytes())));
    let (first, second) = reports.split_at(reports.len() / 2);
    let members = [gzip(lines(first).as_bytes()), gzip(lines(second).as_bytes())].concat();
    formats.push(("gzip in two members", members));
    formats
}

fn events(messages: &[String], end: &str) -> String {
    let event = |message: &String| json!({ "message": format!("{message}{end}"), "timestamp": 1_789_278_828_893_u64 });
    let events: Vec<Value> = messages.iter().map(event).collect();
    serde_json::to_string_pretty(&json!({ "events": events, "searchedLogStreams": [] })).expect("JSON")
}

fn subscription(messages: &[String]) -> String {
    let event = |message: &String| json!({ "id": "1", "message": message, "timestamp": 1_789_278_828_893_u64 });
    let events: Vec<Value> = messages.iter().map(event).collect();
    json!({ "messageType": "DATA_MESSAGE", "logGroup": "/aws/lambda/api", "logEvents": events }).to_string()
}

fn csv(messages: &[String], end: &str) -> String {
    let row = |message: &String| format!("2026-09-13 05:53:48.893,\"{}{end}\"\n", message.replace('"', "\"\""));
    format!("@timestamp,@message\n{}", messages.iter().map(row).collect::<String>())
}

fn query_results(messages: &[String]) -> String {
    let row = |message: &String| json!([{ "field": "@message", "value": message }, { "field": "@ptr", "value": "C" }]);
    let rows: Vec<Value> = messages.iter().map(row).collect();
    json!({ "results": rows, "status": "Complete" }).to_string()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("a vector");
    encoder.finish().expect("a vector")
}
