//! The flags of `estimate`.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use super::args::{Output, PackageArg, Subject};

/// Flags of `estimate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lambda-slim estimate bootstrap.zip --memory 512
  lambda-slim estimate bootstrap.zip --requests-per-month 3e6 --duration 40 --client-timeout 29
  lambda-slim estimate bootstrap.zip --against old.zip
  lambda-slim measure bootstrap.zip --event event.json --format json -o report.json && lambda-slim estimate report.json --sweep
  lambda-slim calibrate logs/ -o model.json && lambda-slim estimate bootstrap.zip --model model.json

Every number has its source at the end of the output. Before INIT (placement, download) is little known: measure it with X-Ray and
`calibrate`, or run what --experiment prints.")]
#[command(mut_arg("package", |arg| arg.action(ArgAction::Set)), mut_arg("bin", |arg| arg.action(ArgAction::Set)))]
pub(super) struct Estimate {
    /// Memory setting in MB, 128 to 10240
    #[arg(long, value_name = "MB", env = "LAMBDA_SLIM_MEMORY")]
    pub(super) memory: Option<u32>,
    /// How the function is packaged. `--package zip` and `--package image` say the same; any other `--package` is cargo's
    #[arg(long, value_name = "KIND")]
    pub(super) package_kind: Option<PackageArg>,
    /// What the change from this package (or report) to ARTIFACT is worth
    #[arg(long, value_name = "OLD")]
    pub(super) against: Option<PathBuf>,
    /// Rows of the table of crates (0: all)
    #[arg(short = 'n', long = "crates", value_name = "N", default_value_t = 5)]
    pub(super) crates: usize,
    /// Which model to ask.
    #[command(flatten)]
    pub(super) model: ModelFlags,
    /// The traffic.
    #[command(flatten)]
    pub(super) traffic: TrafficFlags,
    /// The money.
    #[command(flatten)]
    pub(super) money: MoneyFlags,
    /// Compare memory settings (128,256,... or those named)
    #[arg(long, value_name = "MB,...", value_delimiter = ',', num_args = 0..=1, require_equals = true,
          help_heading = "Memory")]
    pub(super) sweep: Option<Vec<u32>>,
    /// Print how far the model is off where the truth is known, and nothing else
    #[arg(long, help_heading = "Model", conflicts_with_all = ["experiment", "against"])]
    pub(super) backtest: bool,
    /// Print a script that settles in your account what public data leave open, and nothing else
    #[arg(long, help_heading = "Model", conflicts_with = "against")]
    pub(super) experiment: bool,
    /// What to estimate; a report of this program will do.
    #[command(flatten)]
    pub(super) subject: Subject,
    /// Where the result goes.
    #[command(flatten)]
    pub(super) output: Output,
}

/// Which model is asked.
#[derive(Debug, Args)]
pub(super) struct ModelFlags {
    /// A model that `calibrate` wrote, instead of the prior
    #[arg(long, value_name = "FILE", env = "LAMBDA_SLIM_MODEL", help_heading = "Model")]
    pub(super) model: Option<PathBuf>,
    /// Which function of the model this is (by default the only one)
    #[arg(long, value_name = "NAME", help_heading = "Model")]
    pub(super) function: Option<String>,
}

/// What is known of the traffic.
#[derive(Debug, Args)]
pub(super) struct TrafficFlags {
    /// Requests in a month, at random at a constant rate
    #[arg(long, value_name = "N", help_heading = "Traffic", conflicts_with = "trace")]
    pub(super) requests_per_month: Option<f64>,
    /// Real requests: a log as `calibrate` reads it, or lines of 'TIME[,DURATION ms]' (- for stdin)
    #[arg(long, value_name = "FILE", help_heading = "Traffic")]
    pub(super) trace: Option<PathBuf>,
    /// How long a warm request takes, in ms
    #[arg(long, value_name = "MS", help_heading = "Traffic")]
    pub(super) duration: Option<f64>,
    /// Minutes for which Lambda keeps an idle environment
    #[arg(long, value_name = "MINUTES", help_heading = "Traffic")]
    pub(super) keep_alive: Option<f64>,
    /// Environments that may be busy at once: reserved concurrency, or the account's limit
    #[arg(long, value_name = "N", default_value_t = 1000, help_heading = "Traffic")]
    pub(super) concurrency: u32,
    /// New versions in a month: each starts all environments anew
    #[arg(long, value_name = "N", default_value_t = 0.0, help_heading = "Traffic")]
    pub(super) deployments_per_month: f64,
    /// The function's Timeout, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Traffic")]
    pub(super) timeout: Option<f64>,
    /// When callers give up, in seconds (API Gateway: 29)
    #[arg(long, value_name = "SECONDS", help_heading = "Traffic")]
    pub(super) client_timeout: Option<f64>,
}

/// What is known of prices.
#[derive(Debug, Args)]
pub(super) struct MoneyFlags {
    /// Region whose prices count
    #[arg(long, value_name = "REGION", default_value = "us-east-1", help_heading = "Money")]
    pub(super) region: String,
    /// Price of a GB-second in USD, instead of the region's
    #[arg(long, value_name = "USD", help_heading = "Money")]
    pub(super) price: Option<f64>,
}

/// Flags of `calibrate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  aws logs filter-log-events --log-group-name /aws/lambda/api | lambda-slim calibrate - --function api -o model.json
  lambda-slim calibrate exported-logs/ traces.json --report api=report.json -o model.json
  lambda-slim calibrate --query athena

Reads REPORT lines and platform.* JSON as they are, from filter-log-events, Logs Insights (JSON, CSV), the rows of --query, X-Ray's
batch-get-traces and CloudWatch's get-metric-data; plain or gzipped, in one pass.")]
pub(super) struct Calibrate {
    /// Logs, traces, metrics: files, folders, or - for stdin
    #[arg(value_name = "LOG", required_unless_present = "query")]
    pub(super) logs: Vec<PathBuf>,
    /// Name of the function where the records do not say
    #[arg(long, value_name = "NAME")]
    pub(super) function: Option<String>,
    /// A report of the package that a function ran (`measure` knows most): sizes then count in what is learnt; repeatable
    #[arg(long, value_name = "[FUNCTION=]REPORT")]
    pub(super) report: Vec<String>,
    /// How the functions are packaged
    #[arg(long, value_name = "KIND", default_value = "zip")]
    pub(super) package_kind: PackageArg,
    /// The functions' architecture: REPORT lines do not say it (x86-64, unless a report does)
    #[arg(long, value_name = "ARCH")]
    pub(super) arch: Option<super::args::Arch>,
    /// The model to start from (by default the prior)
    #[arg(long, value_name = "FILE")]
    pub(super) from: Option<PathBuf>,
    /// Print the query that has an engine count, and nothing else
    #[arg(long, value_name = "ENGINE", conflicts_with = "logs")]
    pub(super) query: Option<Engine>,
    /// What the summary looks like; json is the model itself
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "LAMBDA_SLIM_FORMAT")]
    pub(super) format: super::args::Format,
    /// Write the model to this file
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// Who counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Engine {
    /// CloudWatch Logs Insights.
    Insights,
    /// Amazon Athena.
    Athena,
}
