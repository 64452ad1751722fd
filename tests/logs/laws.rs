//! What must hold whatever the invocations are.

use std::io::{self, Read};

use lambda_slim::logs::Place;
use proptest::prelude::*;

use crate::made::{formats, invocation, invocations};
use crate::show::{samples, samples_anywhere, show};

/// Gives at most `step` bytes at a time, more or less by turns.
struct Pieces<'b> {
    bytes: &'b [u8],
    step: usize,
    turn: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        let step = 1 + (self.turn * 7) % self.step;
        self.bytes.read(&mut into.get_mut(..step.min(into.len())).unwrap_or_default()[..])
    }
}

fn whole_and_in_pieces(bytes: &[u8], step: usize) -> (String, String) {
    let whole = show(&mut &*bytes, &Place::default());
    (whole, show(&mut Pieces { bytes, step, turn: 0 }, &Place::default()))
}

/// Scraps of everything that begins something: made-up bytes alone would hardly ever look like a record.
fn scraps() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "REPORT RequestId: a\tDuration: 1 ms",
        "START RequestId: a Version: 2\n",
        "INIT_REPORT Init Duration: 1 ms",
        "INIT_START ",
        "\n",
        "\n",
        "\r\n",
        " ",
        "\t",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\"events\":[",
        "{\"events\":[",
        "{\"message\":\"",
        "REPORT RequestId: a\\tDuration: 1 ms\\n\"",
        "\"results\":[",
        "[{\"field\":\"@duration\",\"value\":\"1\"}]",
        "null",
        "1.5",
        "-",
        "{\"type\":\"platform.report\",\"record\":{\"metrics\":{\"durationMs\":1}}}",
        "@timestamp,@message\n",
        "@duration,init_bucket,n\n",
        "{\"Traces\":[{\"Segments\":[",
        "{\"Document\":\"{}\"}",
        "\"Datapoints\"",
        "\u{1b}[32m",
        "\0",
        "\u{feff}",
        "é",
        "[INFO] ",
        "2026-09-13 {\n",
        "{1=2}",
    ];
    let word = (0..words.len()).prop_map(move |index| words[index].as_bytes().to_vec());
    let piece = prop_oneof![9 => word, 1 => proptest::collection::vec(any::<u8>(), 0..6)];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_format_says_the_same(invocations in invocations()) {
        let formats = formats(&invocations);
        let expected = samples_anywhere(&formats[0].1);
        prop_assert_eq!(expected.len(), invocations.len());
        for (name, bytes) in &formats {
            prop_assert_eq!(&samples_anywhere(bytes), &expected, "{}", name);
        }
    }

    #[test]
    fn a_report_line_may_have_any_order_prefix_and_blanks(
        (invocation, shuffled) in invocation().prop_flat_map(|i| (Just(i.clone()), Just(i.fields()).prop_shuffle())),
        prefix in "([0-9A-Za-z/$|.-]{1,12} ){0,4}",
    ) {
        let expected = samples(invocation.report().as_bytes());
        for separator in ["\t", " ", "  ", " \t"] {
            let line = invocation.line(&shuffled, separator);
            prop_assert_eq!(&samples(line.as_bytes()), &expected, "{:?}", line);
            let line = format!("{prefix}{line}\n");
            prop_assert_eq!(&samples_anywhere(line.as_bytes()), &samples_anywhere(invocation.report().as_bytes()), "{:?}", line);
        }
    }

    #[test]
    fn records_stand_between_anything_else(invocations in invocations(), noise in proptest::collection::vec("[ -z|~]{0,20}", 0..8)) {
        let lines: Vec<String> = invocations.iter().map(|invocation| invocation.report()).collect();
        let mut mixed = String::new();
        for (at, line) in lines.iter().enumerate() {
            mixed.push_str(line);
            mixed.push('\n');
            if let Some(noise) = noise.get(at) {
                mixed.push_str(&format!("{{ {noise}\n[{noise}\nnot {noise}\n"));
            }
        }
        prop_assert_eq!(samples_anywhere(mixed.as_bytes()), samples_anywhere(lines.join("\n").as_bytes()), "{}", mixed);
    }

    #[test]
    fn it_does_not_matter_how_the_input_arrives(invocations in invocations(), step in 1_usize..400) {
        for (name, bytes) in formats(&invocations) {
            let (whole, pieces) = whole_and_in_pieces(&bytes, step);
            prop_assert_eq!(whole, pieces, "{}", name);
        }
    }

    #[test]
    fn scraps_read_the_same_however_they_arrive(bytes in scraps(), step in 1_usize..40) {
        let (whole, pieces) = whole_and_in_pieces(&bytes, step);
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn arbitrary_bytes_are_read_to_their_end(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        // Gzip may well be damaged.
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            let shown = show(&mut &*bytes, &Place::default());
            let size = format!("of {} bytes:", bytes.len());
            prop_assert!(shown.contains(&size), "{}", shown);
        }
    }

    #[test]
    fn a_document_that_is_cut_gives_what_stands_before_the_cut(invocations in invocations(), cut in 0.0_f64..1.0) {
        for (name, bytes) in formats(&invocations).into_iter().filter(|(name, _)| !name.starts_with("gzip")) {
            let all = samples_anywhere(&bytes);
            let kept = (bytes.len() as f64 * cut) as usize;
            let got = samples_anywhere(&bytes[..kept]);
            // A cut within a number of a line makes another number of it, so the last one may differ.
            let sure = got.len().saturating_sub(1);
            prop_assert!(got.len() <= all.len(), "{}", name);
            prop_assert_eq!(&got[..sure], &all[..sure], "{}", name);
        }
    }
}
