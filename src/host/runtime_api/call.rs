//! What programs told the API.

use std::time::Instant;

use serde::Deserialize;

/// The most of an error's type or message that is kept, in bytes. The rest of a text is no more use to a reader.
const TEXT_LIMIT: usize = 4096;

/// One request that the API took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::host) struct Call {
    /// When its first byte was here. For the first [`CallKind::Next`] this is the end of the runtime's init.
    pub(in crate::host) at: Instant,
    /// What it said.
    pub(in crate::host) kind: CallKind,
}

/// What a request said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::host) enum CallKind {
    /// The runtime asks for an event.
    Next,
    /// The function's answer, whole.
    Response {
        /// As it came, streamed or not.
        body: Vec<u8>,
    },
    /// The function's answer is an error, or a streamed answer ended with one.
    InvocationError(ReportedError),
    /// The runtime cannot start.
    InitError(ReportedError),
    /// An extension is there.
    Registered {
        /// The name that it gave: for an external extension its file name.
        extension: String,
        /// Whether it wants to hear of invocations.
        invoke: bool,
        /// Whether it wants to hear of the end.
        shutdown: bool,
    },
    /// An extension asks for an event.
    ExtensionNext {
        /// The name that it registered with.
        extension: String,
    },
    /// An extension cannot start, or gives up.
    ExtensionError {
        /// The name that it registered with.
        extension: String,
        /// What it said.
        error: ReportedError,
    },
}

/// An error as a program reports it. Texts are cut at 4 KiB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::host) struct ReportedError {
    /// As `Runtime.UnknownReason`; empty where none was given.
    pub(in crate::host) error_type: String,
    /// In words; empty where none were given.
    pub(in crate::host) message: String,
}

impl ReportedError {
    /// From the body that Lambda's clients send, and the header that may stand in for it.
    pub(super) fn parse(body: &[u8], type_header: Option<&str>) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            error_type: Option<String>,
            error_message: Option<String>,
        }
        let parsed = serde_json::from_slice::<Body>(body).ok();
        let (error_type, message) = match parsed {
            Some(Body { error_type, error_message }) => (error_type, error_message.unwrap_or_default()),
            // Any text will do: Lambda documents the fields, and takes what comes.
            None => (None, String::from_utf8_lossy(body).into_owned()),
        };
        let error_type = error_type.or_else(|| type_header.map(str::to_owned)).unwrap_or_default();
        Self { error_type: cut(error_type), message: cut(message) }
    }
}

fn cut(mut text: String) -> String {
    let limit = TEXT_LIMIT.min(text.len());
    // Zero is a boundary of every text.
    let end = (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str, header: Option<&str>) -> (String, String) {
        let error = ReportedError::parse(body.as_bytes(), header);
        (error.error_type, error.message)
    }

    #[test]
    fn an_error_is_read_from_its_body_then_from_its_header() {
        let both = r#"{"errorType": "A", "errorMessage": "b", "stackTrace": ["c"]}"#;
        assert_eq!(parse(both, Some("H")), ("A".to_owned(), "b".to_owned()));
        assert_eq!(parse(r#"{"errorMessage": "b"}"#, Some("H")), ("H".to_owned(), "b".to_owned()));
        assert_eq!(parse("no json", None), (String::new(), "no json".to_owned()));
        assert_eq!(parse("", Some("H")), ("H".to_owned(), String::new()));
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let message = parse(&"é".repeat(TEXT_LIMIT), None).1;
        assert_eq!(message.len(), TEXT_LIMIT);
        assert_eq!(parse(&format!("a{}", "é".repeat(TEXT_LIMIT)), None).1.len(), TEXT_LIMIT - 1);
    }
}
