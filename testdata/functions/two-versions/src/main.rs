//! Two versions of one crate in one binary, twice: ryu 0.2 and 1 (code and big static tables), httpdate 0.3 and 1 (code).
//! Both crates are free of generics where it counts, so both versions leave symbols of their own.

use std::time::{Duration, UNIX_EPOCH};

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request {
    value: f64,
    seconds: u64,
}

#[derive(Serialize)]
struct Response {
    number_old: String,
    number_new: String,
    date_old: String,
    date_new: String,
    round_trip: bool,
}

async fn function_handler(event: LambdaEvent<Request>) -> Result<Response, Error> {
    let Request { value, seconds } = event.payload;
    let time = UNIX_EPOCH + Duration::from_secs(seconds);
    let date_old = httpdate_old::fmt_http_date(time);
    let date_new = httpdate_new::fmt_http_date(time);
    let round_trip = httpdate_old::parse_http_date(&date_new)? == httpdate_new::parse_http_date(&date_old)?;
    Ok(Response {
        number_old: ryu_old::Buffer::new().format(value).to_owned(),
        number_new: ryu_new::Buffer::new().format(value).to_owned(),
        date_old,
        date_new,
        round_trip,
    })
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(function_handler)).await
}
