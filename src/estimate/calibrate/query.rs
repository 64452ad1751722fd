//! Queries for where logs outgrow one machine: the engine counts, and a few rows go to `calibrate` instead of every line.

/// Which engine runs the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryEngine {
    /// CloudWatch Logs Insights.
    Insights,
    /// Amazon Athena, over logs exported or delivered to S3.
    Athena,
}

/// The query, with comments on how to run it and how to hand its rows to `calibrate`.
#[must_use]
pub const fn query(engine: QueryEngine) -> &'static str {
    match engine {
        QueryEngine::Insights => include_str!("query.insights.txt"),
        QueryEngine::Athena => include_str!("query.athena.sql"),
    }
}
