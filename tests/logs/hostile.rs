//! Inputs that are damaged, endless or made to be slow.

use std::io::{self, Read};

use lambda_slim::logs::{LogsError, Place, Tally, read};

use crate::made::gzip;

const REPORT: &str = "REPORT RequestId: 8f5e\tDuration: 1.44 ms\tBilled Duration: 2 ms\n";

fn tally(mut input: &[u8]) -> Tally {
    read(&mut input, &Place::default(), &mut |_| {}).expect("readable")
}

#[test]
fn damaged_gzip_is_an_error_after_what_could_be_read() {
    let whole = gzip(REPORT.repeat(100_000).as_bytes());
    let cut = &whole[..whole.len() / 2];
    let mut samples = 0;
    let error = read(&mut &*cut, &Place::default(), &mut |_| samples += 1).expect_err("cut");
    assert!(matches!(error, LogsError::Gzip(_)), "{error}");
    assert!(samples > 10_000, "{samples}");
    let error = read(&mut &b"\x1f\x8b\x08garbage"[..], &Place::default(), &mut |_| {}).expect_err("garbage");
    assert!(matches!(error, LogsError::Gzip(_)), "{error}");
}

#[test]
fn a_source_that_fails_is_an_error() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let mut input = REPORT.as_bytes().chain(Failing);
    let error = read(&mut input, &Place::default(), &mut |_| {}).expect_err("failing");
    assert_eq!(error.to_string(), "the log cannot be read: the disk is gone");
}

#[test]
fn a_line_of_ten_megabytes_is_passed_over_and_the_next_is_read() {
    for begin in ["", "REPORT RequestId: ", "[INFO] ", "{ ", "a\"platform."] {
        let text = format!("{REPORT}{begin}{}\n{REPORT}", "x".repeat(10_000_000));
        let tally = tally(text.as_bytes());
        assert_eq!((tally.lines, tally.samples, tally.passed_over), (3, 2, 1), "{begin:?} {tally:?}");
    }
}

#[test]
fn a_value_of_ten_megabytes_is_passed_over_and_the_next_is_read() {
    let long = "x".repeat(10_000_000);
    let event = |message: &str| format!("{{\"timestamp\":1,\"message\":{message:?}}}");
    let document = format!("{{\"events\":[{},{},{}]}}", event(REPORT), event(&long), event(REPORT));
    for text in [document, format!("{}{{\"a\":\"{long}\"}}{}", event(REPORT), event(REPORT))] {
        let tally = tally(text.as_bytes());
        assert_eq!((tally.lines, tally.samples, tally.passed_over), (3, 2, 1), "{tally:?}");
    }
}

#[test]
fn a_quote_that_nothing_closes_gives_up_its_line_and_no_more() {
    for count in [10, 50_000] {
        let rows = format!("2026-09-13 05:53:48.893,{REPORT}").repeat(count);
        let tally = tally(format!("@timestamp,@message\nx,\"open\n{rows}").as_bytes());
        assert_eq!((tally.samples, tally.malformed), (count as u64, 1), "{tally:?}");
    }
}

#[test]
fn a_row_of_two_megabytes_is_given_up_and_the_next_is_read() {
    let text = format!("@timestamp,@message\nx,\"{}\"\nx,{REPORT}", "x".repeat(2_000_000));
    let tally = tally(text.as_bytes());
    assert_eq!((tally.lines, tally.samples, tally.malformed), (3, 1, 1), "{tally:?}");
}

#[test]
fn values_that_open_without_end_are_left() {
    for text in
        ["[".repeat(1_000_000), "{\"a\":".repeat(1_000_000), "[1,".repeat(1_000_000), "\u{1b}[".repeat(1_000_000)]
    {
        let text = format!("{text}\n{REPORT}");
        assert_eq!(tally(text.as_bytes()).samples, 1);
    }
}

#[test]
fn nul_bytes_and_bytes_that_are_no_text_are_passed_over() {
    let mut input = b"\0\0\xff\xfe\n\0".to_vec();
    input.extend(REPORT.as_bytes());
    input.extend(b"REPORT RequestId: \xff\tDuration: 1 ms\xff\n{\"type\":\"platform.report\",\"record\":{\"requestId\":\"\xff\",");
    input.extend(b"\"metrics\":{\"durationMs\":1}}}\n");
    let tally = tally(&input);
    assert_eq!((tally.samples, tally.malformed, tally.passed_over), (2, 0, 2), "{tally:?}");
}

#[test]
fn the_first_malformed_are_kept_short_with_their_lines() {
    let text = format!("fine\n\nREPORT RequestId: {}\n{}", "é".repeat(500), "REPORT RequestId: x\n".repeat(9));
    let tally = tally(text.as_bytes());
    assert_eq!((tally.malformed, tally.first_malformed.len()), (10, Tally::SHOWN));
    assert_eq!(tally.first_malformed[0].line, 3);
    assert_eq!(tally.first_malformed[0].text.chars().count(), 120);
}

#[test]
fn a_trace_of_eighty_thousand_segments_is_read_at_once() {
    let document = |origin: &str, at: usize| {
        format!(
            r#"{{"Document":"{{\"origin\":\"AWS::Lambda{origin}\",\"id\":\"{at}\",\"parent_id\":\"{}\"}}"}}"#,
            at + 1
        )
    };
    let segments: Vec<String> =
        (0..40_000).map(|at| format!("{},{}", document("", at), document("::Function", at))).collect();
    let tally = tally(format!(r#"{{"Traces":[{{"Segments":[{}]}}]}}"#, segments.join(",")).as_bytes());
    assert_eq!((tally.samples, tally.malformed), (40_001, 0), "{tally:?}");
}
