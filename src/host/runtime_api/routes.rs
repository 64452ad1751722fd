//! Which request does what, and what it is answered.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, CallKind, ReportedError};
use super::connection::{Request, Response, Status};
use super::session::{Extension, Session, Stage};

const ERROR_TYPE: &str = "Lambda-Runtime-Function-Error-Type";
const ERROR_BODY: &str = "Lambda-Runtime-Function-Error-Body";
const EXTENSION_NAME: &str = "Lambda-Extension-Name";
const EXTENSION_ID: &str = "Lambda-Extension-Identifier";
const EXTENSION_ERROR_TYPE: &str = "Lambda-Extension-Function-Error-Type";

/// Answers a request. Those for an event wait until there is one.
pub(super) fn answer(session: &Session, request: &Request) -> Response {
    let path: Vec<&str> = request.path.split('/').skip(1).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["2018-06-01", "runtime", "invocation", "next"]) => next(session, request),
        ("POST", ["2018-06-01", "runtime", "invocation", id, "response"]) => response(session, request, id),
        ("POST", ["2018-06-01", "runtime", "invocation", id, "error"]) => {
            let error = reported(request, ERROR_TYPE);
            settle(session, request, id, CallKind::InvocationError(error))
        }
        ("POST", ["2018-06-01", "runtime", "init", "error"]) => init_error(session, request),
        ("POST", ["2020-01-01", "extension", "register"]) => register(session, request),
        ("GET", ["2020-01-01", "extension", "event", "next"]) => extension_next(session, request),
        ("POST", ["2020-01-01", "extension", "init" | "exit", "error"]) => extension_error(session, request),
        // As Lambda's own emulator answers, so that an extension that only wants logs goes on without.
        ("PUT", ["2022-07-01", "telemetry"]) => {
            error(Status::Accepted, "Telemetry.NotSupported", "Telemetry API is not supported")
        }
        ("PUT", ["2020-08-15", "logs"]) => error(Status::Accepted, "Logs.NotSupported", "Logs API is not supported"),
        (_, ["2018-06-01", "runtime", ..] | ["2020-01-01", "extension", ..]) => {
            error(Status::MethodNotAllowed, "MethodNotAllowed", "the path does not take this method")
        }
        _ => error(Status::NotFound, "NotFound", "no such path"),
    }
}

/// Tells of an answer that was too large to be taken.
pub(super) fn answer_too_large(session: &Session, path: &str, at: std::time::Instant, why: String) -> Response {
    let refused = error(Status::ContentTooLarge, "RequestEntityTooLarge", &why);
    let path: Vec<&str> = path.split('/').skip(1).collect();
    if let ["2018-06-01", "runtime", "invocation", id, "response"] = path.as_slice() {
        // The name that Lambda gives this error.
        let error_type = "Function.ResponseSizeTooLarge".to_owned();
        let kind = CallKind::InvocationError(ReportedError { error_type, message: why });
        answered(session, id, Call { at, kind });
    }
    refused
}

fn next(session: &Session, request: &Request) -> Response {
    session.change(|state| {
        state.runtime_is_ready = true;
        state.tell(Call { at: request.at, kind: CallKind::Next });
    });
    let invocation = session.wait(|state| match std::mem::take(&mut state.stage) {
        Stage::Waiting(invocation) => {
            state.stage = Stage::Taken { request_id: invocation.request_id };
            Some(invocation)
        }
        other => {
            state.stage = other;
            None
        }
    });
    let Some(invocation) = invocation else { return ending() };
    let headers = vec![
        ("Lambda-Runtime-Aws-Request-Id", invocation.request_id.to_owned()),
        ("Lambda-Runtime-Deadline-Ms", invocation.deadline_ms().to_string()),
        ("Lambda-Runtime-Invoked-Function-Arn", session.identity.arn.to_owned()),
        ("Lambda-Runtime-Trace-Id", invocation.trace_id.to_owned()),
    ];
    Response { status: Status::Ok, headers, body: invocation.event }
}

fn response(session: &Session, request: &Request, id: &str) -> Response {
    // A streamed answer that goes wrong on the way says so behind its last byte; the body of the error is in base64 there.
    let kind = match request.body.trailer(ERROR_TYPE) {
        Some(error_type) => {
            let body = request.body.trailer(ERROR_BODY).and_then(|body| {
                use base64::Engine;
                base64::engine::general_purpose::STANDARD.decode(body).ok()
            });
            CallKind::InvocationError(ReportedError::parse(&body.unwrap_or_default(), Some(error_type)))
        }
        None => CallKind::Response { body: request.body.bytes.clone() },
    };
    settle(session, request, id, kind)
}

