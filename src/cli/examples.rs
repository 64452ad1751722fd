//! Commands to begin with, as `--help` shows them. Each is a real one: a test reads them all as clap would.

pub(super) const ANALYZE: &str = "\
Examples:
  lambda-slim analyze bootstrap.zip                      which crates a package is made of
  lambda-slim analyze                                    the same of this project, built and slimmed
  lambda-slim analyze bootstrap.zip --symbols target/release/api --by function -n 40
  lambda-slim analyze --no-build --why rustls            who brings it in, and what leaves with it
  lambda-slim analyze bootstrap.zip --format html -o report.html";

pub(super) const SLIM: &str = "\
Examples:
  lambda-slim slim bootstrap.zip -o smaller.zip          the same program in fewer bytes, proven
  lambda-slim slim --in-place target/lambda/api/bootstrap.zip
  lambda-slim slim --in-place target/lambda/api          a folder: its programs
  lambda-slim slim bootstrap.zip --dry-run --effort max  what would be saved at most
  lambda-slim slim bootstrap.zip -o smaller.zip --boot-check --event event.json";

pub(super) const ESTIMATE: &str = "\
Examples:
  lambda-slim estimate bootstrap.zip --memory 512        a cold start, each part with its evidence
  lambda-slim estimate new.zip --against old.zip         what a change does to it
  lambda-slim estimate measured.json --sweep             by memory setting, of a report of `measure`
  lambda-slim estimate bootstrap.zip --requests-per-month 300000 --client-timeout 3";

pub(super) const CALIBRATE: &str = "\
Examples:
  lambda-slim calibrate logs.txt -o model.json           from REPORT lines, JSON, X-Ray or metrics
  lambda-slim estimate bootstrap.zip --model model.json  predict with what was learnt";

pub(super) const MEASURE: &str = "\
Examples:
  lambda-slim measure bootstrap.zip                      memory that init touches, by crate
  lambda-slim measure bootstrap.zip --runs 30 --cold-cache --event event.json
  lambda-slim measure bootstrap.zip --format json -o measured.json";

pub(super) const LAYOUT: &str = "\
Examples:
  lambda-slim layout --event event.json                  trace starts, link in that order
  lambda-slim layout --no-trace                          with the order file that is there
  lambda-slim layout --bin api --static-relocations      smaller still, without ASLR";

pub(super) const CHECK: &str = "\
Examples:
  lambda-slim check bootstrap.zip --max-zip 5MB          exit code 1 where it is larger
  lambda-slim check --baseline lambda-slim.json --max-growth '2% and 10KiB'
  lambda-slim check --baseline lambda-slim.json --update-baseline
  lambda-slim check --baseline-ref main... --max-growth 1%  build the other commit, and compare
  lambda-slim check --workspace --max-crate '*=+50KiB'   every program, no crate grows by more
  lambda-slim check bootstrap.zip --record history.jsonl --format github";

pub(super) const TUNE: &str = "\
Examples:
  lambda-slim tune --list                                which experiments there are
  lambda-slim tune --event event.json --budget 30        build and measure for half an hour
  lambda-slim tune --only opt-level-z+lto-fat            one experiment, of two steps
  lambda-slim tune --apply same-behaviour                write what the last run chose";

pub(super) const MERGE: &str = "\
Examples:
  lambda-slim analyze --workspace --partition 1/2 --format json -o part-1.json
  lambda-slim merge part-1.json part-2.json -o all.json  what one run would have written
  lambda-slim check all.json --baseline main.json        each package, and a table of all";

pub(super) const TREND: &str = "\
Examples:
  lambda-slim trend history.jsonl                        lines of bars, and what changed
  lambda-slim trend history.jsonl --format html -o trend.html
  lambda-slim trend history.jsonl -n 30 --format svg -o trend.svg";

pub(super) const DIFF: &str = "\
Examples:
  lambda-slim diff old.zip new.zip                       by crate
  lambda-slim diff old.zip new.zip --by function -n 40
  lambda-slim diff main.json new.zip --format html -o diff.html";

pub(super) const SCHEMA: &str = "\
Examples:
  lambda-slim schema > report.schema.json
  lambda-slim analyze bootstrap.zip --format json        a report that holds to it";

pub(super) const COMPLETIONS: &str = "\
Examples:
  lambda-slim completions bash > ~/.local/share/bash-completion/completions/lambda-slim
  lambda-slim completions zsh > ~/.zfunc/_lambda-slim";

pub(super) const MAN: &str = "\
Examples:
  lambda-slim man > ~/.local/share/man/man1/lambda-slim.1";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::command::Cli;

    /// The words of an example as a shell passes them on: up to what the shell itself reads, and without the remark.
    fn words(line: &str) -> Vec<String> {
        let command = line.split("  ").next().unwrap_or_default().split(" > ").next().unwrap_or_default();
        let mut words = Vec::new();
        for (number, part) in command.split('\'').enumerate() {
            match number % 2 {
                0 => words.extend(part.split_whitespace().map(str::to_owned)),
                _ => words.push(part.to_owned()),
            }
        }
        words
    }

    #[test]
    fn every_command_has_examples_and_clap_reads_them() {
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("  lambda-slim ")).collect();
            assert!(!examples.is_empty(), "{name} has no example");
            assert!(examples.iter().any(|example| example.starts_with(name)), "{name} is not in its own examples");
            for example in examples {
                let line = format!("lambda-slim {example}");
                let read = Cli::command().try_get_matches_from(words(&line));
                assert!(read.is_ok(), "{line}: {}", read.err().map(|error| error.to_string()).unwrap_or_default());
            }
            assert!(help.lines().all(|line| line.chars().count() <= 100), "{name}: a line of its examples is too wide");
        }
    }
}
