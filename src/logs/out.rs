//! Where parsers put what they found: samples to the caller, all else counted.

use super::sample::{Place, Report, Sample};
use super::tally::{Format, Malformed, Tally};

pub(super) struct Out<'o> {
    known: Place<'o>,
    sink: &'o mut dyn FnMut(&Sample<'_>),
    starts: Starts,
    /// Line in which the record at hand begins.
    pub(super) line: u64,
    /// What stands on its line before the JSON at hand.
    pub(super) prefix: String,
    pub(super) tally: Tally,
}

impl<'o> Out<'o> {
    pub(super) fn new(known: Place<'o>, sink: &'o mut dyn FnMut(&Sample<'_>)) -> Self {
        Self { known, sink, starts: Starts::default(), line: 1, prefix: String::new(), tally: Tally::default() }
    }

    /// Hands a sample over, with what the caller knows of its place where the record does not say.
    pub(super) fn sample(&mut self, format: Format, sample: Sample<'_>) {
        let mut sample: Sample<'_> = sample;
        if let Sample::Report(Report { place, request_id: Some(request), .. }) = &mut sample {
            place.version = place.version.or(self.starts.version(request));
        }
        let place = match &mut sample {
            Sample::Report(report) => &mut report.place,
            Sample::InitStart(start) => &mut start.place,
            Sample::InitReport(report) => &mut report.place,
            Sample::Trace(trace) => &mut trace.place,
            Sample::Metric(metric) => &mut metric.place,
            Sample::Aggregate(aggregate) => &mut aggregate.place,
        };
        *place = or(*place, self.known);
        self.tally.samples += 1;
        self.tally.formats.insert(format);
        (self.sink)(&sample);
    }

    /// START says of a request which version serves it.
    pub(super) fn started(&mut self, request: &str, version: &str) {
        self.starts.add(request, version);
    }

    /// Counts a record that is none of Lambda's, or tells nothing of starts.
    pub(super) fn passed_over(&mut self) {
        self.tally.passed_over += 1;
    }

    /// Counts a record that should have told something.
    pub(super) fn malformed(&mut self, what: impl Into<String>, text: &[u8]) {
        self.tally.malformed += 1;
        if self.tally.first_malformed.len() < Tally::SHOWN {
            // A character has at most four bytes.
            let start = String::from_utf8_lossy(text.get(..Malformed::TEXT * 4).unwrap_or(text));
            let words: Vec<&str> = start.split_ascii_whitespace().collect();
            let text = words.join(" ").chars().take(Malformed::TEXT).collect();
            self.tally.first_malformed.push(Malformed { line: self.line, what: what.into(), text });
        }
    }
}

/// One place, completed by another.
pub(super) fn or<'a>(place: Place<'a>, other: Place<'a>) -> Place<'a> {
    Place {
        function: place.function.or(other.function),
        version: place.version.or(other.version),
        stream: place.stream.or(other.stream),
        at: place.at.or(other.at),
    }
}

/// What START lines said: the last one, and whether all said the same. Where requests of several environments alternate, the last
/// START is another request's, which matters only while two versions are served at once.
#[derive(Default)]
struct Starts {
    request: String,
    version: String,
    several: bool,
}

impl Starts {
    fn add(&mut self, request: &str, version: &str) {
        self.several |= !self.version.is_empty() && self.version != version;
        for (old, new) in [(&mut self.request, request), (&mut self.version, version)] {
            old.clear();
            old.push_str(new);
        }
    }

    fn version(&self, request: &str) -> Option<&str> {
        let known = !self.version.is_empty() && (!self.several || self.request == request);
        known.then_some(self.version.as_str())
    }
}
