//! The command line: arguments in, results on stdout, progress and notes on stderr, an exit code. The only room that prints
//! and that names `clap`.

mod analyze;
mod args;
mod boot_check;
mod build_options;
mod calibrate;
mod check;
mod command;
mod configuration;
mod debug_file;
mod diff;
mod error;
mod estimate;
mod estimate_args;
mod estimate_question;
mod exit_code;
mod launch_files;
mod layout;
mod layout_args;
mod layout_trace;
mod measure;
mod measure_args;
mod measure_findings;
mod measure_waits;
mod order;
mod output;
mod predictor;
mod project;
mod run;
mod slim;
mod slim_several;
mod subject;
mod terminal;
mod trend;
mod trend_args;
mod tune;
mod tune_apply;
mod tune_args;
mod tune_bench;
mod tune_dependencies;
mod tune_results;
mod tune_session;
mod tune_steps;

pub use error::CliError;
pub use exit_code::ExitCode;
pub use run::run;
