//! Traces of X-Ray. Lambda writes two segments for an invocation: the service's, from the request to the answer, and the function's
//! below it. `Initialization` begins before its own parent in all public traces, so it is held against the service's segment.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::name::of_arn;
use super::out::Out;
use super::sample::{Place, Sample, Trace, TraceKind};
use super::tally::Format;
use super::time::epoch;
use crate::units::Millis;

/// Seconds between the end of `Initialization` and `Invocation` above which nobody waited for it.
const AHEAD: f64 = 1.0;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    #[serde(borrow)]
    segments: Vec<Part<'a>>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, rename = "Document")]
    document: Cow<'a, str>,
}

/// A segment or subsegment. Times are seconds since 1970.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Segment {
    id: String,
    name: String,
    parent_id: String,
    origin: String,
    resource_arn: Option<String>,
    start_time: Option<f64>,
    end_time: Option<f64>,
    subsegments: Vec<Segment>,
}

impl Segment {
    /// This one and all below it.
    fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        let mut next = 0;
        while let Some(segment) = all.get(next).copied() {
            all.extend(&segment.subsegments);
            next += 1;
        }
        all
    }

    fn below(&self, name: &str) -> Option<&Self> {
        self.all().into_iter().find(|segment| segment.name == name)
    }

    /// Begin and end in seconds, of a segment that has ended.
    fn span(&self) -> Option<(f64, f64)> {
        let (start, end) = (self.start_time?, self.end_time?);
        (start >= 0.0 && end >= start).then_some((start, end))
    }
}

/// An element of `Traces`: a sample for each invocation in it.
pub(super) fn trace(json: &str, out: &mut Out<'_>) {
    let segments =
        match serde_json::from_str::<Document<'_>>(json).map_err(|error| error.to_string()).and_then(segments) {
            Ok(segments) => segments,
            Err(error) => return out.malformed(format!("a trace cannot be read: {error}"), json.as_bytes()),
        };
    let of_origin = |origin| segments.iter().filter(move |segment: &&Segment| segment.origin == origin);
    let services: Vec<&Segment> = of_origin("AWS::Lambda").collect();
    let requests = Requests::new(&services);
    let mut answered = BTreeSet::new();
    for function in of_origin("AWS::Lambda::Function") {
        let request = requests.of(function);
        answered.extend(request.map(|(service, _)| service));
        out.sample(Format::XRay, Sample::Trace(invocation(function, request.map(|(_, request)| request))));
    }
    for (_, service) in services.iter().enumerate().filter(|(index, _)| !answered.contains(index)) {
        out.sample(Format::XRay, Sample::Trace(incomplete(service)));
    }
    if services.is_empty() && of_origin("AWS::Lambda::Function").next().is_none() {
        out.passed_over();
    }
}

fn segments(document: Document<'_>) -> Result<Vec<Segment>, String> {
    let parse = |part: &Part<'_>| serde_json::from_str(&part.document).map_err(|error| format!("a segment: {error}"));
    document.segments.iter().map(parse).collect()
}

/// The service's segments and all below them, with the index of the segment that they are part of.
struct Requests<'s> {
    by_id: BTreeMap<&'s str, (usize, &'s Segment)>,
    by_name: BTreeMap<&'s str, (usize, &'s Segment)>,
}

impl<'s> Requests<'s> {
    fn new(services: &[&'s Segment]) -> Self {
        let parts = |(index, service): (usize, &&'s Segment)| service.all().into_iter().map(move |part| (index, part));
        Self {
            by_id: services.iter().enumerate().flat_map(parts).map(|part| (part.1.id.as_str(), part)).collect(),
            by_name: services.iter().enumerate().map(|(i, service)| (service.name.as_str(), (i, *service))).collect(),
        }
    }

    /// The segment, or the attempt within it, that a function's segment answers.
    fn of(&self, function: &Segment) -> Option<(usize, &'s Segment)> {
        let parent = function.parent_id.as_str();
        let found = if parent.is_empty() { self.by_name.get(function.name.as_str()) } else { self.by_id.get(parent) };
        found.copied()
    }
}

fn invocation<'a>(function: &'a Segment, request: Option<&'a Segment>) -> Trace<'a> {
    let incomplete =
        || Trace { place: place(function, function.start_time), ..incomplete(request.unwrap_or(function)) };
    let (Some(request), Some(invocation)) = (request, function.below("Invocation").and_then(Segment::span)) else {
        return incomplete();
    };
    let Some((begin, end)) = request.span() else { return incomplete() };
    let initialization = function.below("Initialization");
    let init = initialization.and_then(Segment::span);
    let kind = match (initialization, init) {
        (None, _) => TraceKind::Warm,
        (Some(_), None) => return incomplete(),
        (Some(_), Some((start, stop))) if start < begin || invocation.0 - stop > AHEAD => TraceKind::InitializedAhead,
        _ => TraceKind::Cold,
    };
    let before_init = init.filter(|_| kind == TraceKind::Cold).map(|(start, _)| between(begin, start));
    Trace {
        place: place(function, Some(begin)),
        kind,
        before_init,
        init: init.map(|(start, end)| between(start, end)),
        invocation: Some(between(invocation.0, invocation.1)),
        total: between(begin, end),
    }
}

/// A trace of which a part is missing.
fn incomplete(segment: &Segment) -> Trace<'_> {
    let (start, end) = segment.span().unwrap_or_default();
    Trace {
        place: place(segment, segment.start_time),
        kind: TraceKind::Incomplete,
        before_init: None,
        init: None,
        invocation: None,
        total: between(start, end),
    }
}

fn place(segment: &Segment, start: Option<f64>) -> Place<'_> {
    let named = segment.resource_arn.as_deref().and_then(of_arn);
    let (function, version) = named.unwrap_or((&segment.name, None));
    let function = Some(function).filter(|name| !name.is_empty());
    Place { function, version, stream: None, at: start.and_then(epoch) }
}

/// Milliseconds between two times in seconds, to the microsecond: f64 tells times of this century apart by 0.24 us.
fn between(start: f64, end: f64) -> Millis {
    Millis::new(((end - start) * 1e6).round() / 1e3)
}
