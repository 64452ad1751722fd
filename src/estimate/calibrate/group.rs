//! One version of a function: its cold starts day by day.

use std::collections::BTreeMap;

use crate::logs::Histogram;

/// Cold starts of one version.
#[derive(Debug, Clone, Default)]
pub(super) struct Version {
    /// `Init Duration` by day; day `None` where the records have no time.
    pub(super) init: BTreeMap<Option<i64>, Histogram>,
    /// `Duration` of cold starts by memory setting in MB and day.
    pub(super) first_call: BTreeMap<(u32, Option<i64>), Histogram>,
    /// Sum and count of `Max Memory Used` of cold starts, in MB.
    pub(super) memory_used: (u64, u64),
}

impl Version {
    /// Cold starts on days that `wanted` takes.
    pub(super) fn init_of(&self, wanted: &dyn Fn(Option<i64>) -> bool) -> Histogram {
        merged(self.init.iter().filter(|(day, _)| wanted(**day)).map(|(_, histogram)| histogram))
    }

    pub(super) fn days(&self) -> impl Iterator<Item = i64> + '_ {
        self.init.keys().filter_map(|day| *day)
    }

    pub(super) fn last_day(&self) -> Option<i64> {
        self.days().last()
    }

    pub(super) fn mean_memory_used_mb(&self) -> Option<f64> {
        let (sum, count) = self.memory_used;
        (count > 0).then(|| sum as f64 / count as f64)
    }
}

pub(super) fn merged<'h>(histograms: impl Iterator<Item = &'h Histogram>) -> Histogram {
    histograms.fold(Histogram::default(), |mut all, histogram| {
        all.merge(histogram);
        all
    })
}

/// Everything that was seen of one function.
#[derive(Debug, Clone, Default)]
pub(super) struct Function {
    pub(super) versions: BTreeMap<String, Version>,
    /// `Duration` of warm invocations.
    pub(super) warm: Histogram,
    pub(super) invocations: u64,
    pub(super) errors: u64,
    pub(super) timeouts: u64,
    /// First and last time, in ms.
    pub(super) span: Option<(i64, i64)>,
    /// Gaps after which an environment was used again, and gaps after which it was not there any more.
    pub(super) survived: Histogram,
    pub(super) gone: Histogram,
    /// From the first to the last invocation of environments that were counted elsewhere.
    pub(super) lifetimes: Histogram,
    /// From X-Ray: before INIT, of cold starts that were waited for.
    pub(super) before_init: Histogram,
    pub(super) traces_ahead: u64,
    /// Sum and time span of CloudWatch's `Invocations`, where logs are not there.
    pub(super) metric_invocations: f64,
    pub(super) metric_errors: f64,
    pub(super) metric_span: Option<(i64, i64)>,
    pub(super) metric_throttles: Option<f64>,
    pub(super) most_concurrent: Option<f64>,
}

impl Function {
    pub(super) fn cold_starts(&self) -> u64 {
        self.versions.values().flat_map(|version| version.init.values()).map(Histogram::count).sum()
    }

    pub(super) fn saw(&mut self, at: i64) {
        self.span = Some(widened(self.span, at));
    }

    /// The version whose cold starts are the most recent, and if they have no time, the last by name.
    pub(super) fn current(&self) -> Option<(&String, &Version)> {
        self.versions
            .iter()
            .filter(|(_, version)| !version.init.is_empty())
            .max_by_key(|(name, version)| (version.last_day(), name.parse::<u64>().ok(), (*name).clone()))
    }
}

pub(super) fn widened(span: Option<(i64, i64)>, at: i64) -> (i64, i64) {
    span.map_or((at, at), |(first, last)| (first.min(at), last.max(at)))
}