fn settle(session: &Session, request: &Request, id: &str, kind: CallKind) -> Response {
    if answered(session, id, Call { at: request.at, kind }) {
        accepted()
    } else {
        error(Status::BadRequest, "InvalidRequestID", "no invocation of this id waits for an answer")
    }
}

/// Takes an answer in; false where nothing waits for one of this id.
fn answered(session: &Session, id: &str, call: Call) -> bool {
    session.change(|state| match state.stage {
        Stage::Taken { request_id } if request_id == id => {
            state.stage = Stage::Answered { request_id };
            state.tell(call);
            true
        }
        _ => false,
    })
}

fn init_error(session: &Session, request: &Request) -> Response {
    let state = session.state();
    if state.runtime_is_ready {
        return error(Status::Forbidden, "InvalidStateTransition", "the runtime has asked for an event already");
    }
    state.tell(Call { at: request.at, kind: CallKind::InitError(reported(request, ERROR_TYPE)) });
    accepted()
}

fn register(session: &Session, request: &Request) -> Response {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        events: Vec<String>,
    }
    let Some(name) = request.header(EXTENSION_NAME).filter(|name| !name.is_empty()) else {
        return error(Status::Forbidden, "Extension.InvalidExtensionName", "Lambda-Extension-Name is missing");
    };
    let Ok(Body { events }) = serde_json::from_slice(&request.body.bytes) else {
        return error(Status::BadRequest, "InvalidRequestFormat", "expected {\"events\": [..]}");
    };
    let (invoke, shutdown) = (events.iter().any(|e| e == "INVOKE"), events.iter().any(|e| e == "SHUTDOWN"));
    if let Some(other) = events.iter().find(|event| !matches!(event.as_str(), "INVOKE" | "SHUTDOWN")) {
        return error(Status::BadRequest, "Extension.InvalidEventType", &format!("no such event: {other:?}"));
    }
    let id = session.change(|state| {
        let id = state.register(Extension { name: name.to_owned(), invoke, shutdown, events: <_>::default() })?;
        let kind = CallKind::Registered { extension: name.to_owned(), invoke, shutdown };
        state.tell(Call { at: request.at, kind });
        Some(id)
    });
    let Some(id) = id else {
        return error(Status::Forbidden, "Extension.TooManyExtensions", "Lambda takes ten extensions");
    };
    let identity = &session.identity;
    let body = json!({
        "functionName": identity.function_name,
        "functionVersion": identity.function_version,
        "handler": identity.handler,
    });
    Response { headers: vec![(EXTENSION_ID, id)], ..with_body(Status::Ok, &body) }
}

fn extension_next(session: &Session, request: &Request) -> Response {
    let id = match identified(session, request) {
        Ok((id, extension)) => {
            session.state().tell(Call { at: request.at, kind: CallKind::ExtensionNext { extension } });
            id
        }
        Err(refused) => return refused,
    };
    let event = session.wait(|state| state.extensions.get_mut(&id)?.events.pop_front());
    match event {
        Some(event) => {
            // Lambda names each event to the extension; nothing is known to read it.
            let headers = vec![("Lambda-Extension-Event-Identifier", id)];
            Response { status: Status::Ok, headers, body: event.into_bytes() }
        }
        None => ending(),
    }
}

fn extension_error(session: &Session, request: &Request) -> Response {
    match identified(session, request) {
        Ok((_, extension)) => {
            let error = reported(request, EXTENSION_ERROR_TYPE);
            let kind = CallKind::ExtensionError { extension, error };
            session.state().tell(Call { at: request.at, kind });
            accepted()
        }
        Err(refused) => refused,
    }
}

/// Identifier and name of the extension that asks.
fn identified(session: &Session, request: &Request) -> Result<(String, String), Response> {
    let Some(id) = request.header(EXTENSION_ID) else {
        let message = "Lambda-Extension-Identifier is missing";
        return Err(error(Status::Forbidden, "Extension.MissingExtensionIdentifier", message));
    };
    let state = session.state();
    let Some(extension) = state.extensions.get(id) else {
        return Err(error(Status::Forbidden, "Extension.UnknownExtensionIdentifier", "no extension has it"));
    };
    Ok((id.to_owned(), extension.name.clone()))
}

fn reported(request: &Request, header: &str) -> ReportedError {
    ReportedError::parse(&request.body.bytes, request.header(header))
}

fn accepted() -> Response {
    with_body(Status::Accepted, &json!({"status": "OK"}))
}

fn ending() -> Response {
    error(Status::Unavailable, "ServiceUnavailable", "the environment ends")
}

/// An error as Lambda words it.
pub(super) fn error(status: Status, error_type: &str, message: &str) -> Response {
    with_body(status, &json!({"errorType": error_type, "errorMessage": message}))
}

fn with_body(status: Status, body: &Value) -> Response {
    Response { status, headers: Vec::new(), body: body.to_string().into_bytes() }
}
