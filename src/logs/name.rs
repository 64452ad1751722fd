//! Names that say more than a name: log groups, log streams, ARNs.

use super::sample::Place;

/// `/aws/lambda/NAME`, with or without an account before it.
pub(super) fn function_of_group(group: &str) -> Option<&str> {
    let (_, name) = group.split_once("/aws/lambda/")?;
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(name.len());
    name.get(..end).filter(|name| !name.is_empty())
}

/// What a log stream says: `2026/09/13/[12]0123abcd`, or `2026/09/13/name[12]0123abcd` in a log group of the user's.
pub(super) fn of_stream(stream: &str) -> Option<Place<'_>> {
    let (date, rest) = stream.split_at_checked("2026/09/13/".len())?;
    let is_date = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 | 10 => byte == b'/',
        _ => byte.is_ascii_digit(),
    });
    let (name, rest) = rest.split_once('[')?;
    let (version, hash) = rest.split_once(']')?;
    if !is_date || hash.is_empty() || version.is_empty() {
        return None;
    }
    let function = (!name.is_empty()).then_some(name);
    Some(Place { function, version: Some(version), stream: Some(stream), at: None })
}

/// The place of a stream, of whatever name.
pub(super) fn stream(name: Option<&str>) -> Place<'_> {
    let name = name.filter(|name| !name.is_empty());
    name.map_or(Place::default(), |name| of_stream(name).unwrap_or(Place { stream: Some(name), ..Place::default() }))
}

/// Function and version of `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:VERSION]`.
pub(super) fn of_arn(arn: &str) -> Option<(&str, Option<&str>)> {
    let (_, rest) = arn.split_once(":function:")?;
    let (name, version) = rest.split_once(':').map_or((rest, None), |(name, version)| (name, Some(version)));
    (!name.is_empty()).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_groups_and_arns_name_function_and_version() {
        let place = of_stream("2026/09/13/[$LATEST]0123abcd").expect("a stream");
        assert_eq!((place.function, place.version), (None, Some("$LATEST")));
        let place = of_stream("2026/09/13/api[12]0123abcd").expect("a stream");
        assert_eq!((place.function, place.version), (Some("api"), Some("12")));
        for other in ["", "2026/09/13", "2026-09-13/[1]ab", "2026/09/13/[1]", "2026/09/1é/[1]ab"] {
            assert_eq!(of_stream(other), None, "{other}");
        }
        assert_eq!(function_of_group("123456789012:/aws/lambda/api-v2"), Some("api-v2"));
        assert_eq!(function_of_group("/ecs/api"), None);
        assert_eq!(of_arn("arn:aws:lambda:us-east-1:1:function:api:12"), Some(("api", Some("12"))));
        assert_eq!(of_arn("arn:aws:lambda:us-east-1:1:function:api"), Some(("api", None)));
    }
}
