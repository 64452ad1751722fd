//! Functions that never ran: their records, made by a generator with known truth.

use std::fmt::Write as _;

use serde_json::json;

/// What a function is like.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    pub(crate) memory_mb: u32,
    pub(crate) used_mb: u32,
    pub(crate) init_ms: f64,
    pub(crate) first_call_ms: f64,
    pub(crate) warm_ms: f64,
    /// Idle environments live for so many minutes.
    pub(crate) keep_alive_minutes: f64,
    pub(crate) requests_per_minute: f64,
    pub(crate) days: u32,
}

/// One invocation.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) function: &'static str,
    pub(crate) stream: String,
    pub(crate) end_ms: i64,
    pub(crate) request_id: String,
    pub(crate) duration_ms: f64,
    pub(crate) billed_ms: u64,
    pub(crate) memory_mb: u32,
    pub(crate) used_mb: u32,
    pub(crate) init_ms: Option<f64>,
}

/// 2026-09-13T00:00:00Z.
pub(crate) const BEGIN_MS: i64 = 1_789_257_600_000;

/// splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Above 0, below 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -self.uniform().ln() * mean
    }

    /// `median`, times e to the power of a normal number with this deviation.
    fn lognormal(&mut self, median: f64, deviation: f64) -> f64 {
        let normal = (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos();
        ((median * (normal * deviation).exp()) * 100.0).round() / 100.0
    }
}

impl Function {
    pub(crate) fn api() -> Self {
        Self {
            name: "api",
            version: 3,
            memory_mb: 512,
            used_mb: 29,
            init_ms: 110.0,
            first_call_ms: 180.0,
            warm_ms: 12.0,
            keep_alive_minutes: 8.0,
            requests_per_minute: 0.3,
            days: 20,
        }
    }

    /// Its invocations in the order of time, one environment at a time: what comes while it is busy is left out.
    pub(crate) fn invocations(&self, random: &mut Random) -> Vec<Invocation> {
        let end = BEGIN_MS as f64 + f64::from(self.days) * 86_400_000.0;
        let (mut now, mut idle_since, mut stream) = (BEGIN_MS as f64, f64::NEG_INFINITY, String::new());
        let mut all = Vec::new();
        loop {
            now += random.exponential(60_000.0 / self.requests_per_minute);
            if now >= end {
                return all;
            }
            if now <= idle_since {
                continue;
            }
            let cold = now - idle_since > self.keep_alive_minutes * 60_000.0;
            let init_ms = cold.then(|| random.lognormal(self.init_ms, 0.12));
            if cold {
                stream = format!("2026/09/13/[{}]{:016x}{:016x}", self.version, random.next(), random.next());
            }
            let duration_ms = random.lognormal(if cold { self.first_call_ms } else { self.warm_ms }, 0.15);
            let end_ms = (now + duration_ms).ceil() as i64;
            idle_since = end_ms as f64;
            all.push(Invocation {
                function: self.name,
                stream: stream.clone(),
                end_ms,
                request_id: format!("{:08x}-0000-4000-8000-{:012x}", random.next() >> 32, random.next() >> 16),
                duration_ms,
                billed_ms: (duration_ms + init_ms.unwrap_or(0.0) - 1e-6).ceil() as u64,
                memory_mb: self.memory_mb,
                used_mb: self.used_mb,
                init_ms,
            });
        }
    }
}

impl Invocation {
    pub(crate) fn report(&self) -> String {
        let mut line = format!(
            "REPORT RequestId: {}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
            self.request_id, self.duration_ms, self.billed_ms, self.memory_mb, self.used_mb
        );
        if let Some(init) = self.init_ms {
            write!(line, "Init Duration: {init:.2} ms\t").expect("to a String");
        }
        line
    }

    fn platform(&self) -> String {
        let mut metrics = json!({"durationMs": self.duration_ms, "billedDurationMs": self.billed_ms, "memorySizeMB": self.memory_mb, "maxMemoryUsedMB": self.used_mb});
        if let Some(init) = self.init_ms {
            metrics["initDurationMs"] = json!(init);
        }
        json!({"time": self.time(), "type": "platform.report", "record": {"requestId": self.request_id, "metrics": metrics, "status": "success"}}).to_string()
    }

    fn time(&self) -> String {
        let of_day = self.end_ms.rem_euclid(86_400_000);
        // All of it lies in September and October 2026.
        let day = (self.end_ms - BEGIN_MS).div_euclid(86_400_000) + 13;
        let (month, day) = if day > 30 { (10, day - 30) } else { (9, day) };
        let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
        format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}.{:03}Z", of_day / 1000 % 60, of_day % 1000)
    }
}

/// As `aws logs tail` prints them.
pub(crate) fn tail(invocations: &[Invocation]) -> String {
    invocations.iter().map(|one| format!("{} {} {}\n", one.time(), one.stream, one.report())).collect()
}

/// As `aws logs filter-log-events` returns them.
pub(crate) fn filtered(invocations: &[Invocation], message: Message) -> String {
    let event = |(at, one): (usize, &Invocation)| json!({"logStreamName": one.stream, "timestamp": one.end_ms, "message": message.of(one), "ingestionTime": one.end_ms + 7, "eventId": at.to_string()});
    json!({"events": invocations.iter().enumerate().map(event).collect::<Vec<_>>(), "searchedLogStreams": []})
        .to_string()
}

/// As a table of an engine holds them: one JSON object in each line.
pub(crate) fn rows(invocations: &[Invocation], message: Message) -> String {
    let row = |one: &Invocation| json!({"log_group": format!("/aws/lambda/{}", one.function), "log_stream": one.stream, "at_ms": one.end_ms, "message": message.of(one)});
    invocations.iter().map(|one| format!("{}\n", row(one))).collect()
}

/// Lambda's two log formats.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Message {
    Text,
    Json,
}

impl Message {
    fn of(self, one: &Invocation) -> String {
        match self {
            Self::Text => one.report() + "\n",
            Self::Json => one.platform() + "\n",
        }
    }
}
