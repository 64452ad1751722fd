//! Whether two starts did the same, where a program's answers may differ from one start to the next.

use serde_json::{Value, json};

use super::launch::BootOutcome;

/// How much of two answers was compared, and is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// All of it.
    Everything,
    /// The JSON values that do not differ between the original's own answers.
    StableValues,
    /// Only that both answered, or that both reported an error: the original's own answers have no value in common.
    KindOnly,
}

/// Compares `after` with `before`, where `repeats` is what the original did at other times; `None` where it differs.
pub(super) fn alike(before: &BootOutcome, repeats: &[BootOutcome], after: &BootOutcome) -> Option<Compared> {
    if !before.is_answer() || before.code() != after.code() {
        return None;
    }
    if before == after || repeats.contains(after) {
        return Some(Compared::Everything);
    }
    if repeats.iter().all(|repeat| repeat == before) {
        return None;
    }
    let originals: Option<Vec<Value>> = std::iter::once(before).chain(repeats).map(answer).collect();
    let (Some(originals), Some(after)) = (originals, answer(after)) else { return Some(Compared::KindOnly) };
    match same_where_stable(&originals.iter().collect::<Vec<_>>(), &after)? {
        0 => Some(Compared::KindOnly),
        _ => Some(Compared::StableValues),
    }
}

/// The answer as JSON; `None` where it is none.
fn answer(outcome: &BootOutcome) -> Option<Value> {
    match outcome {
        BootOutcome::Answered { body } => serde_json::from_slice(body).ok(),
        BootOutcome::FunctionError { error_type, message } => Some(json!({"type": error_type, "message": message})),
        _ => None,
    }
}

/// How many values are the same in all `originals` and in `after`; `None` where a value is the same in all originals and
/// another in `after`. `originals` are not empty.
fn same_where_stable(originals: &[&Value], after: &Value) -> Option<usize> {
    let (first, others) = originals.split_first()?;
    if others.iter().all(|other| other == first) {
        return (*first == after).then_some(1);
    }
    match after {
        Value::Object(fields) => {
            let Some(keys) = shaped_alike(originals, |value| Some(value.as_object()?.keys().collect::<Vec<_>>()))
            else {
                return any_is(originals, Value::is_object);
            };
            if !keys.into_iter().eq(fields.keys()) {
                return None;
            }
            fields.iter().map(|(key, value)| each(originals, |original| original.get(key), value)).sum()
        }
        Value::Array(values) => {
            let Some(length) = shaped_alike(originals, |value| Some(value.as_array()?.len())) else {
                return any_is(originals, Value::is_array);
            };
            if length != values.len() {
                return None;
            }
            let values = values.iter().enumerate();
            values.map(|(index, value)| each(originals, |original| original.get(index), value)).sum()
        }
        // What the original gives another value each time cannot be compared, but a number does not become a text.
        Value::Number(_) => any_is(originals, Value::is_number),
        Value::String(_) => any_is(originals, Value::is_string),
        Value::Bool(_) => any_is(originals, Value::is_boolean),
        Value::Null => any_is(originals, Value::is_null),
    }
}

/// The shape of all originals, where they have one.
fn shaped_alike<'v, S: PartialEq>(originals: &[&'v Value], shape: impl Fn(&'v Value) -> Option<S>) -> Option<S> {
    let (first, others) = originals.split_first()?;
    let first = shape(first)?;
    others.iter().all(|other| shape(other).as_ref() == Some(&first)).then_some(first)
}

/// Compares one part of a value with the same part of all originals.
fn each<'v>(originals: &[&'v Value], part: impl Fn(&'v Value) -> Option<&'v Value>, after: &Value) -> Option<usize> {
    let parts: Option<Vec<&Value>> = originals.iter().map(|original| part(original)).collect();
    same_where_stable(&parts?, after)
}

fn any_is(originals: &[&Value], kind: impl Fn(&Value) -> bool) -> Option<usize> {
    originals.iter().any(|original| kind(original)).then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(body: &str) -> BootOutcome {
        BootOutcome::Answered { body: body.as_bytes().to_vec() }
    }

    fn compare(before: &str, repeats: &[&str], after: &str) -> Option<Compared> {
        let repeats: Vec<_> = repeats.iter().map(|body| answered(body)).collect();
        alike(&answered(before), &repeats, &answered(after))
    }

    #[test]
    fn the_same_bytes_are_alike_and_others_are_not_where_the_original_repeats_itself() {
        assert_eq!(compare("{}", &[], "{}"), Some(Compared::Everything));
        assert_eq!(compare("\u{1}", &[], "\u{1}"), Some(Compared::Everything));
        assert_eq!(compare(r#"{"a":1}"#, &[r#"{"a":1}"#], r#"{"a": 1}"#), None);
        assert_eq!(compare("x", &["y"], "y"), Some(Compared::Everything));
    }

    #[test]
    fn only_what_differs_between_the_original_s_answers_may_differ() {
        let (before, again) = (r#"{"id": "x", "at": 1, "l": [1, 2]}"#, r#"{"id": "x", "at": 2, "l": [1, 3]}"#);
        assert_eq!(compare(before, &[again], r#"{"id": "x", "at": 9, "l": [1, 9]}"#), Some(Compared::StableValues));
        for after in [
            r#"{"id": "y", "at": 3, "l": [1, 4]}"#,
            r#"{"id": "x", "at": "3", "l": [1, 4]}"#,
            r#"{"id": "x", "at": 3, "l": [0, 4]}"#,
            r#"{"id": "x", "at": 3, "l": [1, 4, 5]}"#,
            r#"{"id": "x", "l": [1, 4]}"#,
            r#"{"id": "x", "at": 3, "l": [1, 4], "more": 1}"#,
            "3",
        ] {
            assert_eq!(compare(before, &[again], after), None, "{after}");
        }
    }

    #[test]
    fn where_nothing_repeats_only_the_kind_is_compared() {
        assert_eq!(compare("1", &["2"], "3"), Some(Compared::KindOnly));
        assert_eq!(compare("no json 1", &["no json 2"], "no json 3"), Some(Compared::KindOnly));
        assert_eq!(compare("[1]", &["[]"], "[7, 8]"), Some(Compared::KindOnly));
        let error = BootOutcome::FunctionError { error_type: "T".to_owned(), message: "m".to_owned() };
        assert_eq!(alike(&answered("1"), &[answered("2")], &error), None);
    }
}
