//! The API as bytes on a connection: what clients send, and what broken ones do.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::Receiver;
use std::time::{Duration, SystemTime};

use super::{Call, CallKind, Identity, Invocation, RuntimeApi};

const IDENTITY: Identity =
    Identity { function_name: "name", function_version: "1", handler: "handler", arn: "arn:aws:lambda:x" };

/// Far longer than anything here takes.
const TIMEOUT: Duration = Duration::from_secs(60);

fn start() -> (RuntimeApi, Receiver<Call>) {
    RuntimeApi::start(IDENTITY, TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).unwrap()
}

fn connect(api: &RuntimeApi) -> TcpStream {
    let stream = TcpStream::connect(api.address()).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream
}

fn invocation(event: &str) -> Invocation {
    let deadline = SystemTime::UNIX_EPOCH + Duration::from_millis(1_234_567);
    Invocation { request_id: "id-1", trace_id: "trace", deadline, event: event.as_bytes().to_vec() }
}

/// Sends one request, and reads one response with a length.
fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    read_response(stream)
}

fn read_response(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let Some((_, length)) = head.split_once("Content-Length: ") else { return head };
    let mut body = vec![0; length.split("\r\n").next().unwrap().parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

/// What comes on the connection until the API closes it.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end too: the API had not read all that was sent.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

fn told(calls: &Receiver<Call>) -> CallKind {
    calls.recv_timeout(TIMEOUT).unwrap().kind
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";
const RESPONSE: &str = "/2018-06-01/runtime/invocation/id-1/response";

#[test]
fn a_runtime_takes_an_event_and_answers_once_on_one_connection() {
    let (api, calls) = start();
    let mut stream = connect(&api);
    stream.write_all(NEXT.as_bytes()).unwrap();
    assert_eq!(told(&calls), CallKind::Next);
    api.invoke(invocation("{\"a\":1}"));
    let event = read_response(&mut stream);
    assert!(event.starts_with("HTTP/1.1 200 OK\r\n") && event.ends_with("\r\n\r\n{\"a\":1}"), "{event}");
    for header in
        ["Aws-Request-Id: id-1", "Deadline-Ms: 1234567", "Invoked-Function-Arn: arn:aws:lambda:x", "Trace-Id: trace"]
    {
        assert!(event.contains(&format!("\r\nLambda-Runtime-{header}\r\n")), "{header}: {event}");
    }
    let wrong = ask(&mut stream, &post("/2018-06-01/runtime/invocation/other/response", "", "x"));
    assert!(wrong.starts_with("HTTP/1.1 400 ") && wrong.contains("InvalidRequestID"), "{wrong}");
    assert!(ask(&mut stream, &post(RESPONSE, "", "answer")).starts_with("HTTP/1.1 202 "));
    assert_eq!(told(&calls), CallKind::Response { body: b"answer".to_vec() });
    assert!(ask(&mut stream, &post(RESPONSE, "", "again")).starts_with("HTTP/1.1 400 "));
    let late = ask(&mut stream, &post("/2018-06-01/runtime/init/error", "", "{}"));
    assert!(late.starts_with("HTTP/1.1 403 "), "{late}");
    assert!(calls.try_recv().is_err(), "what is refused is not told");
}

#[test]
fn an_answer_may_come_in_chunks_and_end_in_an_error() {
    let (api, calls) = start();
    let mut stream = connect(&api);
    api.invoke(invocation("{}"));
    ask(&mut stream, NEXT);
    assert_eq!(told(&calls), CallKind::Next);
    // The client waits until it is told to go on.
    let head = format!("POST {RESPONSE} HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(ask(&mut stream, &head), "HTTP/1.1 100 Continue\r\n\r\n");
    let body = "3\r\nabc\r\n0\r\nLambda-Runtime-Function-Error-Type: Stream.Broke\r\n\
        Lambda-Runtime-Function-Error-Body: eyJlcnJvck1lc3NhZ2UiOiJhIn0=\r\n\r\n";
    assert!(ask(&mut stream, body).starts_with("HTTP/1.1 202 "));
    let CallKind::InvocationError(error) = told(&calls) else { panic!("an error") };
    assert_eq!((error.error_type.as_str(), error.message.as_str()), ("Stream.Broke", "a"));
}

#[test]
fn an_extension_registers_and_hears_of_what_it_asked_for() {
    let (api, calls) = start();
    let mut stream = connect(&api);
    let register = |events| post("/2020-01-01/extension/register", "Lambda-Extension-Name: agent\r\n", events);
    assert!(ask(&mut stream, &register("{\"events\": [\"OTHER\"]}")).starts_with("HTTP/1.1 400 "));
    let registered = ask(&mut stream, &register("{\"events\": [\"INVOKE\", \"SHUTDOWN\"]}"));
    assert!(registered.contains("\"functionName\":\"name\""), "{registered}");
    let id = registered.split("Lambda-Extension-Identifier: ").nth(1).unwrap().split("\r\n").next().unwrap();
    assert_eq!(told(&calls), CallKind::Registered { extension: "agent".to_owned(), invoke: true, shutdown: true });

    let next = |id: &str| {
        format!("GET /2020-01-01/extension/event/next HTTP/1.1\r\nLambda-Extension-Identifier: {id}\r\n\r\n")
    };
    assert!(ask(&mut stream, &next("unknown")).starts_with("HTTP/1.1 403 "));
    api.invoke(invocation("{}"));
    let event = ask(&mut stream, &next(id));
    assert!(event.contains("\"eventType\":\"INVOKE\"") && event.contains("\"requestId\":\"id-1\""), "{event}");
    api.shut_down(SystemTime::now());
    let event = ask(&mut stream, &next(id));
    assert!(
        event.contains("\"eventType\":\"SHUTDOWN\"") && event.contains("\"shutdownReason\":\"spindown\""),
        "{event}"
    );
    assert_eq!(told(&calls), CallKind::ExtensionNext { extension: "agent".to_owned() });
}

#[test]
fn what_is_no_request_ends_its_connection_and_no_other() {
    let (api, _calls) = start();
    let header = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    let headers = format!("GET / HTTP/1.1\r\n{}\r\n", "X: x\r\n".repeat(100));
    let both = format!("POST {RESPONSE} HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (sent, status) in [("\0\0\0\0\r\n\r\n", 400), (&header, 400), (&headers, 400), (&both, 400), (&NEXT[..20], 0)] {
        let mut stream = connect(&api);
        // The API may have hung up before it was told all: then the rest cannot be sent, and its answer is lost on the way.
        let _ = stream.write_all(sent.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let answer = rest(&mut stream);
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected) || answer.is_empty() || status == 0, "{sent:?}: {answer}");
    }
    let mut stream = connect(&api);
    assert!(ask(&mut stream, "GET /other HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(ask(&mut stream, &NEXT.replace("GET", "DELETE")).starts_with("HTTP/1.1 405 "));
    assert!(ask(&mut stream, "PUT /2022-07-01/telemetry HTTP/1.1\r\n\r\n").contains("Telemetry.NotSupported"));
}

#[test]
fn an_answer_over_the_limit_is_an_error_as_in_lambda() {
    let (api, calls) = start();
    let mut stream = connect(&api);
    api.invoke(invocation("{}"));
    ask(&mut stream, NEXT);
    told(&calls);
    let head = format!("POST {RESPONSE} HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n");
    assert!(ask(&mut stream, &head).starts_with("HTTP/1.1 413 "));
    let CallKind::InvocationError(error) = told(&calls) else { panic!("an error") };
    assert_eq!(error.error_type, "Function.ResponseSizeTooLarge");
}

#[test]
fn connections_are_limited_and_end_with_the_api() {
    let (api, _calls) = start();
    let mut waiting = connect(&api);
    waiting.write_all(NEXT.as_bytes()).unwrap();
    let mut idle: Vec<TcpStream> = (0..100).map(|_| connect(&api)).collect();
    // The last ones find no place: they are closed while the API lives.
    assert_eq!(rest(idle.last_mut().unwrap()), "");
    drop(api);
    for stream in idle.iter_mut().chain([&mut waiting]) {
        rest(stream);
    }
}
