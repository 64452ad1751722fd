//! Questions to name servers, read and answered.
//!
//! Source: RFC 1035, sections 4.1 and 3.1; read 2026-12-01.

use std::net::Ipv4Addr;

/// Bytes before the question.
const HEADER: usize = 12;

/// The longest name, as it stands in a message.
const NAME_LIMIT: usize = 255;

/// The type of an IPv4 address, and the class of the internet.
const A: [u8; 2] = [0, 1];
const INTERNET: [u8; 2] = [0, 1];

/// A message's first question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::host) struct Question<'a> {
    /// In lower case, without the last dot. Bytes that are no letter, digit, `-` or `_` are shown as `?`.
    pub(in crate::host) name: String,
    /// Asks for an IPv4 address.
    is_for_address: bool,
    id: [u8; 2],
    bytes: &'a [u8],
}

impl<'a> Question<'a> {
    /// The question of a message; `None` where it is no question.
    pub(in crate::host) fn read(message: &'a [u8]) -> Option<Self> {
        let (header, rest) = message.split_at_checked(HEADER)?;
        // A query of the usual kind, with one question.
        let [a, b, flags, _, 0, 1, ..] = *header else { return None };
        if flags & 0xf8 != 0 {
            return None;
        }
        let mut name = String::new();
        let mut at = 0;
        loop {
            let length = usize::from(*rest.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            // Longer ones are references to other names, which no question needs.
            if length > 63 || at + length > NAME_LIMIT {
                return None;
            }
            if !name.is_empty() {
                name.push('.');
            }
            let letters = rest.get(at..at + length)?.iter().map(|byte| match byte {
                byte if byte.is_ascii_alphanumeric() || b"-_".contains(byte) => char::from(byte.to_ascii_lowercase()),
                _ => '?',
            });
            name.extend(letters);
            at += length;
        }
        let (kind, class) = (rest.get(at..at + 2)?, rest.get(at + 2..at + 4)?);
        let is_for_address = kind == A && class == INTERNET;
        (!name.is_empty()).then_some(Self { name, is_for_address, id: [a, b], bytes: rest.get(..at + 4)? })
    }

    /// The answer that the name has this address, and no other of any kind.
    pub(super) fn answer(&self, address: Ipv4Addr) -> Vec<u8> {
        let mut answer = self.id.to_vec();
        // A response to a query that wanted recursion, from one who offers it; no error; one question.
        answer.extend([0x81, 0x80, 0, 1, 0, u8::from(self.is_for_address), 0, 0, 0, 0]);
        answer.extend(self.bytes);
        if self.is_for_address {
            // The name is that of the question, which stands behind the header.
            answer.extend([0xc0, 12]);
            answer.extend(A);
            answer.extend(INTERNET);
            // Valid for a minute; 4 bytes.
            answer.extend([0, 0, 0, 60, 0, 4]);
            answer.extend(address.octets());
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &[u8], kind: u8) -> Vec<u8> {
        [&[7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], name, &[0, kind, 0, 1], b"more"].concat()
    }

    #[test]
    fn a_question_is_read_and_answered_with_itself() {
        let asked = message(b"\x03sQs\x07example\x00", 1);
        let question = Question::read(&asked).unwrap();
        assert_eq!(question.name, "sqs.example");
        let answer = question.answer(Ipv4Addr::new(198, 18, 0, 1));
        assert_eq!(answer[..2], [7, 9]);
        assert_eq!(answer[HEADER..HEADER + 17], asked[HEADER..HEADER + 17]);
        assert_eq!(answer[HEADER + 17..], *b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc6\x12\0\x01");
        let other = message(b"\x03sqs\x07example\x00", 28);
        assert_eq!(Question::read(&other).unwrap().answer(Ipv4Addr::LOCALHOST).len(), HEADER + 17, "no answer");
    }

    #[test]
    fn what_is_no_question_is_none() {
        let good = message(b"\x03sqs\x07example\x00", 1);
        for end in 0..good.len() - 4 {
            assert_eq!(Question::read(&good[..end]), None, "{end}");
        }
        let mut response = good.clone();
        response[2] |= 0x80;
        let loops = message(b"\xc0\x0c", 1);
        let long = message(&b"\x3fabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk".repeat(5), 1);
        for bytes in [response, loops, long, message(b"\0", 1)] {
            assert_eq!(Question::read(&bytes), None);
        }
    }
}
